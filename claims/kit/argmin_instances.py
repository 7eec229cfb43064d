r"""Instances of training problems whose minimisers are decided: finite sets of controls, and moved data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from claims.kit.arithmetic import Array
from claims.kit.convergence_instances import LearningSequence
from claims.kit.instances import Instances, Regularizer


@dataclass(frozen=True)
class FiniteProblem(Instances):
    r"""A training problem over the finite set Θ = {θ^1, …, θ^J}, the members of a sequence.

    It is posed at several depths; those of ``problem`` itself do not matter, `at` sets them.
    """

    kind: ClassVar[str] = "finite_problem"
    problem: LearningSequence
    layers: tuple[int, ...]

    @property
    def regularizer(self) -> Regularizer:
        return self.problem.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.problem.u0

    @property
    def members(self) -> int:
        """Number J of controls in Θ."""
        return len(self.problem.sequence.depths)

    def at(self, depth: int) -> LearningSequence:
        """Return the problem whose member j is the network of ``depth`` layers with the controls P_N θ^j."""
        sequence = replace(self.problem.sequence, depths=(depth,) * self.members)
        return replace(self.problem, sequence=sequence)

    @property
    def dimensions(self) -> dict[str, Any]:
        return {**self.problem.dimensions, "N": self.layers[-1], "members": self.members}


@dataclass(frozen=True)
class PerturbedProblem(Instances):
    r"""A training problem over a finite set, and the same with data that approach its own.

    The data of the problem i are data + share_i (data' − data).  Shapes: ``to_f`` (batch, samples, m);
    ``to_u0``, ``to_labels`` (batch, samples, d), the data'; ``shares`` (batch, I).  ``depth`` is N.
    """

    kind: ClassVar[str] = "perturbed_problem"
    problem: LearningSequence
    to_f: Array
    to_u0: Array
    to_labels: Array
    shares: Array
    depth: int

    @property
    def regularizer(self) -> Regularizer:
        return self.problem.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.problem.u0

    @property
    def unmoved(self) -> LearningSequence:
        """The problem with its own data, its members the networks of ``depth`` layers."""
        return FiniteProblem(self.problem, (self.depth,)).at(self.depth)

    def moved(self, i: int) -> LearningSequence:
        """Return the problem i: ``unmoved`` with the data i."""
        p, share = self.unmoved, self.shares[:, i, None, None]
        samples = p.over(p.sequence.first)
        f = samples.f + share * (self.to_f - samples.f)
        u0 = samples.u0 + share * (self.to_u0 - samples.u0)
        labels = p.labels + share * (self.to_labels - p.labels)
        first, other = (replace(x, f=f[:, 0], u0=u0[:, 0]) for x in (p.sequence.first, p.sequence.other))
        return replace(
            p,
            sequence=replace(p.sequence, first=first, other=other),
            further_f=f[:, 1:],
            further_u0=u0[:, 1:],
            label=labels[:, 0],
            further_labels=labels[:, 1:],
        )

    @property
    def dimensions(self) -> dict[str, Any]:
        return {**self.problem.dimensions, "N": self.depth, "members": len(self.problem.sequence.depths)}
