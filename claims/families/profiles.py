"""Scalar profiles in time from which controls are made, as values on the cells of a uniform grid."""

from __future__ import annotations

import math

import torch

from claims.kit.sampling import Source

SHAPES = ("constant", "piecewise", "smooth", "oscillating")


def profile(source: Source, shape: str, batch: int, depth: int) -> torch.Tensor:
    """Return random profiles (batch, depth) with values in [0, 2]."""
    cell = torch.arange(depth, device=source.device, dtype=torch.float64)
    if shape == "constant":
        return source.uniform(batch, 1, high=2.0).expand(batch, depth).contiguous()
    if shape == "piecewise":
        values = source.uniform(batch, 4, high=2.0)
        jumps = source.uniform(batch, 3).sort(dim=1).values * depth
        piece = (cell[None, :, None] >= jumps[:, None, :]).sum(2)
        return values.gather(1, piece)
    if shape == "smooth":
        phase, frequency = (
            source.uniform(batch, 1, high=2 * math.pi),
            source.integers(batch, 1, low=1, high=3),
        )
        return 1 + torch.cos(2 * math.pi * frequency * (cell + 0.5) / depth + phase)
    level, swing = source.uniform(batch, 1, low=0.5), source.uniform(batch, 1, high=0.5)
    return level + swing * (1 - 2 * (cell % 2))


def vanishing(source: Source, values: torch.Tensor) -> torch.Tensor:
    """Return the profiles set to zero on a random part of the time, an interval."""
    batch, depth = values.shape
    ends = (source.uniform(batch, 2) * (depth + 1)).floor().sort(dim=1).values
    cell = torch.arange(depth, device=source.device, dtype=torch.float64)
    return torch.where((cell >= ends[:, :1]) & (cell < ends[:, 1:]), 0.0, values)
