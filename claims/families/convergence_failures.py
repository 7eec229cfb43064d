"""Controls that converge, in L² or weakly, where states or objectives do not: one assumption is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import torch

from claims.families import control_sequences, learning_failures
from claims.families.admissible_sequences import within
from claims.families.learning_failures import alone, scalar
from claims.families.learning_sequences import posed
from claims.kit.convergence_instances import AdmissibleSequence, ControlSequence, LearningSequence
from claims.kit.sampling import Sampler, Source, fixed

Instance = TypeVar("Instance", ControlSequence, LearningSequence, AdmissibleSequence)

#: Depths of sequences that are pushed across 0; of those that start on the steep side of ¼u⁴.
PUSHED, STEEP = ((1, 2, 4), (4,), (2, 8)), ((16, 64), (64,), (32,))

#: Where the networks of `steep` about end, as a share of u0, and of `pushed`, as one of −λ.
ENDS = 0.8125


def pushed(start: torch.Tensor, push: float = 0.0625, depths: Sequence[int] = (1, 2, 4)) -> ControlSequence:
    """Return −|u| with λ = 1 from ``start`` > 0; members have W = −s, A = 0, f = 1: c pushes them below 0.

    The last member has the push given.  In its first layer it moves by push/N, which must exceed the start;
    then the prox leads it away from 0 on the other side.
    """
    base = scalar(start, lam=1.0, f=1.0, name="negative_l1")
    first = replace(base, A=0 * base.A)
    other = replace(first, W=first.W - push * depths[-1] / depths[0])
    return control_sequences.sequence(first, other, depths, rate=1.0)


def steep(u0: torch.Tensor, depths: Sequence[int] = (16, 64)) -> ControlSequence:
    """Return ¼u⁴ with λ = 0 in θ, and λ_N → 0 with λ_N u0² = ¼ for the last member."""
    first, size = scalar(u0, name="quartic"), (u0 * u0)[:, None]
    other = replace(first, lam=0.25 * depths[-1] / depths[0] / size)
    return control_sequences.sequence(first, other, depths, rate=1.0)


def aimed(sequence: ControlSequence, share: float, end: torch.Tensor) -> LearningSequence:
    """Return the sequence with the label share·end, where the limit ends or about where the networks do."""
    return posed(*alone(sequence), (share * end)[:, None, None])


def admissible(problem: LearningSequence) -> AdmissibleSequence:
    """Return a wide Θ around θ, which holds all members."""
    found = within(problem, ("wide",) * 3)
    reach = found.low.new_tensor(2.0**10)
    low, high, variation = 0 * found.low - reach, 0 * found.high + reach, 0 * found.variation + reach
    return replace(found, low=low, high=high, variation=variation)


def spiked(weight: torch.Tensor, depths: Sequence[int] = (1, 4, 16)) -> AdmissibleSequence:
    """Return rest in the label 0, λ_N = 1/N and r = s for s > 0, r(0) = 1: F_N = γ/N falls to 0, F(0) = γ."""
    rest = 0 * weight
    sequence = control_sequences.sequence(scalar(rest), scalar(rest, lam=1.0 / depths[0]), depths, rate=1.0)
    problem = posed(*alone(sequence), rest[:, None, None], "p=2", ("s", "s", "spike"))
    return admissible(replace(problem, weights=weight[:, None] * weight.new_tensor([0.0, 0.0, 1.0])))


# ---------------------------------------------------------------- where counterexamples are searched


def _pushed(said: str, made: Callable[[ControlSequence, torch.Tensor], Instance]) -> Sampler:
    def strata(source: Source) -> Iterator[tuple[str, Instance]]:
        for depths in PUSHED:
            start = source.scale(8, low=-10, high=-7)
            yield "pushed across 0", made(pushed(start, 0.0625, depths), start)

    return fixed(
        f"−|u|, A = 0, f = 1, λ = 1, u0 = 2^-7 … 2^-10, W_N = −1/16 at the last N = 4, 8{said}.", strata
    )


def pushed_states() -> Sampler:
    """Return states that small controls push to the other side of 0."""
    return _pushed("", lambda sequence, _: sequence)


def pushed_objectives() -> Sampler:
    """Return the same with the label at the end of the limit."""
    return _pushed("; u* = u0 + 1", lambda sequence, start: aimed(sequence, 1.0, start + 1))


def pushed_sets() -> Sampler:
    """Return the same with the label near the end of the networks."""
    return _pushed("; u* = −1", lambda sequence, start: admissible(aimed(sequence, -1.0, 0 * start + 1)))


def _steep(said: str, made: Callable[[ControlSequence, torch.Tensor], Instance]) -> Sampler:
    def strata(source: Source) -> Iterator[tuple[str, Instance]]:
        for depths in STEEP:
            u0 = source.scale(8, low=2, high=4)
            yield "far out", made(steep(u0, depths), u0)

    return fixed(
        f"¼u⁴, W = 0, u0 = 2^k, k = 2, 3, 4, λ = 0 and λ_N = 1/(4u0²) at the last N = 32, 64{said}.", strata
    )


def steep_states() -> Sampler:
    """Return states that start where subgradients have outgrown C0 + C1‖u‖."""
    return _steep("", lambda sequence, _: sequence)


def steep_objectives() -> Sampler:
    """Return the same with the label u0, where the limit ends."""
    return _steep("; u* = u0", lambda sequence, u0: aimed(sequence, 1.0, u0))


def steep_sets() -> Sampler:
    """Return the same with the label near the end of the networks."""
    return _steep("; u* = 13u0/16", lambda sequence, u0: admissible(aimed(sequence, ENDS, u0)))


def jumping_losses() -> Sampler:
    """Return losses that jump between the networks and the limit, with Θ."""

    def strata(source: Source) -> Iterator[tuple[str, AdmissibleSequence]]:
        for lam in (0.25, 1.0, 2.0):
            u0 = source.scale(8, low=-1, high=2)
            found = learning_failures.across_the_threshold(u0, lam, source.choice(((32,), (16, 128))))
            yield "across the threshold", admissible(found)

    return fixed("R = ½u², u0 = 2^k, λ = 1/4, 1, 2, the threshold just above u(1) = u0 e^−λ; Θ wide.", strata)


def spikes() -> Sampler:
    """Return penalties that jump up at 0, where the controls arrive."""

    def strata(source: Source) -> Iterator[tuple[str, AdmissibleSequence]]:
        for depths in ((1, 4, 16), (2, 8, 32), (16,)):
            yield "λ falls to 0", spiked(source.scale(8, low=-2, high=4), depths)

    return fixed("At rest in 0, λ_N = 1/N, the penalty 2^k s for s > 0, 2^k at 0; Θ wide.", strata)


def weak_sets() -> Sampler:
    """Return FBS-networks whose controls converge weakly only, with Θ."""

    def strata(source: Source) -> Iterator[tuple[str, AdmissibleSequence]]:
        for depths, frequencies in learning_failures.WEAK:
            swing, u0 = source.choice((0.5, 0.75, 1.0)), source.scale(8, low=-2, high=2)
            found = learning_failures.swinging_states(u0, swing, depths, frequencies)
            yield "τ and W swing", admissible(found)

    return fixed(
        "R = 0, τ = W = 1 + a r_k, a = 1/2, 3/4, 1, u0 = 2^k, N = 16 … 128; rates 2^-10; Θ wide.", strata
    )
