r"""Radii of balls and boxes around vectors at once, each the smaller where it can be.

Everything here is laid out with the boxes last, (d, samples, boxes): numbers of a box broadcast, and sums
over the entries run over long rows.
"""

from typing import NamedTuple, TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["Masks", "Numbers", "Radii", "Reach", "Spread", "States", "apply", "length", "spread"]

States: TypeAlias = Float[Tensor, "d samples boxes"]
Masks: TypeAlias = Bool[Tensor, "d samples boxes"]
Radii: TypeAlias = Float[Tensor, "samples boxes"]
Numbers: TypeAlias = Float[Tensor, "groups boxes"]


def length(x: States) -> Radii:
    """Euclidean norms; squares may underflow, see `floor` in `fbscore.learning.branch_and_bound.system`."""
    return (x * x).sum(0).sqrt()


def apply(M: Float[Tensor, "n d"], x: States) -> States:
    """``Mx``."""
    product: Tensor = M @ x.flatten(1)
    return product.reshape(-1, *x.shape[1:])


class Reach(NamedTuple):
    r"""``‖x − x̃‖ <= norm`` and ``|x_i − x̃_i| <= entries_i``.

    ``norm`` (samples, boxes), ``entries`` (d, samples, boxes).
    """

    norm: Radii
    entries: States

    def tight(self) -> "Reach":
        """What each says of the other; NaN stays."""
        norm = torch.minimum(self.norm, length(self.entries))
        return Reach(norm, torch.minimum(self.entries, norm))

    def scaled(self, factor: float) -> "Reach":
        """Both times a number ``>= 0``."""
        return Reach(factor * self.norm, factor * self.entries)

    def along(self, y: States) -> Radii:
        """A bound on ``|⟨x − x̃, y⟩|``."""
        return torch.minimum(self.norm * length(y), (self.entries * y.abs()).sum(0))


class Spread(NamedTuple):
    r"""How ``x ↦ (I − hkM)x`` and its transpose spread radii, for all ``k`` of an interval.

    ``rho`` (groups, boxes) bounds the norm, ``diagonal`` (groups, d, 1, boxes) and ``rest`` (groups, boxes)
    times ``outside`` (d, d) the entries.
    """

    rho: Numbers
    diagonal: Float[Tensor, "groups d 1 boxes"]
    rest: Numbers
    outside: Float[Tensor, "d d"]

    def over(self, x: Reach, j: int) -> Reach:
        """The reach of ``(I − hkM)x``."""
        return self._over(x, j, self.outside)

    def back(self, x: Reach, j: int) -> Reach:
        """The reach of ``(I − hkM)ᵀx``."""
        return self._over(x, j, self.outside.mT)

    def _over(self, x: Reach, j: int, outside: Tensor) -> Reach:
        entries = self.diagonal[j] * x.entries + self.rest[j] * apply(outside, x.entries)
        return Reach(self.rho[j] * x.norm, entries)


def spread(rho: Numbers, M: Float[Tensor, "d d"], h: float, low: Numbers, high: Numbers) -> Spread:
    """For ``k`` between ``low`` and ``high``."""
    eps = 16 * torch.finfo(M.dtype).eps
    diagonal = M.diagonal()[:, None, None]
    ends = [(1.0 - h * k[:, None, None] * diagonal).abs() for k in (low, high)]
    largest = h * torch.maximum(low.abs(), high.abs())
    floor = eps * (1.0 + largest[:, None, None] * diagonal.abs())
    outside = (1.0 + eps) * (M - torch.diag(M.diagonal())).abs()
    return Spread(rho, torch.maximum(*ends) + floor, (1.0 + eps) * largest, outside)
