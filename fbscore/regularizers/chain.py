r"""Proximal map of weighted differences along a chain, ``Σ_i w_i |u_{i+1} − u_i|``, exact and in batches.

Dynamic programming over the coordinates.  Let ``M_i(x)`` be the least value of the terms in ``u_1, …, u_i``
of ``½‖u − v‖² + Σ w_i |u_{i+1} − u_i|`` given ``u_{i+1} = x``.  Its derivative is that of
``M_{i−1}(x) + ½(x − v_i)²`` clipped to ``[−w_i, w_i]``: a nondecreasing, piecewise linear function, kept as
its values at sorted knots.  The two points where the clip begins are the new outermost knots and the bounds
of ``u_i``: going back, ``u_i`` is ``u_{i+1}`` clipped to them.  So entries that tie do so exactly.

All instances take the same steps, ``2d`` of them on at most ``2d`` knots: no branch, no wait for the device.
The result of the two sweeps tells the plateaus; their levels are then computed afresh from ``v`` and ``w``,
which makes them accurate and differentiable.

References
----------
N. A. Johnson, J. Comput. Graph. Stat. 22 (2013) 246-260: the dynamic programme.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from fbscore.shapes import State

__all__ = ["chain_prox", "plateaus"]


def chain_prox(v: State, weights: Float[Tensor, "batch edges"]) -> State:
    r"""``argmin_u ½‖u − v‖² + Σ_i w_i |u_{i+1} − u_i|``.

    Parameters
    ----------
    v : (batch, d)
    weights : (batch, d − 1)
        ``w >= 0``.

    Returns
    -------
    (batch, d)
        Entries of a plateau are equal exactly.  Differentiable in ``v`` and ``weights`` away from kinks.
    """
    if v.shape[1] == 1:
        return v
    with torch.no_grad():
        # No dual variable exceeds d times the range of v: larger weights add nothing but round-off.
        low, high = torch.aminmax(v, dim=-1, keepdim=True)
        swept = _sweeps(v, torch.minimum(weights, v.shape[1] * (high - low)))
    u = _levels(v, weights, swept)
    # Levels closer than round-off may change places: such an instance keeps what the sweeps gave.
    turned = (u.detach().diff(dim=-1).sign() * swept.diff(dim=-1).sign() < 0).any(-1, keepdim=True)
    return torch.where(turned, u + (swept - u).detach(), u)


def plateaus(u: State) -> tuple[Int[Tensor, "batch d"], Int[Tensor, "batch d"]]:
    """First and last index of the run of equal entries that each entry belongs to."""
    d = u.shape[1]
    index = torch.arange(d, device=u.device)
    jump = u.diff(dim=-1) != 0
    first = torch.where(pad(jump, (1, 0), value=True), index, 0).cummax(-1).values
    last = torch.where(pad(jump, (0, 1), value=True), index, d - 1).flip(-1).cummin(-1).values.flip(-1)
    return first, last


def _sweeps(v: State, weights: Float[Tensor, "batch edges"]) -> State:
    """Solution by one sweep forwards, which finds bounds, and one backwards, which clips to them."""
    points, limits = torch.unbind(v.unsqueeze(-1), dim=1), torch.unbind(weights.unsqueeze(-1), dim=1)
    bounds = [(points[0] - limits[0], points[0] + limits[0])]
    knots = torch.cat(bounds[0], dim=-1)
    slopes = torch.cat((-limits[0], limits[0]), dim=-1)
    for point, limit in zip(points[1:-1], limits[1:], strict=True):
        slopes = slopes + (knots - point)
        low, high = _crossing(knots, slopes, -limit), _crossing(knots, slopes, limit)
        bounds.append((low, high))
        knots = torch.cat((low, torch.clamp(knots, low, high), high), dim=-1)
        slopes = torch.cat((-limit, torch.clamp(slopes, -limit, limit), limit), dim=-1)
    u = [_crossing(knots, slopes + (knots - points[-1]), torch.zeros_like(points[-1]))]
    for low, high in reversed(bounds):
        u.append(torch.clamp(u[-1], low, high))
    return torch.cat(u[::-1], dim=-1)


def _crossing(
    knots: Float[Tensor, "batch n"], slopes: Float[Tensor, "batch n"], level: Float[Tensor, "batch 1"]
) -> Float[Tensor, "batch 1"]:
    """Where the function with these values at the knots, of slope 1 outside them, is ``level``."""
    n = knots.shape[1]
    count = (slopes < level).sum(-1, keepdim=True)
    left, right = (count - 1).clamp(min=0), count.clamp(max=n - 1)
    z, g = knots.gather(-1, left), slopes.gather(-1, left)
    width, rise = knots.gather(-1, right) - z, slopes.gather(-1, right) - g
    outside = left == right
    return z + (level - g) * torch.where(outside, 1.0, width / torch.where(outside, 1.0, rise))


def _levels(v: State, weights: Float[Tensor, "batch edges"], u: State) -> State:
    """Levels of the plateaus of ``u``: the mean of ``v`` plus the pull at both ends over the length.

    Means are those of deviations from the first entry, so that a constant stays exactly constant.
    """
    first, last = plateaus(u)
    pull = pad(weights * u.diff(dim=-1).sign(), (1, 1))
    anchor = v.gather(-1, first)
    sums = _running_sums(v - anchor, first).gather(-1, last)
    return anchor + (sums + (pull.gather(-1, last + 1) - pull.gather(-1, first))) / (last - first + 1)


def _running_sums(x: State, first: Int[Tensor, "batch d"]) -> State:
    """Sums from the start of each plateau, by doubling: no sum reaches beyond its own plateau."""
    d, reach = x.shape[1], 1
    index = torch.arange(d, device=x.device)
    while reach < d:
        earlier = pad(x[:, :-reach], (reach, 0))
        x = x + torch.where(index - reach >= first, earlier, 0.0)
        reach *= 2
    return x
