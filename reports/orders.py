r"""Measured orders of convergence: series pooled by system and regulariser, and what is shown of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reports.series import LABELS, Moments, Series, merged
from reports.systems import rank


def pooled(found: Iterable[Series], *names: str) -> list[Series]:
    r"""The series merged over all labels but these, systems in the order of the papers."""
    return merged(curves(found, *names), lambda row: row.labels)


def curves(found: Iterable[Series], *names: str) -> list[Series]:
    r"""The same, but instances that were measured at other depths apart: the most instances first."""
    blank = dict.fromkeys((label for label in LABELS if label not in names), "")
    rows = merged((replace(row, **blank) for row in found), lambda row: (row.labels, row.grid))
    return sorted(rows, key=lambda s: (rank(s.system), s.regularizer, s.family, -s.instances, s.grid))


def shown(found: Sequence[Series]) -> list[Series]:
    r"""What curves are made of: the independent draws; without any, what was sampled; else everything."""
    choices = ([s for s in found if s.independent], [s for s in found if s.route == "sampled"], found)
    return next((list(choice) for choice in choices if choice), [])


def listed(found: Sequence[Series]) -> list[Series]:
    r"""What is listed stratum by stratum: draws and corners of the sampled route; without it, everything."""
    return [s for s in found if s.route == "sampled"] or list(found)


def orders(found: Iterable[Series]) -> list[Series]:
    r"""The rows of a table of orders: each system, below it its regularisers; independent draws alone."""
    draws = [s for s in found if s.independent]
    single = [s for s in pooled(draws, "system", "regularizer") if s.regularizer]
    whole = pooled(draws, "system")
    return [row for s in whole for row in (s, *(one for one in single if one.system == s.system))]


def order(row: Series) -> dict[str, Any]:
    r"""The order fitted to these instances: mean, 95 % interval by Student's t, extremes."""
    low, high = row.order.interval or (None, None)
    extremes = {"min": row.order.smallest, "max": row.order.largest}
    return {"n": row.order.n, "mean": row.order.mean, "low": low, "high": high, **extremes}


def geometric(found: Moments) -> dict[str, Any]:
    r"""Geometric mean and extremes of what these are the moments of log2 of."""
    values = {"mean": found.mean, "min": found.smallest, "max": found.largest}
    return {"n": found.n, **{name: power(value) for name, value in values.items()}}


def power(exponent: float | None) -> float | None:
    r"""2 to this power; infinite where that is too large for a float."""
    if exponent is None:
        return None
    return math.exp2(exponent) if exponent < 1024 else math.inf
