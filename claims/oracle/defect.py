r"""The radius of a piecewise polynomial trajectory of the limit system, from its coefficients alone.

Nothing of the solver is used but its word on which pieces of R are active where (`statuses`), and that word
is checked: a trajectory with the wrong pieces, multipliers or events comes out with a large radius. On each
interval, with q = -v' - K v + c, an element sigma p is chosen near q, and `flow.energy_bound` is given

* the residual |q - sigma p|: bounded over the whole interval by the absolute coefficients where it is
  round-off, by Bernstein coefficients where it is the part of a multiplier beyond its limits;
* the gap: p is in d_eps R(v), where sigma eps is the size of what contradicts the pieces (a sign, an order),
  bounded in the mean by `bernstein.negative_part`;
* the jumps between the intervals.

The gap enters by its root. So where it is more than round-off squared, and yet the contradiction no more than
round-off, the bound is that of a trajectory lifted by a constant of that size, which does stay on the
declared pieces; that this one is `shift` away costs a jump and K times the shift.

Every sum is widened by its rounding error (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd
ed. 2002, section 3.1: n operations cost n round-offs of the absolute terms, to first order). The bound is
rigorous but for second-order terms of round-off, and for what it takes from LAPACK: the eigenvalues in
`flow.growth_rate` and, for `max_affine`, the smallest singular value of the active slopes, both widened.
"""

from typing import NamedTuple

import numpy as np

from claims.oracle import hull_defect
from claims.oracle.bernstein import DEGREE, FROM_MONOMIALS, MARGIN, largest_value, negative_part
from claims.oracle.elementary import Array, norm
from claims.oracle.flow import UNIT, energy_bound, evaluation_error, growth_rate
from claims.oracle.modes import Status
from claims.oracle.parameters import Params
from claims.oracle.regularizers import growth

SMALL = 2.0**10  # a contradiction is round-off up to this many rounding errors


class Track(NamedTuple):
    """Polynomials on S intervals, controls on each of them, and q with its rounding error."""

    lengths: Array  # (S,)
    v: Array  # (S, DEGREE+1, d)
    K: Array  # (S, d, d)
    sigma: Array  # (S,)
    q: Array  # (S, DEGREE+1, d)
    rounding: Array  # (S, d)

    def where(self, chosen: Array) -> "Track":
        """The intervals in a mask or a slice."""
        return Track(*(x[chosen] for x in self))


def radius(
    name: str, params: Params, controls: tuple[Array, Array, Array], u0: Array, times: Array, v: Array,
    statuses: tuple[Status, ...],
) -> float:  # fmt: skip
    """Bound of the distance to the solution over [0, 1], for one instance.

    Parameters
    ----------
    name, params
        `l1`, `linf`, `total_variation`, `max_affine` or `huber`; array parameters with a batch axis of 1.
    controls
        K (P, d, d), c (P, d), sigma (P,).
    u0
        (d,).
    times, v, statuses
        As in `flow.Flow`: (S+1,), (S, DEGREE+1, d), S statuses of the solver.

    Raises
    ------
    ValueError
        If the times do not run from 0 to 1 through all breakpoints of the controls.
    """
    P = len(controls[0])
    grid = np.arange(P + 1) / P
    cell = np.searchsorted(grid, times[:-1], side="right") - 1
    if not (np.all(np.diff(times) > 0) and np.all(np.isin(grid, times)) and (times[0], times[-1]) == (0, 1)):
        raise ValueError(f"times: expected 0 to 1, increasing, through all n/{P}, got {times}")
    K, c, sigma = (x[cell] for x in controls)
    track = _track(np.diff(times), v, K, c, sigma)
    residual, gap, shift = np.zeros((3, len(v)))
    for chosen in (sigma == 0, sigma > 0):
        if np.any(chosen):
            known = [status for status, at in zip(statuses, chosen, strict=True) if at]
            found = _defect(name if sigma[chosen][0] else "", params, track.where(chosen), known)
            residual[chosen], gap[chosen], shift[chosen] = found
    residual += track.lengths * norm(K.reshape(len(K), -1)) * shift
    rounding = evaluation_error(v)
    ends = np.concatenate([u0[None], np.sum(v[:-1, ::-1], axis=1)])
    jumps = norm(v[:, 0] - ends) + 2 * shift + np.concatenate([np.zeros(1), rounding[:-1]])
    jumps[1:] += np.where(np.diff(cell) > 0, _clock(name, params, controls, v), 0.0)
    bound = energy_bound(growth_rate(controls[0])[cell], track.lengths, residual, gap, jumps)
    return bound + float(np.max(rounding + shift))


def _clock(name: str, params: Params, controls: tuple[Array, Array, Array], v: Array) -> float:
    """What the rounding of n/P, where the controls change, can cost: twice the largest speed, for 2^-53."""
    K, c, sigma = controls
    P, size = len(K), float(np.max(norm(_sizes(v))))
    if P & (P - 1) == 0:
        return 0.0
    C0, C1 = (float(np.max(x)) for x in growth(name, params)) if name else (0.0, 0.0)
    speeds = norm(K.reshape(P, -1)) * size + norm(c) + sigma * (C0 + C1 * size)
    return 2 * UNIT * float(np.max(speeds))


def _track(lengths: Array, v: Array, K: Array, c: Array, sigma: Array) -> Track:
    d = v.shape[-1]
    velocity = np.zeros_like(v)
    velocity[:, :-1] = v[:, 1:] * (np.arange(1, DEGREE + 1)[:, None] / lengths[:, None, None])
    KT = np.swapaxes(K, 1, 2)
    q = -velocity - v @ KT
    q[:, 0] += c
    size = np.sum(np.abs(velocity), axis=1) + np.sum(np.abs(v) @ np.abs(KT), axis=1) + np.abs(c)
    return Track(lengths, v, K, sigma, q, (d + 8) * UNIT * size)


def _defect(name: str, params: Params, track: Track, statuses: list[Status]) -> tuple[Array, Array, Array]:
    """Residual and gap, both integrated, and shift, each (S,)."""
    none = np.zeros(len(track.v))
    match name:
        case "":
            return track.lengths * norm(_sizes(track.q) + track.rounding), none, none
        case "l1":
            limits = track.sigma[:, None] * np.asarray(params["weights"], dtype=float)
            excess, gap, lift = _box(track.v, track.q, limits, np.array(statuses))
            return track.lengths * norm(excess + track.rounding), track.lengths * gap, norm(lift)
        case "total_variation":
            return _variation(track, np.array(statuses).reshape(len(none), -1))
        case "linf":
            return _largest(track, np.array(statuses))
        case "huber":
            return _huber(track, np.array(statuses), float(np.asarray(params["width"])[0])), none, none
        case _:
            return hull_defect.defect(np.asarray(params["slopes"], dtype=float)[0], track, statuses)


def _sizes(a: Array) -> Array:
    """Bounds of |polynomials| on [0, 1]: (S, DEGREE+1, ...) -> (S, ...)."""
    return np.sum(np.abs(a), axis=1)


def _box(h: Array, y: Array, limits: Array, signs: Array) -> tuple[Array, Array, Array]:
    """For sum_j limit_j |h_j|: how far multipliers y are from where they must be (S, J); gap (S,); lift.

    h, y: (S, DEGREE+1, J). Where the sign s is declared, y = s * limit and s h >= 0; elsewhere h = 0. The
    lift (S, J) is what has to be added to s h.
    """
    signed = np.abs(signs) == 1
    exact = _sizes(raised(y, -signs * limits))
    beyond = np.maximum(
        positive_parts(raised(y, -limits), ~signed), positive_parts(raised(-y, -limits), ~signed)
    )
    gap, lift = contradictions(h * signs[:, None, :], signed)
    gap = np.where(signed, gap, _sizes(h))
    return np.where(signed, exact, beyond), np.sum(2 * limits * gap, axis=1), lift


def raised(a: Array, by: Array) -> Array:
    """Polynomials (S, DEGREE+1, J) plus constants (S, J)."""
    result = a.copy()
    result[:, 0] += by
    return result


def positive_parts(a: Array, asked: Array) -> Array:
    """Bounds of sup max(0, a) on [0, 1] for polynomials a (S, DEGREE+1, J) where asked, (S, J)."""
    margin = MARGIN * _sizes(a)
    top = np.max(FROM_MONOMIALS @ a, axis=1)
    for i, j in zip(*np.nonzero(asked & (top > margin)), strict=True):
        top[i, j] = largest_value(a[i, :, j], 0.0, float(margin[i, j]))
    return np.where(asked, np.maximum(top + margin, 0.0), 0.0)


def negative_parts(h: Array, asked: Array) -> Array:
    r"""Bounds of \int_0^1 max(0, -h) ds for polynomials h (S, DEGREE+1, J) where asked, (S, J)."""
    margin = MARGIN * _sizes(h)
    result = np.zeros(margin.shape)
    lowest = np.min(FROM_MONOMIALS @ h, axis=1)
    for i, j in zip(*np.nonzero(asked & (lowest < margin)), strict=True):
        a = h[i, :, j]
        if a[0] == 0:  # h / s is larger, and away from zero at the start
            a = np.concatenate([a[1:], np.zeros(1)])
        result[i, j] = negative_part(a, float(margin[i, j])) if margin[i, j] else 0.0
    return result


def contradictions(h: Array, asked: Array) -> tuple[Array, Array]:
    r"""For polynomials h (S, DEGREE+1, J) that should be >= 0 where asked: gap and lift, both (S, J).

    Either the lift added to h makes it >= 0, or it is zero and the gap bounds \int_0^1 max(0, -h) ds.
    """
    gap, margin = negative_parts(h, asked), MARGIN * _sizes(h)
    lift = positive_parts(-h, asked & (gap > margin * margin))
    lifted = lift <= SMALL * margin
    return np.where(lifted & (lift > 0), 0.0, gap), np.where(lifted, lift, 0.0)


def _variation(track: Track, signs: Array) -> tuple[Array, Array, Array]:
    """q = D^T y for y_j = -(q_1 + ... + q_j) if all of q adds up to 0; D has norm 2 at most."""
    sums = np.cumsum(track.q, axis=2)
    limits = np.broadcast_to(track.sigma[:, None], signs.shape)
    apart, gap, lift = _box(np.diff(track.v, axis=2), -sums[:, :, :-1], limits, signs)
    d = track.v.shape[-1]
    rounding = np.sum(track.rounding, axis=1) + d * UNIT * np.sum(_sizes(track.q), axis=1)
    residual = 2 * norm(apart) + _sizes(sums[:, :, -1]) + (2 * d**0.5 + 1) * rounding
    return track.lengths * residual, track.lengths * gap, d**0.5 * np.sum(lift, axis=1)


def _largest(track: Track, signs: Array) -> tuple[Array, Array, Array]:
    """q = sigma sum y_i s_i e_i over the declared maximal entries, or in the l1 ball where none is."""
    held, S, d = signs != 0, np.arange(len(signs)), signs.shape[1]
    y = track.q * signs[:, None, :]
    total = np.sum(y, axis=2)
    total[:, 0] -= track.sigma
    residual = norm(np.where(held, 0.0, _sizes(track.q))) + _sizes(total)
    residual += 2 * np.sum(positive_parts(-y, held), axis=1)  # cut at zero, then scaled to the sum sigma
    first = np.argmax(held, axis=1)
    m = track.v[S, :, first] * signs[S, first][:, None]
    rows = np.concatenate([m[:, :, None] - track.v, m[:, :, None] + track.v, m[:, :, None]], axis=2)
    asked = np.concatenate([~held, ~held, np.ones((len(S), 1), dtype=bool)], axis=1)
    uneven = np.where(held, _sizes(track.v * signs[:, None, :] - m[:, :, None]), 0.0)
    gap, lift = contradictions(rows, asked)
    gap = 2 * np.sum(gap, axis=1) + 2 * np.sum(uneven, axis=1)
    at_rest = ~np.any(held, axis=1)
    ball = np.maximum(np.sum(_sizes(track.q), axis=1) - track.sigma, 0.0)
    residual = np.where(at_rest, ball, residual) + 3 * np.sum(track.rounding, axis=1)
    residual += d * UNIT * (np.sum(_sizes(track.q), axis=1) + track.sigma)
    gap = np.where(at_rest, 2 * np.max(_sizes(track.v), axis=1), gap)
    return track.lengths * residual, track.lengths * track.sigma * gap, d**0.5 * np.max(lift, axis=1)


def _huber(track: Track, zones: Array, width: float) -> Array:
    """q = sigma grad R(v): what the declared zones give, and their gradients continued beyond their ends."""
    inner, sigma = zones == 0, track.sigma[:, None]
    left = track.q - (sigma / width * inner)[:, None, :] * track.v
    left[:, 0] -= sigma * zones
    room = np.full(zones.shape, width)
    outside = negative_parts(raised(track.v * zones[:, None, :], -room), ~inner)
    outside += negative_parts(raised(-track.v, room), inner) + negative_parts(raised(track.v, room), inner)
    rounding = track.rounding + 4 * UNIT * sigma * (_sizes(track.v) / width + 1)
    return track.lengths * norm(_sizes(left) + rounding + sigma / width * outside)
