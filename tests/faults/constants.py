"""Faults in the constants of section 4."""

from __future__ import annotations

from typing import Any

import torch

from claims import constants
from claims.kit.arithmetic import frobenius, matvec, norm, spectral_norm
from claims.regularizer_constants import minimal_subgradient
from tests.faults.checks import DISTANCE, H1, INCREMENT, LAYER, STABLE, STABLE_LAYER, STATE
from tests.faults.plants import Fault, changed_constant, scaled, with_functions


def _triangle(p: Any, states: torch.Tensor) -> dict[str, Any]:
    K, c, sigma = constants.operators(p)
    before = states[:, :-1]
    drift = p.h * (norm(matvec(K, before)) + norm(c))
    return {"drift": drift, "subgradient": p.h * sigma * minimal_subgradient(p.regularizer, before)}


def _sum_of_increments(p: Any, states: torch.Tensor) -> torch.Tensor:
    terms = constants.increment_bound(p, states)
    return terms["drift"] + terms["subgradient"]


CONSTANTS = (
    Fault(
        "data term of the bound 2 % too large",
        changed_constant(constants, "state_bound_step", lambda t: scaled(t, "data", 1.02)),
        (LAYER,),
        "loose",
    ),
    Fault(
        "initial term 2 % too large",
        changed_constant(constants, "stability_step", lambda t: scaled(t, "initial", 1.02)),
        (STABLE_LAYER,),
        "loose",
    ),
    Fault(
        "weight term 2 % too large",
        changed_constant(constants, "stability_increments", lambda t: scaled(t, "weight", 1.02)),
        (STABLE,),
        "loose",
    ),
    Fault(
        "step factor 0.01 % too small",
        changed_constant(constants, "step_factors", lambda rho: 0.9999 * rho),
        (LAYER, STABLE_LAYER),
    ),
    Fault(
        "ρ in the Frobenius norm",
        with_functions(constants, spectral_norm=frobenius),
        (LAYER, STABLE_LAYER),
        "loose",
    ),
    Fault(
        "ρ by the triangle inequality",
        with_functions(constants, step_factors=lambda K, h: 1 + h * spectral_norm(K)),
        (LAYER, STATE, STABLE_LAYER, STABLE),
        "loose",
    ),
    Fault(
        "drift by the triangle inequality",
        with_functions(constants, increment_bound=_triangle),
        (INCREMENT,),
        "loose",
    ),
    Fault(
        "distance by the triangle inequality",
        with_functions(constants, increment_distance=_sum_of_increments),
        (DISTANCE,),
        "loose",
    ),
    Fault(
        "C0 doubled",
        changed_constant(constants, "growth", lambda found: (2 * found[0], found[1])),
        (H1,),
        "loose",
    ),
    Fault(
        "C1 doubled",
        changed_constant(constants, "growth", lambda found: (found[0], 2 * found[1])),
        (H1,),
        "loose",
    ),
    Fault(
        "drift term dropped",
        changed_constant(constants, "stability_increments", lambda t: scaled(t, "drift", 0.0)),
        (STABLE_LAYER, STABLE),
    ),
)
