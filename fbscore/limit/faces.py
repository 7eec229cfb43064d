r"""The pieces of the graph of ``σ ∂R`` on which the limit system is linear.

``R`` has kinks.  On a *face*, some constraints hold with equality (a coordinate rests at 0, neighbours tie)
and their multipliers are free within bounds, every other term is smooth.  There the system reads
``u' = Π (c − K u − pull − stiffness u)`` with an orthogonal projection ``Π``, and ``x = c − K u − u'`` has to
be an element of ``σ ∂R(u)``.  A trajectory stays on the face until a constraint is breached: by the state or
by a multiplier.

``states`` and ``forces`` of shape (batch, d, points) are values of ``u`` and of ``x`` side by side: samples
or control points.  What is bounded by their means and maxima is convex in them.
"""

import abc
import math
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore import linalg
from fbscore.limit.rows import Rows, RowsOfTensors
from fbscore.limit.taylor import Series
from fbscore.shapes import Scalars, State

__all__ = ["Bends", "Breaches", "Face", "Kinks", "Near", "Thresholds"]

Near: TypeAlias = Bool[Tensor, "batch constraints"]
Breaches: TypeAlias = Float[Tensor, "batch constraints points"]
Amounts: TypeAlias = Float[Tensor, "batch points"]


@dataclass(frozen=True, eq=False)
class Face(RowsOfTensors, abc.ABC):
    r"""A face for each instance.

    Parameters
    ----------
    pull, stiffness : (batch, d)
        ``σ p = pull + stiffness u`` for the smooth terms.
    """

    pull: State
    stiffness: State

    @abc.abstractmethod
    def project(self, x: Series) -> Series:
        """``Π``, column by column."""

    @abc.abstractmethod
    def breach(self, states: Series, forces: Series, state_slack: Scalars, force_slack: Scalars) -> Breaches:
        """By how much each constraint is breached, in units of its slack; negative inside."""

    @abc.abstractmethod
    def gap(self, states: Series, forces: Series) -> Amounts:
        r"""Bound, convex in both, on the distance from ``x`` to ``σ ∂R(û)``; ``û`` as in `repair`.

        It does not rely on ``pull`` and ``stiffness``: they made the path that is judged here.
        """

    def spread(self, state_error: Scalars, force_error: Scalars) -> Scalars:
        """By how much `gap` changes at most under such errors of the states and of the forces."""
        return force_error

    @abc.abstractmethod
    def repair(self, series: Series, states: Series, slack: Scalars) -> Scalars:
        r"""Bound on the variation of ``û − p``, jumps to and from it at the ends of the step included.

        ``û`` is the path ``p``, moved to where ``pull`` is a subgradient: a coordinate beyond 0 is put to 0.
        A polynomial crosses no level more often than its control polygon, so the part of it beyond 0 varies
        by ``2 Σ_j`` of the parts of the ``b_j`` at most, both jumps included.  What rests is put to 0 too:
        ``2 Σ_k`` of the coefficients, which are 0 already unless something went wrong.
        """

    @abc.abstractmethod
    def snap(self, u: State, near: Near) -> State:
        """``u`` with the constraints in ``near`` that a state has reached put to equality."""

    @abc.abstractmethod
    def eager(self, near: Near) -> Near:
        """The constraints in ``near`` whose multiplier has reached its bound."""


class Kinks(abc.ABC):
    """A regulariser as its faces."""

    @property
    @abc.abstractmethod
    def constraints(self) -> int:
        """How many may be breached."""

    @abc.abstractmethod
    def largest(self) -> Scalars:
        """Bound on the norms of subgradients of the kinks."""

    @abc.abstractmethod
    def face(self, rows: Rows, u: State, force: State, sigma: Scalars, eager: Near) -> Face:
        r"""The face that the solution enters from ``u``: where its right derivative points.

        Parameters
        ----------
        rows : (batch,)
            Which instances these are.
        u, force : (batch, d)
            State and ``c − K u``.
        sigma : (batch,)
        eager : (batch, constraints)
            Multipliers known to be on their way out though round-off may say otherwise.
        """


@dataclass(frozen=True, eq=False)
class _Signs(Face):
    """``sign`` of the moving coordinates, 0 at rest; ``limit`` is 0 where there is no kink."""

    sign: State
    limit: State

    def project(self, x: Series) -> Series:
        return torch.where(self.sign.unsqueeze(-1) == 0, 0.0, x)

    def breach(self, states: Series, forces: Series, state_slack: Scalars, force_slack: Scalars) -> Breaches:
        sign, limit = self.sign.unsqueeze(-1), self.limit.unsqueeze(-1)
        moving = torch.where(limit == 0, -torch.inf, -sign * states / state_slack[:, None, None])
        return torch.where(sign == 0, (forces.abs() - limit) / force_slack[:, None, None], moving)

    def gap(self, states: Series, forces: Series) -> Amounts:
        sign, limit = self.sign.unsqueeze(-1), self.limit.unsqueeze(-1)
        apart = torch.where(sign == 0, torch.relu(forces.abs() - limit), forces - limit * sign)
        return linalg.norm(apart.mT)

    def repair(self, series: Series, states: Series, slack: Scalars) -> Scalars:
        beyond = torch.relu(slack[:, None, None] - self.sign.unsqueeze(-1) * states).sum(-1)
        beyond = torch.where(self.limit == 0, 0.0, beyond)
        return 2.0 * torch.where(self.sign == 0, series.abs().sum(-1), beyond).sum(-1)

    def snap(self, u: State, near: Near) -> State:
        return torch.where(near & (self.sign != 0), 0.0, u)

    def eager(self, near: Near) -> Near:
        return near & (self.sign == 0)


@dataclass(frozen=True, eq=False)
class Thresholds(Kinks):
    r"""``Σ_i w_i |u_i|``: a coordinate at 0 leaves if ``|c − K u|_i > σ w_i``.

    Parameters
    ----------
    weights : (batch, d)
        ``w >= 0``; all 0 for no kinks at all.
    """

    weights: State

    @property
    def constraints(self) -> int:
        return self.weights.shape[1]

    def largest(self) -> Scalars:
        return linalg.norm(self.weights)

    def face(self, rows: Rows, u: State, force: State, sigma: Scalars, eager: Near) -> Face:
        limit = sigma.unsqueeze(-1) * self.weights[rows]
        resting = (u == 0) & (force.abs() <= limit) & ~eager & (limit > 0)
        sign = torch.where(u == 0, force, u).sign()
        sign = torch.where(resting, 0.0, torch.where(sign == 0, 1.0, sign))
        return _Signs(limit * sign, torch.zeros_like(u), sign, limit)


@dataclass(frozen=True, eq=False)
class _Slopes(Face):
    """``mode`` −1, 0 or 1 as the gradient is −1, ``u_i / width`` or 1; ``steep`` is ``σ / width``."""

    mode: State
    width: Float[Tensor, "batch 1"]
    steep: Float[Tensor, "batch 1"]

    def project(self, x: Series) -> Series:
        return x

    def breach(self, states: Series, forces: Series, state_slack: Scalars, force_slack: Scalars) -> Breaches:
        beyond = self._beyond(states) / state_slack[:, None, None]
        return torch.where(self.steep.unsqueeze(-1) == 0, -torch.inf, beyond)

    def gap(self, states: Series, forces: Series) -> Amounts:
        """The gradient on the wrong side of a bend is off by ``steep`` times the way beyond it."""
        mode, width, steep = (x.unsqueeze(-1) for x in (self.mode, self.width, self.steep))
        on_face = forces - steep * torch.where(mode == 0, states, width * mode)
        return linalg.norm(on_face.mT) + self.steep * linalg.norm(torch.relu(self._beyond(states)).mT)

    def spread(self, state_error: Scalars, force_error: Scalars) -> Scalars:
        return force_error + 2.0 * self.steep.squeeze(-1) * state_error

    def repair(self, series: Series, states: Series, slack: Scalars) -> Scalars:
        return torch.zeros_like(slack)

    def snap(self, u: State, near: Near) -> State:
        return torch.where(near, self.width * u.sign(), u)

    def eager(self, near: Near) -> Near:
        return torch.zeros_like(near)

    def _beyond(self, states: Series) -> Breaches:
        mode, width = self.mode.unsqueeze(-1), self.width.unsqueeze(-1)
        return torch.where(mode == 0, states.abs() - width, width - mode * states)


@dataclass(frozen=True, eq=False)
class Bends(Kinks):
    r"""The Huber function: its gradient ``clip(u_i / width, −1, 1)`` has bends at ``±width``, no jumps.

    Parameters
    ----------
    width : (batch,)
    size : int
        ``d``.
    """

    width: Scalars
    size: int

    @property
    def constraints(self) -> int:
        return self.size

    def largest(self) -> Scalars:
        return torch.full_like(self.width, math.sqrt(self.size))

    def face(self, rows: Rows, u: State, force: State, sigma: Scalars, eager: Near) -> Face:
        width, weight = self.width[rows].unsqueeze(-1), sigma.unsqueeze(-1)
        outward = (force - weight * u.sign()) * u.sign() > 0
        flat = (u.abs() > width) | ((u.abs() == width) & outward)
        mode = torch.where(flat, u.sign(), 0.0)
        steep = weight / width
        stiffness = torch.where(flat, 0.0, steep.expand_as(u))
        return _Slopes(weight * mode, stiffness, mode, width, steep)
