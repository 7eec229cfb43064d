"""Learning problems of networks without minimisers, with minimising sequences: an assumption is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.families import control_sequences
from claims.families.admissible_sequences import within
from claims.families.existence_sequences import net, single
from claims.families.learning_failures import scalar
from claims.families.learning_sequences import posed
from claims.kit.convergence_instances import AdmissibleSequence, LearningSequence
from claims.kit.instances import Network, Regularizer
from claims.kit.sampling import Sampler, Source, fixed

#: Members of a minimising sequence: its controls are at 2^-1 … 2^-K from where they tend to.
K = 8


def approaching(first: Network, step: float, depth: int = 1) -> control_sequences.ControlSequence:
    """Return λ_k = λ + step·2^-k for k = 1 … K, at one depth."""
    other = replace(first, lam=first.lam + step / 2)
    found = control_sequences.sequence(first, other, (depth,) * K, rate=1.0)
    scales = first.u0.new_tensor([2.0 ** (1 - k) for k in range(1, K + 1)])
    return control_sequences.declared(replace(found, scales=scales.expand(first.size, K).contiguous()))


def in_the_box(
    problem: LearningSequence, low: float, high: float, *, open_above: bool = False
) -> AdmissibleSequence:
    """Return Θ = {low ≤ λ ≤ high}, without the upper end if it is open; W and τ are free."""
    found = within(problem, ("wide",) * 3)
    lows, highs, closed = found.low.clone(), found.high.clone(), found.closed.clone()
    lows[:, 2], highs[:, 2] = low, high
    closed[:, 2, 1] = float(not open_above)
    return replace(found, low=lows, high=highs, closed=closed)


def priced(weight: float = 1.0) -> tuple[float, float, float]:
    """Return weights of penalties that count λ alone."""
    return (0.0, 0.0, weight)


def half_open(u0: torch.Tensor, depth: int = 1) -> AdmissibleSequence:
    """Return Θ = {0 ≤ λ < ½}, λ_k = ½ − 2^-k/2: R = |u|, u* = 0, J = (u0 − λ)² falls to (u0 − ½)²."""
    sequence = approaching(scalar(u0, lam=0.5), -0.5, depth)
    return in_the_box(posed(sequence, single(sequence), 0 * u0[:, None, None]), 0.0, 0.5, open_above=True)


def staying_away(u0: torch.Tensor, depth: int = 1) -> AdmissibleSequence:
    """Return λ_k = u0 and θ = 0, said to be within 2^-k: R = |u|, u* = 0, J(θ_k) = 0, J(θ) = u0²."""
    sequence = approaching(scalar(u0), 1.0, depth)
    other, rates = replace(sequence.other, lam=u0[:, None]), sequence.rates.clone()
    rates[..., 2] = u0.new_tensor([2.0**-k for k in range(1, K + 1)])
    found = replace(sequence, other=other, scales=torch.ones_like(sequence.scales), rates=rates)
    problem = posed(found, single(found), 0 * u0[:, None, None])
    return in_the_box(problem, 0.0, float(u0.max()))


def onto_the_open_loss(u0: torch.Tensor, depth: int = 1) -> AdmissibleSequence:
    """Return ℓ = u for u > 0, else 1, and λ_k = u0 − 2^-k/2: J = u0 − λ falls to 0, and J(u0) = 1."""
    sequence = approaching(replace(scalar(u0), lam=u0[:, None]), -0.5, depth)
    problem = posed(sequence, single(sequence), 0 * u0[:, None, None], "open")
    return in_the_box(problem, 0.0, float(u0.max()))


def onto_the_jump(u0: torch.Tensor) -> AdmissibleSequence:
    """Return N = 1, R = ‖·‖₀, γ = 1, r = s²: J = 1{λ ≤ ½u0²}u0² + λ² falls to ¼u0⁴ as λ falls to ½u0²."""
    first = replace(scalar(u0), lam=(u0 * u0 / 2)[:, None], regularizer=Regularizer("l0", {}))
    sequence = approaching(first, 0.5)
    labels = 0 * u0[:, None, None]
    problem = posed(sequence, single(sequence), labels, "p=2", ("s", "s", "s^2"), priced())
    return in_the_box(problem, 0.0, float((u0 * u0).max()) + 1)


def into_the_interval(u0: torch.Tensor, half: float = 0.5) -> AdmissibleSequence:
    """Return N = 1, R the indicator of [−½, ½], u* = ½, γ = 1, r = s²: J(0) = (u0 − ½)², J(λ) = λ² beyond."""
    width = {"half_width": torch.full_like(u0, half)}
    first = replace(scalar(u0), regularizer=Regularizer("box_indicator", width))
    sequence = approaching(first, 1.0)
    labels = torch.full_like(u0, half)[:, None, None]
    problem = posed(sequence, single(sequence), labels, "p=2", ("s", "s", "s^2"), priced())
    return in_the_box(problem, 0.0, 1.0)


def onto_the_spike(weight: torch.Tensor, depth: int = 1) -> AdmissibleSequence:
    """Return rest in the label 0, and r = s for s > 0, r(0) = 1: J = γλ falls to 0, and J(0) = γ."""
    rest = 0 * weight
    sequence = approaching(scalar(rest), 1.0, depth)
    problem = posed(sequence, single(sequence), rest[:, None, None], "p=2", ("s", "s", "spike"))
    return in_the_box(replace(problem, weights=weight[:, None] * weight.new_tensor(priced())), 0.0, 1.0)


def beyond_the_net(last: torch.Tensor, depth: int = 1) -> LearningSequence:
    """Return R = ½u², λ ≥ 0, u0 = 1, u* = 0: J = (1 + λ/N)^−2N; a net of [0, 1], and one member beyond it."""
    first = scalar(torch.ones_like(last), name="half_squared_norm")
    other, points = replace(first, lam=first.lam + 1), last.new_tensor([0.0, 0.25, 0.5, 0.75, 1.0])
    sequence = net(first, other, points.expand(len(last), 5), last, depth)
    return posed(sequence, single(sequence), torch.zeros_like(last)[:, None, None])


# ---------------------------------------------------------------- where counterexamples are searched

Strata = Iterator[tuple[str, AdmissibleSequence]]
DEPTHS: Sequence[int] = (1, 2, 4)


def not_closed() -> Sampler:
    """Return minimising sequences that leave a set through an end that it lacks."""

    def strata(source: Source) -> Strata:
        for depth in DEPTHS:
            yield "λ rises to ½", half_open(source.scale(8, low=0, high=4), depth)

    return fixed("R = |u|, W = 0, τ = 1, u0 = 2^k, u* = 0, λ_k = ½ − 2^-k/2, Θ = {0 ≤ λ < ½}.", strata)


def not_convergent() -> Sampler:
    """Return minimisers that stay where they are, away from what they are said to tend to."""

    def strata(source: Source) -> Strata:
        for depth in DEPTHS:
            yield "λ stays at u0", staying_away(source.scale(8, low=0, high=3), depth)

    return fixed("R = |u|, W = 0, τ = 1, u0 = 2^j, u* = 0, λ_k = u0, θ = 0, rates 2^-k.", strata)


def open_losses() -> Sampler:
    """Return minimising sequences whose limit pays for a loss that jumps up."""

    def strata(source: Source) -> Strata:
        for depth in DEPTHS:
            yield "the state falls to 0", onto_the_open_loss(source.scale(8, low=0, high=3), depth)

    return fixed("R = |u|, u0 = 2^k, λ_k = u0 − 2^-k/2, ℓ = u where positive, else 1.", strata)


def jumping_proxes() -> Sampler:
    """Return one layer with ‖·‖₀ and minimising sequences at whose limit the prox does not jump."""

    def strata(source: Source) -> Strata:
        yield "λ falls to ½u0²", onto_the_jump(source.scale(16, low=-1, high=1))

    return fixed("N = 1, R = ‖·‖₀, u0 = 2^k, λ_k = ½u0² + 2^-k/2, γ = 1, r = s².", strata)


def indicators() -> Sampler:
    """Return one layer with the indicator of an interval, which λ = 0 does not see."""

    def strata(source: Source) -> Strata:
        for half in (0.5, 0.25):
            yield "λ falls to 0", into_the_interval(source.scale(8, low=0, high=3), half)

    return fixed("N = 1, R = ι_[−c, c], c = ½, ¼, u0 = 2^k, u* = c, λ_k = 2^-k, γ = 1, r = s².", strata)


def spikes() -> Sampler:
    """Return penalties that jump up at 0."""

    def strata(source: Source) -> Strata:
        for depth in DEPTHS:
            yield "λ falls to 0", onto_the_spike(source.scale(8, low=-2, high=3), depth)

    return fixed("At rest in 0, λ_k = 2^-k, the penalty 2^i s for s > 0, 2^i at 0.", strata)


def unbounded() -> Sampler:
    """Return the minimising sequence λ_k = 2^k of an unbounded set, beside a net of [0, 1]."""

    def strata(source: Source) -> Iterator[tuple[str, LearningSequence]]:
        for depth in DEPTHS:
            yield (
                "λ grows",
                beyond_the_net(2.0 ** torch.arange(3.0, 9.0, device=source.device).double(), depth),
            )

    return fixed("R = ½u², u0 = 1, u* = 0, λ_k = 2^k, k = 3 … 8, N = 1, 2, 4; the net 0, ¼, ½, ¾, 1.", strata)
