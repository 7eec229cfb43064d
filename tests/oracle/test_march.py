"""Events and ties against closed forms; what cannot be decided is an error."""

from typing import Any

import numpy as np
import pytest

from claims.oracle import march, modes
from claims.oracle.event_driven import flow
from claims.oracle.flow import Stuck

T = np.linspace(0, 1, 1001)
L1 = {"weights": np.ones((1, 1))}


def solve(name: str, params: Any, K: Any, c: Any, sigma: Any, u0: Any) -> tuple[np.ndarray, Any]:
    """States at T; the radius is below 1e-11."""
    found = flow(name, params, K, c, sigma, u0)
    assert found.radius < 1e-11
    return found.at(T), found


def agrees(states: np.ndarray, expected: np.ndarray, radius: float) -> bool:
    """Within the radius, and what rounding the closed form costs."""
    return bool(np.all(np.abs(states - expected) <= radius + 1e-14))


def one(n: int, *entries: float) -> np.ndarray:
    """One cell with an n by n matrix."""
    return np.array(entries).reshape(1, n, n)


def test_l1_reaches_zero_and_rests() -> None:
    """u' = -2 sign u."""
    states, found = solve("l1", L1, one(1, 0.0), [[0.0]], [2.0], [1.0])
    assert agrees(states[:, 0], np.maximum(1 - 2 * T, 0), found.radius)
    assert [status for _, _, status in found.segments] == [(1,), (0,)]
    assert np.all(states[T > 0.5 + 1e-12] == 0)


def test_l1_crosses_zero_where_the_force_is_stronger() -> None:
    """u' = -2 - sign u: slope -3, then -1."""
    states, found = solve("l1", L1, one(1, 0.0), [[-2.0]], [1.0], [1.0])
    assert agrees(states[:, 0], np.where(T < 1 / 3, 1 - 3 * T, 1 / 3 - T), found.radius)


def test_l1_rests_on_the_boundary_and_leaves_in_the_next_cell() -> None:
    """|c| = sigma exactly; then u' = u + 1 - 1/2 from 0."""
    states, found = solve("l1", L1, [[[-1.0]], [[-1.0]]], [[1.0], [1.0]], [1.0, 0.5], [0.0])
    assert agrees(states[:, 0], np.where(T < 0.5, 0.0, 0.5 * np.expm1(T - 0.5)), found.radius)


def coupled(offset: float, sigma: float, start: float) -> tuple[np.ndarray, Any]:
    """v = t without a kink, and u' = 2 v + offset - sigma sign u."""
    weights = {"weights": np.array([[0.0, 1.0]])}
    return solve("l1", weights, one(2, 0.0, 0.0, -2.0, 0.0), [[1.0, offset]], [sigma], [0.0, start])


def test_l1_leaves_rest_when_the_multiplier_reaches_its_limit() -> None:
    """The multiplier 2t reaches 1 at 1/2; then u' = 2t - 1. Mirrored for the other sign."""
    states, found = coupled(0.0, 1.0, 0.0)
    assert agrees(states[:, 1], np.maximum(T - 0.5, 0) ** 2, found.radius)
    mirrored, _ = solve(
        "l1", {"weights": np.array([[0.0, 1.0]])}, one(2, 0.0, 0.0, 2.0, 0.0), [[1.0, 0.0]], [1.0], [0.0, 0.0]
    )
    assert np.array_equal(mirrored[:, 1], -states[:, 1])


def test_grazing_contact_at_a_tie() -> None:
    """u = (t - 1/2)^2 touches zero at the very moment when the multiplier is at its limit."""
    states, found = coupled(-0.5, 0.5, 0.25)
    assert agrees(states[:, 1], (T - 0.5) ** 2, found.radius)


@pytest.mark.parametrize("depth", [1e-4, 1e-8, 1e-11])
def test_two_crossings_close_together_are_seen(depth: float) -> None:
    """(t - 1/2)^2 - depth: rests between its first zero and 1/2, for a time of sqrt(depth)."""
    states, found = coupled(-0.5, 0.5, 0.25 - depth)
    before = np.maximum((T - 0.5) ** 2 - depth, 0)
    assert agrees(states[:, 1], np.where(T < 0.5, before, (T - 0.5) ** 2), found.radius)


@pytest.mark.parametrize("above", [0.0, 1e-9, 1e-4])
def test_a_multiplier_that_touches_its_limit(above: float) -> None:
    """The multiplier a sin(pi t), a = 1 + above, of a coordinate at rest, limit 1: it leaves for a while."""
    a, weights = 1 + above, {"weights": np.array([[0.0, 0.0, 1.0]])}
    K = one(3, 0.0, -np.pi, 0.0, np.pi, 0.0, 0.0, -1.0, 0.0, 0.0)
    states, found = solve("l1", weights, K, [[0.0, 0.0, 0.0]], [1.0], [0.0, a, 0.0])
    start = np.arcsin(1 / a) / np.pi
    rise = a * (np.cos(np.pi * start) - np.cos(np.pi * T)) / np.pi - (T - start)
    expected = np.where(T > start, np.maximum(rise, 0), 0.0)
    assert np.all(np.abs(states[:, 2] - expected) <= found.radius + 1e-13)


def test_simultaneous_events() -> None:
    states, found = solve(
        "l1", {"weights": np.ones((1, 3))}, np.zeros((1, 3, 3)), [[0.0] * 3], [2.0], [1, -1, 1]
    )
    assert agrees(states, np.maximum(1 - 2 * T, 0)[:, None] * np.array([1, -1, 1]), found.radius)
    assert len(found.segments) == 2


def test_linf_slides_on_a_face_and_rests() -> None:
    """(1, 1/2) with sigma = 2: the larger entry falls at rate 2, both at rate 1 from 1/4 on, zero at 3/4."""
    states, found = solve("linf", {}, np.zeros((1, 2, 2)), [[0.0, 0.0]], [2.0], [1.0, -0.5])
    top = np.maximum(np.where(T < 0.25, 1 - 2 * T, 0.75 - T), 0)
    assert agrees(states, np.stack([top, -np.minimum(top, 0.5)], axis=1), found.radius)
    assert [status for _, _, status in found.segments] == [(1, 0), (1, -1), (0, 0)]


def test_linf_leaves_zero_along_what_the_ball_leaves() -> None:
    """c = (3, 1), sigma = 1: the threshold is 2, so u' = (2, 1)."""
    states, found = solve("linf", {}, np.zeros((1, 2, 2)), [[3.0, 1.0]], [1.0], [0.0, 0.0])
    assert agrees(states, T[:, None] * np.array([2.0, 1.0]), found.radius)
    states, _ = solve("linf", {}, np.zeros((1, 2, 2)), [[0.5, -0.5]], [1.0], [0.0, 0.0])  # on the boundary
    assert not states.any()


def test_total_variation_merges_and_splits() -> None:
    """(1, 0) merges at (1/2, 1/2) at time 1/2; then c = (4, 0) splits it at rates 3 and 1."""
    states, found = solve(
        "total_variation", {"size": 2}, np.zeros((2, 2, 2)), [[0, 0], [4, 0]], [1.0, 1.0], [1, 0]
    )
    after = np.maximum(T - 0.5, 0)
    expected = np.stack([1 - np.minimum(T, 0.5) + 3 * after, np.minimum(T, 0.5) + after], axis=1)
    assert agrees(states, expected, found.radius)


def test_total_variation_splits_when_a_sum_reaches_its_limit() -> None:
    """v = 10 + 20 t pulls the plateau of the other two apart: multiplier 1/2 + 2t, limit 1, split at 1/4."""
    K, c = np.zeros((1, 3, 3)), [[21.0, 1.0, 1.0]]
    K[0, 1:, 0] = [0.1, -0.1]
    states, found = solve("total_variation", {"size": 3}, K, c, [1.0], [10.0, 0.0, 0.0])
    late, square = np.maximum(T - 0.25, 0), np.maximum(T**2 - 1 / 16, 0)
    together = 1.5 * np.minimum(T, 0.25)
    expected = np.stack([10 + 20 * T, together + 2 * late - square, together + late + square], axis=1)
    assert np.all(np.abs(states - expected) <= found.radius + 1e-13)
    assert [status for _, _, status in found.segments] == [(-1, 0), (-1, 1)]


def test_max_affine_with_repeated_and_dependent_slopes() -> None:
    slopes = np.array([[[1.0], [1.0], [0.5], [-1.0], [0.0]]])
    states, found = solve("max_affine", {"slopes": slopes}, one(1, 0.0), [[0.0]], [1.0], [0.5])
    assert agrees(states[:, 0], np.maximum(0.5 - T, 0), found.radius)


def test_huber_passes_its_zones() -> None:
    """Slope -1 down to the width 1/2, then decay at rate 2."""
    params = {"width": np.array([0.5]), "size": 1}
    states, found = solve("huber", params, one(1, 0.0), [[0.0]], [1.0], [1.0])
    assert agrees(states[:, 0], np.where(T < 0.5, 1 - T, 0.5 * np.exp(1 - 2 * T)), found.radius)


class Undecided(modes.Smooth):
    """A family without a consistent mode: one row that is always negative."""

    def mode(self, status: modes.Status) -> modes.Mode:
        right = super().mode(status)
        row = {"T": np.zeros((1, 1)), "tau": -np.ones(1), "flips": ((),), "tau_terms": np.ones(1)}
        return right._replace(**row)


class Endless(modes.Smooth):
    """A family whose row ends at once and changes nothing, over and over."""

    def mode(self, status: modes.Status) -> modes.Mode:
        right = super().mode(status)
        row = {
            "T": -np.ones((1, 1)),
            "tau": np.ones(1) * self.limit,
            "flips": ((),),
            "tau_terms": np.zeros(1),
        }
        self.limit += 1e-6
        return right._replace(**row)

    limit = 1e-6


def test_a_tiny_state_is_carried_on() -> None:
    """A turn that decays, from where 2^-58 of the state underflows: no step of length 0."""
    K, u0 = np.array([[[1.0, 3.0], [-3.0, 2.0]]]), np.full(2, 1e-307)
    states, found = solve("huber", {"width": np.ones(1), "size": 2}, K, [[0.0, 0.0]], [4.0], u0)
    big, _ = solve("huber", {"width": np.ones(1), "size": 2}, K, [[0.0, 0.0]], [4.0], u0 * 2.0**1000)
    assert np.allclose(states[-1] * 2.0**1000, big[-1], rtol=1e-9)
    assert len(found.segments) == 1


def test_what_cannot_be_decided_is_an_error() -> None:
    with pytest.raises(Stuck, match="no consistent mode"):
        march.march(Undecided(np.zeros((1, 1)), np.ones(1)), np.zeros(1), 0.0, 1.0)
    with pytest.raises(Stuck, match="more than 1000 steps"):
        march.march(Endless(np.zeros((1, 1)), np.ones(1)), np.zeros(1), 0.0, 1.0)
