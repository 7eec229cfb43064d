r"""The subdifferential of ||u||_inf: conv{sign(u_i) e_i : |u_i| = max}, and the unit l1 ball at zero.

Floats decide "|u_i| = max" by equality. Balls return the union over the sets of entries that may attain the
maximum, except that entries given by identical balls are taken to be equal: clipping leaves them behind so.
That one decision is a 60-digit one, not a proof.
"""

import numpy as np
from flint import arb

from claims.oracle.elementary import (
    Array,
    absolute,
    ball,
    is_ball,
    maximum,
    minimum,
    norm,
    sign,
    zeros_like,
)
from claims.oracle.threshold import simplex_threshold


def subgradient(u: Array) -> Array:
    """Least-norm subgradient at u (..., d)."""
    size = absolute(u)
    if not is_ball(u):
        peak = np.max(size, axis=-1, keepdims=True)
        active = (size == peak) & (peak > 0)
        return np.where(active, np.sign(u), 0.0) / np.maximum(np.sum(active, axis=-1, keepdims=True), 1)
    result = zeros_like(u)
    for where in np.ndindex(*u.shape[:-1]):
        classes, may_vanish = _active_classes(u[where])
        decided = len(classes) == 1 and not may_vanish
        for at in (i for members in classes for i in members):
            full = ball(u[where][at]).sgn()
            result[where][at] = full / len(classes[0]) if decided else full.union(arb(0))
    return result


def distance(u: Array, s: Array, sigma: Array) -> Array:
    """Distance of s (..., d) to sigma (...) times the subdifferential at u (..., d); all of one kind."""
    if is_ball(u):
        lead = np.broadcast_shapes(u.shape[:-1], s.shape[:-1], sigma.shape)
        sigma = np.broadcast_to(sigma, lead)
        u, s = (np.broadcast_to(x, (*lead, u.shape[-1])) for x in (u, s))
        result = zeros_like(sigma)
        for where in np.ndindex(*lead):
            result[where] = _enclose_distance(u[where], s[where], ball(sigma[where]))
        return result
    size = np.abs(u)
    peak = np.max(size, axis=-1, keepdims=True)
    active = size == peak
    along = np.where(active, s * np.sign(u), -np.inf)  # the simplex spanned by sign(u_i) e_i, i active
    moved = np.where(active, np.minimum(along, simplex_threshold(along, sigma)[..., None]), s)
    return norm(np.where(peak == 0, _beyond_l1_ball(s, sigma), moved))


def _beyond_l1_ball(s: Array, sigma: Array) -> Array:
    """|s - P(s)| for the projection P on the l1 ball of radius sigma, the subdifferential at zero."""
    size = absolute(s)
    return minimum(size, maximum(simplex_threshold(size, sigma), 0.0)[..., None])


def _active_classes(u: Array) -> tuple[list[list[int]], bool]:
    """Entries of one ball vector that may attain the maximum, in classes of identical balls; may u vanish?

    No class at all means that u is exactly zero.
    """
    size = [ball(abs(ball(x))) for x in u]
    lower = size[0]
    for x in size:
        lower = lower.max(x)
    candidates = [i for i, x in enumerate(size) if not x < lower and not x.is_zero()]
    classes: list[list[int]] = []
    for i in candidates:
        for members in classes:
            other = size[members[0]]
            if other.mid() == size[i].mid() and other.rad() == size[i].rad():
                members.append(i)
                break
        else:
            classes.append([i])
    return classes, bool(candidates) and lower.contains(0)


def _enclose_distance(u: Array, s: Array, sigma: arb) -> arb:
    """The distance for one ball vector: more active entries make it smaller, so the extremes enclose it."""
    classes, may_vanish = _active_classes(u)
    at_zero = norm(_beyond_l1_ball(s, np.asarray(sigma))).item()
    if not classes:
        return at_zero
    everyone = [i for members in classes for i in members]
    options = [_face_distance(u, s, sigma, members) for members in [*classes, everyone]]
    if may_vanish:
        options.append(at_zero)
    result = options[0]
    for option in options[1:] if len(classes) > 1 or may_vanish else []:
        result = result.union(option)
    return result


def _face_distance(u: Array, s: Array, sigma: arb, active: list[int]) -> arb:
    """Distance of s to sigma conv{sign(u_i) e_i : i active}."""
    along = s[active] * sign(u[active])
    rest = [x for i, x in enumerate(s) if i not in active]
    moved = minimum(along, simplex_threshold(along, np.asarray(sigma))[..., None])
    return ball(norm(np.array([*moved, *rest], dtype=object)).item())
