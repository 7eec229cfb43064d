r"""Constants of grids: moduli of continuity, cell means and projection errors of step functions.

Section 3 of ``docs/mathematics.md``; its displayed formulas are *reconstructed*.  As in `claims.constants`,
everything works on float64 tensors and in ball arithmetic, and nothing comes from `fbscore`.

Shapes: values (batch, M, k); ``bound``, ``variation`` (batch,).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from claims.kit.arithmetic import Array, is_ball, maximum, sqrt
from claims.oracle import grid as oracle_grid


def l2_norm(values: Array) -> Array:
    """Return the L²(0,1) norm (batch,) of a step function with values (batch, M, k)."""
    return sqrt((values * values).sum((-2, -1)) / values.shape[1])


def modulus(values: Array, cells: int) -> Array:
    r"""Return ω_v(1/cells) = sup_{0 < r ≤ 1/cells} ‖S_r v − v‖_{L²} of a step function (batch, M, k).

    S_r extends by zero.  ‖S_r v − v‖² is linear in r between multiples of 1/M, so the supremum is reached at
    a multiple of 1/M or at r = 1/cells.
    """
    grid = values.shape[1]
    whole, rest = divmod(grid, cells)
    squares = [_shift_square(values, k) for k in range(whole + 2)]
    best = (squares[whole] * (cells - rest) + squares[whole + 1] * rest) / cells
    for square in squares[: whole + 1]:
        best = maximum(best, square)
    return sqrt(best)


def _shift_square(values: Array, k: int) -> Array:
    """Return ‖S_{k/M} v − v‖² over (0, 1), (batch,); beyond t = 1 − k/M the shifted function is 0."""
    grid = values.shape[1]
    k = min(k, grid)
    moved = values[:, k:] - values[:, : grid - k]
    ends = values[:, grid - k :]
    return ((moved * moved).sum((-2, -1)) + (ends * ends).sum((-2, -1))) / grid


def common_cells(first: int, second: int) -> int:
    """Return the number of cells of the coarsest uniform grid that refines both."""
    return math.lcm(first, second)


def refined(values: Array, cells: int) -> Array:
    """Return a step function (batch, M, k) written on ``cells`` cells, a multiple of M."""
    repeat = np.repeat if is_ball(values) else torch.repeat_interleave
    return repeat(values, cells // values.shape[1], 1)


def cell_means(values: Array, cells: int) -> Array:
    """Return the oracle's means over ``cells`` cells, (batch, cells, k)."""
    if is_ball(values):
        return oracle_grid.project(values, cells)
    return torch.as_tensor(oracle_grid.project(values.cpu().numpy(), cells), device=values.device)


def family_modulus(bound: Array, variation: Array, cells: int) -> Array:
    r"""Return (M(2V + M)/N)^{1/2}, the modulus at 1/N of all v with ‖v‖ ≤ M and variation ≤ V, (batch,).

    Sharp: ±M alternating from cell to cell of the grid itself.
    """
    return sqrt(bound * (2 * variation + bound) / cells)


def family_projection_error(bound: Array, variation: Array, cells: int) -> Array:
    r"""Return (MV/(2N))^{1/2}, a bound on ‖E_N P_N v − v‖ for all v with ‖v‖ ≤ M and variation ≤ V, (batch,).

    Sharp: a jump between M and −M in the middle of every cell.
    """
    return sqrt(bound * variation / (2 * cells))
