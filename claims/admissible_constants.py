r"""Sets Θ of admissible controls: who belongs to them, and how far the others are away.

Θ is a box for the entries of each control together with a bound on its total variation, see
`claims.kit.convergence_instances.AdmissibleSequence`.  As in `claims.constants`, everything works on float64
tensors and in ball arithmetic, and nothing comes from `fbscore`.  The proofs are in ``docs/mathematics.md``,
section 10.

Shapes: values of one control (batch, M, …); what belongs to the three controls (batch, 3).
"""

from __future__ import annotations

import math

from claims import grid_constants
from claims.kit.arithmetic import Array, constant, largest, maximum, minimum, sqrt, stack, where
from claims.kit.convergence_instances import AdmissibleSequence, controls
from claims.kit.instances import AnyNetwork
from claims.learning_constants import positive


def variation(values: Array) -> Array:
    """Return Σ|v_{n+1} − v_n|, summed over all entries, (batch,)."""
    flat = _flat(values)
    if flat.shape[1] == 1 or not flat.shape[2]:
        return 0 * grid_constants.l2_norm(flat)
    return abs(flat[:, 1:] - flat[:, :-1]).sum((1, 2))


def outside(p: AdmissibleSequence, theta: AnyNetwork) -> Array:
    """Return 1 where the controls ``theta`` do not lie in Θ, else 0, (batch,)."""
    found = [_beyond(p, i, values) for i, values in enumerate(controls(theta))]
    return maximum(maximum(found[0], found[1]), found[2])


def _beyond(p: AdmissibleSequence, i: int, values: Array) -> Array:
    """Return 1 where one control leaves its box or varies too much, else 0, (batch,)."""
    entries = values.reshape(values.shape[0], math.prod(values.shape[1:]))
    varies = positive(variation(values) - p.variation[:, i])
    if not entries.shape[1]:
        return varies
    below = _past(p.low[:, i, None] - entries, p.closed[:, i, 0])
    above = _past(entries - p.high[:, i, None], p.closed[:, i, 1])
    return maximum(largest(maximum(below, above)), varies)


def _past(excess: Array, closed: Array) -> Array:
    """Return 1 where entries are past an end by ``excess`` > 0, or on it if it does not belong, else 0."""
    inside = belonging(closed)[:, None] + 0 * excess
    return where(inside > 0, positive(excess), 1 - positive(-excess))


def belonging(closed: Array) -> Array:
    """Return 1 where an end belongs to the set, else 0, of the shape of ``closed``."""
    return positive(closed)


def gaps(p: AdmissibleSequence) -> Array:
    r"""Return lower bounds on the L² distances of the controls θ from the closure of Θ, (batch, 3).

    The distance to the box is that of the clipped function.  To functions of variation at most V it is at
    least (TV(θ) − V)/(kM(4M − 6))^{1/2} where θ has k entries, constant on M ≥ 2 cells.  0 where θ is in the
    closure.
    """
    found = [_gap(p, i, values) for i, values in enumerate(controls(p.sequence.first))]
    return stack(found, 1)


def reaches(p: AdmissibleSequence) -> Array:
    """Return the sum of norms behind the distances from Θ, (batch, 3)."""
    found: list[Array] = []
    for i, values in enumerate(controls(p.sequence.first)):
        size = grid_constants.l2_norm(_flat(values)) + variation(values) + p.variation[:, i]
        found.append(size + abs(p.low[:, i]) + abs(p.high[:, i]) + p.sequence.rates[:, 0, i])
    return stack(found, 1)


def _gap(p: AdmissibleSequence, i: int, values: Array) -> Array:
    flat, cells = _flat(values), values.shape[1]
    low, high = (end[:, i, None, None] + 0 * flat for end in (p.low, p.high))
    away = grid_constants.l2_norm(flat - minimum(maximum(flat, low), high))
    if cells == 1:
        return away
    steep = sqrt(constant(away, float(max(1, flat.shape[2]) * cells * (4 * cells - 6))))
    return maximum(away, maximum(variation(values) - p.variation[:, i], 0.0) / steep)


def _flat(values: Array) -> Array:
    return values.reshape(*values.shape[:2], math.prod(values.shape[2:]))
