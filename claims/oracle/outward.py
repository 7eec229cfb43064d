r"""The limit system of R = -sum_i |u_i| alone: every entry leads away from zero, at the speed sigma.

u'(t) in -(K(t) u - c(t)) - sigma(t) dR(u) (X. Lin, C. Wu, arXiv:2605.27133, (2.3) [reconstructed]) with K = 0
and c = 0. R is not convex; its Frechet subdifferential is -sign(u_i) where u_i is not zero, and empty where
it is. So u_i(t) = u_i(0) + sign(u_i(0)) int_0^t sigma is the one solution, if no entry of u(0) is zero; from
zero there are infinitely many. Floats and balls.
"""

from typing import Any

import numpy as np

from claims.oracle.elementary import Array, absolute, is_zero, may_be_zero, norm, sign, total
from claims.oracle.flow import UNIT, Stuck

SUPPORTED = ("negative_l1",)


def path(K: Any, c: Any, sigma: Any, u0: Any, times: Array) -> Array:
    """The states (T, d) at `times` (T,), floats.

    Parameters
    ----------
    K, c, sigma
        (P, d, d), (P, d), (P,) >= 0: the controls on P equal cells.
    u0
        (d,).

    Raises
    ------
    Stuck
        Where K or c is not zero, or an entry of u0 may be.
    """
    if not (np.all(is_zero(K)) and np.all(is_zero(c))):
        raise Stuck("outward: expected K = 0 and c = 0, for other systems no closed form is known here")
    if np.any(may_be_zero(u0)):
        raise Stuck("outward: an entry of u0 is zero, from where more than one solution leads")
    return u0 + sign(u0) * integral(sigma, times)[:, None]


def radius(sigma: Array, u0: Array) -> float:
    """Bound of the rounding error of `path` in floats, that of sigma, a product, included."""
    size = norm(absolute(u0) + total(sigma) / len(sigma))
    return float((len(sigma) + 8) * UNIT * size)


def integral(sigma: Any, times: Array) -> Array:
    """The integral of sigma from 0 to each of `times`, (T,)."""
    cells = len(sigma)
    shares = np.clip(times[:, None] * cells - np.arange(cells), 0.0, 1.0)
    return total(shares * sigma) / cells
