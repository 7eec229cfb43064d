"""Networks, prox points and functions that the theorems exclude, for negative controls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims.families import networks, regularizers
from claims.families.plain import plain
from claims.kit.instances import Network, Regularizer, StepFunction, WeightPair
from claims.kit.sampling import Batch, Sampler, Source, fixed


def off_center() -> Sampler:
    """Return networks with ‖u − b‖₁ that start at or near 0, at rest and expanding."""

    def strata(source: Source) -> Iterator[tuple[str, Network]]:
        for d, depth in ((1, 1), (1, 4), (3, 8)):
            for gain in (0.0, -1.0, -4.0):
                base = plain(source, "shifted_l1", 32, d, depth, gain=gain, lam=1.0)
                regularizer = regularizers.draw("shifted_l1", source, 32, d)
                start = base.u0 * source.scale(32, 1, low=-16, high=-8)
                yield f"K = {gain:g} I", replace(base, regularizer=regularizer, u0=start)

    return fixed(
        "‖u − b‖₁, b gaussian, λ = 1, f = 0, K = 0, −I or −4I, u0 between 2^-16 and 1, N = 1, 4, 8.", strata
    )


def with_off_center() -> Sampler:
    """Return the networks of every admissible regulariser, and those with ‖u − b‖₁."""

    def drawn(source: Source, size: int) -> Iterator[Batch]:
        yield from networks.draw(source, size, (*regularizers.ADMISSIBLE, "shifted_l1"))
        yield from off_center().draw(source, size)
        pulled = plain(source, "shifted_l1", 4, 1, 2, lam=0.25)
        at_zero = replace(pulled, u0=0 * pulled.u0)
        yield Batch(at_zero.representable(), "corner: pulled from 0 towards the centre", independent=False)

    return Sampler(f"{networks.DISTRIBUTION} ‖u − b‖₁ with gaussian b besides.", drawn)


def jumping() -> Sampler:
    """Return networks with ‖·‖₀ whose weight is beyond the jump of the prox: the state falls to 0 at once."""

    def strata(source: Source) -> Iterator[tuple[str, Network]]:
        for d, depth in ((1, 1), (2, 3)):
            base = plain(source, "l0", 32, d, depth)
            weight = base.lam + depth * source.scale(32, 1, low=-2, high=6)
            start = (2 * weight[:, :1] / depth).sqrt() * (1 - source.uniform(32, d, high=0.5))
            yield "beyond the jump", replace(base, regularizer=Regularizer("l0", {}), lam=weight, u0=start)

    return fixed("ℓ₀, K = 0, f = 0, u0 between half the jump √(2hλ) and the jump.", strata)


def letting_go() -> Sampler:
    """Return networks with ‖·‖₀ of so large a weight that the gap D of the layer that lets go is positive."""

    def strata(source: Source) -> Iterator[tuple[str, Network]]:
        for d, depth in ((1, 1), (1, 4), (2, 2)):
            base = plain(source, "l0", 32, d, depth)
            start = source.scale(32, d, low=-2, high=3)
            weight = 2 * depth * (start * start).sum(1, keepdim=True) + base.lam
            yield "let go", replace(base, regularizer=Regularizer("l0", {}), lam=weight, u0=start)

    return fixed(
        "ℓ₀, K = 0, f = 0, u0_i = 2^k, λ = 2N‖u0‖², N = 1, 2, 4: the first layer takes u0 to 0.", strata
    )


def steep() -> Sampler:
    """Return networks with ¼‖u‖⁴ that start where its gradient has left the constants of the unit ball."""

    def strata(source: Source) -> Iterator[tuple[str, Network]]:
        for d, depth in ((1, 2), (1, 4), (3, 16)):
            base = plain(source, "quartic", 32, d, depth, lam=1.0)
            yield "far out", replace(base, lam=base.lam * source.scale(32, 1, low=-2, high=2))

    return fixed("¼‖u‖⁴, K = 0, f = 0, λ = 2^-2 … 2^2, integer u0 in 16 … 64, N = 2, 4, 16.", strata)


# ---------------------------------------------------------------- R without A1 and minimal at 0


def _box(source: Source, count: int) -> Regularizer:
    """Return indicators of boxes of half-width 2^-2 … 2^2."""
    return Regularizer("box_indicator", {"half_width": source.scale(count, low=-2, high=2)})


def _box_networks(source: Source) -> Iterator[tuple[str, Network]]:
    for d, depth in ((1, 1), (1, 4), (3, 8)):
        for gain, data in ((0.0, 0.0), (1.0, 0.25), (-1.0, 0.25)):
            base = plain(source, "l2", 32, d, depth, gain=gain, data=data, lam=1.0)
            start = base.u0 * source.scale(32, 1, low=-8, high=0)
            yield f"box, K = {gain:g} I", replace(base, regularizer=_box(source, 32), u0=start)
            in_turn = base.lam * (torch.arange(depth, device=source.device) % 2).double()
            inside = replace(base, regularizer=_box(source, 32), u0=start.clamp(max=0.25), lam=in_turn)
            yield f"box, K = {gain:g} I, out of it and back", inside


def in_a_box() -> Sampler:
    """Return networks with the indicator of a box that start in it or not, and leave it where λ is 0."""
    return fixed(
        "ι_[−c, c]^d, c = 2^-2 … 2^2, K = 0 or ±I, f small or 0, u0 inside and outside, N = 1, 4, 8; λ = 1, "
        "or 0 and 1 in turn.",
        _box_networks,
    )


def between_wells() -> Sampler:
    """Return networks with a double well that start before, between and behind the wells."""

    def strata(source: Source) -> Iterator[tuple[str, Network]]:
        for d, depth in ((1, 1), (1, 4), (3, 8)):
            for gain, data in ((0.0, 0.0), (1.0, 0.25), (-1.0, 0.25)):
                base = plain(source, "double_well", 32, d, depth, gain=gain, data=data, lam=1.0)
                wells = regularizers.draw("double_well", source, 32, d)
                start = wells.params["center"] * source.uniform(32, d, low=-1.0, high=2.0)
                weight = base.lam * source.scale(32, 1, low=-4, high=4)
                yield f"wells, K = {gain:g} I", replace(base, regularizer=wells, u0=start, lam=weight)

    return fixed(
        "Σ min(|u_i|, |u_i − b_i|), b_i uniform in [1/4, 4), K = 0 or ±I, f small or 0, λ = 2^-4 … 2^4, u0 "
        "uniform in [−b, 2b), N = 1, 4, 8.",
        strata,
    )


def _box_points(source: Source) -> Iterator[tuple[str, WeightPair]]:
    for d in (1, 3):
        v, (a, b) = source.normal(64, d) * source.scale(64, 1), source.scale(2, 64)
        yield "box", WeightPair(_box(source, 64), v, a, b)
        yield "box, from weight 0", WeightPair(_box(source, 64), v, 0 * a, b)
        yield "box, back to weight 0", WeightPair(_box(source, 64), v, a, 0 * b)


def points_of_a_box() -> Sampler:
    """Return points with two weights for the indicator of a box, one weight 0 among them."""
    return fixed(
        "ι_[−c, c]^d, c = 2^-2 … 2^2, v gaussian times 2^j, weights powers of two or 0.", _box_points
    )


def points_between_wells() -> Sampler:
    """Return points with two weights for a double well: before, between and behind the wells."""

    def strata(source: Source) -> Iterator[tuple[str, WeightPair]]:
        for d in (1, 2, 5):
            wells = regularizers.draw("double_well", source, 64, d)
            v = wells.params["center"] * source.uniform(64, d, low=-1.0, high=2.0)
            a, b = source.scale(2, 64)
            yield "wells", WeightPair(wells, v, a, b)

    return fixed(
        "Σ min(|u_i|, |u_i − b_i|), b_i uniform in [1/4, 4), v uniform in [−b, 2b), weights powers of two.",
        strata,
    )


# ---------------------------------------------------------------- functions


def beyond_the_bound() -> Sampler:
    """Return functions that keep the variation of their family and exceed its bound: constants, one jump."""

    def strata(source: Source) -> Iterator[tuple[str, StepFunction]]:
        for cells in (1, 2, 4):
            size = source.scale(16, low=-2, high=2)
            bound = size * source.scale(16, low=-6, high=-1)
            level = size[:, None, None].expand(16, 2 * cells, 1)
            yield "constant", StepFunction(level.contiguous(), bound, 0 * size, cells)
            jump = torch.arange(2 * cells, device=source.device) > 2 * (cells // 2)
            yield "one jump", StepFunction(jump.double()[None, :, None] * level, bound, size, cells)

    return fixed(
        "Constants 2^j, and one jump from 0 to 2^j in mid-cell, with their own variation and a bound between "
        "2^-6 and 1/2 of what they reach, on 2N cells, N = 1, 2, 4.",
        strata,
    )
