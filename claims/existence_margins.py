r"""What claims about existence compare: the training objective of one network at two admissible controls.

Both values come from the subject.  The states of the first network, the subject's too, say by (4.5) how far
the second one may be, and the loss at the first one's last state what that may do to it.  Round-off takes
one step more, from there on.

Shapes: members (batch, J); samples (batch, samples); norms of controls (batch, 3).
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from claims import admissible_constants, comparison, magnitudes
from claims import convergence_constants as convergence
from claims import existence_constants as constants
from claims import learning_constants as learning
from claims.extended_margins import Finite, extended, on_the_way, recovery
from claims.kit.arithmetic import Array, is_ball, maximum, minimum, stack
from claims.kit.context import Run
from claims.kit.convergence_instances import AdmissibleSequence, LearningSequence
from claims.kit.instances import AnyNetwork, NetworkPair
from claims.kit.margin import Margin, at_most
from claims.learning_margins import Bound, entries, magnitude


class Followed(NamedTuple):
    """One network, the same for every sample (batch · samples), and its states (batch · samples, N+1, d)."""

    network: AnyNetwork
    each: AnyNetwork
    states: Array
    operations: int


def each(p: LearningSequence, x: Array) -> Array:
    """Return what belongs to an instance, (batch, …), for each of its samples, (batch · samples, …)."""
    return np.repeat(x, p.samples, 0) if is_ball(x) else x.repeat_interleave(p.samples, 0)


def grouped(p: LearningSequence, x: Array) -> Array:
    """Return what belongs to the samples, (batch · samples, …), as (batch, samples, …)."""
    return p.over(p.sequence.first).grouped(x)


def followed(p: LearningSequence, theta: AnyNetwork, cells: int, run: Run) -> Followed:
    """Run the network of ``cells`` layers with the subject's projection of θ on all samples."""
    network = convergence.network(theta, cells)
    states = run.forward(p.over(comparison.projected_by(run, theta, cells)))
    flat = states.reshape(states.shape[0] * states.shape[1], *states.shape[2:])
    operations = magnitudes.operations(network) + -(-theta.depth // cells) + 1
    return Followed(network, p.over(network).each, flat, operations)


def bound(
    p: LearningSequence, first: Followed, second: Followed, apart: Array, step: Array, run: Run
) -> Bound:
    """Return what the objectives of two networks may differ by, if the last states differ by ``step``.

    ``apart`` (batch, 3) are the distances of the controls.  ``loss``: what ``step`` (batch · samples,) may do
    to the losses, from their places at the first network on; ``penalty``: what ``apart`` may do to the norms,
    from those of the second one on.
    """
    ends, others = (grouped(p, one.states[:, -1]) for one in (first, second))
    crossed = magnitudes.crossed_accumulated_magnitude(_pair(first, second), first.states, second.states)
    off = run.rounding(first.operations, crossed[:, -1]) + run.reference_rounding(first.operations, step)
    steps = [grouped(p, step), grouped(p, off)]
    of_states, of_rounding = (
        learning.mean(x) for x in learning.rises(p.loss, p.width, ends - p.labels, steps)
    )
    s, t = learning.norms(first.network), learning.norms(second.network)
    of_norms = run.rounding(entries(first.network) + first.operations, s + t)
    penalties = learning.penalty_rises(p, t, [apart, of_norms])
    size = magnitude(p, ends, s) + magnitude(p, others, t)
    rounding = run.rounding(ends.shape[-1] + p.samples, size)
    terms = {"loss": of_states, "penalty": penalties[0]}
    return Bound(terms, rounding + of_rounding + penalties[1])


def _pair(first: Followed, second: Followed) -> NetworkPair:
    return NetworkPair(first.each, second.each)


def at_distance(p: LearningSequence, first: Followed, second: Followed, run: Run) -> Bound:
    """Return the bound by (4.5) for the controls of both networks as they are."""
    own = run.rounding(first.operations, magnitudes.step_magnitude(first.each, first.states))
    step = constants.deviation(_pair(first, second), first.states, own)
    return bound(p, first, second, constants.distances(first.network, second.network), step, run)


def at_most_apart(p: LearningSequence, first: Followed, second: Followed, apart: Array, run: Run) -> Bound:
    """Return the bound for any controls that are ``apart`` (batch, 3) at most."""
    step = constants.declared_deviation(_pair(first, second), first.states, each(p, apart))
    return bound(p, first, second, apart, step, run)


# ---------------------------------------------------------------- margins


def modulus(p: LearningSequence, run: Run) -> Margin:
    """Return the margin of |J^N(θ^j) − J^N(θ)| ≤ its modulus (4.5), for all members j, each at its depth."""
    still, lefts, bounds = recovery(p), list[Array](), list[Bound]()
    for j, cells in enumerate(p.sequence.depths):
        theta = convergence.function(p.sequence, j)
        first, second = (followed(p, x, cells, run) for x in (theta, p.sequence.first))
        bounds.append(at_distance(p, first, second, run))
        lefts.append(abs(run.objective(p, j) - run.objective(still, j)))
    terms = {name: stack([one.terms[name] for one in bounds], 1) for name in bounds[0].terms}
    return at_most(stack(lefts, 1), terms, stack([one.rounding for one in bounds], 1))


def at_depth(p: LearningSequence, cells: int) -> LearningSequence:
    """Return the problem whose members all are networks of ``cells`` layers."""
    return replace(p, sequence=replace(p.sequence, depths=(cells,) * len(p.sequence.depths)))


def lower(p: AdmissibleSequence, run: Run) -> Margin:
    """Return the margin of F^N(θ) ≤ F^N(θ^K) + modulus at the declared rates, K the last member.

    N is the first and the last of the depths.
    """
    last, finite = len(p.sequence.depths) - 1, list[Finite]()
    rates = p.sequence.rates[:, last]
    for cells in sorted({p.sequence.depths[0], p.sequence.depths[last]}):
        problem = at_depth(p.learning, cells)
        theta = convergence.function(p.sequence, last)
        first, second = (followed(problem, x, cells, run) for x in (theta, p.sequence.first))
        found = at_most_apart(problem, first, second, rates, run)
        terms = {"value": run.objective(problem, last), **found.terms}
        value = run.objective(recovery(problem), last)
        finite.append(Finite(value, terms, found.rounding, 0 * value))
    allowed = {"value": run.outside(p, last), "on the way": on_the_way(p, run)}
    return extended(finite, admissible_constants.outside(p, p.sequence.first), allowed)


def on_a_net(p: LearningSequence, run: Run) -> Margin:
    """Return the margin of min_{j<J} J^N(θ^j) ≤ J^N(θ^J) + modulus: the members but the last are a net.

    The modulus is taken at half of the widest gap of the net, and at the member for which it is largest.
    """
    last, cells = len(p.sequence.depths) - 1, p.sequence.depths[-1]
    apart = constants.covering(p.sequence)[:, None] * constants.spread(p.sequence)
    first, *others = (
        followed(p, convergence.function(p.sequence, j), cells, run) for j in (last, *range(last))
    )
    found = [at_most_apart(p, first, one, apart, run) for one in others]
    problem = at_depth(p, cells)
    terms = {name: reduce(maximum, [one.terms[name] for one in found]) for name in found[0].terms}
    least = reduce(minimum, [run.objective(problem, j) for j in range(last)])
    rounding = reduce(maximum, [one.rounding for one in found])
    return at_most(least, {"value": run.objective(problem, last), **terms}, rounding)
