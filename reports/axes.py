r"""Logarithmic axes of a rate plot: what they reach over, and what is named on them.  All values are log2."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.orders import power
from reports.series import Series
from reports.text import NONE, SUPERSCRIPTS, scientific

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 280, 44, 42, 42, 42
DECADE = math.log2(10)

#: How far the axis follows a bound above the largest gap, and the band below the smallest mean.
ABOVE, UNDER = 6 * DECADE, 1.5 * DECADE

Point = tuple[float, float]


@dataclass(frozen=True)
class Axes:
    r"""The ranges that all panels of a figure share, in log2."""

    left: float
    right: float
    bottom: float
    top: float

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - self.left) / (self.right - self.left)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - self.bottom) / (self.top - self.bottom)

    def within(self, value: float) -> float:
        return min(max(value, self.bottom), self.top)


def size(exponent: float | None) -> str:
    r"""A gap or a bound in words, from its log2."""
    value = power(exponent)
    if value is None:
        return NONE
    if math.isinf(value):
        return "∞"
    return f"{value:.3g}" if 1e-2 <= value < 999.5 else scientific(value, 2)


def means(row: Series) -> list[Point]:
    return [(math.log2(d.N), d.gap.mean) for d in row.depths if d.gap.mean is not None]


def axes(rows: Iterable[Series]) -> Axes | None:
    r"""Ranges for the means, the slopes from the first and, unless it is too far off, the bound."""
    rows = list(rows)
    curves = [curve for curve in map(means, rows) if curve]
    if not curves:
        return None
    depths = [x for curve in curves for x, _ in curve]
    low = min(y for curve in curves for _, y in curve)
    side = 0.05 * (max(depths) - min(depths)) + 0.25
    low = min([low, *(c[0][1] - (max(depths) + side - c[0][0]) for c in curves if len(c) > 1)])
    points = [depth for row in rows for depth in row.depths if depth.gap.n]
    ranges = [(d.gap.smallest, d.gap.largest) for d in points]
    high = max(largest for _, largest in ranges if largest is not None)
    smallest = min(least for least, _ in ranges if least is not None)
    bounds = [d.bound.mean for d in points if d.bound.mean is not None and d.bound.mean <= high + ABOVE]
    bottom, top = max(min(low, smallest), low - UNDER), max([high, *bounds])
    pad = 0.04 * (top - bottom) + 0.5
    return Axes(min(depths) - side, max(depths) + side, bottom - pad, top + pad)


def levels(at: Axes) -> list[tuple[float, str]]:
    r"""The named values of the vertical axis: powers of ten, or their 1, 2 and 5-fold on a short axis."""
    first, last = math.ceil(at.bottom / DECADE), math.floor(at.top / DECADE)
    if last - first >= 1:
        step = max(1, math.ceil((last - first) / 6))
        return [(k * DECADE, f"10{str(k).translate(SUPERSCRIPTS)}") for k in range(first, last + 1, step)]
    found = [(math.log2(m) + k * DECADE, m, k) for k in range(first - 1, last + 2) for m in (1, 2, 5)]
    return [(y, size(y)) for y, _, _ in found if at.bottom <= y <= at.top]


def ticks(at: Axes, depths: Sequence[int]) -> list[int]:
    r"""The depths that are named: as many as fit side by side."""
    kept: list[int] = []
    free = -math.inf
    for n in depths:
        x = math.log2(n)
        if at.left <= x <= at.right and at.x(x) >= free + 3.5 * len(str(n)):
            kept.append(n)
            free = at.x(x) + 14
    return kept
