r"""Solutions of the limit system for ||u||_2 and the group lasso, group by group, with a certified radius.

u'(t) in -(K(t) u - c(t)) - sigma(t) dR(u), u(0) = u0 on [0, 1] (X. Lin, C. Wu, arXiv:2605.27133, (2.3)
[reconstructed]) with K, c, sigma constant on P equal cells and R(u) = sum_g w_g |u_g|. A group rests at zero
while its force (c - K u)_g is at most sigma w_g; outside it moves by a nonlinear equation (`group_step`).

* Rest ends where the force reaches the limit: first root of a polynomial, none is missed (`bernstein`).
* A single coordinate reaches zero at the root of a polynomial. A longer group does so with its direction
  turning like a power of the time that is left, so the steps shrink with |u_g| until it is round-off.
* Whether a group at rest with a force at the limit leaves is decided by a trial step in which it rests.

What a wrong decision costs is in the radius, which comes from the polynomials alone (`group_defect`).
"""

from typing import Any, NamedTuple

import numpy as np

from claims.oracle import group_defect
from claims.oracle.elementary import Array, norm
from claims.oracle.flow import Flow, Stuck, require_system
from claims.oracle.group_events import TIE, first_event, leaving
from claims.oracle.group_step import DEGREE, Cell, collocate
from claims.oracle.parameters import Params, blocks, check

SUPPORTED = ("l2", "group_lasso")
LANDED = 2.0**-46  # a shrinking group counts as zero if its length is below this, relative to the state,
# or what it needs to get there is less time than that
MOST_STEPS = 4000  # in one cell
FIRST_STEP = 0.05
SHORTEST = 2.0**-49
ACCURATE = 2.0**-44  # largest defect of a step, relative to the terms of the velocity
NEGLIGIBLE = 2.0**-50  # or that, times the step's length, relative to the state


class Piece(NamedTuple):
    """One step: polynomial coefficients (DEGREE+1, d) in (t - start) / (stop - start), groups that move."""

    start: float
    stop: float
    coefficients: Array
    status: tuple[int, ...]


def flow(name: str, params: Params, K: Any, c: Any, sigma: Any, u0: Any) -> Flow:
    r"""The solution of one instance on [0, 1].

    Parameters
    ----------
    name, params
        `l2` or `group_lasso`; array parameters with a batch axis of 1.
    K, c, sigma
        (P, d, d), (P, d), (P,) >= 0: the controls on P equal cells.
    u0
        (d,).

    Returns
    -------
    Flow
        With a radius around 1e-12 where |K| is a few units, more where the system expands; the status of an
        interval has 1 for a group that moves and 0 for one at rest.

    Raises
    ------
    ValueError
        For another regulariser, for shapes, signs or values that are not as above.
    Stuck
        If the steps become too short or too many, or a group leaves zero more slowly than t^2.
    """
    if name not in SUPPORTED:
        raise ValueError(f"name: expected one of {', '.join(SUPPORTED)}, got {name!r}")
    check(name, params)
    K, c, sigma, u0 = (np.asarray(x, dtype=float) for x in (K, c, sigma, u0))
    weights, members = _groups(name, params, K, c, sigma, u0)
    P, u, pieces = len(sigma), u0.copy(), list[Piece]()
    for n in range(P):
        found, u = _march(Cell(K[n], c[n], sigma[n] * weights, members), u, n / P, (n + 1) / P)
        pieces += found
    times = np.array([piece.start for piece in pieces] + [1.0])
    coefficients = np.stack([piece.coefficients for piece in pieces])
    radius = group_defect.radius((K, c, sigma), weights, members, u0, times, coefficients)
    return Flow(times, coefficients, tuple(piece.status for piece in pieces), radius)


def _groups(
    name: str, params: Params, K: Array, c: Array, sigma: Array, u0: Array
) -> tuple[Array, list[Array]]:
    """Weights and coordinates of the groups; raises for bad input."""
    require_system(K, c, sigma, u0)
    d = len(u0)
    if name == "l2":
        return np.ones(1), [np.arange(d)]
    if len(params["groups"]) != d:
        raise ValueError(f"groups: expected {d} labels, got {len(params['groups'])}")
    found, weights = blocks(params), np.asarray(params["weights"], dtype=float)[0]
    return weights[[g for g, _ in found]], [at for _, at in found]


def _march(cell: Cell, u: Array, start: float, stop: float) -> tuple[list[Piece], Array]:
    """Pieces from `start` to `stop` and the state at `stop`."""
    pieces: list[Piece] = []
    t, h = start, FIRST_STEP
    for _ in range(MOST_STEPS):
        u = _landed(cell, u)
        end, orders, coefficients, h = _step(cell, u, t, stop, h)
        share, due = first_event(cell, orders, coefficients)
        if share < 1:
            cut = min(t + share * (end - t), end)
            coefficients = coefficients * (((cut - t) / (end - t)) ** np.arange(DEGREE + 1))[:, None]
            end, h = cut, FIRST_STEP
        if end > t:
            pieces.append(Piece(t, end, coefficients, tuple(int(k > 0) for k in orders)))
        before = u
        u, t = np.sum(coefficients[::-1], axis=0), end
        for g in due:
            u[cell.blocks[g]] = 0.0
        if np.any(_at_zero(cell, _landed(cell, u)) != _at_zero(cell, before)):
            h = FIRST_STEP
        if t >= stop:
            return pieces, u
    raise Stuck(f"group_flow: more than {MOST_STEPS} steps before t = {stop}")


def _at_zero(cell: Cell, u: Array) -> Array:
    return np.array([not np.any(u[at]) for at in cell.blocks])


def _landed(cell: Cell, u: Array) -> Array:
    """u with groups zero that are as good as zero and become shorter."""
    u, force, small = u.copy(), cell.force(u), LANDED * max(1.0, float(norm(u)))
    for limit, at in zip(cell.limits, cell.blocks, strict=True):
        length = float(norm(u[at]))
        speed = limit - float(force[at] @ u[at]) / length if length > 0 else 0.0
        if limit > 0 and speed > 0 and length <= max(small, LANDED * speed):
            u[at] = 0.0
    return u


def _step(cell: Cell, u: Array, t: float, stop: float, h: float) -> tuple[float, Array, Array, float]:
    """End of an accurate step, orders of the groups, coefficients, and a length for the next step."""
    orders, velocity = _start(cell, u)
    extra = np.zeros(len(u))  # guesses, per unit of h^k, for groups that a trial step made leave
    h = min(h, _time_to_zero(cell, u, orders, velocity))
    while True:
        end = stop if h >= 0.9 * (stop - t) else t + h
        length = end - t
        if length < SHORTEST and end < stop:
            raise Stuck(f"group_flow: steps of less than {SHORTEST} at t = {t}")
        found = collocate(cell, u, length, orders, length * velocity + length * length * extra)
        if found is None:
            h = length / 3
            continue
        coefficients, defect = found
        allowed = max(length * ACCURATE * cell.size(u), NEGLIGIBLE * max(1.0, float(norm(u))))
        factor = 0.9 * (allowed / max(defect, 1e-6 * allowed)) ** (1 / DEGREE)
        if defect > allowed:
            h = length * max(factor, 0.2) if factor < 0.9 else 0.7 * length
            continue
        away = leaving(cell, orders, coefficients)
        if not away:
            return end, orders, coefficients, length * min(factor, 3.0)
        force = cell.force(u)
        for g, rise in away:
            at, orders[g] = cell.blocks[g], 2
            extra[at] = rise / length * force[at] / norm(force[at])


def _start(cell: Cell, u: Array) -> tuple[Array, Array]:
    """Orders of the groups at u, 0 where the force does not clearly exceed its limit, and the velocity."""
    force, tie = cell.force(u), TIE * cell.size(u)
    orders, velocity = np.ones(len(cell.blocks), dtype=int), force.copy()
    for g, (limit, at) in enumerate(zip(cell.limits, cell.blocks, strict=True)):
        if limit == 0:
            continue
        length, size = float(norm(u[at])), float(norm(force[at]))
        if length > 0:
            velocity[at] -= limit * u[at] / length
        elif size > limit + tie:
            velocity[at] -= limit * force[at] / size
        else:
            velocity[at], orders[g] = 0.0, 0
    return orders, velocity


def _time_to_zero(cell: Cell, u: Array, orders: Array, velocity: Array) -> float:
    """Part of the time in which a group of several coordinates would reach zero at its present speed."""
    least = np.inf
    for limit, order, at in zip(cell.limits, orders, cell.blocks, strict=True):
        square_ = float(u[at] @ u[at])
        if limit > 0 and order and square_ > 0 and len(at) > 1:
            shrinking = -float(velocity[at] @ u[at])
            least = min(least, 0.7 * square_ / shrinking if shrinking > 0 else np.inf)
    return least
