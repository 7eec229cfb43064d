r"""How far objectives of one network are apart at two controls, at their distances and at declared ones.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes
from `fbscore`.  The number (4.5) is that of ``docs/mathematics.md``; all displayed formulas are
*reconstructed*.

Shapes: states (batch, N+1, d); what belongs to the three controls (batch, 3).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from claims import constants, convergence_constants, grid_constants
from claims.constants import operators, step_factors
from claims.kit.arithmetic import Array, accumulate, is_ball, largest, maximum, stack
from claims.kit.convergence_instances import ControlSequence, controls
from claims.kit.instances import AnyNetwork, NetworkPair


def deviation(pair: NetworkPair, states: Array, uncertainty: Array) -> Array:
    """Return (4.5) at the last layer, a bound on ‖u_N − v_N‖, (batch,); ``states`` are u.

    ρ̃ is that of the *second* system, u and p are those of the *first*; ``uncertainty`` (batch, N) is the
    round-off of its steps.
    """
    terms = constants.stability(pair, states, uncertainty)
    return terms["initial"][:, -1] + terms["drift"][:, -1] + terms["weight"][:, -1]


def stretch(p: AnyNetwork) -> Array:
    r"""Return :math:`\prod_n \max(\rho_n, 1)`, how much the network may stretch a distance, (batch,)."""
    factors = maximum(step_factors(operators(p)[0], p.h), 1.0)
    start = 0 * factors[:, 0] + 1
    return accumulate(factors, start, 0 * factors)[:, -1]


def declared_deviation(pair: NetworkPair, states: Array, apart: Array) -> Array:
    r"""Return what (4.5) is at most for controls within ``apart`` (batch, 3) of each other, (batch,).

    :math:`\prod\max(\tilde\rho_n, 1)` times the sums of h‖(K_n − K̃_n)u_n − (c_n − c̃_n)‖ and
    h|σ_n − σ̃_n|‖p_{n+1}‖, whose products are split as for (4.8): ‖τW − τ̃W̃‖ ≤ δ_τ‖W‖ + ‖τ̃‖δ_W.
    """
    first, second = pair.first, pair.second
    reach = convergence_constants.reach(first, states, 0 * states[:, 0, 0])
    return stretch(second) * convergence_constants.control_error(second, first, apart, reach)


def distances(first: AnyNetwork, second: AnyNetwork) -> Array:
    """Return the distances of the controls of two networks of one depth, (batch, 3)."""
    apart = (y - x for x, y in zip(controls(first), controls(second), strict=True))
    flat = (x.reshape(*x.shape[:2], math.prod(x.shape[2:])) for x in apart)
    return stack([grid_constants.l2_norm(x) for x in flat], 1)


def covering(p: ControlSequence) -> Array:
    """Return how far, in s, the members θ + s(ϑ − θ) but the last are from those between them, (batch,)."""
    points = p.scales[:, :-1]
    ordered = np.sort(points, 1) if is_ball(points) else torch.sort(points, 1).values
    return largest(ordered[:, 1:] - ordered[:, :-1]) / 2


def spread(p: ControlSequence) -> Array:
    """Return ‖ϑ − θ‖ of the three controls in L²(0, 1), (batch, 3)."""
    return distances(p.first, p.other)
