"""Instances of forward stability: two runs of one network that differ in u0, f, the controls, or in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims.families import attaining, networks, photographs, regularizers, systems
from claims.families.plain import plain
from claims.kit.instances import Alista, AnyNetwork, Lista, Network, NetworkPair, Regularizer
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions

CHANGES = ("u0", "f", "W", "tau", "lam", "controls", "everything", "unrelated controls")

DISTRIBUTION = (
    "First system as for networks. The second differs in u0, f, W, τ or λ alone, in all controls, or in "
    "everything, by a gaussian relative change of size 2^-k, k uniform in 0…12 (τ and λ stay nonnegative), "
    "or has unrelated controls drawn afresh. Corners in which one term of the bound stands alone."
)


def _shaken(source: Source, x: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """Return x with a relative gaussian change; zeros stay zero."""
    shape = (x.shape[0], *(1,) * (x.dim() - 1))
    return x * (1 + size.reshape(shape) * source.normal(*x.shape))


def perturbed(source: Source, first: AnyNetwork, change: str) -> AnyNetwork:
    """Return the second system: ``first`` with one of `CHANGES`; W and τ stand for W¹ and W² of LISTA."""
    size = source.scale(first.lam.shape[0], low=-12, high=0)
    own: dict[str, str] = {"W": "W1", "tau": "W2"} if isinstance(first, Lista) else {}
    if change == "unrelated controls":
        return _unrelated(source, first)
    parts = {"controls": ("W", "tau", "lam"), "everything": ("u0", "f", "W", "tau", "lam")}.get(
        change, (change,)
    )
    names = [own[part] if part in own else part for part in parts]
    changed = {name: _shaken(source, getattr(first, name), size) for name in names}
    signs = {name: changed[name].abs() for name in ("tau", "lam") if name in changed}
    return replace(first, **(changed | signs))


def _unrelated(source: Source, first: AnyNetwork) -> AnyNetwork:
    """Return ``first`` with controls drawn afresh, of the same system."""
    W, tau, lam = networks.controls(source, first.A, first.lam.shape[1])
    other = Network(first.regularizer, first.A, first.f, first.u0, W, tau, lam)
    return {Lista: systems.coupled, Alista: systems.fixed}.get(type(first), systems.same)(other)


def corners(source: Source, name: str, count: int = 4) -> Iterator[tuple[str, NetworkPair]]:
    """Yield pairs of FBS-networks in which one term of the bound stands alone, and pairs that coincide."""
    for d, depth in networks.corner_shapes(source, name):
        for gain in (0.0, 0.5, -0.5):
            first = plain(source, name, count, d, depth, gain=gain)
            yield f"corner: u0 alone, K = {gain:g} I", NetworkPair(first, replace(first, u0=first.u0 + 1))
        driven = plain(source, name, count, d, depth, data=1.0)
        yield "corner: f alone", NetworkPair(driven, replace(driven, f=driven.f * 2))
        yield "corner: W alone", NetworkPair(driven, replace(driven, W=driven.W * 2))
        yield "corner: τ alone", NetworkPair(driven, replace(driven, tau=driven.tau / 2))
        weighted = plain(source, name, count, d, depth, lam=1.0)
        yield "corner: λ alone", NetworkPair(weighted, replace(weighted, lam=weighted.lam * 2))
        yield "corner: λ from zero", NetworkPair(replace(weighted, lam=weighted.lam * 0), weighted)
        yield "corner: λ to zero", NetworkPair(weighted, replace(weighted, lam=weighted.lam * 0))
        mixed = plain(source, name, count, d, depth, gain=0.5, data=1.0, lam=0.5)
        yield "corner: the same twice", NetworkPair(mixed, mixed)
        yield "corner: τ zero in the second", NetworkPair(mixed, replace(mixed, tau=mixed.tau * 0))


def _fbs(network: AnyNetwork) -> Network:
    assert isinstance(network, Network)
    return network


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape and change, then corners and photographs."""
    for count in portions(size, max(1, min(24, size // 32))):
        family, drawn = networks.volume(source, count, regularizers.ADMISSIBLE)
        system, varied = systems.vary(source, drawn)
        first, change = varied.representable(), source.choice(CHANGES)
        pair = NetworkPair(first, perturbed(source, first, change))
        yield Batch(pair.representable(), f"{family}, {system}, {change} differs", independent=True)
    for name in regularizers.ADMISSIBLE:
        for family, pair in corners(source, name):
            for system in networks.corner_systems(source, name):
                run = NetworkPair(system(_fbs(pair.first)), system(_fbs(pair.second)))
                yield Batch(run.representable(), family, independent=False)
    for family, pair, terms in attaining.draw_pairs(source):
        yield Batch(pair.representable(), family, independent=False, attains=terms)
    if photographs.available():
        first = photographs.networks(source, 16)
        pair = NetworkPair(first, perturbed(source, first, "f"))
        yield Batch(pair.representable(), "photographs, f differs", independent=False)


def pairs() -> Sampler:
    """Return the sampler of pairs for every admissible regulariser."""
    return Sampler(DISTRIBUTION, draw, photographs.not_run())


def of_two_systems() -> Sampler:
    """Return runs from one initial value with other data: K = 0 and λ = 0, so that both are their limits."""

    def strata(source: Source) -> Iterator[tuple[str, NetworkPair]]:
        for d, depth in ((1, 1), (3, 4)):
            first = plain(source, "l1", 32, d, depth, data=1.0)
            yield "f differs", NetworkPair(first, replace(first, f=2 * first.f))
            yield "W differs", NetworkPair(first, replace(first, W=-first.W))

    return fixed(
        "K = 0, λ = 0, integer f and u0; the second system has 2f, or −W; d = 1, 3, N = 1, 4.", strata
    )


def across_the_jump() -> Sampler:
    """Return one-layer networks with ‖·‖₀ whose initial values lie on both sides of the jump of its prox."""

    def strata(source: Source) -> Iterator[tuple[str, NetworkPair]]:
        base = plain(source, "l0", 64, 1, 1)
        weight = source.scale(64, 1, low=-6, high=4)
        jump, gap = (2 * weight).sqrt(), source.scale(64, 1, low=-10, high=-1)
        first = replace(base, regularizer=Regularizer("l0", {}), lam=weight, u0=jump * (1 + gap))
        yield "across the jump", NetworkPair(first, replace(first, u0=jump * (1 - gap)))

    return fixed("ℓ₀, N = 1, K = 0, λ = 2^j, u0 = (1 ± 2^-i)√(2λ).", strata)


def apart_from_zero() -> Sampler:
    """Return networks with −|u| and initial values on both sides of 0, from where its prox leads away."""

    def strata(source: Source) -> Iterator[tuple[str, NetworkPair]]:
        for depth in (1, 4):
            base = plain(source, "negative_l1", 64, 1, depth, lam=1.0)
            start, lam = source.scale(64, 1, low=-10, high=0), base.lam * source.scale(64, 1, low=-6, high=4)
            first = replace(base, u0=start, lam=lam)
            yield "on both sides of 0", NetworkPair(first, replace(first, u0=-start))

    return fixed("−|u|, d = 1, K = 0, λ = 2^j, u0 = ±2^-i, N = 1, 4.", strata)
