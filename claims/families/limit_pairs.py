"""Instances of stability of the limit: pairs of networks whose limits the oracle solves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import torch

from claims.families import limits, systems
from claims.families.network_pairs import CHANGES, perturbed
from claims.families.plain import plain
from claims.kit.instances import AnyNetwork, Network, NetworkPair, Regularizer
from claims.kit.sampling import Batch, Sampler, Source, fixed

DISTRIBUTION = (
    " The second system differs in u0, f, W, τ or λ alone, in all controls, or in everything, by a gaussian "
    "relative change of size 2^-k, k uniform in 0…12, or has unrelated controls. Corners besides: one term "
    "of the bound alone, the first system contracting and the second one expanding."
)

#: What keeps K from being a multiple of an orthogonal matrix: the bound would be attained, which no radius
#: decides.
BENT = 2.0**-10

#: Names, pairs, and the terms of (4.5) that they attain.
Attaining = Iterator[tuple[str, NetworkPair, tuple[str, ...]]]


def bent(source: Source, *, turn: bool = False) -> torch.Tensor:
    """Return the identity of R², or a quarter turn, with its second row less by `BENT`."""
    matrix = torch.tensor([[0.0, -1.0], [1.0, 0.0]] if turn else [[1.0, 0.0], [0.0, 1.0]])
    return matrix.to(source.device, torch.float64) * torch.tensor([[1.0], [1.0 - BENT]]).to(matrix)


def _with_gain(source: Source, count: int, depth: int, gain: float, *, turn: bool = False) -> Network:
    """Return networks in R² with K = gain times the identity or a turn, bent, f = 0 and λ = 0."""
    still = plain(source, "l1", count, 2, depth, gain=1.0)
    return replace(still, W=gain * bent(source, turn=turn).expand_as(still.W).contiguous())


def attaining(source: Source, count: int = 1) -> Attaining:
    """Yield pairs in which one term stands alone and all but is the distance."""
    depth = source.choice((1, 4))
    for gain in (1.0, -1.0):
        swung = _with_gain(source, count, depth, gain)
        yield "u0 apart", NetworkPair(swung, replace(swung, u0=swung.u0 + 8)), ("initial",)
        driven = replace(swung, f=8 * torch.ones_like(swung.f))
        yield "f apart", NetworkPair(swung, driven), ("drift",)
        resting = replace(swung, W=0 * swung.W)
        yield f"K = {gain:g} I against rest", NetworkPair(resting, swung), ("drift",)
        weighted = replace(swung, lam=swung.lam + 1)
        yield "λ apart", NetworkPair(weighted, replace(swung, lam=swung.lam + 2)), ("weight",)
        yield "λ from zero", NetworkPair(swung, weighted), ("weight",)
    turned = _with_gain(source, count, depth, 2.0, turn=True)
    yield "u0 apart, K turns", NetworkPair(turned, replace(turned, u0=turned.u0 + 8)), ("initial",)
    opposed = _with_gain(source, count, 1, 5.0)
    opposed = replace(opposed, u0=0 * opposed.u0)
    expanding = replace(_with_gain(source, count, 1, -5.0), u0=opposed.u0 + 1)
    yield "contracting in 0, expanding beside it", NetworkPair(opposed, expanding), ("initial",)


def corners(source: Source, name: str, count: int = 1) -> Iterator[tuple[str, NetworkPair]]:
    """Yield the corners of the limit of one regulariser, each with a second system that differs from it."""
    for family, network in limits.corners(source, name, count):
        first = source.choice(systems.MAKERS)(network).representable()
        change = source.choice(CHANGES)
        yield f"{family}, {change} differs", NetworkPair(first, perturbed(source, first, change))


def independent(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape and change."""
    for batch in limits.independent(source, size):
        first, change = cast(AnyNetwork, batch.instances), source.choice(CHANGES)
        pair = NetworkPair(first, perturbed(source, first, change))
        yield Batch(pair.representable(), f"{batch.family}, {change} differs", independent=True)


def dependent(source: Source) -> Iterator[Batch]:
    """Yield the pairs that attain a term, and the corners of a drawn regulariser."""
    for family, pair, terms in attaining(source):
        system = source.choice(systems.MAKERS)
        run = NetworkPair(*(system(cast(Network, one)) for one in (pair.first, pair.second)))
        yield Batch(run.representable(), f"attains: {family}", independent=False, attains=terms)
    for family, pair in corners(source, source.choice(limits.SOLVED)):
        yield Batch(pair.representable(), family, independent=False)


def _all(source: Source, size: int) -> Iterator[Batch]:
    yield from independent(source, size)
    yield from dependent(source)


def _some(source: Source, size: int) -> Iterator[Batch]:
    yield from independent(source, size)
    yield from (batch for batch in dependent(source) if source.choice((True, False, False)))


def pairs() -> Sampler:
    """Return the sampler of pairs whose limits the oracle solves."""
    return Sampler(limits.KNOWN + limits.DISTRIBUTION + DISTRIBUTION, _all)


def pairs_to_solve() -> Sampler:
    """Return the same with a third of the corners, drawn, for what costs more."""
    return Sampler(f"{limits.KNOWN}{limits.DISTRIBUTION}{DISTRIBUTION} A third of the corners.", _some)


def apart_from_zero() -> Sampler:
    """Return networks with −‖u‖₁ that start on opposite sides of 0, from where the limit leads away."""

    def strata(source: Source) -> Iterator[tuple[str, NetworkPair]]:
        for d, depth in ((1, 1), (1, 4), (3, 2)):
            base = replace(plain(source, "l1", 32, d, depth), regularizer=Regularizer("negative_l1", {}))
            start = source.scale(32, 1, low=-10, high=0) * (2 * source.integers(32, d, low=0, high=1) - 1)
            first = replace(base, u0=start, lam=source.scale(32, depth, low=-4, high=4))
            yield "on opposite sides of 0", NetworkPair(first, replace(first, u0=-start))

    return fixed("−‖u‖₁, K = 0, c = 0, λ_n = 2^j, u0 = ±2^-i in every entry, d = 1, 3, N = 1, 2, 4.", strata)
