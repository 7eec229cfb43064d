"""Hypothesis strategies: small learning problems along sequences of controls, drawn entry by entry."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from claims.families import admissible_sequences, drawn_convergence, learning_sequences
from claims.kit.convergence_instances import AdmissibleSequence, LearningSequence
from claims.kit.sample_instances import Samples
from claims.learning_constants import LOSSES, PENALTIES

_NUMBERS = st.one_of(st.integers(-4, 4).map(float), st.integers(-64, 64).map(lambda k: k / 8))
_WEIGHTS = st.sampled_from([0.0, 1.0, 0.25])


def _tensor(draw: DrawFn, *shape: int, entries: st.SearchStrategy[float] = _NUMBERS) -> torch.Tensor:
    count = torch.Size(shape).numel()
    values = draw(st.lists(entries, min_size=count, max_size=count))
    return torch.tensor(values, dtype=torch.float64).reshape(1, *shape)


@st.composite
def problems(draw: DrawFn) -> LearningSequence:
    """Draw a sequence of controls with one sample or two, labels, a loss, penalties and weights."""
    sequence, more = draw(drawn_convergence.sequences()), draw(st.integers(0, 1))
    (d, m), loss = (sequence.u0.shape[1], sequence.first.f.shape[1]), draw(st.sampled_from(LOSSES))
    samples = Samples(sequence.first, _tensor(draw, more, m), _tensor(draw, more, d))
    first, second, third = (draw(st.sampled_from(PENALTIES)) for _ in range(3))
    weights, width = _tensor(draw, 3, entries=_WEIGHTS), draw(st.sampled_from([1.0, 0.25, 4.0]))
    labels = _tensor(draw, 1 + more, d)
    return learning_sequences.posed(sequence, samples, labels, loss, (first, second, third), weights, width)


@st.composite
def admissible(draw: DrawFn) -> AdmissibleSequence:
    """Draw a learning problem, and for each control a set that holds θ or does not."""
    rooms = [
        draw(st.sampled_from((*admissible_sequences.INSIDE, *admissible_sequences.OUTSIDE))) for _ in range(3)
    ]
    return admissible_sequences.within(draw(problems()), rooms)
