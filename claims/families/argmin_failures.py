"""Finite sets of controls whose minimisers do not correspond or converge: one assumption is missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.families import control_sequences
from claims.families.learning_failures import alone, scalar
from claims.families.learning_sequences import posed
from claims.families.plain import plain
from claims.families.projected_problems import imaged, over
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.image_instances import ImageProblem
from claims.kit.sampling import Sampler, Source, fixed

#: How much Rademacher functions are said to vary.
VARIATION = 1.0


def stopping(
    u0: torch.Tensor, theta: Sequence[float], images: Sequence[float], layers: Sequence[int] = (1,)
) -> ImageProblem:
    """Return λ in ``theta``, λ^N in ``images``: R = |u|, W = 0, τ = 1, u* = 0, J^N = J = max(u0 − λ, 0)²."""
    sequence, samples = alone(over(scalar(u0), scalar(u0, lam=1.0), theta))
    problem = FiniteProblem(posed(sequence, samples, 0 * u0[:, None, None]), tuple(layers))
    scales = u0.new_tensor(images).expand(len(u0), -1)
    return imaged(problem, scales, (0,) * len(images))


def ramps(u0: torch.Tensor, steps: int = 4, layers: Sequence[int] = (2,)) -> ImageProblem:
    """Return λ = a t for a = 0, 1/2, 1, on ``steps`` cells: E_N P_N λ is a step function on fewer."""
    base = control_sequences.limits.refined(scalar(u0), steps)
    slope = u0.new_tensor([(2 * n + 1) / (2 * steps) for n in range(steps)])
    sequence, samples = alone(over(base, replace(base, lam=base.lam + slope), (0.0, 0.5, 1.0)))
    return imaged(FiniteProblem(posed(sequence, samples, 0 * u0[:, None, None]), tuple(layers)))


def swinging(label: float, count: int = 1) -> ImageProblem:
    """Return W = τ = ½ ± a r_1 with R = 0, u0 = 1: e^{−¼ − a²} is the label, and one layer says 1 − ¼.

    The label is at most ¾; a² = −ln u* − ¼.
    """
    u0 = torch.ones(count, dtype=torch.float64)
    swing = math.sqrt(-math.log(label) - 0.25)
    first, other = scalar(u0, W=0.5, tau=0.5), scalar(u0, W=0.5 + swing, tau=0.5 + swing)
    sequence, samples = alone(over(first, other, (1.0, -1.0), (1, 1)))
    problem = posed(sequence, samples, 0 * u0[:, None, None] + label)
    return imaged(FiniteProblem(problem, (1,)))


def chattering(
    u0: torch.Tensor, frequencies: Sequence[int] = (1, 2, 3, 4, 5), layers: Sequence[int] = (1, 4, 16)
) -> ImageProblem:
    """Return W = (r_k, 0)ᵀ with A = 0, f = 1, R = ‖u‖₂, λ = ½, start (0, u0), label (0, u0 − ½), in R².

    No network of fewer than 2^k layers sees r_k, and 0 is not in Θ: J(r_k) tends to J(0) = 0 and is positive.
    """
    source = Source(0, u0.device)
    base = plain(source, "l2", len(u0), 2, 1, lam=0.5)
    start = torch.stack([0 * u0, u0], 1)
    ones = torch.ones_like(u0)[:, None]
    first = replace(base, A=base.A[:, :1], f=ones, u0=start, W=0 * base.W[..., :1])
    other = replace(first, W=first.W + u0.new_tensor([[1.0], [0.0]]))
    sequence, samples = alone(over(first, other, (1.0,) * len(frequencies), frequencies))
    label = start - u0.new_tensor([0.0, 0.5])
    problem = imaged(FiniteProblem(posed(sequence, samples, label[:, None]), tuple(layers)))
    said = problem.variation.new_tensor([VARIATION, 0.0, 0.0])
    return replace(problem, variation=said.expand(len(u0), 3).clone())


# ---------------------------------------------------------------- where counterexamples are searched


def beyond() -> Sampler:
    """Return Θ^N with controls that are no projections from Θ, and smaller values there."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for images in ((0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75), (1.0,)):
            u0 = source.scale(8, low=0, high=4)
            yield "Θ^N too large", stopping(u0, (0.0, 0.25, 0.5), images, source.choice(((1,), (2,), (1, 4))))

    return fixed(
        "R = |u|, W = 0, u0 = 2^k, u* = 0; λ in 0, 1/4, 1/2, λ^N up to 3/4 or 1; N = 1, 2, 4.", strata
    )


def too_few() -> Sampler:
    """Return Θ^N without the projection of the minimiser."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for images in ((0.0, 0.5), (0.5,), (0.0,)):
            u0 = source.scale(8, low=0, high=4)
            yield "Θ^N too small", stopping(u0, (0.0, 0.5, 1.0), images, source.choice(((1,), (2,), (1, 4))))

    return fixed("R = |u|, W = 0, u0 = 2^k, u* = 0, λ in 0, 1/2, 1; λ^N in 0, 1/2, N = 1, 2, 4.", strata)


def not_extended() -> Sampler:
    """Return Θ of straight lines, whose extended projections are steps."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for layers in ((1,), (2,), (1, 2)):
            yield "λ = a t", ramps(source.scale(8, low=0, high=4), source.choice((4, 8)), layers)

    return fixed("R = |u|, W = 0, u0 = 2^k, u* = 0; λ = a t on 4 or 8 cells, a = 0, 1/2, 1.", strata)


def swings() -> Sampler:
    """Return oscillations of W and τ of which one layer sees the mean, and the limit the product."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for label in (0.75, 0.6875, 0.625):
            yield "W = τ = ½ + a r_1", swinging(label, 4).to(source.device)

    return fixed("R = 0, u0 = 1, W = τ = ½ ± a r_1, u* = e^{−¼ − a²} = 3/4, 11/16 or 5/8, N = 1.", strata)


def rademacher() -> Sampler:
    """Return Rademacher functions declared to vary by 1."""

    def strata(source: Source) -> Iterator[tuple[str, ImageProblem]]:
        for frequencies, layers in (((1, 2, 3), (1, 4)), ((2, 3), (1, 2)), ((4,), (1, 8))):
            yield "W = r_k", chattering(1 + source.scale(2, low=-2, high=0), frequencies, layers)

    return fixed("R = ‖u‖₂, d = 2, λ = ½, W = (r_k, 0)ᵀ, k up to 4, u0 = (0, 1 + 2^-j), N = 1 … 8.", strata)
