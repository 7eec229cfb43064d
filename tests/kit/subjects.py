"""Implementations for ``--subject tests.kit.subjects:NAME``: faithful, and faulty in one way each."""

from __future__ import annotations

import torch

import fbscore
from fbscore import Controls, Problem


def faithful(problem: Problem, controls: Controls) -> torch.Tensor:
    return fbscore.forward(problem, controls)


def wrong_shape(problem: Problem, controls: Controls) -> torch.Tensor:
    return fbscore.forward(problem, controls)[:, 1:]


def wrong_dtype(problem: Problem, controls: Controls) -> torch.Tensor:
    states = fbscore.forward(problem, controls)
    return states.to(torch.float32 if states.dtype == torch.float64 else torch.float64)


def not_a_tensor(problem: Problem, controls: Controls) -> object:
    return fbscore.forward(problem, controls).tolist()


def returns_nan(problem: Problem, controls: Controls) -> torch.Tensor:
    return fbscore.forward(problem, controls) * torch.nan


def returns_infinity(problem: Problem, controls: Controls) -> torch.Tensor:
    return torch.full_like(fbscore.forward(problem, controls), torch.inf)


def raises(problem: Problem, controls: Controls) -> torch.Tensor:
    raise RuntimeError("the subject gave up")


def zeroes_its_input(problem: Problem, controls: Controls) -> torch.Tensor:
    """Answer 0, having overwritten everything that one could compare it with."""
    states = torch.zeros_like(fbscore.forward(problem, controls))
    for x in (problem.A, problem.f, problem.u0, controls.W, controls.tau, controls.lam):
        x.zero_()
    return states


class Network(torch.nn.Module):
    """A module: its call counts, not its method ``forward``."""

    def forward(self, problem: Problem, controls: Controls) -> torch.Tensor:
        return fbscore.forward(problem, controls)


class Parts:
    """Two of the functions."""

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.extend = "not a function"

    def prox(self, regularizer: object, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        return self.factor * v

    def project(self, values: torch.Tensor, cells: int) -> torch.Tensor:
        return self.factor * fbscore.project(values, cells)


class Running:
    """The right network, said to run these systems."""

    def __init__(self, systems: object) -> None:
        self.systems = systems

    def __call__(self, problem: Problem, controls: Controls) -> torch.Tensor:
        return fbscore.forward(problem, controls)


class Searched:
    """A minimiser alone."""

    def minimise(self, problem: object, learning: object, admissible: object, cells: object, gap: object):
        return cells, gap


class Trained:
    """An objective of its own, which answers what it is given."""

    def objective(self, *given: object) -> tuple[object, ...]:
        return given


module = Network()
trained = Trained()
searched = Searched()
two_systems = Running(["ALISTA", "FBS"])
strange_system = Running(("FBS", "RNN"))
one_word = Running("LISTA")
no_systems = Running(())
wrong_systems = Running(5)
parts = Parts(2.0)
number = 17


class Batched:
    """The right network, which says whether it takes samples and remembers what it was given."""

    def __init__(self, takes_samples: object) -> None:
        self.takes_samples = takes_samples
        self.seen: list[str] = []

    def __call__(self, problem: Problem, controls: Controls) -> torch.Tensor:
        self.seen.append(type(problem).__name__)
        return fbscore.forward(problem, controls)


with_samples, without_samples, unclear_samples = Batched(True), Batched(False), Batched("yes")
