"""Hypothesis strategies: small sequences of controls, drawn entry by entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from claims import limit_constants
from claims.families import control_sequences, limits, strategies
from claims.kit.convergence_instances import CONTROLS, TIMED, ControlSequence
from claims.kit.instances import AnyNetwork, Network

#: Depths, below, at and beyond the cells of θ, dividing them and not.
_DEPTHS = ((1,), (2,), (1, 2), (2, 3), (1, 2, 4), (2, 4, 8))

#: Weak sequences: frequencies and depths.
_WEAK = (((1,), (2,)), ((1, 2), (2, 4)), ((1, 2, 3), (2, 4, 8)), ((1, 1), (2, 6)))

#: What θ is multiplied by to make ϑ, so that θ ± s(ϑ − θ) keeps its signs for s ≤ 1.
_FACTORS = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0])
_SCALES = st.sampled_from([1.0, 0.5, 0.25, 0.75, 0.0])


def _like(draw: DrawFn, array: torch.Tensor, entries: Any) -> torch.Tensor:
    values = draw(st.lists(entries, min_size=array.numel(), max_size=array.numel()))
    return torch.tensor(values, dtype=torch.float64).reshape(array.shape)


def _other(draw: DrawFn, first: AnyNetwork) -> AnyNetwork:
    """Return ϑ: some of the controls drawn afresh."""
    changed = {}
    for name in CONTROLS[type(first)]:
        if draw(st.booleans()):
            values = _like(draw, getattr(first, name), st.integers(-16, 16).map(lambda k: k / 8))
            changed[name] = values.abs() if name in ("tau", "lam") else values
    return replace(first, **changed)


def _within(draw: DrawFn, first: AnyNetwork) -> AnyNetwork:
    """Return ϑ: each control in time multiplied entry by entry by a number from 0 to 2."""
    changed = {name: getattr(first, name) for name in TIMED[type(first)]}
    return replace(first, **{name: x * _like(draw, x, _FACTORS) for name, x in changed.items()})


def _networks() -> st.SearchStrategy[AnyNetwork]:
    """Return networks with a limit of which the oracle is sure."""
    return strategies.networks(limits.SOLVED).filter(lambda p: float(limit_constants.stretch(p)) <= 2.0**10)


@st.composite
def sequences(draw: DrawFn) -> ControlSequence:
    """Draw θ on at most 3 cells, ϑ, and up to three members, s_j falling as N^-1/4 or N^-1."""
    first, depths = draw(_networks()), draw(st.sampled_from(_DEPTHS))
    rate = draw(st.sampled_from([0.25, 1.0]))
    return control_sequences.sequence(first, _other(draw, first), depths, rate=rate, scale=draw(_SCALES))


@st.composite
def weak_sequences(draw: DrawFn) -> ControlSequence:
    """Draw controls θ on at most 3 cells and up to three members around them, with one τ in FBS-networks."""
    first = draw(_networks())
    frequencies, depths = draw(st.sampled_from(_WEAK))
    held = ("tau",) if isinstance(first, Network) else ()
    other = replace(_within(draw, first), **{name: getattr(first, name) for name in held})
    return control_sequences.sequence(
        first, other, depths, rate=0.0, scale=draw(_SCALES), frequencies=frequencies
    )
