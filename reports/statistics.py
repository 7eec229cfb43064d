r"""The few statistics of a report; every function takes plain numbers and accepts what JSON made of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from scipy.special import stdtrit
from scipy.stats import beta

QUANTILES = ("0.5", "0.9", "0.99")


def number(value: Any) -> float | None:
    r"""A float from a JSON value; evidence writes ``"nan"``, ``"inf"`` and ``"-inf"`` as strings."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def count(value: Any) -> int:
    r"""A nonnegative integer from a JSON value, 0 where there is none."""
    found = number(value)
    return int(found) if found is not None and math.isfinite(found) and found > 0 else 0


def largest(values: Iterable[Any]) -> float | None:
    r"""The largest of the numbers; NaN beats all of them, so that it is seen."""
    found = [x for x in map(number, values) if x is not None]
    if any(math.isnan(x) for x in found):
        return math.nan
    return max(found, default=None)


def clopper_pearson(draws: int, bad: int, level: float = 0.95) -> float | None:
    r"""One-sided upper bound of the probability of a violation.

    Parameters
    ----------
    draws
        Independent problem draws of one fixed design.
    bad
        Violated or undecided ones among them.

    Returns
    -------
    The bound, ``1 − (1 − level)^(1/draws)`` for ``bad = 0``; None without draws.
    Source: C. Clopper, E. Pearson, Biometrika 26 (1934) 404–413.
    """
    if draws <= 0:
        return None
    if bad >= draws:
        return 1.0
    return float(beta.ppf(level, bad + 1, draws - bad))


def student(n: int, total: float, squares: float, level: float = 0.95) -> tuple[float, float] | None:
    r"""Interval of the mean of independent values by Student's t.

    Parameters
    ----------
    n, total, squares
        How many values, their sum and the sum of their squares.
    level
        Probability with which the interval covers the mean of normal values.

    Returns
    -------
    Lower and upper end; None for fewer than two values.
    Source: Student, Biometrika 6 (1908) 1–25.
    """
    if n < 2:
        return None
    mean = total / n
    variance = max(0.0, squares - total * mean) / (n - 1)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * math.sqrt(variance / n)
    return mean - half, mean + half


def quantile(histogram: Sequence[int], edges: Sequence[float], q: float) -> float | None:
    r"""What the quantile of binned values is at least: the lower edge of its bin; None without values."""
    total = sum(histogram)
    below = 0
    for k, height in enumerate(histogram):
        below += height
        if height and below >= q * total:
            return edges[k]
    return None


def quantiles(histogram: Sequence[int], edges: Sequence[float]) -> dict[str, float | None]:
    return {q: quantile(histogram, edges, float(q)) for q in QUANTILES}
