r"""How to train: everything that is neither the problem nor where training starts."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from fbscore.errors import require, require_size
from fbscore.learning.parameters import Admissible, Rates, require_number

__all__ = ["OptimizerFactory", "Training", "sgd"]

OptimizerFactory = Callable[[list[dict[str, Any]]], torch.optim.Optimizer]


def sgd(momentum: float = 0.9) -> OptimizerFactory:
    r"""Gradient descent with momentum, ``v ← μ v + ∇J``, ``θ ← θ − rate v``.

    Parameters
    ----------
    momentum : float
        ``0 <= μ < 1``.

    Raises
    ------
    TypeError, ValueError
        ``momentum`` is not such a number.

    References
    ----------
    B. T. Polyak, USSR Comput. Math. Math. Phys. 4 (1964) 1-17.
    """
    require_number("momentum", momentum)
    require(0.0 <= momentum < 1.0, "momentum", "a number in [0, 1)", momentum)
    return partial(torch.optim.SGD, momentum=momentum)


MOMENTUM = sgd()


@dataclass(frozen=True, eq=False)
class Training:
    r"""Settings of `fbscore.learning.train`.

    Parameters
    ----------
    epochs : int
        Passes over the samples, ``>= 1``; those before an interruption count.
    rates : float or mapping
        Learning rate of each control, by its name (``W``, ``tau``, ``lam``; LISTA ``W1``, ``W2``, ``lam``).
        A control that is left out stays fixed.  One number serves all, except ALISTA's ``W``, which is fixed.
    batch_size : int, optional
        Samples in a mini-batch; all of them by default.
    chunk : int, optional
        Samples on the tape at once: bounds the memory, changes the gradient by round-off only.
    optimizer : callable
        From parameter groups, ``{"params", "lr", "name"}`` each, to a `torch.optim.Optimizer` whose step
        needs no closure, as ``sgd(0.9)`` or ``functools.partial(torch.optim.Adam, betas=(0.9, 0.99))``.
    schedule : callable, optional
        From the epoch, ``0, 1, ...``, to a factor ``>= 0`` of all rates.
    clip : float, optional
        Largest norm of an instance's gradient, over its controls together; longer ones are shortened.
    admissible : object with ``project(controls)``, optional
        Projected on at the start and after every step, after ``τ, λ >= 0``.  After a step, controls that are
        not trained keep their values.
    seed : int
        Of the order of the samples, ``0 <= seed < 2⁶³``.
    keep_every : int
        Epochs between two checkpoints.

    Raises
    ------
    TypeError, ValueError
        An argument is not of that kind.
    """

    epochs: int
    rates: Rates
    batch_size: int | None = None
    chunk: int | None = None
    optimizer: OptimizerFactory = MOMENTUM
    schedule: Callable[[int], float] | None = None
    clip: float | None = None
    admissible: Admissible | None = None
    seed: int = 0
    keep_every: int = 1

    def __post_init__(self) -> None:
        require_size("epochs", self.epochs)
        require_size("keep_every", self.keep_every)
        for argument, size in (("batch_size", self.batch_size), ("chunk", self.chunk)):
            if size is not None:
                require_size(argument, size)
        require(type(self.seed) is int, "seed", "an int", type(self.seed).__name__, TypeError)
        require(0 <= self.seed < 2**63, "seed", "0 <= seed < 2**63", self.seed)
        if self.clip is not None:
            require_number("clip", self.clip)
            require(0.0 < self.clip < math.inf, "clip", "a length > 0, finite", self.clip)
        require(callable(self.optimizer), "optimizer", "a callable", type(self.optimizer).__name__, TypeError)
        callable_or_none = self.schedule is None or callable(self.schedule)
        require(callable_or_none, "schedule", "a callable", type(self.schedule).__name__, TypeError)
        projects = self.admissible is None or callable(getattr(self.admissible, "project", None))
        expected = "an object with project(controls)"
        require(projects, "admissible", expected, type(self.admissible).__name__, TypeError)

    def factor(self, epoch: int) -> float:
        """Factor of the rates in an epoch."""
        if self.schedule is None:
            return 1.0
        factor = self.schedule(epoch)
        require_number("schedule", factor)
        require(0.0 <= factor < math.inf, "schedule", f"a factor >= 0, finite, in epoch {epoch}", factor)
        return float(factor)
