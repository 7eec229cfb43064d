r"""What claims about training under moved data compare: objectives, minima and minimisers over a finite Θ.

For the networks J comes from the subject, for the limit from the oracle's solutions.  The first of the I + 1
problems has the own data.  Where a set of minimisers is decided, values that round-off cannot tell apart
count as equal, on both sides alike; what a certified radius leaves open is certified, and forgives nothing.

Shapes: values (batch, I + 1, J), terms (batch, I, J); positions are problems, or problems and members.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from claims import learning_constants, limit_constants, magnitudes, sample_constants
from claims import learning_margins as margins
from claims import training_constants as constants
from claims.comparison import projected_by
from claims.constants import Terms
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.arithmetic import Array, is_ball, largest, norm, stack
from claims.kit.context import Run
from claims.kit.convergence_instances import LearningSequence
from claims.kit.instances import AnyNetwork
from claims.kit.margin import Margin, at_most


class Trained(NamedTuple):
    """The objectives of all problems, and how far moved data may change them.

    ``values``, ``rounding`` and ``certified`` are (batch, I + 1, J); ``terms`` and their round-off ``off``
    (batch, I, J); ``apart`` the distances of the members, (batch, J, J).
    """

    values: Array
    rounding: Array
    certified: Array
    terms: Terms
    off: Array
    apart: Array


class _Member(NamedTuple):
    """Objectives (batch, I + 1) of one member of Θ, their uncertainties, and the modulus (batch, I)."""

    value: Array
    rounding: Array
    certified: Array
    terms: Terms
    off: Array


# ---------------------------------------------------------------- objectives


def of_networks(p: PerturbedProblem, run: Run) -> Trained:
    """Return the objectives of the subject's networks."""
    together, shift = _together(p), constants.shifts(p)
    elements = constants.members(p.unmoved, limit=False)
    found = [_of_network(p, together, shift, network, j, run) for j, network in enumerate(elements)]
    return _joined(found, constants.distances(elements))


def of_limits(p: PerturbedProblem, run: Run) -> Trained:
    """Return the objectives of the deep-layer limits, as the oracle solves them."""
    together, shift = _together(p), constants.shifts(p)
    elements = constants.members(p.unmoved, limit=True)
    problems = constants.members(together, limit=True)
    found = [_of_limit(p, together, shift, *both, run) for both in zip(elements, problems, strict=True)]
    return _joined(found, constants.distances(elements))


def _of_network(
    p: PerturbedProblem,
    together: LearningSequence,
    shift: constants.Shift,
    network: AnyNetwork,
    j: int,
    run: Run,
) -> _Member:
    theirs = constants.members(together, limit=False)[j]
    samples = together.over(theirs)
    given = together.over(projected_by(run, margins.convergence.function(together.sequence, j), p.depth))
    states = run.forward(given)
    operations = magnitudes.operations(theirs) + -(-together.sequence.first.depth // p.depth) + 1
    of_states = run.rounding(operations, sample_constants.run_magnitude(samples, states)[..., -1])
    ends, s = states[:, :, -1], learning_constants.norms(theirs)
    of_norms = run.rounding(margins.entries(theirs), s)
    rounding = _rounding(together, ends, s, of_states, of_norms, run)
    value = run.objective(together, j)
    own = slice(0, p.size)
    terms, off = _modulus(p, shift, network, ends[own], of_states[own], run, limit=False)
    value, rounding = _by_problem(p, value), _by_problem(p, rounding)
    return _Member(value, rounding, 0 * value, terms, off)


def _of_limit(
    p: PerturbedProblem,
    together: LearningSequence,
    shift: constants.Shift,
    theta: AnyNetwork,
    theirs: AnyNetwork,
    run: Run,
) -> _Member:
    samples = together.over(theirs)
    found = run.limit(samples.each, [0.0, 1.0])
    modelled = run.reference_rounding(*limit_constants.solution_round_off(samples.each))
    own = limit_constants.forgiven(modelled, found.radius)
    ends, s = samples.grouped(found.states[:, -1]), learning_constants.norms(theirs)
    of_states, open_ = samples.grouped(own), samples.grouped(found.radius - own)
    of_norms = run.reference_rounding(margins.entries(theirs), s)
    rounding = _rounding(together, ends, s, of_states, of_norms, run)
    x = ends - together.labels
    certified = learning_constants.rises(together.loss, together.width, x, [of_states, open_])[1]
    value = learning_constants.objective(together, theirs, ends)
    first = slice(0, p.size)
    off = (of_states + open_)[first]
    terms, off = _modulus(p, shift, theta, ends[first], off, run, limit=True)
    parts = (value, rounding, learning_constants.mean(certified))
    value, rounding, certified = (_by_problem(p, x) for x in parts)
    return _Member(value, rounding, certified, terms, off)


def _rounding(
    p: LearningSequence, ends: Array, s: Array, of_states: Array, of_norms: Array, run: Run
) -> Array:
    """Return the round-off of an objective: of the sums, the states, the labels and the norms, (batch,)."""
    moved = of_states + run.rounding(1, norm(p.labels))
    of_loss = learning_constants.rises(p.loss, p.width, ends - p.labels, [moved])[0]
    of_sums = run.rounding(ends.shape[-1] + p.samples, margins.magnitude(p, ends, s))
    return of_sums + learning_constants.mean(of_loss) + learning_constants.penalty_rises(p, s, [of_norms])[0]


def _modulus(
    p: PerturbedProblem,
    shift: constants.Shift,
    theta: AnyNetwork,
    ends: Array,
    of_states: Array,
    run: Run,
    *,
    limit: bool,
) -> tuple[Terms, Array]:
    taken = constants.steps(theta, shift, limit=limit)
    total = taken["start"] + taken["data"] + taken["label"]
    off = of_states[:, None] + run.reference_rounding(magnitudes.operations(theta), total)
    return constants.rises(p.unmoved, ends, taken, off)


def _together(p: PerturbedProblem) -> LearningSequence:
    """Return all problems as one batch, (I + 1) · batch, one problem after the other."""
    first, *others = constants.problems(p)
    columns = zip(*(one.arrays() for one in (first, *others)), strict=True)
    join = np.concatenate if is_ball(p.shares) else torch.cat
    arrays = iter([join(list(column)) for column in columns])
    return first.map(lambda _: next(arrays))


def _by_problem(p: PerturbedProblem, x: Array) -> Array:
    """Return what belongs to `_together`, ((I + 1) · batch,), as (batch, I + 1)."""
    return x.reshape(x.shape[0] // p.size, p.size).swapaxes(0, 1)


def _joined(found: list[_Member], apart: Array) -> Trained:
    names = list(found[0].terms)
    terms = {name: stack([one.terms[name] for one in found], 2) for name in names}
    value, rounding, certified = (
        stack([getattr(one, name) for one in found], 2) for name in ("value", "rounding", "certified")
    )
    return Trained(value, rounding, certified, terms, stack([one.off for one in found], 2), apart)


# ---------------------------------------------------------------- margins: values


def _largest_terms(t: Trained) -> Terms:
    """Return the largest of each term over Θ, (batch, I)."""
    return {name: largest(term) for name, term in t.terms.items()}


def _both(x: Array) -> Array:
    """Return the largest over Θ, of the own data and of the moved ones, (batch, I)."""
    most = largest(x)
    return most[:, :1] + most[:, 1:]


def objectives(t: Trained) -> Margin:
    """Return the margin of |J_k(θ) − J(θ)| ≤ the terms, for every θ ∈ Θ and every problem k."""
    left = abs(t.values[:, 1:] - t.values[:, :1])
    rounding = t.rounding[:, 1:] + t.rounding[:, :1] + t.off
    certified = t.certified[:, 1:] + t.certified[:, :1]
    return at_most(left, t.terms, rounding, certified)


def minima(t: Trained, terms: Terms | None = None) -> Margin:
    """Return the margin of |min J_k − min J| ≤ the largest terms over Θ, or others (batch, I)."""
    least = constants.smallest(t.values)
    rounding = _both(t.rounding) + largest(t.off)
    left = abs(least[:, 1:] - least[:, :1])
    return at_most(left, terms or _largest_terms(t), rounding, _both(t.certified))


def minimum_alone(t: Trained, name: str) -> Margin:
    """Return the margin of |min J_k − min J| ≤ one of the terms, the largest over Θ: no other data move."""
    return minima(t, {name: _largest_terms(t)[name]})


def falling_minima(p: PerturbedProblem, t: Trained) -> Margin:
    """Return the margin of |min J_k − min J| ≤ share_k / share_1 times the first problem's terms."""
    return minima(t, constants.falling(p, _largest_terms(t)))


def nearly_optimal(t: Trained) -> Margin:
    """Return the margin of J(θ) − min J ≤ (J_k(θ) − min J_k) + 2 sup_Θ|J_k − J|, for all θ and k."""
    excess = t.values - constants.smallest(t.values)[..., None]
    nothing = 0 * excess[:, 1:]
    terms = {f"{name} twice": 2 * term[..., None] + nothing for name, term in _largest_terms(t).items()}
    rounding = (2 * (_both(t.rounding) + largest(t.off)))[..., None] + nothing
    certified = (2 * _both(t.certified))[..., None] + nothing
    return at_most(excess[:, :1] + nothing, {"slack": excess[:, 1:], **terms}, rounding, certified)


# ---------------------------------------------------------------- margins: minimisers


class _Near(NamedTuple):
    """Minimisers of J_k and of J, and what is within 2δ_k of min J: which are *not* among them."""

    moved: Array
    own: Array
    near: Array


def _near(p: PerturbedProblem, t: Trained, wider: float) -> _Near:
    """Decide the sets, with ``wider`` times what is certified forgiven where that makes the claim harder."""
    rounding, certified = _both(t.rounding)[..., None], _both(t.certified)[..., None]
    start, data, label = constants.falling(p, _largest_terms(t)).values()
    bound = start + data + label
    off = largest(t.off)[..., None]
    own = t.values[:, :1] + 0 * t.values[:, 1:]
    return _Near(
        constants.above(t.values[:, 1:], 2 * wider * certified),
        constants.above(t.values[:, 0], rounding[:, 0]),
        constants.above(own, 2 * bound[..., None] + 2 * (rounding + off) - 2 * wider * certified),
    )


def excesses(p: PerturbedProblem, t: Trained) -> Margin:
    """Return the margin of sup_{θ ∈ S_k} d(θ, S) ≤ sup {d(θ, S): J(θ) ≤ min J + 2δ_k}, for every k.

    δ_k is what is claimed to tend to 0, share_k / share_1 times the first problem's modulus.
    """

    def sides(wider: float) -> tuple[Array, Array]:
        sets = _near(p, t, wider)
        away = constants.distance_to(t.apart, sets.own)[:, None] + 0 * t.values[:, 1:]
        return constants.farthest(away, sets.moved), constants.farthest(away, sets.near)

    (left, right), (most, least) = sides(0.0), sides(1.0)
    return at_most(left, {"near": right}, 0 * left, (most - left) + (right - least))


def returns(p: PerturbedProblem, t: Trained) -> Margin:
    """Return the margin of sup_{θ ∈ S} d(θ, S_k) ≤ sup {d(θ, S): J(θ) ≤ min J + 2δ_k}, for every k."""
    sets = _near(p, t, 0.0)
    away = constants.distance_to(t.apart, sets.own)[:, None] + 0 * t.values[:, 1:]
    count = t.values.shape[1] - 1
    back = stack([constants.distance_to(t.apart, sets.moved[:, i]) for i in range(count)], 1)
    own = stack([sets.own] * count, 1) if is_ball(back) else sets.own[:, None].expand_as(back)
    left, right = constants.farthest(back, own), constants.farthest(away, sets.near)
    return at_most(left, {"near": right}, 0 * left)


def clusters(p: PerturbedProblem, t: Trained, run: Run) -> Margin:
    """Return the margin of: of I + 1 minimisers, one of each problem, two are within radius/I."""
    left = constants.closest_pair(t.apart, t.values)
    right = constants.radius(p.unmoved) / (t.values.shape[1] - 1)
    rounding = run.reference_rounding(margins.entries(p.problem.sequence.first), left + right)
    return at_most(left, {"spread": right}, rounding)
