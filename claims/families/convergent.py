r"""Sequences of real step functions that converge in L^p: fast, slowly, weakly, and without an L^∞ limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from claims import grid_constants as constants
from claims import sequence_constants as sequence
from claims.families import time_families as times
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions
from claims.kit.sequence_instances import ConvergentSequence

#: 2p for p = 1, 3/2, 2, 3.
EXPONENTS = (2, 3, 4, 6)
SHAPES = ("steps", "sparse", "narrow", "projections")

DISTRIBUTION = (
    "Groups of one shape: p uniform over 1, 3/2, 2, 3; up to 4 members with the numbers k, k + 1, … from "
    "0, 1 or 2 on, on 16 or 64 cells; f gaussian or zero; f_k − f gaussian steps, sparse, or on one "
    "narrow interval, scaled to ‖f_k − f‖_p = s·4^−k with s uniform in [0, 1); or f_k = E_nP_nf with the "
    "least n = 1, 2, 4, … that is within 4^−k. Corners: heights just above 2^−k on sets just smaller than "
    "2^(−kp) (sharp), disjoint ones, the fast subsequence of the typewriter, f_k = f."
)


def scaled(
    shape: torch.Tensor,
    limit: torch.Tensor,
    index: torch.Tensor,
    twice_p: int,
    share: torch.Tensor | None = None,
) -> ConvergentSequence:
    """Return f + shape_k, scaled down to share·4^−k in L^p where it is larger; multiples of 2^-20."""
    raw = ConvergentSequence(shape, torch.zeros_like(limit), index, twice_p)
    size = sequence.distance_powers(raw) ** (2 / twice_p)
    wanted = torch.exp2(-2 * index) * (1 - 2.0**-8 if share is None else share)
    factor = torch.where(size > wanted, wanted / torch.where(size > 0, size, 1.0), 1.0)
    small = (shape * factor[:, :, None] * 2**20).trunc() / 2**20
    steady = (limit * 2**4).round() / 2**4
    return ConvergentSequence(steady[:, None] + small, steady, index, twice_p)


def _shape(source: Source, name: str, batch: int, members: int, grid: int) -> torch.Tensor:
    values = source.normal(batch, members, grid)
    if name == "sparse":
        return values * (source.uniform(batch, members, grid) < 0.1)
    if name == "narrow":
        first = source.integers(batch, members, 1, low=0, high=grid - 1)
        width = source.scale(batch, members, 1, low=0, high=3)
        cell = torch.arange(grid, device=source.device, dtype=torch.float64)
        return ((cell >= first) & (cell < first + width)).double() * values[:, :, :1]
    return values


def _projections(
    source: Source, batch: int, members: int, grid: int, first: int, twice_p: int
) -> ConvergentSequence:
    """Return the subsequence of the projections E_nP_nf of a Lipschitz f that keeps ‖f_k − f‖_p ≤ 4^−k."""
    limit = times.coarse(times.lipschitz(source, batch, grid, 1, slope=2.0))
    depths = [n for n in (1, 2, 4, 8, 16, 32, 64) if n <= grid]
    means = [constants.refined(constants.cell_means(limit, n), grid) for n in depths]
    every = torch.stack(means, 1)[..., 0]
    index = torch.arange(first, first + members, device=source.device, dtype=torch.float64).expand(
        batch, members
    )
    apart = ConvergentSequence(every, limit[..., 0], index, twice_p)
    near = sequence.distance_powers(apart)[:, None] <= sequence.binary_rate(2 * index, twice_p)[:, :, None]
    chosen = near.double().argmax(2)
    rows = torch.arange(batch, device=source.device)[:, None]
    return ConvergentSequence(every[rows, chosen], limit[..., 0], index.contiguous(), twice_p)


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 32))):
        twice_p, grid, name = source.choice(EXPONENTS), source.choice((16, 64)), source.choice(SHAPES)
        members, first = source.integer(1, 4), source.integer(0, 2)
        if name == "projections":
            yield Batch(_projections(source, count, members, grid, first, twice_p), name, independent=True)
            continue
        index = torch.arange(first, first + members, device=source.device, dtype=torch.float64).expand(
            count, members
        )
        limit = source.normal(count, grid) * (source.uniform(count, 1) < 0.7)
        shape = _shape(source, name, count, members, grid)
        share = source.uniform(count, members)
        yield Batch(scaled(shape, limit, index.contiguous(), twice_p, share), name, independent=True)
    for family, functions in corners(source.device):
        yield Batch(functions, family, independent=False)


def extremal(twice_p: int, index: Sequence[int], grid: int) -> ConvergentSequence:
    """Return indicators side by side, just higher than 2^−k, just narrower than 2^(−kp): ‖f_k‖_p ≤ 4^−k."""
    p, cell, start = twice_p / 2, torch.arange(grid, dtype=torch.float64), 0
    members: list[torch.Tensor] = []
    for k in index:
        width = int(2.0 ** (-k * p) * grid * (1 - 2.0**-9))
        height = torch.tensor((4.0 ** (-k * p) * grid / width) ** (1 / p) * (1 - 2.0**-22)).float().double()
        members.append(height * ((cell >= start) & (cell < start + width)))
        start += width
    numbers = torch.tensor([[float(k) for k in index]], dtype=torch.float64)
    return ConvergentSequence(
        torch.stack(members)[None], torch.zeros(1, grid, dtype=torch.float64), numbers, twice_p
    )


def typewriter(index: Sequence[int], numbers: Sequence[int], grid: int, twice_p: int) -> ConvergentSequence:
    """Return members n = 2^i + j of the typewriter, χ_[j/2^i, (j+1)/2^i), with the numbers ``index``."""
    cell = torch.arange(grid, dtype=torch.float64)
    members: list[torch.Tensor] = []
    for n in numbers:
        block = n.bit_length() - 1
        members.append(((cell * 2**block / grid).floor() == n - 2**block).double())
    given = torch.tensor([[float(k) for k in index]], dtype=torch.float64)
    return ConvergentSequence(
        torch.stack(members)[None], torch.zeros(1, grid, dtype=torch.float64), given, twice_p
    )


def corners(device: torch.device) -> Iterator[tuple[str, ConvergentSequence]]:
    """Yield the corner strata, each as (family, sequences)."""
    for twice_p in EXPONENTS:
        grid = 1024
        yield "corner: just above 2^−k", extremal(twice_p, (1,), grid).to(device)
        yield "corner: side by side", extremal(twice_p, (1, 2), grid).to(device)
        fast = [2 ** (2 * k * -(-twice_p // 2)) for k in (0, 1)]
        yield "corner: fast part of the typewriter", typewriter((0, 1), fast, 64, twice_p).to(device)
        still = typewriter((0, 1, 2), (1, 1, 1), 4, twice_p)
        same = ConvergentSequence(still.values, still.values[:, 0], still.index, twice_p)
        yield "corner: f_k = f", same.to(device)


def sequences() -> Sampler:
    """Return the sampler of sequences with ‖f_k − f‖_p ≤ 4^−k."""
    return Sampler(DISTRIBUTION, draw)


# ---------------------------------------------------------------- Remark 3.6


def indicators(numbers: Sequence[int], grid: int, start: int, from_zero: bool) -> ConvergentSequence:
    """Return χ_[s, s + 1/k) or χ_[0, s + 1/k), s = start/grid, for k that divide ``grid``."""
    cell = torch.arange(grid, dtype=torch.float64)
    low = 0 if from_zero else start
    members = [((cell >= low) & (cell < start + grid // k)).double() for k in numbers]
    limit = ((cell >= low) & (cell < start)).double()
    index = torch.tensor([[float(k) for k in numbers]], dtype=torch.float64)
    return ConvergentSequence(torch.stack(members)[None], limit[None], index, 4)


INDICATORS = (
    "Two to seven of the functions χ_[0, s + 1/k) or χ_[s, s + 1/k), k = 2, 3, 4, 6, 8, 12, 24, on 24 or "
    "48 cells, s a multiple of the cell below 1/2; the limits are χ_[0, s) and 0. Corners: χ_[0, 1/k], "
    "χ_[0, 1/2 + 1/k]."
)


def _draw_indicators(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, max(1, min(48, size // 16))):
        grid, from_zero = source.choice((24, 48)), source.integer(0, 1) == 1
        chosen = [k for k in (2, 3, 4, 6, 8, 12) if source.integer(0, 2)] or [12]
        several = [indicators([*chosen, 24], grid, start, from_zero) for start in range(grid // 2)]
        picked = [several[source.integer(0, len(several) - 1)] for _ in range(count)]
        yield Batch(_joined(picked).to(source.device), "indicators", independent=True)
    for start in (0, 24):
        corner = indicators((2, 3, 4, 6, 8, 12, 24, 48), 48, start, True).to(source.device)
        yield Batch(corner, f"corner: χ_[0, {'' if start == 0 else '1/2 + '}1/k]", independent=False)


def _joined(several: Sequence[ConvergentSequence]) -> ConvergentSequence:
    values, limit, index = (
        torch.cat([getattr(p, name) for p in several]) for name in ("values", "limit", "index")
    )
    return ConvergentSequence(values, limit, index, several[0].twice_p)


def moving_indicators() -> Sampler:
    """Return the sampler of indicators that shrink, or whose end moves."""
    return Sampler(INDICATORS, _draw_indicators)


# ---------------------------------------------------------------- what the assumption excludes


def rademacher_functions(orders: Sequence[int], twice_p: int) -> ConvergentSequence:
    """Return r_k for the orders k with the numbers k, and their weak limit 0."""
    grid = 2 ** max(orders)
    beats = torch.stack([times.rademacher(order, grid) for order in orders])
    index = torch.tensor([[float(k) for k in orders]], dtype=torch.float64)
    return ConvergentSequence(beats[None], torch.zeros(1, grid, dtype=torch.float64), index, twice_p)


def weak_sequences() -> Sampler:
    """Return Rademacher functions r_k, numbered by k."""

    def strata(source: Source) -> Iterator[tuple[str, ConvergentSequence]]:
        for twice_p in EXPONENTS:
            for last in (2, 4, 6):
                functions = rademacher_functions(range(1, last + 1), twice_p)
                yield f"r_1 … r_{last}", functions.to(source.device)

    return fixed("Rademacher functions r_1 … r_n, n = 2, 4, 6, with their weak limit 0.", strata)


def typewriters() -> Sampler:
    """Return whole blocks of the typewriter sequence, numbered one by one."""

    def strata(source: Source) -> Iterator[tuple[str, ConvergentSequence]]:
        for twice_p in EXPONENTS:
            for block in (1, 2, 3, 4):
                numbers = range(2**block, 2 ** (block + 1))
                index = range(block, block + len(numbers))
                yield f"block {block}", typewriter(index, numbers, 2**block, twice_p).to(source.device)

    return fixed(
        "Block i = 1 … 4 of the typewriter sequence, n = 2^i … 2^(i+1) − 1, numbered from i on.", strata
    )
