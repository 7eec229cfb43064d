r"""How far two limits are apart whose controls differ (constant 4.8).

``ū`` is driven by ``θ̄`` and ``u`` by ``θ``, each constant on the cells of its own grid, with the same ``A,
f, u0, R``:

    ``sup ‖ū − u‖ <= e^{‖κ⁺‖} (‖(K̄ − K)ū − (c̄ − c)‖ + (C0 + C1 sup‖ū‖) ‖σ̄ − σ‖)``,  norms of ``L¹(0, 1)``,

with ``κ = −λ_min((K + Kᵀ)/2 + σQ)`` of the *second* system (``Q`` the quadratic part of ``R``, if any).
Source: constant 4.8 (exact); it follows from (4.5) in the limit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.controls import common_pieces, distance, norm
from fbscore.errors import require, require_shape
from fbscore.limit.cells import UNIT, cells_of
from fbscore.limit.exact import Exact, exact
from fbscore.lista import AlistaControls, ListaControls
from fbscore.network import AnyControls
from fbscore.operators import magnitudes, operators
from fbscore.shapes import Cells, Scalars
from fbscore.types import Controls, Enclosure, Problem

__all__ = ["ControlError", "control_error", "mean_distance"]

Finer = Float[Tensor, "batch M *shape"]

#: Cells that are taken at once.
BLOCK = 2**12


@dataclass(frozen=True, eq=False)
class ControlError:
    r"""The terms of the bound, each (batch,), in float64.

    Parameters
    ----------
    growth : (batch,)
        ``e^{‖κ⁺‖}``.
    linear, weight : (batch,)
        What ``K, c`` and what ``σ`` contribute, from the ``L¹`` distances of the *products* on the common
        refinement of the grids, in the spectral norm: the bound.
    factored_linear, factored_weight : (batch,)
        The same from ``L²`` norms and distances of the *factors*, never smaller up to round-off:
        ``‖τ̄W̄ − τW‖ <= ‖τ̄ − τ‖‖W̄‖ + ‖τ‖‖W̄ − W‖`` and so for ``τλ``.
    """

    growth: Scalars
    linear: Scalars
    weight: Scalars
    factored_linear: Scalars
    factored_weight: Scalars

    @property
    def bound(self) -> Scalars:
        """``growth (linear + weight) >= sup ‖ū − u‖``; infinite where something overflowed."""
        return _finite_or_inf(self.growth * (self.linear + self.weight))

    @property
    def factored(self) -> Scalars:
        """The bound from the factors."""
        return _finite_or_inf(self.growth * (self.factored_linear + self.factored_weight))


@torch.no_grad()
def control_error(
    problem: Problem, first: AnyControls, second: AnyControls, reached: Enclosure
) -> ControlError:
    r"""Bound the uniform distance of the limits that ``first`` and ``second`` drive.

    Parameters
    ----------
    problem : Problem
    first, second : Controls, ListaControls or AlistaControls
        ``θ̄`` and ``θ``, of one kind, on any two grids.
    reached : Enclosure
        ``ū`` for all times: ``value`` (batch, states, d) with ``radius`` (batch,), as `uniform_certificate`
        gives for ``first``.

    Returns
    -------
    ControlError

    Raises
    ------
    TypeError, ValueError
        The controls are of two kinds or do not match the problem, or ``reached`` has other shapes.
    NotImplementedError
        The regulariser has no growth constants.
    """
    require(type(first) is type(second), "second", type(first).__name__, type(second).__name__, TypeError)
    require_shape("reached.radius", reached.radius, batch=problem.batch)
    states = reached.value
    require_shape("reached.value", states, batch=problem.batch, states=states.shape[1], d=problem.d)
    here, there = exact(problem, first), exact(problem, second)
    sup, misfit = _suprema(here.problem, reached)
    C0, C1 = (C.to(sup).expand(problem.batch) for C in problem.regularizer.growth())
    slope = C0 + C1 * sup
    linear = _linear(here, there, sup, misfit)
    factored, weight = _factored(here.controls, there, sup, misfit)
    return ControlError(
        growth=_growth(there),
        linear=linear,
        weight=slope * _weight(here, there),
        factored_linear=factored,
        factored_weight=slope * weight,
    )


def _suprema(problem: Problem, reached: Enclosure) -> tuple[Scalars, Scalars]:
    """``sup ‖ū‖`` and ``sup ‖Aū − f‖``: convex functions of ``û`` are largest at its nodes."""
    states, radius = reached.value.double(), reached.radius.double()
    residuals = states @ problem.A.mT - problem.f.unsqueeze(1)
    sup = linalg.norm(states).amax(-1) + radius
    misfit = linalg.norm(residuals).amax(-1) + linalg.spectral_norm(problem.A) * radius
    return sup, misfit


def _growth(second: Exact) -> Scalars:
    """``e^{‖κ⁺‖}``, norm of ``L¹``."""
    N, total = second.controls.N, torch.zeros_like(second.problem.u0[:, 0])
    for start in range(0, N, BLOCK):
        part = slice(start, start + BLOCK)
        kappa = cells_of(second.controls, second.problem, part, second.curved).rates[..., 0]
        total = total + kappa.clamp(min=0.0).sum(-1)
    return torch.exp(total / N)


def _linear(first: Exact, second: Exact, sup: Scalars, misfit: Scalars) -> Scalars:
    """``‖(K̄ − K)ū − (c̄ − c)‖``: through ``τ̄W̄ − τW``, where there is such a product, or term by term."""
    here, there = operators(first.controls, first.problem), operators(second.controls, second.problem)
    total = mean_distance(here.K, there.K, linalg.spectral_norm) * sup
    total = total + mean_distance(here.c, there.c, linalg.norm)
    if not isinstance(first.controls, ListaControls):
        products = mean_distance(_gain(first.controls), _gain(second.controls), linalg.spectral_norm)
        total = torch.minimum(total, products * misfit)
    return total + _round_off(first, sup) + _round_off(second, sup)


def _weight(first: Exact, second: Exact) -> Scalars:
    here, there = (operators(x.controls, x.problem).sigma for x in (first, second))
    return mean_distance(here, there, torch.abs) + 2 * UNIT * (here.mean(-1) + there.mean(-1))


def _round_off(x: Exact, sup: Scalars) -> Scalars:
    """Of the products that ``K`` and ``c`` are."""
    K, c = magnitudes(x.controls, x.problem)
    return UNIT * (x.problem.d + x.problem.m + 8) * (K.mean(-1) * sup + c.mean(-1))


def mean_distance(v: Cells, w: Finer, size: Callable[[Tensor], Tensor]) -> Scalars:
    r"""``∫ size(v − w)``, exact for functions on any pair of grids.

    Parameters
    ----------
    v : (batch, N, *shape)
    w : (batch, M, *shape)
    size : callable
        From (batch, pieces, *shape) to (batch, pieces): a norm.

    Returns
    -------
    (batch,)
    """
    N, M = v.shape[1], w.shape[1]
    first, second, lengths = common_pieces(N, M, v.device)
    total = v.new_zeros(v.shape[0])
    for start in range(0, len(lengths), BLOCK):
        part = slice(start, start + BLOCK)
        total = total + (size(v[:, first[part]] - w[:, second[part]]) * lengths[part]).sum(-1)
    return total / (N * M)


def _gain(controls: AnyControls) -> Cells:
    """``τW``."""
    if isinstance(controls, AlistaControls):
        return controls.tau[:, :, None, None] * controls.W[:, None]
    assert isinstance(controls, Controls)
    return controls.tau[:, :, None, None] * controls.W


@singledispatch
def _factored(first: AnyControls, second: Exact, sup: Scalars, misfit: Scalars) -> tuple[Scalars, Scalars]:
    """What the factors give: the linear term, and the ``L²`` distance that bounds ``‖σ̄ − σ‖``."""
    raise TypeError(f"first: expected controls of a known type, got {type(first).__name__}")


@_factored.register
def _(first: Controls, second: Exact, sup: Scalars, misfit: Scalars) -> tuple[Scalars, Scalars]:
    other = second.controls
    assert isinstance(other, Controls)
    gain = _product_distance((first.tau, other.tau), (first.W, other.W))
    return gain * misfit, _product_distance((first.tau, other.tau), (first.lam, other.lam))


@_factored.register
def _(first: AlistaControls, second: Exact, sup: Scalars, misfit: Scalars) -> tuple[Scalars, Scalars]:
    other = second.controls
    assert isinstance(other, AlistaControls)
    constant = (first.W.unsqueeze(1), other.W.unsqueeze(1))
    gain = _product_distance((first.tau, other.tau), constant)
    return gain * misfit, distance(first.lam, other.lam)


@_factored.register
def _(first: ListaControls, second: Exact, sup: Scalars, misfit: Scalars) -> tuple[Scalars, Scalars]:
    other = second.controls
    assert isinstance(other, ListaControls)
    data = distance(first.W1, other.W1) * linalg.norm(second.problem.f)
    return distance(first.W2, other.W2) * sup + data, distance(first.lam, other.lam)


def _product_distance(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> Scalars:
    """``‖ā − a‖‖b̄‖ + ‖a‖‖b̄ − b‖``, norms of ``L²``: no less than ``‖āb̄ − ab‖`` in ``L¹``."""
    return distance(*a) * norm(b[0]) + norm(a[1]) * distance(*b)


def _finite_or_inf(x: Scalars) -> Scalars:
    return torch.where(x.isnan(), torch.inf, x)
