"""Lipschitz functions."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from fbscore import controls as functions
from fbscore import linalg
from fbscore.errors import require_cells, require_instance
from fbscore.learning.admissible.base import Admissible
from fbscore.learning.admissible.box import Box
from fbscore.learning.admissible.grids import constant_on
from fbscore.learning.admissible.lipschitz_chain import lipschitz_chain
from fbscore.learning.admissible.total_variation import require_limit
from fbscore.shapes import Cells, Flags, Scalars

__all__ = ["Lipschitz"]


@dataclass(frozen=True, eq=False)
class Lipschitz(Admissible[Tensor]):
    r"""Lipschitz functions in a box, with the Frobenius norm of values.

    Of all functions ``{v ∈ box : |v(s) − v(t)| <= limit |s − t|}``: of those that are constant on cells only
    the constants.  On ``N`` cells ``{v ∈ box : |v_{n+1} − v_n| <= limit / N}``, which is *not* ``P_N`` of the
    former for ``N >= 3``: ``0, V/N, 0`` are no means of a function with the constant ``V``.

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
        """Whether the function is in the box and ``N`` times its largest jump, as computed, at most ``V``."""
        inside = self.box.contains(member)
        if self.cells is None:
            return inside & constant_on(member, 1)
        values = functions.project(member, self.cells)
        return inside & (self.cells * largest_jump(values) <= self.limit)

    def project(self, member: Tensor) -> Tensor:
        """Exact for real functions on ``N`` cells, see `lipschitz_chain`; constants are clipped."""
        self._require_closed()
        self.box.contains(member)  # says what does not match
        if member.shape[1] == 1:
            return self.box.project(member)
        if self.cells is None or math.prod(member.shape[2:]) != 1:
            what = "real functions on N cells: no nearest points are known of others"
            got = f"cells = {self.cells}, values {tuple(member.shape)}"
            raise NotImplementedError(f"values: expected {what}, got {got}")
        values = functions.project(member, self.cells).flatten(1)
        low, high = self.box.lower.flatten(1), self.box.upper.flatten(1)
        largest = torch.minimum(torch.maximum(values, low), high).abs().amax(-1)
        found = lipschitz_chain(values, self._step(largest), low, high)
        return found.reshape(len(member), self.cells, *member.shape[2:])

    def projected(self, cells: int) -> "Lipschitz":
        """Constants and the image on one cell are clear, and so are functions that stay as they are."""
        require_cells("cells", cells)
        stays = self.cells is not None and cells % self.cells == 0
        if stays or cells == 1 or not bool(self.limit.any()):
            return Lipschitz(self.limit, self.box.projected(cells))
        reason = "means of Lipschitz functions are not all the sequences with that constant"
        raise NotImplementedError(f"cells: expected 1, or a multiple of the set's own, got {cells}: {reason}")

    def within(self, other: Admissible[Any]) -> bool:
        """Within the other's box, and no member has a larger constant than it allows."""
        if isinstance(other, Box):
            return self._members.within(other)
        if not isinstance(other, Lipschitz):
            raise self._incomparable(other)
        if not self._members.within(other.box):
            return False
        if self._constant:
            return True
        if self.cells is None or other.cells is None:
            return self.cells is other.cells and bool((self._steepest() <= other.limit).all())
        # A jump counts for more on a finer grid.
        largest = (other.cells // self.cells) * self._steepest()
        return bool((largest <= other.limit).all())

    @property
    def bounded(self) -> bool:
        """As the box: constants are Lipschitz."""
        return self.box.bounded

    @property
    def closed(self) -> bool:
        """As the box: the constant survives limits almost everywhere."""
        return self.box.closed

    @property
    def equicontinuous(self) -> bool:
        """If bounded by ``M``: ``ω(r)² <= V²r² + rM²``; else constants alone are too many."""
        return self.box.bounded

    @property
    def _constant(self) -> bool:
        """Whether all members are constant."""
        return self.cells == 1 or not bool(self.limit.any()) or self.box.single

    @property
    def _members(self) -> Box:
        """A box on the same grid; for constants on one cell."""
        cells = 1 if self._constant else self.cells
        return replace(self.box, cells=cells)

    def _steepest(self) -> Scalars:
        """The supremum of the constants of all members, (batch,)."""
        size = linalg.norm(self.box.width.flatten(1))
        steepest = torch.where(size > 0, torch.inf, size) if self.cells is None else self.cells * size
        return torch.minimum(self.limit, steepest)

    def _step(self, largest: Scalars) -> Scalars:
        """``V / N`` less the round-off of differences of numbers up to ``largest``: members result."""
        cells = 1 if self.cells is None else self.cells
        step = self.limit / cells
        return torch.relu(step - 4 * torch.finfo(step.dtype).eps * (step + largest))


def largest_jump(values: Cells) -> Scalars:
    """``max_n |v_{n+1} − v_n|``; 0 on one cell."""
    jumps = linalg.norm(values.diff(dim=1).unsqueeze(-1).flatten(2))
    return jumps.amax(-1) if values.shape[1] > 1 else values.new_zeros(len(values))
