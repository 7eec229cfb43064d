"""The nuclear norm against numpy's decomposition; ranks; balls."""

import numpy as np
import pytest
from flint import arb

from claims.oracle import elementary as el
from claims.oracle import jacobi, singular
from tests.oracle.samples import inside, vectors, weights, widened

SHAPES = [(1, 1), (1, 4), (4, 1), (2, 2), (2, 3), (3, 2), (3, 3), (5, 10)]


def library_prox(shape: tuple[int, int], v: np.ndarray, a: np.ndarray) -> np.ndarray:
    U, s, Vt = np.linalg.svd(v.reshape(-1, *shape), full_matrices=False)
    return np.matmul(U * np.maximum(s - a[:, None], 0)[:, None], Vt).reshape(v.shape)


def library_distance(u: np.ndarray, s: np.ndarray, sigma: float) -> float:
    """Through a full decomposition of one matrix with clear singular values."""
    U, size, Vt = np.linalg.svd(u)
    r = int(np.sum(size > 1e-9))
    turned = U.T @ s @ Vt.T
    turned[:r, :r] -= sigma * np.eye(r)
    rest = turned[r:, r:].copy()
    turned[r:, r:] = 0
    beyond = np.maximum(np.linalg.svd(rest, compute_uv=False) - sigma, 0) if rest.size else np.zeros(1)
    return float(np.hypot(np.linalg.norm(turned), np.linalg.norm(beyond)))


@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_the_library(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(60)
    v, a = vectors(rng, 100, shape[0] * shape[1]), weights(rng, 100)
    sizes = np.linalg.svd(v.reshape(-1, *shape), compute_uv=False)
    assert np.allclose(singular.value(shape, v), np.sum(sizes, axis=-1), rtol=1e-14, atol=1e-14)
    assert np.allclose(singular.prox(shape, v, a), library_prox(shape, v, a), rtol=0, atol=3e-14)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_rotations_are_a_decomposition(scale: float) -> None:
    M = np.random.default_rng(61).normal(size=(50, 5, 4)) * scale
    B, V = jacobi.rotated(M)
    assert np.allclose(np.matmul(np.swapaxes(V, -1, -2), V), np.eye(4), atol=1e-14)
    assert np.allclose(np.matmul(M, V) / scale, B / scale, atol=1e-14)
    gram = np.matmul(np.swapaxes(B / scale, -1, -2), B / scale)
    assert np.all(np.abs(gram - gram * np.eye(4)) <= 1e-13)


def test_small_singular_values_keep_their_digits() -> None:
    """Columns of sizes 1 and 1e-12: what a decomposition of M^T M would lose."""
    M = np.array([[[1.0, 1e-12], [1.0, -1e-12], [0.0, 1e-12]]])
    B, _ = jacobi.rotated(M)
    assert np.allclose(
        np.sort(el.norm(np.swapaxes(B, -1, -2))[0]), [np.sqrt(3) * 1e-12, np.sqrt(2)], rtol=1e-14
    )


@pytest.mark.parametrize("shape", SHAPES[1:7])
def test_distance_and_subgradient_agree_with_the_library(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(62)
    d = shape[0] * shape[1]
    u, s, sigma = vectors(rng, 60, d), rng.normal(size=(60, d)) * 2, rng.random(60) + 0.2
    p, found = singular.minimal_subgradient(shape, u), singular.distance(shape, u, s, sigma)
    for k in range(60):
        at = u[k].reshape(shape)
        assert np.isclose(found[k], library_distance(at, s[k].reshape(shape), sigma[k]), rtol=0, atol=1e-12)
        U, size, Vt = np.linalg.svd(at, full_matrices=False)
        assert np.allclose(p[k].reshape(shape), (U * (size > 1e-9)) @ Vt, rtol=0, atol=1e-12)


def test_rank_is_that_of_the_very_numbers() -> None:
    """Exact deficiency holds; broken in the last place, the distance is the largest possible."""
    low = np.array([[1.0, 3.0, 1.0 / 3.0, 1.0]])
    broken = np.array([[1.0, 3.0, np.nextafter(1.0 / 3.0, 1.0), 1.0]])
    assert np.linalg.matrix_rank(low.reshape(2, 2)) == 1  # to round-off; 3 * fl(1/3) is not 1
    exact = np.array([[1.0, 3.0, 0.5, 1.5]])
    sizes = [el.norm(singular.minimal_subgradient((2, 2), u))[0] for u in (exact, low, broken)]
    assert np.allclose(sizes, [1.0, np.sqrt(2), np.sqrt(2)], rtol=1e-14)
    s, one = np.zeros((1, 4)), np.ones(1)
    distances = [singular.distance((2, 2), u, s, one)[0] for u in (exact, low, broken)]
    assert np.allclose(distances, [1.0, np.sqrt(2), np.sqrt(2)], rtol=1e-14)


@pytest.mark.parametrize("shape", [(1, 3), (2, 2), (3, 2), (3, 3)])
def test_balls_are_narrow_also_at_low_rank(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(63)
    v, a = vectors(rng, 30, shape[0] * shape[1]), weights(rng, 30)
    with el.digits():
        third = el.to_ball(v) / 3
        p = singular.prox(shape, third, el.to_ball(a))
        p = np.where((a == 0)[:, None], third, p)
        r = singular.distance(shape, p, third - p, el.to_ball(a))
        value = singular.value(shape, p)
    assert np.allclose(el.to_float(p), library_prox(shape, v / 3, a), rtol=0, atol=1e-14)
    assert el.radius(p).max() < 1e-57
    assert el.may_be_zero(r).all()
    assert el.radius(r).max() < 1e-45
    assert el.radius(value).max() < 1e-55
    assert np.allclose(el.to_float(value), singular.value(shape, el.to_float(p)), rtol=0, atol=1e-14)


def test_wide_balls_enclose_their_points() -> None:
    rng = np.random.default_rng(64)
    v, a, s = vectors(rng, 30, 6), weights(rng, 30), rng.normal(size=(30, 6))
    with el.digits():
        wide = widened(rng, v, 0.05)
        found = (
            singular.prox((2, 3), wide, el.to_ball(a)),
            singular.value((2, 3), wide),
            singular.minimal_subgradient((2, 3), wide),
            singular.distance((2, 3), wide, el.to_ball(s), el.to_ball(a)),
        )
    for _ in range(10):
        x = v + 0.999 * el.radius(wide) * rng.uniform(-1, 1, size=v.shape)
        assert inside(found[0], singular.prox((2, 3), x, a), 1e-12).all()
        assert inside(found[1], singular.value((2, 3), x), 1e-12).all()
        assert inside(found[2], singular.minimal_subgradient((2, 3), x), 1e-12).all()
        assert inside(found[3], singular.distance((2, 3), x, s, a), 1e-12).all()


def test_an_open_rank_gets_every_subgradient() -> None:
    with el.digits():
        u = el.to_ball(np.zeros((1, 4))) + arb(0, 1e-3)
        p = singular.minimal_subgradient((2, 2), u)
        r = singular.distance((2, 2), u, el.to_ball(np.zeros((1, 4))), el.to_ball([1.0]))
    assert all(x.contains(1) and x.contains(-1) for x in p[0])
    assert r[0].contains(0)
    assert r[0].contains(1)
