r"""An objective as the search for its minimum sees it: bounds over boxes, values at points."""

import abc
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.learning.branch_and_bound.box_bounds import BoxBounds, Ends, mean_value_bound, value_bound
from fbscore.learning.branch_and_bound.box_run import Layer, resolvent, run
from fbscore.learning.branch_and_bound.box_slopes import SlopeBounds, slope_bounds
from fbscore.learning.branch_and_bound.kinks import Kinked, kinked
from fbscore.learning.branch_and_bound.layer_boxes import Groups, LayerBoxes, groups, layer_boxes
from fbscore.learning.branch_and_bound.loss_bounds import Ball, Gradient, gradient, highest, lowest
from fbscore.learning.branch_and_bound.penalty_bounds import PenaltyBounds, penalty_bounds, sizes
from fbscore.learning.branch_and_bound.reach import Spread, apply, spread
from fbscore.learning.branch_and_bound.stretch import Stretch, stretch
from fbscore.learning.branch_and_bound.system import System
from fbscore.learning.domain import Domain
from fbscore.learning.objective import Learning
from fbscore.learning.pieces import Pieces, Points

__all__ = ["Model", "Net", "NetworkModel", "Pass", "net"]

Values = Float[Tensor, "points"]

#: Numbers that the runs over a batch of boxes may keep.
MEMORY = 2**24


class Model(abc.ABC):
    """An objective and its parametrisation."""

    @abc.abstractmethod
    def bounds(self, lower: Points, upper: Points, level: int) -> BoxBounds:
        """Bounds over boxes; ``level`` says how fine the grid is."""

    @abc.abstractmethod
    def hints(self, x: Points) -> Values:
        """About the objective at points, to choose between them; not certified, NaN perhaps."""

    @abc.abstractmethod
    def certify(self, x: Points) -> tuple[Values, Values]:
        """Lower and upper bounds of the objective at a few points; infinite where nothing is known."""

    @abc.abstractmethod
    def capacity(self, level: int) -> int:
        """How many boxes a run has room for."""

    @property
    @abc.abstractmethod
    def levels(self) -> int:
        """Number of levels."""


@dataclass(frozen=True, eq=False)
class Net:
    r"""The network of some number of layers, for any parameters in the domain.

    Parameters
    ----------
    own : System
    learning : Learning
    of : Groups
        The layers.
    table : Stretch
        Of ``‖I − hkM‖`` over the whole domain.
    form : Kinked or None
        Of the regulariser, where it is known entry by entry.
    F : three of float
        Frobenius norms of the fixed matrices.
    """

    own: System
    learning: Learning
    of: Groups
    table: Stretch
    form: Kinked | None
    F: tuple[float, float, float]

    @cached_property
    def order(self) -> list[int]:
        """The group of every layer."""
        return self.of.each()

    @property
    def capacity(self) -> int:
        """How many boxes a run has room for."""
        d, samples, _ = self.own.u0.shape
        kept = self.of.layers if self.form is not None else 1
        return max(1, MEMORY // (kept * samples * (14 * d + 8)))

    def start(self, lower: Points, upper: Points) -> "Pass":
        """Begin a run over boxes."""
        boxes = layer_boxes(self.of, lower, upper)
        rho = self.table.over(boxes.k_low, boxes.k_high)
        spreading = spread(rho, self.own.M, 1.0 / len(self.order), boxes.k_low, boxes.k_high)
        penalty = penalty_bounds(self.learning, self.of, boxes, self.F)
        layers: Iterable[Layer] = run(self.own, self.form, boxes, self.order, spreading)
        return Pass(boxes, spreading, penalty, list(layers) if self.form is not None else layers)

    def trial(self, x: Points) -> Values:
        """The objective at points, as computed."""
        boxes = layer_boxes(self.of, x, x)
        h, R = 1.0 / len(self.order), self.own.repeated(len(x))
        u = self.own.u0.expand(-1, -1, len(x))
        for j in self.order:
            v = u - (h * boxes.k[j]) * apply(self.own.M, u) + (h * boxes.b[j]) * self.own.q
            u = resolvent(R, v, h * boxes.s[j])
        u, labels = u.permute(2, 1, 0), self.own.labels.permute(2, 1, 0)
        penalty = penalty_bounds(self.learning, self.of, boxes, self.F)
        return self.learning.loss.value(u, labels).mean(1) + penalty.lower

    def ends(self, last: Layer) -> Ends:
        """The last states less the labels, from the last layer."""
        reach, difference = last.after_reach, last.after - self.own.labels
        ball = Ball(reach.norm.mT, reach.entries.permute(2, 1, 0))
        return Ends(difference.permute(2, 1, 0).contiguous(), ball, last.error.mT)

    def slopes(self, of: "Pass", ends: Ends, end: Gradient | None) -> SlopeBounds | None:
        """Derivatives of loss and penalties with respect to ``x``, where they are known."""
        more = of.penalty.slopes
        if self.form is None or end is None or more is None or not isinstance(of.layers, list):
            return None
        loss = slope_bounds(self.own, self.form, self.of, of.boxes, of.spread, of.layers, end.boxes_last())
        return SlopeBounds(*(x + y for x, y in zip(loss, more, strict=True)))


class Pass(NamedTuple):
    """A run over boxes: their layers' numbers, spread and penalties, and the layers, kept or not."""

    boxes: LayerBoxes
    spread: Spread
    penalty: PenaltyBounds
    layers: Iterable[Layer]


def net(own: System, learning: Learning, pieces: Pieces, domain: Domain, cells: int) -> Net:
    """The network of ``cells`` layers."""
    of = groups(pieces, cells)
    whole = layer_boxes(of, domain.lower.unsqueeze(0), domain.upper.unsqueeze(0))
    table = stretch(own.M, 1.0 / cells, float(whole.k_low.min()), float(whole.k_high.max()))
    return Net(own, learning, of, table, kinked(own.regularizer, own.u0[:, :1]), sizes(pieces))


@dataclass(frozen=True, eq=False)
class NetworkModel(Model):
    """``J^N(P_N θ(x))``."""

    net: Net

    @property
    def levels(self) -> int:
        """One: the network is what it is."""
        return 1

    def capacity(self, level: int) -> int:
        """That of the network."""
        return self.net.capacity

    def bounds(self, lower: Points, upper: Points, level: int) -> BoxBounds:
        """The better one of the bounds from the values and from the derivatives."""
        here, loss = self.net.start(lower, upper), self.net.learning.loss
        *_, last = here.layers
        ends = self.net.ends(last)
        bound = value_bound(loss, ends.difference, ends.ball, here.penalty)
        end = gradient(loss, ends.difference, ends.ball)
        slopes = self.net.slopes(here, ends, end)
        if slopes is not None and end is not None:
            other = mean_value_bound(loss, ends, end, slopes, here.penalty, lower, upper)
            bound = torch.maximum(bound, other)
        value = loss.value(ends.difference, torch.zeros_like(ends.difference)).mean(1) + here.penalty.lower
        return BoxBounds(bound, value, *known(slopes, lower), torch.zeros_like(bound, dtype=torch.bool))

    def hints(self, x: Points) -> Values:
        """As the network computes it."""
        return self.net.trial(x)

    def certify(self, x: Points) -> tuple[Values, Values]:
        """From boxes without extent: their radii are round-off."""
        here = self.net.start(x, x)
        *_, last = here.layers
        ends = self.net.ends(last)
        return enclosed(self.net.learning, ends, here.penalty)


def enclosed(learning: Learning, ends: Ends, penalty: PenaltyBounds) -> tuple[Values, Values]:
    """Bounds of the objective from balls around the last states; infinite where something overflowed."""
    low = lowest(learning.loss, ends.difference, ends.ball).mean(1)
    high = highest(learning.loss, ends.difference, ends.ball.norm).mean(1)
    slack = (2 * ends.error.shape[1] + 64) * torch.finfo(low.dtype).eps
    # Losses are not negative, penalties may be: both are rounded before the sum, which is again.
    low, high = (1.0 - slack) * low + penalty.lower, (1.0 + slack) * high + penalty.upper
    low, high = low - slack * low.abs(), high + slack * high.abs()
    return torch.where(low.isnan(), -torch.inf, low), torch.where(high.isnan(), torch.inf, high)


def known(slopes: SlopeBounds | None, like: Points) -> tuple[Tensor, Tensor]:
    """The slopes, or that nothing is known of them."""
    if slopes is None:
        unknown = torch.full_like(like, torch.inf)
        return torch.zeros_like(like), unknown
    lost = ~(slopes.middle.isfinite() & slopes.radius.isfinite())
    return torch.where(lost, 0.0, slopes.middle), torch.where(lost, torch.inf, slopes.radius)
