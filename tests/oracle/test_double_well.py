"""The double well: numbers worked out by hand, decisions left open by balls, its prox by brute force."""

import numpy as np
import pytest
from flint import arb

from claims.oracle import double_well
from claims.oracle import elementary as el
from claims.oracle.prox import prox
from claims.oracle.regularizers import CONVEX, FINITE, MINIMISED_AT_ZERO
from tests.oracle.samples import inside

b = np.array([[2.0]])


def along(*entries: float) -> np.ndarray:
    """A batch of vectors of one entry."""
    return np.array(entries)[:, None]


def test_values_and_slopes() -> None:
    u = along(-1.0, 0.0, 0.75, 1.0, 1.25, 2.0, 4.0)
    assert double_well.value(b, u).tolist() == [1.0, 0.0, 0.75, 1.0, 0.75, 0.0, 2.0]
    slopes = double_well.minimal_subgradient(b, u)[:, 0]
    assert slopes.tolist() == [-1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.0]


def test_distances() -> None:
    u, s = along(-1.0, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 4.0), along(3.0, 3.0, -1.0, 3.0, 3.0, 3.0, 3.0, 3.0)
    found = double_well.distance(b, u, s, np.full(8, 2.0))
    assert found.tolist() == [5.0, 1.0, 0.0, 1.0, np.inf, 5.0, 1.0, 1.0]
    assert double_well.distance(b, u, s, np.zeros(8)).tolist() == np.abs(s[:, 0]).tolist()


def test_assumptions() -> None:
    params = {"center": np.array([[2.0, 0.5], [1e-300, 1e300]])}
    assert (CONVEX["double_well"], FINITE["double_well"]) == (False, True)
    assert MINIMISED_AT_ZERO("double_well", params).tolist() == [True, True]
    middle = double_well.value(b, along(1.0)) * 2
    assert middle > double_well.value(b, along(0.0)) + double_well.value(b, along(2.0))


def test_prox_is_the_best_of_four_points() -> None:
    """A minimiser is v - a, v + a or a well: slopes are 1 or -1, the other kink is a maximum."""
    rng = np.random.default_rng(50)
    v, a, center = rng.normal(size=(4000, 1)) * 3, rng.random(4000) * 4, rng.random((4000, 1)) * 3 + 0.1
    p = double_well.prox(center, v, a)
    step = a[:, None]
    points = np.concatenate([v - step, v + step, 0 * v, center], axis=-1)
    energies = (points - v) ** 2 / 2 + step * np.minimum(np.abs(points), np.abs(points - center))
    best = np.take_along_axis(points, np.argmin(energies, axis=-1)[:, None], axis=-1)
    assert np.allclose(p, best, rtol=0, atol=1e-14)
    lengthened = np.abs(p) > np.abs(v)
    assert 300 < np.sum(lengthened) < 2000
    assert np.all(v[lengthened] >= center[lengthened] / 2)


@pytest.mark.parametrize("a", [1e-9, 0.1, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("center", [0.1, 1.0, 3.0])
def test_a_tie_goes_up(center: float, a: float) -> None:
    params, v, step = {"center": np.array([[center]])}, np.array([[center / 2]]), np.array([a])
    assert prox("double_well", params, v, step) > center / 2
    assert prox("double_well", params, v * (1 - 1e-12), step) < center / 2  # floats: to round-off
    with el.digits():
        balls = {"center": el.to_ball(params["center"])}
        tie = el.to_ball(v) / 7 * 7
        assert el.radius(tie)[0, 0] > 0
        assert prox("double_well", balls, tie, step)[0, 0] > center / 2
        assert prox("double_well", balls, el.to_ball(v) - arb(10) ** -50, step)[0, 0] < center / 2


def test_balls_leave_the_middle_open() -> None:
    with el.digits():
        wide = el.to_ball(along(1.0)) + arb(0, 0.25)
        slope = double_well.minimal_subgradient(el.to_ball(b), wide)
        distance = double_well.distance(el.to_ball(b), wide, el.to_ball(along(0.5)), el.to_ball(np.ones(1)))
        value = double_well.value(el.to_ball(b), wide)
    assert all(inside(slope, along(x)).all() for x in (-1.0, 0.0, 1.0))
    assert not distance[0].is_finite()
    assert inside(value, [1.0]).all()
    assert inside(value, [0.75]).all()
    assert not inside(value, [1.3]).any()
