r"""What claims about training objectives compare: J_N(θ^j) with J(θ), and the uncertainties of both.

J_N(θ^j) comes from the subject, J(θ) from the oracle's solution of the limit at t = 1.  The states of the
networks say how far the limit is, (4.7) and (4.8), and the loss at the last state what that may do to it.
Round-off takes one step more, from there on.

Shapes: members (batch, J); samples (batch, samples); norms of controls (batch, 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from claims import comparison, limit_constants, magnitudes
from claims import convergence_constants as convergence
from claims import learning_constants as constants
from claims.constants import Terms
from claims.kit.arithmetic import Array, is_ball, stack
from claims.kit.context import Run
from claims.kit.convergence_instances import ControlSequence, LearningSequence, controls
from claims.kit.instances import AnyNetwork
from claims.kit.margin import Margin, at_most
from claims.kit.series import Series


class Value(NamedTuple):
    """A number (batch,) with what round-off may have done to it, and what is certified of the rest."""

    value: Array
    rounding: Array
    certified: Array


class Bound(NamedTuple):
    """What J_N(θ^j) and J(θ) may differ by, term by term, and the round-off of both sides, (batch,)."""

    terms: Terms
    rounding: Array


def _each(p: LearningSequence, x: Array) -> Array:
    """Return what belongs to an instance, (batch, …), for each of its samples, (batch · samples, …)."""
    return np.repeat(x, p.samples, 0) if is_ball(x) else x.repeat_interleave(p.samples, 0)


def _grouped(p: LearningSequence, x: Array) -> Array:
    """Return (batch · samples, …) as (batch, samples, …)."""
    return x.reshape(x.shape[0] // p.samples, p.samples, *x.shape[1:])


def entries(p: AnyNetwork) -> int:
    """Return the number of entries behind the norm of a control, for the rounding model."""
    return max(int(np.prod(values.shape[1:])) for values in controls(p))


# ---------------------------------------------------------------- the limit


def limit_objective(p: LearningSequence, run: Run) -> Value:
    """Return J(θ), (2.11), from the oracle's solution, every sample with a radius of its own."""
    first = p.sequence.first
    each = p.over(first).each
    found = run.limit(each, [0.0, 1.0])
    modelled = run.reference_rounding(*limit_constants.solution_round_off(each))
    own = limit_constants.forgiven(modelled, found.radius)
    ends, s = _grouped(p, found.states[:, -1]), constants.norms(first)
    steps = [_grouped(p, own), _grouped(p, found.radius - own)]
    forgiven, certified = constants.rises(p.loss, p.width, ends - p.labels, steps)
    value = constants.objective(p, first, ends)
    rounding = run.reference_rounding(ends.shape[-1] + p.samples, magnitude(p, ends, s))
    of_norms = run.reference_rounding(entries(first), s)
    rounding = rounding + constants.penalty_rises(p, s, [of_norms])[0]
    return Value(value, rounding + constants.mean(forgiven), constants.mean(certified))


def magnitude(p: LearningSequence, ends: Array, s: Array) -> Array:
    """Return the sum of norms behind an objective, (batch,): all its terms are nonnegative."""
    return constants.mean(abs(constants.losses(p, ends))) + constants.penalties(p, s)


# ---------------------------------------------------------------- the members


def samplewise(p: LearningSequence) -> ControlSequence:
    """Return the sequence of controls with every sample as an instance of its own, (batch · samples)."""
    repeated = p.sequence.map(lambda x: _each(p, x))
    first = p.over(p.sequence.first).each
    return replace(repeated, first=first, other=replace(repeated.other, f=first.f, u0=first.u0))


def bounds(p: LearningSequence, apart: Array, run: Run, members: Sequence[int]) -> list[Bound]:
    """Return what |J_N(θ^j) − J(θ)| is at most for some members j, if θ^j is within ``apart`` of θ.

    ``apart`` (batch, members, 3).  ``network``: what (4.7) may do to the loss; ``controls``: what (4.8) may
    do to it on top of that; ``penalty``: what ``apart`` and the projection may do to the norms of θ.
    """
    errors = convergence.projection_errors(p.sequence)
    networks = comparison.followed(samplewise(p), run, members)
    away = [apart[:, i] + errors[:, j] for i, j in enumerate(members)]
    return [_bound(p, one, x, run) for one, x in zip(networks, away, strict=True)]


def _bound(p: LearningSequence, one: comparison.Followed, apart: Array, run: Run) -> Bound:
    first, ends = p.sequence.first, _grouped(p, one.states[:, -1])
    steps = [_grouped(p, step) for step in _steps(p, one, _each(p, apart), run)]
    rises = constants.rises(p.loss, p.width, ends - p.labels, steps)
    of_network, of_controls, of_states = (constants.mean(x) for x in rises)
    s = constants.norms(one.network)[:: p.samples]
    of_norms = run.rounding(entries(one.network), s) + run.reference_rounding(entries(first), apart)
    penalties = constants.penalty_rises(p, constants.norms(first), [apart, of_norms])
    terms = {"network": of_network, "controls": of_controls, "penalty": penalties[0]}
    rounding = run.rounding(ends.shape[-1] + p.samples, magnitude(p, ends, s))
    return Bound(terms, rounding + of_states + penalties[1])


def _steps(p: LearningSequence, one: comparison.Followed, apart: Array, run: Run) -> list[Array]:
    """Return (4.7) at t = 1, (4.8), and the round-off of the last state, each (batch · samples,)."""
    first, operations = p.over(p.sequence.first).each, magnitudes.operations(one.network)
    stretch = _each(p, limit_constants.stretch(p.sequence.first))
    here = one.certificate.gap[:, -1] + one.certificate.drift[:, -1]
    there = stretch * convergence.control_error(first, one.network, apart, one.reach)
    again = run.rounding(operations, magnitudes.accumulated_magnitude(one.network, one.states)[:, -1])
    off = one.rounding[:, -1] + again + run.reference_rounding(operations, here + there)
    return [here, there, off]


# ---------------------------------------------------------------- margins


def along(p: LearningSequence, run: Run) -> Margin:
    """Return the margin of |J_N(θ^j) − J(θ)| ≤ its modulus at the distances ‖θ^j − θ‖, for all members j."""
    limit, distances = limit_objective(p, run), convergence.distances(p.sequence)
    members = range(len(p.sequence.depths))
    found = bounds(p, distances, run, members)
    left = stack([abs(run.objective(p, j) - limit.value) for j in members], 1)
    terms = {name: stack([one.terms[name] for one in found], 1) for name in found[0].terms}
    rounding = stack([one.rounding + limit.rounding for one in found], 1)
    certified = limit.certified[:, None] + 0 * left
    total = terms["network"] + terms["controls"] + terms["penalty"]
    return at_most(
        left, terms, rounding, certified, Series(p.sequence.depths, left, total, rounding + certified)
    )


def at_last(p: LearningSequence, run: Run) -> Margin:
    """Return the margin of |J_N(θ^N) − J(θ)| ≤ its modulus at the *declared* rates, for the last member."""
    limit, last = limit_objective(p, run), len(p.sequence.depths) - 1
    (found,) = bounds(p, p.sequence.rates[:, last:], run, [last])
    left = abs(run.objective(p, last) - limit.value)
    return at_most(left, found.terms, found.rounding + limit.rounding, limit.certified)
