r"""The limit system without a force, K = 0 and c = 0, for those R that the other routes do not solve.

u'(t) in -sigma(t) dR(u) (X. Lin, C. Wu, arXiv:2605.27133, (2.3) [reconstructed]).

* negative_l1: see `outward`.
* l0, the number of entries that are not zero: not convex; its Frechet subdifferential is {0} where no entry
  is zero, so that u(t) = u(0) is the one solution. From an entry that is zero more than one leads.
* quartic, |u|^4 / 4: its gradient is |u|^2 u, so that u stays on its ray and r = |u| has r' = -sigma r^3:
  u(t) = u(0) (1 + 2 |u(0)|^2 int_0^t sigma)^{-1/2}.

Floats and balls.
"""

from typing import Any

import numpy as np

from claims.oracle import outward
from claims.oracle.elementary import Array, absolute, is_zero, may_be_zero, norm, sqrt, total
from claims.oracle.flow import UNIT, Stuck
from claims.oracle.outward import integral

SUPPORTED = (*outward.SUPPORTED, "l0", "quartic")


def path(name: str, K: Any, c: Any, sigma: Any, u0: Any, times: Array) -> Array:
    """The states (T, d) at `times` (T,), floats.

    Parameters
    ----------
    name
        One of `SUPPORTED`.
    K, c, sigma
        (P, d, d), (P, d), (P,) >= 0: the controls on P equal cells.
    u0
        (d,).

    Raises
    ------
    Stuck
        Where K or c is not zero, or an entry of u0 may be, but for quartic.
    """
    if name in outward.SUPPORTED:
        return outward.path(K, c, sigma, u0, times)
    if not (np.all(is_zero(K)) and np.all(is_zero(c))):
        raise Stuck("unforced: expected K = 0 and c = 0, for other systems no closed form is known here")
    if name == "quartic":
        square = total(u0 * u0)
        return u0 / sqrt(1 + 2 * square * integral(sigma, times))[:, None]
    if np.any(may_be_zero(u0)):
        raise Stuck("unforced: an entry of u0 is zero, from where more than one solution leads")
    return u0 + 0 * integral(sigma, times)[:, None]


def radius(name: str, sigma: Array, u0: Array) -> float:
    """Bound of the rounding error of `path` in floats, that of sigma, a product, included.

    For l0 and quartic no state is larger than u0.
    """
    if name in outward.SUPPORTED:
        return outward.radius(sigma, u0)
    return float((len(sigma) + len(u0) + 8) * UNIT * norm(absolute(u0)))
