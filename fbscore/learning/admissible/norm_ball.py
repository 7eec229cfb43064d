"""Functions of bounded norm."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fbscore import controls as functions
from fbscore.errors import require_axes, require_floating, require_nonnegative
from fbscore.learning.admissible.base import Admissible
from fbscore.learning.admissible.grids import (
    constant_on,
    finer,
    image_cells,
    nearest_on,
    require_members,
    require_set_cells,
)
from fbscore.shapes import Flags, Scalars

__all__ = ["NormBall"]


@dataclass(frozen=True, eq=False)
class NormBall(Admissible[Tensor]):
    r"""``{v : ‖v‖ <= radius}``, the norm of ``L²(0, 1)`` with the Frobenius norm of values.

    Parameters
    ----------
    radius : (batch,) or (1,)
        ``>= 0``.
    cells : int, optional
        ``N``: only functions on ``N`` cells.

    Raises
    ------
    TypeError, ValueError
        Anything else; a negative radius: the set would be empty.
    """

    radius: Scalars
    cells: int | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  (a field for a property)

    def __post_init__(self) -> None:
        require_floating(radius=self.radius)
        require_axes("radius", self.radius, "batch")
        require_nonnegative("radius", self.radius)
        require_set_cells(self.cells)

    def contains(self, member: Tensor) -> Flags:
        """Whether the computed norm is at most the radius."""
        self._require_members(member)
        return (functions.norm(member) <= self.radius) & constant_on(member, self.cells)

    def project(self, member: Tensor) -> Tensor:
        """``v`` scaled to the radius where its norm is larger."""
        self._require_members(member)
        values = nearest_on(member, self.cells)
        size = functions.norm(values)
        share = torch.where(size > self.radius, self.radius / size, 1.0)
        found = _scaled(values, share)
        for k in range(1, 8):
            # Round-off may have left the norm a few units above the radius.
            over = (functions.norm(found) > self.radius).to(values.dtype)
            found = _scaled(found, 1.0 - 2.0**k * torch.finfo(values.dtype).eps * over)
        return found

    def projected(self, cells: int) -> "NormBall":
        """The ball of the same radius: ``P_N`` does not expand, and ``E_N`` is an isometry."""
        return NormBall(self.radius, image_cells(self.cells, cells))

    def within(self, other: Admissible[Any]) -> bool:
        """Not larger and, unless it is {0}, on the grid of the other."""
        if not isinstance(other, NormBall):
            raise self._incomparable(other)
        fits = bool((self.radius <= other.radius).all())
        return fits and (self._zero or finer(self.cells, other.cells))

    @property
    def bounded(self) -> bool:
        """On ``N`` cells, ``|v| <= √N radius``; of all functions only {0}: peaks may be high if narrow."""
        return self._zero or self.cells is not None

    @property
    def closed(self) -> bool:
        """Always: a closed ball."""
        return True

    @property
    def equicontinuous(self) -> bool:
        """On ``N`` cells, of finite dimension; balls of all functions are not compact, unless {0}."""
        return self._zero or self.cells is not None

    @property
    def _zero(self) -> bool:
        return not bool(self.radius.any())

    def _require_members(self, member: Tensor) -> None:
        require_members(member, "radius", self.radius, tuple(member.shape[2:]))


def _scaled(values: Tensor, share: Scalars) -> Tensor:
    return share.reshape(-1, *(1,) * (values.ndim - 1)) * values
