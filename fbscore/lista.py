"""Controls of the LISTA and ALISTA networks, beside those of the FBS-network in `fbscore.types`."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from fbscore.batched import LayerControls
from fbscore.errors import require_axes, require_finite, require_floating, require_nonnegative, require_shape
from fbscore.shapes import Layer, Layers, Measurement, Steps
from fbscore.types import Controls

__all__ = ["AlistaControls", "ListaControls", "coupled"]


@dataclass(frozen=True, eq=False)
class ListaControls(LayerControls):
    r"""Layer parameters of LISTA, ``u_{n+1} = prox_{h λ_n R}(u_n + h(W¹_n f − W²_n u_n))``.

    Parameters
    ----------
    W1 : (batch, N, d, m)
        Acts on the data; ``N >= 1`` and ``d >= 1``.
    W2 : (batch, N, d, d)
        Acts on the state.
    lam : (batch, N)
        Weights of the regulariser, ``>= 0``.

    Raises
    ------
    TypeError, ValueError
        Anything but finite tensors of these shapes and signs, of one dtype, on one device.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.6) [reconstructed]; K. Gregor, Y. LeCun, ICML 2010, 399-406.
    """

    W1: Layers
    W2: Float[Tensor, "batch N d d"]
    lam: Steps

    def __post_init__(self) -> None:
        require_floating(W1=self.W1, W2=self.W2, lam=self.lam)
        require_axes("W1", self.W1, "batch N d m", nonempty=("N", "d"))
        batch, N, d = self.W1.shape[:3]
        require_axes("W2", self.W2, "batch N d d", nonempty=())
        require_shape("W2", self.W2, batch=batch, N=N, d=d, columns=d)
        require_shape("lam", self.lam, batch=batch, N=N)
        require_finite("W1", self.W1)
        require_finite("W2", self.W2)
        require_nonnegative("lam", self.lam)


@dataclass(frozen=True, eq=False)
class AlistaControls(LayerControls):
    r"""Layer parameters of ALISTA, ``u_{n+1} = prox_{h λ_n R}(u_n − h τ_n W(A u_n − f))``.

    One ``W`` serves all layers.  The weight of ``R`` is ``λ_n`` here, not ``τ_n λ_n``; for that form take
    `Controls` with ``W`` repeated.

    Parameters
    ----------
    W : (batch, d, m)
    tau : (batch, N)
        Steps, ``>= 0``; ``N >= 1``.
    lam : (batch, N)
        Weights of the regulariser, ``>= 0``.

    Raises
    ------
    TypeError, ValueError
        Anything but finite tensors of these shapes and signs, of one dtype, on one device.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, section 2.2 [reconstructed]; J. Liu, X. Chen, Z. Wang, W. Yin, ICLR 2019.
    """

    W: Layer
    tau: Steps
    lam: Steps

    def __post_init__(self) -> None:
        require_floating(W=self.W, tau=self.tau, lam=self.lam)
        require_axes("W", self.W, "batch d m", nonempty=("d",))
        require_axes("tau", self.tau, "batch N", nonempty=("N",))
        batch, N = self.W.shape[0], self.tau.shape[1]
        require_shape("tau", self.tau, batch=batch, N=N)
        require_shape("lam", self.lam, batch=batch, N=N)
        require_finite("W", self.W)
        require_nonnegative("tau", self.tau)
        require_nonnegative("lam", self.lam)


def coupled(controls: Controls, A: Measurement) -> ListaControls:
    r"""Return the coupled LISTA controls that run the same network, ``W¹ = τW``, ``W² = τWA``, ``λ ← τλ``.

    Parameters
    ----------
    controls : Controls
    A : (batch, m, d)

    Raises
    ------
    ValueError
        ``A`` does not match the controls.
    """
    require_shape("A", A, batch=controls.batch, m=controls.m, d=controls.d)
    W1 = controls.tau[:, :, None, None] * controls.W
    return ListaControls(W1, W1 @ A[:, None], controls.tau * controls.lam)
