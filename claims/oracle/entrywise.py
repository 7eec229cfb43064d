r"""Elementary functions on float64 arrays and on object arrays of `flint.arb` ("ball arrays").

A function takes the ball route if any of its arguments is a ball array; floats are then converted exactly. On
the ball route every result encloses the true value for all points of the argument balls. Comparisons decide
only what holds for the whole ball: `is_zero` means "the ball is exactly zero", `may_be_zero` "the ball
contains zero".
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, ctx

Array = npt.NDArray[Any]

TINY, HUGE = 1e-140, 1e140  # outside this range squares may under- or overflow


@contextmanager
def digits(n: int = 60) -> Iterator[None]:
    """Work with `n` decimal digits in ball arithmetic inside the block (outside, flint's own default: 15)."""
    before = ctx.prec
    ctx.dps = n
    try:
        yield
    finally:
        ctx.prec = before


def ball(x: Any) -> arb:
    """The number `x` (float, int or arb) as a ball; floats exactly."""
    return x if isinstance(x, arb) else arb(float(x))


def is_ball(*arrays: Any) -> bool:
    """Whether any of the arrays is a ball array (or a single ball)."""
    return any(np.asarray(x).dtype == object for x in arrays)


def elementwise(function: Callable[..., Any], *arrays: Any) -> Array:
    """`function` of balls, entry by entry with broadcasting, as a ball array."""
    apply = np.frompyfunc(lambda *entries: function(*map(ball, entries)), len(arrays), 1)
    return np.asarray(apply(*map(np.asarray, arrays)), dtype=object)


def to_ball(x: Any) -> Array:
    """Ball array with exactly the values of `x`, float32 or float64 (ball arrays pass)."""
    return elementwise(lambda entry: entry, x)


def to_float(x: Any) -> npt.NDArray[np.float64]:
    """Midpoints of a ball array rounded to float64; float arrays pass."""
    x = np.asarray(x)
    return np.asarray(elementwise(lambda entry: float(entry.mid()), x) if is_ball(x) else x, dtype=np.float64)


def radius(x: Any) -> npt.NDArray[np.float64]:
    """Radii of a ball array as float64 (inf where a ball is unbounded or undefined); 0 for floats."""
    if not is_ball(x):
        return np.zeros(np.shape(x))
    radii = elementwise(lambda e: float(e.rad().upper()) if e.is_finite() else np.inf, x)
    return np.asarray(radii, dtype=np.float64)


def is_zero(x: Any) -> npt.NDArray[np.bool_]:
    """Where `x` is certainly zero."""
    return np.asarray(elementwise(arb.is_zero, x) if is_ball(x) else np.asarray(x) == 0, dtype=bool)


def may_be_zero(x: Any) -> npt.NDArray[np.bool_]:
    """Where `x` is or may be zero."""
    return np.asarray(
        elementwise(lambda e: e.contains(0), x) if is_ball(x) else np.asarray(x) == 0, dtype=bool
    )


def counts_as_zero(x: Any, scale: Any) -> npt.NDArray[np.bool_]:
    """Where `x` is zero: exactly, or in balls to 40 of 60 digits of `scale` (a decision, not a proof)."""
    if not is_ball(x, scale):
        return np.asarray(x) == 0
    smallest = arb(10) ** (-(2 * ctx.dps) // 3)
    near = elementwise(lambda e, s: e.is_zero() or (e.contains(0) and abs(e) <= smallest * s), x, scale)
    return np.asarray(near, dtype=bool)


def vanishing(x: Any) -> Array:
    """Ball vectors that may be 0 and are within 10^-40 (of 60 digits) of it made 0: a decision, no proof."""
    if not is_ball(x):
        return np.asarray(x)
    x, smallest = to_ball(x), arb(10) ** (-(2 * ctx.dps) // 3)
    tiny = np.frompyfunc(lambda e: e.contains(0) and bool(e <= smallest), 1, 1)(norm(x))
    return np.where(np.asarray(tiny, dtype=bool)[..., None], to_ball(0.0), x)


def midpoint(x: Any) -> Array:
    """Exact midpoints of balls; floats pass."""
    return elementwise(arb.mid, x) if is_ball(x) else np.asarray(x)


def union(x: Any, y: Any) -> Array:
    """Balls that contain both arguments: the honest answer where a decision is open."""
    return elementwise(arb.union, x, y)


def choose(x: Any, at_zero: Any, away: Any) -> Array:
    """`at_zero` where `x` is zero, `away` where it is not, their union where a ball does not decide."""
    if not is_ball(x, at_zero, away):
        return np.where(np.asarray(x) == 0, at_zero, away)
    certain, possible = is_zero(x), may_be_zero(x)
    result = np.where(certain, to_ball(at_zero), to_ball(away))
    both = union(at_zero, away) if np.any(possible & ~certain) else result
    return np.where(possible & ~certain, both, result)


def sqrt(x: Any) -> Array:
    """Square root of numbers known to be >= 0: the negative part of a ball is round-off and is cut off."""
    return elementwise(lambda e: e.nonnegative_part().sqrt(), x) if is_ball(x) else np.sqrt(x)


def cube_root(x: Any) -> Array:
    """Cube root of numbers known to be >= 0, cut off as for `sqrt`."""
    return elementwise(_cube_root, x) if is_ball(x) else np.cbrt(x)


def _cube_root(x: arb) -> arb:
    """Flint's root of a ball around zero is undefined: there the roots of its ends are taken."""
    x = x.nonnegative_part()
    low, high = (end.root(3) if end > 0 else arb(0) for end in (x.lower(), x.upper()))
    return x.root(3) if x > 0 else low.union(high)


def exp(x: Any) -> Array:
    """Exponential."""
    return elementwise(arb.exp, x) if is_ball(x) else np.exp(x)


def absolute(x: Any) -> Array:
    """Absolute value."""
    return elementwise(abs, x) if is_ball(x) else np.abs(x)


def sign(x: Any) -> Array:
    """Sign, 0 at 0; the ball [-1, 1] where a ball contains zero without being zero."""
    return elementwise(arb.sgn, x) if is_ball(x) else np.sign(x)


def maximum(x: Any, y: Any) -> Array:
    """Larger of two, entry by entry."""
    return elementwise(arb.max, x, y) if is_ball(x, y) else np.maximum(x, y)


def minimum(x: Any, y: Any) -> Array:
    """Smaller of two, entry by entry."""
    return elementwise(arb.min, x, y) if is_ball(x, y) else np.minimum(x, y)


def stack(arrays: Sequence[Any], axis: int = 0) -> Array:
    """`numpy.stack`, as balls if any of the arrays is one."""
    return np.stack(
        [to_ball(x) for x in arrays] if is_ball(*arrays) else [np.asarray(x) for x in arrays], axis
    )


def zeros_like(x: Any) -> Array:
    """Zeros of the same shape and kind."""
    return to_ball(np.zeros(np.shape(x))) if is_ball(x) else np.zeros(np.shape(x))


def total(x: Any) -> Array:
    """Sum over the last axis; 0 over an empty one."""
    result = np.sum(np.asarray(x), axis=-1)
    return to_ball(result) if is_ball(x) else np.asarray(result)


def largest(x: Any) -> Array:
    """Maximum over the last axis, which is not empty."""
    x = np.asarray(x)
    if not is_ball(x):
        return np.max(x, axis=-1)
    result = x[..., 0]
    for k in range(1, x.shape[-1]):
        result = maximum(result, x[..., k])
    return to_ball(result)


def descending(x: Any) -> Array:
    """Entries sorted over the last axis, largest first.

    Ball route: a network of compare-exchange steps, each an enclosure of (max, min), so that entry k encloses
    the k-th largest value whatever the true order of overlapping balls is.
    """
    if not is_ball(x):
        return -np.sort(-np.asarray(x), axis=-1)
    columns = list(np.moveaxis(to_ball(x), -1, 0))
    for last in range(len(columns) - 1, 0, -1):
        for j in range(last):
            p, q = columns[j], columns[j + 1]
            columns[j], columns[j + 1] = maximum(p, q), minimum(p, q)
    return np.stack(columns, axis=-1)


def norm(x: Any) -> Array:
    """Euclidean norm over the last axis; safe against under- and overflow of the squares."""
    x = np.asarray(x)
    if is_ball(x):
        return sqrt(total(x * x))  # not x**2: flint's power of a ball around zero is undefined
    with np.errstate(over="ignore", under="ignore"):
        result = np.asarray(np.sqrt(np.einsum("...i,...i->...", x, x)))
    extreme = ~((result > TINY) & (result < HUGE))
    if x.shape[-1] and np.any(extreme):
        rows = x[extreme]
        peak = np.max(np.abs(rows), axis=-1)
        scale = np.where((peak > 0) & (peak < np.inf), peak, 1.0)
        result[extreme] = scale * np.sqrt(np.sum((rows / scale[..., None]) ** 2, axis=-1))
    return result


def direction(x: Any) -> Array:
    """`x / norm(x)` over the last axis, 0 at 0; [-1, 1] where a ball vector may be zero without being it."""
    x = np.asarray(x)
    size = norm(x)[..., None]
    if not is_ball(x):
        return x / np.where(size == 0, 1.0, size)
    open_, zero = may_be_zero(size), np.all(is_zero(x), axis=-1)[..., None]
    quotient = to_ball(x) / np.where(open_, to_ball(1.0), size)
    anywhere = np.asarray(arb(0, 1), dtype=object)
    return np.where(zero, to_ball(0.0), np.where(open_, anywhere, quotient))


def matvec(M: Any, x: Any) -> Array:
    """Matrix (..., m, d) times vector (..., d)."""
    if not is_ball(M, x):
        return np.matmul(M, np.asarray(x)[..., None])[..., 0]
    return total(to_ball(M) * to_ball(x)[..., None, :])


def matmul(M: Any, P: Any) -> Array:
    """Matrix product over the last two axes."""
    return to_ball(np.matmul(to_ball(M), to_ball(P))) if is_ball(M, P) else np.matmul(M, P)
