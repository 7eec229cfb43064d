"""The class Flow and the bounds 4.5 and 4.6 + 4.7 on cases that can be worked out by hand."""

import numpy as np
import pytest

from claims.oracle import event_driven
from claims.oracle.flow import Flow, energy_bound, growth_rate, perturbation_bound
from tests.oracle.flow_samples import system

NONE = np.zeros(1)


def ramp() -> Flow:
    """1 - 2t up to 1/2, then t - 1/2."""
    pieces = np.array([[[1.0], [-1.0]], [[0.0], [0.25]], [[0.25], [0.25]]])
    return Flow(np.array([0.0, 0.5, 0.75, 1.0]), pieces, ((1,), (0,), (0,)), 0.0)


def test_values_states_and_segments() -> None:
    flow = ramp()
    assert np.array_equal(flow.at(np.array([0.0, 0.25, 0.5, 0.75, 1.0]))[:, 0], [1, 0.5, 0, 0.25, 0.5])
    assert flow.at(0.25).shape == (1,)
    assert np.array_equal(flow.states[:, 0], [1, 0, 0.25, 0.5])
    assert flow.segments == ((0.0, 0.5, (1,)), (0.5, 1.0, (0,)))
    assert 1 <= flow.largest_norm() <= 2.001


@pytest.mark.parametrize("t", [-1e-9, 1.0 + 1e-9, np.nan])
def test_times_outside_are_refused(t: float) -> None:
    with pytest.raises(ValueError, match=r"t: expected times in \[0, 1\]"):
        ramp().at(t)


def test_growth_rate_is_the_logarithmic_norm() -> None:
    K = np.array([[[-2.0, 8.0], [-8.0, 1.0]], [[3.0, 0.0], [0.0, 5.0]]])
    assert np.allclose(growth_rate(K), [2.0, -3.0], rtol=0, atol=1e-12)
    assert np.all(growth_rate(K) >= [2.0, -3.0])


def test_energy_bound_of_jumps_and_residuals() -> None:
    """Jumps grow like e^{kappa t}; a residual adds at most its integral times that; peaks are kept."""
    one = np.ones(1)
    assert energy_bound(one, one, NONE, NONE, one) == pytest.approx(np.e)
    assert energy_bound(0 * one, one, one / 2, NONE, one / 4) == pytest.approx(0.75)
    assert energy_bound(-one, one, NONE, NONE, one) == pytest.approx(1.0)
    two = np.array([1.0, -1.0])
    assert energy_bound(two, np.ones(2), 0 * two, 0 * two, np.array([1.0, 1.0])) == pytest.approx(np.e + 1)


def test_energy_bound_of_a_gap() -> None:
    """a' = 2 sigma eps without growth: the root of 2 int sigma eps."""
    assert energy_bound(NONE, np.ones(1), NONE, np.full(1, 2.0), NONE) == pytest.approx(2.0)
    three = energy_bound(np.zeros(3), np.ones(3), np.zeros(3), np.full(3, 1.5), np.full(3, 0.1))
    assert three == pytest.approx(3.0 + 0.3)


@pytest.mark.parametrize("seed", range(6))
def test_perturbation_bound_covers_what_a_perturbation_does(seed: int) -> None:
    params, K, c, sigma, u0 = system(seed, "l1", 4)
    rng = np.random.default_rng([seed, 31])
    dK, dc, du = rng.normal(size=K.shape) * 1e-3, rng.normal(size=c.shape) * 1e-3, rng.normal(size=4) * 1e-3
    first = event_driven.flow("l1", params, K, c, sigma, u0)
    second = event_driven.flow("l1", params, K + dK, c + dc, sigma, u0 + du)
    sizes = np.linalg.norm(dK, ord=2, axis=(1, 2)), np.linalg.norm(dc, axis=1)
    bound = perturbation_bound(first, K, *sizes, float(np.linalg.norm(du)))
    t = np.linspace(0, 1, 101)
    apart = np.max(np.linalg.norm(first.at(t) - second.at(t), axis=1))
    assert apart <= bound + first.radius + second.radius
    assert perturbation_bound(first, K, 0 * sizes[0], 0 * sizes[1], 0.0) == 0
