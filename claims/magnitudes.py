r"""Magnitudes for the rounding model: the sums of norms behind a prox, a layer, a run and a pair of runs.

They are derived in ``docs/rounding.md``.  As in `claims.constants`, everything works on float64 tensors and
in ball arithmetic, and nothing comes from `fbscore`.

Shapes: as in `claims.constants`; ``v``, ``p``, ``q`` of a prox (batch, d); ``a``, ``b`` (batch,).
"""

from __future__ import annotations

from claims import constants
from claims.kit.arithmetic import Array, accumulate, frobenius, maximum, norm, sqrt
from claims.kit.instances import Alista, AnyNetwork, Lista, Network, NetworkPair, Regularizer
from claims.regularizer_constants import growth, value

# ---------------------------------------------------------------- a prox


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


def proximal_energy_magnitude(
    regularizer: Regularizer, v: Array, b: Array, p: Array, q: Array, error: Array
) -> Array:
    """Return the sum of norms behind Φ_b(p) − Φ_b(q), p and q known to within ``error`` each."""
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


# ---------------------------------------------------------------- layers


def operations(p: AnyNetwork) -> int:
    """Return the length of the dot products behind a layer, data and prox, for the rounding model."""
    return prox_operations(p.regularizer, p.u0.shape[-1]) + p.f.shape[-1]


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


def accumulated_magnitude(p: AnyNetwork, states: Array) -> Array:
    """Return the magnitude of the first n steps carried on by the factors of the later ones, (batch, N)."""
    rho = constants.step_factors(constants.operators(p)[0], p.h)
    return accumulate(rho, norm(p.u0), step_magnitude(p, states))[:, 1:]


def h1_magnitude(p: AnyNetwork, states: Array) -> Array:
    """Return the sum of norms behind ‖û'‖_{L²}, (batch,): each increment carries its step's round-off."""
    each = step_magnitude(p, states)
    return sqrt((each * each).sum(1) / p.h) + constants.h1_seminorm(p, states)


# ---------------------------------------------------------------- pairs


def crossed_magnitude(pair: NetworkPair, u: Array, v: Array) -> Array:
    """Return the sum of norms behind each step of both systems, each applied to both states, (batch, N)."""
    return step_magnitude(pair.second, v) + step_magnitude(pair.second, u) + step_magnitude(pair.first, u)


def crossed_accumulated_magnitude(pair: NetworkPair, u: Array, v: Array) -> Array:
    """Return the magnitudes of all steps of both systems carried on by the factors of either, (batch, N)."""
    start = norm(pair.first.u0) + norm(pair.second.u0)
    rho = [constants.step_factors(constants.operators(p)[0], p.h) for p in (pair.first, pair.second)]
    return accumulate(maximum(*rho), start, crossed_magnitude(pair, u, v))[:, 1:]
