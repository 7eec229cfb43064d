"""The limit flow against the definition of dR, fine networks, matrix exponentials and its own symmetries."""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from claims.oracle.event_driven import SUPPORTED, flow
from tests.oracle.flow_samples import fine_network, residual, system
from tests.oracle.samples import rotations

T = np.linspace(0, 1, 1001)
EXACT = ("l1", "linf", "total_variation", "huber")  # their kinks are decided by equality
MODES = (*EXACT, "max_affine")
L1 = {"weights": np.ones((1, 1))}


@pytest.mark.parametrize("name", ["quadratic", "half_squared_norm"])
def test_quadratics_are_matrix_exponentials(name: str) -> None:
    params, K, c, sigma, u0 = system(0, name, 5)
    found, Q, u = flow(name, params, K, c, sigma, u0), np.eye(5), u0
    Q = params["Q"][0] if name == "quadratic" else Q
    for n in range(4):
        both = np.block([[-(K[n] + sigma[n] * Q), c[n][:, None]], [np.zeros((1, 6))]])
        u = (expm(both / 4) @ np.append(u, 1))[:5]
        assert np.linalg.norm(found.at((n + 1) / 4) - u) <= found.radius + 1e-12
    assert found.radius < 1e-10


def test_elastic_net_without_ridge_is_l1_and_with_it_contracts() -> None:
    params, K, c, sigma, u0 = system(0, "l1", 4)
    plain = flow("l1", params, K, c, sigma, u0)
    net = flow("elastic_net", {**params, "ridge": np.zeros(1)}, K, c, sigma, u0)
    assert np.array_equal(net.at(T), plain.at(T))
    params = {"weights": np.ones((1, 1)), "ridge": np.full(1, 2.0)}
    net = flow("elastic_net", params, np.zeros((1, 1, 1)), [[3.0]], [1.0], [0.0])
    assert np.max(np.abs(net.at(T)[:, 0] + np.expm1(-2 * T))) <= net.radius + 1e-15


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("seed", range(10))
def test_radius_is_small(name: str, seed: int) -> None:
    found = flow(name, *system(seed, name, 8))
    assert found.radius <= 1e-10 * (1 + found.largest_norm())


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("seed", range(10))
def test_the_inclusion_holds_at_sampled_times(name: str, seed: int) -> None:
    """By the definition of dR, which the solver does not use; not at the events, where u' jumps."""
    instance = system(seed, name, 5)
    found = flow(name, *instance)
    t = np.concatenate([T[1:-1], found.times[1:-1] - 1e-9, found.times[1:-1] + 1e-9])
    t = t[np.min(np.abs(t[:, None] - found.times), axis=1) > 0.9e-9]
    assert np.max(residual(name, instance, found, t)) < 1e-8 * (1 + found.largest_norm())


@pytest.mark.parametrize("name", [*MODES, "elastic_net", "quadratic", "rotated"])
def test_fine_networks_converge_with_order_one(name: str) -> None:
    instance = system(5 if name == "rotated" else 0, name, 3)
    end, first = flow(name, *instance).at(1.0), 32 if name == "max_affine" else 256
    errors = [np.linalg.norm(fine_network(name, instance, first * k) - end) for k in (1, 4, 16)]
    assert 3 < errors[0] / errors[1] < 5
    assert 3 < errors[1] / errors[2] < 5


@pytest.mark.parametrize("seed", range(5))
def test_signed_permutations_of_l1_and_linf(seed: int) -> None:
    for name in ("l1", "linf"):
        params, K, c, sigma, u0 = system(seed, name, 5)
        rng = np.random.default_rng([seed, 32])
        D = np.eye(5)[rng.permutation(5)] * rng.choice([-1.0, 1.0], size=5)[:, None]
        turned = {"weights": params["weights"] @ np.abs(D).T} if name == "l1" else {}
        first = flow(name, params, K, c, sigma, u0)
        second = flow(name, turned, D @ K @ D.T, c @ D.T, sigma, D @ u0)
        apart = np.linalg.norm(first.at(T) @ D.T - second.at(T), axis=1)
        assert np.max(apart) <= first.radius + second.radius


@pytest.mark.parametrize("name", MODES)
def test_rotated_is_a_change_of_variables(name: str) -> None:
    params, K, c, sigma, u0 = system(0, name, 4)
    D = rotations(np.random.default_rng(33), 2, 4)[1]
    plain = flow(name, params, K, c, sigma, u0)
    rotated = {"D": D[None], "inner": (name, params)}
    found = flow("rotated", rotated, D.T @ K @ D, c @ D, sigma, D.T @ u0)
    assert np.max(np.linalg.norm(found.at(T) - plain.at(T) @ D, axis=1)) <= found.radius + plain.radius
    assert found.radius < 1e-9


def test_cells_may_be_split() -> None:
    """The same controls on 4 and on 12 cells (12 is no power of two: the clock is rounded)."""
    for name in MODES:
        params, K, c, sigma, u0 = system(0, name, 4)
        whole = flow(name, params, K, c, sigma, u0)
        K, c, sigma = (np.repeat(x, 3, axis=0) for x in (K, c, sigma))
        parts = flow(name, params, K, c, sigma, u0)
        assert np.max(np.linalg.norm(whole.at(T) - parts.at(T), axis=1)) <= whole.radius + parts.radius


def test_an_expanding_system_says_so() -> None:
    """e^40 times round-off is not small."""
    found = flow("l1", L1, [[[-40.0]]], [[0.0]], [0.0], [1e-3])
    assert abs(found.at(1.0)[0] - 1e-3 * np.exp(40)) <= found.radius
    assert found.radius > 1e-3


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            {"name": "nuclear", "params": {"rows": 1, "columns": 1}},
            "name: expected one of l1, .*got 'nuclear'",
        ),
        ({"params": {}}, "params: expected the fields"),
        ({"params": {"weights": np.ones((1, 2))}}, "params: expected a batch of 1 and d = 1"),
        ({"params": {"weights": np.ones((3, 1))}}, "params: expected a batch of 1"),
        ({"K": np.zeros((2, 1, 1))}, r"K: expected shape \(1, 1, 1\)"),
        ({"c": np.zeros((1, 2))}, r"c: expected shape \(1, 1\)"),
        ({"sigma": [-1.0]}, "sigma: expected"),
        ({"sigma": []}, "sigma: expected"),
        ({"u0": [np.inf]}, "u0: expected finite numbers"),
        ({"u0": [[1.0]]}, r"u0: expected shape \(d,\)"),
    ],
)
def test_bad_input_is_refused(change: dict[str, Any], match: str) -> None:
    good = {"name": "l1", "params": L1, "K": [[[0.0]]], "c": [[0.0]], "sigma": [1.0], "u0": [1.0]}
    with pytest.raises(ValueError, match=match):
        flow(**{**good, **change})


def test_a_matrix_that_is_not_orthogonal_is_refused() -> None:
    with pytest.raises(ValueError, match="D: expected an orthogonal matrix"):
        flow("rotated", {"D": np.full((1, 1, 1), 2.0), "inner": ("l1", L1)}, [[[0.0]]], [[0.0]], [1.0], [1.0])


def test_norms_of_groups_are_passed_on() -> None:
    """u' = -2 u / |u| on a ray: the length falls to zero at 1/2."""
    for name, params in (("l2", {}), ("group_lasso", {"weights": np.ones((1, 1)), "groups": (0, 0)})):
        found = flow(name, params, np.zeros((1, 2, 2)), [[0.0, 0.0]], [2.0], [0.6, -0.8])
        expected = np.maximum(1 - 2 * T, 0)[:, None] * np.array([0.6, -0.8])
        assert np.max(np.abs(found.at(T) - expected)) <= found.radius + 1e-14


def test_what_is_supported_is_listed() -> None:
    assert {"l1", "linf", "total_variation", "max_affine", "huber", "elastic_net", "quadratic"} < set(
        SUPPORTED
    )
