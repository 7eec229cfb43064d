r"""Networks along a sequence of controls beside the solution of the limit system, and the margin of the two.

The subject projects the controls and runs the networks; the judge projects them once more, certifies the
states by (4.7), and compares û with the oracle's solution at the times n/(2N) of every depth N.

Shapes: as in `claims.convergence_constants`; positions are the times n/(2N), n = 1 … 2N, of one member after
the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claims import convergence_constants as convergence
from claims import limit_constants, magnitudes
from claims.kit.arithmetic import Array, largest, norm, stack
from claims.kit.context import Run
from claims.kit.convergence_instances import ControlSequence, in_time
from claims.kit.instances import AnyNetwork
from claims.kit.limits import Limit
from claims.kit.margin import Margin
from claims.kit.series import Series
from claims.limit_margins import against_limit, oracle_round_off


@dataclass(frozen=True)
class Followed:
    """The network of one member, its states, what (4.7) says of them, and the round-off of û (batch, 2N)."""

    network: AnyNetwork
    states: Array
    certificate: convergence.Certificate
    reach: convergence.Reach
    rounding: Array

    @property
    def terms(self) -> dict[str, Array]:
        """The terms of (4.7) at n/(2N), n = 1 … 2N, each (batch, 2N)."""
        return {"gap": self.certificate.gap, "drift": self.certificate.drift}


def projected_by(run: Run, p: AnyNetwork, cells: int) -> AnyNetwork:
    """Return the problem with the subject's cell means of the controls; one without entries has none."""

    def means(x: Array) -> Array:
        batch, grid, *shape = x.shape
        flat = x.reshape(batch, grid, convergence.count(shape))
        found = run.project(flat, cells) if flat.shape[2] else convergence.projected(flat, cells)
        return found.reshape(batch, cells, *shape)

    return in_time(p, means)


def followed(p: ControlSequence, run: Run, members: Sequence[int] | None = None) -> list[Followed]:
    """Return the networks of the members (all, or those whose numbers are given) with their certificates."""
    chosen = range(len(p.depths)) if members is None else members
    functions = [convergence.function(p, j) for j in chosen]
    networks = [convergence.network(x, p.depths[j]) for x, j in zip(functions, chosen, strict=True)]
    states = [
        run.forward(projected_by(run, theta, one.depth))
        for theta, one in zip(functions, networks, strict=True)
    ]
    # a layer's dot products, and those of the means
    operations = [
        magnitudes.operations(one) + -(-theta.depth // one.depth) + 1
        for theta, one in zip(functions, networks, strict=True)
    ]
    cases = list(zip(networks, states, operations, strict=True))
    own = [run.rounding(count, limit_constants.gap_magnitude(one, u)) for one, u, count in cases]
    certificates = convergence.certificates(networks, states, own)
    return [
        Followed(one, u, found, convergence.reach(one, u, found.largest), _round_off(one, u, count, run))
        for (one, u, count), found in zip(cases, certificates, strict=True)
    ]


def _round_off(p: AnyNetwork, states: Array, operations: int, run: Run) -> Array:
    """Return the round-off of û at n/(2N), (batch, 2N); in mid-cell that of both neighbours."""
    ends = limit_constants.accumulated_magnitude(p, states)
    before = stack([norm(p.u0), *(ends[:, n] for n in range(p.depth - 1))], 1)
    return run.rounding(operations, convergence.interleaved(before + ends, ends))


def apart(p: ControlSequence, one: Followed, j: int, solution: Array) -> Array:
    """Return ‖û − u‖ at n/(2N), n = 1 … 2N, of the member j; ``solution`` is u at ``p.times``."""
    return norm(convergence.half_steps(one.states) - solution[:, p.places(j)])[:, 1:]


def members_against_limit(
    p: ControlSequence,
    left: Sequence[Array],
    terms: Sequence[Mapping[str, Array]],
    rounding: Sequence[Array],
    run: Run,
    limit: Limit,
) -> Margin:
    """Return the margin of ``left`` (batch, 2N) against the sum of the terms, for all members given together.

    Of the radius of the solution what its own round-off explains is rounding; the rest is certified and
    forgives nothing.  Where all members are there, the series of their gaps is handed over.
    """
    own = oracle_round_off(p.first, run, limit.radius)
    joined = {
        name: convergence.joined([_wide(one[name], x) for one, x in zip(terms, left, strict=True)])
        for name in terms[0]
    }
    series = _series(p, left, terms, rounding, limit) if len(left) == len(p.depths) else None
    both, forgiven = convergence.joined(left), convergence.joined(rounding)
    return against_limit(
        both, joined, forgiven, own[:, None] + 0 * both, limit.radius[:, None] + 0 * both, series
    )


def _wide(term: Array, left: Array) -> Array:
    return term if term.ndim > 1 else term[:, None] + 0 * left


def _series(
    p: ControlSequence,
    left: Sequence[Array],
    terms: Sequence[Mapping[str, Array]],
    rounding: Sequence[Array],
    limit: Limit,
) -> Series:
    bounds = [sum(_wide(term, x) for term in one.values()) for one, x in zip(terms, left, strict=True)]
    return Series(
        p.depths,
        stack([largest(x) for x in left], 1),
        stack([largest(x) for x in bounds], 1),
        stack([largest(x) + limit.radius for x in rounding], 1),
    )
