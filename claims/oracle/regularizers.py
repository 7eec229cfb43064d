r"""Values, subdifferentials and growth constants of the regularisers, from raw data.

`u`, `s`: (batch, d) or (batch, K, d); parameters (batch, ...); `sigma`: (batch,), (batch, K) or a number.
Floats decide "u_i = 0" and "|u_i| = max" by equality. Balls decide them only where the ball does, and
otherwise return the union over the possible cases, so that results are enclosures, with one exception:
for `linf`, entries given by identical balls are taken to be equal (see `supnorm`).
"""

import math
from typing import Any

import numpy as np

from claims.oracle import box, double_well, hull, singular, supnorm, variation
from claims.oracle.elementary import (
    Array,
    absolute,
    choose,
    direction,
    is_zero,
    largest,
    matvec,
    maximum,
    may_be_zero,
    minimum,
    norm,
    sign,
    spectral_norm,
    sqrt,
    total,
    zeros_like,
)
from claims.oracle.parameters import (
    FIELDS,
    Params,
    blocks,
    check,
    dimensions,
    field,
    inner,
    one_kind,
    per_vector,
)
from claims.oracle.turned import settled, turned, turned_back

NONCONVEX = ("l0", "half_power", "negative_l1", "double_well")
CONVEX: dict[str, bool] = {name: name not in NONCONVEX for name in FIELDS}
FINITE: dict[str, bool] = {name: name != "box_indicator" for name in FIELDS}


def value(name: str, params: Params, u: Any) -> Array:
    """R(u), one number per vector of `u`."""
    check(name, params)
    params, (u,) = one_kind(params, u)
    match name:
        case "l1":
            return total(field(params, "weights", u) * absolute(u))
        case "shifted_l1":
            return total(absolute(u - field(params, "center", u)))
        case "l2":
            return norm(u)
        case "group_lasso":
            weights = field(params, "weights", u)
            return total(np.stack([weights[..., g] * norm(u[..., at]) for g, at in blocks(params)], axis=-1))
        case "half_squared_norm":
            return total(u * u) / 2
        case "quadratic":
            return total(u * matvec(field(params, "Q", u), u)) / 2
        case "linf":
            return largest(absolute(u))
        case "l0":
            return total(choose(u, np.zeros(u.shape), np.ones(u.shape)))
        case "half_power":
            return total(sqrt(absolute(u)))
        case "elastic_net":
            ridge = field(params, "ridge", u)
            return total(field(params, "weights", u) * absolute(u)) + ridge * total(u * u) / 2
        case "huber":
            return total(_huber(field(params, "width", u)[..., None], u))
        case "total_variation":
            return variation.value(u)
        case "max_affine":
            return hull.value(field(params, "slopes", u), u)
        case "nuclear":
            return singular.value(_sides(params), u)
        case "rotated":
            return value(*inner(params), turned(params["D"], u))
        case "negative_l1":
            return -total(absolute(u))
        case "double_well":
            return double_well.value(field(params, "center", u), u)
        case "box_indicator":
            return box.value(field(params, "half_width", u)[..., None], u)
        case _:
            square = total(u * u)
            return square * square / 4


def minimal_subgradient(name: str, params: Params, u: Any) -> Array:
    """Element of least norm of dR(u); the derivative away from zero and 0 at zero where R is not convex."""
    check(name, params)
    params, (u,) = one_kind(params, u)
    match name:
        case "l1":
            return field(params, "weights", u) * sign(u)
        case "shifted_l1":
            return sign(u - field(params, "center", u))
        case "l2":
            return direction(u)
        case "group_lasso":
            weights = field(params, "weights", u)
            result = zeros_like(u + 0 * weights[..., :1])
            for g, at in blocks(params):
                result[..., at] = weights[..., g, None] * direction(u[..., at])
            return result
        case "half_squared_norm":
            return u
        case "quadratic":
            return matvec(field(params, "Q", u), u)
        case "linf":
            return supnorm.subgradient(u)
        case "l0":
            return zeros_like(u)
        case "half_power":
            return _root_derivative(u)
        case "elastic_net":
            return field(params, "weights", u) * sign(u) + field(params, "ridge", u)[..., None] * u
        case "huber":
            return minimum(maximum(u / field(params, "width", u)[..., None], -1.0), 1.0)
        case "total_variation":
            return variation.minimal_subgradient(u)
        case "max_affine":
            return hull.minimal_subgradient(field(params, "slopes", u), u)
        case "nuclear":
            return singular.minimal_subgradient(_sides(params), u)
        case "rotated":
            return turned_back(
                params["D"], minimal_subgradient(*inner(params), settled(turned(params["D"], u)))
            )
        case "negative_l1":
            return -sign(u)
        case "double_well":
            return double_well.minimal_subgradient(field(params, "center", u), u)
        case "box_indicator":
            return box.minimal_subgradient(field(params, "half_width", u)[..., None], u)
        case _:
            return total(u * u)[..., None] * u


def distance_to_subdifferential(name: str, params: Params, u: Any, s: Any, sigma: Any) -> Array:
    """dist(s, sigma dR(u)), with 0 dR(u) = {0}; the Frechet subdifferential where R is not convex."""
    check(name, params)
    params, (u, s, sigma) = one_kind(params, u, s, sigma)
    sigma = per_vector(sigma, u)
    each = sigma[..., None]
    match name:
        case "l1":
            return norm(_interval_distance(u, s, each * field(params, "weights", u)))
        case "shifted_l1":
            return norm(_interval_distance(u - field(params, "center", u), s, each))
        case "l2":
            return _sphere_distance(u, s, sigma)
        case "group_lasso":
            weights = field(params, "weights", u)
            parts = [
                _sphere_distance(u[..., i], s[..., i], sigma * weights[..., g]) for g, i in blocks(params)
            ]
            return norm(np.stack(parts, axis=-1))
        case "half_squared_norm" | "quadratic" | "huber" | "quartic":
            return norm(s - each * minimal_subgradient(name, params, u))
        case "linf":
            return supnorm.distance(u, s, sigma)
        case "elastic_net":
            smooth = each * field(params, "ridge", u)[..., None] * u
            return norm(_interval_distance(u, s - smooth, each * field(params, "weights", u)))
        case "total_variation":
            return variation.distance(u, s, sigma)
        case "max_affine":
            return hull.distance(field(params, "slopes", u), u, s, sigma)
        case "nuclear":
            return singular.distance(_sides(params), u, s, sigma)
        case "rotated":
            at, given = settled(turned(params["D"], u)), turned(params["D"], s)
            return distance_to_subdifferential(*inner(params), at, given, sigma)
        case "negative_l1":  # empty at zero
            away = absolute(s - each * minimal_subgradient(name, params, u))
            return box.or_empty(away, s, sigma, is_zero(u), may_be_zero(u))
        case "double_well":
            return double_well.distance(field(params, "center", u), u, s, sigma)
        case "box_indicator":
            return box.distance(field(params, "half_width", u)[..., None], u, s, sigma)
        case _:  # at zero the Frechet subdifferential is the whole line
            away = absolute(s - each * minimal_subgradient(name, params, u))
            return norm(choose(u, choose(each, absolute(s), np.zeros(s.shape)), away))


def growth(name: str, params: Params) -> tuple[Array, Array]:
    """(C0, C1) with sup ||dR(u)|| <= C0 + C1 ||u||, each (batch,), or (1,) where nothing carries a batch.

    Raises
    ------
    NotImplementedError
        For functions that are not convex, for the indicator and for `quartic`.
    """
    check(name, params)
    zero, one = np.zeros(1), np.ones(1)
    match name:
        case "l1" | "group_lasso":
            return norm(params["weights"]), zero
        case "shifted_l1":
            center = np.asarray(params["center"])
            return norm(1 + 0 * center), zero
        case "l2" | "linf":
            return one, zero
        case "half_squared_norm":
            return zero, one
        case "quadratic":
            return zero, spectral_norm(params["Q"])
        case "elastic_net":
            return norm(params["weights"]), np.asarray(params["ridge"])
        case "huber":
            return zero + _root_above(params["size"]), zero
        case "total_variation":
            return zero + _root_above(max(4 * params["size"] - 6, 0)), zero
        case "max_affine":
            return largest(norm(params["slopes"])), zero
        case "nuclear":
            return zero + _root_above(min(_sides(params))), zero
        case "rotated":
            return growth(*inner(params))
        case _:
            raise NotImplementedError(f"growth: the subdifferential of {name!r} has no linear bound")


def MINIMISED_AT_ZERO(name: str, params: Params) -> Array:
    """Whether 0 (certainly) lies in dR(0), A2: bool (batch,), or (1,) where nothing carries a batch."""
    check(name, params)
    match name:
        case "rotated":
            return MINIMISED_AT_ZERO(*inner(params))
        case "max_affine":
            slopes = np.asarray(params["slopes"])
            return hull.contains_zero(slopes)
        case _:
            u = np.zeros(dimensions(name, params))
            return is_zero(distance_to_subdifferential(name, params, u, u, np.ones(1)))


def _sides(params: Params) -> tuple[int, int]:
    return params["rows"], params["columns"]


def _root_above(n: int) -> float:
    """sqrt(n), rounded up where it is no integer."""
    root = math.sqrt(n)
    return root if root == int(root) else math.nextafter(root, math.inf)


def _huber(width: Array, u: Array) -> Array:
    """min_w |w| + (u - w)^2 / (2 width), entry by entry, at its minimiser w: u shrunk by the width."""
    size = absolute(u)
    within = minimum(size, width)
    return maximum(size - width, 0.0) + within / width * within / 2


def _interval_distance(u: Array, s: Array, bound: Array) -> Array:
    """Distance of s_i to bound_i d|u_i|, entry by entry."""
    at_zero = maximum(absolute(s) - bound, 0.0)
    return choose(u, at_zero, absolute(s - bound * sign(u)))


def _sphere_distance(u: Array, s: Array, bound: Array) -> Array:
    """Distance of s to bound d||u||_2."""
    at_zero = maximum(norm(s) - bound, 0.0)
    return choose(norm(u), at_zero, norm(s - bound[..., None] * direction(u)))


def _root_derivative(u: Array) -> Array:
    """Derivative of sqrt|u|, 0 at 0 (undefined where a ball contains zero without being zero)."""
    away = sign(u) / (2 * sqrt(choose(u, np.ones(u.shape), absolute(u))))
    return choose(u, np.zeros(u.shape), away)
