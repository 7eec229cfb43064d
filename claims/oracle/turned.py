r"""Coordinates turned by an orthogonal D, for R(D u)."""

from typing import Any

import numpy as np

from claims.oracle import exact
from claims.oracle.elementary import (
    Array,
    counts_as_zero,
    is_ball,
    matvec,
    norm,
    orthogonal,
    zeros_like,
)
from claims.oracle.parameters import field


def turned(D: Any, u: Array) -> Array:
    """D u; in floats with the products of `exact`, so that zeros are those of the very numbers given."""
    if not is_ball(u):
        return exact.dot(field({"D": D}, "D", u), u)[0]
    return matvec(field({"D": orthogonal(D)}, "D", u), u)


def settled(u: Array) -> Array:
    """Ball entries that count as zero (a 60-digit decision) made zero."""
    return np.where(counts_as_zero(u, norm(u)[..., None]), zeros_like(u), u) if is_ball(u) else u


def turned_back(D: Any, p: Array) -> Array:
    """D^T p."""
    return matvec(np.swapaxes(field({"D": orthogonal(D)}, "D", p), -1, -2), p)
