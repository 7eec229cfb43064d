r"""Instances of existence for the limit: sequences of controls in a bounded, equi-continuous set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from claims.kit.arithmetic import Array
from claims.kit.convergence_instances import AdmissibleSequence, ControlSequence, LearningSequence
from claims.kit.instances import Instances, Regularizer


@dataclass(frozen=True)
class CompactSequence(Instances):
    r"""A learning problem along a sequence of controls, and a set Θ of functions that is not convex.

    Controls lie in Θ if all entries of the control i lie between ``low`` and ``high``, and its value,
    Frobenius for matrices, is at no time smaller than ``least``, each (batch, 3).  ``closed`` (batch, 3, 2):
    an end belongs to the interval where this is positive.  ``variation`` (batch, 3) is what the total
    variations, summed up over the entries, are said to be at most in Θ.
    """

    kind: ClassVar[str] = "compact_sequence"
    learning: LearningSequence
    low: Array
    high: Array
    closed: Array
    least: Array
    variation: Array

    @property
    def sequence(self) -> ControlSequence:
        """The sequence of controls."""
        return self.learning.sequence

    @property
    def regularizer(self) -> Regularizer:
        return self.learning.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.learning.u0

    @property
    def box(self) -> AdmissibleSequence:
        """The problem with the boxes alone: any variation, any size."""
        any_variation = 0 * self.variation + 2.0**100
        return AdmissibleSequence(self.learning, self.low, self.high, self.closed, any_variation)

    @property
    def dimensions(self) -> dict[str, Any]:
        return self.learning.dimensions
