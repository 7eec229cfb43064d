r"""How the certificate (4.7) of a network depends on its depth: what it is at most, from the raw data alone.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes
from `fbscore`.  The numbers are those of ``docs/mathematics.md``; all displayed formulas are *reconstructed*.

Shapes: as in `claims.limit_constants`; terms at t_1 … t_N (batch, N), or one number an instance (batch,).
"""

from __future__ import annotations

from typing import NamedTuple

from claims.constants import Terms, operators, state_bound
from claims.kit.arithmetic import (
    Array,
    accumulate,
    exp,
    maximum,
    norm,
    spectral_norm,
    sqrt,
    stack,
)
from claims.kit.instances import AnyNetwork
from claims.limit_constants import early_growth, exponents, late_growth
from claims.regularizer_constants import growth


def state_sizes(p: AnyNetwork) -> Array:
    """Return U_0 … U_N with ‖u_n‖ ≤ U_n, (4.3) summed up, (batch, N+1)."""
    bound = state_bound(p)
    sizes = bound["initial"] + bound["data"]
    return stack([norm(p.u0), *(sizes[:, n] for n in range(p.depth))], 1)


def modulus(p: AnyNetwork, x: Array | None = None) -> Terms:
    r"""Return what the terms of (4.7) are at most at t_1 … t_N, whatever the states, each (batch, N).

    With U_n ≥ ‖u_n‖ and V_n = ‖K_n‖U_n + ‖c_n‖ + σ_n(C0 + C1U_n), the increments are at most hV_n, (4.4), and
    D_n ≤ (2C0 + C1(U_n + U_{n+1}))hV_n.
    """
    sizes, nothing = state_sizes(p), 0 * p.lam
    return accumulated(_cells(p, x), sizes, nothing, nothing)


def widened_modulus(
    p: AnyNetwork, of_states: Array, of_gaps: Array, x: Array | None = None
) -> tuple[Terms, Terms]:
    """Return `modulus`, and the same where u_1 … u_N are off by ``of_states`` and σ_nD_n by ``of_gaps``.

    Both are round-offs, (batch, N): the second answer is what the computed terms are at most.
    """
    cells, sizes, nothing = _cells(p, x), state_sizes(p), 0 * p.lam
    off = stack([nothing[:, 0], *(of_states[:, n] for n in range(p.depth))], 1)
    wider = accumulated(cells, sizes + off, of_states, of_gaps)
    return accumulated(cells, sizes, nothing, nothing), wider


class Cells(NamedTuple):
    """What a cell has that no state enters: all (batch, N) but ``h`` and the constants of A3, (batch, 1)."""

    h: Array
    x: Array
    stretch: Array
    drive: Array
    sigma: Array
    growth: tuple[Array, Array]


def _cells(p: AnyNetwork, x: Array | None) -> Cells:
    K, c, sigma = operators(p)
    x = exponents(p) if x is None else x
    c0, c1 = growth(p.regularizer, p.f)
    return Cells(p.h, x, spectral_norm(K), norm(c), sigma, (c0[:, None], c1[:, None]))


def accumulated(cells: Cells, sizes: Array, further: Array, more: Array) -> Terms:
    """Return the terms for ‖u_n‖ ≤ ``sizes``, increments ``further`` and gaps ``more`` than these allow."""
    h, x, stretch, drive, sigma, (c0, c1) = cells
    before, after, nothing = sizes[:, :-1], sizes[:, 1:], 0 * x[:, 0]
    moved = h * (stretch * before + drive + sigma * (c0 + c1 * before)) + further
    gaps = sigma * (2 * c0 + c1 * (before + after)) * moved + more
    factors = exp(x)
    squares = accumulate(factors * factors, nothing, 2 * h * early_growth(2 * x) * gaps)
    return {
        "gap": sqrt(squares[:, 1:]),
        "drift": accumulate(factors, nothing, h * late_growth(x) * stretch * moved)[:, 1:],
    }


def rates(p: AnyNetwork, x: Array | None = None) -> tuple[Array, Array]:
    r"""Return A and B, each (batch,): (4.7) is at most :math:`\sqrt{h} A + h B` for every depth.

    With M = e^{‖K‖_{L¹}}(‖u0‖ + ‖c‖_{L¹}), V = ‖K‖M + ‖c‖ + σ(C0 + C1M) and E = e^{‖κ⁺‖_{L¹}},
    :math:`A = E (2(C_0 + C_1 M) \int \sigma V)^{1/2}`, :math:`B = \frac12 E \int \|K\| V`.  Nothing in them
    knows into how many layers a cell of the controls is divided.
    """
    K, c, sigma = operators(p)
    x = exponents(p) if x is None else x
    stretch, drive = spectral_norm(K), norm(c)
    reach = exp(p.h * stretch.sum(1)) * (norm(p.u0) + p.h * drive.sum(1))
    c0, c1 = growth(p.regularizer, p.f)
    slope = c0 + c1 * reach
    speed = stretch * reach[:, None] + drive + sigma * slope[:, None]
    grown = exp(maximum(x, 0.0).sum(1))
    return (
        grown * sqrt(2 * slope * p.h * (sigma * speed).sum(1)),
        grown * p.h * (stretch * speed).sum(1) / 2,
    )
