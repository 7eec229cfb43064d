r"""What ends a step of a group norm: a group at rest that may leave, a single coordinate that is zero.

Both are first roots of polynomials, which `bernstein.first_root` does not miss. Roots at the start of a step
are round-off of the event that began it: leading coefficients that are round-off are taken for zero, and the
first one that is not decides.
"""

from typing import Any

import numpy as np

from claims.oracle.bernstein import DEGREE as PRODUCT_DEGREE
from claims.oracle.bernstein import first_root
from claims.oracle.elementary import Array
from claims.oracle.flow import Stuck
from claims.oracle.group_defect import padded, square
from claims.oracle.group_step import ORDERS, Cell

TIE = 2.0**-42  # a force is at its limit within this, relative to the terms that it is the sum of


def _slack(cell: Cell, g: Any, coefficients: Array) -> tuple[Array, float]:
    """limit^2 - |force|^2 of a group as a polynomial, leading round-off made zero, and its size."""
    force = -coefficients @ cell.K[cell.blocks[g]].T
    force[0] += cell.c[cell.blocks[g]]
    slack = -square(force)
    slack[0] += cell.limits[g] ** 2
    tie = TIE * cell.size(np.sum(np.abs(coefficients), axis=0))
    small = 4 * tie * (float(cell.limits[g]) + tie)
    known = np.flatnonzero(np.abs(slack) > small)
    slack[: known[0] if len(known) else None] = 0.0
    return slack, small


def leaving(cell: Cell, orders: Array, coefficients: Array) -> list[tuple[int, float]]:
    """Groups at rest whose force begins to exceed the limit, and the guess at their rise."""
    found: list[tuple[int, float]] = []
    for g in np.flatnonzero((orders == 0) & (cell.limits > 0)):
        slack, _ = _slack(cell, g, coefficients)
        lead = np.flatnonzero(slack)
        if len(lead) and slack[lead[0]] < 0:
            if lead[0] >= len(ORDERS):
                raise Stuck(f"group_flow: group {g} leaves zero more slowly than t^{len(ORDERS)}")
            found.append((int(g), float(-slack[lead[0]] / (4 * cell.limits[g]))))
    return found


def first_event(cell: Cell, orders: Array, coefficients: Array) -> tuple[float, list[int]]:
    """Part of the step until a group at rest may leave or a single coordinate is zero; those that are."""
    first, due = 1.0, list[int]()
    for g in np.flatnonzero(cell.limits > 0):
        at = cell.blocks[g]
        if orders[g] == 0:
            slack, small = _slack(cell, g, coefficients)
            root = _root(slack, small)
            if root < first:
                first, due = root, []
        elif len(at) == 1:
            path = padded(coefficients[:, at[0]])
            sign = np.sign(path[np.flatnonzero(path)[:1]])
            root = _root(path * sign, 0.0) if len(sign) else 1.0
            if root < first or (root == first < 1):
                first, due = root, [*due, int(g)] if root == first else [int(g)]
    return first, due


def _root(a: Array, small: float) -> float:
    """First root in (0, 1] of a polynomial that starts positive, roots at 0 taken off; 1 if there is none."""
    lead = np.flatnonzero(a)
    if not len(lead):
        return 1.0
    rest = np.zeros(PRODUCT_DEGREE + 1)
    rest[: len(a) - lead[0]] = a[lead[0] :]
    root = first_root(rest, small if lead[0] == 0 else 0.0)
    return 1.0 if root is None else float(root)
