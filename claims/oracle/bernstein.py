r"""Polynomials on [0, 1] of one fixed degree: first roots and bounds, by Bernstein coefficients.

A polynomial lies between the least and the largest of its Bernstein coefficients, the outer ones are its
values at the ends, and those of its derivative are DEGREE times their differences (G. Farin, Curves and
Surfaces for CAGD, 5th ed. 2002, chapter 5). The changes used here, from monomials and to one half of the
interval, have entries in [0, 1], so they are stable: the error is a few round-offs of sum |a_k|.
"""

import math

import numpy as np

from claims.oracle.elementary import Array

DEGREE = 24
FROM_MONOMIALS = np.array(
    [[math.comb(i, k) / math.comb(DEGREE, k) for k in range(DEGREE + 1)] for i in range(DEGREE + 1)]
)
LEFT = np.array([[math.comb(i, k) / 2.0**i for k in range(DEGREE + 1)] for i in range(DEGREE + 1)])
RIGHT = LEFT[::-1, ::-1].copy()
SHORTEST = 30  # halvings: a touching polynomial is below round-off over 2^-26 of the interval
MARGIN = (
    2 * DEGREE + 8
) * 2.0**-53  # rounding of a Bernstein coefficient on the whole interval, per sum |a_k|


def first_root(a: Array, small: float) -> float | None:
    """First point of [0, 1] where the polynomial a (DEGREE+1,), constant term first, stops being positive.

    No sign change is missed: an interval is left out only if all its Bernstein coefficients are positive.
    Where they are all at most `small` the polynomial counts as zero. None if it stays positive.
    """
    todo = [(0.0, 1.0, FROM_MONOMIALS @ a)]
    while todo:
        left, right, b = todo.pop()
        if b.min() > 0:
            continue
        if b[0] <= 0 or b.max() <= small:
            return left
        if b[-1] <= 0 and np.all(b[1:] < b[:-1]):
            return _refined(a.tolist(), left, right)
        if right - left < 2.0**-60:
            return left
        middle = (left + right) / 2
        todo += [(middle, right, RIGHT @ b), (left, middle, LEFT @ b)]
    return None


def _refined(a: list[float], left: float, right: float) -> float:
    """Root between `left` and `right`, where the polynomial decreases: Newton, else bisection."""
    x = left
    for _ in range(100):
        value = slope = 0.0
        for coefficient in reversed(a):
            slope = slope * x + value
            value = value * x + coefficient
        left, right = (x, right) if value > 0 else (left, x)
        following = x - value / slope if slope < 0 else math.inf
        if not left <= following <= right:
            following = (left + right) / 2
        if abs(following - x) <= 2.0**-51 * right:
            return following
        x = following
    return x


def negative_part(a: Array, margin: float) -> float:
    r"""Bound of \int_0^1 max(0, margin - a(s)) ds; sharp where the polynomial crosses or touches zero."""
    total, todo = 0.0, [(1.0, FROM_MONOMIALS @ a)]
    while todo:
        length, b = todo.pop()
        if b.min() >= margin:
            continue
        rise = b[1:] - b[:-1]
        bound = margin - b.min()
        if np.all(rise > 0) or np.all(rise < 0):  # least at an end, and as steep as this at least
            bound *= min(1.0, bound / (2 * DEGREE * np.abs(rise).min()))
        if b.max() <= margin or length < 2.0**-SHORTEST or length * bound < 2.0**-40 * margin:
            total += length * bound
        else:
            todo += [(length / 2, RIGHT @ b), (length / 2, LEFT @ b)]
    return total


def largest_value(a: Array, enough: float, small: float) -> float:
    """Bound of the maximum over [0, 1], within `small` of it unless it is less than `enough`."""
    worst, todo = -math.inf, [(1.0, FROM_MONOMIALS @ a)]
    while todo:
        length, b = todo.pop()
        top, ends = b.max(), max(b[0], b[-1])
        if top <= max(worst, enough, ends + small) or length < 2.0**-SHORTEST:
            worst = max(worst, top)
        else:
            worst = max(worst, ends)
            todo += [(length / 2, RIGHT @ b), (length / 2, LEFT @ b)]
    return worst
