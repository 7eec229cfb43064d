"""Instances with several samples: networks and pairs of networks, and further samples of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims.families import attaining, network_pairs, networks, photographs, regularizers, systems
from claims.families.plain import plain
from claims.kit.instances import AnyNetwork, Network, Regularizer
from claims.kit.sample_instances import Samples, SamplesPair
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions

COUNTS = (1, 2, 3, 5)
RELATIONS = ("unrelated", "near", "scaled", "resting")
CHANGES = (*network_pairs.CHANGES, "one sample")

DISTRIBUTION = (
    "Network and first sample as for networks; 1, 2, 3 or 5 samples. The further ones are drawn afresh, or "
    "near the first (relative gaussian change of size 2^-k, k uniform in 0…12), or multiples of it by ±2^k, "
    "k uniform in −6…6, or at rest (f = 0, u0 = 0). Corners in which one term of the bound stands alone, "
    "with samples of three sizes, 0 among them; 16 patches of photographs under one matrix."
)
PAIRS = (
    "First system as for networks with samples. The second differs as for pairs of networks, in all samples "
    "alike, or in f and u0 of the last sample alone. Corners in which one term of the bound stands alone, "
    "with samples of three sizes, 0 among them."
)

#: Sizes of the samples in corners, the first being 1.
FACTORS = (4.0, 0.0)


def further(source: Source, network: AnyNetwork, relation: str, count: int) -> Samples:
    """Return ``count`` samples, the first that of the network and the others related to it."""
    (batch, m), d, more = network.f.shape, network.u0.shape[1], count - 1
    f, u0 = (x[:, None].expand(-1, more, -1).contiguous() for x in (network.f, network.u0))
    if relation == "unrelated":
        size = source.scale(batch, more, 1, low=-3, high=3)
        f, u0 = source.normal(batch, more, m), source.normal(batch, more, d) * size
    elif relation == "near":
        size = source.scale(batch, more, 1, low=-12, high=0)
        f, u0 = (x * (1 + size * source.normal(*x.shape)) for x in (f, u0))
    else:
        sign = 2 * source.integers(batch, more, 1, low=0, high=1) - 1
        factor = 0 * sign if relation == "resting" else sign * source.scale(batch, more, 1)
        f, u0 = factor * f, factor * u0
    return Samples(network, f, u0)


def spread(network: AnyNetwork) -> Samples:
    """Return three samples, multiples of that of the network by 1 and `FACTORS`."""
    factors = torch.tensor(FACTORS, dtype=torch.float64, device=network.u0.device)[:, None]
    return Samples(network, factors * network.f[:, None], factors * network.u0[:, None])


def seen(source: Source, more: int) -> Samples:
    """Return one network of photographs with ``more`` further patches under its matrix."""
    network, patches = photographs.networks(source, 1), photographs.patches()
    chosen = source.integers(more, low=0, high=len(patches) - 1).long().cpu()
    f = patches[chosen].to(source.device) @ network.A.mT
    return Samples(network, f, f @ network.A * bool(network.u0.any()))


def perturbed(source: Source, first: Samples, change: str) -> Samples:
    """Return the second system: ``first`` with one of `CHANGES`, in all samples."""
    size = source.scale(first.f.shape[0], 1, 1, low=-12, high=0)
    f, u0 = (x * (1 + size * source.normal(*x.shape)) for x in (first.f, first.u0))
    if change == "one sample":
        last = torch.arange(first.samples, device=f.device)[:, None] == first.samples - 1
        return Samples.of(first.network, torch.where(last, f, first.f), torch.where(last, u0, first.u0))
    network = network_pairs.perturbed(source, first.network, change)
    moves_f, moves_u0 = (change in (name, "everything") for name in ("f", "u0"))
    return Samples(
        network, f[:, 1:] if moves_f else first.further_f, u0[:, 1:] if moves_u0 else first.further_u0
    )


def volume(source: Source, count: int) -> tuple[str, Samples]:
    """Return one group of independent draws of the stated distribution, and its family."""
    family, network = networks.volume(source, count, regularizers.ADMISSIBLE)
    system, varied = systems.vary(source, network)
    relation, samples = source.choice(RELATIONS), source.choice(COUNTS)
    return f"{family}, {system}, {relation}", further(source, varied, relation, samples)


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then corners and photographs."""
    for count in portions(size, max(1, min(24, size // 32))):
        family, drawn = volume(source, count)
        yield Batch(drawn.representable(), family, independent=True)
    for name in regularizers.ADMISSIBLE:
        for family, network in networks.corners(source, name, count=2):
            for system in networks.corner_systems(source, name):
                yield Batch(spread(system(network)).representable(), family, independent=False)
    for family, network, terms in attaining.draw(source):
        if "initial" in terms:
            yield Batch(spread(network).representable(), family, independent=False, attains=terms)
    if photographs.available():
        yield Batch(seen(source, 15).representable(), "photographs", independent=False)


def draw_pairs(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape and change, then corners and photographs."""
    for count in portions(size, max(1, min(24, size // 32))):
        family, drawn = volume(source, count)
        first, change = drawn.representable(), source.choice(CHANGES)
        pair = SamplesPair(first, perturbed(source, first, change))
        yield Batch(pair.representable(), f"{family}, {change} differs", independent=True)
    for name in regularizers.ADMISSIBLE:
        for family, pair in network_pairs.corners(source, name, count=2):
            for system in networks.corner_systems(source, name):
                first, second = (spread(system(_fbs(p))) for p in (pair.first, pair.second))
                yield Batch(SamplesPair(first, second).representable(), family, independent=False)
    for family, pair, terms in attaining.draw_pairs(source):
        spread_out = SamplesPair(spread(pair.first), spread(pair.second))
        yield Batch(spread_out.representable(), family, independent=False, attains=terms)


def _fbs(network: AnyNetwork) -> Network:
    assert isinstance(network, Network)
    return network


def samples() -> Sampler:
    """Return the sampler of networks with several samples, for every admissible regulariser."""
    return Sampler(DISTRIBUTION, draw, photographs.not_run())


def pairs() -> Sampler:
    """Return the sampler of pairs of them."""
    return Sampler(PAIRS, draw_pairs)


def across_the_jump() -> Sampler:
    """Return one-layer networks with ‖·‖₀ whose samples start on both sides of the jump of its prox."""

    def strata(source: Source) -> Iterator[tuple[str, SamplesPair]]:
        base = plain(source, "l0", 64, 1, 1)
        weight = source.scale(64, 1, low=-6, high=4)
        network = replace(base, regularizer=Regularizer("l0", {}), lam=weight)
        jump, gap = (2 * weight).sqrt()[:, :, None], source.scale(64, 3, 1, low=-10, high=-1)
        f = base.f[:, None].expand(64, 3, 1)
        above, below = (Samples.of(network, f, jump * (1 + side * gap)) for side in (1, -1))
        yield "across the jump", SamplesPair(above, below)

    return fixed("ℓ₀, N = 1, K = 0, λ = 2^j, three samples with u0 = (1 ± 2^-i)√(2λ).", strata)
