"""Grids of members and of sets."""

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import controls as functions
from fbscore.errors import require, require_cells, require_floating
from fbscore.shapes import Cells, Flags

__all__ = ["constant_on", "finer", "image_cells", "nearest_on", "require_members", "require_set_cells"]


def require_set_cells(cells: int | None) -> None:
    """Require ``None`` or a number of cells."""
    if cells is not None:
        require_cells("cells", cells)


def require_members(values: Tensor, of: str, like: Tensor, shape: tuple[int, ...]) -> None:
    """Require functions (batch, N, *shape) of the dtype and on the device of ``like``, called ``of``.

    The batch of ``like`` is theirs, or 1.
    """
    require_floating(**{of: like, "values": values})
    batch = like.shape[0]
    fits = values.ndim == 2 + len(shape) and tuple(values.shape[2:]) == shape
    fits = fits and values.shape[1] >= 1 and batch in (1, values.shape[0])
    expected = ", ".join(("batch" if batch == 1 else str(batch), "N", *map(str, shape)))
    require(fits, "values", f"shape ({expected}), N >= 1", tuple(values.shape))


def image_cells(own: int | None, cells: int) -> int:
    """The ``N`` of ``P_N(Θ)`` for a ``Θ`` on ``own`` cells, ``None`` for all functions.

    A finer grid leaves functions on ``own`` cells as they are.  On a coarser one the means of cells that do
    not overlap are independent, and all that is known of the cells of one mean holds for it.
    """
    require_cells("cells", cells)
    if own is None or own % cells == 0:
        return cells
    if cells % own:
        reason = "cells of the two grids overlap"
        raise NotImplementedError(f"cells: expected a multiple or divisor of {own}, got {cells}: {reason}")
    return own


def finer(cells: int | None, other: int | None) -> bool:
    """Whether functions on ``cells`` cells are functions on ``other`` cells; ``None`` for all functions."""
    return other is None or (cells is not None and other % cells == 0)


def constant_on(values: Cells, cells: int | None) -> Flags:
    """Whether each function is constant on every one of ``cells`` cells."""
    batch, N = values.shape[:2]
    if cells is None or cells % N == 0:
        return torch.ones(batch, dtype=torch.bool, device=values.device)
    here, there, lengths = functions.common_pieces(N, cells, values.device)
    here, there = here[lengths > 0], there[lengths > 0]
    jump = (values[:, here[1:]] != values[:, here[:-1]]).reshape(batch, len(here) - 1, -1).any(-1)
    return ~(jump & (there[1:] == there[:-1])).any(-1)


def nearest_on(values: Cells, cells: int | None) -> Float[Tensor, "batch M *shape"]:
    """The nearest function on a grid where a set of functions on ``cells`` cells can be reached.

    ``P_N`` unless the grid is already as coarse: what it takes away is orthogonal to all members.
    """
    if cells is None or cells % values.shape[1] == 0:
        return values
    return functions.project(values, cells)
