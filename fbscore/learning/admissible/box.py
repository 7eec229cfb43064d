"""Functions between two bounds."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import controls as functions
from fbscore.errors import require, require_axes, require_floating
from fbscore.learning.admissible.base import Admissible
from fbscore.learning.admissible.grids import (
    constant_on,
    finer,
    image_cells,
    nearest_on,
    require_members,
    require_set_cells,
)
from fbscore.shapes import Cells, Flags

__all__ = ["Box"]


@dataclass(frozen=True, eq=False)
class Box(Admissible[Tensor]):
    r"""``{v : lower <= v <= upper almost everywhere, entry by entry}``.

    Parameters
    ----------
    lower, upper : (batch, P, \*shape) or (1, P, \*shape)
        Functions on ``P`` cells, ``P = 1`` for constant bounds; infinite where there is no bound.
    lower_open, upper_open : bool
        Whether the bound itself is left out: the set is not closed.
    cells : int, optional
        ``N``, a multiple of ``P``: only functions on ``N`` cells.

    Raises
    ------
    TypeError, ValueError
        NaN, shapes that differ, an empty set, or ``cells`` that the bounds are not constant on.
    """

    lower: Tensor
    upper: Tensor
    lower_open: bool = False
    upper_open: bool = False
    cells: int | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  (a field for a property)

    def __post_init__(self) -> None:
        require_floating(lower=self.lower, upper=self.upper)
        require(self.lower.ndim >= 2, "lower", "shape (batch, P, *shape)", tuple(self.lower.shape))
        require_axes("lower", self.lower, _axes(self.lower), nonempty=("P",))
        shape = tuple(self.lower.shape)
        require(self.upper.shape == shape, "upper", f"shape {shape} as lower", tuple(self.upper.shape))
        for name, bound in (("lower", self.lower), ("upper", self.upper)):
            require(not bool(bound.isnan().any()), name, "no NaN", "NaN")
        meet = self.lower >= self.upper if self.lower_open or self.upper_open else self.lower > self.upper
        empty = meet | (self.lower == torch.inf) | (self.upper == -torch.inf)
        bounds = "bounds with something between them"
        require(not bool(empty.any()), "lower, upper", bounds, f"{int(empty.sum())} entries with nothing")
        require_set_cells(self.cells)
        fits = self.cells is None or self.cells % self.pieces == 0
        require(fits, "cells", f"a multiple of the {self.pieces} pieces of the bounds", self.cells)

    @property
    def pieces(self) -> int:
        """``P``."""
        return self.lower.shape[1]

    def contains(self, member: Tensor) -> Flags:
        """Whether all values of each function lie between the bounds."""
        require_members(member, "lower", self.lower, tuple(self.lower.shape[2:]))
        here, there, lengths = functions.common_pieces(member.shape[1], self.pieces, member.device)
        here, there = here[lengths > 0], there[lengths > 0]
        v, lower, upper = member[:, here], self.lower[:, there], self.upper[:, there]
        above = v > lower if self.lower_open else v >= lower
        below = v < upper if self.upper_open else v <= upper
        inside = (above & below & v.isfinite()).flatten(1).all(-1)
        return inside & constant_on(member, self.cells)

    def project(self, member: Tensor) -> Tensor:
        """Every value is clipped to its bounds."""
        require_members(member, "lower", self.lower, tuple(self.lower.shape[2:]))
        self._require_closed()
        values = nearest_on(member, self.cells)
        N = values.shape[1]
        if N % self.pieces:
            found = f"{N}: the nearest point is on another grid"
            raise NotImplementedError(f"values: expected a multiple of {self.pieces} cells, got {found}")
        lower, upper = functions.extend(self.lower, N), functions.extend(self.upper, N)
        return torch.minimum(torch.maximum(values, lower), upper)

    def projected(self, cells: int) -> "Box":
        """The box between the means of the bounds: every value between them is the mean of a member."""
        found = image_cells(self.cells, cells)
        bounds = (self.lower, self.upper)
        if found % self.pieces:
            bounds = (_means(self.lower, found), _means(self.upper, found))
        return Box(*bounds, self.lower_open, self.upper_open, found)

    def within(self, other: Admissible[Any]) -> bool:
        """Between the bounds of the other box and, unless a single function, on its grid."""
        if not isinstance(other, Box):
            raise self._incomparable(other)
        if self.single:
            return bool(other.contains(self._spread(self.lower, other)).all())
        here, there, lengths = functions.common_pieces(self.pieces, other.pieces, self.lower.device)
        here, there = here[lengths > 0], there[lengths > 0]
        low, lowest = self.lower[:, here], other.lower[:, there]
        high, highest = self.upper[:, here], other.upper[:, there]
        # A bound that both attain, or both leave out, may be the same.
        above = low > lowest if other.lower_open and not self.lower_open else low >= lowest
        below = high < highest if other.upper_open and not self.upper_open else high <= highest
        inside = (above | lowest.isinf()) & (below | highest.isinf())
        return bool(inside.all()) and finer(self.cells, other.cells)

    @property
    def bounded(self) -> bool:
        """Where both bounds are finite: they are bounds in ``L^∞``."""
        return bool(self.lower.isfinite().all()) and bool(self.upper.isfinite().all())

    @property
    def closed(self) -> bool:
        """Unless a finite bound is left out: inequalities almost everywhere survive limits in ``L²``."""
        below = self.lower_open and bool(self.lower.isfinite().any())
        above = self.upper_open and bool(self.upper.isfinite().any())
        return not (below or above)

    @property
    def equicontinuous(self) -> bool:
        """On ``N`` cells if bounded; else only a single function: Rademacher functions fit between bounds."""
        return self.single or (self.cells is not None and self.bounded)

    @property
    def single(self) -> bool:
        """Whether the two bounds are equal."""
        return bool((self.lower == self.upper).all())

    @property
    def width(self) -> Tensor:
        """``upper − lower``, (batch, P, *shape); infinite where there is a bound missing."""
        return self.upper - self.lower

    def _spread(self, values: Cells, other: "Box") -> Cells:
        """The values for as many instances as the other box has."""
        batch = max(values.shape[0], other.lower.shape[0])
        return values.expand(batch, *values.shape[1:]) if values.shape[0] == 1 else values


def _axes(x: Tensor) -> str:
    return " ".join(("batch", "P", *(f"axis{i}" for i in range(x.ndim - 2))))


def _means(bound: Cells, cells: int) -> Float[Tensor, "batch {cells} *shape"]:
    """The means over ``cells`` cells, infinite where the bound is anywhere in a cell."""
    infinite = bound.isinf()
    share = functions.project(infinite.to(bound.dtype), cells)
    sign = functions.project(torch.where(infinite, bound.sign(), 0.0), cells).sign()
    return torch.where(
        share > 0, sign * torch.inf, functions.project(torch.where(infinite, 0.0, bound), cells)
    )
