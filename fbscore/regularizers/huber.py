"""The Huber function."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require_axes, require_floating, require_positive, require_size
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["Huber"]


@dataclass(frozen=True, eq=False)
class Huber(Regularizer):
    r"""``R(u) = Σ_i ρ(u_i)``, ``ρ(x) = x² / (2δ)`` for ``|x| <= δ`` and ``|x| − δ/2`` beyond.

    It is the Moreau envelope of ``‖·‖₁``, differentiable with gradient ``clip(u_i / δ, −1, 1)``.

    Parameters
    ----------
    width : (batch,)
        ``δ > 0``.
    size : int
        ``d >= 1``, which the growth constant depends on.

    Raises
    ------
    TypeError, ValueError
        ``width`` is not a finite positive float32 or float64 tensor of that shape, ``size`` not an int
        that is at least 1.

    References
    ----------
    P. J. Huber, Ann. Math. Stat. 35 (1964) 73-101.
    """

    name: ClassVar[str] = "huber"

    width: Float[Tensor, "batch"]
    size: int

    def __post_init__(self) -> None:
        require_floating(width=self.width)
        require_axes("width", self.width, "batch")
        require_positive("width", self.width)
        require_size("size", self.size)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.size

    def value(self, u: State) -> Scalars:
        """``Σ_i ρ(u_i)``."""
        width, modulus = self.width.unsqueeze(-1), u.abs()
        # The slope keeps the branch that is not taken, and its gradient, finite.
        slope = torch.clamp(modulus / width, max=1.0)
        return torch.where(modulus <= width, 0.5 * modulus * slope, modulus - 0.5 * width).sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """``v_i / (1 + a/δ)`` where ``|v_i| <= a + δ``, else ``v_i − a sign(v_i)``."""
        width, weight = self.width.unsqueeze(-1), a.unsqueeze(-1)
        return torch.where(v.abs() <= weight + width, v / (1.0 + weight / width), v - weight * v.sign())

    def subgradient(self, u: State) -> State:
        """The gradient ``clip(u_i / δ, −1, 1)``."""
        return torch.clamp(u / self.width.unsqueeze(-1), -1.0, 1.0)

    def minimal_subgradient(self, u: State) -> State:
        """The gradient."""
        return self.subgradient(u)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``‖p − ∇R(u)‖``."""
        return linalg.norm(p - self.subgradient(u))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∇R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(√d, 0)``, attained where every ``|u_i| >= δ``."""
        return torch.full_like(self.width, math.sqrt(self.size)), torch.zeros_like(self.width)
