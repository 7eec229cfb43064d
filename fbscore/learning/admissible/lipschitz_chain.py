r"""The nearest sequence with bounded differences and bounded values, exact and in batches.

Dynamic programming over the cells.  Let ``M_i(x)`` be the least value of ``½ Σ_{j<=i} (u_j − v_j)²`` under
the constraints, given ``u_i = x``.  With ``m_i`` its minimiser, the least value given ``u_{i+1} = x`` has the
derivative of ``M_i`` with its halves moved apart by the step: 0 on ``[m_i − step, m_i + step]``, to the left
of it ``M_i'(x + step)``, to the right ``M_i'(x − step)``.  ``M_{i+1}'`` adds ``x − v_{i+1}``: nondecreasing
and piecewise linear, kept as its values at sorted knots.  Going back, ``u_i`` is ``m_i`` clipped to
``u_{i+1} ± step``.

The bounds only clip ``m_i``: what becomes of the derivative beyond them is never looked at.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.shapes import Scalars, Steps

__all__ = ["lipschitz_chain"]

Knots = Float[Tensor, "batch n"]
More = Float[Tensor, "batch n+4"]
Point = Float[Tensor, "batch 1"]


def lipschitz_chain(v: Steps, step: Scalars, lower: Float[Tensor, "*"], upper: Float[Tensor, "*"]) -> Steps:
    r"""``argmin ½‖u − v‖²`` over ``|u_{i+1} − u_i| <= step``, ``lower <= u <= upper``.

    Parameters
    ----------
    v : (batch, N)
    step : (batch,)
        ``>= 0``.
    lower, upper : (batch, 1) or (1, 1)
        ``lower <= upper``, infinite where there is no bound.

    Returns
    -------
    (batch, N)
    """
    points, step = torch.unbind(v.unsqueeze(-1), dim=1), step.unsqueeze(-1)
    knots, slopes = points[0], torch.zeros_like(points[0])
    best = [_clip(points[0], lower, upper)]
    for i, point in enumerate(points[1:], start=1):
        knots, slopes = _apart(knots, slopes, float(i), best[-1], step)
        slopes = slopes + (knots - point)
        best.append(_clip(_zero(knots, slopes, float(i + 1)), lower, upper))
    u = [best[-1]]
    for m in best[-2::-1]:
        u.append(_clip(m, u[-1] - step, u[-1] + step))
    return torch.cat(u[::-1], dim=-1)


def _clip(x: Point, lower: Tensor, upper: Tensor) -> Point:
    return torch.minimum(torch.maximum(x, lower), upper)


def _apart(knots: Knots, slopes: Knots, outer: float, m: Point, step: Point) -> tuple[More, More]:
    """The derivative with its two halves, left and right of ``m``, moved apart by ``step`` each way.

    Both the knots and the values stay sorted, so that they can be sorted each by themselves.
    """
    below = torch.clamp(_value(knots, slopes, outer, m, right=False), max=0.0)
    above = torch.clamp(_value(knots, slopes, outer, m, right=True), min=0.0)
    left = (knots < m) | ((knots == m) & (slopes <= 0.0))
    moved = torch.where(left, knots - step, knots + step)
    values = torch.where(left, torch.clamp(slopes, max=0.0), torch.clamp(slopes, min=0.0))
    zero = torch.zeros_like(m)
    knots = torch.cat((moved, m - step, m - step, m + step, m + step), dim=-1)
    return knots.sort(-1).values, torch.cat((values, below, zero, zero, above), dim=-1).sort(-1).values


def _value(knots: Knots, slopes: Knots, outer: float, x: Point, right: bool) -> Point:
    """The limit at ``x`` from the left or from the right; outside the knots the slope is ``outer``."""
    count = (knots <= x if right else knots < x).sum(-1, keepdim=True)
    z, g, width, rise, outside = _segment(knots, slopes, count)
    slope = torch.where(outside | (width == 0), outer, rise / torch.where(width == 0, 1.0, width))
    return g + slope * (x - z)


def _zero(knots: Knots, slopes: Knots, outer: float) -> Point:
    """Where the derivative is 0."""
    count = (slopes < 0.0).sum(-1, keepdim=True)
    z, g, width, rise, outside = _segment(knots, slopes, count)
    return z - g * torch.where(outside, 1.0 / outer, width / torch.where(outside, 1.0, rise))


def _segment(knots: Knots, slopes: Knots, count: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Left end, value there, width and rise of the segment after ``count`` knots; whether it is outside."""
    n = knots.shape[1]
    first, last = (count - 1).clamp(min=0), count.clamp(max=n - 1)
    z, g = knots.gather(-1, first), slopes.gather(-1, first)
    return z, g, knots.gather(-1, last) - z, slopes.gather(-1, last) - g, first == last
