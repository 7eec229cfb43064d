"""Proximal maps against minimisation, optimality and ball arithmetic."""

import itertools
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from claims.oracle import elementary as el
from claims.oracle import regularizers
from claims.oracle.parameters import FIELDS, as_balls
from claims.oracle.prox import prox, proximal_map
from tests.oracle.samples import (
    CONVEX,
    GROWING,
    NAMES,
    PLAIN,
    each,
    inside,
    one,
    parameters,
    vectors,
    weights,
    widened,
)

ULP = 2.0**-53


def objective(name: str, params: dict[str, Any], v: np.ndarray, a: float, u: np.ndarray) -> float:
    return 0.5 * float(np.sum((u - v) ** 2)) + (a * PLAIN[name](params, u) if a > 0 else 0.0)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", [*GROWING, "quartic"])
def test_minimises_as_well_as_a_search_does(name: str, d: int) -> None:
    rng = np.random.default_rng(11)
    params, v, a = parameters(rng, name, 12, d), vectors(rng, 12, d), weights(rng, 12)
    p = prox(name, params, v, a)
    for k in range(len(v)):
        mine = one(params, k)
        starts = [v[k], p[k] + rng.normal(size=d), np.zeros(d) + 0.1]
        found = [
            minimize(
                lambda u, mine=mine, k=k: objective(name, mine, v[k], a[k], u),
                start,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-15, "maxiter": 4000, "maxfev": 4000},
            )
            for start in starts
        ]
        best = min(found, key=lambda result: result.fun)
        gap = best.fun - objective(name, mine, v[k], a[k], p[k])
        assert -1e-13 <= gap <= 1e-3  # the search gets stuck at kinks, but not far away
        assert np.sum((p[k] - best.x) ** 2) <= 2 * gap + 1e-12  # strong convexity


@pytest.mark.parametrize("name", NAMES)
def test_minimises_on_a_fine_line(name: str) -> None:
    rng = np.random.default_rng(12)
    params, v, a = parameters(rng, name, 30, 1), vectors(rng, 30, 1), weights(rng, 30)
    p = prox(name, params, v, a)
    for k in range(len(v)):
        line = np.concatenate([np.linspace(-8, 8, 3201), [0.0, v[k, 0]], one(params, k).get("center", [])])
        energy = np.array([objective(name, one(params, k), v[k], a[k], np.array([u])) for u in line])
        assert objective(name, one(params, k), v[k], a[k], p[k]) <= np.min(energy) + 1e-12
        assert np.min(np.abs(line[energy <= np.min(energy) + 1e-4] - p[k, 0])) <= 6e-3


@pytest.mark.parametrize("name", regularizers.NONCONVEX)
def test_separable_maps_act_entry_by_entry(name: str) -> None:
    rng = np.random.default_rng(13)
    params, v, a = parameters(rng, name, 40, 5), vectors(rng, 40, 5), weights(rng, 40)
    together = prox(name, params, v, a)
    entries = [each(params, lambda x, i=i: x[:, i : i + 1]) for i in range(5)]
    apart = np.stack([prox(name, entries[i], v[:, i : i + 1], a)[:, 0] for i in range(5)], axis=-1)
    assert np.array_equal(together, apart)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 10, 50])
@pytest.mark.parametrize(
    "name", [name for name in GROWING if name not in ("max_affine", "nuclear", "rotated")]
)
def test_satisfies_its_optimality_condition(name: str, d: int) -> None:
    rng = np.random.default_rng(14)
    params, v, a = parameters(rng, name, 300, d), vectors(rng, 300, d), weights(rng, 300)
    p = prox(name, params, v, a)
    C0, C1 = regularizers.growth(name, params)
    scale = el.norm(v) + a * (C0 + C1 * el.norm(p))
    residual = regularizers.distance_to_subdifferential(name, params, p, v - p, a)
    assert np.all(residual <= 32 * d * ULP * scale)


SUPPORT = ("l1", "l2", "group_lasso", "linf", "total_variation", "max_affine", "nuclear", "rotated")


@pytest.mark.parametrize("d", [1, 2, 3, 6, 10])
@pytest.mark.parametrize("name", SUPPORT)
def test_moreau_splits_the_argument(name: str, d: int) -> None:
    """s = v - p lies in a dR(0) and <s, p> = a R(p): optimal, and no kink is judged at a rounded point."""
    rng = np.random.default_rng(34)
    params, v, a = parameters(rng, name, 200, d), vectors(rng, 200, d), weights(rng, 200)
    while params.get("inner", ("l1",))[0] == "huber":
        params = parameters(rng, name, 200, d)
    p = prox(name, params, v, a)
    C0, _ = regularizers.growth(name, params)
    scale = el.norm(v) + a * C0
    outside = regularizers.distance_to_subdifferential(name, params, np.zeros(v.shape), v - p, a)
    assert np.all(outside <= 16 * d * ULP * scale)
    slack = np.sum((v - p) * p, axis=-1) - a * regularizers.value(name, params, p)
    assert np.all(np.abs(slack) <= 16 * d * ULP * scale * scale)


@settings(database=None, deadline=None)
@given(
    name=st.sampled_from(GROWING),
    quarters=st.lists(st.integers(-8, 8), min_size=1, max_size=4),
    step=st.integers(0, 12),
    weight=st.integers(0, 4),
)
def test_optimality_at_small_rationals(name: str, quarters: list[int], step: int, weight: int) -> None:
    """Ties, zeros and equal entries are frequent among quarters; all inputs are exact."""
    v, a, d = np.array([quarters]) / 4, np.array([step / 4]), len(quarters)
    params: dict[str, Any] = {
        "l1": {"weights": np.full((1, d), weight / 2)},
        "group_lasso": {"weights": np.array([[weight / 2, 1.0]]), "groups": (0,) * (d - 1) + (1,)},
        "quadratic": {"Q": np.full((1, d, d), weight / 2)},
        "shifted_l1": {"center": np.roll(v, 1, axis=-1)},
        "elastic_net": {"weights": np.full((1, d), weight / 2), "ridge": np.array([weight / 4])},
        "huber": {"width": np.array([weight / 4 + 0.25]), "size": d},
        "total_variation": {"size": d},
        "max_affine": {"slopes": np.stack([v, -v, np.roll(v, 1, axis=-1), np.full((1, d), weight / 2)], 1)},
        "nuclear": {"rows": 2 if d == 4 else 1, "columns": 2 if d == 4 else d},
        "rotated": {"D": np.eye(d)[None, ::-1], "inner": ("total_variation", {"size": d})},
    }.get(name, {})
    p = prox(name, params, v, a)
    if name not in (
        "max_affine",
        "nuclear",
    ):  # float64 leaves their kinks, and the distance is that beside them
        residual = regularizers.distance_to_subdifferential(name, params, p, v - p, a)
        assert residual <= 1e-13
    with el.digits():
        balls = prox(name, as_balls(params), el.to_ball(v), el.to_ball(a))
        enclosure = regularizers.distance_to_subdifferential(name, as_balls(params), balls, v - balls, a)
    assert inside(balls, p, 1e-13).all()
    assert np.all(el.radius(balls) < 1e-25)
    assert el.may_be_zero(enclosure).all()


@pytest.mark.parametrize("name", NAMES)
def test_zero_step_returns_the_argument_exactly(name: str) -> None:
    rng = np.random.default_rng(15)
    params, v = parameters(rng, name, 20, 4), vectors(rng, 20, 4)
    assert np.array_equal(prox(name, params, v, np.zeros(20)), v)
    with el.digits():
        third = el.to_ball(v) / 3
        result = prox(name, as_balls(params), third, el.to_ball(np.zeros(20)))
    assert np.array_equal(el.to_float(result), el.to_float(third))
    assert np.array_equal(el.radius(result), el.radius(third))


@pytest.mark.parametrize("d", [1, 2, 3, 8])
@pytest.mark.parametrize("name", NAMES)
def test_balls_agree_with_floats(name: str, d: int) -> None:
    rng = np.random.default_rng(16)
    params, v, a = parameters(rng, name, 40, d), vectors(rng, 40, d), weights(rng, 40)
    p = prox(name, params, v, a)
    with el.digits():
        balls = prox(name, as_balls(params), el.to_ball(v), el.to_ball(a))
        mixed = prox(name, params, el.to_ball(v), a)
    C1 = regularizers.growth(name, params)[1] if name in GROWING else np.zeros(1)
    allowed = 8 * d * ULP * (el.norm(v) + a * (1 + C1 * el.norm(p)))
    assert np.all(np.abs(el.to_float(balls) - p) <= allowed[:, None])
    assert np.array_equal(el.to_float(mixed), el.to_float(balls))
    assert np.all(el.radius(balls) < 1e-25)  # 1e-55, but the root of the round-off at ties


@pytest.mark.parametrize("name", CONVEX)
def test_wide_balls_enclose_the_prox_of_all_their_points(name: str) -> None:
    rng = np.random.default_rng(17)
    params, v, a = parameters(rng, name, 60, 3), vectors(rng, 60, 3), weights(rng, 60)
    wide_v, wide_a = widened(rng, v, 0.2), el.absolute(widened(rng, a, 0.1))
    with el.digits():
        balls = prox(name, as_balls(params), wide_v, wide_a)
    for _ in range(20):
        point = v + 0.999 * el.radius(wide_v) * rng.uniform(-1, 1, size=v.shape)
        step = el.to_float(wide_a) + 0.999 * el.radius(wide_a) * rng.uniform(-1, 1, size=a.shape)
        assert inside(balls, prox(name, params, point, np.maximum(step, 0)), 1e-12).all()


SIMPLE = [
    ("l1", {"weights": [[1.0, 2.0, 0.0]]}, [1.5, -1.5, -3.0], 0.5, [1.0, -0.5, -3.0]),
    ("l1", {"weights": [[1.0, 1.0]]}, [0.5, -0.25], 0.5, [0.0, 0.0]),
    ("l2", {}, [3.0, 4.0], 2.5, [1.5, 2.0]),
    ("l2", {}, [3.0, 4.0], 5.0, [0.0, 0.0]),
    ("group_lasso", {"weights": [[1.0, 2.0]], "groups": (0, 1, 0)}, [3.0, 7.0, 4.0], 2.5, [1.5, 2.0, 2.0]),
    ("half_squared_norm", {}, [3.0, -6.0], 2.0, [1.0, -2.0]),
    ("quadratic", {"Q": [[[1.0, 1.0], [1.0, 1.0]]]}, [2.0, 1.0], 1.0, [1.0, 0.0]),
    ("linf", {}, [3.0, -2.0, 0.5], 2.0, [1.5, -1.5, 0.5]),
    ("linf", {}, [2.0, -2.0, 2.0], 3.0, [1.0, -1.0, 1.0]),
    ("linf", {}, [1.0, 1.0], 2.0, [0.0, 0.0]),
    ("l0", {}, [1.0, -1.0, 0.999, 0.0], 0.5, [1.0, -1.0, 0.0, 0.0]),
    ("l0", {}, [3.0, -2.0], 4.5, [3.0, 0.0]),
    ("half_power", {}, [1.5, -1.5, 1.499, 0.0], 1.0, [1.0, -1.0, 0.0, 0.0]),
    ("half_power", {}, [6.0, -5.9], 8.0, [4.0, 0.0]),
    ("shifted_l1", {"center": [[1.0, -1.0, 0.0]]}, [0.0, 2.0, 0.25], 0.5, [0.5, 1.5, 0.0]),
    ("shifted_l1", {"center": [[1.0, 2.0]]}, [0.5, 2.5], 0.5, [1.0, 2.0]),
    ("elastic_net", {"weights": [[1.0, 2.0]], "ridge": [2.0]}, [2.5, -0.5], 0.5, [1.0, 0.0]),
    ("huber", {"width": [1.0], "size": 4}, [0.75, -1.5, 3.0, -0.375], 0.5, [0.5, -1.0, 2.5, -0.25]),
    ("total_variation", {"size": 3}, [0.0, 3.0, 0.0], 0.5, [0.5, 2.0, 0.5]),
    ("total_variation", {"size": 4}, [1.0, 3.0, 2.0, 7.0], 1.0, [2.0, 2.5, 2.5, 6.0]),
    ("total_variation", {"size": 3}, [1.0, 2.0, 4.5], 9.0, [2.5, 2.5, 2.5]),
    ("max_affine", {"slopes": [[[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]]}, [3.0, 1.0], 1.0, [2.0, 1.0]),
    ("max_affine", {"slopes": [[[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]]}, [3.0, 3.0], 1.0, [2.5, 2.5]),
    ("max_affine", {"slopes": [[[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]]}, [0.5, 3.0], 1.0, [0.0, 3.0]),
    ("nuclear", {"rows": 2, "columns": 2}, [0.0, -3.0, 0.5, 0.0], 1.0, [0.0, -2.0, 0.0, 0.0]),
    ("nuclear", {"rows": 2, "columns": 2}, [1.0, 1.0, 1.0, 1.0], 1.0, [0.5, 0.5, 0.5, 0.5]),
    ("nuclear", {"rows": 1, "columns": 2}, [3.0, 4.0], 2.5, [1.5, 2.0]),
    ("rotated", {"D": [[[0.0, 1.0], [-1.0, 0.0]]], "inner": ("linf", {})}, [3.0, -2.0], 2.0, [1.5, -1.5]),
    ("negative_l1", {}, [1.0, -1.0, 0.0], 0.5, [1.5, -1.5, 0.5]),
    ("double_well", {"center": [[2.0, 2.0, 1.0]]}, [1.5, 0.75, 2.0], 0.5, [2.0, 0.25, 1.5]),
    ("double_well", {"center": [[2.0, 2.0, 4.0]]}, [1.0, -0.5, 2.0], 0.25, [1.25, -0.25, 2.25]),
    ("box_indicator", {"half_width": [0.5]}, [1.0, -0.25, -3.0], 0.5, [0.5, -0.25, -0.5]),
    ("quartic", {}, [0.0, 10.0], 1.0, [0.0, 2.0]),
]


@pytest.mark.parametrize(("name", "raw", "v", "a", "expected"), SIMPLE)
def test_exact_cases(name: str, raw: dict[str, Any], v: list[float], a: float, expected: list[float]) -> None:
    params = each(raw, np.array)
    assert np.allclose(prox(name, params, np.array([v]), np.array([a])), [expected], rtol=0, atol=1e-15)
    with el.digits():
        balls = prox(name, as_balls(params), el.to_ball([v]), el.to_ball([a]))
    assert inside(balls, [expected]).all()
    assert np.all(el.radius(balls) < 1e-58)


def test_certain_zeros_are_exactly_zero_in_balls() -> None:
    """A resting coordinate stays exactly at rest, so the subdifferential there is the full interval."""
    with el.digits():
        v = el.to_ball([[1.0, 0.2, -0.2]]) / 3
        for name in ("l1", "l2", "group_lasso", "linf"):
            params: dict[str, Any] = {
                "l1": {"weights": np.ones((1, 3))},
                "group_lasso": {"weights": np.ones((1, 2)), "groups": (0, 1, 1)},
            }.get(name, {})
            result = prox(name, params, v, np.array([0.125 if name in ("l1", "group_lasso") else 2.0]))
            assert el.is_zero(result[0, 1:]).all(), name


@pytest.mark.parametrize(("name", "v", "a"), [("l0", 1.0, 0.5), ("half_power", 1.5, 1.0)])
def test_a_tie_within_the_ball_keeps_the_value(name: str, v: float, a: float) -> None:
    with el.digits():
        inexact = el.to_ball([[v]]) / 7 * 7
        assert el.radius(inexact)[0, 0] > 0
        assert prox(name, {}, inexact, np.array([a]))[0, 0] > 0.9
        assert el.is_zero(prox(name, {}, el.to_ball([[v]]) - arb(10) ** -50, np.array([a]))).all()


def test_block_threshold_open_at_zero_contains_both_options() -> None:
    with el.digits():
        v = el.to_ball([[0.0, 0.0]]) + arb(0, 1)
        factor = prox("l2", {}, v, np.array([0.25]))
    assert inside(factor, [[0.75, 0.0]]).all()
    assert inside(factor, [[0.0, 0.0]]).all()
    assert inside(factor, [[-0.5, 0.5]]).all()


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_broadcasting(name: str) -> None:
    rng = np.random.default_rng(18)
    params, v, a = parameters(rng, name, 4, 3), rng.normal(size=(4, 6, 3)), rng.random((4, 6))
    by_row = np.stack([prox(name, params, v[:, k], a[:, k]) for k in range(6)], axis=1)
    assert np.allclose(prox(name, params, v, a), by_row, rtol=1e-14, atol=1e-15)
    same = prox(name, params, v, a[:, :1].repeat(6, 1))
    assert np.array_equal(prox(name, params, v, a[:, 0]), same)
    assert prox(name, params, v, 0.5).shape == v.shape
    assert prox(name, each(params, lambda x: x[:0]), v[:0], a[:0]).shape == (
        0,
        6,
        3,
    )
    with el.digits():
        balls = prox(name, params, el.to_ball(v), a)
        assert np.allclose(el.to_float(balls), by_row, rtol=1e-13, atol=1e-14)
        assert el.is_ball(proximal_map(name, as_balls(params))(el.to_ball(v), a[:, 0]))


UNSCALED = ("quadratic", "half_squared_norm", "elastic_net", "huber", "rotated", "box_indicator", "quartic")


@pytest.mark.parametrize("scale", [1e-150, 1e-60, 1e60, 1e150])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNSCALED])
def test_scales_as_it_should(name: str, scale: float) -> None:
    """prox_{s^k a R}(s v) = s prox_{a R}(v) for R of degree 2 - k."""
    rng = np.random.default_rng(19)
    params, v, a = parameters(rng, name, 30, 3), vectors(rng, 30, 3), weights(rng, 30)
    power = {"l0": 2.0, "half_power": 1.5}.get(name, 1.0)
    moved = {"center": scale * params["center"]} if "center" in params else params
    keep = np.ones(30, dtype=bool)
    if power != 1:
        edge = v**2 / 2 if name == "l0" else (np.abs(v) / 1.5) ** 1.5
        keep = ~np.any(np.isclose(edge, a[:, None], rtol=1e-12, atol=0), axis=-1)
    if name == "double_well":  # scaled and rounded, a tie between the wells is none
        keep = ~np.any(2 * v == params["center"], axis=-1)
    expected = scale * prox(name, params, v, a)
    assert np.allclose(
        prox(name, moved, scale * v, scale**power * a)[keep], expected[keep], rtol=1e-13, atol=1e-14 * scale
    )


def test_unknown_names_and_wrong_fields_are_refused() -> None:
    v, a = np.ones((1, 2)), np.ones(1)
    with pytest.raises(ValueError, match=r"name: expected one of l1, l2, .*got 'l3'"):
        prox("l3", {}, v, a)
    with pytest.raises(ValueError, match=r"params: expected the fields \('weights',\) of 'l1', got \(\)"):
        prox("l1", {}, v, a)
    with pytest.raises(ValueError, match=r"params: expected the fields \(\) of 'l2', got \('Q',\)"):
        prox("l2", {"Q": np.eye(2)[None]}, v, a)


def test_every_regulariser_is_sampled() -> None:
    assert set(NAMES) == set(FIELDS)
    assert all(regularizers.CONVEX[name] == (name in CONVEX) for name in NAMES)
    assert [name for name in NAMES if not regularizers.FINITE[name]] == ["box_indicator"]


def test_singular_quadratic_leaves_the_kernel_alone() -> None:
    Q = np.array([[[1.0, -1.0], [-1.0, 1.0]]])
    kernel = np.array([[1.0, 1.0]])
    for a in (1.0, 1e6):
        p = prox("quadratic", {"Q": Q}, kernel, np.array([a]))
        assert np.allclose(p, kernel, rtol=0, atol=4 * ULP * (1 + 2 * a))
        with el.digits():
            balls = prox("quadratic", {"Q": Q}, el.to_ball(kernel), np.array([a]))
        assert inside(balls, kernel).all()


def test_exhaustive_small_integers_linf() -> None:
    grid = np.array(list(itertools.product(range(-2, 3), repeat=3)), dtype=float)
    for a in (0.5, 1.0, 3.0):
        p = prox("linf", {}, grid, np.full(len(grid), a))
        dual = grid - p  # Moreau: the projection on the l1 ball of radius a
        assert np.all(np.sum(np.abs(dual), -1) <= a + 1e-14)
        assert np.allclose(np.sum(dual * p, -1), a * np.max(np.abs(p), -1), rtol=0, atol=1e-13)
