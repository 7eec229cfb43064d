"""Losses that are not continuous, for negative controls (A4)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from fbscore.learning.loss import Loss, Width, per_instance, require_width

__all__ = ["Jump", "Open"]


@dataclass(frozen=True, eq=False)
class Jump(Loss):
    r"""1 where ``u_1 − u*_1 > w``, else 0: not continuous, for negative controls (A4).

    Parameters
    ----------
    width : float or tensor of shape () or (batch,)
        The threshold ``w``, finite.

    Raises
    ------
    TypeError, ValueError
        Anything else.
    """

    continuous: ClassVar[bool] = False
    width: Width

    def __post_init__(self) -> None:
        require_width(self.width)

    def value(self, u: Tensor, label: Tensor) -> Tensor:
        """0 or 1."""
        first = (u - label)[..., 0]
        return (first > per_instance(self.width, first)).to(first.dtype)

    def modulus(self, difference: Tensor, eps: Tensor) -> Tensor:
        """1 where points on both sides of the threshold are within reach, else 0."""
        first = difference[..., 0]
        above = first - per_instance(self.width, first)
        # Rounding is monotone: ``<=`` keeps what lies within reach, and no more than the tie besides.
        within = (above.abs() <= eps) & (eps > 0)
        return (within | above.isnan()).to(first.dtype)


@dataclass(frozen=True, eq=False)
class Open(Loss):
    r"""``u_1 − u*_1`` where this is positive, else 1: not continuous, for negative controls (A4)."""

    continuous: ClassVar[bool] = False

    def value(self, u: Tensor, label: Tensor) -> Tensor:
        """``x`` for ``x = u_1 − u*_1 > 0``, 1 for ``x <= 0``."""
        first = (u - label)[..., 0]
        return torch.where(first > 0, first, 1.0)

    def modulus(self, difference: Tensor, eps: Tensor) -> Tensor:
        """The supremum: ``eps`` on the positive side alone, 0 on the other alone, with the jump across 0."""
        x = difference[..., 0]
        positive = torch.where(eps < x, eps, torch.maximum(eps, (1.0 - x).abs()))
        other = torch.where(x + eps > 0, torch.clamp(x + eps - 1.0, min=1.0), 0.0)
        return torch.where(x.isnan(), torch.inf, torch.where(x > 0, positive, other))
