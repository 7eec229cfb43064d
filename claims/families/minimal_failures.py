"""Finite sets of controls whose minimal values do not converge: an assumption on R, ℓ or r is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.families.learning_failures import across_the_threshold, alone, scalar
from claims.families.learning_sequences import posed
from claims.families.projected_problems import imaged, over
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.convergence_instances import LearningSequence
from claims.kit.image_instances import ImageProblem
from claims.kit.sampling import Sampler, Source, fixed


def letting_go(u0: torch.Tensor, labels: float = 0.0) -> LearningSequence:
    """Return ℓ₀ with λ = ¾u0²: one layer lets u0 go, deeper networks and the limit keep it; u* is 0 or u0."""
    first = scalar(u0, name="l0")
    first = replace(first, lam=0.75 * (u0 * u0)[:, None])
    return posed(*alone(over(first, first, (0.0,))), (labels * u0)[:, None, None])


def across(u0: torch.Tensor, lam: float) -> LearningSequence:
    """Return R = ½u² and one λ: networks end above the threshold of the loss, the limit does not."""
    found = across_the_threshold(u0, lam, (1,))
    return replace(found, sequence=over(found.sequence.first, found.sequence.first, (0.0,)))


def shortened(weight: torch.Tensor, frequency: int = 6) -> LearningSequence:
    """Return rest in 0, λ = 31/64 ± ¼ and r = 1{s > ½}: ‖λ‖ > ½, but few layers have ‖P_Nλ‖ = 31/64."""
    rest, mean = 0 * weight, 0.5 - 2.0**-6
    sequence = over(scalar(rest, lam=mean), scalar(rest, lam=mean + 0.25), (1.0,), (frequency,))
    problem = posed(*alone(sequence), rest[:, None, None], "p=2", ("s", "s", "jump"))
    return replace(problem, weights=weight[:, None] * weight.new_tensor([0.0, 0.0, 1.0]))


def swung(u0: torch.Tensor, frequency: int = 6) -> LearningSequence:
    """Return ¼u⁴, τ = 1 + r_k, λ = (1 + r_k)/(4u0²), u* = 13u0/16: few layers see the means only."""
    first = scalar(u0, name="quartic")
    first = replace(first, lam=(0.25 / (u0 * u0))[:, None])
    other = replace(first, tau=2 * first.tau, lam=2 * first.lam)
    return posed(*alone(over(first, other, (1.0,), (frequency,))), (0.8125 * u0)[:, None, None])


def projected(problem: LearningSequence, layers: Sequence[int]) -> ImageProblem:
    """Return the problem with Θ^N = P_N(Θ)."""
    return imaged(FiniteProblem(problem, tuple(layers)))


# ---------------------------------------------------------------- where counterexamples are searched


def jumping_proxes() -> Sampler:
    """Return one layer with ℓ₀ that lets go what the limit keeps."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for layers in ((1,), (1, 2), (1, 4)):
            yield "one layer lets go", projected(letting_go(source.scale(8, low=-2, high=3)), layers)

    return fixed("ℓ₀, W = 0, u0 = 2^k, λ = ¾u0², u* = 0, Θ = {λ}; N = 1, besides 2 or 4.", strata)


def jumping_depths() -> Sampler:
    """Return one layer with ℓ₀ that lets go what two keep."""

    def strata(source: Source) -> Iterator[tuple[str, FiniteProblem]]:
        for layers in ((1, 2), (1, 4), (1, 2, 8)):
            for label in (0.0, 1.0):
                found = letting_go(source.scale(4, low=-2, high=3), label)
                yield "one layer lets go, two do not", FiniteProblem(found, layers)

    return fixed("ℓ₀, W = 0, u0 = 2^k, λ = ¾u0², u* = 0 or u0, Θ = {λ}; N = 1, then 2, 4 or 8.", strata)


def jumping_losses() -> Sampler:
    """Return losses that jump between the networks and the limit."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for lam in (0.25, 1.0, 2.0):
            layers = source.choice(((8, 32), (16,)))
            yield "across the threshold", projected(across(source.scale(4, low=-1, high=2), lam), layers)

    return fixed(
        "R = ½u², u0 = 2^k, λ = 1/4, 1, 2, Θ = {λ}, the threshold just above u0 e^−λ; N up to 32.", strata
    )


def jumping_penalties() -> Sampler:
    """Return penalties that jump between the norm of a control and that of its projection."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for layers in ((1, 4, 16), (2, 32), (8,)):
            yield "norms below ½", projected(shortened(source.scale(4, low=-1, high=4)), layers)

    return fixed("At rest in 0, λ = 31/64 + r_6/4, the penalty 2^k·1{s > 1/2}; N = 1 … 32.", strata)


def steep() -> Sampler:
    """Return ¼u⁴ under controls whose product projections do not see."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for layers in ((32,), (16, 32), (8, 32)):
            yield "τ and λ swing", projected(swung(source.scale(4, low=2, high=4)), layers)

    return fixed("¼u⁴, u0 = 2^k, τ = 1 + r_6, λ = (1 + r_6)/(4u0²), u* = 13u0/16; N = 8 … 32.", strata)
