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


def parting(start: torch.Tensor) -> PerturbedProblem:
    """Return −|u|, λ = 1, u0 > 0, the label u0 + 1 that the limit reaches, and the moved start −u0."""
    first = scalar(start, lam=1.0, name="negative_l1")
    problem = posed(*alone(members(first, first, 0 * start[:, None])), (start + 1)[:, None, None])
    return moved(problem, 1, u0=-start[:, None, None], shares=(1.0,))


def over_the_threshold(u0: torch.Tensor, lam: Sequence[float] = (0.0, 0.25, 0.5)) -> PerturbedProblem:
    """Return R = |u|, λ ≤ u0/2, ℓ = 1 above u0/2 + 2^-16, and u0_k = (1 + 1/k)u0: J_k = 1, J = 0 at u0/2.

    Unlike in `stepping_off` no state is at the threshold, which no enclosure of a limit would decide.
    """
    found, start = weighted(scalar(u0), [x * float(u0[0]) for x in lam], 0 * u0[:, None, None], "jump")
    problem = replace(found.problem, width=u0 / 2 + 2.0**-16)
    return moved(problem, 1, u0=2 * start, shares=HALVES)


def growing_apart(u0: torch.Tensor) -> PerturbedProblem:
    """Return states that stay at u0, its label, and labels that move away from it: J_k = share_k²u0²."""
    found, start = weighted(scalar(u0), [0.0, 0.0], u0[:, None, None])
    return moved(found.problem, 1, labels=2 * start, shares=(1 / 4, 1 / 2, 1.0))


def falling_onto_the_spike(u0: torch.Tensor) -> PerturbedProblem:
    """Return R = |u|, ℓ = |u − u*|, ½r with r = s for s > 0, r(0) = 1: λ_k = u0/2, u0/8, … minimise J_k.

    u* = u0 and u*_k = u0 − λ_k, so that J_k(λ) = |λ − λ_k| + ½λ for λ > 0 and λ_k + ½ at 0.
    """
    lam = [float(u0[0]) * 2.0 ** (1 - 2 * k) for k in range(1, 5)]
    found, start = weighted(scalar(u0), lam, u0[:, None, None], "p=1")
    weights = found.problem.weights.new_tensor([0.0, 0.0, 0.5]).expand(len(u0), 3).contiguous()
    problem = replace(found.problem, weights=weights, penalties=("s", "s", "spike"))
    return moved(problem, 1, labels=start / 2, shares=[x / lam[0] for x in lam])


def running_off_in_time(u0: torch.Tensor, count: int = 9) -> PerturbedProblem:
    """Return `running_off` with u*_k = e^{1−k}u0: in the limit u(1) = e^{−λ}u0, and k − 1 minimises."""
    found = running_off(u0, count)
    shares = found.shares.new_tensor([1.0, 0.3675, 0.1353, 0.0498])
    return replace(found, shares=shares.expand_as(found.shares).contiguous()).representable()


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


def parting_starts() -> Sampler:
    """Return states that part from 0 on either side, however near they start."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for _ in range(3):
            yield "on both sides of 0", parting(source.scale(4, low=-8, high=-2))

    return fixed("−|u|, λ = 1, Θ = {λ}, u0 = 2^j, u* = u0 + 1, moved to −u0.", strata)


def jumping_losses_of_limits() -> Sampler:
    """Return losses that jump just above the state of a minimiser."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for lam in ((0.0, 0.5), (0.25, 0.5), (0.0, 0.25, 0.5)):
            yield "over the threshold", over_the_threshold(_sized(source, -3, 2), lam)

    return fixed(
        "R = |u|, ℓ = 1{u > u0/2 + 2^-16}, Θ = {λ} up to u0/2, u0 = 2^j, u0_k = (1 + 1/k)u0.", strata
    )


def departing_data() -> Sampler:
    """Return labels that move away from their own."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for _ in range(3):
            yield "labels that leave", growing_apart(_sized(source, -3, 3))

    return fixed("R = |u|, λ = 0, u0 = u* = 2^j, u*_k = (1 + share_k)u0, shares ¼, ½, 1.", strata)


def unbounded_in_time() -> Sampler:
    """Return sets of λ beyond every bound, on which minimisers of the limit run off."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for count in (5, 9):
            yield "λ_k = k − 1", running_off_in_time(_sized(source, -2, 2, 2), count)

    return fixed("R = ½u², u0 = 2^j, λ = 0, 1, …, 4 or 8, u*_k about e^{1−k}u0; rates 1 for λ.", strata)


def spikes() -> Sampler:
    """Return penalties that jump up at 0, where minimisers of the moved problems tend to."""

    def strata(source: Source) -> Iterator[tuple[str, PerturbedProblem]]:
        for _ in range(3):
            yield "λ falls to 0", falling_onto_the_spike(_sized(source, -3, 0))

    return fixed(
        "R = |u|, ℓ = |u − u*|, u0 = u* = 2^j, λ_k = u0/2, u0/8, …, u*_k = u0 − λ_k; ½r, r(0) = 1.", strata
    )
