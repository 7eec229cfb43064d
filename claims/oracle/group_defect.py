r"""The radius of a piecewise polynomial trajectory of the limit system with a group norm.

With q = -v' - K v + c and limit = sigma w of a group, an element p of limit d|v_g| is chosen and constant 4.6
is given the residual |q - p|, bounded over the whole of each interval:

* v_g = 0: p = q cut off at the limit, so the residual is (|q|^2 - limit^2)_+ / (|q| + limit);
* else p = limit e, e = v_g / |v_g|. With x = |q ^ v_g| / |v_g| (the wedge product), the part of q across e,
  <q, e> = sqrt(|q|^2 - x^2) if it is positive: the residual is at most x + (||q|^2 - limit^2| + x^2) / limit.
  Only polynomials occur. A power of t that v_g starts with cancels from x and is taken out of v_g first;
* one coordinate: p = sign * limit, and where the sign is wrong that is an eps-subgradient (`flow`).

The residual is never more than |q| + limit, which is what counts if the bound of |v_g| from below fails.
Polynomials are bounded by the sum of their Chebyshev coefficients on eighths of the interval; the change from
monomials has entries >= 0 and column sums <= 1, so its rounding error is a few round-offs of sum |a_k| (N. J.
Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002, section 3.1). As in `defect`, bounds are
rigorous up to second-order terms of round-off and LAPACK's eigenvalues.
"""

import numpy as np
from numpy.polynomial import chebyshev, polynomial

from claims.oracle.bernstein import DEGREE as PRODUCT_DEGREE
from claims.oracle.bernstein import FROM_MONOMIALS, MARGIN, negative_part
from claims.oracle.elementary import Array, norm
from claims.oracle.flow import UNIT, energy_bound, growth_rate
from claims.oracle.group_step import DEGREE

PARTS = 8
SLACK = 6 * (PRODUCT_DEGREE + 1) * UNIT  # rounding of products and of the change of basis, per sum |a_k|


def _chebyshev(first: float, last: float) -> Array:
    """Chebyshev coefficients on [first, last] of the monomials: (PRODUCT_DEGREE+1, PRODUCT_DEGREE+1)."""
    columns, power = [], np.ones(1)
    place = np.array([(first + last) / 2, (last - first) / 2])
    for _ in range(PRODUCT_DEGREE + 1):
        columns.append(np.pad(chebyshev.poly2cheb(power), (0, PRODUCT_DEGREE + 1 - len(power))))
        power = polynomial.polymul(power, place)
    return np.stack(columns, axis=1)


ON_PARTS = np.stack([_chebyshev(i / PARTS, (i + 1) / PARTS) for i in range(PARTS)])


def padded(a: Array) -> Array:
    """Coefficients (..., n) with zeros up to PRODUCT_DEGREE + 1."""
    return np.concatenate([a, np.zeros((*a.shape[:-1], PRODUCT_DEGREE + 1 - a.shape[-1]))], axis=-1)


def product(a: Array, b: Array) -> Array:
    """Products of polynomials (DEGREE+1, ...), (DEGREE+1, ...), constant terms first."""
    result = np.zeros((PRODUCT_DEGREE + 1, *np.broadcast_shapes(a.shape[1:], b.shape[1:])))
    for k in range(DEGREE + 1):
        result[k : k + DEGREE + 1] += a[k] * b
    return result


def square(q: Array) -> Array:
    """|q|^2 of a vector (DEGREE+1, m) of polynomials: (PRODUCT_DEGREE+1,)."""
    return np.sum(product(q, q), axis=-1)


def radius(
    controls: tuple[Array, Array, Array],
    weights: Array,
    members: list[Array],
    u0: Array,
    times: Array,
    v: Array,
) -> float:
    """Bound of the distance to the solution over [0, 1], for one instance.

    Parameters
    ----------
    controls
        K (P, d, d), c (P, d), sigma (P,).
    weights, members
        w_g (G,) and the coordinates of each group.
    u0
        (d,).
    times, v
        (S+1,) and coefficients (S, DEGREE+1, d), as in `flow.Flow`.
    """
    K, c, sigma = controls
    P, S = len(sigma), len(v)
    cell = np.clip(np.searchsorted(np.arange(P + 1) / P, times[:-1], side="right") - 1, 0, P - 1)
    lengths = np.diff(times)
    residual, gap = np.zeros(S), np.zeros(S)
    for i in range(S):
        k = cell[i]
        residual[i], gap[i] = _interval(lengths[i], v[i], K[k], c[k], sigma[k] * weights, members)
    sizes = norm(np.sum(np.abs(v) * np.arange(1, DEGREE + 2)[:, None], axis=1))
    rounding = (2 * DEGREE + 8) * UNIT * sizes
    ends = np.concatenate([u0[None], np.sum(v[:-1, ::-1], axis=1)])
    jumps = norm(v[:, 0] - ends) + np.concatenate([np.zeros(1), rounding[:-1]])
    if P & (P - 1):  # n / P is rounded: the controls change too soon or too late by as much
        speeds = norm(K.reshape(P, -1)) * sizes.max() + norm(c) + sigma * norm(weights)
        jumps[1:] += np.where(np.diff(cell) > 0, 2 * UNIT * speeds.max(), 0.0)
    bound = energy_bound(growth_rate(K)[cell], lengths, residual, gap, jumps)
    return bound + float(rounding.max())


def _interval(
    length: float, v: Array, K: Array, c: Array, limits: Array, members: list[Array]
) -> tuple[float, float]:
    """Residual and gap, integrated over one interval."""
    velocity = np.zeros_like(v)
    velocity[:-1] = v[1:] * (np.arange(1, DEGREE + 1)[:, None] / length)
    q = -velocity - v @ K.T
    q[0] += c
    terms = np.sum(np.abs(velocity), axis=0) + np.sum(np.abs(v) @ np.abs(K).T, axis=0) + np.abs(c)
    rounding = (len(c) + 8) * UNIT * terms
    parts, whole, gap = np.zeros((len(members), PARTS)), 0.0, 0.0
    for g, (limit, at) in enumerate(zip(limits, members, strict=True)):
        whole += float(norm(rounding[at]))
        if limit == 0:
            parts[g] = norm(_most(padded(q[:, at].T)).T)
        elif not np.any(v[:, at]):
            whole += _beyond(q[:, at], limit)
        elif len(at) == 1:
            sign = np.sign(np.sum(v[:, at[0]] * 0.5 ** np.arange(DEGREE + 1)))
            apart = q[:, at[0]].copy()
            apart[0] -= sign * limit
            parts[g], path = _most(padded(apart)), padded(v[:, at[0]] * sign)
            gap += 2 * limit * _below_zero(path)
        else:
            parts[g] = _turning(q[:, at], v[:, at], limit)
    return length * (float(np.mean(norm(parts.T))) + whole), length * gap


def _most(a: Array) -> Array:
    """Bound of |polynomials| on each part: (..., PRODUCT_DEGREE+1) -> (..., PARTS)."""
    sizes = np.sum(np.abs(a), axis=-1)[..., None]
    return np.sum(np.abs(np.einsum("pjk,...k->...pj", ON_PARTS, a)), axis=-1) + SLACK * sizes


def _least(a: Array) -> Array:
    """Lower bound of a polynomial (PRODUCT_DEGREE+1,) on each part, (PARTS,)."""
    there = ON_PARTS @ a
    return there[:, 0] - np.sum(np.abs(there[:, 1:]), axis=-1) - SLACK * np.sum(np.abs(a))


def _below_zero(a: Array) -> float:
    r"""Bound of \int_0^1 max(0, -a)."""
    if (
        np.all((FROM_MONOMIALS @ a)[1:] > 0) and a[0] == 0
    ):  # it starts at zero: only its factor could be wrong
        lead = np.flatnonzero(a)[0]
        return _below_zero(np.concatenate([a[lead:], np.zeros(lead)]))
    return negative_part(a, MARGIN * float(np.sum(np.abs(a))))


def _beyond(q: Array, limit: float) -> float:
    r"""Bound of \int_0^1 (|q| - limit)_+ for a group at rest."""
    slack = -square(q)
    slack[0] += limit * limit
    margin = SLACK * (limit * limit + float(norm(np.sum(np.abs(q), axis=0))) ** 2)
    if (FROM_MONOMIALS @ slack).min() >= margin:
        return 0.0
    return negative_part(slack, margin) / limit


def _turning(q: Array, v: Array, limit: float) -> Array:
    """Bound of |q - limit v / |v|| on each part, (PARTS,), for a group of several coordinates."""
    lead = np.flatnonzero(np.any(v, axis=1))[0]
    y = np.concatenate([v[lead:], np.zeros((lead, v.shape[1]))])
    length = np.sqrt(np.maximum(_least(square(y)), 0.0))
    i, j = np.triu_indices(v.shape[1], 1)
    wedge = product(q[:, i], y[:, j]) - product(q[:, j], y[:, i])
    spread = np.sum(np.abs(q), axis=0), np.sum(np.abs(y), axis=0)
    rounding = 2 * SLACK * float(norm(spread[0]) * norm(spread[1]))
    across = norm(_most(wedge.T).T) + rounding
    strength = square(q)
    strength[0] -= limit * limit
    excess = _most(strength) + SLACK * (limit * limit + float(norm(spread[0])) ** 2)
    along = np.sum(product(q, y), axis=-1)
    known = (length > 0) & (_least(along) > rounding)
    x = across / np.where(known, length, 1.0)
    worst = norm(_most(padded(q.T)).T) + limit
    return np.where(known, np.minimum(x + (excess + x * x) / limit, worst), worst)
