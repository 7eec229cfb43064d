r"""What claims about boxes of parameters compare: enclosed minima of J^N and J, and the judge's own values.

The enclosures are a subject's: none is believed.  Every one is held against values at points of Θ that the
judge chooses, and against those at the points that the subject has found.  Their radii are certified, as is
what the oracle's limits leave open.

Shapes: enclosures (batch,), points (batch, 3, pieces), values at several points (batch, points).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from claims import argmin_constants, argmin_values, magnitudes
from claims import box_constants as constants
from claims import constants as networks
from claims import convergence_constants as convergence
from claims import learning_constants as learning
from claims import training_constants as training
from claims.argmin_values import Values
from claims.constants import Terms
from claims.kit.arithmetic import Array, largest, maximum, stack, where
from claims.kit.box_instances import BoxProblem, MovedBoxProblem
from claims.kit.box_sets import Found
from claims.kit.context import Run
from claims.kit.margin import Margin, at_most
from claims.kit.series import Series

#: What is asked of an enclosure: shares of the range of the objective, and of the bound it is judged with.
#: Nothing finer than the last is asked for.
GAP, SHARE, FINEST = 2.0**-7, 2.0**-7, 2.0**-11

#: The share that is asked of an enclosed minimum of the limit, which costs a hundred times as much.
OF_LIMITS = 2.0**-5

#: No gap is less than so many times the round-off of a value.
DOUBT = 2.0**8

#: Boxes of a cover that are looked into.
COVER = (0, -1)


class Position(NamedTuple):
    """One inequality an instance: its sides, the right one in terms, and the uncertainties, each (batch,)."""

    left: Array
    terms: Terms
    rounding: Array
    certified: Array


def margin(found: Sequence[Position], series: Series | None = None) -> Margin:
    """Return the margin of inequalities side by side; the terms of the others are 0 in each."""
    names = list(dict.fromkeys(name for one in found for name in one.terms))
    left, rounding, certified = (
        stack([getattr(one, name) for one in found], 1) for name in ("left", "rounding", "certified")
    )
    terms = {name: stack([one.terms.get(name, 0 * one.left) for one in found], 1) for name in names}
    return at_most(left, terms, rounding, certified, series)


# ---------------------------------------------------------------- values


def on_networks(p: BoxProblem, points: Sequence[Array], cells: int, run: Run) -> Values:
    """Return J^N(P_N θ(x)) at points, as the subject evaluates it, (batch, points)."""
    found = [convergence.network(p.at(x), cells) for x in points]
    return argmin_values.on_networks(p.problem, found, 2, run)


def in_the_limit(p: BoxProblem, points: Sequence[Array], run: Run) -> Values:
    """Return J(θ(x)) at points, from the oracle, (batch, points)."""
    return argmin_values.in_the_limit(p.problem, [p.at(x) for x in points], run)


def own_values(p: BoxProblem, points: Sequence[Array], cells: int) -> Array:
    """Return J^N(P_N θ(x)) at points by the judge's own recursion, (batch, points)."""
    every = argmin_values.spread(p.problem, [convergence.network(p.at(x), cells) for x in points], (cells,))
    network = every.sequence.first
    samples = every.over(network)
    ends = samples.grouped(networks.resolvent_run(samples.each))[:, :, -1]
    return argmin_values.split(learning.objective(every, network, ends), len(points))


def wanted(found: Values) -> Array:
    """Return the gap that is asked for: a share of the range of the values, no less than of their size."""
    least = argmin_constants.smallest(found.value)
    spread = maximum(largest(found.value) - least, 2.0**-10 * (1 + abs(least)))
    return maximum(GAP * spread, DOUBT * largest(found.rounding))


def covered(p: BoxProblem, found: Found) -> list[Array]:
    """Return points of Θ that may be minimisers: the best one, and the middles of some boxes of the cover."""
    middles = (found.cover[:, i].sum(1) / 2 for i in COVER)
    return [found.x, *(constants.feasible(p, x) for x in middles)]


# ---------------------------------------------------------------- one enclosure


def enclosed(p: BoxProblem, found: Found, gap: Array, run: Run) -> list[Position]:
    """Return what is claimed of an enclosure itself: its best point lies in Θ, its ends are as near as asked.

    An honest stop leaves the instance undecided.
    """
    nothing, zero = 0 * found.lower, {"zero": 0 * found.lower}
    ends, varies = constants.outside(p, found.x)
    size = largest(largest(abs(p.low) + abs(p.high)))
    controls = size * argmin_constants.sizes(p.problem.sequence).sum(1)
    still_open = (1 - found.closed) * abs(found.width - gap)
    return [
        Position(ends, zero, nothing, nothing),
        Position(varies, zero, run.rounding(4, size * p.pieces), nothing),
        Position(found.off, zero, run.rounding(4, controls), nothing),
        Position(abs(found.most - found.upper), zero, nothing, nothing),
        Position(found.lower, {"upper": found.upper}, nothing, nothing),
        Position(found.width, {"gap": gap}, nothing, still_open),
    ]


def below(found: Found, values: Values) -> list[Position]:
    """Return lower ≤ J(y) for every point y, and that J lies where it should at the first, which is x̂.

    What is certified of J is added to its upper bound: an enclosure may be as tight.
    """
    positions: list[Position] = []
    for i in range(values.value.shape[1]):
        value, rounding, certified = (part[:, i] for part in values)
        positions.append(Position(found.lower, {"value": value + certified}, rounding, certified))
    value, rounding, certified = (part[:, 0] for part in values)
    away, half = abs(value - (found.most + found.least) / 2), (found.most - found.least) / 2
    return [*positions, Position(away, {"half": half + certified}, rounding, certified)]


def existence(p: BoxProblem, run: Run) -> Margin:
    """Return the margin of: branch and bound encloses min J^N to any gap, at a point of Θ, for every depth.

    No point has a value below the enclosure, as the subject evaluates it or the judge; a point with the value
    0 is in the cover.
    """
    positions: list[Position] = []
    for cells in p.layers:
        gap = wanted(on_networks(p, constants.points(p), cells, run))
        found = run.minimised(p, cells, gap)
        points = [*constants.around(p, found.x), *constants.points(p)]
        values, own = on_networks(p, points, cells, run), own_values(p, points, cells)
        lost, nothing = constants.to_cover(found.cover, p.known), 0 * found.lower
        positions += enclosed(p, found, gap, run) + below(found, values)
        positions += below(found, values._replace(value=own))
        positions.append(Position(where(own[:, -1] > 0, nothing, lost), {"zero": nothing}, nothing, nothing))
    return margin(positions)


# ---------------------------------------------------------------- two objectives


class Sides(NamedTuple):
    """Two objectives: enclosures of their minima, and values at the same points, (batch, points).

    The first point is the best one of the first, the second that of the other.
    """

    one: Found
    other: Found
    here: Values
    there: Values


def close(s: Sides, bound: Terms, off: Array) -> list[Position]:
    """Return |min J_1 − min J_2| ≤ the larger |J_1 − J_2| at both best points, and ≤ a bound all over Θ.

    Besides, J_2(x̂_1) − min J_2 is at most the sum of both |J_1 − J_2|, and J_2 − min J_2 ≤ J_1 − min J_1 +
    twice the bound at all points.  ``off`` is the bound's round-off.  What the enclosures are wide is added
    to what best points bound, for they are no minimisers.
    """
    radius = s.one.radius + s.other.radius
    certified = largest(s.here.certified + s.there.certified)
    rounding = largest(s.here.rounding + s.there.rounding)
    wide = [x.width + x.most - x.least for x in (s.one, s.other)]
    apart, differ = abs(s.one.middle - s.other.middle), abs(s.here.value - s.there.value)
    best = maximum(differ[:, 0], differ[:, 1]) + wide[0] + wide[1] + certified
    lost = s.there.value[:, 0] - s.other.middle
    both = differ[:, 0] + differ[:, 1] + wide[0] + wide[1] + 2 * certified
    found = [
        Position(apart, {"best points": best}, 2 * rounding, radius),
        Position(lost, {"both points": both}, 3 * rounding, s.other.radius + certified),
        Position(apart, widened(bound, 2 * radius), rounding + off, radius),
    ]
    total = sum(list(bound.values())[1:], start=next(iter(bound.values())))
    doubt = radius + certified
    for i in range(differ.shape[1]):
        excess = s.there.value[:, i] - s.other.middle - (s.here.value[:, i] - s.one.middle)
        found.append(Position(excess, {"twice": 2 * total + 2 * doubt}, 2 * (rounding + off), doubt))
    return found


def widened(bound: Terms, width: Array) -> Terms:
    """Return a bound with what the minima are uncertain by added to its terms in proportion.

    Else a bound that is attained would be left open by any enclosure.  Where it is 0 the width stands alone.
    """
    total = sum(list(bound.values())[1:], start=next(iter(bound.values())))
    some = total > 0
    factor = 1 + where(some, width / where(some, total, total + 1), 0 * total)
    return {**{name: factor * term for name, term in bound.items()}, "width": where(some, 0 * width, width)}


def asked(p: BoxProblem, bound: Array, cells: int | None, run: Run) -> Array:
    """Return the gap to be asked for: a share of a bound, but not less than of the value at some point.

    Nor is it less than some round-off of that value, within which nobody encloses a minimum.
    """
    found = _values(p, [p.known], cells, run)
    value = largest(abs(found.value))
    doubt = DOUBT * maximum(largest(found.rounding), run.rounding(p.u0.shape[1], value))
    share = OF_LIMITS if cells is None else SHARE
    return maximum(maximum(share * bound, FINEST * maximum(value, 2.0**-10)), doubt)


def limit_is_close(p: BoxProblem, run: Run) -> Margin:
    """Return the margin of `close` for J^N and J, N every depth, and of both enclosures."""
    bounds = [constants.modulus(p, cells) for cells in p.layers]
    gaps = [asked(p, bound, None, run) for bound in bounds]
    finest = argmin_constants.smallest(stack(gaps, 1))
    limit = run.minimised(p, None, finest)
    tried = in_the_limit(p, [limit.x, *constants.points(p)], run)
    positions = enclosed(p, limit, finest, run) + below(limit, tried)
    for cells, bound, gap in zip(p.layers, bounds, gaps, strict=True):
        network = run.minimised(p, cells, gap)
        points = [network.x, limit.x, *covered(p, network)[1:]]
        here, there = on_networks(p, points, cells, run), in_the_limit(p, points, run)
        off = run.reference_rounding(magnitudes.operations(p.problem.sequence.first), bound)
        positions += enclosed(p, network, gap, run) + below(network, here)
        positions += close(Sides(network, limit, here, there), {"modulus": bound}, off)
    return margin(positions)


def limit_is_approached(p: BoxProblem, run: Run) -> Margin:
    """Return the margin of |min J^N − min J| ≤ ω(√h A + hB) at every depth, the last bound ⅛ at most."""
    bounds = [constants.rate(p, cells) for cells in p.layers]
    gap = asked(p, bounds[-1], None, run)
    limit = run.minimised(p, None, gap)
    operations, nothing = magnitudes.operations(p.problem.sequence.first), 0 * gap
    positions: list[Position] = []
    for cells, bound in zip(p.layers, bounds, strict=True):
        network = run.minimised(p, cells, gap)
        apart, radius = abs(network.middle - limit.middle), network.radius + limit.radius
        off = run.reference_rounding(operations, bound)
        positions.append(Position(apart, widened({"rate": bound}, 2 * radius), off, radius))
    eighth = Position(8 * bounds[-1], {"first": bounds[0]}, 8 * positions[0].rounding, nothing)
    gaps, bound = stack([one.left for one in positions], 1), stack(bounds, 1)
    resolution = stack([one.rounding + one.certified for one in positions], 1)
    return margin([*positions, eighth], Series(p.layers, gaps, bound, resolution))


def data_are_close(p: MovedBoxProblem, run: Run, *, limit: bool) -> Margin:
    """Return the margin of `close` for moved data and the own ones, the bounds falling with their shares.

    They are share_k/share_1 times the first; the last one is an eighth of it at most.
    """
    box, count, cells = p.box, p.shares.shape[1], None if limit else p.box.layers[-1]
    terms = training.falling(p, constants.data_modulus(box, training.shifts(p.moving), cells))
    total = terms["start"] + terms["data"] + terms["label"]
    gaps = stack([asked(box, total[:, i], cells, run) for i in range(count)], 1)
    own = run.minimised(box, cells, gaps[:, count - 1])
    positions = enclosed(box, own, gaps[:, count - 1], run)
    off = run.reference_rounding(magnitudes.operations(box.problem.sequence.first), total)
    for i in range(count):
        moved = p.moved(i)
        other = run.minimised(moved, cells, gaps[:, i])
        points = [other.x, own.x, *covered(box, other)[1:]]
        here, there = (_values(one, points, cells, run) for one in (moved, box))
        bound = {name: term[:, i] for name, term in terms.items()}
        positions += enclosed(moved, other, gaps[:, i], run) + below(other, here)
        positions += close(Sides(other, own, here, there), bound, off[:, i])
    first, last = total[:, 0], total[:, count - 1]
    return margin([*positions, Position(8 * last, {"first": first}, 8 * off[:, 0], 0 * first)])


def _values(p: BoxProblem, points: Sequence[Array], cells: int | None, run: Run) -> Values:
    return in_the_limit(p, points, run) if cells is None else on_networks(p, points, cells, run)
