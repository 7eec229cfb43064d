"""Hypothesis strategies for Γ-convergence: few points, small integers for values and rates."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from claims.families import gamma_sequences
from claims.kit.gamma_instances import GammaLimits, GammaPerturbation, GammaSequence
from claims.kit.gamma_rates import measured

#: Values: small integers, quarters, and large and small powers of two.
_VALUES = st.one_of(
    st.integers(-4, 4).map(float),
    st.integers(-64, 64).map(lambda k: k / 4),
    st.sampled_from([2.0**-12, -(2.0**-12), 2.0**10, -(2.0**10)]),
)
_PLACES, _RATES = st.integers(-4, 4).map(float), st.integers(0, 3).map(float)


def _tensor(draw: DrawFn, entries: SearchStrategy[float], *shape: int) -> torch.Tensor:
    """Return a tensor (1, *shape) drawn entry by entry."""
    count = torch.Size(shape).numel()
    numbers = draw(st.lists(entries, min_size=count, max_size=count))
    return torch.tensor(numbers, dtype=torch.float64).reshape(1, *shape)


@st.composite
def sequences(draw: DrawFn) -> GammaSequence:
    """Draw up to 4 points in up to 2 dimensions, up to 2 members, and measure the errors."""
    d, n, m = draw(st.integers(1, 2)), draw(st.integers(1, 4)), draw(st.integers(1, 2))
    points, limit, members = (
        _tensor(draw, entries, *shape)
        for entries, shape in ((_PLACES, (n, d)), (_VALUES, (n,)), (_VALUES, (m, n)))
    )
    radius, slack, approach, beyond = (_tensor(draw, _RATES, m) for _ in range(4))
    p = gamma_sequences.sequence(points, limit, members, radius)
    if draw(st.booleans()):
        p = measured(replace(p, reach=p.coercive[:, None] + radius + beyond))
    return replace(p, slack=slack, approach=approach)


@st.composite
def perturbations(draw: DrawFn) -> GammaPerturbation:
    """Draw a sequence and a perturbation; of points that agree only the value of the first one is used."""
    p = draw(sequences())
    values, apart = _tensor(draw, _VALUES, p.limit.shape[1]), (p.points[:, :, None] - p.points[:, None]).abs()
    first = (apart.amax(3) == 0).double().argmax(2)
    return measured(GammaPerturbation(p, values.gather(1, first), 0 * p.coercive))


@st.composite
def two_limits(draw: DrawFn) -> GammaLimits:
    """Draw a sequence and a second limit with windows and balls of its own."""
    p = draw(sequences())
    rival = _tensor(draw, _VALUES, p.limit.shape[1]) if draw(st.booleans()) else p.limit
    radius, beyond = (_tensor(draw, _RATES, p.radius.shape[1]) for _ in range(2))
    return measured(GammaLimits(p, rival, radius, 0 * radius, p.reach + beyond))
