r"""Functions on small grids of the line and the plane, and sequences of them that Γ-converge.

A grid is a tuple of sizes, (n,) or (s, s); its nodes have integer coordinates around 0, and a function is a
row of values (batch, n) at the nodes, row by row.  All values are multiples of 2^-10.  What makes a sequence
gets a base function, for each member the number of cells ``widths`` by which it may move and the size
``amounts`` of what it may be off by, and returns the limit (batch, n) and the members (batch, m, n).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from claims.families.time_families import coarse
from claims.kit.sampling import Source

Grid = tuple[int, ...]
Made = tuple[torch.Tensor, torch.Tensor]


def nodes(grid: Grid, device: torch.device) -> torch.Tensor:
    """Return the coordinates of the nodes, integers, (n, d)."""
    axes = [torch.arange(size, device=device, dtype=torch.float64) - size // 2 for size in grid]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(grid))


def number(grid: Grid) -> int:
    """Return the number of nodes."""
    return math.prod(grid)


# ---------------------------------------------------------------- base functions


def rough(source: Source, batch: int, grid: Grid) -> torch.Tensor:
    """Return independent gaussian values."""
    return source.normal(batch, number(grid))


def growing(source: Source, batch: int, grid: Grid) -> torch.Tensor:
    """Return |x − x_0|^q with q = 1 or 2 and a node x_0, largest value 1 or less."""
    x = nodes(grid, source.device)
    away = (x - x[_nodes(source, batch, grid), None]).abs().amax(-1) / max(grid)
    return away ** source.choice((1, 2))


def steps(source: Source, batch: int, grid: Grid) -> torch.Tensor:
    """Return integers that jump at one or two places: lower semicontinuous, not continuous."""
    x = nodes(grid, source.device)[:, 0]
    values = source.integers(batch, 1, low=-2, high=2)
    for _ in range(source.integer(1, 2)):
        place = source.integers(batch, 1, low=-(grid[0] // 2), high=grid[0] // 2)
        values = values + (x >= place) * source.integers(batch, 1, low=-3, high=3)
    return values


def flat(source: Source, batch: int, grid: Grid) -> torch.Tensor:
    """Return functions with a plateau of several minimisers."""
    values = growing(source, batch, grid)
    return values.clamp(min=values.amax(1, keepdim=True) * source.uniform(batch, 1, low=0.2, high=0.9))


BASES: dict[str, Callable[[Source, int, Grid], torch.Tensor]] = {
    "rough": rough,
    "growing": growing,
    "steps": steps,
    "flat": flat,
}

# ---------------------------------------------------------------- sequences


def uniform(
    source: Source, base: torch.Tensor, grid: Grid, widths: Sequence[int], amounts: Sequence[float]
) -> Made:
    """Return F + a_k·noise: uniform convergence."""
    noise = source.uniform(len(base), len(widths), base.shape[1], low=-1.0)
    return base, base[:, None] + _column(base, amounts) * noise


def shifted(
    source: Source, base: torch.Tensor, grid: Grid, widths: Sequence[int], amounts: Sequence[float]
) -> Made:
    """Return copies moved by w_k cells along one axis."""
    direction = _direction(source, grid)
    return base, torch.stack([moved(base, grid, width * direction) for width in widths], 1)


def rearranged(
    source: Source, base: torch.Tensor, grid: Grid, widths: Sequence[int], amounts: Sequence[float]
) -> Made:
    """Return the values in another order, none further than w_k cells from where it was, row by row."""
    rows = base.reshape(-1, grid[-1])
    place = torch.arange(grid[-1], device=base.device, dtype=torch.float64)
    members: list[torch.Tensor] = []
    for width in widths:
        order = (place + (width + 1) * source.uniform(*rows.shape)).argsort(dim=1, stable=True)
        members.append(rows.gather(1, order).reshape(base.shape))
    return base, torch.stack(members, 1)


def oscillating(
    source: Source, base: torch.Tensor, grid: Grid, widths: Sequence[int], amounts: Sequence[float]
) -> Made:
    """Return F + A sin²: the limit is F, the lower envelope, neither the weak nor the pointwise limit."""
    x, size = nodes(grid, source.device), source.scale(len(base), 1, low=-1, high=3)
    phases = source.integers(len(base), 1, 1, low=0, high=6)
    waves = [torch.sin(math.pi * (x + phases) / (2 * width + 1)).square().amax(2) for width in widths]
    return base, base[:, None] + size[:, None] * torch.stack(waves, 1)


def moving_wells(
    source: Source, base: torch.Tensor, grid: Grid, widths: Sequence[int], amounts: Sequence[float]
) -> Made:
    """Return F_0 − A·max(0, 1 − |x − x_k|/w), x_k → x_0, a well that comes to rest; w = 1 is a single node.

    The spike, w = 1, stays in the limit as a point that F_0 does not have: that is not its pointwise limit.
    """
    x, depth = nodes(grid, source.device), source.scale(len(base), 1, low=-1, high=3)
    center, direction = x[_nodes(source, len(base), grid)], _direction(source, grid)
    reach, width = torch.tensor(grid, device=x.device) // 2, source.choice((1, 1, 2, 3))

    def well(place: torch.Tensor) -> torch.Tensor:
        inside = torch.maximum(torch.minimum(place, reach - 1), -reach)
        return base - depth * (1 - (x - inside[:, None]).abs().amax(2) / width).clamp(min=0)

    return well(center), torch.stack([well(center + width * direction) for width in widths], 1)


def upward_spikes(
    source: Source, base: torch.Tensor, grid: Grid, widths: Sequence[int], amounts: Sequence[float]
) -> Made:
    """Return F with two thirds of the nodes raised in every member: no window needs to see them."""
    height = source.scale(len(base), 1, 1, low=-1, high=3)
    raised = source.uniform(len(base), len(widths), base.shape[1]) < 2 / 3
    still = torch.tensor([width == 0 for width in widths], device=base.device)[:, None]
    return base, base[:, None] + height * (raised & ~still)


SEQUENCES: dict[str, Callable[..., Made]] = {
    "uniform": uniform,
    "shifted": shifted,
    "rearranged": rearranged,
    "oscillating": oscillating,
    "moving wells": moving_wells,
    "upward spikes": upward_spikes,
}


def moved(values: torch.Tensor, grid: Grid, offset: torch.Tensor) -> torch.Tensor:
    """Return x ↦ F(x + offset), the grid's edge continued."""
    x = nodes(grid, values.device)
    sizes = torch.tensor(grid, device=values.device)
    index = torch.maximum(torch.minimum(x + offset + sizes // 2, sizes - 1), 0 * x).long()
    strides = torch.tensor([number(grid[i + 1 :]) for i in range(len(grid))], device=values.device)
    return values[:, (index * strides).sum(1)]


def made(
    source: Source,
    base: str,
    kind: str,
    batch: int,
    grid: Grid,
    widths: Sequence[int],
    amounts: Sequence[float],
) -> Made:
    """Return limit and members of one kind, scaled by powers of two; ``amounts`` of noise besides."""
    scale = source.scale(batch, 1, low=-2, high=5)
    function = coarse(BASES[base](source, batch, grid)) * scale
    limit, members = SEQUENCES[kind](source, function, grid, widths, amounts)
    if kind != "uniform":
        noise = source.uniform(*members.shape, low=-1.0) * (source.uniform(batch, 1, 1) < 0.5)
        members = members + _column(members, amounts) * noise
    return coarse(limit), coarse(members)


def _column(like: torch.Tensor, numbers: Sequence[float]) -> torch.Tensor:
    """Return one number for each member, (1, m, 1)."""
    return torch.tensor(numbers, dtype=torch.float64, device=like.device)[None, :, None]


def _nodes(source: Source, batch: int, grid: Grid) -> torch.Tensor:
    """Return one node for each instance, (batch,)."""
    return source.integers(batch, low=0, high=number(grid) - 1).long()


def _direction(source: Source, grid: Grid) -> torch.Tensor:
    """Return a unit step along one of the axes, (d,)."""
    step = torch.zeros(len(grid), dtype=torch.float64, device=source.device)
    step[source.integer(0, len(grid) - 1)] = source.choice((-1.0, 1.0))
    return step
