"""Hypothesis strategies: small training problems whose data move, drawn entry by entry."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from claims.families import drawn_learning, perturbed_problems
from claims.kit.argmin_instances import PerturbedProblem

_NUMBERS = st.one_of(st.integers(-4, 4).map(float), st.integers(-64, 64).map(lambda k: k / 8))
_DATA = ("u0", "f", "labels")


def _tensor(draw: DrawFn, shape: torch.Size) -> torch.Tensor:
    count = shape.numel()
    values = draw(st.lists(_NUMBERS, min_size=count, max_size=count))
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def _moved(draw: DrawFn, names: tuple[str, ...]) -> PerturbedProblem:
    problem = draw(drawn_learning.problems())
    samples = problem.over(problem.sequence.first)
    shapes = {"u0": samples.u0.shape, "f": samples.f.shape, "labels": problem.labels.shape}
    chosen = {name: _tensor(draw, shapes[name]) for name in names}
    depth, shares = draw(st.sampled_from((1, 2, 4))), draw(st.sampled_from(perturbed_problems.SHARES))
    return perturbed_problems.moved(problem, depth, shares=shares, **chosen)


@st.composite
def problems(draw: DrawFn) -> PerturbedProblem:
    """Draw a learning problem with up to three members, and data of which some move."""
    return _moved(draw, tuple(name for name in _DATA if draw(st.booleans())))


@st.composite
def alone(draw: DrawFn, name: str) -> PerturbedProblem:
    """Draw a learning problem in which ``u0``, ``f`` or the ``labels`` move alone."""
    return _moved(draw, (name,))
