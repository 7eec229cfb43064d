"""One layer of each network.  States and data may have an axis of samples, which share the layer."""

from fbscore.linalg import matvec, scale
from fbscore.regularizers.base import Regularizer
from fbscore.samples import prox
from fbscore.shapes import Layer, Measurement, Measurements, Scalars, Square, States

__all__ = ["alista_step", "fbs_step", "lista_step"]


def fbs_step(
    u: States,
    h: float,
    A: Measurement,
    f: Measurements,
    W: Layer,
    tau: Scalars,
    lam: Scalars,
    regularizer: Regularizer,
) -> States:
    r"""One layer of the FBS-network, ``prox_{h τ λ R}(u − h τ W (A u − f))``.

    Parameters
    ----------
    u : (batch, d) or (batch, samples, d)
        State before the layer.
    h : float
        Length of a cell, ``1/N``.
    A : (batch, m, d)
    f : (batch, m) or (batch, samples, m)
    W : (batch, d, m)
    tau, lam : (batch,)
        Step and weight of this layer, both ``>= 0``.
    regularizer : Regularizer
        ``R``.

    Returns
    -------
    (batch, d) or (batch, samples, d)
        State after the layer.  Nothing is validated here: this is the inner loop.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.2) [reconstructed].
    """
    step = h * tau
    residual = matvec(A, u) - f
    return prox(regularizer, u - scale(step, matvec(W, residual)), step * lam)


def lista_step(
    u: States, h: float, f: Measurements, W1: Layer, W2: Square, lam: Scalars, regularizer: Regularizer
) -> States:
    r"""One layer of LISTA, ``prox_{h λ R}(u + h (W¹ f − W² u))``.

    Parameters
    ----------
    u : (batch, d) or (batch, samples, d)
        State before the layer.
    h : float
        Length of a cell, ``1/N``.
    f : (batch, m) or (batch, samples, m)
    W1 : (batch, d, m)
    W2 : (batch, d, d)
    lam : (batch,)
        Weight of this layer, ``>= 0``.
    regularizer : Regularizer
        ``R``.

    Returns
    -------
    (batch, d) or (batch, samples, d)
        State after the layer.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.6) [reconstructed].
    """
    return prox(regularizer, u + h * (matvec(W1, f) - matvec(W2, u)), h * lam)


def alista_step(
    u: States,
    h: float,
    A: Measurement,
    f: Measurements,
    W: Layer,
    tau: Scalars,
    lam: Scalars,
    regularizer: Regularizer,
) -> States:
    r"""One layer of ALISTA, ``prox_{h λ R}(u − h τ W (A u − f))``: the weight of ``R`` is ``λ``, not ``τ λ``.

    Parameters
    ----------
    u, h, A, f, W, tau, lam, regularizer
        As in `fbs_step`.

    Returns
    -------
    (batch, d) or (batch, samples, d)
        State after the layer.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, section 2.2 [reconstructed].
    """
    residual = matvec(A, u) - f
    return prox(regularizer, u - scale(h * tau, matvec(W, residual)), h * lam)
