"""The smoothed route: closed forms, the event-driven route and deep networks, each within its own error."""

from typing import Any

import numpy as np
import pytest

from claims.oracle import event_driven, group_flow, moreau_yosida
from claims.oracle.elementary import norm
from claims.oracle.flow import Stuck
from claims.oracle.moreau_yosida import Approximation, flow, trajectory
from claims.oracle.network import affine
from tests.oracle.limit_samples import SUPPORTED, Instance, instance, instances
from tests.oracle.limit_table import compare, exact_route

ONE = {  # parameters that make them |u| in one dimension
    "l1": {"weights": np.ones((1, 1))},
    "l2": {},
    "group_lasso": {"weights": np.ones((1, 1)), "groups": (0,)},
    "linf": {},
    "elastic_net": {"weights": np.ones((1, 1)), "ridge": np.zeros(1)},
    "max_affine": {"slopes": np.array([[[1.0], [-1.0]]])},
    "nuclear": {"rows": 1, "columns": 1},
    "rotated": {"D": -np.ones((1, 1, 1)), "inner": ("linf", {})},
}


def scalar(name: str, params: Any, k: float, c: float, sigma: float, u0: float) -> Approximation:
    return flow(name, params, [[[k]]], [[c]], [sigma], [u0])


def gap(found: Approximation, expected: Any) -> float:
    return float(norm(found.value - np.asarray(expected)))


@pytest.mark.parametrize("name", ONE)
def test_absolute_value(name: str) -> None:
    """u' = -k u - sigma sign(u) reaches zero or not; rests, or leaves it."""
    for k, c, sigma, u0, u in [
        (0.0, 0.0, 0.25, 1.0, 0.75),
        (0.0, 0.0, 2.0, -1.0, 0.0),
        (1.0, 0.0, 0.5, 2.0, 2.5 * np.exp(-1) - 0.5),
        (0.0, -2.0, 0.5, 0.0, -1.5),
        (-1.0, 1.0, 0.5, 0.0, 0.5 * (np.e - 1)),
        (3.0, 0.0, 0.0, 1.0, np.exp(-3)),
    ]:
        found = scalar(name, ONE[name], k, c, sigma, u0)
        assert gap(found, [u]) <= found.error < 1e-5


def test_smooth_regularisers() -> None:
    for name, params in (
        ("half_squared_norm", {}),
        ("quadratic", {"Q": np.ones((1, 1, 1))}),
        ("huber", {"width": np.ones(1), "size": 1}),
    ):
        found = scalar(name, params, 0.5, 0.0, 0.5, 0.75)
        assert gap(found, [0.75 * np.exp(-1)]) <= found.error < 1e-7


def test_total_variation_of_two_merges_them() -> None:
    """(1, 0) with rate 1 towards each other: both 1/2 from t = 1/2 on."""
    found = flow("total_variation", {"size": 2}, np.zeros((1, 2, 2)), np.zeros((1, 2)), [1.0], [1.0, 0.0])
    assert gap(found, [0.5, 0.5]) <= found.error < 1e-8


def test_nuclear_norm_of_a_row_is_the_length() -> None:
    for one in instances(8, "l2", 4):
        exact = group_flow.flow(*one.system)
        found = flow("nuclear", {"rows": 1, "columns": len(one.u0)}, *one.system[2:])
        assert gap(found, exact.states[-1]) <= found.error + exact.radius
        assert found.error < 1e-6


def test_nuclear_norm_shrinks_singular_values() -> None:
    """Without force the singular values decrease at the same rate, up to zero."""
    u0 = np.array([[2.0, 1.0], [0.5, -0.4]])
    U, s, V = np.linalg.svd(u0)
    expected = U @ np.diag(np.maximum(s - 0.8, 0)) @ V
    found = flow(
        "nuclear", {"rows": 2, "columns": 2}, np.zeros((1, 4, 4)), np.zeros((1, 4)), [0.8], u0.ravel()
    )
    assert s[1] < 0.8
    assert gap(found, expected.ravel()) <= found.error < 1e-7


@pytest.mark.parametrize("name", [name for name in SUPPORTED if exact_route(name)])
def test_agrees_with_the_route_by_events(name: str) -> None:
    rng = np.random.default_rng([9, SUPPORTED.index(name)])
    for _ in range(2 if name == "max_affine" else 5):
        found = compare(instance(rng, name, d=int(rng.integers(1, 5)), pieces=int(rng.integers(1, 4))))
        assert found.ratio <= 1
        assert found.error < 1e-3


def test_finds_a_small_error_in_the_other_route() -> None:
    """The comparison has power: one part in 10^6 off in the weight is outside both errors."""
    one = Instance(
        "l1", {"weights": np.ones((1, 1))}, np.zeros((1, 1, 1)), np.zeros((1, 1)), np.ones(1), np.full(1, 2.0)
    )
    assert compare(one).ratio <= 1
    found, wrong = flow(*one.system), event_driven.flow(*one._replace(sigma=np.array([1 + 1e-6])).system)
    assert gap(found, wrong.states[-1]) > 100 * (found.error + wrong.radius)


@pytest.mark.parametrize("name", SUPPORTED)
def test_deep_networks_converge_to_it(name: str) -> None:
    rng = np.random.default_rng([10, SUPPORTED.index(name)])
    K, c, u0 = rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3)), rng.normal(size=3)
    one = Instance(name, instance(rng, name, d=3).params, K, c, np.array([0.8, 0.4]), u0)
    found = flow(*one.system)

    def away(depth: int) -> float:
        K, c, sigma = (np.repeat(x[None], depth, axis=1) for x in (one.K, one.c, one.sigma))
        return gap(found, affine(name, one.params, one.u0[None], K, c, sigma)[0, -1])

    few, many = away(16), away(256)
    assert few > 10 * found.error
    assert many < few / 6  # order 1 gives 16


@pytest.mark.parametrize("name", ["l1", "quadratic", "linf", "nuclear"])
def test_error_is_of_the_order_of_the_envelope(name: str) -> None:
    one = instance(np.random.default_rng(12), name, d=3, pieces=3)
    exact = flow(*one.system)
    errors = []
    for mu in (2.0**-8, 2.0**-14, 2.0**-20):
        found = flow(*one.system, mu=mu)
        assert gap(found, exact.value) <= found.error + exact.error
        errors.append(found.error)
    assert np.all(np.diff(np.log2(errors)) < -4)


def test_trajectory_at_given_times() -> None:
    times = [0.1, 1 / 3, 0.5, 0.77, 1.0]
    for one in instances(13, "l1", 5):
        found, exact = trajectory(*one.system, times=times), event_driven.flow(*one.system)
        assert found.value.shape == (5, len(one.u0))
        assert np.max(norm(found.value - exact.at(np.array(times)))) <= found.error + exact.radius
        assert found.error < 1e-6
    with pytest.raises(ValueError, match="times: expected increasing"):
        trajectory(*one.system, times=[0.0, 0.5])


def test_reports_what_it_cannot_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    one = instance(np.random.default_rng(14), "l1", d=2, pieces=1)
    monkeypatch.setattr(moreau_yosida, "MOST_STEPS", 3)
    with pytest.raises(Stuck, match="too many steps"):
        flow(*one.system)
    with pytest.raises(ValueError, match="name: expected one of"):
        flow("l3", {}, one.K, one.c, one.sigma, one.u0)
