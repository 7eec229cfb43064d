"""The families of modes against each other: norms written as a maximum of linear functions."""

import itertools

import numpy as np
import pytest

from claims.oracle import faces
from claims.oracle.event_driven import flow
from tests.oracle.flow_samples import system

T = np.linspace(0, 1, 201)


def corners(d: int) -> np.ndarray:
    return np.array(list(itertools.product((-1.0, 1.0), repeat=d)))


def slopes(name: str, d: int) -> np.ndarray:
    """R as max <a_i, u>."""
    if name == "l1":
        return corners(d)
    if name == "linf":
        return np.concatenate([np.eye(d), -np.eye(d)])
    return corners(d - 1) @ np.diff(np.eye(d), axis=0)


@pytest.mark.parametrize("name", ["l1", "linf", "total_variation"])
@pytest.mark.parametrize("d", [2, 3, 5])
def test_a_norm_is_a_maximum_of_linear_functions(name: str, d: int) -> None:
    for seed in range(10):
        params, K, c, sigma, u0 = system(seed, name, d)
        params = {"weights": np.ones((1, d))} if name == "l1" else params
        first = flow(name, params, K, c, sigma, u0)
        second = flow("max_affine", {"slopes": slopes(name, d)[None]}, K, c, sigma, u0)
        apart = np.max(np.linalg.norm(first.at(T) - second.at(T), axis=1))
        assert apart <= first.radius + second.radius
        assert second.radius <= 1e-9 * (1 + second.largest_norm())


@pytest.mark.parametrize("seed", range(10))
def test_total_variation_of_two_entries_is_l1_of_their_difference(seed: int) -> None:
    _, K, c, sigma, u0 = system(seed, "l1", 2)
    D = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)  # mean and difference, both times sqrt(2)
    weights = {"weights": np.array([[0.0, np.sqrt(2)]])}
    first = flow("total_variation", {"size": 2}, K, c, sigma, u0)
    second = flow("rotated", {"D": D[None], "inner": ("l1", weights)}, K, c, sigma, u0)
    assert np.max(np.linalg.norm(first.at(T) - second.at(T), axis=1)) <= first.radius + second.radius


@pytest.mark.parametrize("seed", range(10))
def test_in_one_dimension_all_are_the_same(seed: int) -> None:
    _, K, c, sigma, u0 = system(seed, "linf", 1)
    plain = flow("l1", {"weights": np.ones((1, 1))}, K, c, sigma, u0)
    for name, params in (("linf", {}), ("max_affine", {"slopes": np.array([[[1.0], [-1.0]]])})):
        other = flow(name, params, K, c, sigma, u0)
        assert np.max(np.abs(plain.at(T) - other.at(T))) <= plain.radius + other.radius


def test_order_and_repetition_of_the_slopes_do_not_matter() -> None:
    for seed in range(5):
        params, K, c, sigma, u0 = system(seed, "max_affine", 3)
        a = params["slopes"]
        twice = np.concatenate([a[:, ::-1], a, (a[:, :1] + a[:, 1:2]) / 2], axis=1)
        first, second = (flow("max_affine", {"slopes": x}, K, c, sigma, u0) for x in (a, twice))
        assert np.max(np.linalg.norm(first.at(T) - second.at(T), axis=1)) <= first.radius + second.radius
        assert second.radius <= 1e-9 * (1 + second.largest_norm())


def test_slopes_that_depend_only_up_to_round_off_are_said_to_cost_accuracy() -> None:
    """(a_0 + a_1) / 2 with rounding: the radius still holds, but is the root of round-off."""
    rng = np.random.default_rng(50)
    a = rng.normal(size=(1, 4, 3))
    a[0, 3] = -a[0, 0]
    _, K, c, sigma, u0 = system(0, "linf", 3)
    more = np.concatenate([a, (a[:, :1] + a[:, 1:2]) / 2, (a[:, :1] + 2 * a[:, 3:]) / 3], axis=1)
    first, second = (flow("max_affine", {"slopes": x}, K, c, sigma, u0) for x in (a, more))
    assert np.max(np.linalg.norm(first.at(T) - second.at(T), axis=1)) <= first.radius + second.radius
    assert second.radius < 1e-5


def test_a_mode_of_faces_keeps_the_held_slopes_equal() -> None:
    rng = np.random.default_rng(51)
    a, K, c = rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
    mode = faces.Faces(K, c, 0.7, a).mode((1, 0, 1, 0))
    u = mode.E @ rng.normal(size=2)
    assert abs((a[0] - a[2]) @ u) < 1e-14
    q = -(K @ u - c) - mode.E @ (mode.B @ (mode.P @ u) + mode.b)
    y = mode.T[:2] @ (mode.P @ u) + mode.tau[:2]
    assert np.allclose(q, y @ a[[0, 2]], rtol=0, atol=1e-13)
    assert abs(np.sum(y) - 0.7) < 1e-14
    assert np.allclose(mode.T[2:] @ (mode.P @ u), (a[0] - a[[1, 3]]) @ u, rtol=0, atol=1e-14)
