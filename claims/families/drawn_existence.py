"""Hypothesis strategies: small nets of controls on a line, and one member between them."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from claims.families import compact_sequences, drawn_learning
from claims.families.existence_sequences import net
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.compact_instances import CompactSequence
from claims.kit.convergence_instances import LearningSequence

_SCALES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


@st.composite
def nets(draw: DrawFn) -> LearningSequence:
    """Draw a learning problem, two to four members θ + s(ϑ − θ) with 0 ≤ s ≤ 1, and one between them."""
    problem = draw(drawn_learning.problems())
    p, points = problem.sequence, [0.0, *draw(st.lists(_SCALES, max_size=2)), 1.0]
    last, depth = draw(_SCALES), draw(st.integers(1, 4))
    like = p.scales.new_tensor([points])
    sequence = net(p.first, p.other, like, torch.full_like(like[:, 0], last), depth)
    return replace(problem, sequence=sequence)


@st.composite
def compact(draw: DrawFn) -> CompactSequence:
    """Draw a learning problem along a sequence, in the smallest set that holds it, θ left out or not."""
    return compact_sequences.compact(
        draw(drawn_learning.problems()), draw(st.sampled_from([None, None, 0, 1]))
    )


@st.composite
def nested(draw: DrawFn) -> FiniteProblem:
    """Draw a learning problem over two to four members θ + s(ϑ − θ), and two or three depths."""
    return FiniteProblem(draw(nets()), draw(st.sampled_from([(1, 2), (1, 2, 4), (2, 3)])))
