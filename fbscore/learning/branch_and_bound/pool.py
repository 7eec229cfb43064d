r"""A pool of boxes, each with a lower bound of the objective: halved, dropped, kept."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fbscore.learning.branch_and_bound.box_bounds import BoxBounds
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Points

__all__ = ["AGAIN", "FINER", "HALVE", "Pool"]

HALVE, FINER, AGAIN = range(3)


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
    sizes : (boxes, P)
        Where to halve: along the edge with the largest one.
    action : (boxes,)
        `HALVE`; or `FINER`, refine the grid instead; or `AGAIN`, bound a box anew that has shrunk to a point.
    """

    lower: Points
    upper: Points
    bound: Float[Tensor, "boxes"]
    level: Int[Tensor, "boxes"]
    sizes: Float[Tensor, "boxes P"]
    action: Int[Tensor, "boxes"]

    @classmethod
    def root(cls, domain: Domain) -> "Pool":
        """The whole domain, of which nothing is known."""
        lower, upper = domain.lower.unsqueeze(0), domain.upper.unsqueeze(0)
        none = torch.zeros(1, dtype=torch.long, device=lower.device)
        return cls(lower, upper, torch.full_like(lower[:, 0], -torch.inf), none, upper - lower, none)

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

    def refined(self, times: int = 1) -> "Pool":
        """Boxes halved, several times if asked to, or the same ones to be bounded anew."""
        whole, cut = self.take(self.action != HALVE), self.take(self.action == HALVE)
        level = whole.level + (whole.action == FINER).long()
        halve = torch.full_like(whole.action, HALVE)
        whole = Pool(whole.lower, whole.upper, whole.bound, level, whole.sizes, halve)
        for _ in range(times):
            cut = cut._halved()
        return cut.join(whole)

    def _halved(self) -> "Pool":
        """Both halves; boxes that have no middle stay as they are."""
        edge, middle, inside = self._middle()
        whole, cut = self.take(~inside), self.take(inside)
        edge, middle = edge[inside], middle[inside]
        # What an edge contributes is about quadratic in its length.
        sizes = cut.sizes.scatter(1, edge, 0.25 * cut.sizes.gather(1, edge))
        rest = cut.bound, cut.level, sizes, cut.action
        left = Pool(cut.lower, cut.upper.scatter(1, edge, middle), *rest)
        right = Pool(cut.lower.scatter(1, edge, middle), cut.upper, *rest)
        return left.join(right).join(whole)

    def _middle(self) -> tuple[Tensor, Tensor, Bool[Tensor, "boxes"]]:
        """The edge to halve (boxes, 1), its middle (boxes, 1), and whether that lies inside."""
        edge = self.sizes.argmax(-1, keepdim=True)
        low, high = self.lower.gather(1, edge), self.upper.gather(1, edge)
        middle = 0.5 * (low + high)
        return edge, middle, ((low < middle) & (middle < high)).squeeze(-1)

    def divisible(self) -> Bool[Tensor, "boxes"]:
        """Where the next refinement changes something: an edge has a middle, or the box is bounded anew."""
        return (self.action != HALVE) | self._middle()[2]

    def bounded(self, by: BoxBounds, domain: Domain, finest: int) -> "Pool":
        """The same boxes with bounds, never below those of the boxes they came from.

        The size of an edge is its contribution to the bound, or its length relative to that of the domain.
        Boxes in which the objective is monotone are dropped or shrunk, see `monotone`.
        """
        known = torch.where(by.lower.isnan(), -torch.inf, by.lower)
        lower, upper, kept = self.monotone(by, domain)
        widths, whole = upper - lower, domain.upper - domain.lower
        slopes = by.middle.abs() + by.radius
        relative = 1.0 / torch.where(whole > 0, whole, 1.0)
        sizes = widths * torch.where(slopes.isfinite().all(-1, keepdim=True), slopes, relative)
        # An edge of length 0 is no choice even where all slopes are 0.
        sizes = torch.where(widths > 0, sizes, -1.0)
        shrunk = (self.widths > 0).any(-1) & (widths == 0).all(-1)
        action = torch.where(by.coarse & (self.level < finest), FINER, torch.where(shrunk, AGAIN, HALVE))
        bound = torch.maximum(self.bound, known)
        return Pool(lower, upper, bound, self.level, sizes, action).take(kept)

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
