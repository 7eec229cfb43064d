r"""Scalar products to twice the digits of a float, for decisions about the very numbers that are given.

T. J. Dekker, Numer. Math. 18 (1971) 224-242: the rounding errors of a sum and of a product are floats
themselves and can be had exactly; T. Ogita, S. M. Rump, S. Oishi, SIAM J. Sci. Comput. 26 (2005) 1955-1988.
"""

import numpy as np

from claims.oracle.elementary import Array

SPLIT = 2.0**27 + 1


def dot(M: Array, x: Array) -> tuple[Array, Array]:
    """Rows of M (..., k, d) times x (..., d) as unevaluated sums high + low; high is low's nearest float."""
    terms = M * x[..., None, :]
    errors = _product_error(M, np.broadcast_to(x[..., None, :], terms.shape), terms)
    high, low = np.zeros(terms.shape[:-1]), np.zeros(terms.shape[:-1])
    for j in range(terms.shape[-1]):
        sum_ = high + terms[..., j]
        low = low + (_sum_error(high, terms[..., j], sum_) + errors[..., j])
        high = sum_
    rounded = high + low
    return rounded, _sum_error(high, low, rounded)


def differences_to_largest(M: Array, x: Array) -> tuple[Array, Array]:
    """(M x)_i - max_j (M x)_j <= 0, and the sums of absolute terms, both (..., k)."""
    high, low = dot(M, x)
    top = np.max(high, axis=-1, keepdims=True)
    behind = (high - top) + low
    scale = np.sum(np.abs(M * x[..., None, :]), axis=-1)
    return behind - np.max(behind, axis=-1, keepdims=True), np.max(scale, axis=-1, keepdims=True)


def _sum_error(a: Array, b: Array, sum_: Array) -> Array:
    part = sum_ - a
    return (a - (sum_ - part)) + (b - part)


def _product_error(a: Array, b: Array, product: Array) -> Array:
    high_a, low_a = _halves(a)
    high_b, low_b = _halves(b)
    return low_a * low_b - (((product - high_a * high_b) - low_a * high_b) - high_a * low_b)


def _halves(a: Array) -> tuple[Array, Array]:
    c = SPLIT * a
    high = c - (c - a)
    return high, a - high
