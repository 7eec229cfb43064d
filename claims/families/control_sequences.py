"""Sequences of controls θ^j = θ + s_j r_{k_j}(ϑ − θ) that converge in L², and the networks along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from claims import convergence_constants
from claims.families import limits, matrices, network_pairs, networks, regularizers, systems
from claims.kit.convergence_instances import CONTROLS, ControlSequence
from claims.kit.instances import AnyNetwork, Network
from claims.kit.sampling import Source

SIZES = (1, 2, 3, 5)

#: Cells M of θ; depths of the members below M, M itself, multiples of it, others, beyond it.
CELLS = (1, 2, 3, 4, 6, 8)
DEPTHS = ((2, 4, 8, 16, 32), (3, 6, 12, 24), (1, 3, 9, 27), (1, 2, 4), (4, 8, 24), (2, 5, 7, 11))

#: Exponents p of the scales s_j = s_1 (N_1/N_j)^p: slow and fast; None: s_j = 0, pure discretisation.
RATES = (None, 0.25, 0.5, 1.0, 2.0)

#: How ϑ comes from θ.
DIRECTIONS = ("controls", "W", "tau", "lam", "unrelated controls", "within its size")

DISTRIBUTION = (
    "Groups of one shape: regulariser uniform over those whose limit the oracle knows; d uniform over 1, 2, "
    "3, 5, m over 0, 1, 2, 3, 5; θ on 1, 2, 3, 4, 6 or 8 cells, constant, piecewise constant, smooth or "
    "oscillating, τ or λ zero on part of the time in a third; A, W, τ, λ and systems as for networks. "
    "Members of depth "
    "2, 4 … 32, 3, 6 … 24, 1, 3 … 27, 1, 2, 4, 4, 8, 24 or 2, 5, 7, 11; θ^j = θ + s_j r_k(ϑ − θ) with s_j "
    "falling as N^-1/4, N^-1/2, N^-1, N^-2, or s_j = 0; ϑ has W, τ, λ or all changed by a gaussian relative "
    "change of size 2^-k, k in 0…12, or is unrelated, or within the size of θ with k_j in 0…4."
)


def declared(p: ControlSequence) -> ControlSequence:
    """Return the sequence exact in float32, with rates that are its distances rounded up."""
    p = p.representable()
    apart = convergence_constants.distances(p)
    above = torch.nextafter(apart.float(), torch.tensor(torch.inf, device=apart.device)).double()
    return replace(p, rates=torch.where(apart > 0, above, 0.0))


def sequence(
    first: AnyNetwork,
    other: AnyNetwork,
    depths: Sequence[int],
    *,
    rate: float | None = None,
    scale: torch.Tensor | float = 1.0,
    frequencies: Sequence[int] | None = None,
) -> ControlSequence:
    """Return the sequence with s_j = scale·(N_1/N_j)^rate, s_j = 0 without a rate, and measured rates."""
    like = first.u0
    decay = torch.tensor(
        [(depths[0] / n) ** (rate or 0.0) for n in depths], dtype=like.dtype, device=like.device
    )
    size = torch.as_tensor(scale, dtype=like.dtype, device=like.device).expand(first.size)
    scales = (0.0 if rate is None else 1.0) * size[:, None] * decay
    unknown = scales[:, :, None].expand(-1, -1, 3)
    return declared(
        ControlSequence(
            first, other, scales, unknown, tuple(depths), tuple(frequencies or (0,) * len(depths))
        )
    )


def problem(source: Source, count: int, names: Sequence[str], cells: int) -> tuple[str, Network]:
    """Return random networks with controls on ``cells`` cells, and their family."""
    name, d, m = source.choice(names), source.choice(SIZES), source.choice(networks.DATA[:5])
    kind = source.choice(matrices.MEASUREMENTS)
    A = matrices.measurement(source, kind, count, m, d)
    f, u0 = source.normal(count, m), source.normal(count, d) * source.scale(count, 1, low=-3, high=2)
    W, tau, lam = networks.controls(source, A, cells)
    return f"A {kind}", Network(regularizers.draw(name, source, count, d), A, f, u0, W, tau, lam)


def within(source: Source, first: AnyNetwork) -> AnyNetwork:
    """Return controls (1 + x)θ with |x| ≤ 1 uniform for every entry: θ ± s(ϑ − θ) has θ's signs for s ≤ 1."""
    changed = {}
    for name in CONTROLS[type(first)]:
        theta = getattr(first, name)
        changed[name] = theta * (1 + source.uniform(*theta.shape, low=-1.0))
    return replace(first, **changed)


def direction(source: Source, first: AnyNetwork, kind: str) -> AnyNetwork:
    """Return ϑ, one of `DIRECTIONS`; W and τ stand for W¹ and W² of LISTA."""
    return within(source, first) if kind == DIRECTIONS[-1] else network_pairs.perturbed(source, first, kind)


def volume(
    source: Source, count: int, names: Sequence[str] = limits.SOLVED, depths: Sequence[int] | None = None
) -> tuple[str, ControlSequence]:
    """Return one group of independent draws of the stated distribution, and its family."""
    family, drawn = problem(source, count, names, source.choice(CELLS))
    system, first = systems.vary(source, drawn)
    first, depths = first.representable(), depths or source.choice(DEPTHS)
    rate, kind = source.choice(RATES), source.choice(DIRECTIONS)
    other = first if rate is None else direction(source, first, kind)
    frequencies = None
    if kind == DIRECTIONS[-1]:
        frequencies = [source.integer(0, 4) for _ in depths]
    scale = source.scale(count, low=-2, high=0)
    found = sequence(first, other, depths, rate=rate, scale=scale, frequencies=frequencies)
    moves = "θ alone" if rate is None else f"{kind}, N^-{rate:g}"
    return f"{family}, {system}, {moves}", found


# ---------------------------------------------------------------- weak convergence


#: Frequencies and depths of weak sequences: 2^{k_j} divides N_j.
WEAK = (
    ((1, 2, 3, 4, 5), (2, 4, 8, 16, 32)),
    ((1, 2, 3), (4, 16, 64)),
    ((1, 2, 3), (6, 12, 24)),
    ((1, 1, 2, 2), (2, 8, 12, 32)),
)


#: Controls that stay as they are, so that K, c and σ are affine in the others; ALISTA's W has no time in it.
HELD: dict[str, tuple[str, ...]] = {"FBS": (), "FBS, τ held": ("tau",), "LISTA": (), "ALISTA": ("W",)}


def swung(source: Source, first: AnyNetwork, held: Sequence[str]) -> AnyNetwork:
    """Return ϑ within the size of θ, and with the controls ``held`` of θ."""
    return replace(within(source, first), **{name: getattr(first, name) for name in held})


def weak(
    source: Source, count: int, system: str = "LISTA", names: Sequence[str] = limits.SOLVED
) -> tuple[str, ControlSequence]:
    """Return sequences of one of the systems of `HELD` with s_j = s and k_j ≥ 1: θ^j → θ weakly only.

    Rates are those measured; they do not tend to 0.
    """
    family, drawn = problem(source, count, names, source.choice(CELLS[:4]))
    if system == "LISTA" and source.choice((True, False)):
        system, first = "free LISTA", systems.free(source, drawn)
    else:
        first = {"LISTA": systems.coupled, "ALISTA": systems.fixed}.get(system, systems.same)(drawn)
    other = swung(source, first.representable(), HELD.get(system, ()))
    frequencies, depths = source.choice(WEAK)
    scale = source.scale(count, low=-2, high=0)
    found = sequence(first.representable(), other, depths, rate=0.0, scale=scale, frequencies=frequencies)
    return f"{family}, {system}, k {frequencies[0]} to {frequencies[-1]}", found
