r"""The objective of the deep-layer limit over boxes, from networks of as many layers as it takes.

Around the centre's last state the limits of all points of a box fill a ball, see
`fbscore.learning.branch_and_bound.limit_radii`: the least of the loss on it is one bound.  Where the
regulariser is known entry by entry, the network's own mean value bound less what separates network and
limit, all over the box, is another.  Both end where the layers do: the last level takes the limit of the
centre itself, from event to event, and the ball around it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fbscore.learning.branch_and_bound.box_bounds import (
    BoxBounds,
    Ends,
    mean_value_bound,
    steepest,
    value_bound,
)
from fbscore.learning.branch_and_bound.box_run import Layer
from fbscore.learning.branch_and_bound.limit_radii import Cells, Radii3, box_radius, centre_radii
from fbscore.learning.branch_and_bound.loss_bounds import Ball, gradient
from fbscore.learning.branch_and_bound.models import Model, Net, Pass, Values, known, net
from fbscore.learning.branch_and_bound.stretch import growth_rate
from fbscore.learning.branch_and_bound.system import System
from fbscore.learning.domain import Domain
from fbscore.learning.limit_objective import limit_objective
from fbscore.learning.objective import AnyProblem, Learning
from fbscore.learning.pieces import Pieces, Points
from fbscore.limit.batches import problem_of
from fbscore.limit.event_steps import event_steps, supports
from fbscore.types import Enclosure, Problem

__all__ = ["LimitModel", "cells_of", "limit_model"]

#: Layers of the coarsest network, at least.
COARSEST = 16

#: How much deeper each network is than the one before.
FACTOR = 4

#: Which of the networks chooses between points: of 64 layers or a few more.
HINTS = 1


@dataclass(frozen=True, eq=False)
class LimitModel(Model):
    r"""``J(θ(x))``.

    Parameters
    ----------
    nets : tuple of Net
        Each of `FACTOR` times as many layers as the one before.
    problem, learning, pieces
        As the networks have them.
    radius : float
        Requested of ``u(1)`` at single points.
    """

    nets: tuple[Net, ...]
    problem: AnyProblem
    learning: Learning
    pieces: Pieces
    radius: float

    @property
    def levels(self) -> int:
        """Number of networks, and one for the limit itself if events lead to it."""
        return len(self.nets) + supports(self.problem.regularizer)

    def capacity(self, level: int) -> int:
        """That of the network."""
        return self._net(level).capacity

    def bounds(self, lower: Points, upper: Points, level: int) -> BoxBounds:
        """The best one of the bounds, and whether more layers would help more than smaller boxes."""
        own, loss = self._net(level), self.learning.loss
        here = own.start(lower, upper)
        cells = cells_of(own, here)
        last, found = _last(centre_radii(own.own, cells, here.boxes, here.layers))
        around, alone, apart = (x.mT for x in found)
        ends = own.ends(last)
        value = loss.value(ends.difference, torch.zeros_like(ends.difference)).mean(1) + here.penalty.lower
        bound = value_bound(loss, ends.difference, Ball.of(around, ends.difference), here.penalty)
        coarse = (alone.mean(1) > 0.5 * around.mean(1)) | around.isinf().any(1)
        slopes_bound = self._mean_value(own, here, cells, ends, lower, upper)
        if slopes_bound is not None:
            other, lost = slopes_bound
            coarse = torch.where(other > bound, lost > 0.5 * (value - other), coarse)
            bound = torch.maximum(bound, other)
        if level == len(self.nets):
            centre = self._limits(0.5 * (lower + upper))
            difference = centre.value - self.learning.labels.reshape(1, -1, self.problem.d)
            ball = Ball.of(centre.radius + apart, difference)
            bound = torch.maximum(bound, value_bound(loss, difference, ball, here.penalty))
            value = loss.value(difference, torch.zeros_like(difference)).mean(1) + here.penalty.lower
        return BoxBounds(bound, value, *known(None, lower), coarse)

    def _mean_value(
        self, own: Net, here: Pass, cells: Cells, ends: Ends, lower: Points, upper: Points
    ) -> tuple[Tensor, Tensor] | None:
        """The network's mean value bound less what the limit may be lower, and the latter."""
        loss = self.learning.loss
        end = gradient(loss, ends.difference, ends.ball)
        slopes = own.slopes(here, ends, end)
        if slopes is None or end is None or own.form is None:
            return None
        apart = box_radius(own.own, own.form, cells, here.boxes, here.layers)
        lost = (steepest(end) * apart.mT).mean(1)
        bound = mean_value_bound(loss, ends, end, slopes, here.penalty, lower, upper)
        lowered = bound - lost - 4 * own.own.unit * bound.abs()
        return torch.where(lowered.isnan(), -torch.inf, lowered), lost

    def _net(self, level: int) -> Net:
        """The last level needs trajectories only to weigh what is small."""
        return self.nets[level] if level < len(self.nets) else self._trial

    @property
    def _trial(self) -> Net:
        return self.nets[min(HINTS, len(self.nets) - 1)]

    def _limits(self, x: Points) -> Enclosure:
        """``u(1)`` at points: value (points, samples, d), radius (points, samples)."""
        problem = self.problem
        f, u0 = problem.f.flatten(0, -2), problem.u0.flatten(0, -2)
        samples = len(u0)
        rows = torch.zeros(len(x) * samples, dtype=torch.long, device=x.device)
        each = problem_of(Problem(problem.A, f[:1], u0[:1], problem.regularizer), rows)
        each = replace(each, f=f.repeat(len(x), 1), u0=u0.repeat(len(x), 1))
        controls = self.pieces.controls(x.repeat_interleave(samples, 0), self.pieces.cells)
        found = event_steps(each, controls)
        return Enclosure(found.value.reshape(len(x), samples, -1), found.radius.reshape(len(x), samples))

    def hints(self, x: Points) -> Values:
        """As one of the networks computes it."""
        return self._trial.trial(x)

    def certify(self, x: Points) -> tuple[Values, Values]:
        """By the solver of the limit, point by point."""
        cells = self.pieces.cells
        found = [
            limit_objective(self.problem, self.pieces.controls(point, cells), self.learning, self.radius)
            for point in x.unsqueeze(1)
        ]
        value, radius = (
            torch.cat(parts) for parts in zip(*((y.value, y.radius) for y in found), strict=True)
        )
        slack = 8 * torch.finfo(value.dtype).eps * value.abs()
        known = radius.isfinite()
        return (
            torch.where(known, value - radius - slack, -torch.inf),
            torch.where(known, value + radius + slack, torch.inf),
        )


def limit_model(
    own: System,
    problem: AnyProblem,
    learning: Learning,
    pieces: Pieces,
    domain: Domain,
    layers: int,
    radius: float,
) -> LimitModel:
    """Networks of up to about ``layers`` layers."""
    cells = pieces.cells * -(-COARSEST // pieces.cells)
    nets = [net(own, learning, pieces, domain, cells)]
    while FACTOR * cells <= layers:
        cells *= FACTOR
        nets.append(net(own, learning, pieces, domain, cells))
    return LimitModel(tuple(nets), problem, learning, pieces, radius)


def cells_of(own: Net, here: Pass) -> Cells:
    """How gaps, steps and moves of a run over boxes enter the radii."""
    kappa = growth_rate(own.own.M, here.boxes.k_low, here.boxes.k_high)
    return Cells(kappa, here.boxes, 1.0 / own.of.layers)


def _last(steps: Iterable[tuple[Layer, Radii3]]) -> tuple[Layer, Radii3]:
    *_, last = steps
    return last
