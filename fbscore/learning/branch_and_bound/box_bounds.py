r"""Lower bounds of an objective over boxes of parameters, from one run at the centre of each.

*Values*: the least of the loss on balls that hold the last states (constant 4.5) plus the least of the
penalties. *Mean value*: ``J(x) >= J(x̃) − Σ_i sup |∂_i J| |x_i − x̃_i|`` where the regulariser is known
entry by entry.  Its error is quadratic in the size of the box, so that few boxes cluster around minimisers.
The better one counts.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore import linalg
from fbscore.learning.branch_and_bound.box_slopes import SlopeBounds
from fbscore.learning.branch_and_bound.loss_bounds import Ball, Gradient, lowest
from fbscore.learning.branch_and_bound.penalty_bounds import PenaltyBounds
from fbscore.learning.losses import Loss
from fbscore.learning.pieces import Points

__all__ = ["BoxBounds", "Ends", "mean_value_bound", "value_bound"]

Numbers = Float[Tensor, "boxes"]
Radii = Float[Tensor, "boxes samples"]
Differences = Float[Tensor, "boxes samples d"]


@dataclass(frozen=True, eq=False)
class BoxBounds:
    r"""What is known of the objective over each box.

    Parameters
    ----------
    lower : (boxes,)
        A lower bound on the closed box; −∞ where nothing is known.
    value : (boxes,)
        At the centre, as computed: a hint only.
    middle, radius : (boxes, P)
        Every derivative over the box is within ``radius`` of ``middle``; infinite where nothing is known.
    coarse : (boxes,)
        Where more layers would raise the bound more than smaller boxes.
    """

    lower: Numbers
    value: Numbers
    middle: Float[Tensor, "boxes P"]
    radius: Float[Tensor, "boxes P"]
    coarse: Bool[Tensor, "boxes"]


@dataclass(frozen=True, eq=False)
class Ends:
    r"""The last states less the labels.

    Parameters
    ----------
    difference : (boxes, samples, d)
        At the centre, as computed.
    ball : Ball
        How far those of any point of the box may be.
    error : (boxes, samples)
        How far the exact one of the centre may be.
    """

    difference: Differences
    ball: Ball
    error: Radii


def value_bound(loss: Loss, difference: Differences, ball: Ball, penalty: PenaltyBounds) -> Numbers:
    """The least of the loss on the balls plus the least of the penalties."""
    # Rounded before the sum, too: a penalty may be negative.
    least = _down(lowest(loss, difference, ball).mean(1), difference)
    return _down(least + penalty.least, difference)


def mean_value_bound(
    loss: Loss,
    ends: Ends,
    end: Gradient,
    slopes: SlopeBounds,
    penalty: PenaltyBounds,
    lower: Points,
    upper: Points,
) -> Numbers:
    """The tangent of a convex loss at the centre, and the penalties, less what their derivatives allow."""
    centre = 0.5 * (lower + upper)
    reach = torch.maximum(upper - centre, centre - lower)
    spread = ((slopes.middle.abs() + slopes.tangent_radius) * reach).sum(-1)
    value = loss.value(ends.difference, torch.zeros_like(ends.difference))
    value = value - _relative(ends.difference) * value.abs()
    # The exact state of the centre is not quite the one whose tangent is taken.
    lost = (linalg.norm(end.value) + end.noise) * ends.error + end.noise * ends.ball.norm
    at_centre = _down((value - lost).mean(1), ends.difference) + penalty.lower
    return _down(at_centre - _up(spread, ends.difference), ends.difference)


def steepest(end: Gradient) -> Radii:
    """The largest slope of the loss on the balls."""
    return linalg.norm(end.value) + end.radius


def _down(x: Numbers, like: Differences) -> Numbers:
    """Rounded down; −∞ where something overflowed, for a box of which nothing is known is kept."""
    lowered = x - _relative(like) * x.abs()
    return torch.where(lowered.isnan(), -torch.inf, lowered)


def _up(x: Numbers, like: Differences) -> Numbers:
    return (1.0 + _relative(like)) * x


def _relative(like: Differences) -> float:
    """Relative round-off of means over samples and of a few sums."""
    return (2 * like.shape[1] + 4 * like.shape[2] + 64) * torch.finfo(like.dtype).eps
