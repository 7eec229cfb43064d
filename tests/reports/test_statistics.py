r"""Clopper-Pearson bounds, quantiles from bins, numbers from JSON."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, sem, t

from reports.statistics import clopper_pearson, count, largest, number, quantile, student

EDGES = (0.0, 0.5, 0.9, 0.999, 1.001, math.inf)


@pytest.mark.parametrize("n", [1, 2, 59, 4096, 10**7])
def test_no_bad_draw(n):
    assert clopper_pearson(n, 0) == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-9)


@pytest.mark.parametrize(("n", "bad"), [(10, 1), (100, 3), (4096, 40)])
def test_bad_draws(n, bad):
    upper = clopper_pearson(n, bad)
    assert binom.cdf(bad, n, upper) == pytest.approx(0.05)


def test_extremes():
    assert clopper_pearson(0, 0) is None
    assert clopper_pearson(5, 5) == 1.0


def test_quantile_is_the_lower_edge_of_its_bin():
    assert quantile([4, 4, 0, 0, 0], EDGES, 0.25) == EDGES[0]
    assert quantile([4, 4, 0, 0, 0], EDGES, 0.75) == EDGES[1]
    assert quantile([0, 0, 0, 0, 2], EDGES, 1.0) == EDGES[4]
    assert quantile([0] * 5, EDGES, 0.5) is None


@settings(database=None, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 50), min_size=5, max_size=5).filter(any))
def test_quantiles_grow(heights):
    values = [quantile(heights, EDGES, q) for q in (0.01, 0.5, 0.9, 0.99, 1.0)]
    assert values == sorted(value for value in values if value is not None)
    assert values[-1] == EDGES[max(k for k, height in enumerate(heights) if height)]


def test_numbers_from_json():
    assert number("inf") == math.inf
    assert number(None) is None
    assert number("abc") is None
    assert number([1]) is None
    assert count("nan") == 0
    assert count(-3) == 0
    assert largest([None, 1, "2"]) == 2
    assert largest([]) is None
    assert math.isnan(largest([1, "nan", 3]) or 0.0)


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.9, 1.0, 1.2, 0.7], [1e-3] * 9 + [2e-3]])
def test_interval_of_a_mean(values):
    n, mean = len(values), sum(values) / len(values)
    found = student(n, sum(values), sum(x * x for x in values))
    assert found == pytest.approx(t.interval(0.95, n - 1, mean, sem(values)))


def test_interval_of_few_or_equal_values():
    assert student(0, 0.0, 0.0) is None
    assert student(1, 1.0, 1.0) is None
    assert student(3, 0.3, 0.03) == pytest.approx((0.1, 0.1), abs=1e-7)  # whatever round-off left of 0
