r"""The modulus of weak convergence: how far two limits are whose K, c, σ have primitives that are close.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes
from `fbscore`.  The bounds are those of section 10 of ``docs/mathematics.md``, *reconstructed*.  θ̄ are the
controls of a network of N layers, θ functions on M cells; ū and u are the limits that they drive.

Shapes: as in `claims.convergence_constants`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from claims import limit_constants
from claims.constants import Terms, operators
from claims.convergence_constants import Reach, count, function, joined
from claims.grid_constants import common_cells, refined
from claims.kit.arithmetic import (
    Array,
    exp,
    largest,
    matvec,
    maximum,
    norm,
    spectral_norm,
    sqrt,
    stack,
    where,
)
from claims.kit.convergence_instances import TIMED, ControlSequence
from claims.kit.instances import AnyNetwork
from claims.limit_constants import LARGEST, logarithmic_norms
from claims.regularizer_constants import growth


class Primitives(NamedTuple):
    r"""Suprema over t of :math:`\int_0^t` of K̄ − K, c̄ − c, σ̄ − σ, each (batch,).

    ``of_K`` is sup‖H − m‖, H the primitive of K̄ − K and m (batch, d, d) the middle of its entries'
    ranges, ``middle`` is ‖m u0‖; ``of_c`` is the supremum itself, ``of_sigma`` half of the range.
    """

    of_K: Array
    middle: Array
    of_c: Array
    of_sigma: Array


def primitives(first: AnyNetwork, network: AnyNetwork) -> Primitives:
    """Return the weak distances of θ̄, the controls of ``network``, from θ, those of ``first``."""
    cells = common_cells(first.depth, network.depth)
    here, there = ([refined(x, cells) for x in operators(p)] for p in (first, network))
    H, F, G = (primitive(b - a) for a, b in zip(here, there, strict=True))
    m, middle = _middle(H), _middle(G)
    return Primitives(
        largest(spectral_norm(H - m[:, None])),
        norm(matvec(m, first.u0)),
        largest(norm(F)),
        largest(abs(G - middle[:, None])),
    )


def primitive(values: Array) -> Array:
    """Return the integral from 0 to the ends of the cells, and 0 itself, (batch, M+1, …)."""
    return joined([values[:, :1] * 0, values.cumsum(1)]) / values.shape[1]


def _middle(values: Array) -> Array:
    """Return the middle of the range of every entry over axis 1."""
    entries = _flat(values).swapaxes(1, 2)
    return ((largest(entries) - largest(-entries)) / 2).reshape(values.shape[0], *values.shape[2:])


class Speeds(NamedTuple):
    """Of one limit: ∫‖u'‖ at most, the subgradients at most, and ∫σ, each (batch,)."""

    length: Array
    subgradient: Array
    weight: Array


def speeds(p: AnyNetwork, state: Array, subgradient: Array) -> Speeds:
    """Return what ‖u‖ ≤ ``state`` and ‖∂R(u)‖ ≤ ``subgradient`` (batch,) say of the limit that p drives."""
    K, c, sigma = operators(p)
    speed = spectral_norm(K) * state[:, None] + norm(c) + sigma * subgradient[:, None]
    return Speeds(p.h * speed.sum(1), subgradient, p.h * sigma.sum(1))


def solution_reach(p: AnyNetwork, solution: Array, radius: Array, step: float) -> Array:
    """Return a bound on ‖u‖ over [0, 1] from u at times at most ``step`` apart, by (4.3) in between."""
    K, c, sigma = operators(p)
    c0, _ = growth(p.regularizer, p.f)
    rate = maximum(largest(logarithmic_norms(K)), 0.0)
    sizes = largest(norm(solution)) + where(radius < LARGEST, radius, 0 * radius)
    return exp(step * rate) * (sizes + step * (largest(norm(c)) + largest(sigma) * c0))


def weak_modulus(first: AnyNetwork, network: AnyNetwork, of: Reach, state: Array) -> Terms:
    r"""Return the terms of the bound on sup‖ū − u‖ in weak distances, each (batch,).

    With γ = w_c + w_K(sup‖ū‖ + ∫‖ū'‖) + ‖mu0‖ ≥ sup‖g‖, g(t) = ∫_0^t (c̄ − c) − (K̄ − K)ū: shift
    γ(1 + e^{‖κ⁺‖}‖K‖_{L¹}), and e^{‖κ⁺‖} times the root of kinks 2γ(B̄‖σ̄‖_{L¹} + B‖σ‖_{L¹}) and weight
    4w_σ(B̄∫‖ū'‖ + B∫‖u'‖), split in proportion.  ``of`` bounds ū, ``state`` (batch,) bounds ‖u‖.
    """
    c0, c1 = growth(first.regularizer, first.f)
    driven = speeds(network, of.state, of.subgradient)
    own = speeds(first, state, c0 + c1 * state)
    weak, factor = primitives(first, network), limit_constants.stretch(first)
    shift = weak.of_c + weak.of_K * (of.state + driven.length) + weak.middle
    parts = {
        "kinks": 2 * shift * sum(one.subgradient * one.weight for one in (driven, own)),
        "weight": 4 * weak.of_sigma * sum(one.subgradient * one.length for one in (driven, own)),
    }
    root = sqrt(parts["kinks"] + parts["weight"])
    below = where(root > 0, root, root + 1)
    strength = first.h * spectral_norm(operators(first)[0]).sum(1)
    return {
        "shift": shift * (1 + factor * strength),
        **{name: factor * part / below for name, part in parts.items()},
    }


# ---------------------------------------------------------------- how fast weak distances vanish


def weak_distances(p: ControlSequence, networks: Sequence[AnyNetwork]) -> Array:
    r"""Return :math:`\sup_t \|\int_0^t \bar\theta - \theta\|` of the controls in time, (batch, J·controls).

    ``networks`` have the controls θ̄ of the members.
    """
    found: list[Array] = []
    for network in networks:
        for name in TIMED[type(p.first)]:
            here, there = getattr(p.first, name), getattr(network, name)
            cells = common_cells(here.shape[1], there.shape[1])
            found.append(_largest_size(primitive(refined(there, cells) - refined(here, cells))))
    return stack(found, 1)


def weak_rates(p: ControlSequence) -> Terms:
    r"""Return the terms of the bound on `weak_distances`, each (batch, J·controls).

    With ζ = ϑ − θ: oscillation 2^{-k}s(‖ζ(0)‖ + sup‖ζ‖ + TV ζ)/2, and projection (h/4) max V(θ^j), the
    variation of θ^j inside a cell of the network.
    """
    terms: dict[str, list[Array]] = {"oscillation": [], "projection": []}
    for j, (N, k) in enumerate(zip(p.depths, p.frequencies, strict=True)):
        theta = function(p, j)
        for name in TIMED[type(p.first)]:
            zeta = _flat(getattr(p.other, name) - getattr(p.first, name))
            size = norm(zeta[:, 0]) + largest(norm(zeta)) + norm(zeta[:, 1:] - zeta[:, :-1]).sum(1)
            terms["oscillation"].append(p.scales[:, j] * size / 2 ** (k + 1))
            terms["projection"].append(_variation_inside(_flat(getattr(theta, name)), N) / (4 * N))
    return {name: stack(values, 1) for name, values in terms.items()}


def _flat(values: Array) -> Array:
    return values.reshape(*values.shape[:2], count(values.shape[2:]))


def _largest_size(values: Array) -> Array:
    """Return the largest norm over axis 1 of values (batch, M, …), (batch,)."""
    return largest(norm(_flat(values)))


def _variation_inside(values: Array, cells: int) -> Array:
    """Return the largest total variation inside one of ``cells`` cells, of values (batch, M, k), (batch,)."""
    grid = values.shape[1]
    jumps = norm(values[:, 1:] - values[:, :-1])
    most = 0 * values.sum((-2, -1))
    for n in range(cells):
        inside = [i for i in range(1, grid) if n * grid < i * cells < (n + 1) * grid]
        if inside:
            most = maximum(most, jumps[:, inside[0] - 1 : inside[-1]].sum(1))
    return most


def sizes(p: ControlSequence) -> Array:
    """Return the sum of norms behind `weak_distances`, (batch, J·controls)."""
    found: list[Array] = []
    for j in range(len(p.depths)):
        theta = function(p, j)
        for name in TIMED[type(p.first)]:
            found.append(sum(largest(norm(_flat(getattr(x, name)))) for x in (p.first, p.other, theta)))
    return stack(found, 1)
