r"""The objective of the deep-layer limit over boxes, from networks of as many layers as it takes.

Around the centre's last state the limits of all points of a box fill a ball, see
`fbscore.learning.branch_and_bound.limit_radii`: the least of the loss on it is one bound.  Where the
regulariser is known entry by entry, the network's own mean value bound less what separates network and
limit, all over the box, is another.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from fbscore.learning.branch_and_bound.box_bounds import (
    BoxBounds,
    mean_value_bound,
    steepest,
    value_bound,
)
from fbscore.learning.branch_and_bound.box_run import Layer
from fbscore.learning.branch_and_bound.limit_radii import Cells, box_radius, centre_radii
from fbscore.learning.branch_and_bound.loss_bounds import Ball, gradient
from fbscore.learning.branch_and_bound.models import Model, Net, Pass, Values, known, net
from fbscore.learning.branch_and_bound.reach import Radii
from fbscore.learning.branch_and_bound.stretch import growth_rate
from fbscore.learning.branch_and_bound.system import System
from fbscore.learning.domain import Domain
from fbscore.learning.limit_objective import limit_objective
from fbscore.learning.objective import AnyProblem, Learning
from fbscore.learning.pieces import Pieces, Points

__all__ = ["LimitModel", "factors", "limit_model"]

#: Layers of the coarsest network, at least.
COARSEST = 16

#: Which of the networks chooses between points: of 128 layers or a few more.
HINTS = 3


@dataclass(frozen=True, eq=False)
class LimitModel(Model):
    r"""``J(θ(x))``.

    Parameters
    ----------
    nets : tuple of Net
        Each of twice as many layers as the one before.
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
        """Number of networks."""
        return len(self.nets)

    def capacity(self, level: int) -> int:
        """That of the network."""
        return self.nets[level].capacity

    def bounds(self, lower: Points, upper: Points, level: int) -> BoxBounds:
        """The better one of the two bounds, and whether more layers would help more than smaller boxes."""
        own, loss = self.nets[level], self.learning.loss
        here = own.start(lower, upper)
        cells = factors(own, here)
        last, *radii = _last(centre_radii(own.own, cells, here.boxes, here.layers))
        radius, alone = (x.mT for x in radii)
        ends = own.ends(last)
        value = loss.value(ends.difference, torch.zeros_like(ends.difference)).mean(1) + here.penalty.lower
        bound = value_bound(loss, ends.difference, Ball.of(radius, ends.difference), here.penalty)
        coarse = (alone.mean(1) > 0.5 * radius.mean(1)) | radius.isinf().any(1)
        end = gradient(loss, ends.difference, ends.ball)
        slopes = own.slopes(here, ends, end)
        if slopes is not None and end is not None and own.form is not None and isinstance(here.layers, list):
            apart = box_radius(own.own, own.form, cells, here.boxes, here.layers)
            lost = (steepest(end) * apart.mT).mean(1)
            mean_value = mean_value_bound(loss, ends, end, slopes, here.penalty, lower, upper)
            other = torch.where(
                lost.isfinite(), mean_value - lost - 4 * own.own.unit * mean_value.abs(), -torch.inf
            )
            coarse = torch.where(other > bound, lost > 0.5 * (value - other), coarse)
            bound = torch.maximum(bound, other)
        return BoxBounds(bound, value, *known(None, lower), coarse)

    def hints(self, x: Points) -> Values:
        """As one of the networks computes it."""
        return self.nets[min(HINTS, len(self.nets) - 1)].trial(x)

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
    while 2 * cells <= layers:
        cells *= 2
        nets.append(net(own, learning, pieces, domain, cells))
    return LimitModel(tuple(nets), problem, learning, pieces, radius)


def factors(own: Net, here: Pass) -> Cells:
    """How gaps, steps and moves of a run over boxes enter the radii."""
    kappa = growth_rate(own.own.M, here.boxes.k_low, here.boxes.k_high)
    return Cells(kappa, here.boxes, 1.0 / own.of.layers)


def _last(steps: Iterable[tuple[Layer, Radii, Radii]]) -> tuple[Layer, Tensor, Tensor]:
    *_, last = steps
    return last
