r"""Solutions of the limit system to round-off, by locating the events, with a certified radius.

u'(t) in -(K(t) u - c(t)) - sigma(t) dR(u), u(0) = u0 on [0, 1] (X. Lin, C. Wu, arXiv:2605.27133, (2.3)
[reconstructed]; (2.7) for LISTA) with K, c, sigma constant on P equal cells. For l1, total variation,
max |u_i|, max <a_i, u> and Huber the system is linear on each mode (`modes`, `faces`); `march` finds the
modes and the events between them, without any time stepping, and `defect` bounds the error of what came out.
For l2 and the group lasso see `group_flow`. Others are brought back to these:

* half_squared_norm, quadratic, elastic_net: the quadratic part goes into K;
* rotated: v = D u solves the system of the inner R with D K D^T, D c and D u0. D stands for the nearest
  orthogonal matrix.

The rounding of these changes enters the radius through constant 4.5.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from claims.oracle import defect, exact, group_flow
from claims.oracle.elementary import Array, norm
from claims.oracle.faces import Faces
from claims.oracle.flow import (
    ROUNDING,
    UNIT,
    Flow,
    Segment,
    Stuck,
    evaluation_error,
    perturbation_bound,
    require_system,
)
from claims.oracle.march import Piece, march
from claims.oracle.modes import Absolute, Family, Huber, Largest, Smooth, Variation
from claims.oracle.parameters import FIELDS, Params, check, dimensions, inner

__all__ = ["SUPPORTED", "Flow", "Segment", "Stuck", "flow"]

FAMILIES: dict[str, Callable[[Array, Array, float, Params], Family]] = {
    "l1": lambda K, c, sigma, params: Absolute(K, c, sigma * _first(params, "weights")),
    "linf": lambda K, c, sigma, params: Largest(K, c, sigma),
    "total_variation": lambda K, c, sigma, params: Variation(K, c, sigma),
    "max_affine": lambda K, c, sigma, params: Faces(K, c, sigma, _first(params, "slopes")),
    "huber": lambda K, c, sigma, params: Huber(K, c, sigma, float(_first(params, "width"))),
}
NOT_ORTHOGONAL = 1e-6
SUPPORTED = (*FAMILIES, "elastic_net", "quadratic", "half_squared_norm", "rotated", *group_flow.SUPPORTED)


def flow(name: str, params: Params, K: Any, c: Any, sigma: Any, u0: Any) -> Flow:
    r"""The solution of one instance on [0, 1].

    Parameters
    ----------
    name, params
        The regulariser; array parameters with a batch axis of 1.
    K, c, sigma
        (P, d, d), (P, d), (P,) >= 0: the controls on P equal cells.
    u0
        (d,).

    Returns
    -------
    Flow
        With a radius around 1e-12 where |K| is a few units, more where the system expands: the bound grows
        by e^{int kappa}.

    Raises
    ------
    ValueError
        For a regulariser that is not in `SUPPORTED`, for shapes, signs or values that are not as above.
    Stuck
        If events or steps do not come to an end (the norm of K, or sigma / width, times the length of a cell
        may be some hundreds, not thousands), or a tie cannot be decided.
    """
    if name not in SUPPORTED:
        raise ValueError(f"name: expected one of {', '.join(SUPPORTED)}, got {name!r}")
    arrays = (np.asarray(x, dtype=float) for x in (K, c, sigma, u0))
    K, c, sigma, u0 = _checked(name, params, *arrays)
    match name:
        case "half_squared_norm":
            return _with_quadratic("", {}, (K, c, sigma), u0, np.eye(len(u0)))
        case "quadratic":
            return _with_quadratic("", {}, (K, c, sigma), u0, _first(params, "Q"))
        case "elastic_net":
            ridge = float(_first(params, "ridge")) * np.eye(len(u0))
            return _with_quadratic("l1", {"weights": params["weights"]}, (K, c, sigma), u0, ridge)
        case "rotated":
            return _rotated(params, K, c, sigma, u0)
        case "l2" | "group_lasso":
            return group_flow.flow(name, params, K, c, sigma, u0)
        case _:
            return _solve(name, params, (K, c, sigma), u0)


def _checked(
    name: str, params: Params, K: Array, c: Array, sigma: Array, u0: Array
) -> tuple[Array, Array, Array, Array]:
    check(name, params)
    require_system(K, c, sigma, u0)
    d = len(u0)
    if FIELDS[name] and dimensions(name, params) != (1, d):
        raise ValueError(f"params: expected a batch of 1 and d = {d}, got {dimensions(name, params)}")
    return K, c, sigma, u0


def _first(params: Params, key: str) -> Array:
    """The parameter of the one instance."""
    return np.asarray(params[key], dtype=float)[0]


def _solve(name: str, params: Params, controls: tuple[Array, Array, Array], u0: Array) -> Flow:
    """March through the cells; without R if `name` is empty."""
    P, u, pieces = len(controls[2]), u0, list[Piece]()
    times = np.arange(P + 1) / P
    for n, (K, c, sigma) in enumerate(zip(*controls, strict=True)):
        plain = sigma == 0 or not name
        family = Smooth(K, c) if plain else FAMILIES[name](K, c, float(sigma), params)
        found, u = march(family, u, times[n], times[n + 1])
        pieces += found
    starts = np.array([piece.start for piece in pieces] + [1.0])
    coefficients = np.stack([piece.coefficients for piece in pieces])
    statuses = tuple(piece.status for piece in pieces)
    radius = defect.radius(name, params, controls, u0, starts, coefficients, statuses)
    return Flow(starts, coefficients, statuses, radius)


def _with_quadratic(
    name: str, params: Params, controls: tuple[Array, Array, Array], u0: Array, Q: Array
) -> Flow:
    """R = the named one + 1/2 u^T Q u."""
    K, c, sigma = controls
    changed = K + sigma[:, None, None] * Q
    sizes = norm((np.abs(K) + 2 * sigma[:, None, None] * np.abs(Q)).reshape(len(K), -1))
    found = _solve(name, params, (changed, c, sigma if name else 0 * sigma), u0)
    return _widened(found, changed, 2 * UNIT * sizes, 0 * sigma, 0.0)


def _rotated(params: Params, K: Array, c: Array, sigma: Array, u0: Array) -> Flow:
    """Solve for D u and turn back; D is within |D^T D - I| of the orthogonal matrix that it stands for."""
    D, d = _first(params, "D"), len(u0)
    columns, rest = exact.dot(D.T[None], D.T)  # (D^T D), row by row
    away = float(norm((columns - np.eye(d) + rest).reshape(-1))) * (1 + ROUNDING)
    if away > NOT_ORTHOGONAL:
        raise ValueError(f"D: expected an orthogonal matrix, got one with |D^T D - I| = {away}")
    rounding = (d + 2) * d**0.5 * UNIT  # of a product with D, relative, in norm
    turned = D @ K @ D.T
    found = flow(*inner(params), turned, c @ D.T, sigma, D @ u0)
    sizes, forces, apart = norm(K.reshape(len(K), -1)), norm(c), away + 2 * rounding
    found = _widened(found, turned, 2 * apart * sizes, apart * forces, apart * float(norm(u0)))
    back = found.coefficients @ D
    radius = found.radius + apart * found.largest_norm() + float(np.max(evaluation_error(back)))
    return replace(found, coefficients=back, radius=radius)


def _widened(found: Flow, K: Array, of_K: Array, of_c: Array, of_u0: float) -> Flow:
    """The radius for the system that the rounded K, c, u0 stand for."""
    return replace(found, radius=found.radius + perturbation_bound(found, K, of_K, of_c, of_u0))
