"""Training problems whose minima or minimisers do not follow the data: one assumption is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.families import regularizers
from claims.families.finite_problems import members
from claims.families.learning_failures import alone, scalar
from claims.families.learning_sequences import posed
from claims.families.perturbed_problems import moved
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.instances import Network
from claims.kit.sampling import Sampler, Source, fixed

#: Shares 1/k.
HALVES = (1.0, 1 / 2, 1 / 4, 1 / 8)
LATER = (1 / 2, 1 / 4, 1 / 8, 1 / 16)

#: First entry of u(1; r_k), k = 1 … 5, in `oscillating`.
SWAYS = (-0.11085, -0.0603, -0.03095, -0.01559, -0.00781)


def weighted(
    first: Network, lam: Sequence[float], labels: torch.Tensor, loss: str = "p=2"
) -> tuple[PerturbedProblem, torch.Tensor]:
    """Return one layer with Θ = {λ}, one sample, and its initial value (batch, 1, 1); nothing moves yet."""
    largest = max(lam) or 1.0
    other = replace(first, lam=0 * first.lam + largest)
    scales = first.u0.new_tensor([x / largest for x in lam]).expand(first.size, len(lam)).contiguous()
    sequence = members(first, other, scales)
    problem = posed(*alone(sequence), labels, loss, width=0.0)
    return moved(problem, 1), first.u0[:, None]


def stepping_off(u0: torch.Tensor, lam: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0)) -> PerturbedProblem:
    """Return R = |u|, λ ∈ [0, 1]·u0, ℓ = 1 above 0, and u0_k = (1 + 1/k)u0: J_k = 1, but J = 0 at λ = u0."""
    weights = [x * float(u0[0]) for x in lam]
    found, start = weighted(scalar(u0), weights, 0 * u0[:, None, None], "jump")
    return moved(found.problem, 1, u0=2 * start, shares=HALVES)


def letting_go(weight: torch.Tensor) -> PerturbedProblem:
    """Return ℓ₀ with Θ = {λ}, u0 = √(2λ) at the jump and u0_k = (1 − 1/k)u0: J_k = 0, but J = u0²."""
    u0 = (2 * weight).sqrt()
    first = replace(scalar(u0, name="l0"), lam=weight[:, None])
    problem = posed(*alone(members(first, first, 0 * u0[:, None])), 0 * u0[:, None, None])
    return moved(problem, 1, u0=0 * u0[:, None, None], shares=LATER)


def running_off(u0: torch.Tensor, count: int = 9) -> PerturbedProblem:
    """Return R = ½u², λ = 0, 1, 2, …, u*_k = u0/k: minimisers are λ_k = k − 1; Θ is said to be within 1."""
    found, start = weighted(
        scalar(u0, name="half_squared_norm"), [float(j) for j in range(count)], 0 * u0[:, None, None]
    )
    sequence = found.problem.sequence
    rates = sequence.rates.new_tensor([0.0, 0.0, 1.0]).expand_as(sequence.rates).contiguous()
    problem = replace(found.problem, sequence=replace(sequence, rates=rates))
    return moved(problem, 1, labels=start, shares=(1.0, 1 / 2, 1 / 3, 1 / 4))


def out_of_many(u0: torch.Tensor) -> PerturbedProblem:
    """Return R = |u|, u*_k = u0/k: S_k = {λ = (1 − 1/k)u0}, but every λ ≥ u0 minimises J."""
    lam = [x * float(u0[0]) for x in (0.0, 1 / 2, 3 / 4, 7 / 8, 15 / 16, 1.0, 3 / 2, 2.0)]
    found, start = weighted(scalar(u0), lam, 0 * u0[:, None, None])
    return moved(found.problem, 1, labels=start, shares=LATER)


def oscillating(size: torch.Tensor, most: int = 5) -> PerturbedProblem:
    """Return Θ = {0, r_1, …, r_most} for W_1, R = ‖·‖₂, λ = ½, from (0, 1); u*_k → (0, ½) chooses r_k.

    u(1; r_k) is (0, ½) but for (`SWAYS`_k, O(4^−k)), and u*_k has the former: r_k is nearest.
    """
    like, count, sways = size[:, None], len(size), SWAYS[:most]
    u0 = size[:, None] * size.new_tensor([0.0, 1.0])
    still = torch.zeros(count, 1, 2, 1, dtype=size.dtype, device=size.device)
    A, regularizer = torch.zeros_like(u0)[:, None], regularizers.unit("l2", count, 2, size.device)
    first = Network(regularizer, A, like.clone(), u0, still, torch.ones_like(like), like / 2)
    other = replace(first, W=still + size.new_tensor([1.0, 0.0])[:, None])
    scales = size.new_tensor([0.0, *(1.0 for _ in sways)]).expand(count, 1 + most).contiguous()
    sequence = members(first, other, scales, tuple(range(1 + most)))
    problem = posed(*alone(sequence), u0[:, None] / 2)
    to = u0 / 2 + size[:, None] * size.new_tensor([sways[0], 0.0])
    return moved(problem, 1, labels=to[:, None], shares=[x / sways[0] for x in sways])


# ---------------------------------------------------------------- where counterexamples are searched


def _sized(source: Source, low: int, high: int, count: int = 4) -> torch.Tensor:
    """Return one power of 2 for a whole group."""
    size = 2.0 ** source.integer(low, high)
    return torch.full((count,), size, dtype=torch.float64, device=source.device)


def jumping_losses() -> Sampler:
    """Return losses that jump at the state of a minimiser."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for lam in ((0.0, 0.5, 1.0), (0.25, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0)):
            yield "off the step", stepping_off(_sized(source, -3, 2), lam)

    return fixed("R = |u|, W = 0, N = 1, ℓ = 1{u > 0}, Θ = {λ} up to u0 = 2^j, u0_k = (1 + 1/k)u0.", strata)


def jumping_prox() -> Sampler:
    """Return states at the jump of the prox of ℓ₀, which moved data let go."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for _ in range(3):
            weight = 2.0 ** (2 * source.integers(8, low=-2, high=2) - 1)
            yield "at the jump", letting_go(weight)

    return fixed("ℓ₀, N = 1, λ = 2^{2j−1}, u0 = √(2λ) = 2^j, u0_k = (1 − 1/k)u0.", strata)


def unbounded() -> Sampler:
    """Return sets of λ beyond every bound, on which minimisers run off."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for count in (5, 9, 17):
            yield "λ_k = k − 1", running_off(_sized(source, -2, 2), count)

    return fixed("R = ½u², N = 1, u0 = 2^j, λ = 0, 1, …, 4, 8 or 16, u*_k = u0/k; rates 1 for λ.", strata)


def many_minimisers() -> Sampler:
    """Return problems with many minimisers, of which moved data keep one."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for _ in range(3):
            yield "one of many", out_of_many(_sized(source, -3, 3))

    return fixed("R = |u|, N = 1, u0 = 2^j, λ from 0 to 2u0, u*_k = u0/k.", strata)


def oscillating_minimisers() -> Sampler:
    """Return sets of Rademacher functions, of which moved labels choose one after the other."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for low in (-3, 0, 3):
            yield "r_k minimises", oscillating(source.scale(2, low=low, high=low + 1), 2)

    return fixed("Θ = {0, r_1, r_2} for W_1, d = 2, R = ‖·‖₂, u0 = 2^j(0, 1), f = 2^j, λ = 2^j/2.", strata)
