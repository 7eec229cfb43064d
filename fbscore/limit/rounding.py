r"""How far a computed layer is from an exact one: unit round-off × operations × norms.

The computed state ``ũ_{n+1}`` differs from the exact layer at ``ũ_n`` by at most ``ξ_n = ε (operations + 8)
magnitude``, the model of ``docs/rounding.md``, here with ``C0`` for every regulariser.  A certificate
follows the exact layer and then jumps.
"""

from functools import singledispatch

import torch
from torch import Tensor

from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.nuclear import Nuclear
from fbscore.regularizers.rotated import Rotated

__all__ = ["layer_round_off", "prox_operations"]

#: Operations of a layer beside its dot products: differences, scaling, prox, norm.
OVERHEAD = 8


@singledispatch
def prox_operations(regularizer: Regularizer, d: int) -> int:
    """Length of the dot products behind a prox or a value: ``d``, but ``16 d`` for singular values."""
    return d


@prox_operations.register
def _(regularizer: Nuclear, d: int) -> int:
    return 16 * d


@prox_operations.register
def _(regularizer: Rotated, d: int) -> int:
    return 2 * d + prox_operations(regularizer.inner, d)


def layer_round_off(dtype: torch.dtype, operations: int, magnitude: Tensor) -> Tensor:
    r"""``ε (operations + 8) magnitude``.

    Parameters
    ----------
    dtype : torch.dtype
        In which the layer was computed.
    operations : int
        Length of the longest chain of dot products behind it.
    magnitude : tensor
        Sum of the norms that enter.

    Returns
    -------
    tensor
        Of the shape of ``magnitude``.
    """
    return (0.5 * torch.finfo(dtype).eps * (operations + OVERHEAD)) * magnitude
