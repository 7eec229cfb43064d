r"""What claims about cluster points of minimisers compare: J at any θ with its minimum over Θ.

A minimiser θ_k of J_k has J(θ_k) ≤ min J + 2δ_k, so that J(θ) ≤ min J + 2δ_k + |J(θ) − J(θ_k)|, and the last
is at most the modulus (4.5) of J in the controls.  θ is that of the sequence, in Θ or not.

Shapes: problems (batch, I), members (batch, J).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from claims import compact_margins, existence_margins
from claims import training_constants as constants
from claims.constants import Terms
from claims.convergence_constants import function
from claims.extended_margins import recovery
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.arithmetic import Array, largest, stack
from claims.kit.context import Run
from claims.kit.convergence_instances import LearningSequence
from claims.kit.margin import Margin, at_most
from claims.training_margins import Trained


class _Near(NamedTuple):
    """J(θ), and what |J(θ) − J(θ^j)| is at most, with the uncertainties of both, (batch,)."""

    value: Array
    terms: Terms
    rounding: Array
    certified: Array


def _of_network(p: LearningSequence, j: int, run: Run) -> _Near:
    cells = p.sequence.depths[j]
    near, here = (
        existence_margins.followed(p, x, cells, run) for x in (function(p.sequence, j), p.sequence.first)
    )
    bound = existence_margins.at_distance(p, near, here, run)
    value = run.objective(recovery(p), j)
    return _Near(value, bound.terms, bound.rounding, 0 * value)


def _of_limit(p: LearningSequence, j: int, run: Run) -> _Near:
    found = compact_margins.compared(_alone(p, j), run)
    return _Near(found.here, found.change.terms, found.change.rounding, found.change.certified)


def _alone(p: LearningSequence, j: int) -> LearningSequence:
    """Return the problem along the member j alone."""
    s, one = p.sequence, slice(j, j + 1)
    rest = {"depths": s.depths[one], "frequencies": s.frequencies[one]}
    return replace(p, sequence=replace(s, scales=s.scales[:, one], rates=s.rates[:, one], **rest))


def cluster_points(p: PerturbedProblem, t: Trained, run: Run, *, limit: bool) -> Margin:
    """Return the margin of J(θ) − min J ≤ 2δ_k + modulus from a minimiser θ_k of J_k to θ, for every k."""
    of = _of_limit if limit else _of_network
    found = [of(p.unmoved, j, run) for j in range(t.values.shape[2])]
    chosen = constants.lowest(t.values[:, 1:])  # (batch, I, J), 1 at one minimiser of each J_k

    def there(columns: list[Array]) -> Array:
        return (chosen * stack(columns, 1)[:, None]).sum(2)

    least = constants.smallest(t.values[:, 0])
    left = (found[0].value - least)[:, None] + 0 * chosen[:, :, 0]
    terms = {f"{name} twice": 2 * largest(term) for name, term in t.terms.items()}
    terms |= {name: there([one.terms[name] for one in found]) for name in found[0].terms}
    rounding = 2 * (_both(t.rounding) + largest(t.off)) + there([one.rounding for one in found])
    return at_most(left, terms, rounding, 2 * _both(t.certified) + there([one.certified for one in found]))


def _both(x: Array) -> Array:
    """Return the largest over Θ, of the own data and of the moved ones, (batch, I)."""
    most = largest(x)
    return most[:, :1] + most[:, 1:]
