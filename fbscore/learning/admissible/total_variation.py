"""Functions of bounded variation."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from fbscore.errors import require, require_axes, require_floating, require_instance, require_nonnegative
from fbscore.learning.admissible.base import Admissible
from fbscore.learning.admissible.box import Box
from fbscore.learning.admissible.grids import nearest_on
from fbscore.regularizers.chain import chain_prox
from fbscore.shapes import Cells, Flags, Scalars

__all__ = ["TotalVariation", "largest_variation", "variation"]

#: Bisections: more than the bits between the largest and the smallest weight of the prox.
BISECTIONS = 80


@dataclass(frozen=True, eq=False)
class TotalVariation(Admissible[Tensor]):
    r"""``{v ∈ box : Σ over entries of the total variation on (0, 1) <= limit}``.

    For matrices the sum of the variations of the entries is at least the variation in the Frobenius norm, so
    that the moduli of that one hold.

    Parameters
    ----------
    limit : (batch,) or (1,)
        ``V >= 0``.
    box : Box
        With bounds that do not depend on time; its ``cells`` are those of this set.

    Raises
    ------
    TypeError, ValueError
        Anything else; a negative limit: the set would be empty.
    """

    limit: Scalars
    box: Box

    def __post_init__(self) -> None:
        require_instance("box", self.box, Box, "a Box")
        require_limit("limit", self.limit, self.box)

    @property
    def cells(self) -> int | None:
        """Those of the box."""
        return self.box.cells

    def contains(self, member: Tensor) -> Flags:
        """Whether the function is in the box and the computed sum of its jumps at most the limit."""
        return self.box.contains(member) & (variation(member) <= self.limit)

    def project(self, member: Tensor) -> Tensor:
        r"""``clip(prox_{a TV}(v))`` with the smallest ``a >= 0`` that serves, by bisection.

        ``∂TV(u) ⊂ ∂TV(clip(u))`` if the bounds are constant in time, and ``u − clip(u)`` is normal to the box
        there: so the clipped prox minimises ``½‖u − v‖² + a TV(u)`` in the box, and ``a`` is the multiplier.
        """
        self._require_closed()
        self.box.contains(member)  # says what does not match
        values = nearest_on(member, self.cells)
        return self._clipped_prox(values, self._weight(values))

    def projected(self, cells: int) -> "TotalVariation":
        """The same limit and bounds on ``N`` cells: means do not vary more, and ``E_N`` gives them back."""
        return TotalVariation(self.limit, self.box.projected(cells))

    def within(self, other: Admissible[Any]) -> bool:
        """Within the other's box, and no member varies more than it allows; within a box: so is its own."""
        if isinstance(other, Box):
            return self._members.within(other)
        if not isinstance(other, TotalVariation):
            raise self._incomparable(other)
        largest = torch.minimum(self.limit, largest_variation(self.box))
        return self.within(other.box) and bool((largest <= other.limit).all())

    @property
    def bounded(self) -> bool:
        """As the box: constants have no variation."""
        return self.box.bounded

    @property
    def closed(self) -> bool:
        """As the box: the variation is lower semicontinuous in ``L²``."""
        return self.box.closed

    @property
    def equicontinuous(self) -> bool:
        """If bounded by ``M``: ``ω(r)² <= 2Mr(V + M)``; else constants alone are too many."""
        return self.box.bounded

    @property
    def _members(self) -> Box:
        """The smallest box that holds all members: on one cell if they are constant."""
        cells = self.cells if bool(self.limit.any()) else 1
        return replace(self.box, cells=cells)

    def _clipped_prox(self, values: Cells, weight: Scalars) -> Cells:
        return torch.minimum(torch.maximum(_prox(values, weight), self.box.lower), self.box.upper)

    @torch.no_grad()
    def _weight(self, values: Cells) -> Scalars:
        """The smallest weight found for which the variation, as computed, is at most the limit."""
        low = values.new_zeros(len(values))
        fits = variation(self._clipped_prox(values, low)) <= self.limit
        # From this weight on the prox is constant in time.
        high = values.shape[1] * variation(values)
        high = torch.where(fits, low, high)
        for _ in range(BISECTIONS):
            middle = low + 0.5 * (high - low)
            if bool(((middle == low) | (middle == high)).all()):
                break
            fits = variation(self._clipped_prox(values, middle)) <= self.limit
            low, high = torch.where(fits, low, middle), torch.where(fits, middle, high)
        return high


def require_limit(argument: str, limit: Scalars, box: Box) -> None:
    """Require numbers ``>= 0`` for the instances of a box whose bounds are constant in time."""
    require_floating(**{"box.lower": box.lower, argument: limit})
    require_axes(argument, limit, "batch")
    require_nonnegative(argument, limit)
    require(box.pieces == 1, "box", "bounds that are constant in time", f"{box.pieces} pieces")
    batch = box.lower.shape[0]
    fits = 1 in (batch, len(limit)) or len(limit) == batch
    require(fits, argument, f"a batch of 1 or {batch}, as the box", len(limit))


def variation(values: Cells) -> Scalars:
    """The sum over the entries of their total variations on (0, 1)."""
    return values.diff(dim=1).abs().flatten(1).sum(-1)


def largest_variation(box: Box) -> Scalars:
    """The supremum of the variation in a box, (batch,)."""
    size = box.width.flatten(1).sum(-1)
    if box.cells is None:
        return torch.where(size > 0, torch.inf, size)
    return torch.zeros_like(size) if box.cells == 1 else (box.cells - 1) * size


def _prox(values: Cells, weight: Scalars) -> Cells:
    """The prox of the variation of every entry."""
    batch, N, *shape = values.shape
    if 0 in values.shape:
        return values
    rows = values.flatten(2).mT if shape else values.unsqueeze(1)
    each = weight.repeat_interleave(rows.shape[1])
    found = chain_prox(rows.reshape(-1, N), each.unsqueeze(-1).expand(-1, N - 1))
    found = torch.where(each.unsqueeze(-1) == 0, rows.reshape(-1, N), found)
    return found.reshape(batch, -1, N).mT.reshape(batch, N, *shape).contiguous()
