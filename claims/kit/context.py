r"""What a predicate is given beside the instance: the subject to run, and the rounding model to be judged by.

`FloatRun` hands instances to the subject on its device and dtype and returns float64 answers; `BallRun`
computes the same things from the same raw data with the oracles in ball arithmetic, where nothing is rounded.
A predicate ``(instances, run) -> Margin`` cannot tell which one it holds.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from claims import admissible_constants, convergence_constants, learning_constants
from claims.kit import box_search, box_sets, rounding
from claims.kit.arithmetic import Array, zeros
from claims.kit.box_instances import BoxProblem
from claims.kit.convergence_instances import AdmissibleSequence, LearningSequence
from claims.kit.instances import Alista, AnyNetwork, Lista, Network, Regularizer
from claims.kit.learning_problems import by_ends, learning, member, sets
from claims.kit.limits import Limit, answer, limit, system
from claims.kit.sample_instances import Samples
from claims.kit.subject import Subject, SubjectError
from claims.oracle import grid as oracle_grid
from claims.oracle import network as oracle_network
from claims.oracle import prox as oracle_prox
from fbscore import AlistaControls, Controls, ListaControls, Problem
from fbscore import Samples as SamplesProblem
from fbscore.regularizers import by_name

DTYPES: dict[str, torch.dtype] = {"float64": torch.float64, "float32": torch.float32}


class Run(Protocol):
    """What a predicate may ask for."""

    def forward(self, p: AnyNetwork | Samples) -> Array:
        """Return the states (batch, N + 1, d) of the network, (batch, samples, N + 1, d) of samples."""
        ...

    def prox(self, regularizer: Regularizer, v: Array, a: Array) -> Array:
        """Return prox_{aR}(v), shape (batch, d)."""
        ...

    def project(self, values: Array, cells: int) -> Array:
        """Return the cell means on ``cells`` cells of a step function (batch, M, k)."""
        ...

    def extend(self, values: Array, cells: int) -> Array:
        """Return the step function (batch, N, k) written on a finer grid of ``cells`` cells."""
        ...

    def limit(self, p: AnyNetwork, times: Sequence[float] | None = None) -> Limit:
        """Return the deep-layer limit at t_0 … t_N, or at ``times`` from 0 on, as the oracle solves it."""
        ...

    def enclosure(self, p: AnyNetwork, request: float) -> Limit:
        """Return u(1) of the limit, (batch, d), and its radius, (batch,), as the subject solves it."""
        ...

    def objective(self, p: LearningSequence, j: int) -> Array:
        """Return J_N(θ^j) = J^N(P_N θ^j) of the member j, (batch,)."""
        ...

    def objective_of(self, p: LearningSequence, network: AnyNetwork) -> Array:
        """Return J^N of the controls of a network, (batch,)."""
        ...

    def minimised(self, p: BoxProblem, cells: int | None, gap: Array) -> box_sets.Found:
        """Return the minimum of J^N over Θ, of J without ``cells``, enclosed to ``gap`` (batch,)."""
        ...

    def outside(self, p: AdmissibleSequence, j: int) -> Array:
        """Return 1 where θ^j does not lie in Θ, else 0, (batch,)."""
        ...

    def reference_rounding(self, operations: int, magnitude: Array) -> Array:
        """Return the round-off of what the oracle computes in float64, whatever the subject's dtype."""
        ...

    def rounding(self, operations: int, magnitude: Array) -> Array:
        """Return the round-off uncertainty of a quantity; see `claims.kit.rounding`."""
        ...


@dataclass(frozen=True)
class FloatRun:
    """The subject on a device in a dtype; answers are widened to float64 on the device.

    ``used`` collects which parts of the subject were called, ``solved`` whether the limit was asked for.
    """

    subject: Subject
    device: torch.device
    dtype: torch.dtype
    used: set[str] = field(default_factory=set[str], compare=False)
    solved: list[bool] = field(default_factory=list[bool], compare=False)

    def _given(self, x: torch.Tensor) -> torch.Tensor:
        return x.to(self.device, self.dtype, copy=True)  # a subject may overwrite what it is given

    def _regularizer(self, regularizer: Regularizer) -> Any:
        def converted(value: Any) -> Any:
            if isinstance(value, Regularizer):
                return self._regularizer(value)
            return self._given(value) if isinstance(value, torch.Tensor) else value

        return by_name(regularizer.name, **{k: converted(v) for k, v in regularizer.params.items()})

    def _asked(self, part: str, shape: tuple[int, ...], *given: Any) -> torch.Tensor:
        """Call a part of the subject and return its answer in float64, checked.

        Raises
        ------
        SubjectError
            If the subject raises, or answers with anything but a tensor of ``shape`` in the dtype asked for.
        """
        return self._answer(part, self._called(part, shape, *given), shape)

    def _called(self, part: str, wanted: object, *given: Any) -> object:
        """Call a part of the subject, asked for what ``wanted`` says.

        Raises
        ------
        SubjectError
            If the subject raises.
        """
        self.used.add(part)
        try:
            return getattr(self.subject, part)(*given)
        except Exception as error:  # whatever foreign code raises, the user wants to know where and on what
            place = traceback.extract_tb(error.__traceback__)[-1]
            asked = f"{self.subject.name}: {part}, asked for {wanted}, raised {type(error).__name__}: {error}"
            raise SubjectError(f"{asked} ({Path(place.filename).name}:{place.lineno})") from error

    def _answer(self, name: str, answer: object, shape: tuple[int, ...]) -> torch.Tensor:
        if not isinstance(answer, torch.Tensor) or tuple(answer.shape) != shape:
            got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
            raise SubjectError(f"{self.subject.name}: {name}: expected a tensor of shape {shape}, got {got}")
        if answer.dtype != self.dtype:
            raise SubjectError(
                f"{self.subject.name}: {name}: expected dtype {self.dtype}, got {answer.dtype}"
            )
        return answer.detach().to(self.device, torch.float64, copy=True)

    def forward(self, p: AnyNetwork | Samples) -> torch.Tensor:
        if isinstance(p, Samples) and not self.subject.takes_samples:
            return p.grouped(self.forward(p.each))
        network = p.network if isinstance(p, Samples) else p
        of = SamplesProblem if isinstance(p, Samples) else Problem
        A, f, u0 = (self._given(x) for x in (network.A, p.f, p.u0))
        *leading, d = p.u0.shape
        shape = (*leading, network.depth + 1, d)
        problem = of(A, f, u0, self._regularizer(p.regularizer))
        return self._asked("forward", shape, problem, self._controls(network))

    def _controls(self, p: AnyNetwork) -> Controls | ListaControls | AlistaControls:
        if isinstance(p, Lista):
            return ListaControls(self._given(p.W1), self._given(p.W2), self._given(p.lam))
        system = AlistaControls if isinstance(p, Alista) else Controls
        return system(self._given(p.W), self._given(p.tau), self._given(p.lam))

    def prox(self, regularizer: Regularizer, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        return self._asked(
            "prox", tuple(v.shape), self._regularizer(regularizer), self._given(v), self._given(a)
        )

    def project(self, values: torch.Tensor, cells: int) -> torch.Tensor:
        return self._asked("project", (values.shape[0], cells, *values.shape[2:]), self._given(values), cells)

    def extend(self, values: torch.Tensor, cells: int) -> torch.Tensor:
        return self._asked("extend", (values.shape[0], cells, *values.shape[2:]), self._given(values), cells)

    def limit(self, p: AnyNetwork, times: Sequence[float] | None = None) -> Limit:
        self.solved[:] = [True]
        return limit(p, times)

    def enclosure(self, p: AnyNetwork, request: float) -> Limit:
        problem = Problem(
            self._given(p.A), self._given(p.f), self._given(p.u0), self._regularizer(p.regularizer)
        )
        answer = self._called("solve", "an enclosure", problem, self._controls(p), request)
        parts = {"value": tuple(p.u0.shape), "radius": tuple(p.u0.shape[:1])}
        got = (self._answer(f"solve: {name}", getattr(answer, name, None), x) for name, x in parts.items())
        return Limit(*got)

    def objective(self, p: LearningSequence, j: int) -> torch.Tensor:
        return self.objective_of(p, member(p.sequence, j, self.project))

    def objective_of(self, p: LearningSequence, network: AnyNetwork) -> torch.Tensor:
        samples, single = p.over(network), p.samples == 1
        data = (network.f, network.u0) if single else (samples.f, samples.u0)
        A, f, u0 = (self._given(x) for x in (network.A, *data))
        problem = (Problem if single else SamplesProblem)(A, f, u0, self._regularizer(p.regularizer))
        asked = (problem, self._controls(network), learning(p, self._given))
        if self.subject.objective is not Subject.objective:
            return self._asked("objective", tuple(p.label.shape[:1]), *asked)

        def together(*_: object) -> torch.Tensor:
            return self.forward(samples).to(self.dtype)

        self.used.add("forward")
        forward = self.subject.forward if single or self.subject.takes_samples else together
        return self._asked("objective", tuple(p.label.shape[:1]), *asked, forward)

    def minimised(self, p: BoxProblem, cells: int | None, gap: torch.Tensor) -> box_sets.Found:
        self.solved[:] = [True]  # the other route knows minima no better than limits
        return box_sets.joined([self._minimised(p.take(i), cells, float(gap[i])) for i in range(p.size)])

    def _minimised(self, p: BoxProblem, cells: int | None, gap: float) -> box_sets.Found:
        samples, single = p.problem.over(p.problem.sequence.first), p.problem.samples == 1
        data = (p.problem.sequence.first.f, p.u0) if single else (samples.f, samples.u0)
        A, f, u0 = (self._given(x) for x in (samples.network.A, *data))
        problem = (Problem if single else SamplesProblem)(A, f, u0, self._regularizer(p.regularizer))
        admissible = box_sets.few_pieces(p, self._given)
        asked = (problem, learning(p.problem, self._given), admissible, cells, gap)
        answer = self._called("minimise", "a minimum", *asked)
        try:
            return box_sets.found(p, answer, cells)
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise SubjectError(f"{self.subject.name}: minimise: expected a minimum, {error}") from error

    def outside(self, p: AdmissibleSequence, j: int) -> torch.Tensor:
        theta, verdict = convergence_constants.function(p.sequence, j), torch.zeros_like(p.low[:, 0])
        for rows, closed in by_ends(p):
            part, given = p.map(lambda x, rows=rows: x[rows]), theta.map(lambda x, rows=rows: x[rows])
            inside = sets(part, given, closed, self._given).contains(self._controls(given))
            verdict[rows] = (~inside).double()
        return verdict

    def reference_rounding(self, operations: int, magnitude: torch.Tensor) -> torch.Tensor:
        return rounding.rounding(rounding.UNIT_ROUNDOFF[torch.float64], operations, magnitude)

    def rounding(self, operations: int, magnitude: torch.Tensor) -> torch.Tensor:
        return rounding.rounding(rounding.UNIT_ROUNDOFF[self.dtype], operations, magnitude)


@dataclass(frozen=True)
class BallRun:
    """The independent route: the oracles in ball arithmetic, from the raw numbers alone.

    The limit alone has no route in balls: there it is a second oracle in floats, see `claims.kit.limits`.
    """

    def forward(self, p: AnyNetwork | Samples) -> Array:
        if isinstance(p, Samples):
            return p.grouped(self.forward(p.each))
        name, params = p.regularizer.name, p.regularizer.params
        if isinstance(p, Network):
            return oracle_network.forward(name, params, p.A, p.f, p.u0, p.W, p.tau, p.lam)
        return oracle_network.affine(name, params, p.u0, *system(p))

    def prox(self, regularizer: Regularizer, v: Array, a: Array) -> Array:
        return oracle_prox.prox(regularizer.name, regularizer.params, v, a)

    def project(self, values: Array, cells: int) -> Array:
        return oracle_grid.project(values, cells)

    def extend(self, values: Array, cells: int) -> Array:
        return oracle_grid.extend(values, cells)

    def limit(self, p: AnyNetwork, times: Sequence[float] | None = None) -> Limit:
        return limit(p, times)

    def enclosure(self, p: AnyNetwork, request: float) -> Limit:
        return answer(p, request)

    def objective(self, p: LearningSequence, j: int) -> Array:
        return self.objective_of(p, member(p.sequence, j, self.project))

    def objective_of(self, p: LearningSequence, network: AnyNetwork) -> Array:
        return learning_constants.objective(p, network, self.forward(p.over(network))[:, :, -1])

    def minimised(self, p: BoxProblem, cells: int | None, gap: Array) -> box_sets.Found:
        return box_search.found(p, cells)

    def outside(self, p: AdmissibleSequence, j: int) -> Array:
        return admissible_constants.outside(p, convergence_constants.function(p.sequence, j))

    def reference_rounding(self, operations: int, magnitude: Array) -> Array:
        return zeros(magnitude, magnitude.shape)

    def rounding(self, operations: int, magnitude: Array) -> Array:
        return zeros(magnitude, magnitude.shape)
