r"""Values, subdifferentials and growth constants of the regularisers, from raw data.

`u`, `s`: (batch, d) or (batch, K, d); parameters (batch, ...); `sigma`: (batch,), (batch, K) or a number.
Floats decide "u_i = 0" and "|u_i| = max" by equality. Balls decide them only where the ball does, and
otherwise return the union over the possible cases, so that results are enclosures, with one exception:
for `linf`, entries given by identical balls are taken to be equal (see `supnorm`).
"""

from typing import Any

import numpy as np

from claims.oracle import supnorm
from claims.oracle.elementary import (
    Array,
    absolute,
    choose,
    direction,
    is_zero,
    largest,
    matvec,
    maximum,
    norm,
    sign,
    spectral_norm,
    sqrt,
    total,
    zeros_like,
)
from claims.oracle.parameters import FIELDS, Params, blocks, check, field, one_kind, per_vector

CONVEX: dict[str, bool] = {name: name not in ("l0", "half_power") for name in FIELDS}
FINITE: dict[str, bool] = dict.fromkeys(FIELDS, True)


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
        case _:
            return total(sqrt(absolute(u)))


def minimal_subgradient(name: str, params: Params, u: Any) -> Array:
    """Element of least norm of dR(u); for `l0`, `half_power` the derivative away from zero and 0 at zero."""
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
        case _:
            return _root_derivative(u)


def distance_to_subdifferential(name: str, params: Params, u: Any, s: Any, sigma: Any) -> Array:
    """dist(s, sigma dR(u)), with 0 dR(u) = {0}; for `l0`, `half_power` dR is the Frechet subdifferential."""
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
        case "half_squared_norm" | "quadratic":
            return norm(s - each * minimal_subgradient(name, params, u))
        case "linf":
            return supnorm.distance(u, s, sigma)
        case _:  # at zero the Frechet subdifferential is the whole line
            away = absolute(s - each * minimal_subgradient(name, params, u))
            return norm(choose(u, choose(each, absolute(s), np.zeros(s.shape)), away))


def growth(name: str, params: Params) -> tuple[Array, Array]:
    """(C0, C1) with sup ||dR(u)|| <= C0 + C1 ||u||, each (batch,), or (1,) where nothing carries a batch.

    Raises
    ------
    NotImplementedError
        For `l0` and `half_power`, whose subdifferential at zero is unbounded.
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
        case _:
            raise NotImplementedError(f"growth: the subdifferential of {name!r} is not bounded near zero")


def MINIMISED_AT_ZERO(name: str, params: Params) -> Array:
    """Whether 0 (certainly) lies in dR(0), A2: bool (batch,), or (1,) where nothing carries a batch."""
    check(name, params)
    if name == "group_lasso":
        shape = (len(params["weights"]), len(params["groups"]))
    else:
        shape = np.shape(params[FIELDS[name][0]])[:2] if FIELDS[name] else (1, 1)
    u = np.zeros(shape)
    return is_zero(distance_to_subdifferential(name, params, u, u, np.ones(1)))


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
