"""Intervals and verdicts: against scipy, on simulated replicates, at the edges."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

from claims.experiments.statistics import (
    INCONCLUSIVE,
    NOT_OBSERVED,
    OBSERVED,
    REFUTED,
    Effect,
    Group,
    Observation,
    decided,
    effects,
    interval,
    worst,
)


def effect(low: float, high: float) -> Effect:
    return Effect("2 → 4", 2, 4, (low + high) / 2, low, high, 5, 0.1)


def test_one_interval_is_that_of_a_t_test() -> None:
    values = [0.3, -0.1, 0.8, 0.25, 0.4, 0.05]
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert interval(values) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_several_intervals_are_those_of_a_higher_level() -> None:
    values = [0.3, -0.1, 0.8, 0.25, 0.4]
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.99)
    assert interval(values, 0.95, comparisons=5) == pytest.approx((expected.low, expected.high), rel=1e-12)
    found = effects([("a", 2, 4), ("b", 4, 8)], [values, values], [[2.0] * 5, [0.0] * 5], level=0.98)
    assert (found[0].low, found[0].high) == pytest.approx((expected.low, expected.high), rel=1e-12)
    assert found[0].relative == pytest.approx(0.165)
    assert math.isnan(found[1].relative)


def test_paired_differences_are_those_of_a_paired_test() -> None:
    """What replicates have in common drops out."""
    rng = np.random.default_rng(1)
    common = 10.0 * rng.standard_normal(8)
    first, second = common + 0.5 + 0.1 * rng.standard_normal(8), common + 0.1 * rng.standard_normal(8)
    (found,) = effects([("2 → 4", 2, 4)], [list(first - second)], [list(first)])
    expected = stats.ttest_rel(first, second).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert decided([found]) == OBSERVED


def test_intervals_hold_together_as_often_as_they_say() -> None:
    """5 differences, correlated as decrements are, 5 replicates: all 5 means covered in 95 % or more."""
    rng, trials, covered = np.random.default_rng(7), 2000, 0
    for _ in range(trials):
        losses = rng.standard_normal((6, 5)) + 0.3 * np.arange(6)[::-1, None]
        differences = [list(x) for x in losses[:-1] - losses[1:]]
        bounds = [interval(x, 0.95, 5) for x in differences]
        covered += all(low <= 0.3 <= high for low, high in bounds)
    # One-sided: the chance of fewer is below 1e-6 if the level is 0.95.
    assert covered >= stats.binom.ppf(1e-6, trials, 0.95)


def test_without_spread_the_interval_is_a_point() -> None:
    assert interval([0.25] * 5) == (0.25, 0.25)
    assert interval([0.0] * 5) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0] * 4, "values: expected at least 5 replicates, got 4"),
        ([], "values: expected at least 5 replicates, got 0"),
        ([1.0, 2.0, math.nan, 1.0, 1.0], "values: expected finite numbers, got"),
        ([1.0, 2.0, math.inf, 1.0, 1.0], "values: expected finite numbers, got"),
    ],
)
def test_what_gives_no_interval_is_refused(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        interval(values)


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ([(0.1, 0.2), (0.01, 0.3)], OBSERVED),
        ([(0.1, 0.2), (-0.01, 0.3)], INCONCLUSIVE),
        ([(0.1, 0.2), (0.0, 0.3)], INCONCLUSIVE),  # 0 is not above 0
        ([(0.0, 0.0)], INCONCLUSIVE),
        ([(-0.3, 0.0)], INCONCLUSIVE),
        ([(0.1, 0.2), (-0.3, -0.1)], NOT_OBSERVED),
        ([(-0.1, 0.2), (-0.3, -0.1)], NOT_OBSERVED),
        ([], INCONCLUSIVE),
    ],
)
def test_the_verdict_is_read_off_the_intervals(bounds: list[tuple[float, float]], verdict: str) -> None:
    assert decided([effect(*x) for x in bounds]) == verdict


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([OBSERVED, OBSERVED], OBSERVED),
        ([OBSERVED, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, NOT_OBSERVED, OBSERVED], NOT_OBSERVED),
        ([NOT_OBSERVED, REFUTED], REFUTED),
        ([], INCONCLUSIVE),
    ],
)
def test_an_observation_has_the_worst_verdict_of_its_groups(verdicts: list[str], verdict: str) -> None:
    assert worst(verdicts) == verdict
    groups = [Group("synthetic", "FBS", "trained", "loss", x, (effect(0, 1),), "text") for x in verdicts]
    found = Observation("why?", tuple(groups), "so")
    assert found.verdict == verdict
    plain = json.loads(json.dumps(found.document()))
    assert plain["verdict"] == verdict
    assert plain["level"] == 0.95
    for group in plain["groups"]:
        assert group["effects"][0] == {
            "label": "2 → 4",
            "from": 2,
            "to": 4,
            "mean": 0.5,
            "low": 0,
            "high": 1,
            "n": 5,
            "relative": 0.1,
        }
