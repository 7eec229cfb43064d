"""Roots and bounds of polynomials on [0, 1] against polynomials with known roots."""

import numpy as np
import pytest

from claims.oracle.bernstein import DEGREE, first_root, largest_value, negative_part


def polynomial(*roots: float, lead: float = 1.0) -> np.ndarray:
    """Coefficients (DEGREE+1,), constant term first."""
    a = np.polynomial.polynomial.polyfromroots(roots) * lead if roots else np.array([lead])
    return np.concatenate([a, np.zeros(DEGREE + 1 - len(a))])


@pytest.mark.parametrize("root", [1e-9, 0.3, 0.5, 0.999999, 1.0])
def test_a_simple_root_is_found_to_round_off(root: float) -> None:
    found = first_root(polynomial(root, lead=-1.0), 0.0)
    assert found is not None
    assert abs(found - root) <= 2.0**-50 * root


@pytest.mark.parametrize("apart", [1e-2, 1e-4, 1e-6])
def test_two_crossings_close_together_are_not_missed(apart: float) -> None:
    """Both ends of any coarse grid are positive."""
    found = first_root(polynomial(0.41, 0.41 + apart), 0.0)
    assert found is not None
    assert abs(found - 0.41) < 1e-9


def test_the_first_of_many_roots_is_returned() -> None:
    found = first_root(polynomial(0.9, 0.2, 0.7, 0.5), 0.0)
    assert found is not None
    assert abs(found - 0.2) < 1e-14


def test_a_polynomial_that_stays_positive_has_no_root() -> None:
    close = polynomial(0.5, 0.5)
    close[0] += 1e-10
    assert first_root(close, 1e-13) is None
    assert first_root(polynomial(-0.1, 1.2, lead=-1.0), 0.0) is None


def test_a_polynomial_that_touches_zero_counts_as_ending_there() -> None:
    found = first_root(polynomial(0.3, 0.3), 1e-15)
    assert found is not None
    assert abs(found - 0.3) < 1e-6


def test_negative_part_of_a_crossing() -> None:
    r"""\int_0^1 max(0, x - 1/4) = 9/32, and a margin m at a simple zero costs about m^2/2."""
    assert 9 / 32 <= negative_part(polynomial(0.25, lead=-1.0), 0.0) * (1 + 1e-15)
    assert negative_part(polynomial(1.0, lead=-1.0), 1e-12) == pytest.approx(0.5e-24)
    assert negative_part(polynomial(0.0), 1e-12) == pytest.approx(0.5e-24)


def test_negative_part_of_a_touching_polynomial() -> None:
    r"""\int max(0, m - (x - a)^2) = 4/3 m^{3/2}; the bound is at most a few times larger."""
    bound = negative_part(polynomial(0.3, 0.3), 1e-14)
    assert 4 / 3 * 1e-21 <= bound <= 2e-20


def test_negative_part_of_a_negative_polynomial_is_not_lost() -> None:
    assert 1.0 <= negative_part(polynomial(lead=-1.0), 0.0) < 1.001
    assert negative_part(polynomial(lead=1.0), 0.5) == 0


@pytest.mark.parametrize("seed", range(5))
def test_bounds_hold_for_random_polynomials(seed: int) -> None:
    a = np.random.default_rng([seed, 30]).normal(size=DEGREE + 1)
    s = np.linspace(0, 1, 20001)
    values = np.polynomial.polynomial.polyval(s, a)
    top = largest_value(a, -np.inf, 1e-9)
    assert values.max() - 1e-12 <= top <= values.max() + 1e-4
    assert negative_part(a, 0.1) >= np.mean(np.maximum(0.1 - values, 0)) - 1e-3
