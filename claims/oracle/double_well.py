r"""The double well sum_i min(|u_i|, |u_i - b_i|), b_i > 0: not convex, minimal at 0 and at b.

The Frechet subdifferential is that of the nearer |.|, and empty at b_i / 2, where both meet in a maximum.
"""

from typing import Any

import numpy as np
from flint import arb

from claims.oracle.box import or_empty
from claims.oracle.elementary import (
    Array,
    absolute,
    choose,
    elementwise,
    is_ball,
    is_zero,
    maximum,
    may_be_zero,
    minimum,
    sign,
    total,
)


def value(center: Array, u: Array) -> Array:
    """R(u), one number per vector."""
    return total(_depth(center, u))


def minimal_subgradient(center: Array, u: Array) -> Array:
    """The slope, by its three changes of sign; 0 at both wells, and at b_i / 2 by convention."""
    return sign(u) - sign(2 * u - center) + sign(u - center)


def distance(center: Array, u: Array, s: Array, sigma: Array) -> Array:
    """Distance of s (..., d) to sigma (...) times the Frechet subdifferential at u (..., d)."""
    each = sigma[..., None]
    away = absolute(s - each * minimal_subgradient(center, u))
    entries = choose(_depth(center, u), maximum(absolute(s) - each, 0.0), away)
    middle = 2 * u - center
    return or_empty(entries, s, sigma, is_zero(middle), may_be_zero(middle))


def prox(center: Array, v: Array, a: Array) -> Array:
    """What |.| or |. - b_i| alone leaves, whichever has less energy; a tie (or an open ball) takes b_i.

    Floats compare the energies to round-off, exactly only at v_i = b_i / 2 itself.
    """
    step = a[..., None]
    gain = _envelope(v - center, step) - _envelope(v, step)
    return np.where(_certainly_positive(gain), _shrink(v, step), center + _shrink(v - center, step))


def _depth(center: Array, u: Array) -> Array:
    return minimum(absolute(u), absolute(u - center))


def _shrink(x: Array, step: Array) -> Array:
    return maximum(x - step, 0.0) - maximum(-x - step, 0.0)


def _envelope(x: Array, step: Array) -> Array:
    """min_w (w - x)^2 / 2 + a |w|, the Moreau envelope; equal bit by bit at x and -x."""
    size = absolute(x)
    moved = minimum(size, step)
    return moved * (size - moved / 2)


def _certainly_positive(x: Any) -> Array:
    return np.asarray(elementwise(_above_zero, x) if is_ball(x) else x > 0, dtype=bool)


def _above_zero(x: arb) -> bool:
    return bool(x > 0)
