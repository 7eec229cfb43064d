"""Learning problems along sequences for which objectives do not converge: one assumption is missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.families import control_sequences, regularizers
from claims.families.learning_sequences import posed
from claims.kit.convergence_instances import ControlSequence, LearningSequence
from claims.kit.instances import Lista, Network
from claims.kit.sample_instances import Samples
from claims.kit.sampling import Sampler, Source, fixed

#: What is declared of sequences that do not converge.
RATE = 2.0**-10

#: Thresholds are multiples of this.
MESH = 2.0**-16

#: Depths and frequencies of weak sequences: 2^k divides N.
WEAK = (((32, 64, 128), (1, 2, 3)), ((128,), (1,)), ((16, 32, 64), (3, 3, 3)))


def scalar(
    u0: torch.Tensor, *, W: float = 0.0, tau: float = 1.0, lam: float = 0.0, f: float = 0.0, name: str = "l1"
) -> Network:
    """Return networks in R¹ with A = 1 and constant controls, one for each initial value (batch,)."""
    ones, count = torch.ones_like(u0)[:, None], len(u0)
    regularizer = regularizers.unit(name, count, 1, u0.device)
    return Network(
        regularizer, ones[..., None], f * ones, u0[:, None], W * ones[..., None, None], tau * ones, lam * ones
    )


def alone(sequence: ControlSequence) -> tuple[ControlSequence, Samples]:
    """Return a sequence with the one sample of its problem."""
    first = sequence.first
    return sequence, Samples(first, first.f[:, None, :][:, :0], first.u0[:, None, :][:, :0])


def weak(
    first: Network | Lista, other: Network | Lista, depths: Sequence[int], frequencies: Sequence[int]
) -> ControlSequence:
    """Return θ + r_k(ϑ − θ), said to be as near to θ as `RATE`."""
    found = control_sequences.sequence(first, other, depths, rate=0.0, frequencies=frequencies)
    return replace(found, rates=torch.full_like(found.rates, RATE))


def swinging_states(
    u0: torch.Tensor, swing: float, depths: Sequence[int] = (128,), frequencies: Sequence[int] = (1,)
) -> LearningSequence:
    """Return R = 0, τ = W = 1 + swing·r_k: K = τW tends weakly to 1 + swing², not to 1."""
    first, other = scalar(u0, W=1.0), scalar(u0, W=1.0 + swing, tau=1.0 + swing)
    problem = alone(weak(first, other, depths, frequencies))
    return posed(*problem, 0 * u0[:, None, None])


def swinging_norms(
    f: torch.Tensor, swing: float, depths: Sequence[int] = (2,), frequencies: Sequence[int] = (1,)
) -> LearningSequence:
    """Return LISTA with W¹ = 1 + swing·r_k, W² = λ = 0, u0 = 0: the states agree, ‖W¹‖² is 1 + swing²."""
    base = scalar(0 * f)
    first = Lista(base.regularizer, base.A, f[:, None], base.u0, base.W + 1, 0 * base.W, base.lam)
    problem = alone(weak(first, replace(first, W1=first.W1 + swing), depths, frequencies))
    return posed(*problem, 0 * f[:, None, None], "p=2", ("s^2", "s", "s"), (1.0, 0.0, 0.0))


def across_the_threshold(u0: torch.Tensor, lam: float, depths: Sequence[int] = (128,)) -> LearningSequence:
    """Return R = ½u²: u_N = u0(1 + λ/N)^−N is above, u(1) = u0 e^−λ below a threshold just above u(1)."""
    first = scalar(u0, lam=lam, name="half_squared_norm")
    problem = alone(control_sequences.sequence(first, first, depths))
    threshold = (u0 * math.exp(-lam) / MESH).ceil() * MESH
    return posed(*problem, 0 * u0[:, None, None], "jump", width=threshold)


def onto_the_threshold(weight: torch.Tensor, depths: Sequence[int] = (2, 8, 32, 128)) -> LearningSequence:
    """Return states at rest in 0 with the label 0, and λ_N = ½ + 1/N: the penalty jumps at ½."""
    u0 = 0 * weight
    first, other = scalar(u0, lam=0.5), scalar(u0, lam=0.5 + 1.0 / depths[0])
    problem = alone(control_sequences.sequence(first, other, depths, rate=1.0))
    weights = weight[:, None] * weight.new_tensor([0.0, 0.0, 1.0])
    return posed(*problem, u0[:, None, None], "p=2", ("s", "s", "jump"), weights)


# ---------------------------------------------------------------- where counterexamples are searched


def weak_states() -> Sampler:
    """Return FBS-networks whose controls converge weakly only, and their states elsewhere."""

    def strata(source: Source) -> Iterator[tuple[str, LearningSequence]]:
        for depths, frequencies in WEAK:
            swing = source.choice((0.5, 0.75, 1.0))
            u0 = source.scale(8, low=-2, high=2)
            yield "τ and W swing", swinging_states(u0, swing, depths, frequencies)

    return fixed(
        "R = 0, A = 1, f = 0, u0 = 2^k, τ = W = 1 + a r_k, a = 1/2, 3/4, 1, N = 16 … 128; rates 2^-10.",
        strata,
    )


def weak_norms() -> Sampler:
    """Return LISTA networks whose W¹ converges weakly only: the states converge, the norm does not."""

    def strata(source: Source) -> Iterator[tuple[str, LearningSequence]]:
        for depths, frequencies in WEAK:
            f = source.scale(8, low=-2, high=0)
            yield "W¹ swings", swinging_norms(f, source.choice((0.25, 0.5, 1.0)), depths, frequencies)

    return fixed("W² = λ = 0, u0 = 0, f = 2^k, W¹ = 1 + a r_k, a = 1/4, 1/2, 1; rates 2^-10.", strata)


def jumping_losses() -> Sampler:
    """Return losses that jump between the networks and the limit."""

    def strata(source: Source) -> Iterator[tuple[str, LearningSequence]]:
        for lam in (0.25, 0.5, 1.0, 2.0):
            u0 = source.scale(8, low=-1, high=2)
            yield "across the threshold", across_the_threshold(u0, lam, source.choice(((32,), (16, 128))))

    return fixed(
        "R = ½u², u0 = 2^k, λ = 1/4 … 2, the threshold of the loss just above u(1) = u0 e^−λ.", strata
    )


def jumping_penalties() -> Sampler:
    """Return penalties that jump where the norms of the controls arrive."""

    def strata(source: Source) -> Iterator[tuple[str, LearningSequence]]:
        for depths in ((2, 8, 32, 128), (4, 16, 64), (8, 32)):
            weight = source.scale(8, low=-2, high=4)
            yield "onto the threshold", onto_the_threshold(weight, depths)

    return fixed("At rest in 0; λ_N = 1/2 + 1/N, the penalty 2^k·1{s > 1/2}, k in −2…4.", strata)
