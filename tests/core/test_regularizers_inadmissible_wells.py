"""The double well: its prox against a search over a fine grid, and numbers worked out by hand."""

import numpy as np
import pytest
import torch

from fbscore.regularizers import DoubleWell


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def weight(a):
    return torch.tensor([a], dtype=torch.float64)


GRID = np.arange(-600_000, 600_001) / 100_000
WELLS = DoubleWell(tensor([2, 2, 2, 2, 2, 2]))


@pytest.mark.parametrize("b", [0.75, 2.0])
def test_prox_against_a_grid(b):
    R = DoubleWell(tensor([b]))
    penalty = np.minimum(abs(GRID), abs(GRID - b))
    for v, a in np.random.default_rng(5).uniform([-3.5, 0.0], [3.5, 2.0], (200, 2)):
        u = R.prox(tensor([v]), weight(a)).item()
        objective = (GRID - v) ** 2 / 2 + a * penalty
        ours = (u - v) ** 2 / 2 + a * min(abs(u), abs(u - b))
        assert ours <= objective.min() + 1e-13
        assert abs(u - GRID[objective.argmin()]) <= 2e-5


def test_prox_lengthens():
    """The control for A1: ``½(2 − 3/2)² = 1/8`` beats ``½(1 − 3/2)² + ½ = 5/8`` and ``½(0 − 3/2)² = 9/8``."""
    R = DoubleWell(tensor([2]))
    assert R.prox(tensor([1.5]), weight(0.5)).item() == 2.0
    assert R.value(tensor([0])).item() == R.value(tensor([2])).item() == 0.0


def test_by_hand():
    u = tensor([-1, 0, 0.75, 1.25, 2, 4])
    assert WELLS.value(u).item() == 1 + 0 + 0.75 + 0.75 + 0 + 2
    assert WELLS.prox(u, weight(0.5)).tolist() == [[-0.5, 0.0, 0.25, 1.75, 2.0, 3.5]]
    assert WELLS.prox(u, weight(4.0)).tolist() == [[0.0, 0.0, 0.0, 2.0, 2.0, 2.0]]
    assert WELLS.minimal_subgradient(u).tolist() == [[-1.0, 0.0, 1.0, -1.0, 0.0, 1.0]]


@pytest.mark.parametrize(("a", "below", "above"), [(0.25, 0.75, 1.25), (1.0, 0.0, 2.0), (8.0, 0.0, 2.0)])
def test_the_prox_jumps_half_way_between_the_wells_and_a_tie_goes_up(a, below, above):
    R, eps = DoubleWell(tensor([2])), 1e-15
    assert R.prox(tensor([1 - eps]), weight(a)).item() == pytest.approx(below, abs=2e-15)
    assert R.prox(tensor([1]), weight(a)).item() == above
    assert R.minimal_subgradient(tensor([1])).item() == 0.0


def test_what_makes_no_sense_is_refused():
    u = tensor([1.0, 1, 1, 1, 1, 1])
    message = "^double_well: no .* are defined, the function is not convex$"
    assert not WELLS.admissible
    for call in (
        lambda: WELLS.subgradient(u),
        lambda: WELLS.subdifferential_distance(u, u),
        lambda: WELLS.contains(u, u, 0.0),
        WELLS.growth,
    ):
        with pytest.raises(NotImplementedError, match=message):
            call()


def test_dimension_is_that_of_the_center():
    assert WELLS.dimension == 6
    with pytest.raises(ValueError, match=r"^regularizer: expected parameters for d = 5, got 6$"):
        WELLS.require_match("regularizer", 1, 5, u=tensor([1.0]))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("center", "error", "message"),
    [
        (torch.ones(3), ValueError, r"center: expected shape \(batch, d\), d >= 1, got \(3,\)"),
        (torch.zeros(1, 1), ValueError, "center: expected entries > 0, got a smallest entry of 0"),
        (torch.tensor([[1.0, -1.0]]), ValueError, "center: expected entries > 0, got a smallest entry of -1"),
        (torch.tensor([[torch.nan]]), ValueError, "center: expected finite entries"),
        (torch.ones(1, 1).int(), TypeError, "center: expected dtype float32 or float64, got torch.int32"),
    ],
)
def test_bad_center(center, error, message):
    with pytest.raises(error, match=f"^{message}"):
        DoubleWell(center)
