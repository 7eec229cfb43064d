"""Instances of the deep-layer limit: networks on a few cells, small enough for the oracle to solve each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import torch

from claims import grid_constants
from claims.families import attaining, matrices, networks, regularizers, systems
from claims.families.plain import plain
from claims.kit.instances import AnyNetwork, Lista, Network, NetworkPair
from claims.kit.sampling import Batch, Sampler, Source, portions
from claims.oracle import event_driven

#: Regularisers whose limit the oracle knows.
SOLVED = tuple(name for name in regularizers.ADMISSIBLE if name in event_driven.SUPPORTED)

SIZES = (1, 2, 3, 5, 8)
CELLS = (1, 2, 3, 5, 8)
FACTORS = (1, 1, 2, 4)

_SIZES = "d uniform over 1, 2, 3, 5, 8, m over 0, 1, 2, 3, 5, controls on 1, 2, 3, 5 or 8 cells, each cell "
_REST = "; A, W, τ, λ and systems as for networks."
_CORNERS = " Corners besides: one term of the certificate alone, rest, λ zero in every other layer."
DISTRIBUTION = f"{_SIZES}1, 2 or 4 layers{_REST}{_CORNERS}"
ONE_LAYER, ONE_LAYER_ALONE = f"{_SIZES}one layer{_REST}{_CORNERS}", f"{_SIZES}one layer{_REST}"
ALL = "Groups of one shape: regulariser uniform over the catalogue; "
KNOWN = "Groups of one shape: regulariser uniform over those whose limit the oracle knows; "


def refined(p: AnyNetwork, factor: int) -> AnyNetwork:
    """Return the network with ``factor`` layers for each cell of the controls: the same limit."""
    names = {Lista: ("W1", "W2", "lam"), Network: ("W", "tau", "lam")}.get(type(p), ("tau", "lam"))
    cells = factor * p.depth
    return replace(p, **{name: grid_constants.refined(getattr(p, name), cells) for name in names})


def volume(
    source: Source, count: int, names: Sequence[str], factors: Sequence[int] = FACTORS
) -> tuple[str, AnyNetwork]:
    """Return one group of independent draws of the stated distribution, and its family."""
    name, d, m = source.choice(names), source.choice(SIZES), source.choice(networks.DATA[:5])
    kind = source.choice(matrices.MEASUREMENTS)
    A = matrices.measurement(source, kind, count, m, d)
    f, u0 = source.normal(count, m), source.normal(count, d) * source.scale(count, 1, low=-3, high=2)
    W, tau, lam = networks.controls(source, A, source.choice(CELLS))
    drawn = Network(regularizers.draw(name, source, count, d), A, f, u0, W, tau, lam)
    system, varied = systems.vary(source, drawn)
    return f"A {kind}, {system}", refined(varied, source.choice(factors))


def corners(source: Source, name: str, count: int = 2) -> Iterator[tuple[str, Network]]:
    """Yield corner strata of one regulariser in R¹ or R³."""
    d = source.choice((1, 3))
    for gain in (1.0, -1.0):
        swung = plain(source, name, count, d, 4, gain=gain, data=0.25, lam=0.5)
        yield f"corner: K = {gain:g} I", swung
        beat = (torch.arange(4, device=source.device) % 2).double()
        yield f"corner: K = {gain:g} I, λ zero in every other layer", replace(swung, lam=swung.lam * beat)
    yield "corner: λ alone", plain(source, name, count, d, 4, lam=8.0)
    resting = plain(source, name, count, d, 4, data=1.0, lam=1.0)
    yield "corner: from rest in 0", replace(resting, u0=0 * resting.u0)


def linear(source: Source, count: int = 4) -> Iterator[tuple[str, Network]]:
    """Yield networks whose certificate nearly is the error: one layer, K = ±1 or 4 in R², λ = 0.

    K is not quite a multiple of the identity: the error would be the bound, and no radius decides a tie.
    """
    for gain in (1.0, -1.0, 4.0):
        still = plain(source, "l1", count, 2, 1, gain=gain)
        bent = torch.tensor([1.0, 1.0 - 2.0**-10], dtype=torch.float64, device=source.device)
        yield f"attains: one layer, K near {gain:g} I", replace(still, W=still.W * bent)


def independent(
    source: Source, size: int, names: Sequence[str] = SOLVED, factors: Sequence[int] = FACTORS
) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, network = volume(source, count, names, factors)
        yield Batch(network.representable(), family, independent=True)


def draw(
    source: Source, size: int, names: Sequence[str] = SOLVED, factors: Sequence[int] = FACTORS
) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then corners."""
    yield from independent(source, size, names, factors)
    for family, network in linear(source):
        for system in systems.MAKERS:
            yield Batch(
                system(network).representable(), family, independent=False, attains=("drift", "initial")
            )
    for family, network in corners(source, source.choice(names)):
        system = source.choice(systems.MAKERS)
        yield Batch(system(network).representable(), family, independent=False)
    for name in ("l1", "l2"):  # solved from event to event, and by refinement
        swung = plain(source, name, 2, 2, 2, gain=0.5, data=0.25, lam=4.0)
        yield Batch(replace(swung, tau=swung.tau / 2), "corner: τ = 1/2", independent=False)
    general = attaining.general(source, 4, 2)
    general = replace(general, lam=general.lam + 0.25).representable()
    yield Batch(general, "corner: general K and f", independent=False)
    pulled = plain(source, "l1", 2, 1, 1, data=1.0, lam=1.0)
    pulled = replace(pulled, f=-3 * pulled.u0, u0=2 * pulled.u0, lam=pulled.u0.clone())
    yield Batch(pulled, "corner: across 0 in one layer", independent=False)
    driven = plain(source, "l1", 2, 2, 2, data=1.0)
    yield Batch(replace(driven, u0=0 * driven.u0), "corner: data alone", independent=False)


def networks_with_limit() -> Sampler:
    """Return the sampler of networks whose limit the oracle solves."""
    return Sampler(KNOWN + DISTRIBUTION, draw)


def networks_in_depth() -> Sampler:
    """Return the sampler of the same networks for every admissible regulariser."""
    return Sampler(ALL + DISTRIBUTION, partial(draw, names=regularizers.ADMISSIBLE))


def starts(source: Source, size: int) -> Iterator[Batch]:
    """Yield pairs of such networks that differ in u0 alone, by a factor 1 + 2^-k or not at all."""
    for batch in draw(source, size, regularizers.ADMISSIBLE):
        first = cast(AnyNetwork, batch.instances)
        share = source.scale(first.size, 1, low=-10, high=0) * source.integers(first.size, 1, low=0, high=1)
        pair = NetworkPair(first, replace(first, u0=first.u0 * (1 + share)))
        yield Batch(pair.representable(), batch.family, batch.independent)
    for gain in (0.0, 1.0, -1.0):
        still = plain(source, "l1", 2, 1, 1, gain=gain / 256)
        pair = NetworkPair(still, replace(still, u0=still.u0 + 16))
        yield Batch(pair, "corner: u0 alone", independent=False)


def pairs_of_starts() -> Sampler:
    """Return the sampler of pairs with two initial values."""
    return Sampler(ALL + DISTRIBUTION + " The second run starts at u0 or at (1 + 2^-k)u0, k in 0…10.", starts)
