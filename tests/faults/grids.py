"""Faults in cell means and extension, and in the modulus that judges them."""

from __future__ import annotations

import torch

import fbscore
from claims import grid_constants
from tests.faults.checks import CAUCHY, EQUIDISTANT, IN_L2, LAYERS, MEANS
from tests.faults.plants import Fault, changed_constant, with_parts


def _left_values(values: torch.Tensor, cells: int) -> torch.Tensor:
    index = torch.arange(cells) * values.shape[1] // cells
    return values[:, index]


def _interpolated(values: torch.Tensor, cells: int) -> torch.Tensor:
    """Half of every cell is averaged with the next."""
    fine = fbscore.extend(values, cells)
    return (fine + fine.roll(-1, 1)) / 2


GRIDS = (
    Fault(
        "cell means replaced by samples",
        with_parts(project=_left_values),
        ("test_projection_is_the_cell_mean", "test_projection_error", LAYERS, MEANS, CAUCHY),
    ),
    Fault(
        "cell means scaled by 1.0001",
        with_parts(project=lambda values, cells: 1.0001 * fbscore.project(values, cells)),
        ("test_projection_is_bounded", "test_projection_inverts_extension"),
    ),
    Fault(
        "extension one cell late",
        with_parts(extend=lambda values, cells: fbscore.extend(values, cells).roll(1, 1)),
        ("test_projection_inverts_extension", "test_projection_error", "test_converges_uniformly"),
    ),
    Fault(
        "time reversed in the extension",
        with_parts(extend=lambda values, cells: fbscore.extend(values, cells).flip(1)),
        ("test_projection_inverts_extension", "test_projection_error"),
    ),
    Fault(
        "modulus √2 too large",
        changed_constant(grid_constants, "modulus", lambda value: value * 2**0.5),
        ("test_projection_error",),
        "loose",
    ),
    Fault(
        "modulus 2 % too small",
        changed_constant(grid_constants, "modulus", lambda value: value * 0.98),
        ("test_projection_error",),
    ),
    Fault(
        "modulus 2 % too large",
        changed_constant(grid_constants, "modulus", lambda value: value * 1.02),
        ("test_modulus_of_the_family",),
    ),
    Fault(
        "extension scaled by 1.0001",
        with_parts(extend=lambda values, cells: 1.0001 * fbscore.extend(values, cells)),
        (
            *("test_projection_inverts_extension", EQUIDISTANT, IN_L2),
            *("test_stays_apart_in_the_supremum_norm", "test_family_is_equicontinuous"),
        ),
    ),
    Fault(
        "extension interpolates",
        with_parts(extend=_interpolated),
        ("test_projection_inverts_extension", LAYERS, EQUIDISTANT, IN_L2),
    ),
    Fault(
        "cell means scaled by 0.9999",
        with_parts(project=lambda values, cells: 0.9999 * fbscore.project(values, cells)),
        ("test_projection_inverts_extension", LAYERS, MEANS),
    ),
    Fault(
        "every mean is that of the first cell",
        with_parts(project=lambda values, cells: fbscore.project(values, cells)[:, :1].expand(-1, cells, -1)),
        ("test_projection_is_the_cell_mean", LAYERS, MEANS),
    ),
)
