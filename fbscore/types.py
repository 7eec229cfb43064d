"""What goes into a network and what comes out of a certified computation: frozen, validated once."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from fbscore.batched import LayerControls, Measured
from fbscore.errors import (
    require,
    require_axes,
    require_finite,
    require_floating,
    require_instance,
    require_nonnegative,
    require_request,
    require_shape,
)
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Data, Layers, Measurement, State, Steps

__all__ = ["Controls", "Enclosure", "Problem"]


@dataclass(frozen=True, eq=False)
class Problem(Measured):
    r"""A batch of problems: measurements ``f`` of a state through ``A``, a start and a regulariser.

    Parameters
    ----------
    A : (batch, m, d)
        Measurement matrices; ``batch`` and ``m`` may be 0, ``d >= 1``.
    f : (batch, m)
        Data.
    u0 : (batch, d)
        Initial states.
    regularizer : Regularizer
        ``R``, with parameters for this batch, ``d``, dtype and device.

    Raises
    ------
    TypeError, ValueError
        Anything but finite tensors of these shapes, of one dtype (float32 or float64), on one device.
    """

    A: Measurement
    f: Data
    u0: State
    regularizer: Regularizer

    def __post_init__(self) -> None:
        require_floating(A=self.A, f=self.f, u0=self.u0)
        require_axes("A", self.A, "batch m d", nonempty=("d",))
        batch, m, d = self.A.shape
        require_shape("f", self.f, batch=batch, m=m)
        require_shape("u0", self.u0, batch=batch, d=d)
        for argument, x in (("A", self.A), ("f", self.f), ("u0", self.u0)):
            require_finite(argument, x)
        self._require_matching_regularizer()

    def _require_matching_regularizer(self) -> None:
        """Require parameters of ``R`` for this batch, ``d``, dtype and device."""
        require_instance("regularizer", self.regularizer, Regularizer, "a Regularizer")
        self.regularizer.require_match("regularizer", self.batch, self.d, A=self.A)


@dataclass(frozen=True, eq=False)
class Controls(LayerControls):
    r"""Layer parameters, piecewise constant on ``N`` cells of [0, 1].

    Parameters
    ----------
    W : (batch, N, d, m)
        Generalises ``A^T``; ``N >= 1`` and ``d >= 1``.
    tau : (batch, N)
        Steps, ``>= 0``.
    lam : (batch, N)
        Weights of the regulariser, ``>= 0``.

    Raises
    ------
    TypeError, ValueError
        Anything but finite tensors of these shapes and signs, of one dtype, on one device.
    """

    W: Layers
    tau: Steps
    lam: Steps

    def __post_init__(self) -> None:
        require_floating(W=self.W, tau=self.tau, lam=self.lam)
        require_axes("W", self.W, "batch N d m", nonempty=("N", "d"))
        batch, N = self.W.shape[:2]
        require_shape("tau", self.tau, batch=batch, N=N)
        require_shape("lam", self.lam, batch=batch, N=N)
        require_finite("W", self.W)
        require_nonnegative("tau", self.tau)
        require_nonnegative("lam", self.lam)


@dataclass(frozen=True, eq=False, repr=False)
class Enclosure:
    r"""A value that is known up to a radius: the exact one has distance at most ``radius``.

    Parameters
    ----------
    value : (*shape, ...)
        Computed values; trailing axes belong to one vector each.  Infinite where a run overflowed.
    radius : (*shape)
        Bounds on the error, ``>= 0``; infinite where nothing is known.
    requested : float, optional
        The radius that was asked for, positive and finite; `met` says where it was reached.

    Raises
    ------
    TypeError, ValueError
        NaN, a negative radius, mixed dtypes or devices, a radius whose shape does not lead the value's, or a
        request that is not positive and finite.
    """

    value: Float[Tensor, "..."]
    radius: Float[Tensor, "..."]
    requested: float | None = None

    def __post_init__(self) -> None:
        require_floating(value=self.value, radius=self.radius)
        leading = tuple(self.value.shape[: self.radius.ndim])
        require(
            tuple(self.radius.shape) == leading,
            "radius",
            f"a shape that leads the value's {tuple(self.value.shape)}",
            tuple(self.radius.shape),
        )
        for argument, x in (("value", self.value), ("radius", self.radius)):
            require(not bool(x.isnan().any()), argument, "no NaN", f"{int(x.isnan().sum())} of {x.numel()}")
        require(bool((self.radius >= 0).all()), "radius", "entries >= 0", "a negative entry")
        if self.requested is not None:
            require_request("requested", self.requested)

    @property
    def met(self) -> Bool[Tensor, "..."]:
        """Where the radius is at most the one requested; where it is finite if none was."""
        if self.requested is None:
            return self.radius.isfinite()
        return self.radius <= self.requested

    def __repr__(self) -> str:
        """Shapes, the largest radius, and how many of the requests were met."""
        largest = f", the largest {float(self.radius.max()):.2e}" if self.radius.numel() else ""
        text = f"Enclosure(value {tuple(self.value.shape)}, radius {tuple(self.radius.shape)}{largest}"
        if self.requested is not None:
            text += f", requested {self.requested:.2e}: met by {int(self.met.sum())} of {self.met.numel()}"
        return text + ")"
