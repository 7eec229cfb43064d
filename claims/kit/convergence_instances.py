r"""Instances of convergence: controls θ on [0, 1], and networks of growing depth close to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar

from claims.grid_constants import common_cells, refined
from claims.kit.arithmetic import Array, constant
from claims.kit.instances import Alista, AnyNetwork, Instances, Lista, Network, Regularizer
from claims.kit.sample_instances import Samples, joined

#: The three controls of a network, in the order of the weights of the penalties and of the rates.
CONTROLS: dict[type[Instances], tuple[str, str, str]] = {
    Network: ("W", "tau", "lam"),
    Lista: ("W1", "W2", "lam"),
    Alista: ("W", "tau", "lam"),
}

#: Those that depend on time.
TIMED: dict[type[Instances], tuple[str, ...]] = {**CONTROLS, Alista: ("tau", "lam")}


def controls(p: AnyNetwork) -> tuple[Array, Array, Array]:
    """Return the three controls of a network; ALISTA's fixed W (batch, d, m) as a function on one cell."""
    first, second, third = (getattr(p, name) for name in CONTROLS[type(p)])
    return (first[:, None] if isinstance(p, Alista) else first), second, third


def in_time(p: AnyNetwork, transform: Callable[[Array], Array]) -> AnyNetwork:
    """Return the network with ``transform`` applied to each control that depends on time."""
    return replace(p, **{name: transform(getattr(p, name)) for name in TIMED[type(p)]})


def rademacher(like: Array, frequency: int, cells: int) -> Array:
    """Return r_k(t) = (−1)^⌊2^k t⌋ on ``cells`` cells, a multiple of 2^k, (cells,); r_0 = 1."""
    width = cells // 2**frequency
    signs = [float((-1) ** (i // width)) for i in range(cells)]
    return constant(like, signs if frequency else [1.0] * cells)


@dataclass(frozen=True)
class ControlSequence(Instances):
    r"""The controls θ of ``first``, and members θ^j = θ + s_j r_{k_j}(ϑ − θ), ϑ those of ``other``.

    θ and ϑ are constant on M cells; r_0 = 1 and r_k is the k-th Rademacher function.  The network of the
    member j has ``depths[j]`` layers and the controls P_N θ^j.  Both systems have the same A, f, u0, R.

    Shapes: ``scales`` (batch, J), the s_j; ``rates`` (batch, J, 3), what ‖θ^j − θ‖ of the three controls is
    said to be at most.  ``depths`` and ``frequencies`` are the J depths, increasing, and the k_j.
    """

    kind: ClassVar[str] = "control_sequence"
    first: AnyNetwork
    other: AnyNetwork
    scales: Array
    rates: Array
    depths: tuple[int, ...]
    frequencies: tuple[int, ...]

    @property
    def regularizer(self) -> Regularizer:
        return self.first.regularizer

    @property
    def u0(self) -> Array:
        """Initial values (batch, d)."""
        return self.first.u0

    @property
    def dimensions(self) -> dict[str, Any]:
        return {**self.first.dimensions, "N": self.depths[-1], "M": self.first.depth}

    def function(self, j: int) -> AnyNetwork:
        """Return the problem with the member θ^j, a function in time on its own cells."""
        frequency, scale = self.frequencies[j], self.scales[:, j]
        cells = common_cells(self.first.depth, 2**frequency)
        sign = rademacher(scale, frequency, cells)
        moved: dict[str, Array] = {}
        for name in CONTROLS[type(self.first)]:
            here, there = getattr(self.first, name), getattr(self.other, name)
            if name in TIMED[type(self.first)]:
                here, there = refined(here, cells), refined(there, cells)
                factor = scale[:, None] * sign
            else:
                factor = scale
            moved[name] = here + factor[(..., *(None,) * (here.ndim - factor.ndim))] * (there - here)
        return replace(self.first, **moved)

    @property
    def times(self) -> list[float]:
        """The times n/(2N) of all depths N, increasing, each once, from 0 to 1."""
        return [float(t) for t in _times(self.depths)]

    def places(self, j: int) -> list[int]:
        """Return where the times n/(2N), n = 0 … 2N, of the depth of the member j are among `times`."""
        return list(_places(self.depths, self.depths[j]))


@cache
def _times(depths: tuple[int, ...]) -> tuple[Fraction, ...]:
    return tuple(sorted({Fraction(n, 2 * N) for N in depths for n in range(2 * N + 1)}))


@cache
def _places(depths: tuple[int, ...], depth: int) -> tuple[int, ...]:
    order = {t: i for i, t in enumerate(_times(depths))}
    return tuple(order[Fraction(n, 2 * depth)] for n in range(2 * depth + 1))


@dataclass(frozen=True)
class LearningSequence(Instances):
    r"""A learning problem along a sequence of controls: labels, a loss, penalties, and further samples.

    Shapes: ``further_f`` (batch, samples − 1, m); ``further_u0``, ``further_labels`` (batch, samples − 1, d);
    ``label`` (batch, d); ``width`` (batch,), the parameter of the loss (a width, or a threshold); ``weights``
    (batch, 3), of the penalties of the three controls.  ``loss`` and ``penalties`` are names, see
    `claims.learning_constants`.
    """

    kind: ClassVar[str] = "learning_sequence"
    sequence: ControlSequence
    further_f: Array
    further_u0: Array
    label: Array
    further_labels: Array
    width: Array
    weights: Array
    loss: str
    penalties: tuple[str, str, str]

    @property
    def regularizer(self) -> Regularizer:
        return self.sequence.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.sequence.u0

    @property
    def labels(self) -> Array:
        """Labels of all samples (batch, samples, d)."""
        return joined(self.label, self.further_labels)

    @property
    def samples(self) -> int:
        """Number of samples, at least 1."""
        return 1 + int(self.further_f.shape[1])

    @property
    def dimensions(self) -> dict[str, Any]:
        return {**self.sequence.dimensions, "samples": self.samples, "loss": self.loss}

    def over(self, network: AnyNetwork) -> Samples:
        """Return all samples under the controls of ``network``, the first sample's problem with any."""
        return Samples(network, self.further_f, self.further_u0)


@dataclass(frozen=True)
class AdmissibleSequence(Instances):
    r"""A learning problem along a sequence of controls, and a set Θ of admissible controls.

    Controls lie in Θ if all entries of the control i lie between ``low`` and ``high``, and their total
    variations in time add up to at most ``variation``, each (batch, 3).  ``closed`` (batch, 3, 2): an end
    belongs to the interval where this is positive.
    """

    kind: ClassVar[str] = "admissible_sequence"
    learning: LearningSequence
    low: Array
    high: Array
    closed: Array
    variation: Array

    @property
    def sequence(self) -> ControlSequence:
        """The sequence of controls."""
        return self.learning.sequence

    @property
    def loss(self) -> str:
        """Name of the loss."""
        return self.learning.loss

    @property
    def penalties(self) -> tuple[str, str, str]:
        """Names of the penalties."""
        return self.learning.penalties

    @property
    def regularizer(self) -> Regularizer:
        return self.learning.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.learning.u0

    @property
    def dimensions(self) -> dict[str, Any]:
        return self.learning.dimensions


#: Whatever holds a learning problem along a sequence of controls.
AnyLearning = LearningSequence | AdmissibleSequence
