"""Hypothesis strategies: small instances, drawn entry by entry, which shrink to few, small integers."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from claims.families import functions as step_functions
from claims.families import regularizers
from claims.kit.instances import Network, NetworkPair, Regularizer, StepFunction, WeightPair

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


def _regularizer(draw: DrawFn, d: int) -> Regularizer:
    name = draw(st.sampled_from(regularizers.ADMISSIBLE))
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


def _controls(draw: DrawFn, depth: int, d: int, m: int) -> dict[str, torch.Tensor]:
    gains = st.one_of(st.integers(-2, 2).map(float), st.integers(-32, 32).map(lambda k: k / 8))
    weights = gains.map(abs)
    return {
        "W": _tensor(draw, depth, d, m, entries=gains),
        "tau": _tensor(draw, depth, entries=weights),
        "lam": _tensor(draw, depth, entries=weights),
    }


@st.composite
def networks(draw: DrawFn) -> Network:
    """Draw a network with d ≤ 3, m ≤ 2, N ≤ 3."""
    d, m, depth = draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.integers(1, 3))
    A = _tensor(draw, m, d, entries=st.integers(-2, 2).map(float))
    return Network(
        _regularizer(draw, d), A, _tensor(draw, m), _tensor(draw, d), **_controls(draw, depth, d, m)
    )


@st.composite
def network_pairs(draw: DrawFn) -> NetworkPair:
    """Draw a network and a second one that differs in some of u0, f and the controls."""
    first = draw(networks())
    depth, d, m = first.W.shape[1:]
    changes: dict[str, torch.Tensor] = {}
    if draw(st.booleans()):
        changes["u0"] = _tensor(draw, d)
    if draw(st.booleans()):
        changes["f"] = _tensor(draw, m)
    other = _controls(draw, depth, d, m)
    changes |= {name: value for name, value in other.items() if draw(st.booleans())}
    return NetworkPair(first, replace(first, **changes))


@st.composite
def functions(draw: DrawFn) -> StepFunction:
    """Draw a step function on at most 6 cells with values in R or R², and a depth of at most 6."""
    grid, cells, k = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 2))
    return step_functions.measured(_tensor(draw, grid, k), cells)
