r"""Every explicit constant of the theorems, once, from the raw data.

Nothing here comes from `fbscore`: what judges shares nothing with what is judged.  All functions work
on float64 tensors (batches) and in ball arithmetic (one instance), see `claims.kit.arithmetic`.  With
``K = τ W A``, ``c = τ W f``, ``σ = τ λ`` the numbers (4.1) … (4.5) are those of ``docs/mathematics.md``; all
displayed formulas are *reconstructed*.

Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u`` (batch, d) or states (batch, N+1, d); ``W``
(batch, N, d, m); ``tau``, ``lam`` (batch, N).  Terms of a bound are returned by name; the bound is their sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from claims.kit.arithmetic import (
    Array,
    accumulate,
    exp,
    frobenius,
    identity,
    is_ball,
    matmul,
    matvec,
    maximum,
    minimum,
    norm,
    spectral_norm,
    sqrt,
    stack,
    where,
    zeros,
)
from claims.kit.instances import Alista, AnyNetwork, Lista, Network, NetworkPair, Regularizer
from claims.oracle import grid as oracle_grid
from claims.oracle import prox as oracle_prox
from claims.oracle import regularizers as oracle

Terms = dict[str, Array]


# ---------------------------------------------------------------- regularisers, from the oracle


def plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a regulariser, those of one inside it too, as numpy arrays."""

    def converted(value: Any) -> Any:
        if isinstance(value, Regularizer):
            return value.name, plain(value.params)
        return value.cpu().numpy() if isinstance(value, torch.Tensor) else value

    return {name: converted(value) for name, value in params.items()}


def _asked(function: Callable[..., Any], regularizer: Regularizer, *arrays: Array) -> Array:
    """Return what an oracle says of a regulariser, in the arithmetic of the arrays."""
    if is_ball(arrays[0]):
        return function(regularizer.name, regularizer.params, *arrays)
    params = plain(regularizer.params)
    # A subject's float32 run may overflow; the answer then is infinite or NaN, which the margin judges.
    with np.errstate(over="ignore", invalid="ignore"):
        answer = function(regularizer.name, params, *(x.cpu().numpy() for x in arrays))
    return torch.as_tensor(answer, dtype=torch.float64, device=arrays[0].device)


def value(regularizer: Regularizer, u: Array) -> Array:
    """Return R(u): (batch,), or (batch, K) for ``u`` of shape (batch, K, d)."""
    return _asked(oracle.value, regularizer, u)


def minimal_subgradient(regularizer: Regularizer, u: Array) -> Array:
    """Return the norm of the minimal-norm subgradient at u: (batch,) or (batch, K)."""
    return norm(_asked(oracle.minimal_subgradient, regularizer, u))


def distance_to_subdifferential(regularizer: Regularizer, u: Array, s: Array, sigma: Array) -> Array:
    """Return dist(s, sigma ∂R(u)): (batch,) or (batch, K)."""
    return _asked(oracle.distance_to_subdifferential, regularizer, u, s, sigma)


#: (C0, C1) that a convex R without A3 is ascribed: those of ¼‖u‖⁴ on the unit ball, of the inside of a box.
ASCRIBED = {"quartic": (0.0, 1.0), "box_indicator": (0.0, 0.0)}


def growth(regularizer: Regularizer, like: Array) -> tuple[Array, Array]:
    """Return (C0, C1) of A3, each (batch,), in the arithmetic of ``like`` (batch, …); see `ASCRIBED`."""
    none = zeros(like, (like.shape[0],))
    if not oracle.CONVEX[regularizer.name]:
        return none, none
    if regularizer.name in ASCRIBED:
        c0, c1 = ASCRIBED[regularizer.name]
        return none + c0, none + c1
    c0, c1 = (_asked(lambda n, p, _, i=i: oracle.growth(n, p)[i], regularizer, none) for i in (0, 1))
    return none + c0, none + c1


# ---------------------------------------------------------------- section 4, prox


def prox_magnitude(regularizer: Regularizer, v: Array, a: Array, p: Array) -> Array:
    """Return the sum of norms behind p = prox_{aR}(v), for the rounding model."""
    c0, c1 = round_off_growth(regularizer, v)
    return norm(v) + a * (c0 + c1 * norm(p))


def prox_operations(regularizer: Regularizer, d: int) -> int:
    """Return the length of the dot products behind a prox: d, but 16d for singular values."""
    return 16 * d if regularizer.name == "nuclear" else d


def round_off_growth(regularizer: Regularizer, like: Array) -> tuple[Array, Array]:
    """Return what a prox adds to the norms behind it, in units of a and of a‖p‖, each (batch,).

    A linear solve with I + aQ multiplies by aC1; max-affine functions subtract a projection of size aC0.  The
    others compute nothing that is larger than their argument.
    """
    c0, c1 = growth(regularizer, like)
    return c0 if regularizer.name == "max_affine" else 0 * c0, c1


def proximal_energy_gap(regularizer: Regularizer, v: Array, b: Array, p: Array, q: Array) -> Array:
    r"""Return Φ_b(p) − Φ_b(q), Φ_b(u) = ½‖u − v‖² + bR(u), (3.1).

    The squares are differenced without cancellation.
    """
    squares = ((p - q) * (p + q - 2 * v)).sum(-1) / 2
    return squares + b * (value(regularizer, p) - value(regularizer, q))


def proximal_energy_magnitude(
    regularizer: Regularizer, v: Array, b: Array, p: Array, q: Array, error: Array
) -> Array:
    """Return the sum of norms behind `proximal_energy_gap`, p and q known to within ``error`` each."""
    c0, c1 = growth(regularizer, v)
    slopes = norm(p - v) + norm(q - v) + norm(p - q) + b * (c0 + c1 * maximum(norm(p), norm(q)))
    return slopes * error + b * (value(regularizer, p) + value(regularizer, q))


def weight_modulus_magnitude(
    regularizer: Regularizer, step: Array, p: Array, q: Array, error: Array
) -> Array:
    """Return the sum of norms behind ‖p − q‖² and step·(R(p) − R(q)), p and q known to ``error`` each."""
    c0, c1 = growth(regularizer, p)
    slopes = norm(p - q) + step * (c0 + c1 * maximum(norm(p), norm(q)))
    return slopes * error + step * (value(regularizer, p) + value(regularizer, q))


# ---------------------------------------------------------------- section 4, operators and bounds


def operators(p: AnyNetwork) -> tuple[Array, Array, Array]:
    """Return K (batch, N, d, d), c (batch, N, d) and σ (batch, N) of a layer, whatever the system.

    FBS: K = τWA, c = τWf, σ = τλ.  LISTA: K = W², c = W¹f, σ = λ.  ALISTA: K = τWA, c = τWf, σ = λ.
    """
    if isinstance(p, Lista):
        return p.W2, matvec(p.W1, p.f[:, None]), p.lam
    W = p.W[:, None] if isinstance(p, Alista) else p.W
    K = p.tau[:, :, None, None] * matmul(W, p.A[:, None])
    c = p.tau[:, :, None] * matvec(W, p.f[:, None])
    return K, c, p.lam + 0 * p.tau if isinstance(p, Alista) else p.tau * p.lam


def operations(p: AnyNetwork) -> int:
    """Return the length of the dot products behind a layer, data and prox, for the rounding model."""
    return prox_operations(p.regularizer, p.u0.shape[-1]) + p.f.shape[-1]


def resolvent_steps(p: AnyNetwork, states: Array) -> Array:
    """Return the oracle's prox_{hσ_nR}(u_n − h(K_n u_n − c_n)) for every n, (batch, N, d)."""
    K, c, sigma = operators(p)
    before = states[:, :-1]
    return _asked(oracle_prox.prox, p.regularizer, before - p.h * (matvec(K, before) - c), p.h * sigma)


def resolvent_run(p: AnyNetwork) -> Array:
    """Return the states u_1 … u_N (batch, N, d) of the oracle's own recursion."""
    K, c, sigma = operators(p)
    states = [p.u0]
    for n in range(sigma.shape[1]):
        u = states[-1]
        explicit = u - p.h * (matvec(K[:, n], u) - c[:, n])
        states.append(_asked(oracle_prox.prox, p.regularizer, explicit, p.h * sigma[:, n]))
    return stack(states[1:], 1)


def step_factors(K: Array, h: float) -> Array:
    """Return ρ_n = ‖I − hK_n‖₂ (batch, N), the largest factor by which a step stretches distances."""
    return spectral_norm(identity(K, K.shape[-1]) - h * K)


def step_magnitude(p: AnyNetwork, states: Array) -> Array:
    """Return the sum of norms behind each step (batch, N), for the rounding model."""
    sizes, data = norm(states), norm(p.f)[:, None]
    sigma = p.tau * p.lam if isinstance(p, Network) else p.lam
    c0, c1 = round_off_growth(p.regularizer, p.f)
    prox = sigma * (c0[:, None] + c1[:, None] * sizes[:, 1:])
    if isinstance(p, Lista):
        drift = frobenius(p.W2) * sizes[:, :-1] + frobenius(p.W1) * data
    else:
        W = frobenius(p.W[:, None]) if isinstance(p, Alista) else frobenius(p.W)
        drift = p.tau * W * (frobenius(p.A)[:, None] * sizes[:, :-1] + data)
    return sizes[:, :-1] + p.h * (drift + prox)


def state_bound_step(p: AnyNetwork, states: Array) -> Terms:
    """Return the terms of (4.3), ‖u_{n+1}‖ ≤ ρ_n‖u_n‖ + h‖c_n‖, each (batch, N)."""
    K, c, _ = operators(p)
    return {"initial": step_factors(K, p.h) * norm(states)[:, :-1], "data": p.h * norm(c)}


def state_bound(p: AnyNetwork) -> Terms:
    """Return the terms of (4.3) summed up over the layers, a bound on ‖u_n‖, n = 1 … N, each (batch, N)."""
    K, c, _ = operators(p)
    rho = step_factors(K, p.h)
    nothing = zeros(rho, rho.shape)
    start = norm(p.u0)
    return {
        "initial": accumulate(rho, start, nothing)[:, 1:],
        "data": accumulate(rho, start * 0, p.h * norm(c))[:, 1:],
    }


def off_center_step(p: AnyNetwork) -> Array:
    """Return hσ_n‖∂R⁰(0)‖ (batch, N): how far a minimum of R away from 0 may push the state in a layer."""
    return p.h * operators(p)[2] * minimal_subgradient(p.regularizer, 0 * p.u0)[:, None]


def accumulated_magnitude(p: AnyNetwork, states: Array) -> Array:
    """Return the magnitude of the first n steps carried on by the factors of the later ones, (batch, N)."""
    rho = step_factors(operators(p)[0], p.h)
    return accumulate(rho, norm(p.u0), step_magnitude(p, states))[:, 1:]


def increment_distance(p: AnyNetwork, states: Array) -> Array:
    """Return h·dist(0, K_n u_n − c_n + σ_n ∂R(u_n)) (batch, N), the first bound of (4.4)."""
    K, c, sigma = operators(p)
    before = states[:, :-1]
    return p.h * distance_to_subdifferential(p.regularizer, before, c - matvec(K, before), sigma)


def increment_bound(p: AnyNetwork, states: Array) -> Terms:
    """Return the terms of ‖u_{n+1} − u_n‖ ≤ h(‖K_n u_n − c_n‖ + σ_n‖∂R⁰(u_n)‖), (4.4), each (batch, N)."""
    K, c, sigma = operators(p)
    before = states[:, :-1]
    return {
        "drift": p.h * norm(matvec(K, before) - c),
        "subgradient": p.h * sigma * minimal_subgradient(p.regularizer, before),
    }


def h1_bound(p: AnyNetwork) -> Terms:
    r"""Return the terms of the H¹ bound (4.4) on :math:`(\int \|\hat u'\|^2)^{1/2}`, each (batch,).

    The bound is :math:`(h \sum (x_n + y_n + z_n)^2)^{1/2}` with x = ‖K_n‖M, y = ‖c_n‖, z = σ_n(C0 + C1 M)
    and M = e^{‖K‖_{L¹}}(‖u0‖ + ‖c‖_{L¹}); it is split in proportion, so that a term that
    stands alone is the bound.
    """
    K, c, sigma = operators(p)
    sizes, drive = spectral_norm(K), norm(c)
    reach = exp(p.h * sizes.sum(1)) * (norm(p.u0) + p.h * drive.sum(1))
    c0, c1 = growth(p.regularizer, p.f)
    speeds = {
        "operator": sizes * reach[:, None],
        "data": drive,
        "subgradient": sigma * (c0 + c1 * reach)[:, None],
    }
    speed = speeds["operator"] + speeds["data"] + speeds["subgradient"]
    total = sqrt(p.h * (speed * speed).sum(1))
    safe = where(total > 0, total, total + 1)
    return {name: p.h * (part * speed).sum(1) / safe for name, part in speeds.items()}


def h1_seminorm(p: AnyNetwork, states: Array) -> Array:
    r"""Return :math:`(\int \|\hat u'\|^2)^{1/2}` of the states' piecewise-linear interpolant, (batch,)."""
    steps = states[:, 1:] - states[:, :-1]
    return sqrt((steps * steps).sum((-2, -1)) / p.h)


def h1_magnitude(p: AnyNetwork, states: Array) -> Array:
    """Return the sum of norms behind `h1_seminorm`, (batch,): each increment carries its step's round-off."""
    each = step_magnitude(p, states)
    return sqrt((each * each).sum(1) / p.h) + h1_seminorm(p, states)


# ---------------------------------------------------------------- section 4, stability


def used_subgradient(p: AnyNetwork, states: Array, uncertainty: Array) -> Array:
    r"""Return a bound on ‖p_{n+1}‖, the subgradients that the prox steps used, (batch, N).

    The quotient (u_n − h(K_n u_n − c_n) − u_{n+1})/(hσ_n) where σ_n > 0, capped by C0 + C1‖u_{n+1}‖; the
    minimal-norm subgradient where σ_n = 0.  ``uncertainty`` (batch, N) is the round-off of the quotient's
    numerator: for small σ_n the quotient drowns in it, so it is added, and the cap then decides.
    """
    K, c, sigma = operators(p)
    before, after = states[:, :-1], states[:, 1:]
    moved = before - p.h * (matvec(K, before) - c) - after
    weight = p.h * sigma
    positive = weight > 0
    size = (norm(moved) + uncertainty) / where(positive, weight, weight + 1)
    if oracle.CONVEX[p.regularizer.name] and p.regularizer.name not in ASCRIBED:
        c0, c1 = growth(p.regularizer, p.f)
        size = minimum(size, c0[:, None] + c1[:, None] * norm(after))
    return where(positive, size, minimal_subgradient(p.regularizer, after))


def stability_increments(pair: NetworkPair, states: Array, uncertainty: Array) -> Terms:
    """Return h‖(K_n − K̃_n)u_n − (c_n − c̃_n)‖ and h|σ_n − σ̃_n|‖p_{n+1}‖ of (4.5), each (batch, N).

    ``states`` are those of the *first* system; ``uncertainty`` is the round-off of its steps.
    """
    (K, c, sigma), (K2, c2, sigma2) = operators(pair.first), operators(pair.second)
    h = pair.first.h
    drift = h * norm(matvec(K - K2, states[:, :-1]) - (c - c2))
    return {
        "drift": drift,
        "weight": h * abs(sigma - sigma2) * used_subgradient(pair.first, states, uncertainty),
    }


def crossed_magnitude(pair: NetworkPair, u: Array, v: Array) -> Array:
    """Return the sum of norms behind each step of both systems, each applied to both states, (batch, N)."""
    return step_magnitude(pair.second, v) + step_magnitude(pair.second, u) + step_magnitude(pair.first, u)


def crossed_accumulated_magnitude(pair: NetworkPair, u: Array, v: Array) -> Array:
    """Return the magnitudes of all steps of both systems carried on by the factors of either, (batch, N)."""
    start = norm(pair.first.u0) + norm(pair.second.u0)
    rho = [step_factors(operators(p)[0], p.h) for p in (pair.first, pair.second)]
    return accumulate(maximum(*rho), start, crossed_magnitude(pair, u, v))[:, 1:]


def stability_step(pair: NetworkPair, u: Array, v: Array, uncertainty: Array) -> Terms:
    """Return the terms of one step of (4.5), each (batch, N).

    ``u`` and ``v`` (batch, N+1, d) are the states of the first and the second system.
    """
    factors = step_factors(operators(pair.second)[0], pair.second.h)
    return {"initial": factors * norm(u - v)[:, :-1], **stability_increments(pair, u, uncertainty)}


def stability(pair: NetworkPair, u: Array, uncertainty: Array) -> Terms:
    """Return the terms of (4.5) summed up over the layers: bounds on ‖u_n − v_n‖, n = 1 … N, (batch, N)."""
    factors = step_factors(operators(pair.second)[0], pair.second.h)
    start = norm(pair.first.u0 - pair.second.u0)
    terms = {"initial": accumulate(factors, start, factors * 0)[:, 1:]}
    increments = stability_increments(pair, u, uncertainty)
    return terms | {name: accumulate(factors, start * 0, part)[:, 1:] for name, part in increments.items()}


# ---------------------------------------------------------------- section 3, grids


def l2_norm(values: Array) -> Array:
    """Return the L²(0,1) norm (batch,) of a step function with values (batch, M, k)."""
    return sqrt((values * values).sum((-2, -1)) / values.shape[1])


def modulus(values: Array, cells: int) -> Array:
    r"""Return ω_v(1/cells) = sup_{0 < r ≤ 1/cells} ‖S_r v − v‖_{L²} of a step function (batch, M, k).

    S_r extends by zero.  ‖S_r v − v‖² is linear in r between multiples of 1/M, so the supremum is reached at
    a multiple of 1/M or at r = 1/cells.
    """
    grid = values.shape[1]
    whole, rest = divmod(grid, cells)
    squares = [_shift_square(values, k) for k in range(whole + 2)]
    best = (squares[whole] * (cells - rest) + squares[whole + 1] * rest) / cells
    for square in squares[: whole + 1]:
        best = maximum(best, square)
    return sqrt(best)


def _shift_square(values: Array, k: int) -> Array:
    """Return ‖S_{k/M} v − v‖² over (0, 1), (batch,); beyond t = 1 − k/M the shifted function is 0."""
    grid = values.shape[1]
    k = min(k, grid)
    moved = values[:, k:] - values[:, : grid - k]
    ends = values[:, grid - k :]
    return ((moved * moved).sum((-2, -1)) + (ends * ends).sum((-2, -1))) / grid


def common_cells(first: int, second: int) -> int:
    """Return the number of cells of the coarsest uniform grid that refines both."""
    return math.lcm(first, second)


def refined(values: Array, cells: int) -> Array:
    """Return a step function (batch, M, k) written on ``cells`` cells, a multiple of M."""
    repeat = np.repeat if is_ball(values) else torch.repeat_interleave
    return repeat(values, cells // values.shape[1], 1)


def cell_means(values: Array, cells: int) -> Array:
    """Return the oracle's means over ``cells`` cells, (batch, cells, k)."""
    if is_ball(values):
        return oracle_grid.project(values, cells)
    return torch.as_tensor(oracle_grid.project(values.cpu().numpy(), cells), device=values.device)


def family_modulus(bound: Array, variation: Array, cells: int) -> Array:
    r"""Return (M(2V + M)/N)^{1/2}, the modulus at 1/N of all v with ‖v‖ ≤ M and variation ≤ V, (batch,).

    Sharp: ±M alternating from cell to cell of the grid itself.
    """
    return sqrt(bound * (2 * variation + bound) / cells)


def family_projection_error(bound: Array, variation: Array, cells: int) -> Array:
    r"""Return (MV/(2N))^{1/2}, a bound on ‖E_N P_N v − v‖ for all v with ‖v‖ ≤ M and variation ≤ V, (batch,).

    Sharp: a jump between M and −M in the middle of every cell.
    """
    return sqrt(bound * variation / (2 * cells))


# ---------------------------------------------------------------- the oracle's prox


def resolvent(regularizer: Regularizer, v: Array, a: Array) -> Array:
    """Return the oracle's prox_{aR}(v): v (batch, d) or (batch, K, d), a (batch,)."""
    return _asked(oracle_prox.prox, regularizer, v, a)
