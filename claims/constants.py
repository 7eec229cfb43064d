r"""The constants of section 4: every explicit bound on one network and on two, once, from the raw data.

Nothing here comes from `fbscore`: what judges shares nothing with what is judged.  All functions work
on float64 tensors (batches) and in ball arithmetic (one instance), see `claims.kit.arithmetic`.  With
``K = τ W A``, ``c = τ W f``, ``σ = τ λ`` the numbers (4.1) … (4.5) are those of ``docs/mathematics.md``; all
displayed formulas are *reconstructed*.  What is asked of a regulariser is in `claims.regularizer_constants`,
what round-off may do in `claims.magnitudes`; grids, sequences and samples have files of their own.

Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u`` (batch, d) or states (batch, N+1, d); ``W``
(batch, N, d, m); ``tau``, ``lam`` (batch, N).  Terms of a bound are returned by name; the bound is their sum.
"""

from __future__ import annotations

from claims.kit.arithmetic import (
    Array,
    accumulate,
    exp,
    identity,
    matmul,
    matvec,
    minimum,
    norm,
    spectral_norm,
    sqrt,
    stack,
    where,
    zeros,
)
from claims.kit.instances import Alista, AnyNetwork, Lista, NetworkPair
from claims.regularizer_constants import (
    distance_to_subdifferential,
    growth,
    has_growth,
    minimal_subgradient,
    resolvent,
)

Terms = dict[str, Array]


# ---------------------------------------------------------------- operators and bounds


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


def resolvent_steps(p: AnyNetwork, states: Array) -> Array:
    """Return the oracle's prox_{hσ_nR}(u_n − h(K_n u_n − c_n)) for every n, (batch, N, d)."""
    K, c, sigma = operators(p)
    before = states[:, :-1]
    return resolvent(p.regularizer, before - p.h * (matvec(K, before) - c), p.h * sigma)


def resolvent_run(p: AnyNetwork) -> Array:
    """Return the states u_1 … u_N (batch, N, d) of the oracle's own recursion."""
    K, c, sigma = operators(p)
    states = [p.u0]
    for n in range(sigma.shape[1]):
        u = states[-1]
        explicit = u - p.h * (matvec(K[:, n], u) - c[:, n])
        states.append(resolvent(p.regularizer, explicit, p.h * sigma[:, n]))
    return stack(states[1:], 1)


def step_factors(K: Array, h: float) -> Array:
    """Return ρ_n = ‖I − hK_n‖₂ (batch, N), the largest factor by which a step stretches distances."""
    return spectral_norm(identity(K, K.shape[-1]) - h * K)


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


# ---------------------------------------------------------------- stability


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
    if has_growth(p.regularizer):
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
