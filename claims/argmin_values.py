r"""The values of training objectives on finite sets of controls: J^N on Θ^N, J_N and J on Θ.

J^N and J_N come from the subject: the first is given controls of N layers, the second projects those of Θ.  J
comes from the oracle, every member with a radius.  All members of a set run as one batch.

Shapes: values on Θ (batch, J), on Θ^N (batch, K).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from claims import argmin_constants as constants
from claims import convergence_constants as convergence
from claims import grid_constants, learning_margins, magnitudes, sample_constants
from claims import learning_constants as learning
from claims.kit.arithmetic import Array, is_ball, largest, stack
from claims.kit.context import Run
from claims.kit.convergence_instances import CONTROLS, TIMED, ControlSequence, LearningSequence
from claims.kit.image_instances import ImageProblem
from claims.kit.instances import AnyNetwork


class Values(NamedTuple):
    """Values on a finite set, their round-off, and what is certified of the rest, each (batch, members)."""

    value: Array
    rounding: Array
    certified: Array

    @property
    def doubt(self) -> Array:
        """What a value may be off by in either way, at most, (batch,)."""
        return largest(self.rounding + self.certified)


# ---------------------------------------------------------------- one batch for all members


def spread(p: LearningSequence, thetas: Sequence[AnyNetwork], depths: Sequence[int]) -> LearningSequence:
    """Return the problem with every control of a set as an instance of its own, (batch · members)."""
    count, names = len(thetas), TIMED[type(thetas[0])]
    grid = 1
    for theta in thetas:
        grid = grid_constants.common_cells(grid, theta.depth)
    written = [
        replace(one, **{name: grid_constants.refined(getattr(one, name), grid) for name in names})
        for one in thetas
    ]
    repeated = p.map(lambda x: np.repeat(x, count, 0) if is_ball(x) else x.repeat_interleave(count, 0))
    together = {name: _joined([getattr(one, name) for one in written]) for name in CONTROLS[type(thetas[0])]}
    first = replace(repeated.sequence.first, **together)
    nothing = 0 * repeated.width[:, None] + 0 * stack([repeated.width for _ in depths], 1)
    rates = stack([nothing] * 3, 2)
    still = ControlSequence(first, first, nothing, rates, tuple(depths), (0,) * len(depths))
    return replace(repeated, sequence=still)


def _joined(arrays: Sequence[Array]) -> Array:
    """Return arrays (batch, …), one a member, as (batch · members, …)."""
    both = stack(arrays, 1)
    return both.reshape(both.shape[0] * both.shape[1], *both.shape[2:])


def split(x: Array, count: int) -> Array:
    return x.reshape(x.shape[0] // count, count, *x.shape[1:])


# ---------------------------------------------------------------- values


def on_functions(p: LearningSequence, thetas: Sequence[AnyNetwork], cells: int, run: Run) -> Values:
    """Return J_N = J^N(P_N ·) of functions in time, as the subject projects and runs them."""
    every = spread(p, thetas, (cells,))
    value = run.objective(every, 0)
    network = convergence.network(every.sequence.first, cells)
    return _rounded(every, value, network, len(thetas), -(-every.sequence.first.depth // cells) + 1, run)


def on_networks(p: LearningSequence, networks: Sequence[AnyNetwork], further: int, run: Run) -> Values:
    """Return J^N of controls of N layers; ``further`` operations are behind each of their numbers."""
    every = spread(p, networks, (networks[0].depth,))
    value = run.objective_of(every, every.sequence.first)
    return _rounded(every, value, every.sequence.first, len(networks), further, run)


def _rounded(
    p: LearningSequence, value: Array, network: AnyNetwork, count: int, further: int, run: Run
) -> Values:
    """Return values of a whole set with what round-off in states, norms and sums does to them."""
    samples = p.over(network)
    states = run.forward(samples)
    operations = magnitudes.operations(network) + further
    magnitude = magnitudes.accumulated_magnitude(samples.each, sample_constants.flat(states))[:, -1]
    ends, s = states[:, :, -1], learning.norms(network)
    step = samples.grouped(run.rounding(operations, magnitude))
    (of_states,) = learning.rises(p.loss, p.width, ends - p.labels, [step])
    of_norms = run.rounding(learning_margins.entries(network) + further, s)
    (of_penalties,) = learning.penalty_rises(p, s, [of_norms])
    of_sums = run.rounding(ends.shape[-1] + p.samples, learning_margins.magnitude(p, ends, s))
    rounding = of_sums + learning.mean(of_states) + of_penalties
    return Values(split(value, count), split(rounding, count), 0 * split(rounding, count))


def in_the_limit(p: LearningSequence, thetas: Sequence[AnyNetwork], run: Run) -> Values:
    """Return J of functions in time, from the oracle."""
    with np.errstate(over="ignore", invalid="ignore"):  # of moved instances; what overflows has no radius
        found = [learning_margins.limit_objective(spread(p, [theta], (1,)), run) for theta in thetas]
    return Values(*(stack(list(column), 1) for column in zip(*found, strict=True)))


def functions(p: ControlSequence) -> list[AnyNetwork]:
    """Return the problems with the controls of every member."""
    return [constants.function(p, j) for j in range(len(p.frequencies))]


def of_theta(p: ImageProblem, cells: int, run: Run) -> Values:
    """Return J_N on Θ, (batch, J)."""
    return on_functions(p.learning, functions(p.sequence), cells, run)


def of_images(p: ImageProblem, cells: int, run: Run) -> Values:
    """Return J^N on Θ^N, (batch, K)."""
    finest = max(theta.depth for theta in functions(p.images))
    return on_networks(p.learning, constants.projected(p.images, cells), -(-finest // cells) + 1, run)


def supremum(network: Values, limit: Values) -> tuple[Array, Array]:
    """Return sup_Θ|J_N − J| and its round-off, (batch,)."""
    apart = abs(network.value - limit.value)
    return largest(apart), largest(network.rounding + limit.rounding)
