r"""Proximal maps prox_{aR}(v) = argmin_u 1/2 ||u - v||^2 + a R(u), by routes of their own.

v: (batch, d) or (batch, K, d); a >= 0: (batch,), (batch, K) or a number. prox(v, 0) = v exactly. In balls the
results are enclosures and exactly zero wherever the threshold certainly exceeds the entry; where a threshold
is open the ball contains both sides. The non-convex `l0`, `half_power`, `negative_l1` and `double_well` jump:
there a tie within the ball keeps the value (the last two: goes up), which is a 60-digit decision, not an
enclosure.
`max_affine` and `nuclear` come from a guess whose error is bounded by strong convexity (`certificate`).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from claims.oracle import double_well, hull, roots, singular, variation
from claims.oracle.elementary import (
    Array,
    absolute,
    ball,
    choose,
    elementwise,
    is_ball,
    is_zero,
    matvec,
    maximum,
    may_be_zero,
    minimum,
    norm,
    orthogonal,
    sign,
    solve,
    to_ball,
    zeros_like,
)
from claims.oracle.parameters import Params, blocks, check, field, holds_balls, inner, one_kind, per_vector
from claims.oracle.threshold import simplex_threshold

Map = Callable[[Any, Any], Array]


def prox(name: str, params: Params, v: Any, a: Any) -> Array:
    """prox_{aR}(v), the shape of `v` broadcast against `a` and the parameters.

    Raises
    ------
    ValueError
        If the name is unknown or the fields of `params` are not those of that regulariser.
    """
    return proximal_map(name, params)(v, a)


def proximal_map(name: str, params: Params) -> Map:
    """(v, a) -> prox_{aR}(v), with the eigen-decomposition of Q done once."""
    check(name, params)
    if name == "rotated":
        return _rotated(params)
    decomposed = _decomposed(params) if name == "quadratic" and not holds_balls(params) else {}

    def apply(v: Any, a: Any) -> Array:
        same, (v, a) = one_kind(params, v, a)
        a = per_vector(a, v)
        result = _spectral_quadratic(decomposed, v, a) if decomposed and not is_ball(v) else route(same, v, a)
        return np.where(is_zero(a)[..., None], v, result)

    route = _ROUTES[name]
    return apply


def _shrink(v: Array, t: Array) -> Array:
    """Soft threshold as a difference of positive parts: certain zeros are exact zeros, also in balls."""
    return maximum(v - t, 0.0) - maximum(-v - t, 0.0)


def _l1(params: Params, v: Array, a: Array) -> Array:
    return _shrink(v, a[..., None] * field(params, "weights", v))


def _shifted_l1(params: Params, v: Array, a: Array) -> Array:
    center, t = field(params, "center", v), a[..., None]
    moved = v - _clip(v - center, t)  # Moreau: v less the projection on the dual ball; exact at a = 0
    resting = is_zero(maximum(absolute(v - center) - t, 0.0))
    return np.where(resting, center, moved)


def _clip(x: Array, t: Array) -> Array:
    return minimum(maximum(x, -t), t)


def _block(v: Array, t: Array) -> Array:
    """Block soft threshold max(0, 1 - t / ||v||) v; v itself at t = 0."""
    size = norm(v)
    if is_ball(v, t):
        factor = elementwise(_block_factor, size, t)
        return np.where(is_zero(factor)[..., None], to_ball(0.0), factor[..., None] * v)
    largest = np.maximum(size, t)
    return v * (np.maximum(size - t, 0.0) / np.where(largest == 0, 1.0, largest))[..., None]


def _block_factor(size: arb, t: arb) -> arb:
    if t.is_zero():
        return arb(1)
    if size > 0:
        return (1 - t / size).max(0)
    return arb(0) if t >= size else arb(0.5, 0.5)


def _l2(params: Params, v: Array, a: Array) -> Array:
    return _block(v, a)


def _group_lasso(params: Params, v: Array, a: Array) -> Array:
    weights = field(params, "weights", v)
    result = zeros_like(v + 0 * (a * weights[..., 0])[..., None])
    for g, at in blocks(params):
        result[..., at] = _block(v[..., at], a * weights[..., g])
    return result


def _half_squared_norm(params: Params, v: Array, a: Array) -> Array:
    return v / (1 + a[..., None])


def _decomposed(params: Params) -> Params:
    w, V = np.linalg.eigh(np.asarray(params["Q"]))
    return {"w": np.maximum(w, 0.0), "V": V}


def _spectral_quadratic(decomposed: Params, v: Array, a: Array) -> Array:
    """Floats: v - V (a w / (1 + a w)) V^T v with Q = V diag(w) V^T."""
    w, V = field(decomposed, "w", v), field(decomposed, "V", v)
    aw = a[..., None] * w
    return v - matvec(V, aw / (1 + aw) * matvec(np.swapaxes(V, -1, -2), v))


def _quadratic(params: Params, v: Array, a: Array) -> Array:
    """Balls: the verified solution of (I + a Q) x = v."""
    return solve(a[..., None, None] * field(params, "Q", v) + np.eye(v.shape[-1]), v)


def _linf(params: Params, v: Array, a: Array) -> Array:
    """v less its projection on the l1 ball of radius a = v clipped at the threshold of that projection."""
    theta = maximum(simplex_threshold(absolute(v), a), 0.0)[..., None]
    return np.where(is_zero(theta), zeros_like(v), _clip(v, theta))


def _l0(params: Params, v: Array, a: Array) -> Array:
    """Keep v_i unless a > v_i^2 / 2; a tie keeps it."""
    with np.errstate(over="ignore"):  # an infinite square keeps its value, as it should
        below = _certainly_negative(v * v / 2 - a[..., None])
    return np.where(below, zeros_like(v), v)


def _half_power(params: Params, v: Array, a: Array) -> Array:
    """Zero where 8 |v|^3 < 27 a^2; else sign(v) y^2, y the largest root of y^3 - |v| y + a/2."""
    a = a[..., None] + 0 * v
    size, scale = absolute(v), np.ones(v.shape)
    if not is_ball(v, a):  # v -> 4^-k v, a -> 8^-k a is exact and keeps the cubes in range
        k = np.where(v == 0, 0, np.frexp(v)[1] // 2)
        with np.errstate(over="ignore", under="ignore"):
            size, a, scale = (
                np.ldexp(size, -2 * k),
                np.minimum(np.ldexp(a, -3 * k), 1e3),
                np.ldexp(scale, 2 * k),
            )
    below = _certainly_negative(8 * size * size * size - 27 * a * a)
    skipped = below | may_be_zero(v)
    safe, b = np.where(skipped, 1 + 0 * size, size), np.where(skipped, 0 * a, a)
    y = roots.half_power(safe, b)
    kept = np.where(may_be_zero(v), v, sign(v) * (y * y) * scale)
    return np.where(below, zeros_like(kept), kept)


def _elastic_net(params: Params, v: Array, a: Array) -> Array:
    """prox_{bf}(v / (1 + a r)) with b = a / (1 + a r), f the l1 part: shrink first, then threshold."""
    factor = 1 + a * field(params, "ridge", v)
    return _l1(params, v / factor[..., None], a / factor)


def _huber(params: Params, v: Array, a: Array) -> Array:
    """The inner piece v w / (w + a) where it moves by no more than a, the outer pieces v -+ a beyond."""
    width, step = field(params, "width", v)[..., None], a[..., None]
    return minimum(maximum(v * (width / (width + step)), v - step), v + step)


def _total_variation(params: Params, v: Array, a: Array) -> Array:
    return variation.denoise(v, a[..., None] + zeros_like(v[..., 1:]))


def _max_affine(params: Params, v: Array, a: Array) -> Array:
    return hull.prox(field(params, "slopes", v), v, a)


def _nuclear(params: Params, v: Array, a: Array) -> Array:
    return singular.prox((params["rows"], params["columns"]), v, a)


def _rotated(params: Params) -> Map:
    """D^T prox(D v)."""
    name = inner(params)[0]
    maps: dict[bool, tuple[Array, Map]] = {}  # the map of each kind, made once

    def apply(v: Any, a: Any) -> Array:
        same, (v, a) = one_kind(params, v, a)
        kind = is_ball(v)
        if kind not in maps:
            maps[kind] = orthogonal(same["D"]), proximal_map(name, inner(same)[1])
        D, route = maps[kind]
        D = field({"D": D}, "D", v)
        result = matvec(np.swapaxes(D, -1, -2), route(matvec(D, v), a))
        return np.where(is_zero(per_vector(a, v))[..., None], v, result)

    return apply


def _negative_l1(params: Params, v: Array, a: Array) -> Array:
    """Away from zero by a; zero itself, and a ball that may be zero, to a."""
    step = a[..., None]
    return np.where(_certainly_negative(v), v - step, v + step)


def _double_well(params: Params, v: Array, a: Array) -> Array:
    return double_well.prox(field(params, "center", v), v, a)


def _box_indicator(params: Params, v: Array, a: Array) -> Array:
    """The nearest point of the box; v itself at a = 0, where the indicator has no weight."""
    return choose(a[..., None], v, _clip(v, field(params, "half_width", v)[..., None]))


def _quartic(params: Params, v: Array, a: Array) -> Array:
    """s v, s the root of a |v|^2 s^3 + s = 1."""
    size = norm(v)
    with np.errstate(over="ignore"):
        return roots.shrinkage(a * size * size)[..., None] * v


def _certainly_negative(x: Array) -> Array:
    return np.asarray(elementwise(lambda e: bool(ball(e) < 0), x) if is_ball(x) else x < 0, dtype=bool)


_ROUTES: dict[str, Callable[[Params, Array, Array], Array]] = {
    "l1": _l1,
    "l2": _l2,
    "group_lasso": _group_lasso,
    "half_squared_norm": _half_squared_norm,
    "quadratic": _quadratic,
    "linf": _linf,
    "l0": _l0,
    "half_power": _half_power,
    "shifted_l1": _shifted_l1,
    "elastic_net": _elastic_net,
    "huber": _huber,
    "total_variation": _total_variation,
    "max_affine": _max_affine,
    "nuclear": _nuclear,
    "negative_l1": _negative_l1,
    "double_well": _double_well,
    "box_indicator": _box_indicator,
    "quartic": _quartic,
}
