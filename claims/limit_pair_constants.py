r"""The constants about two limit systems: stability (4.5) of the limit, from the raw data and one solution.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes
from `fbscore`.  The bound is an integral over the path of the *first* system.  On `PARTS` parts of every cell
it is bounded from the states at their ends; where both systems have the same K, and C1 = 0, that is exact.
The numbers are those of ``docs/mathematics.md``; all displayed formulas are *reconstructed*.

Shapes: states (batch, PARTS·N + 1, d) at the times n/(PARTS·N); terms at t_1 … t_N, (batch, N).
"""

from __future__ import annotations

from typing import NamedTuple

from claims import limit_constants
from claims.constants import Terms, operators
from claims.grid_constants import refined
from claims.kit.arithmetic import Array, accumulate, exp, matvec, maximum, norm, spectral_norm
from claims.kit.instances import AnyNetwork, NetworkPair
from claims.limit_constants import early_growth, late_growth, mean_growth
from claims.magnitudes import crossed_magnitude
from claims.regularizer_constants import growth

#: Parts of a cell: the path is known at their ends.
PARTS = 4


def times(p: AnyNetwork) -> list[float]:
    """Return the times at which the first solution must be known, from 0 to 1."""
    parts = PARTS * p.depth
    return [n / parts for n in range(parts + 1)]


def exponents(pair: NetworkPair) -> Array:
    """Return x = hκ̃_n (batch, N), of the *second* system."""
    return limit_constants.exponents(pair.second)


def stability(pair: NetworkPair, states: Array) -> tuple[Terms, Array]:
    r"""Return the terms of (4.5) for the limit at t_1 … t_N, and their sensitivity to the states, (batch, N).

    :math:`\|u(t) - v(t)\| \le e^{\int\tilde\kappa}\|u_0 - v_0\| + \int_0^t e^{\int_s^t\tilde\kappa} g(s)\,ds`
    with g = ‖(K − K̃)u − (c − c̃)‖ + |σ − σ̃|‖p‖: κ̃ of the *second* system, u, the ``states``, and p ∈ ∂R(u) of
    the *first*; ‖p‖ ≤ C0 + C1‖u‖.  States that are off by r change the terms by r times the sensitivity.
    """
    p, x = pair.first, exponents(pair)
    drift, weight, off = _carried(p, x, *_integrands(pair, states))
    initial = accumulate(exp(x), norm(p.u0 - pair.second.u0), 0 * x)[:, 1:]
    return {"initial": initial, "drift": drift, "weight": weight}, off


def round_off_magnitude(pair: NetworkPair, u: Array, v: Array) -> Array:
    """Return the sum of norms behind (4.5), carried on as the second system stretches it, (batch, N).

    ``u`` and ``v`` (batch, N+1, d) are the solutions at t_0 … t_N.
    """
    x = exponents(pair)
    start = norm(pair.first.u0) + norm(pair.second.u0)
    return accumulate(exp(x), start, maximum(exp(x), 1.0) * crossed_magnitude(pair, u, v))[:, 1:]


# ---------------------------------------------------------------- inside the cells


class _Halves(NamedTuple):
    """An integrand on the parts: its values at both ends, and a bound on its slope, each (batch, parts)."""

    left: Array
    right: Array
    slope: Array


def _integrands(pair: NetworkPair, states: Array) -> tuple[_Halves, _Halves, _Halves]:
    """Return ‖(K − K̃)u − (c − c̃)‖, |σ − σ̃|(C0 + C1‖u‖), and what both change by with u, on the parts.

    The speed of u is at most ‖Ku − c‖ + σ(C0 + C1‖u‖) at the start of a part.  Inside a cell u and u(· + r)
    solve the same system, so ‖u(t + r) − u(t)‖ grows at most as e^{κt} does, and so does the speed.
    """
    p, parts = pair.first, states.shape[1] - 1
    first, second = operators(p), operators(pair.second)
    differences = [one - other for one, other in zip(first, second, strict=True)]
    K, c, sigma = (refined(one, parts) for one in first)
    of_K, of_c, of_sigma = (refined(one, parts) for one in differences)
    c0, c1 = (one[:, None] for one in growth(p.regularizer, p.f))
    before, after = states[:, :-1], states[:, 1:]
    faster = refined(maximum(exp(limit_constants.exponents(p) / PARTS), 1.0), parts)
    speed = faster * (norm(matvec(K, before) - c) + sigma * (c0 + c1 * norm(before)))
    own, other = (refined(spectral_norm(one), parts) for one in (first[0], differences[0]))
    left, right = (norm(matvec(of_K, u) - of_c) for u in (before, after))
    start, stop = (abs(of_sigma) * (c0 + c1 * norm(u)) for u in (before, after))
    change = other + abs(of_sigma) * c1
    return (
        _Halves(left, right, other * speed),
        _Halves(start, stop, abs(of_sigma) * c1 * speed),
        _Halves(change, change, change * faster * (own + sigma * c1)),
    )


def _carried(p: AnyNetwork, x: Array, *integrands: _Halves) -> list[Array]:
    r"""Return :math:`\int_0^t e^{\int_s^t\tilde\kappa} g(s)\,ds` at t_1 … t_N for each g, x = hκ̃.

    In each half of a part, g is at most its value at the end of the part that the half touches, and ``slope``
    times the distance to that end.
    """
    parts = PARTS * p.depth
    half, y = p.h / (2 * PARTS), refined(x, parts) / (2 * PARTS)
    mean, early, late, factors = mean_growth(y), early_growth(y), late_growth(y), exp(y)
    found: list[Array] = []
    for g in integrands:
        away = half * g.slope
        grown = factors * (g.left * mean + away * late) + g.right * mean + away * early
        found.append(accumulate(factors * factors, 0 * x[:, 0], half * grown)[:, PARTS::PARTS])
    return found
