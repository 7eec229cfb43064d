r"""Bounds for sequences of functions and of subgradients: Lemmas 3.3 and 3.4, Theorem A.1, from the raw data.

As `claims.constants`, of which this is the continuation: nothing here comes from `fbscore`, and everything
works on float64 tensors and in ball arithmetic.  The proofs are in ``docs/mathematics.md``, section 8; all
displayed formulas are *reconstructed*.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from claims.constants import Terms
from claims.kit.arithmetic import (
    Array,
    constant,
    is_ball,
    maximum,
    norm,
    sqrt,
    stack,
    where,
    zeros,
)
from claims.kit.instances import Regularizer, WeightPair
from claims.kit.sequence_instances import ConvergentSequence, FunctionSequence, GraphSequence, IntervalMap
from claims.oracle import elementary
from claims.regularizer_constants import growth, resolvent, value

# ---------------------------------------------------------------- Lemma 3.3


def family_distance(variation: Array, cells: int) -> Array:
    r"""Return V/(2√N), a bound on dist(v, range E_N) for all v of variation ≤ V, (batch,).

    Sharp: one jump in the middle of a cell.
    """
    return variation / (2 * sqrt(constant(variation, float(cells))))


def neighbour_squares(values: Array) -> Array:
    """Return ‖v_{i+1} − v_i‖² in L²(0,1), (batch, m − 1), of members (batch, m, M, k)."""
    moved = values[:, 1:] - values[:, :-1]
    return (moved * moved).sum((-2, -1)) / values.shape[2]


def neighbour_magnitude(values: Array) -> Array:
    """Return the sum of norms behind `neighbour_squares` of the members or their means, (batch, m − 1)."""
    sizes = sqrt((values * values).sum((-2, -1)) / values.shape[2])
    both = sizes[:, 1:] + sizes[:, :-1]
    return 2 * both * both


def variation_square(p: FunctionSequence, cells: int) -> Array:
    """Return V²/N, what the squared distance of two members may exceed that of their means by, (batch,)."""
    return p.variation * p.variation / cells


def mesh_square(p: FunctionSequence, parts: int) -> Array:
    """Return k(2M/parts)², the squared diameter of a box of means, (batch,)."""
    side = 2 * p.bound / parts
    return p.values.shape[3] * side * side


def boxes(p: FunctionSequence) -> list[float]:
    """Return for each level into how many classes the boxes of this level and those before sort the means."""
    counts = [
        float(parts) ** (cells * p.values.shape[3]) for cells, parts in zip(p.cells, p.parts, strict=True)
    ]
    return [float(np.prod(counts[: j + 1])) for j in range(len(counts))]


def kept_members(p: FunctionSequence, means: Sequence[Array]) -> list[torch.Tensor]:
    """Return for each level which members (batch, m) are kept: the fullest box of those kept before.

    ``means[j]`` (batch, m, cells[j], k) are the members' means on level j.
    """
    bound = _floats(p.bound)
    kept = torch.ones(p.values.shape[:2], dtype=torch.bool, device=bound.device)
    levels: list[torch.Tensor] = []
    for parts, level in zip(p.parts, means, strict=True):
        labels = _boxes_of(_floats(level), bound, parts).flatten(2)
        same = (labels[:, :, None] == labels[:, None]).all(3) & kept[:, None] & kept[:, :, None]
        fullest = same.sum(2).argmax(1)
        kept = same[torch.arange(len(kept), device=kept.device), fullest]
        levels.append(kept)
    return levels


def kept_number(p: FunctionSequence, kept: torch.Tensor) -> Array:
    """Return the number of members (batch,) that a level keeps, in the arithmetic of the instance."""
    number = kept.sum(1).double()
    return constant(p.bound, number.numpy()) if is_ball(p.bound) else number


def _floats(x: Array) -> torch.Tensor:
    return torch.as_tensor(elementary.to_float(x)) if is_ball(x) else x


def _boxes_of(means: torch.Tensor, bound: torch.Tensor, parts: int) -> torch.Tensor:
    """Return the number of the half-open interval of [−M, M] that each mean lies in; M is in the last one."""
    bound = bound[:, None, None, None]
    number = ((means + bound) * (parts / (2 * bound))).floor()
    return torch.where(means == bound, parts - 1.0, number)


def diagonal(p: FunctionSequence, kept: Sequence[torch.Tensor]) -> Array:
    """Return the chosen members (batch, levels + 1, M, k): the j-th of those that level j keeps.

    The last level gives two.  Where it keeps too few, the member before is repeated.
    """
    chosen: list[torch.Tensor] = []
    for j, mask in enumerate([*kept, kept[-1]]):
        found = mask & (mask.cumsum(1) == j + 1)
        index = found.double().argmax(1)
        chosen.append(torch.where(found.any(1), index, chosen[-1]) if chosen else index)
    return _members(p.values, torch.stack(chosen, 1))


def _members(values: Array, index: torch.Tensor) -> Array:
    rows = torch.arange(index.shape[0], device=index.device)[:, None]
    return values[rows.numpy(), index.numpy()] if is_ball(values) else values[rows, index]


def later_squares(chosen: Array) -> tuple[Array, list[int]]:
    """Return ‖v_i − v_j‖² of all chosen members i < j, (batch, pairs), and the level i of each pair."""
    pairs = [(i, j) for i in range(chosen.shape[1]) for j in range(i + 1, chosen.shape[1])]
    moved = stack([chosen[:, i] - chosen[:, j] for i, j in pairs], 1)
    return (moved * moved).sum((-2, -1)) / chosen.shape[2], [i for i, _ in pairs]


def extraction_rates(p: FunctionSequence, levels: Sequence[int]) -> Terms:
    """Return the terms of ‖v_{n_i} − v_{n_j}‖² ≤ k(2M/parts_i)² + V²/N_i, each (batch, pairs)."""
    return {
        "mesh": stack([mesh_square(p, p.parts[i]) for i in levels], 1),
        "variation": stack([variation_square(p, p.cells[i]) for i in levels], 1),
    }


# ---------------------------------------------------------------- Lemma 3.4


def repeated(regularizer: Regularizer, a: Array, count: int) -> tuple[Regularizer, Array]:
    """Return the regulariser and the weights with every entry of the batch repeated ``count`` times."""
    repeat = np.repeat if is_ball(a) else torch.repeat_interleave
    pair = WeightPair(regularizer, a[:, None], a, a).map(lambda x: repeat(x, count, 0))
    return pair.regularizer, pair.a


def graph_points(p: GraphSequence, u: Array) -> Array:
    """Return p_k = (x_k − u_k)/a (batch, m, d), the subgradients at the points u_k = prox_{aR}(x_k)."""
    return (p.x - u) / p.a[:, None, None]


def resolvents(p: GraphSequence) -> Array:
    """Return the oracle's u_k = prox_{aR}(x_k), (batch, m, d)."""
    return resolvent(p.regularizer, p.x, p.a)


def subgradient_excess(p: GraphSequence) -> Array:
    """Return R(u) + ⟨p, v − u⟩ − R(v), (batch, K): at most 0 for every v if and only if p ∈ ∂R(u)."""
    slope = (p.p[:, None] * (p.v - p.u[:, None])).sum(-1)
    return value(p.regularizer, p.u)[:, None] + slope - value(p.regularizer, p.v)


def bregman_gap(p: GraphSequence, u: Array, s: Array) -> Array:
    """Return R(u) − R(u_k) − ⟨p_k, u − u_k⟩, (batch, m), for the u_k ``u`` and the p_k ``s``."""
    slope = (s * (p.u[:, None] - u)).sum(-1)
    return value(p.regularizer, p.u)[:, None] - value(p.regularizer, u) - slope


def graph_error(p: GraphSequence, u: Array, s: Array) -> Terms:
    """Return the terms of ε_k = (R(u) − R(u_k) − ⟨p_k, u − u_k⟩) + ‖p_k − p‖‖v − u‖, each (batch, m, K)."""
    tilt = norm(s - p.p[:, None])[:, :, None] * norm(p.v - p.u[:, None])[:, None]
    return {"gap": bregman_gap(p, u, s)[:, :, None] + 0 * tilt, "tilt": tilt}


def slopes(p: GraphSequence, size: Array) -> Array:
    """Return C0 + C1·size, a bound on the subgradients at points of norm ≤ ``size``, (batch, m)."""
    c0, c1 = growth(p.regularizer, p.u)
    return c0[:, None] + c1[:, None] * size


def gap_bound(p: GraphSequence, u: Array) -> Array:
    """Return 2(C0 + C1 max(‖u‖, ‖u_k‖))‖u_k − u‖, (batch, m)."""
    size = maximum(norm(u), norm(p.u)[:, None] + 0 * norm(u))
    return 2 * slopes(p, size) * norm(u - p.u[:, None])


def limit_bound(p: GraphSequence) -> Terms:
    """Return 2(C0 + C1(‖u‖ + r))r and s‖v − u‖ for the rates r, s of the last member, each (batch, K)."""
    points, subgradients = p.rates[:, :1], p.rates[:, 1:]
    distances = norm(p.v - p.u[:, None])
    return {
        "points": 2 * slopes(p, norm(p.u)[:, None] + points) * points + 0 * distances,
        "subgradients": subgradients * distances,
    }


def gap_magnitude(p: GraphSequence, u: Array, s: Array) -> Array:
    """Return the sum of norms behind `bregman_gap`, (batch, m): ``u`` is a prox, ``s`` its quotient."""
    error, apart = _resolvent_magnitude(p, u), norm(p.u[:, None] - u)
    steepness = slopes(p, maximum(norm(u), norm(p.u)[:, None] + 0 * apart)) + norm(s)
    values = abs(value(p.regularizer, p.u))[:, None] + abs(value(p.regularizer, u))
    return error * (steepness + apart / p.a[:, None]) + values + norm(s) * apart


def graph_magnitude(p: GraphSequence, u: Array, s: Array) -> Array:
    """Return the sum of norms behind the terms of `graph_error` and `subgradient_excess`, (batch, m, K)."""
    distances = norm(p.v - p.u[:, None])[:, None]
    tilts = _resolvent_magnitude(p, u) / p.a[:, None] + norm(s)
    return (
        (gap_magnitude(p, u, s) + 0 * tilts)[:, :, None]
        + tilts[:, :, None] * distances
        + (excess_magnitude(p)[:, None] + 0 * distances)
    )


def excess_magnitude(p: GraphSequence) -> Array:
    """Return the sum of norms behind `subgradient_excess`, (batch, K)."""
    values = abs(value(p.regularizer, p.u))[:, None] + abs(value(p.regularizer, p.v))
    return values + norm(p.p)[:, None] * norm(p.v - p.u[:, None])


def _resolvent_magnitude(p: GraphSequence, u: Array) -> Array:
    """Return ‖x_k‖ + aC1‖u_k‖, the sum of norms behind u_k = prox_{aR}(x_k), (batch, m)."""
    return norm(p.x) + (p.a * growth(p.regularizer, p.u)[1])[:, None] * norm(u)


def inside(points: Array, ends: Array, closed: Array) -> Array:
    """Return which points (batch,) lie in the intervals with these ends; closed > 0: the end belongs."""
    low, high = ends[:, 0], ends[:, 1]
    above = (points > low) | ((points == low) & (closed[:, 0] > 0))
    return above & ((points < high) | ((points == high) & (closed[:, 1] > 0)))


def outside_value(p: IntervalMap) -> Array:
    """Return 1 where the limit of the second components does not lie in F(0), else 0, (batch,)."""
    nothing = zeros(p.limit, p.limit.shape)
    return where(inside(p.limit, p.ends[:, 1], p.closed[:, 1]), nothing, nothing + 1)


# ---------------------------------------------------------------- Remark 3.6 and Theorem A.1


def power(values: Array, halves: int) -> Array:
    """Return values^(halves/2) of nonnegative numbers."""
    root = values if halves % 2 == 0 else sqrt(values)
    result = root
    for _ in range((halves if halves % 2 else halves // 2) - 1):
        result = result * root
    return result


def binary_rate(index: Array, halves: int) -> Array:
    """Return 2^(−k·halves/2) for the integers k, of the shape of ``index``."""
    if not is_ball(index):
        return torch.exp2(-index * halves / 2)
    return sqrt(constant(index, np.exp2(-elementary.to_float(index) * halves)))


def distances(p: ConvergentSequence) -> Array:
    """Return |f_k − f| at every cell, (batch, m, M)."""
    return abs(p.values - p.limit[:, None])


def distance_powers(p: ConvergentSequence) -> Array:
    """Return ‖f_k − f‖_p^p, (batch, m)."""
    return power(distances(p), p.twice_p).sum(-1) / p.values.shape[2]


def far(p: ConvergentSequence) -> Array:
    """Return 1 where |f_k − f| > 2^−k, else 0, (batch, m, M)."""
    apart = distances(p)
    nothing = zeros(apart, apart.shape)
    return where(apart > binary_rate(p.index, 2)[:, :, None], nothing + 1, nothing)


def bad_measure(p: ConvergentSequence) -> Array:
    """Return the measure of {|f_k − f| > 2^−k} for every member, (batch, m)."""
    return far(p).sum(-1) / p.values.shape[2]


def exceptional_measure(p: ConvergentSequence) -> Array:
    """Return the measure of {|f_k − f| > 2^−k for some k ≥ K} for every member K, (batch, m)."""
    sets = far(p)
    unions = [sets[:, -1]]
    for k in range(sets.shape[1] - 2, -1, -1):
        unions.append(maximum(sets[:, k], unions[-1]))
    return stack(unions[::-1], 1).sum(-1) / p.values.shape[2]


def tail(p: ConvergentSequence) -> Array:
    """Return the sum of 2^(−kp) over the members k ≥ K, for every member K, (batch, m)."""
    each = binary_rate(p.index, p.twice_p)
    sums = [each[:, -1]]
    for k in range(each.shape[1] - 2, -1, -1):
        sums.append(each[:, k] + sums[-1])
    return stack(sums[::-1], 1)


def variations(values: Array) -> Array:
    """Return the total variation of each real member, (batch, m), of values (batch, m, M)."""
    return (
        abs(values[:, :, 1:] - values[:, :, :-1]).sum(-1) if values.shape[2] > 1 else abs(values).sum(-1) * 0
    )


def squares(p: ConvergentSequence) -> Array:
    """Return ‖f_k − f‖² in L²(0,1) for every member, (batch, m)."""
    apart = p.values - p.limit[:, None]
    return (apart * apart).sum(-1) / p.values.shape[2]


def uniform_distances(p: ConvergentSequence) -> Array:
    """Return ‖f_j − f_k‖_∞ of all members j < k, (batch, pairs)."""
    members = p.values.shape[1]
    pairs = [(j, k) for j in range(members) for k in range(j + 1, members)]
    moved = stack([abs(p.values[:, j] - p.values[:, k]) for j, k in pairs], 1)
    largest = moved[:, :, 0]
    for cell in range(1, moved.shape[2]):
        largest = maximum(largest, moved[:, :, cell])
    return largest
