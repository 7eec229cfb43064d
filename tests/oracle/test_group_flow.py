"""Group norms by events: closed forms, reaching zero, resting, leaving, ties, and what is refused."""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from claims.oracle import event_driven
from claims.oracle.flow import Flow, Stuck
from claims.oracle.group_flow import SUPPORTED, flow
from tests.oracle.limit_samples import instances


def constant(c: Any, sigma: float, u0: Any, K: Any = None, name: str = "l2", params: Any = None) -> Flow:
    """One piece."""
    d = len(u0)
    K = np.zeros((d, d)) if K is None else np.asarray(K, dtype=float)
    return flow(name, params or {}, K[None], np.asarray(c, dtype=float)[None], [sigma], u0)


def lasso(weights: Any, groups: tuple[int, ...]) -> dict[str, Any]:
    return {"weights": np.array([weights], dtype=float), "groups": groups}


def gap(found: Flow, expected: Any) -> float:
    return float(np.linalg.norm(found.states[-1] - expected))


@pytest.mark.parametrize(
    ("k", "J"), [(1, 0.012747), (2, 0.003674), (3, 0.000961), (4, 0.000243), (5, 0.000061)]
)
def test_rademacher_controls_without_a_minimiser(k: int, J: float) -> None:
    """d=2, m=1, A=0, f=1, W=(w, 0)^T, w = r_k, lam = 1/2, R = |.|_2, u0 = (0, 1), u* = (0, 1/2)."""
    P = 2**k
    w = (-1.0) ** np.arange(P)
    found = flow("l2", {}, np.zeros((P, 2, 2)), np.stack([w, 0 * w], axis=1), np.full(P, 0.5), [0.0, 1.0])
    assert round(float(np.sum((found.states[-1] - [0, 0.5]) ** 2)), 6) == J
    assert found.radius < 1e-12


def test_without_force_the_length_decreases_linearly() -> None:
    u0 = np.array([0.6, -0.8, 0.0])
    found = constant(np.zeros(3), 0.5, u0)
    assert np.allclose(found.at(np.array([0.0, 0.3, 1.0])), [u0, 0.85 * u0, 0.5 * u0], rtol=0, atol=1e-13)
    assert gap(found, 0.5 * u0) <= found.radius < 1e-12
    rested = constant(np.zeros(3), 2.0, u0)
    assert not np.any(rested.states[-1])
    assert [segment.status for segment in rested.segments] == [(1,), (0,)]
    assert rested.segments[1].start == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("u0", [2.0, 0.3, 0.0, -0.4])
def test_one_coordinate_is_l1(u0: float) -> None:
    rng = np.random.default_rng(1)
    K, c, sigma = rng.normal(size=(4, 1, 1)), 2 * rng.normal(size=(4, 1)), np.array([1.0, 0.2, 0.0, 1.5])
    found = flow("l2", {}, K, c, sigma, [u0])
    other = event_driven.flow("l1", {"weights": np.ones((1, 1))}, K, c, sigma, [u0])
    times = np.linspace(0, 1, 50)
    assert np.max(np.abs(found.at(times) - other.at(times))) <= found.radius + other.radius < 1e-11


def test_groups_of_one_coordinate_are_weighted_l1() -> None:
    rng = np.random.default_rng(2)
    for _ in range(10):
        K, c, sigma, u0 = (
            rng.normal(size=(2, 4, 4)),
            rng.normal(size=(2, 4)),
            rng.random(2),
            rng.normal(size=4),
        )
        w = rng.random(4) * [1, 1, 1, 0]
        found = flow("group_lasso", lasso(w, (0, 1, 2, 3)), K, c, sigma, u0)
        other = event_driven.flow("l1", {"weights": w[None]}, K, c, sigma, u0)
        times = np.linspace(0, 1, 30)
        assert (
            np.max(np.linalg.norm(found.at(times) - other.at(times), axis=1)) <= found.radius + other.radius
        )
        assert found.radius < 1e-10


@pytest.mark.parametrize(("f", "sigma"), [(0.5, 1.0), (0.9, 1.0), (1.0, 0.5), (2.0, 1.9)])
def test_constant_force_keeps_an_invariant(f: float, sigma: float) -> None:
    """s' = f cos(phi) - sigma, phi' = -f sin(phi) / s: s sin(phi) / tan(phi / 2)^(sigma / f) is constant."""
    found = constant([f, 0.0], sigma, [-0.3, 0.4])
    u = found.at(np.linspace(0, 1, 200))
    s = np.linalg.norm(u, axis=1)
    u, s = u[s > 1e-4], s[s > 1e-4]
    phi = np.arctan2(u[:, 1], u[:, 0])
    invariant = u[:, 1] / np.tan(phi / 2) ** (sigma / f)
    assert len(s) > 20
    assert np.max(np.abs(invariant / invariant[0] - 1)) < 1e-7
    assert found.radius < 1e-11


def test_through_zero_and_out_on_the_other_side() -> None:
    e = np.array([0.6, 0.8])
    found = constant(-2 * e, 1.0, 0.5 * e)  # at rate -3 to zero, then at rate -1
    assert gap(found, -(1 - 0.5 / 3) * e) <= found.radius < 1e-12


def test_leaves_rest_at_once_where_the_force_jumps() -> None:
    e = np.array([0.6, 0.8])
    c = np.stack([0.9 * e, 1.5 * e])
    found = flow("l2", {}, np.zeros((2, 2, 2)), c, [1.0, 1.0], np.zeros(2))
    assert gap(found, 0.25 * e) <= found.radius < 1e-13
    assert [segment.status for segment in found.segments] == [(0,), (1,)]


def test_leaves_rest_when_the_force_grows_beyond_the_limit() -> None:
    """A free coordinate grows as t and pushes a group at rest: the force t exceeds 1/4 at t = 1/4."""
    e = np.array([0.6, 0.8])
    K = np.zeros((3, 3))
    K[:2, 2] = -e
    found = constant([0, 0, 1.0], 1.0, np.zeros(3), K, "group_lasso", lasso([0.25, 0.0], (0, 0, 1)))
    assert gap(found, [*(0.75**2 / 2 * e), 1.0]) <= found.radius < 1e-12
    assert found.segments[1].start == pytest.approx(0.25, abs=1e-14)


def test_leaves_rest_in_a_turning_direction() -> None:
    """The same with a force that turns at rate 3 and grows as e^t: the direction of the group follows it."""
    K = np.zeros((4, 4))
    K[:2, 2:] = -np.eye(2)
    K[2:, 2:] = [[0, 3.0], [-3.0, 0]]  # (x, y) turns at rate 3 ...
    K[2:, 2:] -= np.eye(2)  # ... and grows
    params = lasso([0.5, 0.0], (0, 0, 1, 1))
    found = constant(np.zeros(4), 1.0, [0, 0, 0.3, 0], K, "group_lasso", params)
    leaves = np.log(0.5 / 0.3)
    assert found.segments[1].start == pytest.approx(leaves, abs=1e-13)
    assert found.radius < 1e-12
    early = found.at(leaves + 1e-5)[:2]
    assert np.arctan2(early[1], early[0]) == pytest.approx(3 * leaves, abs=1e-4)


def test_without_weight_the_system_is_linear() -> None:
    rng = np.random.default_rng(4)
    K, c, u0 = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)
    exact = np.linalg.solve(K, c) + expm(-K) @ (u0 - np.linalg.solve(K, c))
    for found in (
        constant(c, 0.0, u0, K),
        constant(c, 1.0, u0, K, "group_lasso", lasso([0.0, 0.0], (0, 1, 0))),
    ):
        assert gap(found, exact) <= found.radius + 1e-13
        assert found.radius < 1e-11


def test_equal_groups_do_the_same_at_the_same_time() -> None:
    e = np.array([0.3, -0.2, 0.3, -0.2])
    K = np.kron(np.eye(2), [[0, 1.0], [-1.0, 0]])
    found = constant([0.1, 0.2, 0.1, 0.2], 1.0, e, K, "group_lasso", lasso([0.7, 0.7], (0, 0, 1, 1)))
    u = found.at(np.linspace(0, 1, 200))
    assert np.max(np.abs(u[:, :2] - u[:, 2:])) < 1e-13
    assert not np.any(found.states[-1])
    assert found.radius < 1e-12


def test_force_just_at_the_limit_moves_nothing() -> None:
    found = constant([0.6, 0.8], 1.0, np.zeros(2))
    assert not np.any(found.states)
    assert found.radius < 1e-12


def test_slow_departure_is_refused() -> None:
    """Force limit + t^2 in the direction of a group at rest: it leaves as t^3."""
    K = np.zeros((4, 4))
    K[0, 3], K[3, 2] = -1.0, -2.0
    with pytest.raises(Stuck, match="more slowly"):
        constant([0.5, 0, 1.0, 0], 1.0, np.zeros(4), K, "group_lasso", lasso([0.5, 0, 0], (0, 0, 1, 2)))


@pytest.mark.parametrize("name", SUPPORTED)
def test_random_instances_are_solved_to_round_off(name: str) -> None:
    radii = [flow(*one.system).radius for one in instances(5, name, 25)]
    assert max(radii) < 1e-10
    assert np.median(radii) < 1e-12


def test_a_group_that_is_noise_at_the_start_is_taken_for_zero() -> None:
    found = constant([0.1, 0.0], 1.0, [1e-20, 1e-19])
    assert not np.any(found.states[-1])
    assert found.radius < 1e-15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "l1", "params": {"weights": np.ones((1, 2))}}, "name: expected one of"),
        ({"u0": np.zeros((1, 2))}, "u0: expected shape"),
        ({"sigma": [-1.0]}, "sigma: expected"),
        ({"K": np.zeros((2, 2, 2))}, "K: expected shape"),
        ({"c": [[0.0, np.nan]]}, "c: expected finite"),
        ({"name": "group_lasso", "params": lasso([1.0], (0,))}, "groups: expected 2 labels"),
    ],
)
def test_bad_input_is_refused(change: dict[str, Any], message: str) -> None:
    good = {"name": "l2", "params": {}, "K": np.zeros((1, 2, 2)), "c": np.zeros((1, 2)), "sigma": [1.0]}
    with pytest.raises(ValueError, match=message):
        flow(**{**good, "u0": np.zeros(2), **change})
