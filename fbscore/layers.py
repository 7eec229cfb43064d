"""One layer of each network."""

from fbscore.linalg import matvec
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Data, Layer, Measurement, Scalars, State

__all__ = ["fbs_step"]


def fbs_step(
    u: State,
    h: float,
    A: Measurement,
    f: Data,
    W: Layer,
    tau: Scalars,
    lam: Scalars,
    regularizer: Regularizer,
) -> State:
    r"""One layer of the FBS-network, ``prox_{h τ λ R}(u − h τ W (A u − f))``.

    Parameters
    ----------
    u : (batch, d)
        State before the layer.
    h : float
        Length of a cell, ``1/N``.
    A : (batch, m, d)
    f : (batch, m)
    W : (batch, d, m)
    tau, lam : (batch,)
        Step and weight of this layer, both ``>= 0``.
    regularizer : Regularizer
        ``R``.

    Returns
    -------
    (batch, d)
        State after the layer.  Nothing is validated here: this is the inner loop.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.2) [reconstructed].
    """
    step = h * tau
    residual = matvec(A, u) - f
    return regularizer.prox(u - step.unsqueeze(-1) * matvec(W, residual), step * lam)
