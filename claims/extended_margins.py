r"""What claims of Γ-convergence compare: objectives that are +∞ outside the set Θ of admissible controls.

x ≤ y between such numbers says that x ≤ y where both are finite, and that x is infinite only where y is.
So a margin has positions for the first, all zero where anything is infinite, and a last one for the second,
with 1 for +∞ and 0 for a number.

Shapes: (batch,), or (batch, positions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from claims import admissible_constants as constants
from claims import learning_margins as margins
from claims.constants import Terms
from claims.kit.arithmetic import Array, largest, maximum, stack, where
from claims.kit.context import Run
from claims.kit.convergence_instances import AdmissibleSequence, LearningSequence
from claims.kit.margin import Margin, at_most


class Finite(NamedTuple):
    """Both sides of an inequality between numbers, with their uncertainties, all (batch,)."""

    left: Array
    terms: Terms
    rounding: Array
    certified: Array


def extended(finite: Sequence[Finite], beyond: Array, allowed: Mapping[str, Array]) -> Margin:
    """Return the margin of x ≤ y: ``finite`` where both are numbers; x is +∞ where ``beyond`` is 1.

    ``allowed`` are the terms of the last position: 1 where y is +∞.
    """
    infinite = beyond
    for term in allowed.values():
        infinite = maximum(infinite, term)
    nothing = 0 * beyond

    def column(values: Sequence[Array], last: Array) -> Array:
        return stack([*(where(infinite > 0, nothing, x) for x in values), last], 1)

    names = dict.fromkeys((*finite[0].terms, *allowed))
    return at_most(
        column([one.left for one in finite], beyond),
        {
            name: column([one.terms.get(name, nothing) for one in finite], allowed.get(name, nothing))
            for name in names
        },
        column([one.rounding for one in finite], nothing),
        column([one.certified for one in finite], nothing),
    )


def arrived(p: AdmissibleSequence, run: Run) -> Array:
    """Return 1 where the rate of a control is below its distance from Θ, so that θ^j ∉ Θ; (batch, J)."""
    sizes = constants.reaches(p)
    off = run.rounding(max(margins.entries(p.sequence.first), 1), sizes)
    slack = constants.gaps(p)[:, None] - p.sequence.rates - off[:, None]
    return largest(constants.positive(slack))


def on_the_way(p: AdmissibleSequence, run: Run) -> Array:
    """Return 1 where θ is away from the closure of Θ, but not by more than the last rates, (batch,)."""
    away = largest(constants.positive(constants.gaps(p)))
    return away * (1 - arrived(p, run)[:, -1])


def recovery(p: LearningSequence) -> LearningSequence:
    """Return the problem along θ^j = θ."""
    still = replace(p.sequence, scales=0 * p.sequence.scales, rates=0 * p.sequence.rates)
    return replace(p, sequence=still)


def liminf(p: AdmissibleSequence, run: Run) -> Margin:
    """Return the margin of F(θ) ≤ F_N(θ^N) + modulus for the last member, at the declared rates."""
    learning, last = p.learning, len(p.sequence.depths) - 1
    limit = margins.limit_objective(learning, run)
    (found,) = margins.bounds(learning, p.sequence.rates[:, last:], run, [last])
    terms = {"value": run.objective(learning, last), **found.terms}
    finite = Finite(limit.value, terms, found.rounding + limit.rounding, limit.certified)
    allowed = {"value": run.outside(p, last), "on the way": on_the_way(p, run)}
    return extended([finite], constants.outside(p, p.sequence.first), allowed)


def limsup(p: AdmissibleSequence, run: Run) -> Margin:
    """Return the margin of F_N(θ) ≤ F(θ) + modulus for every depth."""
    learning = recovery(p.learning)
    still, members = learning.sequence, range(len(p.sequence.depths))
    limit, found = margins.limit_objective(learning, run), margins.bounds(learning, still.rates, run, members)
    finite = [
        Finite(
            run.objective(learning, j),
            {"value": limit.value, **found[j].terms},
            found[j].rounding + limit.rounding,
            limit.certified,
        )
        for j in members
    ]
    theirs = run.outside(replace(p, learning=learning), members[-1])
    return extended(finite, theirs, {"value": constants.outside(p, still.first)})


def leaving(p: AdmissibleSequence, run: Run) -> Margin:
    """Return the margin of: θ^j ∉ Θ as soon as a rate is below the distance of its control from Θ."""
    members = range(len(p.sequence.depths))
    left = arrived(p, run)
    return at_most(left, {"outside": stack([run.outside(p, j) for j in members], 1)}, 0 * left)
