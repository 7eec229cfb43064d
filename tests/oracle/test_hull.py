"""Projection on a hull: against non-negative least squares, degenerate slopes, active sets, balls."""

import numpy as np
import pytest
from flint import arb
from scipy.optimize import nnls

from claims.oracle import elementary as el
from claims.oracle import hull
from tests.oracle.samples import inside, slopes, vectors, widened


def nearest_by_nnls(points: np.ndarray, v: np.ndarray) -> np.ndarray:
    """v less its projection: min |sum w_i (a_i - v)|^2 + (1 - sum w)^2 over w >= 0 has the same direction."""
    shifted = points - v
    system = np.vstack([shifted.T, np.ones(len(points))])
    w, _ = nnls(system, np.append(np.zeros(len(v)), 1.0))
    return -(w @ shifted) / np.sum(w)


@pytest.mark.parametrize("k", [1, 2, 4, 6, 8])
@pytest.mark.parametrize("d", [1, 2, 3, 10])
def test_agrees_with_nonnegative_least_squares(d: int, k: int) -> None:
    rng = np.random.default_rng(50)
    points, v = rng.normal(size=(60, k, d)), vectors(rng, 60, d)
    if k > 2:
        points[::2] = slopes(rng, 30, d, k)
    found = hull.residual(points, v, np.ones(60))
    for n in range(60):
        assert np.allclose(found[n], nearest_by_nnls(points[n], v[n]), rtol=0, atol=1e-13)


@pytest.mark.parametrize("a", [1e-12, 1e-6, 1.0, 1e6])
def test_is_optimal_at_every_scale(a: float) -> None:
    """<r, a_i - x> <= 0 for all i, up to round-off of <|r|, |a_i - x|>."""
    rng = np.random.default_rng(51)
    points, v = slopes(rng, 200, 4, 6), rng.normal(size=(200, 4))
    r = hull.residual(points, v, np.full(200, a))
    x = v - r
    uphill = np.einsum("nki,ni->nk", a * points - x[:, None], r)
    longest = a * np.max(el.norm(points), axis=-1)
    assert np.all(uphill <= 1e-14 * ((el.norm(v) + longest) * longest + 0.1 * el.norm(v) ** 2)[:, None])
    with el.digits():
        exact = hull.residual(el.to_ball(points[:20]), el.to_ball(v[:20]), el.to_ball(np.full(20, a)))
    assert np.all(el.norm(r[:20] - el.to_float(exact)) <= 1e-14 * (el.norm(v) + longest)[:20])
    assert np.all(el.radius(exact) <= 1e-55 * (1 + a))


def test_only_active_points_count() -> None:
    rng = np.random.default_rng(52)
    points, v = rng.normal(size=(50, 5, 3)), rng.normal(size=(50, 3))
    active = rng.random((50, 5)) < 0.5
    active[:, 2] = True
    found = hull.residual(points, v, np.ones(50), active)
    for n in range(50):
        assert np.allclose(found[n], nearest_by_nnls(points[n][active[n]], v[n]), rtol=0, atol=1e-13)


def test_active_slopes_are_those_of_the_very_numbers() -> None:
    """A tie that is exact holds, one that is broken in the last place does not."""
    third = 1.0 / 3.0
    slopes_ = np.array([[[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]])
    s = np.array([[0.5, 0.5]])
    tied, above = np.array([[third, third]]), np.array([[np.nextafter(third, 1.0), third]])
    assert np.allclose(hull.distance(slopes_, tied, s, np.ones(1)), 0.0, atol=1e-16)
    assert np.allclose(hull.distance(slopes_, above, s, np.ones(1)), np.sqrt(0.5))
    assert np.allclose(hull.minimal_subgradient(slopes_, tied), [[0.5, 0.5]])
    assert np.array_equal(hull.minimal_subgradient(slopes_, above), [[1.0, 0.0]])


def test_ties_in_balls() -> None:
    slopes_ = el.to_ball([[[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]])
    s, one = el.to_ball([[0.5, 0.5]]), el.to_ball([1.0])
    with el.digits():
        u = el.to_ball([[1.0, 1.0]]) / 3
        assert el.radius(hull.distance(slopes_, u, s, one)).max() < 1e-58
        assert inside(hull.minimal_subgradient(slopes_, u), [[0.5, 0.5]]).all()
        u[0, 0] += arb(0, 1e-20)
        open_ = hull.distance(slopes_, u, s, one)
        p = hull.minimal_subgradient(slopes_, u)
    assert inside(open_, [0.0], 1e-18).all()
    assert open_[0].overlaps(arb(0.5).sqrt())
    assert all(x.contains(0) and x.contains(1) for x in p[0])


def test_zero_in_the_hull() -> None:
    rng = np.random.default_rng(53)
    points = slopes(rng, 40, 3)
    assert hull.contains_zero(points).all()
    assert not hull.contains_zero(points + 10 * np.abs(points).max()).any()
    with el.digits():
        assert hull.contains_zero(el.to_ball(points[:8])).all()
        assert not hull.contains_zero(el.to_ball(points[:8] + 100)).any()


def test_wide_balls_enclose_their_points() -> None:
    rng = np.random.default_rng(54)
    points, v, a = slopes(rng, 30, 3), vectors(rng, 30, 3), rng.random(30)
    with el.digits():
        wide_points, wide_v = widened(rng, points, 0.1), widened(rng, v, 0.2)
        found = hull.residual(wide_points, wide_v, el.to_ball(a))
    for _ in range(10):
        at = points + 0.999 * el.radius(wide_points) * rng.uniform(-1, 1, size=points.shape)
        point = v + 0.999 * el.radius(wide_v) * rng.uniform(-1, 1, size=v.shape)
        assert inside(found, hull.residual(at, point, a), 1e-12).all()
