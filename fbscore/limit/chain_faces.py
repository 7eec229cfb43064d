r"""The faces of the total variation along a chain, ``Σ_i |u_{i+1} − u_i|``.

A face is a partition of the chain into plateaus and the sign of each jump between them.  ``σ p = Lᵀ ζ`` with
``(L u)_i = u_{i+1} − u_i``; ``ζ_i`` is ``±σ`` at a jump and free in ``[−σ, σ]`` within a plateau.  The
projection takes the mean over each plateau.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.limit.faces import Amounts, Breaches, Face, Kinks, Near
from fbscore.limit.rows import Rows
from fbscore.limit.taylor import Series
from fbscore.regularizers.chain import chain_prox, plateaus
from fbscore.shapes import Scalars, Square, State

__all__ = ["Chain"]

Edges = Float[Tensor, "batch edges"]

EAGERNESS = 1e-11
"""Share by which the weight of an eager edge is lowered: round-off is far below, a decision far above."""


@dataclass(frozen=True, eq=False)
class _Plateaus(Face):
    """``sign`` of each jump, 0 within a plateau; ``mean`` is the projection; ``limit`` is ``σ``."""

    sign: Edges
    mean: Square
    limit: Float[Tensor, "batch 1"]

    def project(self, x: Series) -> Series:
        return self.mean @ x

    def breach(self, states: Series, forces: Series, state_slack: Scalars, force_slack: Scalars) -> Breaches:
        """A difference doubles an error; a running sum of ``d`` terms multiplies it by ``√d`` at most."""
        size = states.shape[1]
        sign, limit = self.sign.unsqueeze(-1), self.limit.unsqueeze(-1)
        apart = -sign * states.diff(dim=1) / (2.0 * state_slack[:, None, None])
        apart = torch.where(limit == 0, -torch.inf, apart)
        inner = (_tension(forces).abs() - limit) / (math.sqrt(size) * force_slack[:, None, None])
        return torch.where(sign == 0, inner, apart)

    def gap(self, states: Series, forces: Series) -> Amounts:
        """``‖L‖ <= 2`` times the distance of ``ζ`` to its bounds, and what ``Lᵀ ζ`` leaves: ``Σ x``."""
        tension, limit = _tension(forces), self.limit.unsqueeze(-1)
        within = torch.relu(tension.abs() - limit)
        off = torch.where(self.sign.unsqueeze(-1) == 0, within, tension - limit * self.sign.unsqueeze(-1))
        return 2.0 * linalg.norm(off.mT) + forces.sum(1).abs()

    def spread(self, state_error: Scalars, force_error: Scalars) -> Scalars:
        """Running sums have norm ``d`` at most, a sum ``√d``."""
        return (2.0 * self.mean.shape[1] + math.sqrt(self.mean.shape[1])) * force_error

    def repair(self, series: Series, states: Series, slack: Scalars) -> Scalars:
        r"""Differences are moved by ``Lᵀ(L Lᵀ)⁻¹``, of norm ``1 / (2 sin(π / 2d))``."""
        beyond = torch.relu(2.0 * slack[:, None, None] - self.sign.unsqueeze(-1) * states.diff(dim=1)).sum(-1)
        beyond = torch.where(self.limit == 0, 0.0, beyond)
        untied = series.diff(dim=1).abs().sum(-1)
        moved = 2.0 * torch.where(self.sign == 0, untied, beyond).sum(-1)
        return moved / (2.0 * math.sin(math.pi / (2 * states.shape[1])))

    def snap(self, u: State, near: Near) -> State:
        """Edges that close merge their plateaus at the mean; every plateau ties exactly."""
        return _level(u, (self.sign == 0) | near)

    def eager(self, near: Near) -> Near:
        return near & (self.sign == 0)


@dataclass(frozen=True, eq=False)
class Chain(Kinks):
    r"""Total variation in ``R^d``, ``d >= 2``.

    Parameters
    ----------
    like : (batch, d)
        Only its shape, dtype and device count.
    """

    like: State

    @property
    def constraints(self) -> int:
        return self.like.shape[1] - 1

    def largest(self) -> Scalars:
        return torch.full_like(self.like[:, 0], math.sqrt(4 * self.like.shape[1] - 6))

    def face(self, rows: Rows, u: State, force: State, sigma: Scalars, eager: Near) -> Face:
        r"""The right derivative is ``prox`` of the directional derivative ``σ R'(u; ·)`` at ``c − K u``."""
        limit = sigma.unsqueeze(-1)
        rise = u.diff(dim=-1).sign()
        tied = (rise == 0) & (limit > 0)
        weights = torch.where(tied, limit * (1.0 - EAGERNESS * eager), 0.0)
        onward = chain_prox(force - _pull(limit * rise), weights).diff(dim=-1).sign()
        sign = torch.where(tied, onward, torch.where(rise == 0, 1.0, rise))
        held = sign == 0
        pull = _pull(limit * sign)
        return _Plateaus(pull, torch.zeros_like(u), sign, _mean(held, u), limit)


def _tension(forces: Series) -> Breaches:
    """``ζ`` with ``Lᵀ ζ = x``, up to the sum of ``x``."""
    return -forces[:, :-1].cumsum(1)


def _pull(zeta: Edges) -> State:
    """``Lᵀ ζ``."""
    return -torch.nn.functional.pad(zeta, (1, 1)).diff(dim=-1)


def _mean(held: Near, u: State) -> Square:
    """Matrices that take the mean over each plateau."""
    label = torch.nn.functional.pad(~held, (1, 0)).cumsum(-1)
    same = (label.unsqueeze(-1) == label.unsqueeze(-2)).to(u)
    return same / same.sum(-1, keepdim=True)


def _level(u: State, held: Near) -> State:
    """``u`` with its mean on each plateau, the same number throughout."""
    label = torch.nn.functional.pad(~held, (1, 0)).cumsum(-1)
    first, _ = plateaus(label.to(u))
    return linalg.matvec(_mean(held, u), u).gather(-1, first)
