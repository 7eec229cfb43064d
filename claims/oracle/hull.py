r"""R(u) = max_i <a_i, u>: its subdifferential is the hull of the active slopes, its prox leaves what the
projection on the hull of a a_i takes away. All faces are tried.

The projection lies inside a simplex of affinely independent points (Caratheodory), and is the one point whose
weights are >= 0 and whose residual r has <r, a_i - a_0> <= 0 for all i. Floats: of all 2^k - 1 faces the one
that misses these least, in units of length. Balls: the faces in that order, solved with twice the digits,
until `certificate.error` of one is within round-off; that error is part of the answer.

Which slopes are active at u is decided in floats with products that are exact to 30 digits, on the very
numbers of u: where u is close to a kink but not on it, the set is smaller and the distance larger.
In balls, values that agree to 40 of 60 digits count as equal (a decision, not a proof); other overlaps
are left open, and the answer is the union.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from claims.oracle import certificate
from claims.oracle.elementary import (
    Array,
    ball,
    counts_as_zero,
    is_ball,
    largest,
    matvec,
    midpoint,
    norm,
    to_ball,
    to_float,
    total,
    union,
    vanishing,
    zeros_like,
)
from claims.oracle.exact import differences_to_largest

Face = tuple[int, ...]
NEARLY = 2.0**-44  # 0 is in a hull if it is as near as this, times the longest slope
DEPENDENT = 64 * 2.0**-53  # a direction of which less than this part is new counts as spanned


def residual(slopes: Array, v: Array, a: Array, active: Any = True) -> Array:
    """v (..., d) less its projection on a (...) times the hull of the active ones of slopes (..., k, d)."""
    lead, (k, d) = np.broadcast_shapes(slopes.shape[:-2], v.shape[:-1], a.shape), slopes.shape[-2:]
    slopes, v = np.broadcast_to(slopes, (*lead, k, d)), np.broadcast_to(v, (*lead, d))
    a, active = np.broadcast_to(a, lead), np.broadcast_to(active, (*lead, k))
    if not is_ball(slopes, v):
        points = a[..., None, None] * slopes
        return _nearest(points.reshape(-1, k, d), v.reshape(-1, d), active.reshape(-1, k)).reshape(*lead, d)
    result = zeros_like(v)
    for where in np.ndindex(*lead):
        result[where] = _enclosed(slopes[where][active[where]], v[where], ball(a[where]))
    return result


def _nearest(points: Array, v: Array, active: Array) -> Array:
    best, result = np.full(len(v), np.inf), v.copy()
    peak = np.maximum(np.max(np.abs(points), axis=(-2, -1), initial=0), np.max(np.abs(v), axis=-1, initial=0))
    scale = np.ldexp(1.0, np.frexp(peak)[1])[:, None]
    for _, miss, left in _faces(points / scale[..., None], v / scale, active):
        better = miss < best
        best = np.where(better, miss, best)
        result = np.where(better[:, None], left * scale, result)
    return result


def _faces(points: Array, v: Array, active: Array) -> Iterator[tuple[Face, Array, Array]]:
    """Every face, how far it misses the conditions (inf: no face), what the projection on it leaves."""
    k = points.shape[1]
    for base in range(k):
        steps = points - points[:, base : base + 1]
        sizes = norm(steps)
        units = steps / np.where(sizes > 0, sizes, 1.0)[..., None]
        tree = _Tree(units, sizes, active)
        yield from tree.grow((base,), v - points[:, base], active[:, base], [], [], [])


class _Tree:
    """The faces with one base point: each more point adds one direction by Gram-Schmidt, done twice."""

    def __init__(self, units: Array, sizes: Array, active: Array) -> None:
        self.units, self.sizes, self.active = units, sizes, active

    def grow(
        self, face: Face, left: Array, valid: Array, basis: list[Array], R: list[list[Array]], c: list[Array]
    ) -> Iterator[tuple[Face, Array, Array]]:
        yield face, np.where(valid, self.miss(face, left, R, c), np.inf), left
        for j in range(face[-1] + 1, self.units.shape[1]):
            fresh, column = self.units[:, j], [np.zeros(len(left)) for _ in basis]
            for _ in range(2):
                for i, q in enumerate(basis):
                    along = _dot(q, fresh)
                    fresh, column[i] = fresh - along[:, None] * q, column[i] + along
            height = norm(fresh)
            spans = valid & self.active[:, j] & (height > DEPENDENT) & (self.sizes[:, j] > 0)
            if not np.any(spans):
                continue
            q = fresh / np.where(height > 0, height, 1.0)[:, None]
            along = _dot(q, left)
            rest = left - along[:, None] * q
            for other in [*basis, q]:
                rest = rest - _dot(other, rest)[:, None] * other
            yield from self.grow((*face, j), rest, spans, [*basis, q], [*R, [*column, height]], [*c, along])

    def miss(self, face: Face, left: Array, R: list[list[Array]], c: list[Array]) -> Array:
        """Largest of the lengths by which a weight is negative or a slope outside the face is uphill."""
        uphill = np.where(self.active, np.matmul(self.units, left[..., None])[..., 0], 0.0)
        uphill[:, face] = 0.0
        worst = np.maximum(np.max(uphill, axis=-1), 0.0)
        lengths, used = [np.zeros(0)] * len(c), np.zeros(len(left))  # back substitution, in units of length
        for i in reversed(range(len(c))):
            above = sum((R[m][i] * lengths[m] for m in range(i + 1, len(c))), np.zeros(len(left)))
            lengths[i] = (c[i] - above) / np.where(R[i][i] > 0, R[i][i], 1.0)
            size = self.sizes[:, face[i + 1]]
            used = used + lengths[i] / np.where(size > 0, size, 1.0)
            worst = np.maximum(worst, -lengths[i])
        longest = np.max(self.sizes[:, face], axis=-1)
        return np.maximum(worst, (used - 1) * longest)


def _dot(x: Array, y: Array) -> Array:
    return np.einsum("ni,ni->n", x, y)


def _enclosed(slopes: Array, v: Array, a: arb) -> Array:
    """Residual of one ball vector."""
    points = to_float(a * slopes)[None]
    tried = _faces(points, to_float(v)[None], np.ones(points.shape[:2], dtype=bool))
    order = sorted((float(miss[0]), face) for face, miss, _ in tried)
    longest = ball(largest(norm(midpoint(slopes))).item())
    goal = arb(10) ** (-ctx.dps) * (ball(norm(midpoint(v)).item()) + a * longest)
    known = ball(norm(v - midpoint(v)).item()) + (a - a.mid()) * longest
    best: tuple[arb, Array] = longest * a + known, v
    with certificate.doubled():
        for miss, face in order:
            weights = (
                None if miss == np.inf else _weights(a.mid() * midpoint(slopes)[list(face)], midpoint(v))
            )
            if weights is None:
                continue
            slope = total(weights * np.swapaxes(slopes[list(face)], 0, 1))
            q = midpoint(v - a * slope)
            error = certificate.error(v, a * slope, q, a * largest(matvec(slopes - slope, q)).item())
            if error < best[0]:
                best = error, q
            if error < goal + 4 * abs(known):
                break
    return best[1] + arb(0, best[0].upper())


def _weights(points: Array, v: Array) -> Array | None:
    """Weights of the projection of v on the affine hull, made >= 0 with sum 1; None if it is degenerate."""
    steps, s = points[1:] - points[0], len(points) - 1
    if not s:
        return to_ball(np.ones(1))
    D = arb_mat(s, len(v), list(steps.flat))
    try:
        found = (D * D.transpose()).solve(D * arb_mat(len(v), 1, list(v - points[0]))).entries()
    except ZeroDivisionError:
        return None
    inner = [x.mid().max(0) for x in found]
    first = (1 - sum(inner, arb(0))).mid().max(0)
    weights = np.array([first, *inner], dtype=object)
    return weights / total(weights)


def value(slopes: Array, u: Array) -> Array:
    """max_i <a_i, u>."""
    return largest(matvec(slopes, u))


def prox(slopes: Array, v: Array, a: Array) -> Array:
    """v less its projection on a times the hull."""
    return residual(slopes, v, a)


def minimal_subgradient(slopes: Array, u: Array) -> Array:
    """Point of least norm in the hull of the active slopes."""
    active, open_ = _active(slopes, u)
    result = -residual(slopes, zeros_like(u), zeros_like(u[..., 0]) + 1, active)
    for where in zip(*np.nonzero(open_), strict=True):
        for slope in np.broadcast_to(slopes, (*active.shape, u.shape[-1]))[where][active[where]]:
            result[where] = union(result[where], slope)
    return result


def distance(slopes: Array, u: Array, s: Array, sigma: Array) -> Array:
    """Distance of s (..., d) to sigma (...) times the hull of the active slopes at u (..., d)."""
    active, open_ = _active(slopes, u)
    result = np.asarray(norm(residual(slopes, s, sigma, active)))
    shape, k = result.shape, active.shape[-1]
    active, open_ = np.broadcast_to(active, (*shape, k)), np.broadcast_to(open_, shape)
    singles = s[..., None, :] - sigma[..., None, None] * slopes if np.any(open_) else s
    for where in zip(*np.nonzero(open_), strict=True):  # fewer active slopes make it larger, one at least is
        for i in np.flatnonzero(active[where]):
            alone = np.broadcast_to(singles, (*shape, *singles.shape[-2:]))[where]
            result[where] = union(result[where], norm(alone[i]))[()]
    return result


def contains_zero(slopes: Array) -> Array:
    """Whether 0 is in the hull of slopes (..., k, d), up to round-off; in balls to 40 of 60 digits."""
    left = residual(slopes, zeros_like(slopes[..., 0, :]), zeros_like(slopes[..., 0, 0]) + 1)
    size = largest(norm(slopes))
    if is_ball(slopes):
        return counts_as_zero(norm(left), size)
    return norm(left) <= NEARLY * size


def _active(slopes: Array, u: Array) -> tuple[Array, Array]:
    """Which slopes are, or may be, active at u (..., k), and where that is open (...)."""
    if not is_ball(u):
        behind, scale = differences_to_largest(slopes, u)
        active = behind >= -(2.0**-98) * scale
        return active, np.zeros(active.shape[:-1], dtype=bool)
    u = vanishing(u)
    z, zero = matvec(slopes, u), arb(0)
    behind = z - largest(midpoint(z))[..., None]
    scale = (largest(norm(slopes)) * norm(u))[..., None]
    sure = counts_as_zero(union(behind, zero), scale)
    top = largest(z)[..., None]
    possible = np.asarray(np.frompyfunc(lambda x, most: not x < most, 2, 1)(z, top), dtype=bool)
    undecided = np.any(possible & ~sure, axis=-1) & (np.sum(possible, axis=-1) > 1)
    return possible, undecided
