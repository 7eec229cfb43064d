"""The certificate's step over each layer of a block, from the states of the network."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.limit.cells import Cells, Weights
from fbscore.limit.curvature import Curvature
from fbscore.limit.rounding import layer_round_off, prox_operations
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Scalars, Steps, Trajectory

__all__ = [
    "Block",
    "Gap",
    "LayerSteps",
    "Noise",
    "Residual",
    "Terms",
    "advance",
    "gap",
    "noise",
    "reached_within",
    "residual",
    "steps",
    "values_along",
]

Vectors = Float[Tensor, "batch cells per d"]
Numbers = Float[Tensor, "batch cells per"]


class Block(NamedTuple):
    """States before and after some layers, (batch, cells, per, d), ``per`` in each cell, of step ``h``."""

    before: Vectors
    after: Vectors
    h: float

    @property
    def step(self) -> Vectors:
        """``Δ``."""
        return self.after - self.before


class Residual(NamedTuple):
    """``r`` at the beginning and at the end of each layer, in the eigenbasis of ``G``."""

    first: Vectors
    last: Vectors


class Gap(NamedTuple):
    """``hσD̂`` at the beginning and in the middle of each layer, (batch, cells, per)."""

    first: Numbers
    middle: Numbers

    @classmethod
    def none(cls, block: Block) -> "Gap":
        """No gap: ``R`` is quadratic."""
        zero = torch.zeros_like(block.before[..., 0])
        return cls(zero, zero)


class Noise(NamedTuple):
    """What round-off adds to ``hσD̂`` and to the distance at the end of each layer."""

    gap: Numbers
    jump: Numbers

    def smooth(self) -> "Noise":
        """Of a quadratic ``R``, which has no gap."""
        return self._replace(gap=torch.zeros_like(self.gap))


class Terms(NamedTuple):
    """All that some layers contribute."""

    residual: Residual
    gap: Gap
    noise: Noise


@dataclass(frozen=True, eq=False)
class LayerSteps:
    r"""``E(t_{n+1}) <= min(√(growth_0 E² + source_0) + drift, min_j √(growth_j E² + source_j)) + jump``.

    Parameters
    ----------
    growth, source : (batch, n, ways)
    drift, jump : (batch, n)
    """

    growth: Float[Tensor, "batch n ways"]
    source: Float[Tensor, "batch n ways"]
    drift: Steps
    jump: Steps


def residual(cells: Cells, block: Block) -> Residual:
    """``−σQΔ`` and ``KΔ``, turned."""
    last = block.step @ cells.explicit.mT
    first = torch.zeros_like(last) if cells.implicit is None else block.step @ cells.implicit.mT
    return Residual(first, last)


def gap(
    cells: Cells, block: Block, values: tuple[Numbers, Numbers, Numbers], curved: Curvature | None
) -> Gap:
    r"""``hσD̂`` of the part ``S`` of ``R`` that is not quadratic; 0 where ``σ = 0``.

    Parameters
    ----------
    cells, block
    values : three of (batch, cells, per)
        ``R`` before, half-way and after.
    curved : Curvature or None
    """
    K, c, sigma = cells.operators.K, cells.operators.c, cells.operators.sigma.unsqueeze(-1)
    before, middle, after = values
    velocity = block.before @ K.mT - c.unsqueeze(-2)
    # hσ⟨p, Δ⟩ without the division by hσ.
    along = -(block.step * (block.step + block.h * velocity)).sum(-1)
    bend = torch.zeros_like(along)
    if curved is not None:
        bend = 0.5 * block.h * sigma * (block.step * (block.step @ curved.Q.unsqueeze(1))).sum(-1)
    first = block.h * sigma * (before - after) + along - bend
    half = block.h * sigma * (middle - after) + 0.5 * along - 0.25 * bend
    first = torch.where(sigma > 0, first.clamp(min=0.0), 0.0)
    # D̂ is convex: half-way it is at most half of what it is at the beginning.
    return Gap(first, torch.minimum(torch.where(sigma > 0, half.clamp(min=0.0), 0.0), 0.5 * first))


def noise(cells: Cells, block: Block, regularizer: Regularizer, m: int, dtype: torch.dtype) -> Noise:
    r"""Round-off of each layer.

    With ``ξ`` the round-off of the state and ``L = C0 + C1 max ‖u‖``, the gap at the exact layer exceeds
    the computed one by at most ``2(hσL + ‖Δ‖)ξ`` and the round-off of two values of ``R``.
    """
    h, sigma = block.h, cells.operators.sigma.unsqueeze(-1)
    K, c = cells.K_size.unsqueeze(-1), cells.c_size.unsqueeze(-1)
    C0, C1 = (C.to(sigma).expand(sigma.shape[0])[:, None, None] for C in regularizer.growth())
    x, y = linalg.norm(block.before), linalg.norm(block.after)
    operations = prox_operations(regularizer, block.before.shape[-1]) + m
    xi = layer_round_off(dtype, operations, x + h * (K * x + c) + h * sigma * (C0 + C1 * y))
    jump = (2.0 + h * (K + sigma * C1)) * xi
    weight = h * sigma * (C0 + C1 * torch.maximum(x, y))
    value = layer_round_off(dtype, operations, weight * (x + y))
    lost = 2.0 * (weight + linalg.norm(block.step)) * xi + value
    return Noise(torch.where(sigma > 0, lost, 0.0), jump)


def steps(cells: Cells, how: Weights, terms: Terms) -> LayerSteps:
    """Put the terms of each layer together."""
    r, lost = terms.residual, terms.noise
    source = torch.stack((terms.gap.first, terms.gap.middle, lost.gap), dim=-1) @ how.gap.mT
    pairs = (r.first.square(), r.first * r.last, r.last.square())
    pulled = [
        pair @ cells.pulls.mT * share.unsqueeze(-2)
        for pair, share in zip(pairs, how.squares[:, :, 1:].unbind(-1), strict=True)
    ]
    source = torch.cat((source[..., :1], source[..., 1:] + sum(pulled[1:], pulled[0])), dim=-1)
    lengths = (linalg.norm(v) for v in (r.first, 0.5 * (r.first + r.last), r.last))
    drift = (how.drift.unsqueeze(-2) * torch.stack(tuple(lengths), dim=-1)).sum(-1)
    growth = how.growth.unsqueeze(-2).expand_as(source)
    return LayerSteps(*(x.flatten(1, 2) for x in (growth, source, drift, lost.jump)))


def advance(start: Scalars, step: LayerSteps) -> Float[Tensor, "batch n"]:
    """Distances after each of the layers, (batch, n), from the one before the first."""
    distance, distances = start, list[Tensor]()
    slices = (x.unbind(1) for x in (step.growth, step.source, step.drift, step.jump))
    for growth, source, drift, jump in zip(*slices, strict=True):
        distance = _one(distance, growth, source, drift, jump)
        distances.append(distance)
    return torch.stack(distances, dim=1)


def reached_within(starts: Steps, step: LayerSteps) -> Steps:
    """Distances after each layer, (batch, n), from those before each."""
    return _one(starts, step.growth, step.source, step.drift, step.jump)


def _one(E: Tensor, growth: Tensor, source: Tensor, drift: Tensor, jump: Tensor) -> Tensor:
    squares = torch.addcmul(source, growth, (E * E).unsqueeze(-1))
    direct = squares[..., 0].sqrt() + drift
    return torch.minimum(direct, squares[..., 1:].amin(-1).sqrt()) + jump


def values_along(
    regularizer: Regularizer, path: Trajectory, layout: tuple[int, int]
) -> tuple[Numbers, Numbers, Numbers]:
    r"""``R`` before, half-way and after each layer, in float64.

    Parameters
    ----------
    regularizer : Regularizer
    path : (batch, n + 1, d)
    layout : (int, int)
        Cells, and layers in each.

    Returns
    -------
    three of (batch, cells, per)
    """
    of_each = torch.vmap(regularizer.value, in_dims=1, out_dims=1)
    ends = of_each(path).double()
    halves = of_each(0.5 * (path[:, :-1] + path[:, 1:])).double()
    before, after = ends[:, :-1].reshape(-1, *layout), ends[:, 1:].reshape(-1, *layout)
    return before, halves.reshape(-1, *layout), after
