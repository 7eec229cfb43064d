"""Hypothesis strategies: small instances, drawn entry by entry, which shrink to few, small integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from claims.families import convergent, graph_sequences, limits, regularizers
from claims.families import functions as step_functions
from claims.families import sequences as function_sequences
from claims.kit.instances import (
    Alista,
    AnyNetwork,
    Lista,
    Network,
    NetworkPair,
    Regularizer,
    StepFunction,
    WeightPair,
)
from claims.kit.sample_instances import Samples, SamplesPair
from claims.kit.sequence_instances import ConvergentSequence, FunctionSequence, GraphSequence, IntervalMap

#: Numbers that shrink to 0, 1, −1, 2, …: small integers, eighths, binary fractions, large and
#: small powers of two.
_NUMBERS = st.one_of(
    st.integers(-4, 4).map(float),
    st.integers(-64, 64).map(lambda k: k / 8),
    st.integers(-(2**20), 2**20).map(lambda k: k / 2**12),
    st.sampled_from([2.0**-12, -(2.0**-12), 2.0**10, -(2.0**10)]),
)
_NONNEGATIVE = _NUMBERS.map(abs)


def _tensor(draw: DrawFn, *shape: int, entries: SearchStrategy[float] = _NUMBERS) -> torch.Tensor:
    """Return a tensor (1, *shape) drawn entry by entry."""
    count = torch.Size(shape).numel()
    values = draw(st.lists(entries, min_size=count, max_size=count))
    return torch.tensor(values, dtype=torch.float64).reshape(1, *shape)


def _regularizer(draw: DrawFn, d: int, names: Sequence[str] = regularizers.ADMISSIBLE) -> Regularizer:
    name = draw(st.sampled_from(names))
    unit = regularizers.unit(name, 1, d, torch.device("cpu"))
    if name in ("l1", "group_lasso") and draw(st.booleans()):
        count = unit.params["weights"].shape[1]
        return Regularizer(name, {**unit.params, "weights": _tensor(draw, count, entries=_NONNEGATIVE)})
    if name == "quadratic" and draw(st.booleans()):
        factor = _tensor(draw, d, d, entries=st.integers(-2, 2).map(float))
        return Regularizer(name, {"Q": factor @ factor.mT})
    return unit


@st.composite
def weight_pairs(draw: DrawFn) -> WeightPair:
    """Draw a point with two weights, d ≤ 4."""
    d = draw(st.integers(1, 4))
    a, b = (_tensor(draw, entries=_NONNEGATIVE) for _ in range(2))
    return WeightPair(_regularizer(draw, d), _tensor(draw, d), a, b)


#: Entries of the controls: small integers and eighths.
_GAINS = st.one_of(st.integers(-2, 2).map(float), st.integers(-32, 32).map(lambda k: k / 8))


def _controls(draw: DrawFn, system: type[AnyNetwork], depth: int, d: int, m: int) -> dict[str, torch.Tensor]:
    """Return the controls of a system, by the names of its fields."""
    lam = _tensor(draw, depth, entries=_GAINS.map(abs))
    if system is Lista:
        W1, W2 = (_tensor(draw, depth, d, size, entries=_GAINS) for size in (m, d))
        return {"W1": W1, "W2": W2, "lam": lam}
    layers = (depth,) if system is Network else ()
    W = _tensor(draw, *layers, d, m, entries=_GAINS)
    return {"W": W, "tau": _tensor(draw, depth, entries=_GAINS.map(abs)), "lam": lam}


@st.composite
def networks(draw: DrawFn, names: Sequence[str] = regularizers.ADMISSIBLE) -> AnyNetwork:
    """Draw an FBS-, LISTA or ALISTA network with d ≤ 3, m ≤ 2, N ≤ 3."""
    system = draw(st.sampled_from((Network, Lista, Alista)))
    d, m, depth = draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.integers(1, 3))
    A = _tensor(draw, m, d, entries=st.integers(-2, 2).map(float))
    regularizer, f, u0 = _regularizer(draw, d, names), _tensor(draw, m), _tensor(draw, d)
    return system(regularizer, A, f, u0, **_controls(draw, system, depth, d, m))


@st.composite
def network_pairs(draw: DrawFn, names: Sequence[str] = regularizers.ADMISSIBLE) -> NetworkPair:
    """Draw a network and a second one that differs in some of u0, f and the controls."""
    first = draw(networks(names))
    (d, m), depth = (first.u0.shape[1], first.f.shape[1]), first.lam.shape[1]
    changes: dict[str, torch.Tensor] = {}
    if draw(st.booleans()):
        changes["u0"] = _tensor(draw, d)
    if draw(st.booleans()):
        changes["f"] = _tensor(draw, m)
    other = _controls(draw, type(first), depth, d, m)
    changes |= {name: value for name, value in other.items() if draw(st.booleans())}
    return NetworkPair(first, replace(first, **changes))


def networks_with_limit() -> SearchStrategy[AnyNetwork]:
    """Draw a network whose limit the oracle solves."""
    return networks(limits.SOLVED)


@st.composite
def pairs_of_starts(draw: DrawFn) -> NetworkPair:
    """Draw a network and a second initial value."""
    first = draw(networks())
    return NetworkPair(first, replace(first, u0=_tensor(draw, first.u0.shape[1])))


@st.composite
def samples(draw: DrawFn) -> Samples:
    """Draw an FBS-, LISTA or ALISTA network with up to two further samples."""
    network, more = draw(networks()), draw(st.integers(0, 2))
    f, u0 = _tensor(draw, more, network.f.shape[1]), _tensor(draw, more, network.u0.shape[1])
    return Samples(network, f, u0)


@st.composite
def sample_pairs(draw: DrawFn) -> SamplesPair:
    """Draw a pair of networks with up to two further samples, which differ or not."""
    pair, more = draw(network_pairs()), draw(st.integers(0, 2))
    f, u0 = _tensor(draw, more, pair.first.f.shape[1]), _tensor(draw, more, pair.first.u0.shape[1])
    first, second = Samples(pair.first, f, u0), Samples(pair.second, f, u0)
    if draw(st.booleans()):
        second = replace(second, further_f=_tensor(draw, *f.shape[1:]))
    if draw(st.booleans()):
        second = replace(second, further_u0=_tensor(draw, *u0.shape[1:]))
    return SamplesPair(first, second)


@st.composite
def functions(draw: DrawFn) -> StepFunction:
    """Draw a step function on at most 6 cells with values in R or R², and a depth of at most 6."""
    grid, cells, k = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 2))
    return step_functions.measured(_tensor(draw, grid, k), cells)


@st.composite
def sequences(draw: DrawFn) -> FunctionSequence:
    """Draw at most 6 members on 4 cells with values in R or R², and one level or two."""
    members, k = draw(st.integers(2, 6)), draw(st.integers(1, 2))
    cells, parts = draw(st.sampled_from([((1,), (2,)), ((1, 2), (2, 4)), ((2, 4), (4, 8))]))
    eighths = st.integers(-64, 64).map(lambda i: i / 8)
    return function_sequences.measured(_tensor(draw, members, 4, k, entries=eighths), cells, parts)


@st.composite
def graph_points(draw: DrawFn) -> GraphSequence:
    """Draw points of a graph, a candidate for their limit that need not be one, and test points, d ≤ 3."""
    d, members = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    a = draw(st.sampled_from([0.25, 0.5, 1.0, 2.0]))
    x, (u, p) = _tensor(draw, members, d), (_tensor(draw, d) for _ in range(2))
    weight = torch.full((1,), a, dtype=torch.float64)
    sequence = GraphSequence(
        _regularizer(draw, d), x, weight, u, p, _tensor(draw, 3, d), torch.zeros(1, 2, dtype=torch.float64)
    )
    return graph_sequences.measured(sequence)


@st.composite
def graph_sequences_to_a_limit(draw: DrawFn) -> GraphSequence:
    """Draw x + c/2^(4k) and the point of the graph that belongs to x, d ≤ 3."""
    d = draw(st.integers(1, 3))
    x, c, v = _tensor(draw, d), _tensor(draw, d), _tensor(draw, 3, d)
    a = torch.full((1,), draw(st.sampled_from([0.25, 0.5, 1.0, 2.0])), dtype=torch.float64)
    steps = torch.exp2(-4.0 * torch.arange(4, dtype=torch.float64))
    return graph_sequences.towards(_regularizer(draw, d), a, x, c, steps, v)


@st.composite
def interval_maps(draw: DrawFn) -> IntervalMap:
    """Draw a map with closed values that is upper semicontinuous at 0, and points of its graph."""
    ends = _tensor(draw, 3, 2, entries=st.integers(-2, 2).map(float)).sort(dim=2).values
    ends[:, 1] = torch.stack([ends[..., 0].amin(1), ends[..., 1].amax(1)], 1)
    place = draw(st.integers(0, 2))
    first, last = (draw(st.integers(int(ends[0, place, 0]), int(ends[0, place, 1]))) for _ in range(2))
    side, limit, slope = (
        torch.tensor([float(x)], dtype=torch.float64) for x in (place - 1, last, first - last)
    )
    return IntervalMap(ends, torch.ones_like(ends), side, limit, slope)


@st.composite
def indicators(draw: DrawFn) -> ConvergentSequence:
    """Draw χ_[s, s + 1/k) for some k that divide 12, with the limit χ_[s, s) = 0 or χ_[0, s)."""
    chosen = draw(st.lists(st.sampled_from((2, 3, 4, 6, 12)), min_size=2, max_size=5, unique=True))
    return convergent.indicators(sorted(chosen), 12, draw(st.integers(0, 6)), draw(st.booleans()))


@st.composite
def convergent_sequences(draw: DrawFn) -> ConvergentSequence:
    """Draw at most 3 members on at most 6 cells, scaled down to ‖f_k − f‖_p ≤ 4^−k."""
    members, grid, twice_p = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 6)),
        draw(st.sampled_from((2, 3, 4, 6))),
    )
    index = torch.arange(members, dtype=torch.float64)[None] + draw(st.integers(0, 2))
    shape, limit = _tensor(draw, members, grid), _tensor(draw, grid, entries=st.integers(-4, 4).map(float))
    return convergent.scaled(shape, limit, index, twice_p)
