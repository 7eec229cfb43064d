r"""What claims about minimisers compare: J^N over Θ^N, J_N and J over Θ, with the uncertainties of all three.

Shapes: values on Θ (batch, J), on Θ^N (batch, K), on pairs (batch, K, J); margins have one position for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from claims import argmin_constants as constants
from claims import argmin_values as values
from claims import convergence_constants as convergence
from claims import grid_constants, learning_margins
from claims.argmin_values import Values
from claims.kit.arithmetic import Array, is_ball, largest, stack, where
from claims.kit.context import Run
from claims.kit.convergence_instances import CONTROLS
from claims.kit.image_instances import ImageProblem
from claims.kit.instances import AnyNetwork
from claims.kit.margin import Margin, at_most
from claims.kit.series import Series


def _positions(columns: Sequence[Array]) -> Array:
    """Return arrays (batch, …) side by side as (batch, positions)."""
    flat = [x.reshape(x.shape[0], int(np.prod(x.shape[1:], dtype=int))) for x in columns]
    return np.concatenate(flat, 1) if is_ball(flat[0]) else torch.cat(flat, 1)


# ---------------------------------------------------------------- Proposition 3.10, Corollary 3.11


def fibrewise(p: ImageProblem, run: Run) -> Margin:
    """Return the margin of: θ^N has the excess that all θ in its fibre have over Θ, and no fibre is empty."""
    left: list[Array] = []
    rounding: list[Array] = []
    for cells in p.layers:
        images, theta = values.of_images(p, cells, run), values.of_theta(p, cells, run)
        fibres = constants.fibres(p, cells)
        here, there = constants.excess(images.value), constants.excess(theta.value)
        left.append(abs(here[:, :, None] - there[:, None]) * fibres)
        rounding.append(_of_excess(images)[:, :, None] + _of_excess(theta)[:, None])
        left.append(1 - largest(fibres))
        rounding.append(0 * here)
    both = _positions(left)
    return at_most(both, {"zero": 0 * both}, _positions(rounding))


def extended(p: ImageProblem, run: Run) -> Margin:
    """Return the margin of: E_Nθ^N lies in Θ, and has the excess over Θ that θ^N has over Θ^N."""
    left: list[Array] = []
    rounding: list[Array] = []
    for cells in p.layers:
        images, theta = values.of_images(p, cells, run), values.of_theta(p, cells, run)
        steps = [_extended(one, run) for one in constants.projected(p.images, cells)]
        again = values.on_functions(p.learning, steps, cells, run)
        over = again.value - constants.smallest(theta.value)[:, None]
        left += [
            abs(constants.excess(images.value) - over),
            1 - largest(constants.members(p, cells)),
        ]
        rounding += [_of_excess(images) + again.rounding + largest(theta.rounding)[:, None], 0 * over]
    both = _positions(left)
    return at_most(both, {"zero": 0 * both}, _positions(rounding))


def _of_excess(found: Values) -> Array:
    return found.rounding + largest(found.rounding)[:, None]


def _extended(p: AnyNetwork, run: Run) -> AnyNetwork:
    """Return the controls of a network as functions on cells half as long, by the subject's extension."""

    def steps(x: Array) -> Array:
        batch, cells, *shape = x.shape
        flat = x.reshape(batch, cells, convergence.count(shape))
        found = run.extend(flat, 2 * cells) if flat.shape[2] else grid_constants.refined(flat, 2 * cells)
        return found.reshape(batch, 2 * cells, *shape)

    return convergence.in_time(p, steps)


# ---------------------------------------------------------------- Theorem 3.13


def minimal_values(p: ImageProblem, run: Run) -> Margin:
    """Return the margin of |min J^N − min J| ≤ sup_Θ|J_N − J|, for every depth.

    ``radius`` is that of J: the supremum is at most so much larger than measured.
    """

    def at(cells: int, limit: Values) -> tuple[list[Array], list[Array]]:
        images, theta = values.of_images(p, cells, run), values.of_theta(p, cells, run)
        most, own = values.supremum(theta, limit)
        left = abs(constants.smallest(images.value) - constants.smallest(limit.value))
        rounding = largest(images.rounding) + largest(limit.rounding) + own
        return [left, most, largest(limit.certified)], [rounding, largest(limit.certified)]

    return _by_depth(p, run, ("supremum", "radius"), at)


def lifted(p: ImageProblem, run: Run) -> Margin:
    """Return the margin of J(θ̂) − min J ≤ 2 sup_Θ|J_N − J| + excess of θ^N, for every θ̂ with P_Nθ̂ = θ^N."""

    def at(cells: int, limit: Values) -> tuple[list[Array], list[Array]]:
        images, theta, fibres = (
            values.of_images(p, cells, run),
            values.of_theta(p, cells, run),
            constants.fibres(p, cells),
        )
        most, own = values.supremum(theta, limit)
        like = 0 * fibres
        left = constants.excess(limit.value)[:, None] * fibres
        rest = constants.excess(images.value)[:, :, None] + like
        rounding = _of_excess(images)[:, :, None] + _of_excess(limit)[:, None] + 2 * own[:, None, None]
        radius = 2 * largest(limit.certified)[:, None, None] + like
        return [left, 2 * most[:, None, None] + like, rest, radius], [rounding, radius]

    return _by_depth(p, run, ("twice", "excess", "radius"), at)


def extended_minimisers(p: ImageProblem, run: Run) -> Margin:
    """Return the margin of J(E_Nθ^N) − min J ≤ 2 sup_Θ|J_N − J| for a minimiser θ^N of J^N on Θ^N."""

    def at(cells: int, limit: Values) -> tuple[list[Array], list[Array]]:
        images, theta = values.of_images(p, cells, run), values.of_theta(p, cells, run)
        most, own = values.supremum(theta, limit)
        best = _chosen(constants.projected(p.images, cells), images.value)
        found = values.in_the_limit(p.learning, [best], run)
        left = found.value[:, 0] - constants.smallest(limit.value)
        certified = found.certified[:, 0] + 2 * largest(limit.certified)
        rounding = found.rounding[:, 0] + 2 * largest(images.rounding) + largest(limit.rounding) + 2 * own
        return [left, 2 * most, certified], [rounding, certified]

    return _by_depth(p, run, ("twice", "radius"), at)


def _chosen(networks: Sequence[AnyNetwork], costs: Array) -> AnyNetwork:
    """Return for every instance the network of the smallest value (batch, K), the first of several."""
    chosen = networks[0]
    best = costs[:, 0]
    for i, network in enumerate(networks[1:], 1):
        better = costs[:, i] < best
        best = where(better, costs[:, i], best)
        rows: dict[str, Array] = {}
        for name in CONTROLS[type(network)]:
            x, y = getattr(network, name), getattr(chosen, name)
            rows[name] = where(better.reshape(-1, *(1 for _ in x.shape[1:])), x, y)
        chosen = replace(chosen, **rows)
    return chosen


def minimal_values_converge(p: ImageProblem, run: Run) -> Margin:
    """Return the margin of |min J^N − min J| ≤ the largest modulus of Theorem 3.7 over Θ, for every depth."""
    thetas = values.functions(p.sequence)
    limit = values.in_the_limit(p.learning, thetas, run)
    every = values.spread(p.learning, thetas, p.layers)
    found = learning_margins.bounds(every, every.sequence.rates, run, range(len(p.layers)))
    left: list[Array] = []
    modulus: list[Array] = []
    rounding: list[Array] = []
    for cells, one in zip(p.layers, found, strict=True):
        images = values.of_images(p, cells, run)
        left.append(abs(constants.smallest(images.value) - constants.smallest(limit.value)))
        total = sum(list(one.terms.values())[1:], start=next(iter(one.terms.values())))
        modulus.append(largest(values.split(total, len(thetas))))
        own = largest(values.split(one.rounding, len(thetas)))
        rounding.append(own + largest(images.rounding) + largest(limit.rounding))
    gap, bound, forgiven = (stack(column, 1) for column in (left, modulus, rounding))
    certified = largest(limit.certified)[:, None] + 0 * gap
    series = Series(p.layers, gap, bound, forgiven + certified)
    return at_most(gap, {"modulus": bound}, forgiven, certified, series)


def minimisers_approach(p: ImageProblem, run: Run) -> Margin:
    """Return the margin of d(E_Nθ^N, {J ≤ min J + 2 sup_Θ|J_N − J| + excess of θ^N}) ≤ modulus of Θ."""
    limit = values.in_the_limit(p.learning, values.functions(p.sequence), run)
    entries = learning_margins.entries(p.sequence.first)
    left: list[Array] = []
    modulus: list[Array] = []
    for cells in p.layers:
        images, theta = values.of_images(p, cells, run), values.of_theta(p, cells, run)
        most = values.supremum(theta, limit)[0] + limit.doubt + theta.doubt
        level = 2 * most + 2 * limit.doubt + 2 * images.doubt + constants.smallest(limit.value)
        levels = level[:, None] + constants.excess(images.value)
        chosen = constants.maybe_at_most(limit.value[:, None], levels[:, :, None])
        left.append(largest(constants.nearest(constants.distances(p, cells), chosen)))
        modulus.append(constants.modulus(p, cells))
    gap, bound = stack(left, 1), stack(modulus, 1)
    rounding = run.reference_rounding(entries, 2 * constants.reach(p))[:, None] + 0 * gap
    return at_most(gap, {"projection": bound}, rounding, series=Series(p.layers, gap, bound, rounding))


def _by_depth(
    p: ImageProblem,
    run: Run,
    names: Sequence[str],
    at: Callable[[int, Values], tuple[list[Array], list[Array]]],
) -> Margin:
    """Return the margin of what ``at`` says of every depth: left and terms, rounding and certified."""
    limit = values.in_the_limit(p.learning, values.functions(p.sequence), run)
    found = [at(cells, limit) for cells in p.layers]
    sides = [_positions(_columns(column)) for column in zip(*(one[0] for one in found), strict=True)]
    rounding, certified = (_positions(_columns(c)) for c in zip(*(one[1] for one in found), strict=True))
    return at_most(sides[0], dict(zip(names, sides[1:], strict=True)), rounding, certified)


def _columns(arrays: Sequence[Array]) -> list[Array]:
    return [x[:, None] if x.ndim == 1 else x for x in arrays]
