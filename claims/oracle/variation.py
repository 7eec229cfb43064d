r"""Total variation sum_i |u_{i+1} - u_i| on a line, by a minmax formula: no search for the plateaus.

The minimiser of 1/2 ||u - v||^2 + sum_j w_j |u_{j+1} - u_j| is

    u_i = max_J min_I (sum_I v +- w_left +- w_right) / |I|    over intervals J containing I containing i,

with + at an end of I inside J and - at an end that I shares with J (nothing at the ends of the line).
Proof: the dual z, |z_j| <= w_j, gives sum_I u = sum_I v + z_right - z_left. For J = the largest interval
around i with u >= u_i the ends are saturated, so every I in it has a quotient >= u_i; and in any J the
largest interval around i with u <= u_i has one <= u_i. (S. Chatterjee, arXiv:2410.03041, has it for equal
weights.) A maximum of minima of continuous functions survives ball arithmetic.

Subgradients: floats decide "u_{i+1} = u_i" by equality. In balls a jump of less than 10^-40 of the length of
u (at 60 digits) counts as none, a decision, not a proof; other open signs give the union.
"""

import itertools
import math
from typing import Any

import numpy as np
from flint import arb

from claims.oracle.elementary import (
    Array,
    ball,
    counts_as_zero,
    is_ball,
    may_be_zero,
    norm,
    sign,
    to_ball,
    total,
    union,
    vanishing,
    zeros_like,
)

MOST_OPEN = 4  # more open signs than this are answered by a bound instead of by all cases


def value(u: Array) -> Array:
    """Total variation, (..., d) -> (...)."""
    return total(abs(u[..., 1:] - u[..., :-1]))


def denoise(v: Array, weights: Array) -> Array:
    """The minimiser for v (..., d) and weights (..., d - 1) >= 0 of the jumps."""
    d = v.shape[-1]
    lead = np.broadcast_shapes(v.shape[:-1], weights.shape[:-1])
    n = math.prod(lead)
    v, weights = (np.broadcast_to(x, (*lead, k)).reshape(n, k).T for x, k in ((v, d), (weights, d - 1)))
    none = zeros_like(v[:1])
    sums = np.concatenate([none, np.cumsum(v, axis=0)])
    ends = np.concatenate([none, weights, none])  # the edge before each entry, and the one after the last
    least, most = (_LEAST, _MOST) if is_ball(v) else (np.minimum, np.maximum)
    entries = [_entry(sums, ends, i, least, most) for i in range(d)]
    return np.stack(entries, axis=-1).reshape(*lead, d)


def _entry(sums: Array, ends: Array, i: int, least: Any, most: Any) -> Array:
    """Entry i; axes 0, 1 of the tables are the first entry of I, from i down, and its last one, from i up."""
    d = len(sums) - 1
    length = (np.arange(1, i + 2)[:, None] + np.arange(d - i)[None, :])[..., None]
    sum_ = sums[None, i + 1 :] - sums[i::-1, None]
    left, right = ends[i::-1, None], ends[None, i + 1 :]
    result = (sum_ - (left + right)) / length  # I = J
    inside = least.accumulate(least.accumulate((sum_ + (left + right)) / length, axis=0), axis=1)
    first_shared = least.accumulate((sum_ + (right - left)) / length, axis=1)
    last_shared = least.accumulate((sum_ + (left - right)) / length, axis=0)
    result[1:, 1:] = least(result[1:, 1:], inside[:-1, :-1])
    result[:, 1:] = least(result[:, 1:], first_shared[:, :-1])
    result[1:] = least(result[1:], last_shared[:-1])
    return most.reduce(most.reduce(result, axis=0), axis=0)


def minimal_subgradient(u: Array) -> Array:
    """Least-norm element of the subdifferential {D^T z : z_j = sign(jump_j), or in [-1, 1] where it is 0}."""
    sigma, any_ = zeros_like(u[..., 0]) + 1, to_ball(zeros_like(u)) + arb(0, 2)
    return -_nearest(u, zeros_like(u), sigma, lambda residual: residual, any_)


def distance(u: Array, s: Array, sigma: Array) -> Array:
    """Distance of s (..., d) to sigma (...) times the subdifferential at u (..., d); all of one kind."""
    any_ = union(norm(s) + 2 * sigma * math.sqrt(u.shape[-1]), 0.0) if is_ball(u) else sigma
    return np.asarray(_nearest(u, s, sigma, norm, any_))


def _nearest(u: Array, s: Array, sigma: Array, measure: Any, any_: Array) -> Array:
    """`measure` of s less its projection; where too many signs are open, `any_` contains it."""
    lead = np.broadcast_shapes(u.shape[:-1], s.shape[:-1], sigma.shape)
    u, s = (np.broadcast_to(x, (*lead, u.shape[-1])) for x in (u, s))
    u, sigma = vanishing(u), np.broadcast_to(sigma, lead)
    jump = u[..., 1:] - u[..., :-1]
    if not is_ball(u):
        return measure(_residual(s, sigma, np.sign(jump), jump == 0))
    same = counts_as_zero(jump, norm(u)[..., None])
    open_ = may_be_zero(jump) & ~same
    signs = np.where(open_, 0.0, np.where(same, to_ball(0.0), sign(jump)))
    result = np.asarray(measure(_residual(s, sigma, signs, same | open_)))
    for where in zip(*np.nonzero(np.any(open_, axis=-1)), strict=True):
        at = np.flatnonzero(open_[where])
        if len(at) > MOST_OPEN:
            result[where] = union(result[where], np.broadcast_to(any_, result.shape)[where])[()]
            continue
        for case in itertools.product((-1.0, 0.0, 1.0), repeat=len(at)):
            trial, free = signs[where].copy(), same[where].copy()
            trial[at], free[at] = to_ball(case), np.asarray(case) == 0
            option = measure(_residual(s[where], sigma[where], trial, free))
            result[where] = union(result[where], option)[()]
    return result


def _residual(s: Array, sigma: Array, signs: Array, free: Array) -> Array:
    """s less its projection on sigma D^T z: Moreau, with the given signs taken off and their edges cut."""
    sigma = np.asarray(sigma)[..., None]
    taken = sigma * signs
    none = zeros_like(s[..., :1])
    shift = np.concatenate([none, taken], axis=-1) - np.concatenate([taken, none], axis=-1)
    return denoise(s - shift, np.where(free, sigma, zeros_like(sigma)))


def _smaller(x: Any, y: Any) -> arb:
    """The smaller ball itself where that is decided: entries of one plateau stay identical balls."""
    x, y = ball(x), ball(y)
    return x if x < y else y if y < x else x if x is y or _identical(x, y) else x.min(y)


def _larger(x: Any, y: Any) -> arb:
    return -_smaller(-ball(x), -ball(y))


def _identical(x: arb, y: arb) -> bool:
    return bool(x.mid() == y.mid() and x.rad() == y.rad())


_LEAST, _MOST = np.frompyfunc(_smaller, 2, 1), np.frompyfunc(_larger, 2, 1)
