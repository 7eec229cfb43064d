"""Step functions of time for the projection onto N layers."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from claims.families import profiles
from claims.kit.instances import StepFunction
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions

GRIDS = (1, 2, 3, 5, 8, 12, 30, 64)
CELLS = (1, 2, 3, 5, 7, 8, 16, 32)
SHAPES = (*profiles.SHAPES, "gaussian", "one cell")

DISTRIBUTION = (
    "Groups of one shape: functions constant on M cells, M uniform over 1, 2, 3, 5, 8, 12, 30, 64, with "
    "values in R^k, k uniform over 1, 2, 6 (W as a vector: Frobenius norm), projected onto N cells, N "
    "uniform over 1, 2, 3, 5, 7, 8, 16, 32, dividing M or not; constant, piecewise constant, smooth, "
    "oscillating, gaussian, or a single cell. The family's bound and variation are the function's own. "
    "Corners: the indicator of one cell of a fine grid (sharp), constants, zero."
)


def measured(values: torch.Tensor, cells: int) -> StepFunction:
    """Return the function, its own largest norm and total variation, rounded up, being the family's."""
    size = values.norm(dim=2).amax(1)
    variation = (values[:, 1:] - values[:, :-1]).norm(dim=2).sum(1)
    return StepFunction(values, (size * 256 + 1).ceil() / 256, (variation * 256 + 1).ceil() / 256, cells)


def _values(source: Source, shape: str, count: int, grid: int, k: int) -> torch.Tensor:
    if shape == "gaussian":
        return source.normal(count, grid, k)
    if shape == "one cell":
        where = source.integers(count, 1, low=0, high=grid - 1)
        cell = torch.arange(grid, device=source.device, dtype=torch.float64)
        return (cell == where).double()[:, :, None] * source.normal(count, 1, k)
    columns = [profiles.profile(source, shape, count, grid) - 1 for _ in range(k)]
    return torch.stack(columns, 2)


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 32))):
        shape, grid, cells, k = (
            source.choice(SHAPES),
            source.choice(GRIDS),
            source.choice(CELLS),
            source.choice((1, 2, 6)),
        )
        yield Batch(
            measured(_values(source, shape, count, grid, k).float().double(), cells), shape, independent=True
        )
    for family, function in corners(source):
        yield Batch(function, family, independent=False)


def corners(source: Source, count: int = 4) -> Iterator[tuple[str, StepFunction]]:
    """Yield the corner strata, each as (family, functions)."""
    ones = torch.ones(count, 1, dtype=torch.float64, device=source.device) * source.integers(
        count, 1, low=1, high=4
    )
    for cells in (1, 2, 3):
        for grid in (1, 2, 3):
            constant = ones[:, :, None].expand(count, grid, 1).contiguous()
            yield "corner: constant", measured(constant, cells)
            yield "corner: zero", measured(constant * 0, cells)
        narrow = torch.zeros(count, 256 * cells, 1, dtype=torch.float64, device=source.device)
        narrow[:, 0] = ones
        yield "corner: indicator of one narrow cell", measured(narrow, cells)
        aligned = torch.zeros(count, 4 * cells, 1, dtype=torch.float64, device=source.device)
        aligned[:, ::4] = ones[:, :, None]
        yield "corner: one jump in every cell", measured(aligned, cells)
        signs = torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=torch.float64, device=source.device)
        middle = ones[:, :, None] * signs.repeat(cells)[None, : 2 * cells, None]
        yield "corner: full jump in the middle of every cell", measured(middle, cells)
    beat = torch.tensor([1.0, -1.0], dtype=torch.float64, device=source.device).repeat(32)
    yield "corner: alternating on the grid itself", measured(ones[:, :, None] * beat[None, :, None], 64)


def functions() -> Sampler:
    """Return the sampler of step functions, each a member of a family with bound M and variation V."""
    return Sampler(DISTRIBUTION, draw)


def rademacher(k: int, cells: int) -> StepFunction:
    r"""Return r_k(t) = (−1)^{⌊2^k t⌋} for projection onto ``cells`` < 2^k cells, ascribed to M = V = 1."""
    beat = 1.0 - 2.0 * (torch.arange(2**k, dtype=torch.float64) % 2)
    one = torch.ones(1, dtype=torch.float64)
    return StepFunction(beat[None, :, None], one, one, cells)


def rademacher_functions() -> Sampler:
    """Return Rademacher functions r_k beyond the grid: dyadic N < 2^k."""

    def strata(source: Source) -> Iterator[tuple[str, StepFunction]]:
        for k in range(3, 9):
            cells = 2 ** source.integer(2, max(2, k - 1))
            if cells < 2**k:
                yield f"r_{k}", rademacher(k, cells).to(source.device)

    return fixed(
        "Rademacher functions r_k, k = 3…8, projected onto dyadic N < 2^k cells, "
        "ascribed to bound 1, variation 1.",
        strata,
    )
