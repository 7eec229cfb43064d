r"""Controls in time: functions on a reference grid with stated variation, and sequences of them.

A function is an array (batch, M, k) of its values on M equal cells of [0, 1]; a sequence puts an axis in the
middle: (batch, m, M, k).  A jump "off the grid" of N cells is exact on the reference grid if M is a multiple
of N.  All values are multiples of 2^-10 of moderate size wherever that is said: means over dyadic grids are
then exact in either dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from claims.kit.sampling import Source

#: Rates at which a sequence of controls approaches its limit, as functions of the depth N.
RATES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "N^-1/4": lambda n: n**-0.25,
    "N^-1/2": lambda n: n**-0.5,
    "N^-1": lambda n: 1 / n,
    "2^-N": lambda n: torch.exp2(-n),
}


def coarse(values: torch.Tensor) -> torch.Tensor:
    """Return the values rounded to multiples of 2^-10."""
    return (values * 1024).round() / 1024


def variation(values: torch.Tensor) -> torch.Tensor:
    """Return the total variation inside (0, 1) of functions (..., M, k), of the shape (...)."""
    return (values[..., 1:, :] - values[..., :-1, :]).norm(dim=-1).sum(-1)


def _cells(source: Source, grid: int) -> torch.Tensor:
    return torch.arange(grid, device=source.device, dtype=torch.float64)


def constant(source: Source, batch: int, grid: int, k: int) -> torch.Tensor:
    """Return constants, gaussian."""
    return source.normal(batch, 1, k).expand(batch, grid, k).contiguous()


def bounded_variation(source: Source, batch: int, grid: int, k: int, jumps: int = 3) -> torch.Tensor:
    """Return piecewise constants with at most ``jumps`` jumps anywhere on the reference grid."""
    where = (source.uniform(batch, jumps, 1) * grid).floor()
    after = (_cells(source, grid)[None, None] >= where).double()
    heights = source.normal(batch, jumps, k)
    return source.normal(batch, 1, k) + (after[..., None] * heights[:, :, None]).sum(1)


def off_grid_jump(source: Source, batch: int, grid: int, k: int, cells: int) -> torch.Tensor:
    """Return one jump strictly inside a cell of the grid of ``cells`` cells; ``grid`` is 2, 3, … times that.

    A third of them jump in the middle, where the distance to the grid is largest.
    """
    width = grid // cells
    inside = source.integers(batch, 1, low=1, high=width - 1)
    inside = torch.where(source.uniform(batch, 1) < 1 / 3, torch.full_like(inside, width // 2), inside)
    where = source.integers(batch, 1, low=0, high=cells - 1) * width + inside
    after = (_cells(source, grid)[None] >= where).double()
    return source.normal(batch, 1, k) + after[..., None] * source.normal(batch, 1, k)


def lipschitz(source: Source, batch: int, grid: int, k: int, slope: float = 1.0) -> torch.Tensor:
    """Return functions whose neighbouring values differ by at most slope/M: random walks and ramps."""
    steps = source.normal(batch, grid, k)
    steps = torch.where(source.uniform(batch, 1, 1) < 0.5, steps[:, :1], steps)
    steps = steps / steps.norm(dim=2, keepdim=True).clamp(min=1.0)
    return source.normal(batch, 1, k) + slope / grid * steps.cumsum(1)


def trigonometric(source: Source, batch: int, grid: int, k: int, degree: int = 3) -> torch.Tensor:
    """Return trigonometric polynomials with gaussian coefficients, sampled in the middles of the cells."""
    time = 2 * math.pi * (_cells(source, grid) + 0.5) / grid
    waves = [wave(n * time) for n in range(1, degree + 1) for wave in (torch.cos, torch.sin)]
    return torch.einsum("bnk,nt->btk", source.normal(batch, 2 * degree, k), torch.stack(waves)) / degree


def rademacher(order: int, grid: int, device: torch.device | str = "cpu") -> torch.Tensor:
    r"""Return r_order(t) = (−1)^{⌊2^order t⌋} on a grid of a multiple of 2^order cells, (grid,)."""
    cell = torch.arange(grid, device=device, dtype=torch.float64)
    return 1 - 2 * ((cell // (grid // 2**order)) % 2)


#: The bounded families, as functions (source, batch, grid, k) -> values (batch, grid, k).
BOUNDED: dict[str, Callable[[Source, int, int, int], torch.Tensor]] = {
    "constant": constant,
    "bounded variation": bounded_variation,
    "Lipschitz": lipschitz,
    "trigonometric": trigonometric,
}


def approaching(source: Source, limit: torch.Tensor, rate: str, depths: Sequence[int]) -> torch.Tensor:
    """Return θ^N = θ + rate(N)·ζ with ‖ζ‖_{L²} = 1, for each of the depths N.

    Parameters
    ----------
    limit : (batch, M, k)
        θ.
    rate : a key of `RATES`
    depths : integers, the N of the sequence

    Returns
    -------
    (batch, len(depths), M, k)
        At the L² distance rate(N) from θ.
    """
    batch, grid, k = limit.shape
    shape = source.choice(tuple(BOUNDED))
    direction = BOUNDED[shape](source, batch, grid, k)
    size = direction.flatten(1).norm(dim=1) / grid**0.5
    unit = direction / torch.where(size > 0, size, 1.0)[:, None, None]
    numbers = torch.tensor([float(n) for n in depths], device=limit.device, dtype=torch.float64)
    return limit[:, None] + RATES[rate](numbers)[None, :, None, None] * unit[:, None]


def weakly_approaching(limit: torch.Tensor, orders: Sequence[int], amplitude: float = 0.5) -> torch.Tensor:
    """Return θ + amplitude·r_k for each order k, (batch, len(orders), M, k): weak convergence to θ only."""
    beats = [rademacher(order, limit.shape[1], limit.device) for order in orders]
    return limit[:, None] + amplitude * torch.stack(beats)[None, :, :, None]
