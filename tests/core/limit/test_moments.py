"""Moments of the exponential against quadrature and power series with rational coefficients."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from fbscore.limit.moments import moments

NODES, WEIGHTS = np.polynomial.legendre.leggauss(80)


def integral(y, k):
    s = (NODES + 1.0) / 2.0
    return float(np.sum(WEIGHTS / 2.0 * np.exp(y * (1.0 - s)) * s**k))


def series(y, k):
    """The power series in rational numbers: no cancellation, whatever the sign."""
    x, term, total = Fraction(y), Fraction(1, k + 1), Fraction(0)
    for j in range(200):
        total, term = total + term, term * x / (j + k + 2)
    return float(total)


@pytest.mark.parametrize("y", [-60.0, -7.0, -1.0000001, -1.0, -0.3, 0.3, 1.0, 1.0000001, 2.5, 9.0, 60.0])
def test_against_quadrature(y):
    for k, found in enumerate(moments(torch.tensor([y], dtype=torch.float64))):
        assert found.item() == pytest.approx(integral(y, k), rel=1e-13, abs=0)


@pytest.mark.parametrize("y", [0.0, 1e-30, -1e-12, 1e-8, -1e-3, 0.5, -1.0, 1.0, 1.5, -2.0, 30.0])
def test_to_the_last_digits(y):
    for k, found in enumerate(moments(torch.tensor([y], dtype=torch.float64))):
        assert found.item() == pytest.approx(series(y, k), rel=2e-15 if abs(y) <= 1 else 1e-14, abs=0)


def test_where_they_overflow_or_vanish():
    high = [x.item() for x in moments(torch.tensor([800.0], dtype=torch.float64))]
    low = [x.item() for x in moments(torch.tensor([-1e8], dtype=torch.float64))]
    assert high == [math.inf] * 3
    assert low == pytest.approx([1e-8, 1e-8, 1e-8], rel=1e-6)


def test_shape(device):
    found = moments(torch.zeros(2, 0, 3, dtype=torch.float64, device=device))
    assert [x.shape for x in found] == [(2, 0, 3)] * 3
