"""Exact products, cubic roots, the box, orthogonal matrices, inner regularisers."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb

from claims.oracle import box, certificate, exact, roots
from claims.oracle import elementary as el
from claims.oracle import regularizers as reg
from claims.oracle.prox import prox
from tests.oracle.samples import inside, parameters, rotations, vectors


def test_products_have_twice_the_digits() -> None:
    rng = np.random.default_rng(70)
    M, x = rng.normal(size=(20, 4, 6)), rng.normal(size=(20, 6))
    M[:, 0] *= 1e8
    high, low = exact.dot(M, x)
    for n in range(20):
        for k in range(4):
            true = sum(Fraction(M[n, k, j]) * Fraction(x[n, j]) for j in range(6))
            size = sum(abs(Fraction(M[n, k, j]) * Fraction(x[n, j])) for j in range(6))
            assert abs(true - Fraction(high[n, k]) - Fraction(low[n, k])) <= size / 2**100
            assert high[n, k] == float(Fraction(high[n, k]) + Fraction(low[n, k]))


def test_differences_to_the_largest_see_the_last_place() -> None:
    third = 1 / 3
    M = np.array([[[1.0, 1.0, 1.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    behind, scale = exact.differences_to_largest(M, np.full((1, 3), third))
    assert behind[0].tolist() == [0.0, 0.0, -1.0]
    assert scale[0, 0] == 1.0
    behind, _ = exact.differences_to_largest(M, np.array([[third, third, np.nextafter(third, 1)]]))
    assert behind[0, 1] == -(2.0**-54)


def test_root_of_the_quartic() -> None:
    c = np.concatenate([[0.0, 1e-300, 1e-16], 2.0 ** np.arange(-60, 61, 7), [1e100, 1e300]])
    s = roots.shrinkage(c)
    assert np.all((s > 0) & (s <= 1))
    with el.digits():
        balls = roots.shrinkage(el.to_ball(c))
        assert el.may_be_zero(c * balls * balls * balls + balls - 1).all()
    assert np.all(np.abs(el.to_float(balls) - s) <= 4 * 2.0**-53 * s)
    assert np.all(el.radius(balls) <= 1e-59)
    with el.digits():
        wide = roots.shrinkage(np.array([arb(1, 0.75)], dtype=object))
    assert inside(wide, roots.shrinkage(np.array([0.26, 1.0, 1.74]))).all()


def test_the_box() -> None:
    w, u = np.array([[1.0]]), np.array([[1.0, -1.0, 0.5], [2.0, 0.0, 0.0]])
    s = np.array([[3.0, 3.0, 3.0], [1.0, 0.0, 0.0]])
    assert box.value(w, u).tolist() == [0.0, np.inf]
    assert np.allclose(box.distance(w, u, s, np.ones(2)), [np.sqrt(18.0), np.inf])
    assert np.allclose(box.distance(w, u, s, np.zeros(2)), el.norm(s))
    assert box.minimal_subgradient(w, -u).tolist() == [[0.0, 0.0, 0.0], [-np.inf, 0.0, 0.0]]
    with el.digits():
        balls = box.distance(el.to_ball(w), el.to_ball(u), el.to_ball(s), el.to_ball(np.ones(2)))
        assert inside(balls[:1], np.sqrt(18.0), 1e-15).all()
        assert balls[1] > 1e300
        u = el.to_ball([[1.0, 0.0, 0.0]]) + arb(0, 1e-20)
        assert np.isinf(el.radius(box.distance(el.to_ball(w), u, el.to_ball(s[:1]), el.to_ball([1.0])))).all()
        assert np.isinf(el.radius(box.value(el.to_ball(w), u))).all()
        assert inside(box.value(el.to_ball([[2.0]]), u), 0.0).all()


def test_orthogonal_matrices_in_balls() -> None:
    rng = np.random.default_rng(71)
    D = rotations(rng, 6, 4)
    with el.digits():
        balls = el.orthogonal(el.to_ball(D))
        defect = el.matmul(np.swapaxes(balls, -1, -2), balls) - np.eye(4)
        with pytest.raises(ValueError, match="D: expected an orthogonal matrix"):
            el.orthogonal(el.to_ball(1.1 * D))
    assert np.allclose(el.to_float(balls), D, rtol=0, atol=1e-14)
    assert el.may_be_zero(defect).all()
    assert el.radius(balls).max() < 1e-57
    assert np.all(el.radius(balls[::2]) == 0)  # signed permutations
    assert np.array_equal(el.orthogonal(D), D)


def test_an_inner_regulariser_may_be_an_object() -> None:
    rng = np.random.default_rng(72)
    params, v = parameters(rng, "rotated", 5, 3), vectors(rng, 5, 3)
    name, within = params["inner"]
    other = {"D": params["D"], "inner": SimpleNamespace(name=name, params=within)}
    assert np.array_equal(prox("rotated", params, v, np.ones(5)), prox("rotated", other, v, np.ones(5)))
    assert np.array_equal(reg.value("rotated", params, v), reg.value("rotated", other, v))
    with pytest.raises(ValueError, match="name: expected one of"):
        reg.value("rotated", {"D": params["D"], "inner": ("l3", {})}, v)


def test_rotated_is_the_inner_one_in_other_coordinates() -> None:
    rng = np.random.default_rng(73)
    for inner in ("l1", "linf", "total_variation", "nuclear", "max_affine", "rotated"):
        D, within = rotations(rng, 20, 4), parameters(rng, inner, 20, 4)
        params, v, a = {"D": D, "inner": (inner, within)}, vectors(rng, 20, 4), rng.random(20)
        turned = el.matvec(D, v)
        assert np.allclose(reg.value("rotated", params, v), reg.value(inner, within, turned), atol=1e-13)
        p = prox("rotated", params, v, a)
        assert np.allclose(el.matvec(D, p), prox(inner, within, turned, a), rtol=0, atol=1e-13)
        exact_ = slice(0, None, 2)  # signed permutations keep zeros and ties
        found = reg.distance_to_subdifferential("rotated", params, v, v[::-1], a)
        expected = reg.distance_to_subdifferential(inner, within, turned, el.matvec(D, v[::-1]), a)
        assert np.allclose(found[exact_], expected[exact_], rtol=0, atol=1e-13)
        assert reg.MINIMISED_AT_ZERO("rotated", params).all()
        assert np.array_equal(reg.growth("rotated", params)[0], reg.growth(inner, within)[0])


def test_certificate_bounds_the_error_of_any_guess() -> None:
    """prox of |.| at 3 with weight 1 is 2; q = 2.25 and the dual x = 0.5 are guesses."""
    with el.digits():
        v, x, q = (el.to_ball([t]) for t in (3.0, 0.5, 2.25))
        bound = certificate.error(v, x, q, gap=arb(2.25) - arb(0.5) * arb(2.25))
        assert bound >= arb(0.25)
        exact_ = certificate.error(v, el.to_ball([1.0]), el.to_ball([2.0]), gap=arb(0))
    assert exact_ == 0


def test_growth_of_the_further_ones() -> None:
    assert np.allclose(reg.growth("total_variation", {"size": 4})[0] ** 2, 10)
    assert reg.growth("total_variation", {"size": 1})[0].tolist() == [0]
    assert reg.growth("nuclear", {"rows": 4, "columns": 7})[0].tolist() == [2]
    assert reg.growth("nuclear", {"rows": 9, "columns": 2})[0][0] >= np.sqrt(2)
    assert np.allclose(reg.growth("huber", {"width": np.ones(2), "size": 3})[0], np.sqrt(3))
    net = reg.growth("elastic_net", {"weights": np.array([[3.0, 4.0]]), "ridge": np.array([0.5])})
    assert [x.tolist() for x in net] == [[5.0], [0.5]]
    assert reg.growth("max_affine", {"slopes": np.array([[[3.0, 4.0], [-1.0, 0.0]]])})[0].tolist() == [5]


def test_largest_subgradient_of_the_variation_is_attained() -> None:
    zigzag = np.array([[0.0, 1.0, 0.0, 1.0, 0.0]])
    p = reg.minimal_subgradient("total_variation", {"size": 5}, zigzag)
    assert np.allclose(el.norm(p), reg.growth("total_variation", {"size": 5})[0], rtol=1e-15)
