r"""The indicator of the box [-w, w]^d, and distances to sets that may be empty.

The subdifferential is the normal cone: {0} inside, a half-line for each entry on the boundary, empty outside,
where the distance is inf (in balls where that is open: undefined).
"""

from typing import Any

import numpy as np
from flint import arb

from claims.oracle.elementary import (
    Array,
    absolute,
    choose,
    elementwise,
    is_ball,
    maximum,
    norm,
    sign,
    to_ball,
    to_float,
    zeros_like,
)


def value(half_width: Array, u: Array) -> Array:
    """0 in the box, inf outside."""
    outside, possible = _outside(half_width, u)
    return _marked(zeros_like(u[..., 0]), np.any(outside, axis=-1), np.any(possible, axis=-1))


def minimal_subgradient(half_width: Array, u: Array) -> Array:
    """0 in the box; infinite away from it outside, where there is none."""
    outside, possible = _outside(half_width, u)
    result = _marked(zeros_like(u), outside, possible)
    return np.where(outside & (to_float(u) < 0), -result, result)


def distance(half_width: Array, u: Array, s: Array, sigma: Array) -> Array:
    """Distance of s (..., d) to sigma (...) times the normal cone at u (..., d)."""
    inside, edge = absolute(s), maximum(-s * sign(u), 0.0)
    entries = choose(maximum(half_width - absolute(u), 0.0), edge, inside)
    return or_empty(entries, s, sigma, *_outside(half_width, u))


def or_empty(entries: Array, s: Array, sigma: Array, empty: Array, possible: Array) -> Array:
    """Norm of the distances entry by entry, inf where one set is empty; |s| where sigma is 0."""
    marked = _marked(norm(entries), np.any(empty, axis=-1), np.any(possible, axis=-1))
    return choose(sigma, norm(s), marked)


def _marked(x: Array, certain: Any, possible: Any) -> Array:
    """inf where `certain`, undefined where only `possible`."""
    if not is_ball(x):
        return np.where(certain, np.inf, x)
    return np.where(certain, to_ball(np.inf), np.where(possible, np.asarray(arb.nan(), dtype=object), x))


def _outside(half_width: Array, u: Array) -> tuple[Array, Array]:
    """Where an entry is certainly, and where it may be, outside."""
    room = half_width - absolute(u)
    if not is_ball(room):
        return room < 0, room < 0
    tests = (elementwise(test, room) for test in (lambda e: bool(e < 0), lambda e: not e >= 0))
    certain, possible = (np.asarray(x, dtype=bool) for x in tests)
    return certain, possible
