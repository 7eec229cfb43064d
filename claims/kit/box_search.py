r"""The smallest value over a box as the judge itself finds it: spread points, then shorter and shorter steps.

It takes the place of a subject's minimiser where an instance is decided a second time.  Nothing is certified:
the width is an estimate, as the limit's radius is there, and what it takes for the minimum may be local.
"""

from __future__ import annotations

import numpy as np
import torch

from claims import box_constants, constants, convergence_constants
from claims import learning_constants as learning
from claims.kit.arithmetic import Array
from claims.kit.box_instances import BoxProblem
from claims.kit.box_sets import Found
from claims.kit.limits import limit
from claims.oracle import elementary, entrywise

#: Spread points, those that are followed, how often steps are shortened, and what the minimum is known to.
POINTS, FOLLOWED, ROUNDS, ESTIMATE = 64, 2, 30, 1e-6


def repeated(p: BoxProblem, count: int) -> BoxProblem:
    """Return a batch of one as one of ``count``."""
    return p.map(lambda x: x.expand(count, *x.shape[1:]))


def own_values(p: BoxProblem, x: Array, cells: int | None) -> Array:
    """Return J^N(P_N θ(x)), or J(θ(x)) without ``cells``, by the judge's recursion or oracle, (batch,)."""
    theta = p.at(x)
    if cells is not None:
        network = convergence_constants.network(theta, cells)
        samples = p.problem.over(network)
        ends = samples.grouped(constants.resolvent_run(samples.each))[:, :, -1]
        return learning.objective(p.problem, network, ends)
    samples = p.problem.over(theta)
    ends = samples.grouped(limit(samples.each, [0.0, 1.0]).states[:, -1])
    return learning.objective(p.problem, theta, ends)


def lowest(p: BoxProblem, cells: int | None) -> tuple[Array, Array]:
    """Return the best point found, (1, 3, pieces), and its value, of a batch of one."""
    engine = torch.quasirandom.SobolEngine(3 * p.pieces, scramble=True, seed=1)
    share = engine.draw(POINTS).to(p.low).reshape(POINTS, 3, p.pieces)
    ends = share.new_tensor([0.0, 0.5, 1.0])[:, None, None].expand(-1, 3, p.pieces)
    many = repeated(p, POINTS + 3)
    x = box_constants.feasible(many, many.low + torch.cat([ends, share]) * (many.high - many.low))
    value = own_values(many, x, cells)
    order = value.argsort()[:FOLLOWED]
    found = [_followed(p, x[i : i + 1], value[i : i + 1], cells) for i in order.tolist()]
    return min(found, key=lambda one: float(one[1]))


def _followed(p: BoxProblem, x: Array, value: Array, cells: int | None) -> tuple[Array, Array]:
    """Return where steps along the axes lead, halved when none helps."""
    axes = [i for i, free in enumerate((p.low < p.high).flatten().tolist()) if free]
    if not axes:
        return x, value
    wide, step, many = (p.high - p.low).flatten(), 0.25, repeated(p, 2 * len(axes))
    for _ in range(ROUNDS):
        moves = torch.zeros(2 * len(axes), wide.numel(), dtype=wide.dtype)
        for i, axis in enumerate(axes):
            moves[2 * i, axis], moves[2 * i + 1, axis] = step * wide[axis], -step * wide[axis]
        near = x + moves.reshape(-1, *x.shape[1:])
        near = box_constants.feasible(many, torch.minimum(torch.maximum(near, p.low), p.high))
        values = own_values(many, near, cells)
        best = int(values.argmin())
        if float(values[best]) < float(value):
            x, value = near[best : best + 1], values[best : best + 1]
        else:
            step /= 2
    return x, value


def found(p: BoxProblem, cells: int | None) -> Found:
    """Return the minimum of a batch of one in balls, enclosed as far as the estimate goes."""
    plain = p.map(lambda x: torch.as_tensor(entrywise.to_float(x)))
    x, value = lowest(plain, cells)
    number, nothing = float(value), elementary.to_ball(np.zeros(1))
    lower, upper = (nothing + number + sign * ESTIMATE * (1 + abs(number)) for sign in (-1, 1))
    box = torch.stack([plain.low, plain.high], 1)[:, None]
    exact = elementary.to_ball(x.numpy())
    cover = elementary.to_ball(box.numpy())
    return Found(lower, upper, exact, lower, upper, nothing, nothing + 1, cover)
