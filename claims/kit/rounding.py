r"""The one rounding model: safety × unit round-off × operation count × norms.

A quantity that a subject computes in a dtype with unit round-off ``ε`` through chains of at most
``operations`` dependent additions and multiplications on data of norm ``magnitude`` is off by at most about
``ε · operations · magnitude``.  The judge itself works in float64.  ``SAFETY`` was set by the trial that
``docs/rounding.md`` describes; ``python -m tests.kit.rounding_trial`` repeats it.
"""

from __future__ import annotations

import torch

from claims.kit.arithmetic import Array

#: Factor on top of ε · operations · magnitude.
SAFETY = 1.0

#: Operations of a layer beside its dot products: differences, scaling, prox, norm.
OVERHEAD = 8

UNIT_ROUNDOFF: dict[torch.dtype, float] = {torch.float64: 2.0**-53, torch.float32: 2.0**-24}


def rounding(unit: float, operations: int, magnitude: Array) -> Array:
    r"""Return the uncertainty that round-off leaves in a quantity.

    Parameters
    ----------
    unit : float
        Unit round-off of the dtype in which the subject computed; 0 in ball arithmetic.
    operations : int
        Length of the longest chain of dot products behind the quantity; `OVERHEAD` is added.
    magnitude : array
        Sum of the norms that enter the chain.

    Returns
    -------
    array
        Of the shape of ``magnitude``.
    """
    return (SAFETY * unit * (operations + OVERHEAD)) * magnitude
