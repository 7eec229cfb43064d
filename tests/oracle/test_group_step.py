"""One collocation step: linear systems exactly, both ways out of zero, and steps that must fail."""

import numpy as np
import pytest
from scipy.linalg import expm

from claims.oracle.group_step import DEGREE, Cell, collocate


def end(coefficients: np.ndarray) -> np.ndarray:
    return np.sum(coefficients, axis=0)


def test_linear_system() -> None:
    rng = np.random.default_rng(0)
    K, u = rng.normal(size=(3, 3)), rng.normal(size=3)
    cell = Cell(K, np.zeros(3), np.zeros(2), [np.array([0, 2]), np.array([1])])
    found = collocate(cell, u, 0.2, np.ones(2, dtype=int), -0.2 * K @ u)
    assert found is not None
    assert found[0].shape == (DEGREE + 1, 3)
    assert np.allclose(end(found[0]), expm(-0.2 * K) @ u, rtol=0, atol=1e-14)
    assert found[1] < 1e-13


def test_groups_at_rest_stay_there() -> None:
    cell = Cell(-np.ones((3, 3)), np.ones(3), np.full(2, 9.0), [np.array([0, 1]), np.array([2])])
    found = collocate(cell, np.array([0.0, 0.0, 1.0]), 0.1, np.array([0, 1]), np.zeros(3))
    assert found is not None
    assert not np.any(found[0][:, :2])
    assert end(found[0])[2] == pytest.approx(8 - 7 * np.exp(0.1), abs=1e-14)  # u' = u + 1 - 9
    assert collocate(cell, np.zeros(3), 0.1, np.zeros(2, dtype=int), np.zeros(3)) is not None


@pytest.mark.parametrize("order", [1, 2])
def test_first_power_out_of_zero(order: int) -> None:
    """Force (1 + r) e with limit 1 if order = 1; force (1 + t) e if order = 2."""
    e, h = np.array([0.6, 0.8, 0.0]), 0.25
    K = np.zeros((3, 3))
    K[:2, 2] = 0 if order == 1 else -e[:2]
    c = (1.5 if order == 1 else 1.0) * e + [0, 0, 1.0]
    cell = Cell(K, c, np.array([1.0, 0.0]), [np.array([0, 1]), np.array([2])])
    guess = np.array([0, 0, h]) + (0.3 * h if order == 1 else 0.3 * h * h) * e
    found = collocate(cell, np.zeros(3), h, np.array([order, 1]), guess)
    assert found is not None
    assert not np.any(found[0][:order, :2])
    expected = 0.5 * h if order == 1 else h * h / 2
    assert np.allclose(end(found[0])[:2], expected * e[:2], rtol=0, atol=1e-15)


def test_step_beyond_zero_fails_or_shows_its_defect() -> None:
    """|u| = 0.1 shrinks at rate about 1 while its direction turns: a step of 0.2 cannot be right."""
    cell = Cell(np.zeros((2, 2)), np.array([0.5, 0.0]), np.ones(1), [np.array([0, 1])])
    found = collocate(cell, np.array([0.0, 0.1]), 0.2, np.ones(1, dtype=int), np.array([0.1, -0.2]))
    assert found is None or found[1] > 1e-3


def test_single_coordinate_keeps_its_sign() -> None:
    cell = Cell(np.zeros((1, 1)), np.zeros(1), np.ones(1), [np.array([0])])
    found = collocate(cell, np.array([-0.1]), 0.5, np.ones(1, dtype=int), np.array([0.5]))
    assert found is not None
    assert end(found[0])[0] == pytest.approx(0.4, abs=1e-15)
