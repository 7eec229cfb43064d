"""Faults in the limit of the networks: in the solver, in the certificates, in the layers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

import fbscore
from claims import limit_constants
from claims.kit.subject import Subject
from tests.faults.checks import CERTIFICATE, DEPTHS, LIMIT_BOUND, SOLVER, STARTS, TIGHT
from tests.faults.plants import Fault, Plant, changed_constant, changed_states, scaled, with_parts


def changed_solution(change: Callable[[Any], Any]) -> Plant:
    """Return the plant that changes the enclosure after the right solver."""
    return with_parts(
        solve=lambda problem, controls, radius: change(Subject().solve(problem, controls, radius))
    )


def solved_for(change: Callable[[Any, Any], tuple[Any, Any]]) -> Plant:
    """Return the plant that solves another problem, or with other controls."""
    return with_parts(
        solve=lambda problem, controls, radius: Subject().solve(*change(problem, controls), radius)
    )


def changed_operators(change: Callable[[Any, Any], Any]) -> Plant:
    """Return the plant that changes K, c, σ where solvers and certificates of the core ask for them."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = importlib.import_module("fbscore.operators").operators

        def changed(controls: Any, *more: Any, **options: Any) -> Any:
            return change(right(controls, *more, **options), controls)

        for name in ("event_steps", "cells", "control_error"):
            module = importlib.import_module(f"fbscore.limit.{name}")
            patch.setattr(module, "operators", changed)
        return Subject()

    return plant


def _without_last_cell(problem: Any, controls: Any) -> tuple[Any, Any]:
    """Put the last cell but one in the place of the last."""
    lam = torch.cat([controls.lam[:, :-1], controls.lam[:, -2:-1]], 1) if controls.N > 1 else controls.lam
    return problem, replace(controls, lam=lam)


def _weight_of_lista(found: Any, controls: Any) -> Any:
    """Take λ for τλ in the FBS-network."""
    return (
        replace(found, sigma=controls.lam[:, : found.sigma.shape[1]])
        if isinstance(controls, fbscore.Controls)
        else found
    )


LIMITS = (
    Fault(
        "drift of the certificate 2 % too small",
        changed_constant(limit_constants, "network_certificate", lambda t: scaled(t, "drift", 0.98)),
        (CERTIFICATE,),
    ),
    Fault(
        "drift of the certificate 2 % too large",
        changed_constant(limit_constants, "network_certificate", lambda t: scaled(t, "drift", 1.02)),
        (CERTIFICATE,),
        "loose",
    ),
    Fault(
        "Bregman gap of the certificate dropped",
        changed_constant(limit_constants, "network_certificate", lambda t: scaled(t, "gap", 0.0)),
        (CERTIFICATE, DEPTHS),
    ),
    Fault(
        "Bregman gap of the certificate times 0.24",
        changed_constant(limit_constants, "network_certificate", lambda t: scaled(t, "gap", 0.49)),
        (CERTIFICATE,),
    ),
    Fault(
        "radius infinite",
        changed_solution(lambda e: fbscore.Enclosure(e.value, e.radius + torch.inf)),
        (TIGHT,),
    ),
    Fault(
        "logarithmic norm with the other sign",
        changed_constant(limit_constants, "logarithmic_norms", lambda x: -x),
        (CERTIFICATE, STARTS, LIMIT_BOUND),
    ),
    Fault(
        "start of the limit 2 % too small",
        changed_constant(limit_constants, "limit_state_bound", lambda t: scaled(t, "initial", 0.98)),
        (LIMIT_BOUND,),
    ),
    Fault(
        "start of the limit 2 % too large",
        changed_constant(limit_constants, "limit_state_bound", lambda t: scaled(t, "initial", 1.02)),
        (LIMIT_BOUND,),
        "loose",
    ),
    Fault(
        "data of the limit 2 % too small",
        changed_constant(limit_constants, "limit_state_bound", lambda t: scaled(t, "data", 0.98)),
        (LIMIT_BOUND,),
    ),
    Fault(
        "distance of the starts 2 % too small",
        changed_constant(limit_constants, "growth_of_distance", lambda x: 0.98 * x),
        (STARTS,),
    ),
    Fault(
        "distance of the starts 2 % too large",
        changed_constant(limit_constants, "growth_of_distance", lambda x: 1.02 * x),
        (STARTS,),
        "loose",
    ),
    Fault(
        "states of the layer before",
        changed_states(lambda u: torch.cat([u[:, :1], u[:, :-1]], 1)),
        (CERTIFICATE,),
    ),
    Fault("states one per cent too large", changed_states(lambda u: 1.01 * u), (CERTIFICATE,)),
    Fault(
        "radius a thousand times too small",
        changed_solution(lambda e: fbscore.Enclosure(e.value, e.radius / 1000)),
        (SOLVER,),
    ),
    Fault(
        "solution off by one per cent",
        changed_solution(lambda e: fbscore.Enclosure(1.01 * e.value, e.radius)),
        (SOLVER,),
    ),
    Fault("limit of the last λ but one", solved_for(_without_last_cell), (SOLVER,)),
    Fault(
        "limit solved from 1.0001 u0",
        solved_for(lambda problem, controls: (replace(problem, u0=1.0001 * problem.u0), controls)),
        (SOLVER,),
    ),
    Fault("solver with λ for τλ", changed_operators(_weight_of_lista), (SOLVER,)),
    Fault(
        "solver without c",
        changed_operators(lambda found, controls: replace(found, c=0 * found.c)),
        (SOLVER,),
    ),
    Fault(
        "solver with K transposed",
        changed_operators(lambda found, controls: replace(found, K=found.K.mT)),
        (SOLVER,),
    ),
)
