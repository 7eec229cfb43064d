r"""Training over boxes of a few parameters: points of the box, and bounds that hold all over it.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes from
`fbscore`.  With the factors x of `claims.kit.box_instances`, K = sK_0 and c = sc_0 with s = x_1x_2, and σ =
x_2x_3σ_0, of which ‖I − hK‖, κ, ‖K‖, ‖c‖ and σ are convex: over intervals each is largest at an end, and the
recursions of (4.3), (4.5) and (4.7) increase in all of them.  The numbers are those of
``docs/mathematics.md``, section 12; all displayed formulas are *reconstructed*.

Shapes: factors (batch, 3, pieces); what belongs to the layers (batch · samples, N); places and steps (batch,
samples), or (batch, I, samples) for I problems with moved data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from claims import constants, depth_constants, limit_constants
from claims import convergence_constants as convergence
from claims import learning_constants as learning
from claims.constants import Terms
from claims.kit.arithmetic import (
    Array,
    accumulate,
    constant,
    exp,
    is_ball,
    matvec,
    maximum,
    minimum,
    norm,
    spectral_norm,
    sqrt,
    where,
)
from claims.kit.box_instances import BoxProblem
from claims.kit.convergence_instances import LearningSequence
from claims.kit.instances import Alista, AnyNetwork, Lista
from claims.regularizer_constants import growth, minimal_subgradient
from claims.training_constants import Shift, data_maps

#: Where in a box the objective is tried: shares of the way from the low to the high ends.
SHARES = (0.0, 0.5, 1.0)
SPREAD = ((0.25, 0.625, 0.3125), (0.75, 0.125, 0.6875), (0.125, 0.875, 0.9375), (0.9375, 0.375, 0.0625))

#: How far around a point the objective is tried, in widths of the box.
NEAR = (2.0**-3, 2.0**-8, 2.0**-16)

# ---------------------------------------------------------------- points


def feasible(p: BoxProblem, x: Array) -> Array:
    """Return points of Θ, x cut off at the ends, and drawn to the mean where a factor varies too much."""
    x = minimum(maximum(x, p.low), p.high)
    if p.pieces == 1:
        return x
    varies = variation(x)
    large = varies > p.variation
    share = where(large, (1 - 2.0**-40) * p.variation / where(large, varies, varies + 1), 0 * varies + 1)
    mean = (x.sum(2) / p.pieces)[:, :, None] + 0 * x
    drawn = minimum(maximum(mean + share[:, :, None] * (x - mean), p.low), p.high)
    return where(large[:, :, None] & (p.low < p.high), drawn, x)


def variation(x: Array) -> Array:
    """Return the variation of the three factors in time, (batch, 3)."""
    return abs(x[:, :, 1:] - x[:, :, :-1]).sum(2)


def points(p: BoxProblem) -> list[Array]:
    """Return points of Θ: both ends, the middle, four that are spread, and the one that is given."""
    shares: list[Array] = [constant(p.low, [[[s] * p.pieces] * 3]) for s in SHARES]
    for row in SPREAD:
        shares.append(constant(p.low, [[[row[(i + j) % 3] for j in range(p.pieces)] for i in range(3)]]))
    return [*(feasible(p, p.low + share * (p.high - p.low)) for share in shares), p.known]


def around(p: BoxProblem, x: Array) -> list[Array]:
    """Return x, and points of Θ next to it on both sides."""
    steps = (sign * step for step in NEAR for sign in (1, -1))
    return [x, *(feasible(p, x + step * (p.high - p.low)) for step in steps)]


def outside(p: BoxProblem, x: Array) -> tuple[Array, Array]:
    """Return by how much x exceeds the ends, and the bounds on the variation, each (batch,) or less."""
    over = maximum(p.low - x, x - p.high)
    return _most(over), _most(variation(x) - p.variation)


def _most(x: Array) -> Array:
    flat = x.reshape(x.shape[0], int(np.prod(x.shape[1:], dtype=int)))
    most = flat[:, 0]
    for i in range(1, flat.shape[1]):
        most = maximum(most, flat[:, i])
    return most


def to_cover(cover: Array, x: Array) -> Array:
    """Return the largest distance of a factor of x from the nearest box of a cover, (batch,); ∞ of none."""
    over = maximum(cover[:, :, 0] - x[:, None], x[:, None] - cover[:, :, 1])
    away = [_most(maximum(over[:, i], 0.0)) for i in range(over.shape[1])]
    least = 0 * x[:, 0, 0] + math.inf
    for one in away:
        least = minimum(least, one)
    return least


# ---------------------------------------------------------------- all over the box


class Envelope(NamedTuple):
    """What the layers are at most all over a box, (batch · samples, N), and sizes of u0, (batch · samples,).

    ``rho`` is ‖I − hK‖, ``x`` is hκ, ``drive`` ‖c‖; ``factor`` |s|, or |x_1| in LISTA, for moved data.
    ``pull`` is σ‖∂R⁰(0)‖, which is 0 by A2: without it ‖prox_{aR}(v)‖ ≤ ‖v‖ + a‖∂R⁰(0)‖.
    """

    h: Any
    rho: Array
    x: Array
    stretch: Array
    drive: Array
    sigma: Array
    factor: Array
    growth: tuple[Array, Array]
    start: Array
    pull: Array

    @property
    def cells(self) -> depth_constants.Cells:
        """The same for `claims.depth_constants`."""
        return depth_constants.Cells(self.h, self.x, self.stretch, self.drive, self.sigma, self.growth)

    @property
    def sizes(self) -> Array:
        """U_n with ‖u_n‖ ≤ U_n, (4.3), (batch · samples, N + 1)."""
        return accumulate(self.rho, self.start, self.h * (self.drive + self.pull))


def envelope(p: BoxProblem, cells: int) -> Envelope:
    """Return the bounds over the networks of ``cells`` layers with the controls P_Nθ, θ ∈ Θ."""
    first = p.problem.sequence.first
    unit = p.problem.over(first).each
    low, high = (_each(p.problem, convergence.projected(x.swapaxes(1, 2), cells)) for x in (p.low, p.high))
    K, c, sigma = constants.operators(unit)
    scale, factor, weight = _factors(first, low, high)
    h = _step(p.low, cells)
    ends = [x[:, :, None, None] * K for x in scale]
    rho, kappa, stretch = (
        maximum(*(f(end) for end in ends))
        for f in (lambda K: constants.step_factors(K, h), limit_constants.logarithmic_norms, spectral_norm)
    )
    c0, c1 = growth(unit.regularizer, unit.f)
    drive, sigma, slopes = factor * norm(c), weight * sigma, (c0[:, None], c1[:, None])
    pull = sigma * minimal_subgradient(unit.regularizer, 0 * unit.u0)[:, None]
    return Envelope(h, rho, h * kappa, stretch, drive, sigma, factor, slopes, norm(unit.u0), pull)


def _step(like: Array, cells: int) -> Any:
    return (constant(like, 1.0) if is_ball(like) else 1.0) / cells


def _each(p: LearningSequence, x: Array) -> Array:
    return np.repeat(x, p.samples, 0) if is_ball(x) else x.repeat_interleave(p.samples, 0)


def _factors(first: AnyNetwork, low: Array, high: Array) -> tuple[list[Array], Array, Array]:
    """Return the ends of what multiplies K, and the largest of what multiplies c and σ, (·, N) each."""
    (a, b, _), (x, y, z) = ([one[:, :, i] for i in range(3)] for one in (low, high))
    if isinstance(first, Lista):
        return [b, y], maximum(abs(a), abs(x)), z
    products = [a * b, a * y, x * b, x * y]
    least, most = products[0], products[0]
    for one in products[1:]:
        least, most = minimum(least, one), maximum(most, one)
    weight = z if isinstance(first, Alista) else y * z
    return [least, most], maximum(abs(least), abs(most)), weight


# ---------------------------------------------------------------- places and rises


def _place(p: LearningSequence, size: Array, moved: Array) -> Array:
    """Return what the place of the loss is at most, (batch, samples).

    The end is of norm ``size`` at most, and no further than ``moved`` from u0; whichever says less.
    """
    samples = p.over(p.sequence.first)
    stretch = learning.stretch(p.loss, size, samples.u0.shape[-1])
    rest = learning.place(p.loss, p.width, 0 * samples.u0 - p.labels) + stretch * samples.grouped(size)
    start = learning.place(p.loss, p.width, samples.u0 - p.labels) + stretch * samples.grouped(moved)
    return minimum(rest, start)


def _network_place(p: LearningSequence, e: Envelope) -> Array:
    sizes, (c0, c1) = e.sizes, e.growth
    speed = e.stretch * sizes[:, :-1] + e.drive + e.sigma * (c0 + c1 * sizes[:, :-1])
    return _place(p, sizes[:, -1], e.h * speed.sum(1))


def _reach(e: Envelope) -> tuple[Array, Array]:
    """Return M = e^{‖K‖}(‖u0‖ + ‖c‖), for any depth, and V = ‖K‖M + ‖c‖ + σ(C0 + C1M)."""
    (c0, c1), pushed = e.growth, e.h * (e.drive + e.pull).sum(1)
    most = exp(e.h * e.stretch.sum(1)) * (e.start + pushed)
    return most, e.stretch * most[:, None] + e.drive + e.sigma * (c0 + c1 * most[:, None])


def _any_place(p: LearningSequence, e: Envelope) -> Array:
    """Return what the place is at most for networks of all depths, and the limit."""
    most, speed = _reach(e)
    return _place(p, most, e.h * speed.sum(1))


def rises(p: LearningSequence, X: Array, steps: Sequence[Array]) -> list[Array]:
    """Return by how much the loss may rise from a place X, (batch, …, samples), in successive steps."""
    d, found = p.label.shape[1], list[Array]()
    for step in steps:
        e = learning.stretch(p.loss, step, d) * step
        found.append(learning.rise(p.loss, p.width, d, X, e))
        X = X + e
    return found


# ---------------------------------------------------------------- moduli


def modulus(p: BoxProblem, cells: int) -> Array:
    """Return what |J_N − J| is at most all over Θ for N = ``cells``, a multiple of the pieces, (batch,)."""
    e = envelope(p, cells)
    terms = depth_constants.accumulated(e.cells, e.sizes, 0 * e.x, 0 * e.x)
    step = p.problem.over(p.problem.sequence.first).grouped(terms["gap"][:, -1] + terms["drift"][:, -1])
    return learning.mean(rises(p.problem, _network_place(p.problem, e), [step])[0])


def rate(p: BoxProblem, cells: int) -> Array:
    r"""Return the same in a form in which N enters by :math:`\sqrt{h} A + h B` alone, (batch,).

    A and B are those of `claims.depth_constants.rates`, all over the box.
    """
    e, h = envelope(p, p.pieces), _step(p.low, cells)
    (c0, c1), (most, speed) = e.growth, _reach(e)
    grown, slope = exp(maximum(e.x, 0.0).sum(1)), c0[:, 0] + c1[:, 0] * most
    gap = grown * sqrt(2 * slope * e.h * (e.sigma * speed).sum(1))
    drift = grown * e.h * (e.stretch * speed).sum(1) / 2
    step = p.problem.over(p.problem.sequence.first).grouped(sqrt(h + 0 * gap) * gap + h * drift)
    return learning.mean(rises(p.problem, _any_place(p.problem, e), [step])[0])


def data_modulus(p: BoxProblem, shift: Shift, cells: int | None) -> Terms:
    """Return what moved data may do to J^N, N = ``cells``, or without it to J, all over Θ, (batch, I).

    ``start``, ``data`` and ``label`` as in `claims.training_constants.steps`.
    """
    e = envelope(p, p.pieces if cells is None else cells)
    mean = limit_constants.mean_growth(e.x) if cells is None else 0 * e.x + 1
    factors = exp(e.x) if cells is None else e.rho
    samples = p.problem.over(p.problem.sequence.first)
    unit = data_maps(samples.network)[:, :1]
    pushed = norm(matvec(unit[:, None], shift.f))

    def each(x: Array) -> Array:
        return samples.grouped(x)[:, None]

    carried = accumulate(factors, 0 * e.start, e.h * mean * e.factor)[:, -1]
    stretched = accumulate(factors, 0 * e.start + 1, 0 * factors)[:, -1]
    taken = {
        "start": each(stretched) * norm(shift.u0),
        "data": each(carried) * pushed,
        "label": norm(shift.labels),
    }
    X = _far_place(p.problem, e, limit=cells is None)[:, None] + 0 * taken["label"]
    found = rises(p.problem, X, list(taken.values()))
    return dict(zip(taken, (x.sum(2) / x.shape[2] for x in found), strict=True))


def _far_place(p: LearningSequence, e: Envelope, *, limit: bool) -> Array:
    """Return what the place is at most by (4.3) alone, without A3."""
    drive = e.h * limit_constants.mean_growth(e.x) * (e.drive + e.pull)
    size = accumulate(exp(e.x), e.start, drive)[:, -1] if limit else e.sizes[:, -1]
    return _place(p, size, size + e.start)


def stretches(p: BoxProblem) -> Array:
    """Return how much the limits of Θ may stretch a distance at most, (batch · samples,)."""
    return exp(maximum(envelope(p, p.pieces).x, 0.0).sum(1))
