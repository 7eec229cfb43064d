r"""Roots of the two cubics behind proximal maps: Newton's method in floats, enclosures in balls."""

import numpy as np
from flint import arb, ctx

from claims.oracle.elementary import Array, digits, elementwise, is_ball


def half_power(v: Array, a: Array) -> Array:
    """Largest root of y^3 - v y + a/2 for v > 0, where it has one."""
    return elementwise(_viete, v, a) if is_ball(v, a) else _from_the_right(v, a)


def _from_the_right(v: Array, a: Array) -> Array:
    """Newton from the right of the largest root, where the cubic is convex and increasing: monotone."""
    y = np.sqrt(v)
    for _ in range(8):
        y = y - (y * (y * y - v) + a / 2) / (3 * y * y - v)
    return y


def _viete(v: arb, a: arb) -> arb:
    inner = -(3 * a / (4 * v)) * (3 / v).sqrt()
    return 2 * (v / 3).sqrt() * (inner.max(-1).acos() / 3).cos()


def shrinkage(c: Array) -> Array:
    """The root s in (0, 1] of c s^3 + s = 1 for c >= 0: prox of a |.|^4 / 4 is s v with c = a |v|^2."""
    if is_ball(c):
        return elementwise(_between, c)
    s = np.minimum(1.0, np.cbrt(1 / np.maximum(c, 1.0)))
    for _ in range(8):  # from the right of the root of a convex increasing function: monotone
        s = s - ((c * s * s * s - 1) + s) / (3 * c * s * s + 1)
    return s


def _between(c: arb) -> arb:
    """Decreasing in c: the roots at both ends, each between two numbers where the sign changes."""
    return _root(c.lower().max(0), lower=False).union(_root(c.upper().max(0), lower=True))


def _root(c: arb, lower: bool) -> arb:
    goal = ctx.dps
    with digits(goal + 15):
        s = arb(float(shrinkage(np.asarray(float(c.mid())))))
        for _ in range(goal.bit_length() + 2):
            s = (s - ((c * s * s * s - 1) + s) / (3 * c * s * s + 1)).mid()
        width = s * arb(10) ** (-goal - 5)
        while True:
            low, high = (s - width).mid(), (s + width).mid()
            below, above = (c * x * x * x + x - 1 for x in (low, high))
            if below <= 0 and above >= 0:
                return low if lower else high
            width *= 16
