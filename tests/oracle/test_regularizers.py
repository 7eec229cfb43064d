"""Values, subdifferentials, growth constants and assumptions of the regularisers."""

from typing import Any

import numpy as np
import pytest
from flint import arb

from claims.oracle import elementary as el
from claims.oracle import regularizers as reg
from claims.oracle.parameters import as_balls
from claims.oracle.prox import prox
from tests.oracle.samples import (
    CONVEX,
    GROWING,
    NAMES,
    PLAIN,
    inside,
    one,
    parameters,
    vectors,
    weights,
    widened,
)


def states(rng: np.random.Generator, name: str, params: dict[str, Any], batch: int, d: int) -> np.ndarray:
    """Vectors where R is not smooth among them: for `shifted_l1` some entries at the center."""
    u = vectors(rng, batch, d)
    if name == "shifted_l1":
        u = np.where(rng.random(u.shape) < 0.3, params["center"], u)
    if name == "double_well":  # at the wells and half-way between them
        share = rng.choice([0.0, 0.5, 1.0], size=u.shape)
        u = np.where(rng.random(u.shape) < 0.3, share * params["center"], u)
    if name == "box_indicator":  # within and on the boundary; outside there is a test of its own
        u = np.clip(u, -params["half_width"][:, None], params["half_width"][:, None])
    return u


def sphere(d: int) -> np.ndarray:
    """Unit vectors, dense for d <= 2."""
    if d == 1:
        return np.array([[-1.0], [1.0]])
    angle = np.linspace(0, 2 * np.pi, 20001)
    if d == 2:
        return np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    w = np.random.default_rng(0).normal(size=(40000, d))
    return w / np.linalg.norm(w, axis=-1, keepdims=True)


def support(
    name: str, params: dict[str, Any], u: np.ndarray, s: np.ndarray, sigma: np.ndarray, w: np.ndarray
) -> np.ndarray:
    """<s, w> - sigma R'(u; w) for directions w (batch, K, d)."""
    t = 2.0**-22
    slope = (reg.value(name, params, u[:, None] + t * w) - reg.value(name, params, u)[:, None]) / t
    return np.einsum("nkd,nd->nk", w, s) - sigma[:, None] * slope


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_value_is_the_definition(name: str, d: int) -> None:
    rng = np.random.default_rng(20)
    params = parameters(rng, name, 30, d)
    u = states(rng, name, params, 30, d)
    expected = np.array([PLAIN[name](one(params, k), u[k]) for k in range(30)])
    assert np.allclose(reg.value(name, params, u), expected, rtol=1e-14, atol=1e-15)
    with el.digits():
        balls = reg.value(name, as_balls(params), el.to_ball(u))
    assert np.allclose(el.to_float(balls), expected, rtol=1e-14, atol=1e-15)
    assert np.all(el.radius(balls) <= 1e-55)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", [*GROWING, "quartic"])
def test_distance_against_brute_force(name: str, d: int) -> None:
    """dist(s, sigma dR(u)) = max over unit w of <s, w> - sigma R'(u; w), the support function of dR(u)."""
    rng = np.random.default_rng(21)
    params = parameters(rng, name, 15, d)
    u, s, sigma = states(rng, name, params, 15, d), rng.normal(size=(15, d)) * 2, weights(rng, 15)
    expected, w = np.zeros(15), np.broadcast_to(sphere(d), (15, *sphere(d).shape))
    for spread in (3e-2, 1e-3):  # once over the sphere, then twice around the best direction so far
        found = support(name, params, u, s, sigma, w)
        expected = np.maximum(expected, np.max(found, axis=-1))
        best = w[np.arange(15), np.argmax(found, axis=-1)]
        w = best[:, None] + spread * rng.normal(size=(15, 4000, d))
        w = w / np.linalg.norm(w, axis=-1, keepdims=True)
    expected = np.maximum(expected, np.max(support(name, params, u, s, sigma, w), axis=-1))
    result = reg.distance_to_subdifferential(name, params, u, s, sigma)
    assert np.all(expected <= result + 1e-5)
    assert np.all(result <= expected + (1e-5 if d < 3 else 2e-2))


@pytest.mark.parametrize("name", CONVEX)
def test_minimal_subgradient_is_the_shortest(name: str) -> None:
    rng = np.random.default_rng(22)
    params = parameters(rng, name, 60, 4)
    u = states(rng, name, params, 60, 4)
    p = reg.minimal_subgradient(name, params, u)
    assert np.all(reg.distance_to_subdifferential(name, params, u, p, np.ones(60)) <= 1e-14)
    shortest = reg.distance_to_subdifferential(name, params, u, np.zeros(u.shape), np.ones(60))
    assert np.allclose(el.norm(p), shortest, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", CONVEX)
def test_subgradient_inequality(name: str) -> None:
    rng = np.random.default_rng(23)
    params = parameters(rng, name, 40, 3)
    u, v = states(rng, name, params, 40, 3), rng.normal(size=(40, 50, 3)) * 3
    p = reg.minimal_subgradient(name, params, u)
    linear = reg.value(name, params, u)[:, None] + np.sum(p[:, None] * (v - u[:, None]), axis=-1)
    assert np.all(reg.value(name, params, v) >= linear - 1e-12)


@pytest.mark.parametrize("name", GROWING)
def test_growth_bounds_every_subgradient(name: str) -> None:
    """Subgradients by their graph: (v - prox_a(v)) / a lies in dR(prox_a(v))."""
    rng = np.random.default_rng(24)
    params, v, a = parameters(rng, name, 200, 3), vectors(rng, 200, 3), rng.random(200) + 0.1
    p = prox(name, params, v, a)
    C0, C1 = reg.growth(name, params)
    assert np.all(el.norm(v - p) / a <= (C0 + C1 * el.norm(p)) * (1 + 1e-12) + 1e-12)
    assert C0.shape in ((1,), (200,))
    assert C1.shape in ((1,), (200,))


def test_growth_constants() -> None:
    w = np.array([[3.0, 4.0], [0.0, 1.0]])
    assert reg.growth("l1", {"weights": w})[0].tolist() == [5, 1]
    assert reg.growth("group_lasso", {"weights": w, "groups": (0, 1, 1)})[0].tolist() == [5, 1]
    assert reg.growth("shifted_l1", {"center": np.zeros((1, 4))})[0].tolist() == [2]
    assert reg.growth("quadratic", {"Q": np.diag([1.0, 5.0])[None]})[1].tolist() == [5]
    with el.digits():
        assert el.is_ball(reg.growth("quadratic", {"Q": el.to_ball(np.eye(3)[None])})[1])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in GROWING])
def test_growth_is_refused_without_a_bound(name: str) -> None:
    params = parameters(np.random.default_rng(0), name, 1, 2)
    with pytest.raises(NotImplementedError, match=f"growth: the subdifferential of '{name}'"):
        reg.growth(name, params)


@pytest.mark.parametrize("function", [reg.value, reg.minimal_subgradient])
def test_unknown_names_are_refused(function) -> None:
    with pytest.raises(ValueError, match="name: expected one of"):
        function("tv", {}, np.ones((1, 2)))


def test_minimised_at_zero_is_read_off_the_data() -> None:
    rng = np.random.default_rng(25)
    for name in NAMES:
        result = reg.MINIMISED_AT_ZERO(name, parameters(rng, name, 6, 3))
        assert result.dtype == bool
        if name != "shifted_l1":
            assert np.all(result == (name != "negative_l1"))
    centers = np.array([[0.0, 0.0], [0.0, 1e-300], [1.0, 0.0]])
    assert reg.MINIMISED_AT_ZERO("shifted_l1", {"center": centers}).tolist() == [True, False, False]
    assert reg.MINIMISED_AT_ZERO("shifted_l1", {"center": el.to_ball(centers)}).tolist() == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("name", NAMES)
def test_balls_agree_with_floats(name: str) -> None:
    rng = np.random.default_rng(26)
    params = parameters(rng, name, 40, 3)
    u, s, sigma = states(rng, name, params, 40, 3), rng.normal(size=(40, 3)), weights(rng, 40)
    with el.digits():
        balls = as_balls(params)
        p = reg.minimal_subgradient(name, balls, el.to_ball(u))
        r = reg.distance_to_subdifferential(name, balls, el.to_ball(u), el.to_ball(s), el.to_ball(sigma))
    assert np.allclose(el.to_float(p), reg.minimal_subgradient(name, params, u), rtol=1e-14, atol=1e-14)
    expected = reg.distance_to_subdifferential(name, params, u, s, sigma)
    assert np.allclose(el.to_float(r), expected, rtol=1e-14, atol=1e-14)
    assert np.all(el.radius(p) < 1e-55)
    assert np.all(el.radius(r)[np.isfinite(expected)] < 1e-28)
    assert all(x > 1e300 for x in r[np.isinf(expected)])


@pytest.mark.parametrize("name", NAMES)
def test_wide_balls_enclose_all_their_points(name: str) -> None:
    """Balls that contain a kink contain both sides of it."""
    rng = np.random.default_rng(27)
    params = parameters(rng, name, 50, 3)
    u, s, sigma = states(rng, name, params, 50, 3), rng.normal(size=(50, 3)), weights(rng, 50)
    wide = widened(rng, u, 0.3)
    with el.digits():
        balls = as_balls(params)
        values = reg.value(name, balls, wide)
        subgradients = reg.minimal_subgradient(name, balls, wide)
        distances = reg.distance_to_subdifferential(name, balls, wide, s, sigma)
    for k in range(30):
        point = u + 0.999 * el.radius(wide) * rng.uniform(-1, 1, size=u.shape)
        if k < 3:  # at the kinks themselves, where the balls reach them
            kink = {"shifted_l1": 1.0, "double_well": k / 2}.get(name, 0.0) * params.get("center", 0 * u)
            point = np.where(np.abs(kink - u) <= 0.999 * el.radius(wide), kink, point)
        assert inside(values, reg.value(name, params, point), 1e-12).all()
        assert _open_or_inside(subgradients, reg.minimal_subgradient(name, params, point))
        expected = reg.distance_to_subdifferential(name, params, point, s, sigma)
        assert _open_or_inside(distances, expected)


def _open_or_inside(balls: np.ndarray, x: np.ndarray) -> bool:
    return bool(
        np.all(np.isinf(el.radius(balls)) | inside(np.where(np.isinf(el.radius(balls)), x, balls), x, 1e-12))
    )


def test_linf_takes_identical_balls_for_equal() -> None:
    """After a prox step in balls the clipped entries are one ball, and count as a tie."""
    with el.digits():
        v = el.to_ball([[3.0, -2.5, 2.75, 0.25]]) / 3
        u = prox("linf", {}, v, np.array([0.5]))
        p = reg.minimal_subgradient("linf", {}, u)
        residual = reg.distance_to_subdifferential("linf", {}, u, v - u, el.to_ball([0.5]))
    assert el.radius(u).max() > 0
    assert inside(3 * p, [[1, -1, 1, 0]]).all()
    assert el.radius(p).max() < 1e-55
    assert el.may_be_zero(residual).all()
    assert el.radius(residual).max() < 1e-50


def test_linf_leaves_an_overlap_open() -> None:
    with el.digits():
        u = el.to_ball([[1.0, 1.0, 0.5]])
        u[0, 0] += arb(0, 1e-40)
        p = reg.minimal_subgradient("linf", {}, u)[0]
        r = reg.distance_to_subdifferential("linf", {}, u, np.zeros((1, 3)), np.ones(1))
    assert all(p[0].contains(x) and p[1].contains(x) for x in (0, 1, 0.5))
    assert p[2] == 0
    assert inside(r, [1.0]).all()
    assert r[0].overlaps(arb(0.5).sqrt())


@pytest.mark.parametrize("name", NAMES)
def test_shapes_with_a_second_axis(name: str) -> None:
    rng = np.random.default_rng(28)
    params, u, s, sigma = (
        parameters(rng, name, 4, 3),
        rng.normal(size=(4, 6, 3)),
        rng.normal(size=(4, 6, 3)),
        rng.random((4, 6)),
    )
    for k in range(6):
        row = reg.distance_to_subdifferential(name, params, u[:, k], s[:, k], sigma[:, k])
        assert np.allclose(reg.distance_to_subdifferential(name, params, u, s, sigma)[:, k], row, rtol=1e-13)
        assert np.allclose(reg.value(name, params, u)[:, k], reg.value(name, params, u[:, k]), rtol=1e-13)
        p = reg.minimal_subgradient(name, params, u)[:, k]
        assert np.allclose(p, reg.minimal_subgradient(name, params, u[:, k]), rtol=1e-13)
    shared = reg.distance_to_subdifferential(name, params, u, s, sigma[:, 0])
    assert np.array_equal(
        shared, reg.distance_to_subdifferential(name, params, u, s, sigma[:, :1].repeat(6, 1))
    )


def test_zero_sigma_gives_the_norm_of_s() -> None:
    rng = np.random.default_rng(29)
    for name in NAMES:
        params = parameters(rng, name, 20, 3)
        u, s = states(rng, name, params, 20, 3), rng.normal(size=(20, 3))
        result = reg.distance_to_subdifferential(name, params, u, s, np.zeros(20))
        assert np.allclose(result, el.norm(s), rtol=1e-14)
