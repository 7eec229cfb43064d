"""Samplers of sequences of controls: the stated distributions, and corners in which one term stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims.families import attaining, control_sequences, limits, systems
from claims.families.control_sequences import sequence
from claims.families.plain import plain
from claims.kit.convergence_instances import ControlSequence
from claims.kit.instances import Network
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions

Corners = Iterator[tuple[str, ControlSequence, tuple[str, ...]]]

CORNERS = (
    " Corners besides: W, τ or λ alone differs with K = 0 (the sequence term alone), one linear layer (drift "
    "alone), products of oscillations, rest in 0, λ zero on part of the time, in θ or in the members only."
)
WEAK = (
    "Groups of one shape: problems and θ as for strong sequences, on 1 to 4 cells; LISTA coupled or free, "
    "ALISTA with one W, or the FBS-network with one τ; s_j = 2^-2 … 1, not falling, k_j = 1…5, 1…3 or 1, 1, "
    "2, 2, N_j = 2…64 a multiple of 2^{k_j}; ϑ entry by entry (1 + x)θ with x uniform in [-1, 1]. Corners "
    "besides: K = 0 and λ = 0, λ alone, a kink that holds and lets go, one jump in mid-cell."
)
TOO_CLOSE = (
    "FBS-networks with oscillating controls and rates declared 2^-20: τ = W = 1 + r_k/2 with R = 0, τ = λ = "
    "1 + r_k/2 with W = 0, k = 1, 2, 3, and W, τ, λ together for one regulariser."
)

#: Systems whose K, c and σ are affine in the controls that oscillate; LISTA twice as likely.
LINEAR = ("LISTA", "LISTA", "ALISTA", "FBS, τ held")

#: Regularisers that are affine along a path, among those whose limit the oracle knows.
AFFINE = tuple(name for name in attaining.AFFINE if name in limits.SOLVED)


def sized(network: Network, **factors: float) -> Network:
    """Return the network with some of its controls multiplied by a number."""
    return replace(network, **{name: factor * getattr(network, name) for name, factor in factors.items()})


# ---------------------------------------------------------------- strong sequences


def driven(source: Source, count: int = 2) -> Network:
    """Return networks with A = 0, λ = 0, one cell, d = 3 and m = 1, where ‖Wf‖ is ‖W‖‖f‖."""
    base = attaining.general(source, count, 1)
    return replace(base, A=0 * base.A[:, :1], f=base.f[:, :1], W=base.W[..., :1].contiguous())


def alone(source: Source, count: int = 2) -> Corners:
    """Yield sequences in which only one control differs, and only it makes an error."""
    for system in systems.MAKERS:
        first, depths = driven(source, count), source.choice(((1, 2, 4), (2, 3), (1, 5)))
        name = source.choice(("W", "tau"))
        pair = sequence(system(first), system(sized(first, **{name: 1.5})), depths, rate=0.25)
        yield f"attains: {name} alone differs", pair, ("sequence",)
        name = source.choice(AFFINE)
        weighted = plain(source, name, count, 1, 1, lam=1.0)
        # the first member has λ = 0, so that its own certificate is 0
        pair = sequence(system(weighted), system(sized(weighted, lam=0.0)), (1, 2), rate=0.5)
        yield "attains: λ alone differs", pair, ("sequence",)
        family, network = source.choice(list(limits.linear(source, count)))
        yield family, sequence(system(network), system(network), (1, 2)), ("drift",)


def timed(network: Network, **profiles: tuple[float, ...]) -> Network:
    """Return the network, on one cell, with controls multiplied by profiles, one number a cell."""
    cells = max(len(values) for values in profiles.values())
    changed: dict[str, torch.Tensor] = {}
    for name in ("W", "tau", "lam"):
        constant = getattr(network, name)
        profile = constant.new_tensor(profiles.get(name, (1.0,) * cells))
        changed[name] = constant * profile.reshape(cells, *(1,) * (constant.dim() - 2))
    return replace(network, **changed)


def projecting(source: Source, count: int = 2) -> Corners:
    """Yield θ that projection does not change, or changes far more at a point than in L², or in a product."""
    base = plain(source, "l1", count, 1, 1, data=1.0)
    network = timed(base, tau=(2.0, 0.0), W=(257.0, -255.0))
    yield "corner: τ = 1 + r_1, W = 1 + 256 r_1", sequence(network, network, (1, 3)), ()
    for family, profile, depths in (
        ("corner: one spike", (16.0, *(0.0,) * 15), (1, 4)),
        ("corner: one jump in mid-cell", (1.0, -1.0), (1, 3)),
        ("corner: constant on the cells", (1.0, 3.0), (2, 4)),
    ):
        network = source.choice(systems.MAKERS[:2])(timed(base, W=profile))
        yield family, sequence(network, network, depths), ()


def resting(source: Source, count: int = 2) -> Corners:
    """Yield corners with all controls of the members off θ, slowly, and one where θ or a member rests."""
    networks = list(limits.corners(source, source.choice(limits.SOLVED), count))
    (family, network), system = source.choice(networks), source.choice(systems.MAKERS)
    other = sized(network, W=0.5, tau=1.5, lam=2.0)
    yield family, sequence(system(network), system(other), (2, 3, 8), rate=0.25, scale=0.5), ()
    still = plain(source, "l1", count, 1, 2, gain=1.0, lam=8.0)
    cases = (
        ("corner: λ zero in θ alone", sized(still, lam=0.0), still),
        ("corner: τ zero in θ alone", sized(still, tau=0.0), still),
        ("corner: λ zero in the first member alone", still, sized(still, lam=0.0)),
    )
    family, first, other = source.choice(cases)
    yield family, sequence(first, other, (2, 4, 8), rate=0.5), ()
    pushed = systems.coupled(plain(source, "l1", count, 1, 1, gain=-1.0, data=1.0))
    pair = sequence(pushed, replace(pushed, W1=2 * pushed.W1), (32,), rate=0.5)
    yield "corner: W¹ alone differs, K = -1", pair, ()


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then corners."""
    for count in portions(size, max(1, min(16, size // 4))):
        family, found = control_sequences.volume(source, count)
        yield Batch(found, family, independent=True)
    for corners in (alone, projecting, resting):
        for family, found, terms in corners(source):
            yield Batch(found, family, independent=False, attains=terms)


def sequences() -> Sampler:
    """Return the sampler of sequences that converge in L²."""
    return Sampler(control_sequences.DISTRIBUTION + CORNERS, draw)


# ---------------------------------------------------------------- weak sequences


def oscillating(source: Source, count: int = 2) -> Corners:
    """Yield weak sequences in which one part of the modulus stands alone."""
    first, scale = driven(source, count), source.choice((0.5, 1.0))
    for frequencies, depths in (((1, 2, 3), (2, 4, 8)), ((1, 2), (4, 12))):
        kept = {"rate": 0.0, "scale": scale, "frequencies": frequencies}
        for system in systems.MAKERS:
            louder = {"tau" if system is systems.fixed else "W": 2.0}
            pair = sequence(system(first), system(sized(first, **louder)), depths, **kept)
            yield "attains: K = 0, λ = 0", pair, ("shift", "oscillation")
        weighted = systems.coupled(plain(source, "l1", count, 1, 1, lam=1.0))
        heavier = replace(weighted, lam=2 * weighted.lam)
        yield "corner: λ alone oscillates", sequence(weighted, heavier, depths, **kept), ("oscillation",)
    kink = timed(plain(source, "l1", count, 1, 1, data=1.0, lam=16.0), lam=(1.0, 0.0, 0.0, 0.0))
    lista = systems.coupled(replace(kink, u0=0 * kink.u0))
    # the primitive of c̄ − c goes up while both rest at the kink, then down twice as far without friction
    beat = lista.W1.new_tensor([2.0, 0.0, 2.0, 0.0])
    moved = replace(lista, W1=lista.W1 * beat[:, None, None])
    yield "corner: friction, then none", sequence(lista, moved, (4, 8), rate=0.0, frequencies=(1, 1)), ()


def jumping(source: Source, count: int = 2) -> Corners:
    """Yield θ with a jump in the middle of a cell, and members that are θ."""
    for system in systems.MAKERS:
        jump = {"W" if system is systems.same else "tau": (1.0, 3.0)}
        first = system(timed(plain(source, "l1", count, 1, 1, data=1.0), **jump))
        pair = sequence(first, first, (1, 3), frequencies=(1, 1))
        yield "attains: one jump in mid-cell", pair, ("projection",)


def draw_weak(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then corners."""
    for count in portions(size, max(1, min(16, size // 4))):
        family, found = control_sequences.weak(source, count, source.choice(LINEAR))
        yield Batch(found, family, independent=True)
    for corners in (oscillating, jumping):
        for family, found, terms in corners(source):
            yield Batch(found, family, independent=False, attains=terms)


def weak_sequences() -> Sampler:
    """Return the sampler of sequences that converge weakly, of systems that are linear in what oscillates."""
    return Sampler(WEAK, draw_weak)


# ---------------------------------------------------------------- what STRONG excludes


def too_close(p: ControlSequence) -> ControlSequence:
    """Return the sequence with rates declared that it does not keep."""
    return replace(p, rates=0 * p.rates + 2.0**-20)


def scalar(
    name: str, *, u0: float, gain: float, lam: float, swings: tuple[str, ...]
) -> tuple[Network, Network]:
    """Return θ = 1, A = 1, f = 0, W = gain, τ = 1 in R¹ on one cell, and ϑ with 3/2 for some controls."""
    base = plain(Source(0, torch.device("cpu")), name, 1, 1, 1, gain=gain or 1.0, lam=lam)
    base = replace(base, u0=0 * base.u0 + u0, W=0 * base.W + gain)
    return base, sized(base, **dict.fromkeys(swings, 1.5))


def weak_control(frequency: int, depth: int) -> ControlSequence:
    """Return R = 0, A = 1, f = 0, u0 = 1 and τ = W = 1 + r_k/2: e^{−5/4}, the weak limit is e^{−1}."""
    pair = scalar("l1", u0=1.0, gain=1.0, lam=0.0, swings=("W", "tau"))
    return too_close(sequence(*pair, (depth,), rate=0.0, frequencies=(frequency,)))


def weak_weight(frequency: int, depth: int) -> ControlSequence:
    """Return R = |u|, W = 0, u0 = 2 and τ = λ = 1 + r_k/2: 3/4, the weak limit is 1."""
    pair = scalar("l1", u0=2.0, gain=0.0, lam=1.0, swings=("tau", "lam"))
    return too_close(sequence(*pair, (depth,), rate=0.0, frequencies=(frequency,)))


def weak_input(frequency: int, depth: int) -> ControlSequence:
    """Return LISTA with f = 1, u0 = 0, W¹ = 1 + r_k/2, W² = λ = 0: u(1) = 1 is that of the weak limit."""
    fbs, _ = scalar("l1", u0=0.0, gain=1.0, lam=0.0, swings=())
    first = systems.coupled(replace(fbs, A=0 * fbs.A, f=0 * fbs.f + 1))
    other = replace(first, W1=1.5 * first.W1)
    return sequence(first, other, (depth,), rate=0.0, frequencies=(frequency,))


def declared_too_close() -> Sampler:
    """Return FBS-networks whose controls converge weakly, with rates declared as if they converged."""

    def strata(source: Source) -> Iterator[tuple[str, ControlSequence]]:
        for frequency in (1, 2, 3):
            yield "τ = W = 1 + r_k/2", weak_control(frequency, 64).to(source.device)
            yield "τ = λ = 1 + r_k/2", weak_weight(frequency, 8).to(source.device)
            name = source.choice(limits.SOLVED)
            first = plain(source, name, 4, 2, 1, gain=0.5, lam=4.0)
            moved = sequence(
                first, sized(first, W=2.0, tau=1.5, lam=2.0), (16, 64), rate=0.0, frequencies=(frequency,) * 2
            )
            yield "W, τ, λ oscillate together", too_close(moved)

    return fixed(TOO_CLOSE, strata)
