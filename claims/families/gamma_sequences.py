r"""Sequences of functions with their Γ-limits: windows that shrink slowly and fast, errors, balls that grow.

Of a sequence the windows are chosen, and the errors measured: with them, and with none smaller, both
inequalities of Γ-convergence hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims import gamma_constants as gamma
from claims.families import gamma_functions as functions
from claims.kit.gamma_instances import GammaSequence
from claims.kit.gamma_rates import measured
from claims.kit.sampling import Batch, Sampler, Source, portions

GRIDS: tuple[functions.Grid, ...] = ((5,), (9,), (17,), (33,), (4, 4), (5, 5))

#: Cells by which the members 1, 2, … may move, and what they may be off by: slowly, fast, not at all.
WIDTHS = {"6/k cells": (6, 3, 2, 2, 2, 1), "8/2^k cells": (4, 2, 1, 0, 0, 0), "no cell": (0,) * 6}
AMOUNTS = {
    "1/k": (1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6),
    "4^-k": (1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 1024, 0.0),
    "no error": (0.0,) * 6,
}

DISTRIBUTION = (
    "Groups of one shape: 1, 3 or 6 members on 5, 9, 17 or 33 nodes of a line or 4×4 or 5×5 of a plane, "
    "2^-3 … 1 apart. F rough (gaussian), growing (|x − x_0| or its square), with steps (lower "
    "semicontinuous), or flat (several minimisers), times 2^-2 … 2^5. F_k uniformly close, shifted, "
    "rearranged within windows, F + A sin² with ever shorter waves, with a well or a spike of one node that "
    "comes to rest, or raised at two thirds of the nodes; windows of 6/k or 8/2^k cells or one node, noise "
    "of 1/k, 4^-k or 0. Balls hold everything, or just the minimisers and their windows and then more; "
    "outside of them the members are raised by up to 2^10. Slack 0 or falling, approach 0, one cell or "
    "falling. Errors are measured. All numbers are multiples of 2^-10. Corners: one term of a bound alone, "
    "attained."
)


def sequence(
    points: torch.Tensor, limit: torch.Tensor, members: torch.Tensor, radius: torch.Tensor
) -> GammaSequence:
    """Return a sequence in balls that hold everything, with measured errors, no slack and no approach."""
    nothing = torch.zeros_like(radius)
    whole = points.abs().amax((1, 2))
    reach = (whole[:, None] + radius).expand_as(radius).contiguous()
    return measured(
        GammaSequence(points, limit, members, radius, nothing, reach, nothing[:, 0], nothing, nothing)
    )


def _localised(source: Source, p: GammaSequence, cell: torch.Tensor) -> GammaSequence:
    """Return the sequence in balls that just hold the minimisers and their windows, then more of the space.

    Outside of its ball a member is raised: its minimisers stay.  Where no ball comes, F is anything.
    """
    k = torch.arange(p.radius.shape[1], device=source.device, dtype=torch.float64)
    reach = p.coercive[:, None] + p.radius + cell[:, None] * k * source.integers(p.size, 1, low=0, high=2)
    outside = ~gamma.balls(p, reach)
    heights = source.scale(*p.members.shape, low=-2, high=10)
    beyond = outside.all(1) * (source.normal(*p.limit.shape) * 64).round()
    return measured(replace(p, reach=reach, members=p.members + outside * heights, limit=p.limit + beyond))


def drawn(source: Source, count: int) -> tuple[str, GammaSequence]:
    """Return independent sequences of one shape, with the name of their family."""
    grid, number = source.choice(GRIDS), source.choice((1, 3, 6))
    base, kind = source.choice(tuple(functions.BASES)), source.choice(tuple(functions.SEQUENCES))
    windows, errors = source.choice(tuple(WIDTHS)), source.choice(tuple(AMOUNTS))
    widths, amounts = WIDTHS[windows][:number], AMOUNTS[errors][:number]
    limit, members = functions.made(source, base, kind, count, grid, widths, amounts)
    cell = source.scale(count, low=-3, high=0)
    points = functions.nodes(grid, source.device) * cell[:, None, None]
    radius = cell[:, None] * torch.tensor(widths, dtype=torch.float64, device=source.device)
    p = sequence(points, limit, members, radius)
    if source.integer(0, 1):
        p = _localised(source, p, cell)
    slack = (source.scale(count, 1, low=-4, high=2) * _row(source, amounts) * 1024).round() / 1024
    steps = source.choice(((0,) * number, (1,) * number, widths))
    approach = cell[:, None] * _row(source, steps)
    return f"{kind}, {base}, {windows}, {errors}", replace(p, slack=slack, approach=approach)


def _row(source: Source, numbers: Sequence[float]) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64, device=source.device)


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(32, size // 24))):
        family, p = drawn(source, count)
        yield Batch(p, family, independent=True)
    for family, attains, p in corners(source):
        yield Batch(p, f"corner: {family}", independent=False, attains=attains)


# ---------------------------------------------------------------- one term alone


def line(source: Source, places: Sequence[float], count: int = 8) -> torch.Tensor:
    """Return points on a line, stretched by powers of two, (count, n, 1)."""
    return _row(source, places)[None, :, None] * source.scale(count, 1, 1, low=-3, high=3)


def stated(
    points: torch.Tensor, limit: torch.Tensor, member: torch.Tensor, radius: torch.Tensor | None = None
) -> GammaSequence:
    """Return a sequence of one member; ``radius`` (batch,) is 0 unless it is given."""
    window = torch.zeros_like(points[:, 0, 0]) if radius is None else radius
    return sequence(points, limit, member[:, None], window[:, None])


def corners(source: Source) -> Iterator[tuple[str, tuple[str, ...], GammaSequence]]:
    """Yield the corner strata as (family, terms that stand alone, sequences).

    Families are named by the one number that is not 0; a term stands alone where the claim has it.
    """
    two, three = line(source, (0, 1)), line(source, (0, 1, 2))
    a, step = source.scale(8, 1, low=-4, high=4), two[:, 1, 0]
    low, high = 0 * a, a
    yield "F − e", ("error",), stated(two, torch.cat([low, high], 1), torch.cat([low - a, high - a], 1))
    yield "F + e", (), stated(two, torch.cat([low, high], 1), torch.cat([low + a, high + a], 1))
    level = torch.cat([low, low], 1)
    yield "a lower value far out", ("error", "errors"), stated(two, torch.cat([low, -2 * a], 1), level - a)
    well, lifted = torch.cat([high, low], 1), torch.cat([low, high], 1)
    yield "a well one window off", ("radius",), stated(two, lifted, well, step)
    hill = torch.cat([high, high, low], 1), torch.cat([high, low, high], 1)
    yield "a well two windows off", ("semicontinuity", "two windows"), stated(three, *hill, three[:, 1, 0])
    same = stated(two, well, well)
    yield "a minimiser nearby", ("semicontinuity",), replace(same, approach=step[:, None])
    yield "almost minimisers", ("slack",), replace(same, slack=a)
    nothing = torch.zeros_like(level)
    yield "F_k = F = 0", (), stated(two, nothing, nothing)


def sequences() -> Sampler:
    """Return the sampler of sequences with their Γ-limits."""
    return Sampler(DISTRIBUTION, draw)
