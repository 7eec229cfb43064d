r"""Polynomials in local time, a batch at a time: Taylor series of linear systems, Bernstein control points.

``series`` of shape (batch, d, n + 1) holds the coefficients of ``p(ξ) = Σ_k series[..., k] ξ^k`` on
``0 <= ξ <= 1``, so that ``ξ = t / step``.  Its control points ``b_0, …, b_n`` are the coefficients in the
Bernstein basis ``B_j``: ``B_j >= 0`` and ``Σ_j B_j = 1``, so a convex function ``F`` has
``F(p(ξ)) <= max_j F(b_j)`` and ``∫_0^1 F(p) <= Σ_j F(b_j) / (n + 1)``; ``b_0 = p(0)`` and ``b_n = p(1)``.

References
----------
R. T. Farouki, The Bernstein polynomial basis: a centennial retrospective, Comput. Aided Geom. Des. 29
(2012) 379-419.
"""

import math
from functools import cache
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.shapes import Scalars, Square, State

__all__ = ["DEGREE", "Series", "at", "control_points", "rescale", "solution", "velocity"]

DEGREE = 24
"""Long steps cost few products more: one of length 2.5 over the norm of the matrix is exact to 1e-15."""

Series: TypeAlias = Float[Tensor, "batch d points"]


def solution(u: State, speed: State, M: Square, step: Scalars) -> Series:
    r"""Taylor polynomial of the solution of ``u' = speed − M (u − u(0))`` over one step.

    Parameters
    ----------
    u, speed : (batch, d)
        State and its derivative at the start.
    M : (batch, d, d)
    step : (batch,)

    Returns
    -------
    (batch, d, DEGREE + 1)
        ``u``, then ``(−step M)^{k−1} step speed / k!``, the powers by doubling.
    """
    power = -step[:, None, None] * M
    terms = (step.unsqueeze(-1) * speed).unsqueeze(-1)
    while terms.shape[-1] < DEGREE:
        terms = torch.cat((terms, power @ terms[..., : DEGREE - terms.shape[-1]]), dim=-1)
        power = power @ power if terms.shape[-1] < DEGREE else power
    return torch.cat((u.unsqueeze(-1), terms * _inverse_factorials(u.device)), dim=-1)


def velocity(series: Series, step: Scalars) -> Series:
    """``p'`` in time, ``p'(ξ) / step``, padded to the same number of coefficients."""
    slopes = series * _orders(series.shape[-1], series.device)
    return torch.nn.functional.pad(slopes[..., 1:], (0, 1)) / step[:, None, None]


def rescale(series: Series, fraction: Scalars) -> Series:
    """``p(fraction ξ)``: the same polynomial on the first part of the step."""
    return series * _powers(fraction, series.shape[-1]).unsqueeze(1)


def at(series: Series, points: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch d samples"]:
    """Values of ``p`` at points of [0, 1]."""
    return series @ _powers(points, series.shape[-1]).mT


def control_points(series: Series) -> Series:
    r"""``b_j = Σ_{k <= j} C(j, k) / C(n, k) a_k``."""
    return series @ _to_bernstein(series.shape[-1] - 1, series.device)


def _powers(x: Float[Tensor, "*points"], count: int) -> Float[Tensor, "*points count"]:
    """``1, x, x², …`` by running products: faster than powers."""
    factors = x.unsqueeze(-1).repeat(*(1 for _ in x.shape), count)
    factors[..., 0] = 1.0
    return factors.cumprod(-1)


@cache
def _orders(count: int, device: torch.device) -> Float[Tensor, "count"]:
    return torch.arange(count, dtype=torch.float64, device=device)


@cache
def _inverse_factorials(device: torch.device) -> Float[Tensor, "degree"]:
    values = [1.0 / math.factorial(k) for k in range(1, DEGREE + 1)]
    return torch.tensor(values, dtype=torch.float64, device=device)


@cache
def _to_bernstein(n: int, device: torch.device) -> Float[Tensor, "k j"]:
    rows = [[math.comb(j, k) / math.comb(n, k) for j in range(n + 1)] for k in range(n + 1)]
    return torch.tensor(rows, dtype=torch.float64, device=device)
