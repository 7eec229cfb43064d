r"""The radius of a piecewise polynomial trajectory of the limit system with a group norm.

With q = -v' - K v + c and limit = sigma w of a group, an element p of limit d|v_g| is chosen and constant 4.6
is given the residual |q - p|, bounded over the whole of each interval:

* v_g = 0: p = q cut off at the limit, so the residual is (|q| - limit)_+;
* else p = limit e, e = v_g / |v_g|. With x = |q ^ v_g| / |v_g| (the wedge product), the part of q across e,
  <q, e> = sqrt(|q|^2 - x^2) if it is positive: the residual is at most x + (||q|^2 - limit^2| + x^2) / limit.
  Only polynomials occur. A power of t that v_g starts with cancels from x and is taken out of v_g first;
* one coordinate: p = sign * limit, and where the sign is wrong that is an eps-subgradient (`flow`).

The residual is never more than |q| + limit, which is what counts if the bound of |v_g| from below fails.
On eighths of the interval polynomials are bounded by the sum of their Chebyshev coefficients, from below by
the least Bernstein coefficient; both changes from monomials have entries in [0, 1], so their rounding error
is a few round-offs of sum |a_k| (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002,
section 3.1). As in `defect`, the bounds are rigorous up to second-order terms of round-off and to LAPACK's
eigenvalues.
"""

import numpy as np
from numpy.polynomial import chebyshev

from claims.oracle.bernstein import DEGREE as PRODUCT_DEGREE
from claims.oracle.bernstein import FROM_MONOMIALS, MARGIN, negative_part
from claims.oracle.elementary import Array, norm
from claims.oracle.flow import UNIT, energy_bound, growth_rate
from claims.oracle.group_step import DEGREE

PARTS = 8
SLACK = 6 * (PRODUCT_DEGREE + 1) * UNIT  # rounding of products and of the change of basis, per sum |a_k|


def _powers(start: float, slope: float) -> list[Array]:
    """Coefficients of (start + slope x)^k, k = 0, ..., PRODUCT_DEGREE."""
    powers, factor = [np.ones(1)], np.array([start, slope])
    for _ in range(PRODUCT_DEGREE):
        powers.append(np.convolve(powers[-1], factor))
    return powers


def _basis(columns: list[Array]) -> Array:
    return np.stack([np.pad(x, (0, PRODUCT_DEGREE + 1 - len(x))) for x in columns], axis=1)


_STARTS = np.arange(PARTS) / PARTS
CHEBYSHEV = (
    np.stack(  # coefficients of the monomials on each part: (PARTS, PRODUCT_DEGREE+1, PRODUCT_DEGREE+1)
        [_basis([chebyshev.poly2cheb(x) for x in _powers(s + 0.5 / PARTS, 0.5 / PARTS)]) for s in _STARTS]
    )
)
BERNSTEIN = np.stack([FROM_MONOMIALS @ _basis(_powers(s, 1 / PARTS)) for s in _STARTS])


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
    return np.sum(np.abs(np.einsum("pjk,...k->...pj", CHEBYSHEV, a)), axis=-1) + SLACK * sizes


def _least(a: Array) -> Array:
    """Lower bound of a polynomial (PRODUCT_DEGREE+1,) on each part, (PARTS,)."""
    return np.min(BERNSTEIN @ a, axis=-1) - SLACK * np.sum(np.abs(a))


def _below_zero(a: Array) -> float:
    r"""Bound of \int_0^1 max(0, -a)."""
    if (
        np.all((FROM_MONOMIALS @ a)[1:] > 0) and a[0] == 0
    ):  # it starts at zero: only its factor could be wrong
        lead = np.flatnonzero(a)[0]
        return _below_zero(np.concatenate([a[lead:], np.zeros(lead)]))
    return negative_part(a, MARGIN * float(np.sum(np.abs(a))))


def _beyond(q: Array, limit: float) -> float:
    r"""Bound of \int_0^1 (|q| - limit)_+ for a group at rest; x -> sqrt(limit^2 + x) is concave."""
    slack = -square(q)
    slack[0] += limit * limit
    margin = SLACK * (limit * limit + float(norm(np.sum(np.abs(q), axis=0))) ** 2)
    if (FROM_MONOMIALS @ slack).min() >= margin:
        return 0.0
    excess = negative_part(slack, margin)
    return excess / (limit + float(np.sqrt(limit * limit + excess)))


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
