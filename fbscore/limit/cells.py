r"""What each cell of the controls contributes to the certificate of a network.

On a cell let ``e = û − u``, ``Δ = u_{n+1} − u_n``, ``s = (t − t_n)/h``, ``R = S + ½⟨·, Q·⟩`` and ``D̂`` the
Bregman gap of ``S`` at ``û``.  Then, with ``G = (K + Kᵀ)/2 + σQ`` and ``r(s) = sKΔ − (1 − s)σQΔ``,

    ``½ (‖e‖²)' <= −⟨Ge, e⟩ + ⟨r, e⟩ + σD̂``.

Two ways to go on, each exact, and each cell may take the better one:

* *direct*: ``−⟨Ge, e⟩ <= κ‖e‖²``, ``κ = −λ_min(G)``, gives ``E(1) <= √(e^{2κh}E(0)² + a) + b`` with
  ``a' = 2κa + 2σD̂``, ``b' = κb + ‖r‖``;
* *relaxed* by ``γ > 0``: ``−⟨Ge, e⟩ + ⟨r, e⟩ <= (κ + γ)‖e‖² + ¼ Σ_i r_i²/(g_i + κ + γ)`` in an orthonormal
  eigenbasis of ``G``, so that ``E² `` solves a linear equation: what ``K`` contracts counts less.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.limit.curvature import Curvature
from fbscore.limit.moments import moments
from fbscore.operators import Operators, magnitudes, operators
from fbscore.shapes import Steps
from fbscore.types import Problem

__all__ = ["Cells", "Weights", "cells_of", "weights"]

#: ``γ`` of the relaxed ways.  The best one is ``‖r‖/2E`` if all of ``G`` is alike, smaller if ``r`` lies
#: where ``G`` contracts.  On random networks four times as many, from 1/256 to 256, gain 1 to 2 per cent.
RELAXATIONS = tuple(4.0**j for j in range(-3, 3))

#: Unit round-off of float64, in which all certificates are computed.
UNIT = 2.0**-53

Ways = Float[Tensor, "batch cells ways"]
Matrices = Float[Tensor, "batch cells d d"]


@dataclass(frozen=True, eq=False)
class Cells:
    r"""Operators of a few cells of the controls in float64, and their spectra.

    Parameters
    ----------
    operators : Operators
    K_size, c_size : (batch, cells)
        Norms behind ``K`` and ``c``.
    explicit, implicit : (batch, cells, d, d)
        ``VᵀK`` and ``−σVᵀQ``, ``V`` the eigenvectors of ``G``.
    rates : (batch, cells, 1 + relaxations)
        ``κ``, and ``κ + γ`` for each ``γ``; raised by their round-off.
    pulls : (batch, cells, relaxations, d)
        ``1/(g_i + κ + γ)``.
    """

    operators: Operators
    K_size: Steps
    c_size: Steps
    explicit: Matrices
    implicit: Matrices | None
    rates: Ways
    pulls: Float[Tensor, "batch cells relaxations d"]


@dataclass(frozen=True, eq=False)
class Weights:
    r"""How the terms of a layer enter the bound at its end, for each way: linear equations solved exactly.

    Parameters
    ----------
    growth : (batch, cells, ways)
        ``e^{2ρh}`` for the rate ``ρ``.
    gap : (batch, cells, ways, 3)
        Of ``hσD̂`` at the beginning and in the middle of the layer, linear between and 0 at the end, and of a
        constant.
    drift : (batch, cells, 3)
        Of ``‖r‖`` at the beginning, in the middle and at the end, linear between: the direct way.
    squares : (batch, cells, ways, 3)
        Of ``r_i(0)²``, ``r_i(0)r_i(1)`` and ``r_i(1)²``: the relaxed ways.
    """

    growth: Ways
    gap: Float[Tensor, "batch cells ways 3"]
    drift: Float[Tensor, "batch cells 3"]
    squares: Float[Tensor, "batch cells ways 3"]


def cells_of(controls: Any, problem: Problem, part: slice, curved: Curvature | None) -> Cells:
    r"""The operators and spectra of some cells.

    Parameters
    ----------
    controls, problem
        In float64.
    part : slice
        Which cells of the controls.
    curved : Curvature or None
        The quadratic part of ``R``.

    Returns
    -------
    Cells
    """
    own = operators(controls, problem, part)
    K_size, c_size = magnitudes(controls, problem, part)
    form, size, implicit = (own.K + own.K.mT) / 2, K_size, None
    if curved is not None:
        bent = own.sigma[:, :, None, None] * curved.Q[:, None]
        form, size = form + bent, size + linalg.norm(bent.flatten(2))
    g, V = linalg.symmetric_eigen(form)
    if curved is not None:
        implicit = -own.sigma[:, :, None, None] * (V.mT @ curved.Q[:, None])
    # Lower than any eigenvalue can be: products of length m, sums and the decomposition itself.
    g = g - (UNIT * (16 * problem.d + problem.m) * size).unsqueeze(-1)
    relaxation = g.new_tensor(RELAXATIONS)
    pulls = 1.0 / ((g - g[..., :1]).unsqueeze(-2) + relaxation.unsqueeze(-1))
    rates = -g[..., :1] + torch.cat((g.new_zeros(1), relaxation))
    return Cells(own, K_size, c_size, V.mT @ own.K, implicit, rates, pulls)


def weights(rates: Ways, h: float) -> Weights:
    r"""The weights of the terms of a layer.

    Parameters
    ----------
    rates : (batch, cells, ways)
    h : float
        Length of a layer.

    Returns
    -------
    Weights
    """
    zeroth, first, second = moments(2.0 * h * rates)
    beginning, middle, _ = _nodes(h * rates).unbind(-1)
    gap = 2.0 * torch.stack((beginning, middle, zeroth), dim=-1)
    squares = (0.5 * h) * torch.stack((zeroth - 2.0 * first + second, 2.0 * (first - second), second), dim=-1)
    drift = h * _nodes(0.5 * h * rates[..., 0])
    return Weights(torch.exp(2.0 * h * rates), gap, drift, squares)


def _nodes(y: Float[Tensor, "*n"]) -> Float[Tensor, "*n 3"]:
    r"""Weights of ``f(0), f(½), f(1)`` in ``∫₀¹ e^{2y(1−s)} f(s) ds`` for ``f`` linear on either half."""
    zeroth, first, _ = moments(y)
    falling, growth = zeroth - first, torch.exp(y)
    return 0.5 * torch.stack((growth * falling, growth * first + falling, first), dim=-1)
