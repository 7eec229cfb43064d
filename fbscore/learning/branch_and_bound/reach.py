r"""Radii of balls and boxes around vectors at once, each the smaller where it can be."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg

__all__ = ["Radii", "Reach", "Spread", "States", "spread"]

States = Float[Tensor, "boxes samples d"]
Radii = Float[Tensor, "boxes samples"]


class Reach(NamedTuple):
    r"""``‖x − x̃‖ <= norm`` and ``|x_i − x̃_i| <= entries_i``.

    ``norm`` (boxes, samples), ``entries`` (boxes, samples, d).
    """

    norm: Radii
    entries: States

    @classmethod
    def none(cls, like: States) -> "Reach":
        """0."""
        zero = torch.zeros_like(like)
        return cls(zero[..., 0], zero)

    @classmethod
    def ball(cls, norm: Radii, like: States) -> "Reach":
        """A ball."""
        return cls(norm, norm.unsqueeze(-1).expand_as(like))

    def plus(self, norm: Radii, entries: States) -> "Reach":
        """Both raised."""
        return Reach(self.norm + norm, self.entries + entries)

    def tight(self) -> "Reach":
        """What each says of the other; NaN stays."""
        norm = torch.minimum(self.norm, linalg.norm(self.entries))
        return Reach(norm, torch.minimum(self.entries, norm.unsqueeze(-1)))

    def scaled(self, factor: States | float) -> "Reach":
        """Entries times factors ``>= 0``."""
        if isinstance(factor, float):
            return Reach(factor * self.norm, factor * self.entries)
        return Reach(factor.amax(-1) * self.norm, factor * self.entries)

    def along(self, y: States) -> Radii:
        """A bound on ``|⟨x − x̃, y⟩|``."""
        return torch.minimum(self.norm * linalg.norm(y), (self.entries * y.abs()).sum(-1))


class Spread(NamedTuple):
    r"""How ``x ↦ (I − hkM)x`` and its transpose spread radii, for all ``k`` of an interval.

    ``rho`` (boxes, groups) bounds the norm, ``diagonal`` (boxes, groups, d) and ``rest`` (boxes, groups) times
    ``outside`` (d, d) the entries.
    """

    rho: Float[Tensor, "boxes groups"]
    diagonal: Float[Tensor, "boxes groups d"]
    rest: Float[Tensor, "boxes groups"]
    outside: Float[Tensor, "d d"]

    def over(self, x: Reach, j: int) -> Reach:
        """The reach of ``(I − hkM)x``."""
        return self._over(x, j, self.outside.mT)

    def back(self, x: Reach, j: int) -> Reach:
        """The reach of ``(I − hkM)ᵀx``."""
        return self._over(x, j, self.outside)

    def _over(self, x: Reach, j: int, outside: Tensor) -> Reach:
        entries = self.diagonal[:, None, j] * x.entries + self.rest[:, j, None, None] * (x.entries @ outside)
        return Reach(self.rho[:, j, None] * x.norm, entries)


def spread(
    rho: Float[Tensor, "boxes groups"],
    M: Float[Tensor, "d d"],
    h: float,
    low: Float[Tensor, "boxes groups"],
    high: Float[Tensor, "boxes groups"],
) -> Spread:
    """For ``k`` between ``low`` and ``high``."""
    up = 1.0 + 16 * torch.finfo(M.dtype).eps
    diagonal = M.diagonal()
    ends = [(1.0 - h * k.unsqueeze(-1) * diagonal).abs() for k in (low, high)]
    largest = torch.maximum(low.abs(), high.abs())
    outside = (M - torch.diag(diagonal)).abs()
    floor = 16 * torch.finfo(M.dtype).eps * (1.0 + h * largest.unsqueeze(-1) * diagonal.abs())
    return Spread(rho, torch.maximum(*ends) + floor, up * h * largest, up * outside)
