r"""A pool of boxes, each with a lower bound of the objective: halved, dropped, kept."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fbscore.learning.branch_and_bound.box_bounds import BoxBounds
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Points

__all__ = ["Pool"]


@dataclass(frozen=True, eq=False)
class Pool:
    r"""Boxes ``[lower, upper]``; together they contain every minimiser.

    Parameters
    ----------
    lower, upper : (boxes, P)
    bound : (boxes,)
        Lower bounds of the objective, −∞ where nothing is known.
    level : (boxes,)
        How fine a grid they were bounded on.
    axis : (boxes,)
        Where to halve, −1 where to refine the grid instead.
    """

    lower: Points
    upper: Points
    bound: Float[Tensor, "boxes"]
    level: Int[Tensor, "boxes"]
    axis: Int[Tensor, "boxes"]

    @classmethod
    def root(cls, domain: Domain) -> "Pool":
        """The whole domain, of which nothing is known."""
        lower, upper = domain.lower.unsqueeze(0), domain.upper.unsqueeze(0)
        none = torch.zeros(1, dtype=torch.long, device=lower.device)
        return cls(lower, upper, torch.full_like(lower[:, 0], -torch.inf), none, none)

    def __len__(self) -> int:
        return self.bound.shape[0]

    @property
    def widths(self) -> Points:
        """Lengths of the edges."""
        return self.upper - self.lower

    def take(self, which: Tensor | slice) -> "Pool":
        """Some of the boxes."""
        return Pool(*(getattr(self, part.name)[which] for part in fields(self)))

    def join(self, other: "Pool") -> "Pool":
        """The boxes of both."""
        return Pool(
            *(torch.cat((getattr(self, part.name), getattr(other, part.name))) for part in fields(self))
        )

    def least(self) -> float:
        """The smallest bound; +∞ of no boxes."""
        return float(self.bound.min()) if len(self) else float("inf")

    def surviving(self, upper: float) -> "Pool":
        """The boxes that may hold a minimiser: all but those with a bound *above* ``upper`` (NaN stays)."""
        return self.take(~(self.bound > upper))

    def refined(self) -> "Pool":
        """Boxes cut in two at the middle of their axes, or the same ones for a finer grid."""
        again, cut = self.take(self.axis < 0), self.take(self.axis >= 0)
        edge = cut.axis.unsqueeze(-1)
        low, high = cut.lower.gather(1, edge), cut.upper.gather(1, edge)
        middle = 0.5 * (low + high)
        left = Pool(cut.lower, cut.upper.scatter(1, edge, middle), cut.bound, cut.level, cut.axis)
        right = Pool(cut.lower.scatter(1, edge, middle), cut.upper, cut.bound, cut.level, cut.axis)
        finer = Pool(again.lower, again.upper, again.bound, again.level + 1, again.axis)
        return left.join(right).join(finer)

    def divisible(self) -> Bool[Tensor, "boxes"]:
        """Where the next refinement changes something: an edge has a middle, or the grid is to be refined."""
        edge = self.axis.clamp(min=0).unsqueeze(-1)
        low, high = (x.gather(1, edge).squeeze(-1) for x in (self.lower, self.upper))
        middle = 0.5 * (low + high)
        return (self.axis < 0) | ((low < middle) & (middle < high))

    def bounded(self, by: BoxBounds, domain: Domain, finest: int) -> "Pool":
        """The same boxes with bounds, never below those of the boxes they came from, and with axes.

        The axis is that of the largest contribution to the bound, or of the longest edge relative to the
        domain's.  Boxes in which the objective is monotone are dropped or shrunk, see `monotone`.
        """
        known = torch.where(by.lower.isnan(), -torch.inf, by.lower)
        lower, upper, kept = self.monotone(by, domain)
        widths, whole = upper - lower, domain.upper - domain.lower
        slopes = by.middle.abs() + by.radius
        relative = 1.0 / torch.where(whole > 0, whole, 1.0)
        sizes = widths * torch.where(slopes.isfinite().all(-1, keepdim=True), slopes, relative)
        # An edge of length 0 is no choice even where all slopes are 0.
        axis = torch.where(widths > 0, sizes, -1.0).argmax(-1)
        axis = torch.where(by.coarse & (self.level < finest), -1, axis)
        return Pool(lower, upper, torch.maximum(self.bound, known), self.level, axis).take(kept)

    def monotone(self, by: BoxBounds, domain: Domain) -> tuple[Points, Points, Bool[Tensor, "boxes"]]:
        r"""Which boxes to keep, and what of them.

        Where ``∂_i J > 0`` all over a box its minimisers have the smallest ``x_i``: at the boundary of the
        domain the box is shrunk to its face; elsewhere a neighbour has smaller values, and the box is
        dropped.  A bound on the variation could forbid to move ``x_i`` alone: then nothing is done.
        """
        free = ~domain.restricted() & (self.widths > 0)
        rising = free & (by.middle - by.radius > 0)
        falling = free & (by.middle + by.radius < 0)
        at_lower, at_upper = self.lower == domain.lower, self.upper == domain.upper
        kept = ~((rising & ~at_lower) | (falling & ~at_upper)).any(-1)
        upper = torch.where(rising & at_lower, self.lower, self.upper)
        lower = torch.where(falling & at_upper, self.upper, self.lower)
        return lower, upper, kept
