"""Total variation: the minmax formula against a bounded least-squares solver, its subdifferential, balls."""

import itertools

import numpy as np
import pytest
from flint import arb
from scipy.optimize import lsq_linear

from claims.oracle import elementary as el
from claims.oracle import variation
from tests.oracle.samples import inside, vectors, weights, widened


def dual(v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """v - D^T z with z the bounded least-squares solution, an active-set method on the dual."""
    D = np.diff(np.eye(len(v)), axis=0)[w > 0]
    if not len(D):
        return v
    bound = w[w > 0]
    return v - D.T @ lsq_linear(D.T, v, bounds=(-bound, bound), method="bvls", tol=1e-15).x


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 20])
def test_agrees_with_the_dual_solver(d: int) -> None:
    rng = np.random.default_rng(40)
    v = vectors(rng, 60, d)
    w = rng.random((60, d - 1)) * 2 * (rng.random((60, d - 1)) < 0.8)
    w[::3] = rng.integers(0, 5, size=w[::3].shape) / 4
    found = variation.denoise(v, w)
    for k in range(60):
        assert np.allclose(found[k], dual(v[k], w[k]), rtol=0, atol=2e-13)


def test_minmax_is_maxmin() -> None:
    """-denoise(-v) swaps the two: maximum of minima = minimum of maxima."""
    rng = np.random.default_rng(41)
    v, w = rng.normal(size=(200, 9)), rng.random((200, 8))
    assert np.allclose(variation.denoise(v, w), -variation.denoise(-v, w), rtol=0, atol=1e-14)


def test_mirrored_data_give_the_mirrored_answer() -> None:
    rng = np.random.default_rng(42)
    v, w = rng.normal(size=(200, 7)), rng.random((200, 6))
    assert np.allclose(
        variation.denoise(v, w), variation.denoise(v[:, ::-1], w[:, ::-1])[:, ::-1], atol=1e-14
    )


def test_large_weights_give_the_mean_and_zero_weights_nothing() -> None:
    v = np.random.default_rng(43).normal(size=(20, 6))
    assert np.allclose(variation.denoise(v, np.full((20, 5), 1e3)), v.mean(-1, keepdims=True), atol=1e-15)
    assert np.allclose(variation.denoise(v, np.zeros((20, 5))), v, atol=1e-15)


def test_distance_by_the_dual_solver_on_every_pattern_of_signs() -> None:
    """All 27 patterns of rising, level, falling for d = 4: the set {D^T z}, z fixed or in [-1, 1]."""
    rng = np.random.default_rng(44)
    D = np.diff(np.eye(4), axis=0)
    for signs in itertools.product((-1.0, 0.0, 1.0), repeat=3):
        u = np.concatenate([[0.5], 0.5 + np.cumsum(signs)])[None]
        s, sigma = rng.normal(size=(1, 4)) * 2, rng.random(1) + 0.5
        fixed, free = np.array(signs), np.array(signs) == 0
        left = s[0] - sigma * (D.T @ fixed)
        expected = np.linalg.norm(dual(left, sigma * free))
        assert np.allclose(variation.distance(u, s, sigma), expected, rtol=0, atol=1e-12)
        shortest = -dual(-D.T @ fixed, 1.0 * free)
        assert np.allclose(variation.minimal_subgradient(u)[0], shortest, rtol=0, atol=1e-12)


def test_entries_of_a_plateau_are_one_ball() -> None:
    with el.digits():
        v = el.to_ball([[1.0, 2.0, 1.5, 7.0, 6.0]]) / 3
        u = variation.denoise(v, el.to_ball(np.full((1, 4), 0.5)))
        r = variation.distance(u, v - u, el.to_ball([0.5]))
    assert el.radius(u).max() > 0
    assert el.may_be_zero(r).all()
    assert el.radius(r).max() < 1e-57


def test_open_signs_give_the_union() -> None:
    with el.digits():
        u = el.to_ball([[1.0, 1.0, 2.0]])
        u[0, 0] += arb(0, 1e-20)
        s = el.to_ball([[0.5, -0.5, 0.0]])
        r = variation.distance(u, s, el.to_ball([1.0]))
        many = variation.distance(
            el.to_ball(np.zeros((1, 7))) + arb(0, 1e-3), el.to_ball(np.ones((1, 7))), el.to_ball([1.0])
        )
        shortest = variation.minimal_subgradient(el.to_ball(np.zeros((1, 7))) + arb(0, 1e-3))
    for x in (1.0, 1.0 + 2e-20, 1.0 - 2e-20):
        at = np.array([[x, 1.0, 2.0]])
        assert inside(r, variation.distance(at, np.array([[0.5, -0.5, 0.0]]), np.ones(1)), 1e-15).all()
    lengths = (variation.distance(x, np.ones((1, 7)), np.ones(1)) for x in np.diag(np.full(7, 1e-4))[:, None])
    assert all(inside(many, length, 1e-15).all() for length in lengths)
    assert all(x.contains(2) and x.contains(-2) for x in shortest[0])


def test_wide_balls_enclose_their_points() -> None:
    rng = np.random.default_rng(45)
    v, a = vectors(rng, 40, 5), weights(rng, 40)
    with el.digits():
        balls = widened(rng, v, 0.3)
        found = variation.denoise(balls, el.to_ball(np.repeat(a[:, None], 4, axis=1)))
    for _ in range(10):
        point = v + 0.999 * el.radius(balls) * rng.uniform(-1, 1, size=v.shape)
        assert inside(found, variation.denoise(point, np.repeat(a[:, None], 4, axis=1)), 1e-13).all()
