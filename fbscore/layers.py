"""One layer of each network."""

from fbscore.linalg import matvec
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Data, Layer, Measurement, Scalars, Square, State

__all__ = ["alista_step", "fbs_step", "lista_step"]


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


def lista_step(
    u: State, h: float, f: Data, W1: Layer, W2: Square, lam: Scalars, regularizer: Regularizer
) -> State:
    r"""One layer of LISTA, ``prox_{h λ R}(u + h (W¹ f − W² u))``.

    Parameters
    ----------
    u : (batch, d)
        State before the layer.
    h : float
        Length of a cell, ``1/N``.
    f : (batch, m)
    W1 : (batch, d, m)
    W2 : (batch, d, d)
    lam : (batch,)
        Weight of this layer, ``>= 0``.
    regularizer : Regularizer
        ``R``.

    Returns
    -------
    (batch, d)
        State after the layer.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.6) [reconstructed].
    """
    return regularizer.prox(u + h * (matvec(W1, f) - matvec(W2, u)), h * lam)


def alista_step(
    u: State,
    h: float,
    A: Measurement,
    f: Data,
    W: Layer,
    tau: Scalars,
    lam: Scalars,
    regularizer: Regularizer,
) -> State:
    r"""One layer of ALISTA, ``prox_{h λ R}(u − h τ W (A u − f))``: the weight of ``R`` is ``λ``, not ``τ λ``.

    Parameters
    ----------
    u, h, A, f, W, tau, lam, regularizer
        As in `fbs_step`.

    Returns
    -------
    (batch, d)
        State after the layer.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, section 2.2 [reconstructed].
    """
    residual = matvec(A, u) - f
    return regularizer.prox(u - (h * tau).unsqueeze(-1) * matvec(W, residual), h * lam)
