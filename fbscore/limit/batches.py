"""Some of the instances of a batch."""

from dataclasses import fields, replace
from typing import TypeVar

from jaxtyping import Int
from torch import Tensor

from fbscore.network import AnyControls
from fbscore.regularizers.base import Parameter, Regularizer
from fbscore.types import Problem

__all__ = ["controls_of", "problem_of"]

Rows = Int[Tensor, "rows"]
Kind = TypeVar("Kind", bound=AnyControls)


def problem_of(problem: Problem, rows: Rows) -> Problem:
    """The problem of the instances ``rows``, (rows,), in that order."""
    return Problem(
        problem.A[rows], problem.f[rows], problem.u0[rows], _regularizer_of(problem.regularizer, rows)
    )


def controls_of(controls: Kind, rows: Rows) -> Kind:
    """The controls of the instances ``rows``."""
    return replace(
        controls, **{field.name: getattr(controls, field.name)[rows] for field in fields(controls)}
    )


def _regularizer_of(regularizer: Regularizer, rows: Rows) -> Regularizer:
    taken: dict[str, Parameter] = {}
    for name, x in regularizer.parameters.items():
        if isinstance(x, Tensor):
            taken[name] = x[rows]
        elif isinstance(x, Regularizer):
            taken[name] = _regularizer_of(x, rows)
    return replace(regularizer, **taken)
