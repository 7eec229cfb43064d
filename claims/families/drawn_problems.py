"""Hypothesis strategies: small training problems over finite sets of controls and their projections."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from claims.families import drawn_learning, finite_problems
from claims.families.projected_problems import imaged
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.convergence_instances import LearningSequence
from claims.kit.image_instances import ImageProblem

_SHARES = st.sampled_from([0.0, 1.0, 0.5, 0.25, 0.75])
_LAYERS = ((1,), (2,), (1, 2), (2, 3))


@st.composite
def problems(draw: DrawFn) -> ImageProblem:
    """Draw Θ of two or three members with one sample or two, and Θ^N = P_N(Θ) in the reverse order."""
    return _projected(draw(drawn_learning.problems()), draw, draw(st.sampled_from(_LAYERS)))


@st.composite
def extended(draw: DrawFn) -> ImageProblem:
    """Draw the same with as many layers as θ has cells, or twice as many, so that E_N P_N is the identity."""
    found = draw(drawn_learning.problems())
    return _projected(found, draw, (draw(st.sampled_from([1, 2])) * found.sequence.first.depth,))


def _projected(found: LearningSequence, draw: DrawFn, layers: tuple[int, ...]) -> ImageProblem:
    shares = [0.0, *draw(st.lists(_SHARES, min_size=1, max_size=2))]
    scales = torch.tensor([shares], dtype=torch.float64)
    sequence = finite_problems.members(found.sequence.first, found.sequence.other, scales)
    problem = imaged(FiniteProblem(replace(found, sequence=sequence), layers))
    return replace(problem, scales=problem.scales.flip(1), frequencies=problem.frequencies[::-1])
