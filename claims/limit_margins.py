r"""What claims about the deep-layer limit compare, beside their constants: the uncertainties of both sides.

The oracle's solution comes with a radius.  What its own round-off explains is rounding; the rest is certified
and forgives nothing.  The states of networks are rounded in the subject's dtype; what that may add to the
certificate (4.7) is found by asking its modulus for states and gaps that are off by as much.

Shapes: as in `claims.limit_constants`; positions are t_1 … t_N, or depths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from claims import depth_constants, grid_constants, limit_constants, limit_pair_constants, magnitudes
from claims.constants import Terms
from claims.families.limits import refined
from claims.kit.arithmetic import Array, largest, norm, sqrt, stack
from claims.kit.context import Run
from claims.kit.instances import AnyNetwork, NetworkPair
from claims.kit.limits import Limit
from claims.kit.margin import Margin, at_most
from claims.kit.series import Series

#: Layers for each cell of the controls, of networks of growing depth.
FACTORS = (1, 2, 4, 8)

#: How the terms of (4.7) tend to zero with h.
RATES = {"root": "gap", "linear": "drift"}


def oracle_round_off(p: AnyNetwork, run: Run, radius: Array, x: Array | None = None) -> Array:
    """Return how much of the radius (batch,) of the oracle's solution its round-off explains, (batch,)."""
    modelled = run.reference_rounding(*limit_constants.solution_round_off(p, x))
    return limit_constants.forgiven(modelled, radius)


def against_limit(
    left: Array,
    terms: Mapping[str, Array],
    rounding: Array,
    own: Array,
    radius: Array,
    series: Series | None = None,
) -> Margin:
    """Return the margin of a comparison with the oracle's solution, (batch, N) or (batch,).

    ``own`` of ``radius``, both (batch,) or of the shape of ``left``, is round-off.
    """
    forgiven = own[:, None] if left.ndim > own.ndim else own
    return at_most(left, terms, rounding + forgiven, radius - own, series)


# ---------------------------------------------------------------- the certificate of a network


def certificate(p: AnyNetwork, states: Array, run: Run, x: Array) -> tuple[Terms, Array]:
    """Return the terms of (4.7) at t_1 … t_N and the round-off of the states, (batch, N)."""
    operations = magnitudes.operations(p)
    own = run.rounding(operations, limit_constants.gap_magnitude(p, states))
    terms = limit_constants.network_certificate(p, states, own, x)
    return terms, run.rounding(operations, limit_constants.accumulated_magnitude(p, states, x))


def modulus(p: AnyNetwork, states: Array, run: Run, x: Array) -> tuple[Terms, Terms]:
    """Return what the terms of (4.7) are at most, and what round-off in the states may add to each."""
    operations = magnitudes.operations(p)
    of_states = run.rounding(operations, magnitudes.accumulated_magnitude(p, states))
    of_gaps = run.rounding(operations, limit_constants.gap_magnitude(p, states))
    bound, wider = depth_constants.widened_modulus(p, of_states, of_gaps, x)
    return bound, {name: wider[name] - bound[name] for name in bound}


def term_by_term(left: Terms, right: Terms, rounding: Terms) -> Margin:
    """Return the margin of left ≤ right for each name by itself, (batch, names, positions)."""
    names = list(right)
    alone = {
        name: stack([right[one] if one == name else 0 * right[one] for one in names], 1) for name in names
    }
    found, forgiven = (stack([side[name] for name in names], 1) for side in (left, rounding))
    return at_most(found, alone, forgiven)


# ---------------------------------------------------------------- several depths


@dataclass(frozen=True)
class Deep:
    """A network with ``factor`` layers for each cell of the controls, its states, and its x = hκ_n."""

    network: AnyNetwork
    factor: int
    states: Array
    x: Array


def deeper(p: AnyNetwork, run: Run, x: Array) -> list[Deep]:
    """Return the networks with as many layers a cell as `FACTORS` say; ``x`` is that of the first."""
    networks = [refined(p, factor) for factor in FACTORS]
    return [
        Deep(one, factor, run.forward(one), grid_constants.refined(x, one.depth) / factor)
        for factor, one in zip(FACTORS, networks, strict=True)
    ]


def against_rates(p: AnyNetwork, networks: list[Deep], run: Run, x: Array) -> tuple[Terms, Terms, Terms]:
    """Return the terms of (4.7) at t = 1, A√h and Bh, and the round-off, by the names of `RATES`.

    Each is (batch, depths).  A and B are those of ``p``, whatever the depth.
    """
    terms = [
        limit_constants.network_certificate(deep.network, deep.states, 0 * deep.x, deep.x)
        for deep in networks
    ]
    rounding = [modulus(deep.network, deep.states, run, deep.x)[1] for deep in networks]
    found, forgiven = (
        {name: stack([one[term][:, -1] for one in side], 1) for name, term in RATES.items()}
        for side in (terms, rounding)
    )
    root, linear = depth_constants.rates(p, x)
    h = stack([0 * root + deep.network.h for deep in networks], 1)
    return found, {"root": root[:, None] * sqrt(h), "linear": linear[:, None] * h}, forgiven


def distances(deep: Deep, solution: Array, run: Run) -> tuple[Array, Terms, Array]:
    """Return ‖u − u(t)‖ at the ends of the cells of the controls, its modulus and the round-off, (batch, N).

    ``solution`` (batch, N+1, d) is the limit at these ends.
    """
    p, ends = deep.network, slice(deep.factor - 1, None, deep.factor)
    left = norm(deep.states[:, :: deep.factor] - solution)[:, 1:]
    bound = depth_constants.modulus(p, deep.x)
    rounding = run.rounding(magnitudes.operations(p), magnitudes.accumulated_magnitude(p, deep.states))
    return left, {name: term[:, ends] for name, term in bound.items()}, rounding[:, ends]


def converging(networks: list[Deep], limit: Limit, own: Array, run: Run) -> Margin:
    """Return the margin of ‖u − u(t)‖ ≤ modulus at the last depth, with the series of all depths."""
    found = [distances(deep, limit.states, run) for deep in networks]
    columns = [
        (largest(left), largest(bound["gap"] + bound["drift"]), largest(rounding) + limit.radius)
        for left, bound, rounding in found
    ]
    gap, bound, resolution = (stack(column, 1) for column in zip(*columns, strict=True))
    series = Series(tuple(deep.network.depth for deep in networks), gap, bound, resolution)
    return against_limit(*found[-1], own, limit.radius, series)


# ---------------------------------------------------------------- two systems


class Solved(NamedTuple):
    """Two limits at t_0 … t_N, (batch, N+1, d), the terms of (4.5), and uncertainties, all (batch, N).

    ``radius`` is that of both solutions and of what it adds to the terms; ``own`` is the part of it that
    round-off explains, ``rounding`` that of the terms themselves.
    """

    first: Array
    second: Array
    bound: Terms
    rounding: Array
    own: Array
    radius: Array

    @classmethod
    def of(cls, pair: NetworkPair, run: Run) -> Solved:
        """Solve both systems of a pair."""
        u, v = run.limit(pair.first, limit_pair_constants.times(pair.first)), run.limit(pair.second)
        first = u.states[:, :: limit_pair_constants.PARTS]
        bound, sensitivity = limit_pair_constants.stability(pair, u.states)
        own = [
            oracle_round_off(p, run, one.radius)[:, None] for p, one in ((pair.first, u), (pair.second, v))
        ]
        magnitude = limit_pair_constants.round_off_magnitude(pair, first, v.states)
        return cls(
            first,
            v.states,
            bound,
            run.reference_rounding(magnitudes.operations(pair.first), magnitude),
            (1 + sensitivity) * own[0] + own[1],
            (1 + sensitivity) * u.radius[:, None] + v.radius[:, None],
        )
