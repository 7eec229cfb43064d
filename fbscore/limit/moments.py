r"""Moments of the exponential, ``M_k(y) = ∫₀¹ e^{y(1−s)} s^k ds``, which solve linear equations over a cell.

``h M_k(κh)`` is the value at the end of a cell of length ``h`` of ``x' = κx + s^k``, ``s = (t − t_n)/h``,
with ``x = 0`` at its beginning.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["moments"]

Values = Float[Tensor, "*n"]

#: Terms of the power series: for ``|y| <= 1`` the rest is below round-off of float64.
TERMS = 20


def moments(y: Values) -> tuple[Values, Values, Values]:
    r"""``M_0, M_1, M_2``.

    Parameters
    ----------
    y : (*n)
        Of either sign.

    Returns
    -------
    (*n), (*n), (*n)
        ``(e^y − 1)/y``, ``(e^y − 1 − y)/y²``, ``2(e^y − 1 − y − y²/2)/y³``; infinite where they overflow.
    """
    small = y.abs() <= 1.0
    near, far = torch.where(small, y, 0.0), torch.where(small, 2.0, y)
    first = torch.expm1(far) / far
    second = (first - 1.0) / far
    third = 2.0 * (second - 0.5) / far
    closed = (first, second, third)
    return (
        torch.where(small, _series(near, 0), closed[0]),
        torch.where(small, _series(near, 1), closed[1]),
        torch.where(small, _series(near, 2), closed[2]),
    )


def _series(y: Values, k: int) -> Values:
    """``Σ_j k! y^j / (j + k + 1)!`` by Horner's rule."""
    total = torch.zeros_like(y)
    for j in reversed(range(TERMS)):
        total = total * y + math.factorial(k) / math.factorial(j + k + 1)
    return total
