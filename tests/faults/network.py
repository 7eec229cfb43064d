"""Faults in the layers of the three systems, in the controls they run on, and in the run."""

from __future__ import annotations

from typing import Any

import torch

import fbscore
from fbscore.layers import fbs_step
from tests.faults.checks import DISTANCE, H1, INCREMENT, LAYER, RESOLVENT, RUN, STABLE, STABLE_LAYER, STATE
from tests.faults.plants import (
    Fault,
    changed_controls,
    changed_states,
    changed_step,
    changed_step_of,
    with_parts,
)


def _stale(problem: Any, controls: Any) -> torch.Tensor:
    """Every layer takes its gradient at the state before the last."""
    if not isinstance(controls, fbscore.Controls):
        return fbscore.forward(problem, controls)
    states = [problem.u0, problem.u0]
    for n in range(controls.N):
        old, now = states[-2], states[-1]
        residual = (problem.A @ old[..., None])[..., 0] - problem.f
        step = controls.h * controls.tau[:, n]
        moved = now - step[:, None] * (controls.W[:, n] @ residual[..., None])[..., 0]
        states.append(problem.regularizer.prox(moved, step * controls.lam[:, n]))
    return torch.stack(states[1:], 1)


def _single(problem: Any, controls: Any) -> torch.Tensor:
    """Everything is computed in float32 and passed off as the dtype asked for."""
    single = torch.float32
    return fbscore.forward(problem.to(single), controls.to(single)).to(problem.dtype)


NETWORK = (
    Fault(
        "step h scaled by 1.0001",
        changed_step(lambda u, h, *rest: fbs_step(u, 1.0001 * h, *rest)),
        (RESOLVENT, LAYER, STATE, "test_state_bound_without_minimum_at_zero", INCREMENT, STABLE_LAYER),
    ),
    Fault(
        "step h scaled by 0.9999",
        changed_step(lambda u, h, *rest: fbs_step(u, 0.9999 * h, *rest)),
        (RESOLVENT, LAYER, STABLE_LAYER),
    ),
    Fault(
        "factor h dropped",
        changed_step(lambda u, h, *rest: fbs_step(u, 1.0, *rest)),
        (RESOLVENT, INCREMENT, H1),
    ),
    Fault(
        "sign of the step swapped",
        changed_step(lambda u, h, A, f, W, *rest: fbs_step(u, h, A, f, -W, *rest)),
        (RESOLVENT, STATE),
    ),
    Fault(
        "τ² for τ",
        changed_step(
            lambda u, h, A, f, W, tau, lam, R: fbs_step(u, h, A, f, W * tau[:, None, None], tau, lam, R)
        ),
        (RESOLVENT, LAYER, INCREMENT),
    ),
    Fault(
        "τ missing from the weight of R",
        changed_step(
            lambda u, h, A, f, W, tau, lam, R: fbs_step(
                u, h, A, f, W * tau[:, None, None], torch.ones_like(tau), lam, R
            )
        ),
        (RESOLVENT, INCREMENT),
    ),
    Fault(
        "weight of R doubled",
        changed_step(lambda u, h, A, f, W, tau, lam, R: fbs_step(u, h, A, f, W, tau, 2 * lam, R)),
        (RESOLVENT, INCREMENT, DISTANCE, H1),
    ),
    Fault(
        "prox left out",
        changed_step(lambda u, h, A, f, W, tau, lam, R: fbs_step(u, h, A, f, W, tau, 0 * lam, R)),
        (RESOLVENT, RUN),
    ),
    Fault(
        "prox before the explicit step",
        changed_step(
            lambda u, h, A, f, W, tau, lam, R: fbs_step(
                R.prox(u, h * tau * lam), h, A, f, W, tau, 0 * lam, R
            ),
        ),
        (RESOLVENT,),
    ),
    Fault(
        "data f dropped",
        changed_step(lambda u, h, A, f, *rest: fbs_step(u, h, A, 0 * f, *rest)),
        (RESOLVENT, INCREMENT),
    ),
    Fault(
        "transpose of A for W",
        changed_step(lambda u, h, A, f, W, *rest: fbs_step(u, h, A, f, A.mT, *rest)),
        (RESOLVENT, STATE, STABLE),
    ),
    Fault("W one layer late", changed_controls(W=lambda W: W.roll(1, 1)), (RESOLVENT, INCREMENT)),
    Fault("τ one layer early", changed_controls(tau=lambda tau: tau.roll(-1, 1)), (RESOLVENT, INCREMENT)),
    Fault(
        "λ of the first layer everywhere",
        changed_controls(lam=lambda lam: lam[:, :1].expand_as(lam)),
        (RESOLVENT, INCREMENT),
    ),
    Fault("stale state in the gradient", with_parts(forward=_stale), (RESOLVENT, RUN, INCREMENT)),
    Fault(
        "first layer skipped",
        changed_states(lambda s: torch.cat((s[:, :1], s[:, :1], s[:, 2:]), 1)),
        (RESOLVENT, LAYER),
    ),
    Fault(
        "states returned one late",
        changed_states(lambda s: torch.cat((s[:, 1:], s[:, -1:]), 1)),
        ("test_starts_at_initial_value",),
    ),
    Fault("float32 passed off as float64", with_parts(forward=_single), (RESOLVENT, STATE, STABLE_LAYER)),
    Fault(
        "W¹ of LISTA one layer late",
        changed_step_of(
            "lista_step", lambda right, u, h, f, W1, W2, lam, R: right(u, h, f, W1.roll(1, 0), W2, lam, R)
        ),
        (RESOLVENT,),
    ),
    Fault(
        "sign of W² in LISTA",
        changed_step_of("lista_step", lambda right, u, h, f, W1, W2, lam, R: right(u, h, f, W1, -W2, lam, R)),
        (RESOLVENT, LAYER, STABLE_LAYER),
    ),
    Fault(
        "LISTA step scaled by 1.0001",
        changed_step_of("lista_step", lambda right, u, h, *rest: right(u, 1.0001 * h, *rest)),
        (RESOLVENT, LAYER, INCREMENT, STABLE_LAYER),
    ),
    Fault(
        "ALISTA with the weight of FBS",
        changed_step_of(
            "alista_step",
            lambda right, u, h, A, f, W, tau, lam, R: right(u, h, A, f, W, tau, tau * lam, R),
        ),
        (RESOLVENT,),
    ),
    Fault(
        "ALISTA step scaled by 1.0001",
        changed_step_of("alista_step", lambda right, u, h, *rest: right(u, 1.0001 * h, *rest)),
        (RESOLVENT, LAYER, INCREMENT, STABLE_LAYER),
    ),
)
