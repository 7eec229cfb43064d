"""Instances of the FBS-network: problems with controls, drawn, at corners, and from photographs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from claims.families import attaining, matrices, photographs, profiles, regularizers, systems
from claims.families.plain import plain
from claims.kit.instances import Network
from claims.kit.sampling import Batch, Sampler, Source, portions

DATA = (0, 1, 2, 3, 5, 10, 50)
DEPTHS = (1, 2, 3, 5, 8, 16, 32)

DISTRIBUTION = (
    "Groups of one shape: regulariser uniform over the catalogue; d uniform over 1, 2, 3, 5, 10, 50, m over "
    "0, 1, 2, 3, 5, 10, 50 (wide, tall, empty), N over 1, 2, 3, 5, 8, 16, 32 (at most 8 where d or m is 50); "
    "A gaussian, rank-deficient, ill-conditioned, orthogonal or zero; W = w_1(t) W_1 + w_2(t) W_2 with W_i "
    "equal to A^T, near it, far from it or its negative; w_i, τ, λ constant, piecewise constant, smooth or "
    "oscillating, τ or λ zero on part of the time in a third of the groups; τ scaled so that ‖K‖ ≤ 2^k, k "
    "uniform in −4…2. All numbers are exact in float32. Corners besides, and 8×8 patches of photographs in a "
    "DCT basis under random matrices."
)


def controls(source: Source, A: torch.Tensor, depth: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return random W (batch, N, d, m), tau and lam (batch, N) for a measurement matrix."""
    batch = A.shape[0]
    shape = source.choice(profiles.SHAPES)
    first, second = (matrices.control(source, source.choice(matrices.CONTROLS), A) for _ in range(2))
    w1, w2, tau, lam = (profiles.profile(source, shape, batch, depth) for _ in range(4))
    W = w1[:, :, None, None] * first[:, None] + (w2 - 1)[:, :, None, None] * second[:, None] / 2
    resting = source.choice(("none", "none", "none", "none", "tau", "lam"))
    tau = profiles.vanishing(source, tau) if resting == "tau" else tau
    lam = profiles.vanishing(source, lam) if resting == "lam" else lam
    reach = (W.flatten(2).norm(dim=2) * tau).amax(1) * A.flatten(1).norm(dim=1)
    wanted = source.scale(batch, low=-4, high=2)
    tau = tau * torch.where(reach > 0, wanted / reach.clamp(min=2.0**-20), 1.0)[:, None]
    return W, tau.clamp(max=64.0), lam * source.scale(batch, 1, low=-4, high=2)


def volume(source: Source, count: int, names: Sequence[str]) -> tuple[str, Network]:
    """Return one group of independent draws of the stated distribution, and its family."""
    name, m = source.choice(names), source.choice(DATA)
    d = source.choice(regularizers.sizes(name))
    depth = source.choice(DEPTHS[:5] if max(d, m) == 50 else DEPTHS)
    kind = source.choice(matrices.MEASUREMENTS)
    A = matrices.measurement(source, kind, count, m, d)
    f, u0 = source.normal(count, m), source.normal(count, d) * source.scale(count, 1, low=-3, high=3)
    W, tau, lam = controls(source, A, depth)
    return f"A {kind}", Network(regularizers.draw(name, source, count, d), A, f, u0, W, tau, lam)


#: (d, N) of the corners.  ℓ₁ takes all of them, another regulariser one that the shard draws.
CORNERS = ((1, 1), (1, 4), (3, 2))


def corner_shapes(source: Source, name: str) -> Sequence[tuple[int, int]]:
    """Return the shapes (d, N) in which a regulariser's corners are made in this shard."""
    return CORNERS if name == "l1" else (source.choice(CORNERS),)


def corner_systems(source: Source, name: str) -> Sequence[systems.Maker]:
    """Return the systems as which a regulariser's corners run in this shard: all for ℓ₁, else a drawn one."""
    return systems.MAKERS if name == "l1" else (source.choice(systems.MAKERS),)


def corners(source: Source, name: str, count: int = 4) -> Iterator[tuple[str, Network]]:
    """Yield the corner strata of one regulariser, each as (family, networks)."""
    for d, depth in corner_shapes(source, name):
        still = plain(source, name, count, d, depth)
        yield "corner: K = 0, f = 0, λ = 0", still
        for gain in (2.0**-8, -(2.0**-8), 1.0, -1.0, float(depth)):
            yield f"corner: K = {gain:g} I alone", plain(source, name, count, d, depth, gain=gain)
        driven = plain(source, name, count, d, depth, data=1.0)
        yield "corner: data alone", _at_zero(driven)
        yield "corner: λ alone", plain(source, name, count, d, depth, lam=1.0)
        yield "corner: at rest in 0", _at_zero(plain(source, name, count, d, depth, gain=1.0, lam=1.0))
        yield "corner: everything at once", plain(source, name, count, d, depth, gain=0.5, data=1.0, lam=0.5)
        swung = plain(source, name, count, d, depth, gain=1.0, data=0.25, lam=0.5)
        beat = (torch.arange(depth, device=source.device) % 2).double()
        yield "corner: τ zero in every other layer", _with(swung, tau=swung.tau * beat)
        yield "corner: λ zero in every other layer", _with(swung, lam=swung.lam * beat)
        yield "corner: τ = 1/2", _with(swung, tau=swung.tau / 2)
        yield "corner: τ = 2", _with(swung, tau=swung.tau * 2)
    empty = plain(source, name, count, 2, 2, lam=1.0)
    yield "corner: m = 0", _with(empty, A=empty.A[:, :0], f=empty.f[:, :0], W=empty.W[..., :0])


def _with(network: Network, **changes: torch.Tensor) -> Network:
    names = ("regularizer", "A", "f", "u0", "W", "tau", "lam")
    values: dict[str, Any] = {name: changes.get(name, getattr(network, name)) for name in names}
    return Network(**values)


def _at_zero(network: Network) -> Network:
    return _with(network, u0=network.u0 * 0)


def draw(source: Source, size: int, names: Sequence[str] = regularizers.ADMISSIBLE) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then corners and photographs."""
    for count in portions(size, max(1, min(24, size // 32))):
        family, network = volume(source, count, names)
        system, varied = systems.vary(source, network)
        yield Batch(varied.representable(), f"{family}, {system}", independent=True)
    for name in names:
        for family, network in corners(source, name):
            for system in corner_systems(source, name):
                yield Batch(system(network).representable(), family, independent=False)
    for family, network, terms in attaining.draw(source):
        yield Batch(network.representable(), family, independent=False, attains=terms)
    if photographs.available():
        yield Batch(photographs.networks(source, 16).representable(), "photographs", independent=False)


def networks() -> Sampler:
    """Return the sampler of networks for every admissible regulariser."""
    return Sampler(DISTRIBUTION, draw, photographs.not_run())
