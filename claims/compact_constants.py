r"""Compactness in time, explicitly: how weak distances and bounded variation bound distances in L².

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes
from `fbscore`.  The proofs are in ``docs/mathematics.md``, section 12; all formulas are *reconstructed*.

Shapes: values of one control (batch, M, …); what belongs to the three controls (batch, 3).
"""

from __future__ import annotations

import math

from claims import (
    admissible_constants,
    convergence_constants,
    grid_constants,
    limit_constants,
    weak_constants,
)
from claims.constants import Terms
from claims.convergence_constants import Reach
from claims.kit.arithmetic import (
    Array,
    exp,
    largest,
    matmul,
    matvec,
    maximum,
    norm,
    spectral_norm,
    sqrt,
    stack,
)
from claims.kit.compact_instances import CompactSequence
from claims.kit.convergence_instances import ControlSequence, controls
from claims.kit.instances import Alista, AnyNetwork, Lista
from claims.learning_constants import positive
from claims.regularizer_constants import growth


def flat(values: Array) -> Array:
    """Return values (batch, M, …) as vectors (batch, M, entries)."""
    return values.reshape(*values.shape[:2], math.prod(values.shape[2:]))


def last(p: ControlSequence) -> AnyNetwork:
    """Return the last member θ^K, a function in time."""
    return convergence_constants.function(p, len(p.depths) - 1)


def apart(p: ControlSequence) -> list[Array]:
    """Return θ^K − θ of the three controls on common cells, each (batch, M, entries)."""
    found: list[Array] = []
    for here, there in zip(controls(p.first), controls(last(p)), strict=True):
        x, y = flat(here), flat(there)
        cells = grid_constants.common_cells(x.shape[1], y.shape[1])
        found.append(grid_constants.refined(y, cells) - grid_constants.refined(x, cells))
    return found


def weak_distances(p: ControlSequence) -> Array:
    r"""Return :math:`\sup_t \|\int_0^t \theta^K - \theta\|` of the three controls, (batch, 3)."""
    return stack([largest(norm(weak_constants.primitive(v))) for v in apart(p)], 1)


def squares(p: ControlSequence) -> Array:
    """Return ‖θ^K − θ‖² in L²(0, 1) of the three controls, (batch, 3)."""
    sizes = stack([grid_constants.l2_norm(v) for v in apart(p)], 1)
    return sizes * sizes


def strong_rates(p: CompactSequence) -> Terms:
    r"""Return the terms of :math:`\|\theta^K - \theta\|^2 \le \delta\,(k(high - low) + 2V)`, each (batch, 3).

    δ is the weak distance, k the number of entries: ∫v² = v(1)∫v − ∫(∫_0^t v) dv(t) for every entry.
    """
    weak = weak_distances(p.sequence)
    entries = [math.prod(x.shape[2:]) for x in controls(p.sequence.first)]
    wide = stack([k * (p.high[:, i] - p.low[:, i]) for i, k in enumerate(entries)], 1)
    return {"values": weak * wide, "variation": weak * (2 * p.variation)}


# ---------------------------------------------------------------- the set


def outside(p: CompactSequence, theta: AnyNetwork) -> Array:
    """Return 1 where the controls ``theta`` do not lie in Θ, else 0, (batch,)."""
    return maximum(admissible_constants.outside(p.box, theta), too_small(p, theta))


def too_small(p: CompactSequence, theta: AnyNetwork) -> Array:
    """Return 1 where the value of a control is below ``least`` at some time, else 0, (batch,)."""
    found = [_short(p, i, x) for i, x in enumerate(controls(theta))]
    return maximum(maximum(found[0], found[1]), found[2])


def _short(p: CompactSequence, i: int, values: Array) -> Array:
    v, least = flat(values), p.least[:, i, None]
    return largest(positive(least * least - (v * v).sum(2)))


def gaps(p: CompactSequence) -> Array:
    """Return lower bounds on the distances of θ from the closure of Θ, (batch, 3)."""
    found: list[Array] = []
    for i, values in enumerate(controls(p.sequence.first)):
        v = flat(values)
        short = maximum(p.least[:, i, None] - norm(v), 0.0)
        found.append(grid_constants.l2_norm(short[:, :, None]))
    to_box = admissible_constants.gaps(p.box)
    return maximum(to_box, stack(found, 1))


# ---------------------------------------------------------------- the limit


def limit_reach(p: AnyNetwork) -> Reach:
    """Return bounds on ‖u‖, ‖Au − f‖ and the subgradients along the limit, from the data alone, by (4.3)."""
    terms = limit_constants.limit_state_bound(p)
    c0, c1 = growth(p.regularizer, p.f)
    state = maximum(largest(terms["initial"]), norm(p.u0)) + largest(terms["data"])
    misfit = spectral_norm(p.A) * state + norm(p.f) if p.f.shape[1] else 0 * state
    return Reach(state, misfit, c0 + c1 * state)


def speeds(p: ControlSequence) -> Terms:
    r"""Return the terms of a bound on :math:`(\int\|\hat u'\|^2)^{1/2}` for all members, each (batch,).

    k = sup‖K‖, c = sup‖c‖ and s = sup σ, products of suprema over all members and times, do not grow when
    controls are projected.  The bound is kM + c + s(C0 + C1M) with M = e^k(‖u0‖ + c).
    """
    members = [convergence_constants.function(p, j) for j in range(len(p.depths))]
    k, c, s = (_most([_suprema(x)[i] for x in members]) for i in range(3))
    c0, c1 = growth(p.regularizer, p.first.f)
    M = exp(k) * (norm(p.u0) + c)
    return {"operator": k * M, "data": c, "subgradient": s * (c0 + c1 * M)}


def _suprema(p: AnyNetwork) -> tuple[Array, Array, Array]:
    """Return bounds on ‖K‖, ‖c‖ and σ over all times, each (batch,)."""
    nothing, weight = 0 * norm(p.u0), largest(abs(p.lam))
    if isinstance(p, Lista):
        drive = largest(norm(matvec(p.W1, p.f[:, None]))) if p.f.shape[1] else nothing
        return largest(spectral_norm(p.W2)), drive, weight
    step = largest(abs(p.tau))
    W = p.W[:, None] if isinstance(p, Alista) else p.W
    sigma = weight if isinstance(p, Alista) else step * weight
    if not p.f.shape[1]:
        return nothing, nothing, sigma
    K, c = largest(spectral_norm(matmul(W, p.A[:, None]))), largest(norm(matvec(W, p.f[:, None])))
    return step * K, step * c, sigma


def _most(values: list[Array]) -> Array:
    found = values[0]
    for x in values[1:]:
        found = maximum(found, x)
    return found


def root(terms: Terms) -> Array:
    """Return the root of the sum of the terms."""
    values = list(terms.values())
    return sqrt(sum(values[1:], start=values[0]))
