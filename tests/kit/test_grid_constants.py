"""Grids: floats against balls, against numbers worked out by hand, and against brute force."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from claims import grid_constants
from claims.families import strategies
from claims.kit.context import FloatRun
from claims.kit.subject import Subject
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


@QUIET
@given(strategies.functions())
def test_grid_constants_in_both_arithmetics(p):
    agree(
        lambda q: {
            "norm": grid_constants.l2_norm(q.values),
            "modulus": grid_constants.modulus(q.values, q.cells),
            "means": grid_constants.cell_means(q.values, q.cells),
            "refined": grid_constants.refined(q.values, 2 * q.values.shape[1]),
            "family": grid_constants.family_modulus(q.bound, q.variation, q.cells),
        },
        (p,),
        lambda: (p.ball(),),
    )


def shifted(values, r):
    """‖S_r v − v‖ by a Riemann sum whose cells refine every grid that occurs."""
    t = (np.arange(5040) + 0.5) / 5040

    def v(s):
        cell = np.minimum((s * len(values)).astype(int), len(values) - 1)
        return np.where(s < 1, values[cell], 0.0)

    return math.sqrt(np.mean((v(t + r) - v(t)) ** 2))


@QUIET
@given(st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=6), st.integers(1, 6))
def test_modulus_is_the_largest_shift_distance(values, cells):
    modulus = float(grid_constants.modulus(tensor(*values)[None, :, None], cells))
    # multiples of 1/60 are among the shifts, and with them every multiple of 1/M and 1/N, M, N ≤ 6
    brute = max(shifted(np.array(values), k / 60) for k in range(1, 60 // cells + 1))
    assert math.isclose(modulus, brute, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("cells", [1, 2, 4])
@pytest.mark.parametrize("parts", [1, 2, 4, 8, 64])
def test_indicator_of_a_narrow_piece_is_sharp(cells, parts):
    # v = χ_[0,w), w = 1/(N·parts): error / modulus = √(1 − wN), and wN = 1/parts
    values = torch.zeros(1, cells * parts, 1, dtype=torch.float64)
    values[:, 0] = 1.0
    means = FLOAT.project(values, cells)
    error = grid_constants.l2_norm(FLOAT.extend(means, cells * parts) - values)
    ratio = float(error / grid_constants.modulus(values, cells))
    # a shift by w ≤ r ≤ 1/N moves all of the piece out of (0, 1): the modulus is ‖v‖
    assert math.isclose(float(grid_constants.modulus(values, cells)), math.sqrt(1 / (cells * parts)))
    assert math.isclose(ratio, math.sqrt(1 - 1 / parts), abs_tol=1e-12)


def test_grids_by_hand():
    values = tensor([1.0], [3.0])[None]
    assert float(grid_constants.l2_norm(values)) == math.sqrt(5.0)
    assert grid_constants.cell_means(values, 1).tolist() == [[[2.0]]]
    assert grid_constants.cell_means(values, 3).reshape(-1).tolist() == [1.0, 2.0, 3.0]
    assert grid_constants.refined(values, 4).reshape(-1).tolist() == [1.0, 1.0, 3.0, 3.0]
    assert grid_constants.common_cells(4, 6) == 12
    # shift by ½: 2 on the first half, the zero extension of 3 on the second
    assert math.isclose(float(grid_constants.modulus(values, 2)), math.sqrt((4 + 9) / 2))
    assert float(grid_constants.family_modulus(tensor(2.0), tensor(1.0), 2)) == 2.0
    assert float(grid_constants.family_projection_error(tensor(2.0), tensor(4.0), 1)) == 2.0


@pytest.mark.parametrize("cells", [1, 2, 5, 8])
def test_moduli_of_families_are_sharp(cells):
    # 3 and −3 alternating from cell to cell; a jump between them in the middle of every cell
    signs = 1 - 2 * (torch.arange(cells, dtype=torch.float64) % 2)
    beat = 3 * signs[None, :, None]
    bound, variation = tensor(3.0), tensor(6.0 * (cells - 1))
    modulus = grid_constants.family_modulus(bound, variation, cells)
    assert torch.allclose(grid_constants.modulus(beat, cells), modulus, rtol=1e-14)
    jumps = 3 * torch.stack([signs, -signs], 1).reshape(1, -1, 1)
    variation = (jumps[:, 1:] - jumps[:, :-1]).norm(dim=2).sum(1)
    assert variation.tolist() == [6.0 * cells]
    error = grid_constants.l2_norm(FLOAT.extend(FLOAT.project(jumps, cells), 2 * cells) - jumps)
    assert torch.allclose(error, grid_constants.family_projection_error(bound, variation, cells), rtol=1e-14)


@QUIET
@given(strategies.functions())
def test_modulus_of_a_family_bounds_its_members(p):
    own = float(grid_constants.modulus(p.values, p.cells))
    assert own <= float(grid_constants.family_modulus(p.bound, p.variation, p.cells)) * (1 + 1e-12)
