r"""One step of the limit system with a group norm, by collocation at Radau points.

On one cell of the controls and while the same groups rest at zero, the others move by

    u_g' = (c - K u)_g - limit_g u_g / |u_g|,    limit_g = sigma w_g

(X. Lin, C. Wu, arXiv:2605.27133, (2.3) [reconstructed]). A step is a polynomial that satisfies this at N
points (E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 1996, section IV.5: order 2 N - 1,
stiff decay, which is needed where |u_g| is small). A group that leaves zero starts as t^k times a vector,
k = 1 if its force exceeds the limit and 2 if it only begins to; the polynomial has this factor, so that its
direction is accurate at once. A group of one coordinate keeps its sign, and its equation is linear.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import roots_jacobi

from claims.oracle.elementary import Array, norm

POINTS = 11
DEGREE = 12  # POINTS + 1: room for the factor t^2
ORDERS = (1, 2)
MOST_ROUNDS = 15
ROUNDING = 2.0**-51  # of the equations, relative: they are solved
CONVERGED = 1e-10  # relative: nearer than this they may stop where round-off stops them


def _radau() -> Array:
    """POINTS points of (0, 1], the last of them 1."""
    return (1 + np.append(np.sort(roots_jacobi(POINTS - 1, 1.0, 0.0)[0]), 1.0)) / 2


def _powers(s: Array, order: int) -> tuple[Array, Array]:
    """s^(order + j) and its derivative, j = 0, ..., POINTS - 1: each (len(s), POINTS)."""
    exponents = order + np.arange(POINTS)
    return s[:, None] ** exponents, exponents * s[:, None] ** (exponents - 1)


def _tables(s: Array) -> tuple[Array, Array]:
    """The powers and the derivatives for each of ORDERS: (2, len(s), POINTS)."""
    values, slopes = zip(*(_powers(s, order) for order in ORDERS), strict=True)
    return np.stack(values), np.stack(slopes)


SOLVED = _tables(_radau())
CHECKED = _tables(np.arange(1, 4 * POINTS + 1) / (4 * POINTS))


@dataclass(frozen=True)
class Cell:
    """K (d, d), c (d,), the limits sigma w_g (G,) and the coordinates of each of the G groups."""

    K: Array
    c: Array
    limits: Array
    blocks: list[Array]

    def force(self, u: Array) -> Array:
        """c - K u for u (..., d)."""
        return self.c - u @ self.K.T

    def size(self, u: Array) -> float:
        """Of the terms that the velocity at u is the sum of."""
        return float(np.linalg.norm(self.c) + np.linalg.norm(self.K) * norm(u) + np.sum(self.limits))

    def velocity(self, u: Array, moving: Array, signs: Array, *, slopes: bool = False) -> tuple[Array, Array]:
        """u' at u, both (n, d), zero for groups at rest; if asked for, minus its derivative (n, d, d)."""
        result, derivative = self.force(u), np.zeros((0, 0, 0))
        if slopes:
            derivative = np.repeat(self.K[None], len(u), axis=0)
        for g in np.flatnonzero(moving & (self.limits > 0)):
            at = self.blocks[g]
            if len(at) == 1:
                result[:, at] -= self.limits[g] * signs[g]
                continue
            length = norm(u[:, at])[:, None]
            e = u[:, at] / np.where(length > 0, length, 1.0)
            result[:, at] -= self.limits[g] * e
            if slopes:
                across = np.eye(len(at)) - e[:, :, None] * e[:, None, :]
                derivative[:, at[:, None], at] += (
                    self.limits[g] * across / np.where(length > 0, length, 1.0)[..., None]
                )
        for g in np.flatnonzero(~moving):
            result[:, self.blocks[g]] = 0.0
        return result, derivative


def collocate(cell: Cell, u: Array, h: float, orders: Array, first: Array) -> tuple[Array, float] | None:
    """Coefficients (DEGREE+1, d) in t / h of a step from u, and h times its largest defect seen.

    Parameters
    ----------
    orders
        (G,): 0 for a group at rest, else the order k of the first power by which it moves away from u.
    first
        (d,): a guess at the coefficients of that power; gives the sign of a single coordinate that is zero.

    Returns
    -------
    tuple or None
        None if Newton's method does not converge.
    """
    step = _step(cell, u, h, orders, first)
    active = np.flatnonzero(step.power)
    C = np.zeros((POINTS, len(u)))
    C[0, active] = first[active]
    scale, last = float(norm(u)) + h * cell.size(u), np.inf
    for _ in range(MOST_ROUNDS):
        missing, derivative = step.missing(C, SOLVED, slopes=True)
        now = float(np.max(np.abs(missing), initial=0.0))
        if not np.isfinite(now) or now > 1e3 * max(last, scale):
            return None
        if now <= ROUNDING * h * cell.size(u) or (now <= CONVERGED * scale and now > 0.3 * last):
            return step.polynomial(C), float(np.max(norm(step.missing(C, CHECKED)[0])))
        last = now
        try:
            C[:, active] -= _newton(step, active, missing[:, active], derivative)
        except np.linalg.LinAlgError:
            return None
    return None


@dataclass(frozen=True)
class _Step:
    """The equations of one step: the order of each coordinate (0 at rest), which groups move, their signs."""

    cell: Cell
    u: Array
    h: float
    power: Array
    moving: Array
    signs: Array

    def missing(self, C: Array, tables: tuple[Array, Array], *, slopes: bool = False) -> tuple[Array, Array]:
        """h times the defect (n, d) at the points of the tables, and minus the derivative of the velocity."""
        points = tables[0].shape[1]
        place, slope = np.tile(self.u, (points, 1)), np.zeros((points, len(self.u)))
        for k in ORDERS:
            at = np.flatnonzero(self.power == k)
            place[:, at] += tables[0][k - 1] @ C[:, at]
            slope[:, at] = tables[1][k - 1] @ C[:, at]
        velocity, derivative = self.cell.velocity(place, self.moving, self.signs, slopes=slopes)
        return slope - self.h * velocity, derivative

    def polynomial(self, C: Array) -> Array:
        """All coefficients (DEGREE+1, d)."""
        result = np.zeros((DEGREE + 1, len(self.u)))
        result[0] = self.u
        for k in ORDERS:
            at = np.flatnonzero(self.power == k)
            result[k : k + POINTS, at] = C[:, at]
        return result


def _step(cell: Cell, u: Array, h: float, orders: Array, first: Array) -> _Step:
    power = np.zeros(len(u), dtype=int)
    for order, at in zip(orders, cell.blocks, strict=True):
        power[at] = order
    lead = np.array([at[0] for at in cell.blocks], dtype=int)
    signs = np.where(u[lead] != 0, np.sign(u[lead]), np.sign(first[lead]))
    return _Step(cell, u, h, power, orders > 0, signs)


def _newton(step: _Step, active: Array, missing: Array, derivative: Array) -> Array:
    """Correction (POINTS, n) of the coefficients of the n coordinates that move."""
    n, order = len(active), step.power[active] - 1
    V, S = (table[order] for table in SOLVED)  # (a, m, j)
    matrix = step.h * derivative[:, active[:, None], active][:, :, None, :] * V.transpose(1, 2, 0)[:, None]
    matrix[:, np.arange(n), :, np.arange(n)] += S  # (m, a, j, b)
    return np.linalg.solve(matrix.reshape(POINTS * n, -1), missing.reshape(-1)).reshape(POINTS, n)
