r"""Sequences that Γ-converge, with a perturbation of all functions or with a second limit."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from claims import gamma_constants as gamma
from claims.families import gamma_sequences as sequences
from claims.families.time_families import coarse
from claims.kit.gamma_instances import GammaLimits, GammaPerturbation, GammaSequence
from claims.kit.gamma_rates import measured
from claims.kit.sampling import Batch, Sampler, Source, portions

PERTURBATIONS = ("linear", "growing", "rough", "none")
RIVALS = ("the same", "lower envelope", "another value nearby", "with noise", "the last member")

PERTURBED = (
    sequences.DISTRIBUTION
    + " G linear, |x − x_0| times a power of two, rough (gaussian), or 0; its Lipschitz constant is measured "
    "and rounded up."
)
TWO_LIMITS = (
    sequences.DISTRIBUTION
    + " The second limit is F again, its lower envelope over windows of 0 to 2 times r_k of the last member, "
    "F with values from nearby points, with noise, or the last member; its windows are r_k or shrink to "
    "nothing, its balls the same or larger, its errors measured."
)


def perturbed(source: Source, kind: str, p: GammaSequence) -> GammaPerturbation:
    """Return the sequence with a perturbation of one kind."""
    first, slope = p.points[:, :, 0], source.scale(p.size, 1, low=-4, high=4)
    center = p.points[:, source.integer(0, p.points.shape[1] - 1)]
    shapes = {
        "linear": slope * first,
        "growing": slope * (p.points - center[:, None]).abs().amax(2),
        "rough": coarse(source.normal(*first.shape)) * slope.clamp(min=1),
        "none": 0 * first,
    }
    return measured(GammaPerturbation(p, shapes[kind], 0 * p.coercive))


def limits(source: Source, kind: str, p: GammaSequence) -> GammaLimits:
    """Return the sequence with a second limit of one kind."""
    window = (p.radius[:, -1:] * source.integer(0, 2)).expand_as(p.radius)
    near = gamma.windows(p, window)[:, -1]
    order = torch.where(near, source.uniform(*near.shape), 2.0).argmin(2)
    shapes = {
        "the same": p.limit,
        "lower envelope": gamma.window_minima(p.limit[:, None], near[:, None])[:, 0],
        "another value nearby": p.limit.gather(1, order),
        "with noise": p.limit + coarse(source.uniform(*p.limit.shape, low=-1.0)),
        "the last member": p.members[:, -1],
    }
    radius = p.radius * source.choice((1.0, 1.0, 0.0))
    reach = p.reach + radius * source.integer(0, 2)
    return measured(GammaLimits(p, shapes[kind], radius, 0 * radius, reach))


def _draw_perturbations(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, max(1, min(32, size // 24))):
        (family, p), kind = sequences.drawn(source, count), source.choice(PERTURBATIONS)
        yield Batch(perturbed(source, kind, p), f"{family}, G {kind}", independent=True)
    two, a = sequences.line(source, (0, 1)), source.scale(8, 1, low=-4, high=4)
    base = torch.cat([0 * a, a], 1)
    raised = GammaPerturbation(sequences.stated(two, base, base + a), 0 * base + 3, 0 * a[:, 0])
    yield Batch(raised, "corner: F + e, G constant", independent=False, attains=("error",))
    step = two[:, 1, 0]
    well = sequences.stated(two, base, base.flip(1), step)
    rising = measured(GammaPerturbation(well, base / 2, 0 * step))
    yield Batch(rising, "corner: G rises over one window", independent=False, attains=("modulus",))


def _draw_limits(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, max(1, min(32, size // 24))):
        (family, p), kind = sequences.drawn(source, count), source.choice(RIVALS)
        yield Batch(limits(source, kind, p), f"{family}, F' {kind}", independent=True)
    for name, one in (("first", -1.0), ("second", 1.0)):
        two, a = sequences.line(source, (0, 1)), source.scale(8, 1, low=-4, high=4)
        base = torch.cat([0 * a, a], 1)
        p, nothing = sequences.stated(two, base - a * (one < 0), base), 0 * a
        other = GammaLimits(p, base - a * (one > 0), nothing, nothing, p.reach)
        yield Batch(measured(other), f"corner: error of the {name}", independent=False, attains=(name,))


def perturbations() -> Sampler:
    """Return the sampler of sequences with a Lipschitz perturbation."""
    return Sampler(PERTURBED, _draw_perturbations)


def two_limits() -> Sampler:
    """Return the sampler of sequences with two limits."""
    return Sampler(TWO_LIMITS, _draw_limits)
