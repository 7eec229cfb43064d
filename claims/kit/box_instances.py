r"""Instances of training problems over boxes of a few parameters, whose minimum is enclosed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.arithmetic import Array
from claims.kit.convergence_instances import CONTROLS, TIMED, LearningSequence
from claims.kit.instances import AnyNetwork, Instances, Regularizer


@dataclass(frozen=True)
class BoxProblem(Instances):
    r"""A training problem over Θ = {θ(x): low ≤ x ≤ high, Var(x_i) ≤ variation_i}, and depths for it.

    With the unit controls (W_0, τ_0, λ_0) of the problem's θ, which has one cell, θ(x) = (x_1W_0, x_2τ_0,
    x_3λ_0), or (x_1W¹_0, x_2W²_0, x_3λ_0): each factor a function with equal pieces.  ALISTA's W, which has
    no time, takes the first piece.  A factor whose ends agree is fixed, the others are parameters.

    Shapes: ``low``, ``high`` (batch, 3, pieces); ``known``, a point of Θ at which the objective is tried
    besides, of the same shape; ``variation`` (batch, 3), of the factors in time.
    """

    kind: ClassVar[str] = "box_problem"
    problem: LearningSequence
    low: Array
    high: Array
    known: Array
    variation: Array
    layers: tuple[int, ...]

    @property
    def regularizer(self) -> Regularizer:
        return self.problem.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.problem.u0

    @property
    def pieces(self) -> int:
        """Number of pieces of every factor."""
        return int(self.low.shape[2])

    def at(self, x: Array) -> AnyNetwork:
        """Return the problem with the controls θ(x), functions in time, of x (batch, 3, pieces)."""
        first = self.problem.sequence.first
        timed, controls = TIMED[type(first)], dict[str, Array]()
        for i, name in enumerate(CONTROLS[type(first)]):
            unit = getattr(first, name)
            factor = x[:, i] if name in timed else x[:, i, 0]
            controls[name] = factor[(..., *(None,) * (unit.ndim - factor.ndim))] * unit
        return replace(first, **controls)

    @property
    def dimensions(self) -> dict[str, Any]:
        return {**self.problem.dimensions, "N": self.layers[-1], "pieces": self.pieces}


@dataclass(frozen=True)
class MovedBoxProblem(Instances):
    r"""A training problem over a box, and the same with data that approach its own.

    The data of the problem i are data + share_i (data' − data), see `PerturbedProblem`.  Shapes: ``to_f``
    (batch, samples, m); ``to_u0``, ``to_labels`` (batch, samples, d); ``shares`` (batch, I).  The depth is
    the last of the box.
    """

    kind: ClassVar[str] = "moved_box_problem"
    box: BoxProblem
    to_f: Array
    to_u0: Array
    to_labels: Array
    shares: Array

    @property
    def problem(self) -> LearningSequence:
        """The problem with its own data."""
        return self.box.problem

    @property
    def regularizer(self) -> Regularizer:
        return self.box.regularizer

    @property
    def u0(self) -> Array:
        """Initial values of the first sample (batch, d)."""
        return self.box.u0

    @property
    def moving(self) -> PerturbedProblem:
        """The data and where they come from, with the unit controls for a set of one."""
        p = self.box
        return PerturbedProblem(p.problem, self.to_f, self.to_u0, self.to_labels, self.shares, p.layers[-1])

    def moved(self, i: int) -> BoxProblem:
        """Return the box with the data i."""
        return replace(self.box, problem=self.moving.moved(i))

    @property
    def dimensions(self) -> dict[str, Any]:
        return self.box.dimensions
