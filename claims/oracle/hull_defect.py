r"""The part of `defect` for R(u) = max_i <a_i, u>.

The declared slopes agree on a subspace V; a float trajectory lies in it only up to round-off. What is bounded
is a trajectory in V that is `shift` away: the orthogonal projection, lifted by a constant of the size of
round-off where another slope would be ahead by as much. The shift changes the residual by its derivative (and
by K times it, which `defect` adds).

A slope that depends affinely on the declared ones, in exact rational arithmetic, agrees with them on V and is
left out. One that depends on them only up to round-off cannot be: its sign is not known, and the radius is
then of the order 1e-7, the root of round-off (times the growth of the system).
"""

from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.optimize import nnls

from claims.oracle.bernstein import DEGREE, FROM_MONOMIALS, MARGIN, largest_value, negative_part
from claims.oracle.elementary import Array, norm
from claims.oracle.flow import ROUNDING, UNIT
from claims.oracle.modes import Status

POWERS = np.arange(1, DEGREE + 2)


def defect(slopes: Array, track: Any, statuses: list[Status]) -> tuple[Array, Array, Array]:
    """Residual and gap, both integrated, and shift, each (S,); `track` as in `defect`."""
    parts = [_interval(slopes, track.where(i), np.flatnonzero(status)) for i, status in enumerate(statuses)]
    residual, gap, shift = np.array(parts).T
    return residual, gap, shift


def _interval(slopes: Array, track: Any, held: Array) -> tuple[float, float, float]:
    first, longest = slopes[held[0]], float(np.max(norm(slopes)))
    across = (slopes[held[1:]] - first).T  # (d, n), each entry with one rounding
    parts = _shift(slopes, track.v, held, across)
    y, left = _weights(track, first, across)
    negative = sum(_negative(y[:, i]) for i in range(y.shape[1]))
    rounding = norm(track.rounding) + 4 * (len(held) + 2) * UNIT * longest * float(np.sum(np.abs(y)))
    residual = float(norm(np.sum(np.abs(left), axis=0)) + rounding + 2 * longest * negative)
    gap, lift = _order(slopes, track.v, held, across, float(np.sum(parts)))
    shift = float(np.sum(parts)) + lift
    return track.lengths * residual + float(parts @ POWERS), track.lengths * track.sigma * gap, shift


def _shift(slopes: Array, v: Array, held: Array, across: Array) -> Array:
    """Bounds of the parts of the coefficients (DEGREE+1, d) across V, (DEGREE+1,)."""
    if len(held) == 1:
        return np.zeros(DEGREE + 1)
    d = v.shape[1]
    sizes = norm(slopes[held])
    disagree = norm(v @ across) + (d + 3) * UNIT * norm(v) * 2 * float(norm(sizes) + sizes[0])
    least = np.linalg.svd(across, compute_uv=False)[-1] if across.shape[1] <= d else 0.0
    least -= 16 * d * UNIT * 2 * float(norm(sizes) + sizes[0])
    return disagree / least if least > 0 else np.full(DEGREE + 1, np.inf)


def _weights(track: Any, first: Array, across: Array) -> tuple[Array, Array]:
    """Weights of q (DEGREE+1, |held|), the first so that they add up to sigma, and what they leave of q."""
    rest = track.q.copy()
    rest[0] -= track.sigma * first
    others = np.linalg.lstsq(across, rest.T, rcond=None)[0].T if across.size else np.zeros((DEGREE + 1, 0))
    own = -np.sum(others, axis=1, keepdims=True)
    own[0] += track.sigma
    return np.concatenate([own, others], axis=1), rest - others @ across.T


def _negative(y: Array) -> float:
    """Bound of sup max(0, -y)."""
    margin = MARGIN * float(np.sum(np.abs(y)))
    top = float(np.max(FROM_MONOMIALS @ -y))
    return max(0.0, margin + (largest_value(-y, 0.0, margin) if top > margin else top))


def _others(slopes: Array, held: Array) -> list[int]:
    """Slopes that are not held and do not depend affinely on the held ones, exactly."""
    rest = [i for i in range(len(slopes)) if i not in held]
    nearly = [i for i in rest if _residue(slopes, held, i) < 2.0**-40 * float(np.max(norm(slopes)))]
    return [i for i in rest if i not in nearly or not _depends(slopes, held, i)]


def _residue(slopes: Array, held: Array, i: int) -> float:
    across, new = (slopes[held[1:]] - slopes[held[0]]).T, slopes[i] - slopes[held[0]]
    return float(norm(new - across @ np.linalg.lstsq(across, new, rcond=None)[0] if across.size else new))


def _depends(slopes: Array, held: Array, i: int) -> bool:
    rows = [[fmpq(*x.as_integer_ratio()) for x in slopes[j].tolist()] + [fmpq(1)] for j in (*held, i)]
    with_it = fmpq_mat(len(rows), len(rows[0]), [x for row in rows for x in row])
    without = fmpq_mat(len(rows) - 1, len(rows[0]), [x for row in rows[:-1] for x in row])
    return with_it.rank() == without.rank()


def _order(slopes: Array, v: Array, held: Array, across: Array, shift: float) -> tuple[float, float]:
    r"""What the other slopes are ahead of the held ones on the trajectory: (gap, lift).

    Where it is round-off, the trajectory is lifted within V by as little, to where they are behind. Otherwise
    the gap is \int_0^1 max(0, <a_i - a_first, .>) ds.
    """
    others = _others(slopes, held)
    behind = slopes[held[0]] - slopes[others]
    rows, sizes = v @ behind.T, norm(behind)
    terms = np.sum(np.abs(v) @ (np.abs(slopes[others]) + np.abs(slopes[held[0]])).T, axis=0)
    margin = (MARGIN + 2 * v.shape[1] * UNIT) * terms + sizes * shift
    room = np.min(FROM_MONOMIALS @ rows, axis=0, initial=np.inf) - margin
    E = np.linalg.qr(across, mode="complete")[0][:, len(held) - 1 :] if across.size else np.eye(v.shape[1])
    small = (room < 0) & (room > -(2.0**10) * margin) & (norm(behind @ E) > 2.0**-30 * sizes)
    lift = _shortest(behind[small] @ E, -2 * room[small]) @ E.T
    if not np.all((room + behind @ lift)[small] >= 0):
        lift = 0 * lift
    room, margin = room + behind @ lift, margin - behind @ lift
    gap = sum(negative_part(rows[:, i], margin[i]) for i in np.flatnonzero(room < 0))
    return gap, float(norm(lift)) * (1 + ROUNDING)


def _shortest(G: Array, h: Array) -> Array:
    """The shortest x with G x >= h > 0, or 0 where none is found.

    C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23: least distance programming.
    """
    n, top = G.shape[1], np.max(h, initial=0.0)
    if not top:
        return np.zeros(n)
    system, aim = np.concatenate([G.T, h[None] / top]), np.eye(n + 1)[n]
    left = system @ nnls(system, aim)[0] - aim
    return -left[:n] / left[n] * top if left[n] < -(2.0**-30) else np.zeros(n)
