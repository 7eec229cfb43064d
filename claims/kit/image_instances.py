r"""Instances of projected training problems: a finite set Θ of controls, and finite sets Θ^N of networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from claims.kit.argmin_instances import FiniteProblem
from claims.kit.arithmetic import Array
from claims.kit.convergence_instances import ControlSequence, LearningSequence
from claims.kit.instances import Instances, Regularizer


@dataclass(frozen=True)
class ImageProblem(Instances):
    r"""A training problem over a finite Θ, and for every depth N a finite set Θ^N of controls of N layers.

    Θ^N = {P_N η^1, …, P_N η^K} with η^i = θ + t_i r_{l_i}(ϑ − θ), θ and ϑ those of Θ: as P_N E_N = id, any
    finite set is of this form, whether or not it is P_N(Θ).

    Shapes: ``scales`` (batch, K), the t_i; ``bound`` and ``variation`` (batch, 3), what the values and the
    total variations of the three controls in Θ are said to be at most.  ``frequencies`` are the K l_i.
    """

    kind: ClassVar[str] = "image_problem"
    problem: FiniteProblem
    scales: Array
    bound: Array
    variation: Array
    frequencies: tuple[int, ...]

    @property
    def learning(self) -> LearningSequence:
        """The learning problem, its members those of Θ."""
        return self.problem.problem

    @property
    def sequence(self) -> ControlSequence:
        """The members of Θ."""
        return self.learning.sequence

    @property
    def layers(self) -> tuple[int, ...]:
        """The depths N."""
        return self.problem.layers

    @property
    def members(self) -> int:
        """Number J of controls in Θ."""
        return self.problem.members

    @property
    def images(self) -> ControlSequence:
        """The functions η^1, …, η^K."""
        count = len(self.frequencies)
        rates = self.scales[:, :, None] * self.sequence.rates[:, :1] * 0
        return replace(
            self.sequence, scales=self.scales, rates=rates, depths=(1,) * count, frequencies=self.frequencies
        )

    @property
    def regularizer(self) -> Regularizer:
        return self.problem.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.problem.u0

    @property
    def dimensions(self) -> dict[str, Any]:
        return {**self.problem.dimensions, "images": len(self.frequencies)}
