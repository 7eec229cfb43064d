r"""What claims about existence for the limit compare: two limits, and networks of two depths.

Both limits are the oracle's, each with a radius.  Round-off explains part of it, the rest is certified.

Shapes: members (batch, J); samples (batch, samples); norms of controls (batch, 3).
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import NamedTuple

from claims import compact_constants as constants
from claims import convergence_constants as convergence
from claims import grid_constants, learning_margins, limit_constants, limit_margins, magnitudes
from claims import learning_constants as learning
from claims.constants import Terms, h1_seminorm
from claims.existence_margins import each, grouped
from claims.extended_margins import Finite, extended
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.arithmetic import Array, largest, maximum, minimum, sqrt, stack
from claims.kit.compact_instances import CompactSequence
from claims.kit.context import Run
from claims.kit.convergence_instances import ControlSequence, LearningSequence, in_time
from claims.kit.instances import AnyNetwork, NetworkPair
from claims.kit.margin import Margin, at_most
from claims.learning_margins import entries, magnitude


class Ended(NamedTuple):
    """A limit at t = 1, (batch, samples, d), round-off and radius of it, and its objective (batch,)."""

    ends: Array
    own: Array
    rest: Array
    value: Array


def ended(p: LearningSequence, theta: AnyNetwork, run: Run) -> Ended:
    """Solve the limit for all samples under the controls ``theta``, and return J(θ), (2.11)."""
    one = p.over(theta).each
    found = run.limit(one, [0.0, 1.0])
    modelled = run.reference_rounding(*limit_constants.solution_round_off(one))
    own = limit_constants.forgiven(modelled, found.radius)
    ends = grouped(p, found.states[:, -1])
    return Ended(ends, grouped(p, own), grouped(p, found.radius - own), learning.objective(p, theta, ends))


class Change(NamedTuple):
    """What two objectives may differ by, term by term, and the uncertainties of both, (batch,)."""

    terms: Terms
    rounding: Array
    certified: Array


def change(
    p: LearningSequence, theta: AnyNetwork, ends: Array, steps: list[Array], apart: Array, run: Run
) -> Change:
    """Return what objectives at θ and at ``theta``, whose states end in ``ends``, may differ by.

    ``steps``: how far the states are apart, the round-off of all that, and what is certified of it, (batch,
    samples); ``apart`` (batch, 3): the distances of the controls.
    """
    rises = learning.rises(p.loss, p.width, ends - p.labels, steps)
    of_states, of_rounding, of_radius = (learning.mean(x) for x in rises)
    first = p.sequence.first
    s, t = learning.norms(first), learning.norms(theta)
    of_norms = run.reference_rounding(entries(first) + entries(theta), s + t + apart)
    penalties = learning.penalty_rises(p, s, [apart, of_norms])
    size = 2 * magnitude(p, ends, s) + learning.mean(rises[0]) + penalties[0]
    rounding = run.reference_rounding(ends.shape[-1] + p.samples, size)
    terms = {"loss": of_states, "penalty": penalties[0]}
    return Change(terms, rounding + of_rounding + penalties[1], of_radius)


# ---------------------------------------------------------------- continuity


class Compared(NamedTuple):
    """J(θ) and J(θ^K), (batch,), and what they may differ by."""

    here: Array
    there: Array
    change: Change


def compared(p: LearningSequence, run: Run) -> Compared:
    """Return the objectives at θ and at the last member, and their modulus by (4.5) for the limit."""
    theta, first = constants.last(p.sequence), p.sequence.first
    cells = grid_constants.common_cells(theta.depth, first.depth)
    pair = NetworkPair(*(_written(p, x, cells) for x in (theta, first)))
    found = limit_margins.Solved.of(pair, run)
    step = sum((term[:, -1] for term in found.bound.values()), start=0 * found.own[:, -1])
    off = found.rounding[:, -1] + found.own[:, -1]
    steps = [grouped(p, x) for x in (step, off, (found.radius - found.own)[:, -1])]
    ends, others = (grouped(p, x[:, -1]) for x in (found.first, found.second))
    apart = sqrt(constants.squares(p.sequence))
    bound = change(p, theta, ends, steps, apart, run)
    return Compared(learning.objective(p, first, others), learning.objective(p, theta, ends), bound)


def modulus(p: LearningSequence, run: Run) -> Margin:
    """Return the margin of |J(θ^K) − J(θ)| ≤ its modulus by (4.5) for the limit, for the last member."""
    found = compared(p, run)
    bound = found.change
    return at_most(abs(found.there - found.here), bound.terms, bound.rounding, bound.certified)


def _written(p: LearningSequence, theta: AnyNetwork, cells: int) -> AnyNetwork:
    """Return the limits of all samples with the controls written on ``cells`` cells."""
    return in_time(p.over(theta).each, lambda x: grid_constants.refined(x, cells))


# ---------------------------------------------------------------- lower semicontinuity


def strong(p: CompactSequence, run: Run) -> Margin:
    """Return the margin of ‖θ^K − θ‖² ≤ δ(k(high − low) + 2V) for the three controls, δ the weak distance."""
    terms, left = constants.strong_rates(p), constants.squares(p.sequence)
    rounding = run.reference_rounding(entries(p.sequence.first) + _cells(p), left + sum(terms.values()))
    return at_most(left, terms, rounding)


def _cells(p: CompactSequence) -> int:
    return max(v.shape[1] for v in constants.apart(p.sequence))


def lower(p: CompactSequence, run: Run) -> Margin:
    """Return the margin of F(θ) ≤ F(θ^K) + modulus at the distance that weak distances allow."""
    problem, theta = p.learning, constants.last(p.sequence)
    here, near = (ended(problem, x, run) for x in (p.sequence.first, theta))
    apart = constants.root(constants.strong_rates(p))
    of_first, of_theta = (problem.over(x).each for x in (p.sequence.first, theta))
    reach = constants.limit_reach(of_theta)
    error = convergence.control_error(of_first, of_theta, each(problem, apart), reach)
    step = grouped(problem, limit_constants.stretch(of_first) * error)
    model = run.reference_rounding(magnitudes.operations(of_first) + _cells(p), step)
    steps = [step, model + here.own + near.own, here.rest + near.rest]
    bound = change(problem, theta, near.ends, steps, apart, run)
    finite = Finite(here.value, {"value": near.value, **bound.terms}, bound.rounding, bound.certified)
    beyond = maximum(run.outside(p.box, len(p.sequence.depths) - 1), constants.too_small(p, theta))
    allowed = {"value": beyond, "on the way": on_the_way(p, apart, run)}
    return extended([finite], constants.outside(p, p.sequence.first), allowed)


def on_the_way(p: CompactSequence, apart: Array, run: Run) -> Array:
    """Return 1 where θ is away from the closure of Θ, but by no more than ``apart`` (batch, 3), (batch,)."""
    gaps = constants.gaps(p)
    off = run.reference_rounding(entries(p.sequence.first) + _cells(p), gaps + apart)
    arrived = largest(learning.positive(gaps - apart - off))
    return largest(learning.positive(gaps)) * (1 - arrived)


# ---------------------------------------------------------------- networks


def speed(p: ControlSequence, run: Run) -> Margin:
    r"""Return the margin of :math:`(\int\|\hat u'\|^2)^{1/2}` ≤ one number for all members."""
    lefts, off = list[Array](), list[Array]()
    for j in range(len(p.depths)):
        network = convergence.member(p, j)
        states = run.forward(network)
        lefts.append(h1_seminorm(network, states))
        off.append(run.rounding(magnitudes.operations(network), magnitudes.h1_magnitude(network, states)))
    left = stack(lefts, 1)
    terms = {name: x[:, None] + 0 * left for name, x in constants.speeds(p).items()}
    of_sums = run.reference_rounding(max(p.depths), left + sum(terms.values()))
    return at_most(left, terms, stack(off, 1) + of_sums)


def cauchy(p: FiniteProblem, run: Run) -> Margin:
    """Return the margin of |min J_N − min J_M| ≤ the largest moduli of both, for successive depths."""
    minima, moduli, off = list[Array](), list[Terms](), list[Array]()
    for cells in p.layers:
        problem = p.at(cells)
        minima.append(reduce(minimum, [run.objective(problem, j) for j in range(p.members)]))
        found = [_at_limit(problem, j, run) for j in range(p.members)]
        moduli.append({name: reduce(maximum, [x.terms[name] for x in found]) for name in found[0].terms})
        off.append(reduce(maximum, [x.rounding for x in found]))
    steps = range(len(p.layers) - 1)
    left = stack([abs(minima[i + 1] - minima[i]) for i in steps], 1)
    terms = {name: stack([moduli[i][name] + moduli[i + 1][name] for i in steps], 1) for name in moduli[0]}
    return at_most(left, terms, stack([off[i] + off[i + 1] for i in steps], 1))


def _at_limit(p: LearningSequence, j: int, run: Run) -> learning_margins.Bound:
    """Return what J^N(P_N θ^j) and J(θ^j) may differ by, the limit being driven by θ^j itself."""
    theta = convergence.function(p.sequence, j)
    scales = 0 * p.sequence.scales
    still = replace(
        p.sequence, first=theta, other=theta, scales=scales, frequencies=(0,) * len(p.sequence.depths)
    )
    apart = 0 * p.sequence.rates[:, :1]
    (found,) = learning_margins.bounds(replace(p, sequence=still), apart, run, [0])
    return found
