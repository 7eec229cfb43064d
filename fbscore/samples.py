"""Several samples ``(f, u0)`` under one measurement matrix, one regulariser and the same layers."""

import copy
from dataclasses import dataclass
from functools import singledispatch

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.batched import Measured
from fbscore.errors import require_axes, require_finite, require_floating, require_instance, require_shape
from fbscore.linalg import matvec, scale, solve_for_samples
from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.quadratic import Quadratic
from fbscore.regularizers.rotated import Rotated
from fbscore.shapes import Measurement, Scalars, States

__all__ = ["Samples", "prox"]

Starts = Float[Tensor, "batch samples d"]


@dataclass(frozen=True, eq=False)
class Samples(Measured):
    r"""A batch of problems with several samples each, which share ``A`` and ``R``.

    `fbscore.forward` takes it in the place of a `Problem`: the controls of an instance are shared by its
    samples too, and no matrix is repeated for them.

    Parameters
    ----------
    A : (batch, m, d)
        Measurement matrices; ``batch`` and ``m`` may be 0, ``d >= 1``.
    f : (batch, samples, m)
        Data; ``samples`` may be 0.
    u0 : (batch, samples, d)
        Initial states.
    regularizer : Regularizer
        ``R``, with parameters for this batch, ``d``, dtype and device.

    Raises
    ------
    TypeError, ValueError
        Anything but finite tensors of these shapes, of one dtype (float32 or float64), on one device.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.4), (2.5) [reconstructed].
    """

    A: Measurement
    f: Float[Tensor, "batch samples m"]
    u0: Starts
    regularizer: Regularizer

    def __post_init__(self) -> None:
        require_floating(A=self.A, f=self.f, u0=self.u0)
        require_axes("A", self.A, "batch m d", nonempty=("d",))
        require_axes("f", self.f, "batch samples m")
        batch, m, d = self.A.shape
        require_shape("f", self.f, batch=batch, samples=self.samples, m=m)
        require_shape("u0", self.u0, batch=batch, samples=self.samples, d=d)
        for argument, x in (("A", self.A), ("f", self.f), ("u0", self.u0)):
            require_finite(argument, x)
        require_instance("regularizer", self.regularizer, Regularizer, "a Regularizer")
        self.regularizer.require_match("regularizer", batch, d, A=self.A)

    @property
    def samples(self) -> int:
        """Number of samples of an instance."""
        return self.f.shape[1]


def prox(regularizer: Regularizer, v: States, a: Scalars) -> States:
    r"""``argmin_u ½‖u − v‖² + a R(u)`` for every state of every sample.

    Parameters
    ----------
    regularizer : Regularizer
        ``R``, one an instance.
    v : (batch, d) or (batch, samples, d)
    a : (batch,)
        Weights, ``>= 0``, shared by the samples.

    Returns
    -------
    As ``v``.
    """
    return regularizer.prox(v, a) if v.ndim == 2 else _shared(regularizer, v, a)


@singledispatch
def _shared(regularizer: Regularizer, v: Starts, a: Scalars) -> Starts:
    """The prox of samples as one large batch; the parameters are a view, not copies, for one instance."""
    batch, samples, d = v.shape
    each = _repeated(regularizer, samples)
    return each.prox(v.reshape(-1, d), _spread(a, samples)).reshape(batch, samples, d)


@_shared.register
def _(regularizer: Quadratic, v: Starts, a: Scalars) -> Starts:
    """One factorisation of ``I + aQ`` for all samples of an instance."""
    identity = torch.eye(v.shape[-1], dtype=v.dtype, device=v.device)
    return solve_for_samples(identity + scale(a, regularizer.Q), v)


@_shared.register
def _(regularizer: Rotated, v: Starts, a: Scalars) -> Starts:
    """``Dᵀ prox_{aS}(D v)`` without a copy of ``D`` for each sample."""
    u = matvec(regularizer.D.mT, _shared(regularizer.inner, matvec(regularizer.D, v), a))
    return torch.where(a[:, None, None] == 0, v, u)


def _spread(x: Tensor, samples: int) -> Tensor:
    """``x`` (batch, ...) for every sample, (batch · samples, ...)."""
    return x.unsqueeze(1).expand(-1, samples, *x.shape[1:]).flatten(0, 1)


def _repeated(regularizer: Regularizer, samples: int) -> Regularizer:
    """The regulariser with its parameters for every sample; they were validated when it was made."""
    each = copy.copy(regularizer)
    for name, x in regularizer.parameters.items():
        if isinstance(x, Tensor):
            object.__setattr__(each, name, _spread(x, samples))
        elif isinstance(x, Regularizer):
            object.__setattr__(each, name, _repeated(x, samples))
    return each
