"""Faults in training objectives: in the core, in their moduli, and in the sets of admissible controls."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

import fbscore
import fbscore.learning
from claims import (
    admissible_constants,
    convergence_constants,
    extended_margins,
    learning_constants,
    learning_margins,
)
from claims.kit import context
from claims.kit.instances import Network
from claims.kit.subject import Subject
from fbscore.learning import admissible, losses
from tests.faults.checks import AT_LAST, F_LOWER, F_RECOVERY, LEAVING, OBJECTIVES
from tests.faults.plants import Fault, Plant, changed_constant, with_parts

_judged = partial(changed_constant, learning_constants)
_core = importlib.import_module("fbscore.learning.objective")  # the package names the function so, too

BOTH = (OBJECTIVES, AT_LAST)


def changed_objective(change: Callable[..., Any]) -> Plant:
    """Return the plant that asks ``change(right objective, problem, controls, learning)``."""
    return with_parts(objective=lambda *given: change(fbscore.learning.objective, *given))


def changed_learning(**changes: Callable[[Any], Any]) -> Plant:
    """Return the plant that changes labels or weights before the right objective."""

    def objective(right: Callable[..., Any], problem: Any, theta: Any, learning: Any) -> Any:
        changed = {name: change(getattr(learning, name)) for name, change in changes.items()}
        return right(problem, theta, replace(learning, **changed))

    return changed_objective(objective)


def changed_last_state(change: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that changes the states (…, N+1, d) that the objective is given."""
    return changed_objective(lambda right, *given: right(*given, lambda *p: change(fbscore.forward(*p))))


def changed_norms(change: Callable[[Any, torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that changes the norms of the controls in the core; ``change(controls, norms)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right: Callable[[Any], torch.Tensor] = _core.control_norms
        patch.setattr(_core, "control_norms", lambda theta: change(theta, right(theta)))
        return Subject()

    return plant


def changed_loss(cls: type[losses.Loss], change: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that gives a loss of the core other values; ``change(self, value)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right: Any = cls.value
        patch.setattr(cls, "value", lambda self, u, label: change(self, right(self, u, label)))
        return Subject()

    return plant


def summed(patch: pytest.MonkeyPatch) -> Subject:
    """Sum over the samples instead of averaging."""
    patch.setattr(_core, "mean_over_samples", lambda x: x.sum(1) if x.ndim == 2 else x)
    return Subject()


def _of_products(theta: Any, norms: torch.Tensor) -> torch.Tensor:
    if not isinstance(theta, fbscore.Controls):
        return norms
    W, lam = theta.tau[:, :, None, None] * theta.W, theta.tau * theta.lam
    parts = (fbscore.norm(W), fbscore.norm(theta.tau), fbscore.norm(lam))
    return torch.stack(parts, 1)


def products_projected(patch: pytest.MonkeyPatch) -> Subject:
    """Take the means of τλ instead of those of λ."""
    right = context.member

    def member(p: Any, j: int, project: Any) -> Any:
        found = right(p, j, project)
        if not isinstance(found, Network) or not isinstance(found.tau, torch.Tensor):
            return found  # the oracle in balls makes no such mistake
        theta: Any = convergence_constants.function(p, j)
        weight = project((theta.tau * theta.lam)[:, :, None], p.depths[j])[:, :, 0]
        return replace(found, lam=torch.where(found.tau > 0, weight / found.tau, 0.0))

    patch.setattr(context, "member", member)
    return Subject()


def rates_ignored(patch: pytest.MonkeyPatch) -> Subject:
    """Judge as if the controls were those of the limit."""
    right = learning_margins.bounds
    patch.setattr(learning_margins, "bounds", lambda p, apart, *more: right(p, 0 * apart, *more))
    return Subject()


def changed_set(cls: type[admissible.Box | admissible.TotalVariation], change: Callable[..., Any]) -> Plant:
    """Return the plant that gives a set of the core other members; ``change(right, self, values)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right: Any = cls.contains
        patch.setattr(cls, "contains", lambda self, values: change(right, self, values))
        return Subject()

    return plant


def _without_ends(right: Any, box: Any, values: torch.Tensor) -> torch.Tensor:
    inside = (values > box.lower) & (values < box.upper)
    return right(box, values) & inside.flatten(1).all(1)


OBJECTIVE = (
    Fault(
        "loss of the layer before the last",
        changed_last_state(lambda u: u[..., :-1, :]),
        BOTH,
    ),
    Fault(
        "loss of a state one per cent too large", changed_last_state(lambda u: 1.01 * u), (*BOTH, F_RECOVERY)
    ),
    Fault("losses of the samples summed", summed, (*BOTH, F_RECOVERY)),
    Fault("labels of the samples reversed", changed_learning(labels=lambda x: x.flip(1)), (OBJECTIVES,)),
    Fault("labels shifted by 1/8", changed_learning(labels=lambda x: x + 0.125), BOTH),
    Fault("weights of the penalties exchanged", changed_learning(weights=lambda x: x.flip(1)), BOTH),
    Fault(
        "square forgotten",
        changed_loss(losses.Power, lambda self, x: x.sqrt() if self.p == 2.0 else x),
        (OBJECTIVES,),
    ),
    Fault(
        "power losses 1 % too large",
        changed_loss(losses.Power, lambda self, x: 1.01 * x),
        (*BOTH, F_RECOVERY),
    ),
    Fault(
        "power losses 1 % too small", changed_loss(losses.Power, lambda self, x: 0.99 * x), (*BOTH, F_LOWER)
    ),
    Fault("Huber loss without the half", changed_loss(losses.Huber, lambda self, x: 2 * x), (OBJECTIVES,)),
    Fault(
        "norms of the controls without 1/N",
        changed_norms(lambda theta, s: s * theta.N**0.5),
        (OBJECTIVES,),
    ),
    Fault("norms of products", changed_norms(_of_products), (OBJECTIVES,)),
    Fault("means of τλ in the place of λ", products_projected, (OBJECTIVES,)),
    Fault("modulus of the loss 2 % too small", _judged("rise", lambda x: 0.98 * x), BOTH),
    Fault("modulus of the loss 2 % too large", _judged("rise", lambda x: 1.02 * x), (OBJECTIVES,), "loose"),
    Fault("modulus of penalties 2 % too small", _judged("penalty_rise", lambda x: 0.98 * x), BOTH),
    Fault(
        "modulus of penalties 2 % too large",
        _judged("penalty_rise", lambda x: 1.02 * x),
        (OBJECTIVES,),
        "loose",
    ),
    Fault("place of the loss 2 % too small", _judged("place", lambda x: 0.98 * x), BOTH),
    Fault("‖·‖_p taken for ‖·‖", _judged("stretch", lambda c: 0 * c + 1), (OBJECTIVES,)),
    Fault(
        "control error 2 % too small",
        changed_constant(convergence_constants, "control_error", lambda x: 0.98 * x),
        BOTH,
    ),
    Fault(
        "control error 2 % too large",
        changed_constant(convergence_constants, "control_error", lambda x: 1.02 * x),
        (OBJECTIVES,),
        "loose",
    ),
    Fault("rates ignored", rates_ignored, BOTH),
    Fault("objective of the limit 2 % too small", _judged("objective", lambda x: 0.98 * x), (F_RECOVERY,)),
    Fault("objective of the limit 2 % too large", _judged("objective", lambda x: 1.02 * x), (F_LOWER,)),
    Fault(
        "ends left out of closed sets",
        changed_constant(admissible_constants, "belonging", lambda x: 0 * x),
        (F_LOWER,),
    ),
    Fault("ends left out of boxes", changed_set(admissible.Box, _without_ends), (F_RECOVERY,)),
    Fault(
        "lower end left out of boxes",
        changed_set(
            admissible.Box,
            lambda right, box, v: right(box, v) & (v > box.lower).flatten(1).all(1),
        ),
        (F_RECOVERY,),
    ),
    Fault(
        "variation not asked for",
        changed_set(admissible.TotalVariation, lambda right, self, values: self.box.contains(values)),
        (LEAVING,),
    ),
    Fault(
        "half the variation allowed",
        changed_set(
            admissible.TotalVariation,
            lambda right, self, values: right(replace(self, limit=self.limit / 2), values),
        ),
        (F_RECOVERY,),
    ),
    Fault(
        "distance from Θ doubled",
        changed_constant(admissible_constants, "gaps", lambda x: 2 * x),
        (F_LOWER, LEAVING),
    ),
    Fault(
        "nobody on the way",
        changed_constant(extended_margins, "on_the_way", lambda x: 0 * x),
        (F_LOWER,),
    ),
)
