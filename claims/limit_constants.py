r"""The explicit constants about the deep-layer limit, once, from the raw data.

Nothing here comes from `fbscore`.  All functions work on float64 tensors (batches) and in ball arithmetic
(one instance), see `claims.kit.arithmetic`.  The limit of a network with controls on N cells is the solution
of u' ∈ −(Ku − c) − σ∂R(u) with K, c, σ constant on the cells; û is the piecewise-linear interpolant of the
network's states.  The numbers (4.3) and (4.7) are those of ``docs/mathematics.md``; all displayed formulas
are *reconstructed*.

Shapes: states (batch, N+1, d); what belongs to a layer (batch, N); what belongs to a time t_n, n = 1 … N,
(batch, N) too.  Terms of a bound are returned by name; the bound is their sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from claims.constants import Terms, operators
from claims.kit.arithmetic import (
    Array,
    accumulate,
    constant,
    exp,
    frobenius,
    identity,
    is_ball,
    largest,
    matvec,
    maximum,
    minimum,
    norm,
    spectral_norm,
    sqrt,
    where,
    zeros,
)
from claims.kit.instances import AnyNetwork
from claims.magnitudes import operations, step_magnitude
from claims.regularizer_constants import growth, value

#: Terms of the power series below: for arguments up to 1 the rest is below 10^{-60}, or for floats 10^{-25}.
SERIES_TERMS, FLOAT_TERMS = 50, 25

#: Degree of the oracle's Taylor series, and how many of them a cell of the controls takes, or so.
DEGREE, STEPS = 24, 8

#: A radius from here on is as good as none.
LARGEST = 2.0**1000


# ---------------------------------------------------------------- exponentials


def logarithmic_norms(K: Array) -> Array:
    r"""Return κ = −λ_min((K + Kᵀ)/2) over the last two axes: the rate at which e^{−tK} may stretch.

    The shift by ‖K‖_F makes a positive semidefinite matrix, whose largest eigenvalue is its spectral norm.
    """
    symmetric = (K + K.swapaxes(-1, -2)) / 2
    shift = frobenius(symmetric)
    return spectral_norm(shift[..., None, None] * identity(K, K.shape[-1]) - symmetric) - shift


def mean_growth(x: Array) -> Array:
    r"""Return :math:`\int_0^1 e^{xr}\,dr = (e^x - 1)/x`."""
    return _moment(x, lambda k: math.factorial(k + 1), lambda y: (exp(y) - 1) / y)


def early_growth(x: Array) -> Array:
    r"""Return :math:`\int_0^1 r e^{xr}\,dr = (e^x (x - 1) + 1)/x^2`, weighing the start of a cell."""
    return _moment(x, lambda k: math.factorial(k) * (k + 2), lambda y: (exp(y) * (y - 1) + 1) / (y * y))


def late_growth(x: Array) -> Array:
    r"""Return :math:`\int_0^1 (1 - r) e^{xr}\,dr = (e^x - 1 - x)/x^2`, weighing the end of a cell."""
    return _moment(x, lambda k: math.factorial(k + 2), lambda y: (exp(y) - 1 - y) / (y * y))


def _moment(x: Array, denominator: Callable[[int], int], closed: Callable[[Array], Array]) -> Array:
    """Return Σ_k x^k / denominator(k) near 0, where the closed form cancels, else the closed form."""
    small = abs(x) <= 1
    near, total = where(small, x, 0 * x), 0 * x
    for k in reversed(range(SERIES_TERMS if is_ball(x) else FLOAT_TERMS)):
        total = total * near + (constant(x, 1.0) / denominator(k) if is_ball(x) else 1.0 / denominator(k))
    return where(small, total, closed(where(small, 0 * x + 2, x)))


# ---------------------------------------------------------------- section 4, the limit


def exponents(p: AnyNetwork) -> Array:
    """Return hκ_n (batch, N).  The functions below compute them afresh where ``x`` is not handed over."""
    return p.h * logarithmic_norms(operators(p)[0])


def limit_state_bound(p: AnyNetwork, x: Array | None = None) -> Terms:
    r"""Return the terms of (4.3) for the limit at t_1 … t_N.

    :math:`\|u(t)\| \le e^{\int\kappa}\|u_0\| + \int_0^t e^{\int_s^t\kappa}\|c(s)\|\,ds`.
    """
    rates, start = exponents(p) if x is None else x, norm(p.u0)
    drive = p.h * mean_growth(rates) * norm(operators(p)[1])
    return {
        "initial": accumulate(exp(rates), start, 0 * rates)[:, 1:],
        "data": accumulate(exp(rates), 0 * start, drive)[:, 1:],
    }


def stretch(p: AnyNetwork) -> Array:
    r"""Return :math:`e^{\int \max(\kappa, 0)}`, how much the limit may stretch a distance, (batch,)."""
    return exp(maximum(exponents(p), 0.0).sum(1))


def growth_of_distance(p: AnyNetwork, start: Array, x: Array | None = None) -> Array:
    r"""Return :math:`e^{\int\kappa}` times ``start`` (batch,), a distance at t = 0, at t_1 … t_N."""
    rates = exponents(p) if x is None else x
    return accumulate(exp(rates), start, 0 * rates)[:, 1:]


# ---------------------------------------------------------------- section 4, the network's own certificate


def bregman_gaps(p: AnyNetwork, states: Array, uncertainty: Array) -> Array:
    """Return σ_nD_n (batch, N), the Bregman gaps D_n = R(u_n) − R(u_{n+1}) − ⟨p_{n+1}, u_n − u_{n+1}⟩.

    σ_np_{n+1} is read off the step, so that no small σ_n divides; ``uncertainty`` (batch, N), the round-off
    of these numbers, is added: the root of a gap that is too small by it would be too small by far more.
    """
    K, c, sigma = operators(p)
    before, after = states[:, :-1], states[:, 1:]
    used = (before - after) / p.h - (matvec(K, before) - c)
    fall = value(p.regularizer, before) - value(p.regularizer, after)
    gap = sigma * fall - (used * (before - after)).sum(-1)
    return where(sigma > 0, maximum(gap, 0.0) + uncertainty, 0 * gap)


def network_certificate(p: AnyNetwork, states: Array, uncertainty: Array, x: Array | None = None) -> Terms:
    r"""Return the terms of (4.7), :math:`\|\hat u - u\| \le \sqrt{a} + b` at t_1 … t_N, each (batch, N).

    a' = 2κa + 2σD̂ with D̂ ≤ (1 − s)D_n and b' = κb + s‖K_n(u_{n+1} − u_n)‖ on a cell, s = (t − t_n)/h, are
    solved exactly.
    """
    K = operators(p)[0]
    rates = exponents(p) if x is None else x
    gaps = 2 * p.h * early_growth(2 * rates) * bregman_gaps(p, states, uncertainty)
    drift = p.h * late_growth(rates) * norm(matvec(K, states[:, 1:] - states[:, :-1]))
    nothing = 0 * rates[:, 0]
    return {
        "gap": sqrt(accumulate(exp(2 * rates), nothing, gaps)[:, 1:]),
        "drift": accumulate(exp(rates), nothing, drift)[:, 1:],
    }


def gap_magnitude(p: AnyNetwork, states: Array) -> Array:
    """Return the sum of norms behind `bregman_gaps`, (batch, N): a state is known to its step's round-off."""
    K, c, sigma = operators(p)
    before, after = states[:, :-1], states[:, 1:]
    used = (before - after) / p.h - (matvec(K, before) - c)
    values = sigma * (abs(value(p.regularizer, before)) + abs(value(p.regularizer, after)))
    step = step_magnitude(p, states)
    return values + step * (norm(before - after) / p.h + norm(used))


def accumulated_magnitude(p: AnyNetwork, states: Array, x: Array | None = None) -> Array:
    """Return the magnitudes of the first n steps, each carried on as the limit stretches it, (batch, N)."""
    factors = exp(exponents(p) if x is None else x)
    return accumulate(factors, norm(p.u0), maximum(factors, 1.0) * step_magnitude(p, states))[:, 1:]


def solution_round_off(p: AnyNetwork, x: Array | None = None) -> tuple[int, Array]:
    """Return operations and magnitude (batch,) behind the oracle's solution, for the rounding model.

    It is a Taylor series of degree `DEGREE` from event to event, some `STEPS` in a cell, each term a product
    with K; in a cell it moves by h(‖K‖·sup‖u‖ + ‖c‖ + σ‖∂R‖), and a series takes two operations a term.
    """
    (K, c, sigma), rates = operators(p), exponents(p) if x is None else x
    factors, terms = exp(rates), limit_state_bound(p, rates)
    sizes = terms["initial"] + terms["data"] + norm(p.u0)[:, None]
    c0, c1 = growth(p.regularizer, p.f)
    speed = frobenius(K) * sizes + norm(c) + sigma * (c0[:, None] + c1[:, None] * sizes)
    moved = maximum(factors, 1.0) * (p.h * speed + 2 * sizes / STEPS)
    return DEGREE * STEPS * operations(p), largest(accumulate(factors, norm(p.u0), moved))


def forgiven(own: Array, radius: Array) -> Array:
    """Return how much of the solution's radius its round-off explains, (batch,): none of an infinite one."""
    return minimum(own, where(radius < LARGEST, radius, zeros(radius, radius.shape)))  # 0 · ∞ is no number
