"""The functions of the negative controls: their prox against a search over a fine grid."""

import numpy as np
import pytest
import torch

from fbscore.regularizers import L0, HalfPower, NegativeL1, ShiftedL1


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def weight(a):
    return torch.tensor([a], dtype=torch.float64)


GRID = np.arange(-600_000, 600_001) / 100_000
FUNCTIONS = {
    "l0": (L0(), lambda u: (u != 0).astype(float)),
    "half_power": (HalfPower(), lambda u: np.sqrt(abs(u))),
    "shifted_l1": (ShiftedL1(tensor([0.75])), lambda u: abs(u - 0.75)),
    "negative_l1": (NegativeL1(), lambda u: -abs(u)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_prox_against_a_grid(name):
    R, function = FUNCTIONS[name]
    penalty = function(GRID)
    for v, a in np.random.default_rng(5).uniform([-3.5, 0.0], [3.5, 2.0], (200, 2)):
        u = R.prox(tensor([v]), weight(a)).item()
        objective = (GRID - v) ** 2 / 2 + a * penalty
        ours = (u - v) ** 2 / 2 + a * function(np.array(u))
        assert ours <= objective.min() + 1e-13
        assert abs(u - GRID[objective.argmin()]) <= 2e-5


@pytest.mark.parametrize("v", [2.0, -2.0, 0.3, 1e-9, 1e9])
def test_l0_jumps_after_the_tie(v):
    a = v * v / 2
    assert L0().prox(tensor([v]), weight(a)).item() == v
    assert L0().prox(tensor([v]), weight(a * (1 + 1e-15))).item() == 0.0


@pytest.mark.parametrize("a", [1.0, 8.0, 27.0, 0.125, 1e-6])
def test_half_power_jumps_from_zero_to_the_power(a):
    """At ``v = 1.5 a^{2/3}`` both 0 and ``a^{2/3}`` are minimisers; the tie keeps the latter."""
    root = round(a ** (1 / 3), 12) ** 2
    above = HalfPower().prox(tensor([1.5 * root * (1 + 1e-15)]), weight(a)).item()
    assert above == pytest.approx(root, rel=1e-14)
    assert HalfPower().prox(tensor([1.5 * root * (1 - 1e-14)]), weight(a)).item() == 0.0


@pytest.mark.parametrize(("v", "a", "u"), [(1.5, 1.0, 1.0), (-6.0, 8.0, -4.0), (0.375, 0.125, 0.25)])
def test_half_power_keeps_an_exact_tie(v, a, u):
    assert HalfPower().prox(tensor([v]), weight(a)).item() == pytest.approx(u, rel=1e-15)


def test_half_power_is_stationary(dtype, rng):
    v = torch.randn(1000, 1, generator=rng, dtype=dtype)
    a = 10.0 ** (-8 * torch.rand(1000, generator=rng, dtype=dtype))
    u = HalfPower().prox(v, a)
    kept = u[:, 0] != 0
    assert 100 < kept.sum() < 1000
    residual = (u - v)[:, 0] + a * HalfPower().minimal_subgradient(u)[:, 0]
    assert (residual.abs() / v.abs()[:, 0])[kept].max() <= 8 * torch.finfo(dtype).eps


def test_shifted_l1_by_hand():
    R = ShiftedL1(tensor([0.1, 0.1, 0.1]))
    assert R.prox(tensor([0.3, 2, -2]), weight(0.5)).tolist() == [[0.1, 1.5, -1.5]]
    assert R.subdifferential_distance(tensor([0.1, 2, -2]), tensor([3, 1, 0])).item() == 5**0.5
    assert R.minimal_subgradient(tensor([0, 0.1, 2])).tolist() == [[-1.0, 0.0, 1.0]]


def test_shifted_l1_is_not_minimal_at_zero():
    """The control for A2: ``prox(0) = ½`` for ``|u − 1|`` and ``a = ½``."""
    assert ShiftedL1(tensor([1.0])).prox(tensor([0.0]), weight(0.5)).item() == 0.5


def test_minimal_subgradients_away_from_zero_and_at_zero():
    u = tensor([4, -0.25, 0])
    assert HalfPower().minimal_subgradient(u).tolist() == [[0.25, -1.0, 0.0]]
    assert L0().minimal_subgradient(u).tolist() == [[0.0, 0.0, 0.0]]


def test_negative_l1_by_hand():
    R = NegativeL1()
    assert R.value(tensor([1, -2, 0])).item() == -3.0
    assert R.prox(tensor([1, -2, 0]), weight(0.5)).tolist() == [[1.5, -2.5, 0.5]]
    assert R.minimal_subgradient(tensor([1, -2, 0])).tolist() == [[-1.0, 1.0, 0.0]]


@pytest.mark.parametrize("R", [L0(), HalfPower(), NegativeL1()], ids=lambda R: R.name)
def test_what_makes_no_sense_is_refused(R):
    u = tensor([1.0])
    message = f"^{R.name}: no .* are defined, the function is not convex$"
    assert not R.admissible
    with pytest.raises(NotImplementedError, match=message):
        R.subgradient(u)
    with pytest.raises(NotImplementedError, match=message):
        R.subdifferential_distance(u, u)
    with pytest.raises(NotImplementedError, match=message):
        R.contains(u, u, 0.0)
    with pytest.raises(NotImplementedError, match=message):
        R.growth()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("center", "error", "message"),
    [
        (torch.ones(3), ValueError, r"center: expected shape \(batch, d\), d >= 1, got \(3,\)"),
        (
            torch.tensor([[torch.inf]]),
            ValueError,
            "center: expected finite entries, got entries from inf to inf",
        ),
        (torch.ones(1, 1).int(), TypeError, "center: expected dtype float32 or float64, got torch.int32"),
    ],
)
def test_bad_center(center, error, message):
    with pytest.raises(error, match=f"^{message}"):
        ShiftedL1(center)
