r"""Training problems whose data move: what that may do to an objective, and finite sets of controls.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes from
`fbscore`.  With one θ, two runs with data (u0, f) and (u0', f') part by (4.5), and the place x = u − u* of
the loss moves by that and by the shift of the label: three steps, start, data and label.  The numbers are
those of ``docs/mathematics.md``, section 12; all displayed formulas are *reconstructed*.

Shapes: I problems with moved data, J members of Θ; steps (batch, I, samples); values of objectives
(batch, I + 1, J), those with the own data first; distances of members (batch, J, J).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from claims import convergence_constants as convergence
from claims import grid_constants, limit_constants
from claims import learning_constants as learning
from claims.constants import Terms, operators, resolvent_run, step_factors
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.arithmetic import (
    Array,
    accumulate,
    constant,
    exp,
    is_ball,
    largest,
    matmul,
    matvec,
    norm,
    sqrt,
    stack,
    where,
    zeros,
)
from claims.kit.box_instances import MovedBoxProblem
from claims.kit.convergence_instances import LearningSequence, controls
from claims.kit.instances import Alista, AnyNetwork, Lista

# ---------------------------------------------------------------- the data


class Shift(NamedTuple):
    """How far the data of each problem are from the own ones, (batch, I, samples, ·)."""

    f: Array
    u0: Array
    labels: Array


def problems(p: PerturbedProblem) -> list[LearningSequence]:
    """Return the problem with its own data, then those with moved data."""
    return [p.unmoved, *(p.moved(i) for i in range(p.shares.shape[1]))]


def shifts(p: PerturbedProblem) -> Shift:
    """Return what the moved data differ by: share_i (data' − data), rounded as the data are."""
    own, *moved = problems(p)
    here = own.over(own.sequence.first)
    there = [q.over(q.sequence.first) for q in moved]
    return Shift(
        stack([x.f - here.f for x in there], 1),
        stack([x.u0 - here.u0 for x in there], 1),
        stack([q.labels - own.labels for q in moved], 1),
    )


# ---------------------------------------------------------------- stability in the data, (4.5) with one θ


def data_maps(p: AnyNetwork) -> Array:
    """Return the matrices B_n with c_n = B_n f, (batch, N, d, m): τ_nW_n, or W¹_n of LISTA."""
    if isinstance(p, Lista):
        return p.W1
    return p.tau[:, :, None, None] * (p.W[:, None] if isinstance(p, Alista) else p.W)


def steps(p: AnyNetwork, shift: Shift, *, limit: bool) -> Terms:
    r"""Return how far data, moved by ``shift``, may move the last state from the label, (batch, I, samples).

    ``start``: :math:`\prod\rho_n \|u_0' - u_0\|`; ``data``: :math:`\sum_n \prod_{k>n}\rho_k\,
    h\|B_n(f' - f)\|`; ``label``: the shift of the label.  In the limit e^{hκ_n} stands for ρ_n, and the mean
    of e^{κs} over the cell besides.
    """
    K, _, _ = operators(p)
    factors, weight = _carried(p) if limit else (step_factors(K, p.h), None)
    flat_f, flat_u0 = (x.reshape(x.shape[0], x.shape[1] * x.shape[2], x.shape[3]) for x in shift[:2])
    drive = p.h * norm(matvec(data_maps(p)[:, :, None], flat_f[:, None]))
    drive = drive if weight is None else weight[..., None] * drive
    start, wide = norm(flat_u0), factors[..., None]
    shape = shift.u0.shape[:3]
    return {
        "start": accumulate(wide, start, 0 * drive)[:, -1].reshape(shape),
        "data": accumulate(wide, 0 * start, drive)[:, -1].reshape(shape),
        "label": norm(shift.labels),
    }


def _carried(p: AnyNetwork) -> tuple[Array, Array]:
    """Return e^{hκ_n}, and its mean over the rest of the cell, each (batch, N)."""
    x = limit_constants.exponents(p)
    return exp(x), limit_constants.mean_growth(x)


def rises(p: LearningSequence, ends: Array, taken: Terms, off: Array) -> tuple[Terms, Array]:
    """Return by how much the mean loss may change in each step, and in a last one, each (batch, I).

    ``ends`` (batch, samples, d) are the last states with the own data; ``off`` (batch, I, samples) is the
    step that round-off may add.
    """
    x = (ends - p.labels)[:, None] + zeros(ends, (*off.shape, ends.shape[-1]))
    found = learning.rises(p.loss, p.width, x, [*taken.values(), off])
    *terms, last = (y.sum(-1) / y.shape[-1] for y in found)
    return dict(zip(taken, terms, strict=True)), last


def falling(p: PerturbedProblem | MovedBoxProblem, terms: Terms) -> Terms:
    """Return share_i / share_1 times the first problem's terms, (batch, I): what is claimed to tend to 0.

    The moduli of the losses are convex and 0 at 0, so that a smaller share of the way does no more.
    """
    share = p.shares / p.shares[:, :1]
    return {name: share * term[:, :1] for name, term in terms.items()}


# ---------------------------------------------------------------- the set Θ


def members(p: LearningSequence, *, limit: bool) -> list[AnyNetwork]:
    """Return the elements of Θ: functions in time for the limit, their cell means for the network."""
    found = [convergence.function(p.sequence, j) for j in range(len(p.sequence.depths))]
    return found if limit else [convergence.network(x, p.sequence.depths[0]) for x in found]


def own_values(p: PerturbedProblem) -> Array:
    """Return J(θ) for the own data and every network of Θ, by the judge's own recursion, (batch, J)."""
    problem, found = p.unmoved, list[Array]()
    for network in members(problem, limit=False):
        samples = problem.over(network)
        ends = samples.grouped(resolvent_run(samples.each))[:, :, -1]
        found.append(learning.objective(problem, network, ends))
    return stack(found, 1)


def distances(elements: Sequence[AnyNetwork]) -> Array:
    """Return ‖θ^i − θ^j‖ over all three controls, in L²(0, 1) or as a mean over the layers, (batch, J, J)."""
    cells = 1
    for one in elements:
        cells = grid_constants.common_cells(cells, one.depth)
    points = stack([_flat(one, cells) for one in elements], 1)
    return norm(points[:, :, None] - points[:, None]) / sqrt(constant(points, float(cells)))


def _flat(p: AnyNetwork, cells: int) -> Array:
    """Return the controls on ``cells`` cells as one vector (batch, P)."""
    fine = [grid_constants.refined(values, cells) for values in controls(p)]
    return convergence.joined([x.reshape(x.shape[0], convergence.count(x.shape[1:])) for x in fine])


def radius(p: LearningSequence) -> Array:
    """Return how far Θ is said to reach from θ: the largest (Σ_i rate_i²)^{1/2} of its members, (batch,)."""
    return largest(norm(p.sequence.rates))


# ---------------------------------------------------------------- minimisers


def smallest(x: Array) -> Array:
    """Return the minimum over the last axis."""
    return -largest(-x)


def above(values: Array, slack: Array) -> Array:
    """Return where a value is more than ``slack`` above the lowest along the last axis, as booleans.

    Balls that do not decide count as not above: minimisers that cannot be told apart are all minimisers.
    """
    return values - smallest(values)[..., None] - slack > 0


def distance_to(apart: Array, excluded: Array) -> Array:
    """Return the distance of every member, (batch, J), from those that are not ``excluded`` (batch, J)."""
    far = largest(largest(apart))[:, None, None] + 0 * apart
    return smallest(where(excluded[:, None, :], far, apart))


def farthest(distance: Array, excluded: Array) -> Array:
    """Return the largest of nonnegative ``distance`` over the members not ``excluded``, (…,)."""
    return largest(where(excluded, 0 * distance, distance))


def lowest(values: Array) -> Array:
    """Return 1 at the first minimum along the last axis and 0 elsewhere."""
    best = ~above(values, 0 * values[..., :1])
    flags = best if isinstance(best, np.ndarray) else best.cpu().numpy()
    first = flags.astype(bool) & (np.cumsum(flags.astype(int), -1) == 1)
    if is_ball(values):
        return where(first, 0 * values + 1, 0 * values)
    return torch.as_tensor(first, dtype=values.dtype, device=values.device)


def closest_pair(apart: Array, values: Array) -> Array:
    """Return the smallest distance of two among one minimiser of each of the I + 1 problems, (batch,)."""
    chosen = lowest(values)
    between = matmul(matmul(chosen, apart), chosen.swapaxes(1, 2))
    count = between.shape[1]
    pairs = [between[:, i, k] for i in range(count) for k in range(i)]
    return smallest(stack(pairs, 1))
