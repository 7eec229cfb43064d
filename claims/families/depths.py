"""Instances of growing depth: those of the limit, and networks whose certificate is its modulus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims.families import attaining, limits, regularizers, systems
from claims.families.plain import plain
from claims.kit.instances import AnyNetwork, Network
from claims.kit.sampling import Batch, Sampler, Source

#: By how much the data outweigh R where a step ends in the kink: a power of two.
PUSH = 256.0


def _only(network: Network, layer: int) -> Network:
    """Return the network with τ and λ zero in all layers but one."""
    alone = (torch.arange(network.depth, device=network.u0.device) == layer).double()
    return replace(network, tau=network.tau * alone, lam=network.lam * alone)


def into_the_kink(source: Source, name: str, count: int, d: int, depth: int) -> Network:
    """Return networks one layer of which takes u0 to 0 exactly, as −c outweighs σ `PUSH` times; p = −1 there.

    K = 0, σ = λ, c = −256λ and u0 = 255hλ, with λ a power of two: the gap is 2C0‖u0‖ = 2C0h(‖c‖ − C0σ).
    """
    start = plain(source, name, count, d, depth, data=1.0, lam=1.0)
    weight = source.scale(count, 1, low=-4, high=4)
    ones = torch.ones_like(start.u0)
    pushed = replace(
        start,
        f=-PUSH * weight * ones,
        u0=(PUSH - 1) / depth * weight * ones,
        lam=weight * start.lam,
    )
    return _only(pushed, source.integer(0, depth - 1))


def attaining_modulus(source: Source, count: int = 4) -> Iterator[Batch]:
    """Yield networks that attain terms of the modulus, gap and drift, or of the rates, root and linear."""
    for d, depth in ((1, 1), (3, 4)):
        for system in systems.MAKERS:
            kinked = system(into_the_kink(source, "l1", count, d, depth))
            yield _attaining("into the kink", kinked, ("gap", "root"))
        for gain in (1.0, -1.0, 4.0):
            turned = plain(source, "l1", count, d, depth, gain=gain)
            yield _attaining(f"K = {gain:g} I alone", turned, ("drift",))
        for gain in (depth * 2.0**-8, -depth * 2.0**-8):  # in one layer: ‖K‖_{L¹} is 2^-8 at every depth
            slow = _only(plain(source, "l1", count, d, depth, gain=gain), source.integer(0, depth - 1))
            yield _attaining(f"K = {gain:g} I in one layer", slow, ("drift", "linear"))
    other = into_the_kink(source, source.choice(attaining.AFFINE), count, 1, 1)
    yield _attaining("into the kink", other, ("gap", "root"))


def _attaining(family: str, network: AnyNetwork, terms: tuple[str, ...]) -> Batch:
    return Batch(network.representable(), f"attains: {family}", independent=False, attains=terms)


def _moduli(source: Source, size: int) -> Iterator[Batch]:
    yield from limits.draw(source, size, regularizers.ADMISSIBLE, (1,))
    yield from attaining_modulus(source)


def _rates(source: Source, size: int) -> Iterator[Batch]:
    yield from limits.independent(source, size, regularizers.ADMISSIBLE, (1,))
    yield from attaining_modulus(source)


def _solved(source: Source, size: int) -> Iterator[Batch]:
    yield from limits.independent(source, size, limits.SOLVED, (1,))
    for family, network in limits.linear(source, 2):
        varied = source.choice(systems.MAKERS)(network)
        yield Batch(varied.representable(), family, independent=False, attains=("drift",))
    for family, network in limits.corners(source, source.choice(limits.SOLVED)):
        varied = source.choice(systems.MAKERS)(network)
        yield Batch(varied.representable(), family, independent=False)


ATTAINING = " Corners in which the certificate is as large as its modulus."


def networks() -> Sampler:
    """Return the sampler of networks for every admissible regulariser, corners of the limit among them."""
    return Sampler(limits.ALL + limits.ONE_LAYER + ATTAINING, _moduli)


def networks_to_refine() -> Sampler:
    """Return the same without the corners of the limit."""
    return Sampler(limits.ALL + limits.ONE_LAYER_ALONE + ATTAINING, _rates)


def networks_with_limit() -> Sampler:
    """Return the sampler of networks whose limit the oracle solves, one layer a cell."""
    return Sampler(limits.KNOWN + limits.ONE_LAYER, _solved)
