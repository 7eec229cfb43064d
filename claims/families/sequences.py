"""Sequences of functions in families with bounds: what a Cauchy subsequence is extracted from."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from claims.families import time_families as times
from claims.kit.instances import StepFunction
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions
from claims.kit.sequence_instances import FunctionSequence

#: Members, reference grid, and the levels: cells and parts of each.  With the first two, as many members that
#: the fullest box must hold several; with the last, a rate that is worth its name.
LEVELS = (
    (16, 8, (1,), (4,)),
    (64, 8, (1, 2), (2, 4)),
    (12, 32, (1, 4, 16), (4, 8, 16)),
)
KINDS = ("one family", "approaching a limit", "two limits", "jumps off the grid")

DISTRIBUTION = (
    "Groups of one shape: 12, 16 or 64 members on 8 or 32 cells, values in R^k, k uniform over 1, 2; "
    "members of one family (constant, at most 3 jumps, Lipschitz, trigonometric), or θ + rate(N)ζ with "
    "rate N^-1/4, N^-1/2, N^-1 or 2^-N, alone or alternating between two limits, or one jump off the "
    "grid. Values are multiples of 2^-10. The family's bound is the largest norm rounded up to a power of "
    "two, its variation the largest one rounded up. Levels: means over 1, 2, 4 or 16 cells in boxes of 2 "
    "to 16 parts. Corners: constants in every box, opposite jumps in mid-cell, constants at both ends of "
    "a box."
)


def measured(values: torch.Tensor, cells: tuple[int, ...], parts: tuple[int, ...]) -> FunctionSequence:
    """Return the members in the smallest family of its kind: M a power of two, V rounded up to 1/256."""
    size = values.norm(dim=-1).flatten(1).amax(1)
    spread = times.variation(values).amax(1)
    return FunctionSequence(values, _power_of_two(size), (spread * 256).ceil() / 256, cells, parts)


def _power_of_two(size: torch.Tensor) -> torch.Tensor:
    """Return the smallest power of two that is at least ``size``; 1 for 0."""
    mantissa, exponent = torch.frexp(size)
    return torch.where(size > 0, torch.exp2((exponent - (mantissa == 0.5).int()).double()), 1.0)


def _values(source: Source, kind: str, batch: int, members: int, grid: int, k: int) -> torch.Tensor:
    if kind == "jumps off the grid":
        values = times.off_grid_jump(source, batch * members, grid, k, grid // 4)
        return values.reshape(batch, members, grid, k)
    family = times.BOUNDED[source.choice(tuple(times.BOUNDED))]
    if kind == "one family":
        return family(source, batch * members, grid, k).reshape(batch, members, grid, k)
    rate = source.choice(tuple(times.RATES))
    depths = range(1, members + 1)
    values = times.approaching(source, family(source, batch, grid, k), rate, depths)
    if kind == "two limits":
        values[:, ::2] += family(source, batch, grid, k)[:, None]
    return values


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 32))):
        members, grid, cells, parts = source.choice(LEVELS)
        kind, k = source.choice(KINDS), source.choice((1, 2))
        values = times.coarse(_values(source, kind, count, members, grid, k))
        yield Batch(measured(values, cells, parts), kind, independent=True)
    for family, sequence in corners(source):
        yield Batch(sequence, family, independent=False)


def corners(source: Source, count: int = 4) -> Iterator[tuple[str, FunctionSequence]]:
    """Yield the corner strata, each as (family, sequences)."""
    scale = source.scale(count, 1, 1, 1, low=-2, high=2)
    jump = torch.tensor([1.0, -1.0], dtype=torch.float64, device=source.device)
    opposite = torch.stack([jump, -jump])[None, :, :, None] * scale
    yield "corner: opposite jumps in mid-cell", measured(opposite, (1,), (4,))
    for parts in (2, 4, 8):
        centers = (2 * torch.arange(parts, device=source.device, dtype=torch.float64) + 1) / parts - 1
        spread = centers[None, :, None, None] * scale
        yield "corner: one constant in every box", _family(spread, scale, (1,), (parts,))
        twice = spread.repeat(1, 3, 1, 1).expand(-1, -1, 2, -1).contiguous()
        yield "corner: three constants in every box", _family(twice, scale, (1, 2), (parts, parts))
        ends = torch.tensor([0.0, (1 - 2.0**-9) * 2 / parts], dtype=torch.float64, device=source.device)
        yield (
            "corner: constants at both ends of a box",
            _family((ends[None, :, None, None] - 1) * scale, scale, (1,), (parts,)),
        )
    for grid in (1, 4):
        steady = source.integers(count, 3, 1, 1, low=-4, high=4).expand(count, 3, grid, 1).contiguous()
        yield "corner: constants", measured(steady, (1, 2), (2, 4))
        yield "corner: zero", measured(steady * 0, (1, 2), (2, 4))


def _family(
    values: torch.Tensor, bound: torch.Tensor, cells: tuple[int, ...], parts: tuple[int, ...]
) -> FunctionSequence:
    """Return constants in the family of all constants within ``bound``."""
    size = bound.reshape(-1)
    return FunctionSequence(values, size, size * 0, cells, parts)


def sequences() -> Sampler:
    """Return the sampler of sequences in families with bound M and variation V."""
    return Sampler(DISTRIBUTION, draw)


# ---------------------------------------------------------------- single members


MEMBERS = (
    "Groups of one shape: functions constant on M cells, M uniform over 8, 12, 32, 60, with values in "
    "R^k, k uniform over 1, 2, 6, projected onto N cells, N uniform over 1, 2, 3, 4, 8, dividing M or "
    "not; constant, at most 3 jumps, Lipschitz, trigonometric, or one jump off the grid. The family's "
    "variation is the function's own, rounded up by at most 1/256. Corners: one jump in mid-cell (sharp), "
    "Rademacher functions."
)


def _member(values: torch.Tensor, cells: int) -> StepFunction:
    size, spread = values.norm(dim=2).amax(1), times.variation(values)
    return StepFunction(values, (size * 256 + 1).ceil() / 256, (spread * 256).ceil() / 256, cells)


def _draw_members(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, max(1, min(24, size // 32))):
        family = source.choice((*times.BOUNDED, "jump off the grid"))
        grid, cells, k = (
            source.choice((8, 12, 32, 60)),
            source.choice((1, 2, 3, 4, 8)),
            source.choice((1, 2, 6)),
        )
        if family == "jump off the grid":
            values = times.off_grid_jump(source, count, grid, k, grid // 4)
        else:
            values = times.BOUNDED[family](source, count, grid, k)
        yield Batch(_member(values.float().double(), cells), family, independent=True)
    for cells in (1, 2, 3, 5, 8):
        jump = torch.zeros(4, 2 * cells, 1, dtype=torch.float64, device=source.device)
        jump[:, 2 * (cells // 2) + 1 :] = source.integers(4, 1, 1, low=1, high=8)
        yield Batch(_member(jump, cells), "corner: one jump in mid-cell", independent=False)
        wave = times.rademacher(3, 8, source.device)[None, :, None].clone()
        yield Batch(_member(wave, cells), "corner: a Rademacher function", independent=False)


def members() -> Sampler:
    """Return the sampler of single members of families with variation V."""
    return Sampler(MEMBERS, _draw_members)


# ---------------------------------------------------------------- what the assumptions exclude


def rademacher_sequence(orders: int, cells: tuple[int, ...], parts: tuple[int, ...]) -> FunctionSequence:
    """Return r_1 … r_orders, ascribed to a family with bound 1 and variation 1."""
    beats = torch.stack([times.rademacher(k, 2**orders) for k in range(1, orders + 1)])
    one = torch.ones(1, dtype=torch.float64)
    return FunctionSequence(beats[None, :, :, None], one, one, cells, parts)


def rademacher_sequences() -> Sampler:
    """Return sequences of Rademacher functions, with levels that do not see them."""

    def strata(source: Source) -> Iterator[tuple[str, FunctionSequence]]:
        for orders in (3, 4, 5):
            for cells, parts in (((2,), (4,)), ((1, 2, 4), (4, 8, 16))):
                yield f"r_1 … r_{orders}", rademacher_sequence(orders, cells, parts).to(source.device)

    return fixed("Rademacher functions r_1 … r_n, n = 3, 4, 5, ascribed to bound 1, variation 1.", strata)


def growing_constants(count: int, parts: int) -> FunctionSequence:
    """Return the constants 1 … count, ascribed to a family with bound 1 and variation 0."""
    values = torch.arange(1, count + 1, dtype=torch.float64).reshape(1, count, 1, 1)
    one = torch.ones(1, dtype=torch.float64)
    return FunctionSequence(values, one, one * 0, (1,), (parts,))


def unbounded_sequences() -> Sampler:
    """Return constants 1 … n, which no bound holds together."""

    def strata(source: Source) -> Iterator[tuple[str, FunctionSequence]]:
        for parts in (2, 4):
            for count in (parts + 1, 3 * parts):
                yield f"1 … {count}", growing_constants(count, parts).to(source.device)

    return fixed("The constants 1 … n, ascribed to bound 1, variation 0, in boxes of 2 or 4 parts.", strata)
