"""Learning problems of the limit without minimisers, with minimising sequences: an assumption is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.families import control_sequences
from claims.families.compact_sequences import compact
from claims.families.existence_sequences import single
from claims.families.learning_failures import scalar
from claims.families.learning_sequences import posed
from claims.families.plain import plain
from claims.kit.compact_instances import CompactSequence
from claims.kit.convergence_instances import LearningSequence
from claims.kit.sampling import Sampler, Source, fixed


def chattering(frequencies: Sequence[int] = (1, 2, 3, 4, 5), start: float = 1.0) -> CompactSequence:
    """Return W = (w, 0)ᵀ with w = r_k, |w| = 1: A = 0, f = 1, λ = ½, R = ‖·‖₂, u0 = (0, s), u* = (0, s − ½).

    Θ = {|w| = 1} is closed and bounded, not convex and not equi-continuous, declared variation 2.  J(r_k) →
    0, and the weak limit w = 0 has J = 0.
    """
    u0 = torch.tensor([[0.0, start]], dtype=torch.float64)
    base = plain(Source(0, torch.device("cpu")), "l2", 1, 2, 1, lam=0.5)
    W = torch.tensor([1.0, 0.0], dtype=torch.float64).reshape(1, 1, 2, 1)
    first = replace(
        base, A=torch.zeros(1, 1, 2, dtype=torch.float64), f=torch.ones(1, 1, dtype=torch.float64)
    )
    first = replace(first, u0=u0, W=0 * W)
    found = control_sequences.sequence(
        first, replace(first, W=W), tuple(2**k for k in frequencies), rate=0.0, frequencies=frequencies
    )
    label = u0 - u0.new_tensor([[0.0, 0.5]])
    problem = compact(posed(found, single(found), label[:, None]))
    sizes = problem.low.new_tensor([[1.0, 0.0, 0.0]])
    return replace(
        problem,
        low=-sizes,
        high=problem.high.clamp(min=0) * (1 - sizes) + sizes,
        least=sizes,
        variation=2 * sizes,
    )


def half_open(u0: torch.Tensor) -> CompactSequence:
    """Return Θ = {0 ≤ λ < ½}, λ_k = ½ − 2^-k/2: R = |u|, W = 0, u* = 0, J = (u0 − λ)² falls to (u0 − ½)²."""
    first = scalar(u0, lam=0.5)
    sequence = control_sequences.sequence(
        first, scalar(u0, lam=0.25), tuple(2**k for k in range(8)), rate=1.0
    )
    found = compact(posed(sequence, single(sequence), 0 * u0[:, None, None]))
    closed, low = found.closed.clone(), found.low.clone()
    closed[:, 2, 1], low[:, 2] = 0.0, 0.0
    return replace(found, closed=closed, low=low)


def onto_the_open_loss(u0: torch.Tensor) -> CompactSequence:
    """Return ℓ = x for x = u − 2^-16 > 0, else 1, λ_k = u0 − 2^-k/4: R = |u|, J = u0 − 2^-16 − λ, J(u0) = 1.

    The infimum 0 is approached where J jumps, at u0 − 2^-16.  There no enclosure of a state decides the loss;
    at u0, so near that every modulus says the same, it does.
    """
    first = replace(scalar(u0), lam=u0[:, None])
    other = replace(first, lam=first.lam - 0.25)
    sequence = control_sequences.sequence(first, other, tuple(2**k for k in range(8)), rate=1.0)
    labels = 0 * u0[:, None, None] + 2.0**-16
    return in_the_box(posed(sequence, single(sequence), labels, "open"), 0.0, u0)


def onto_the_spike(weight: torch.Tensor) -> CompactSequence:
    """Return rest in the label 0, λ_k = 2^-k and r = s for s > 0, r(0) = 1: J = γλ falls to 0, J(0) = γ."""
    rest = 0 * weight
    sequence = control_sequences.sequence(
        scalar(rest), scalar(rest, lam=1.0), tuple(2**k for k in range(8)), rate=1.0
    )
    problem = posed(sequence, single(sequence), rest[:, None, None], "p=2", ("s", "s", "spike"))
    weights = weight[:, None] * weight.new_tensor([0.0, 0.0, 1.0])
    return in_the_box(replace(problem, weights=weights), 0.0, rest + 1)


def in_the_box(problem: LearningSequence, low: float, high: torch.Tensor) -> CompactSequence:
    """Return Θ = {low ≤ λ ≤ high} of constant λ."""
    found = compact(problem)
    lows, highs = found.low.clone(), found.high.clone()
    lows[:, 2], highs[:, 2] = low, high
    return replace(found, low=lows, high=highs)


def beyond_the_box(size: torch.Tensor) -> CompactSequence:
    """Return the constants λ_k = 4^k·size, k up to 3, and θ = 0, all said to lie in 0 ≤ λ ≤ size."""
    first = scalar(torch.ones_like(size), name="half_squared_norm")
    other = replace(first, lam=64 * size[:, None])
    found = control_sequences.sequence(first, other, (1, 2, 4), rate=0.0)
    scales = size.new_tensor([1 / 16, 1 / 4, 1.0]).expand(len(size), 3).contiguous()
    sequence = control_sequences.declared(replace(found, scales=scales))
    return in_the_box(posed(sequence, single(sequence), torch.zeros_like(size)[:, None, None]), 0.0, size)


def chatter() -> Sampler:
    """Return controls ±1 that change sign ever faster."""

    def strata(source: Source) -> Iterator[tuple[str, CompactSequence]]:
        for frequencies in ((1, 2, 3, 4, 5), (3, 4, 5), (5,), (4, 6)):
            for start in (1.0, 2.0):
                yield "w = r_k", chattering(frequencies, start).to(source.device)

    return fixed(
        "A = 0, f = 1, W = (w, 0)ᵀ, w = r_k up to k = 5 or 6, λ = ½, R = ‖·‖₂, u0 = (0, 1), (0, 2).", strata
    )


def not_closed() -> Sampler:
    """Return minimising sequences that leave a set through an end that it lacks."""

    def strata(source: Source) -> Iterator[tuple[str, CompactSequence]]:
        for low in (0, 1, 2):
            yield "λ rises to ½", half_open(source.scale(4, low=low, high=low + 1))

    return fixed("R = |u|, W = 0, τ = 1, u0 = 2^k, u* = 0, λ_k = ½ − 2^-k/2, Θ = {0 ≤ λ < ½}.", strata)


def open_losses() -> Sampler:
    """Return minimising sequences whose limit pays for a loss that jumps up."""

    def strata(source: Source) -> Iterator[tuple[str, CompactSequence]]:
        for low in (0, 1, 2):
            yield "the state falls to 0", onto_the_open_loss(source.scale(4, low=low, high=low + 1))

    return fixed("R = |u|, u0 = 2^j, λ_k = u0 − 2^-k/4, ℓ = u − 2^-16 where positive, else 1.", strata)


def spikes() -> Sampler:
    """Return penalties that jump up at 0."""

    def strata(source: Source) -> Iterator[tuple[str, CompactSequence]]:
        for low in (-2, 0, 2):
            yield "λ falls to 0", onto_the_spike(source.scale(4, low=low, high=low + 1))

    return fixed("At rest in 0, λ_k = 2^-k, the penalty 2^i s for s > 0, 2^i at 0.", strata)


def not_bounded() -> Sampler:
    """Return constants that leave every box."""

    def strata(source: Source) -> Iterator[tuple[str, CompactSequence]]:
        for low in (-4, 0, 4):
            yield "λ grows", beyond_the_box(source.scale(4, low=low, high=low + 3))

    return fixed("R = ½u², u0 = 1, u* = 0, θ = 0, λ_k = 4^k·2^j, Θ said to be 0 ≤ λ ≤ 2^j.", strata)
