"""How a fault is planted: a plant changes a part of the core or of the judge and returns the subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest
import torch

import fbscore.network
from claims.kit.subject import Subject

Plant = Callable[[pytest.MonkeyPatch], Subject]


@dataclass(frozen=True)
class Fault:
    """A fault: what is wrong, how it is planted, the checks that must catch it, and their verdict."""

    name: str
    plant: Plant
    caught_by: tuple[str, ...]
    verdict: str = "refuted"


def changed_step(change: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that puts ``change`` in the place of the layer."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        patch.setattr(fbscore.network, "fbs_step", change)
        return Subject()

    return plant


def changed_step_of(name: str, change: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that puts ``change(right step, ...)`` in the place of another system's layer."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = getattr(fbscore.network, name)
        patch.setattr(fbscore.network, name, lambda *given: change(right, *given))
        return Subject()

    return plant


def changed_prox(cls: type, change: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that gives a regulariser another prox; ``change(right prox, self, v, a)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right: Any = cls.prox  # pyright: ignore[reportAttributeAccessIssue]
        patch.setattr(cls, "prox", lambda self, v, a: change(right, self, v, a))
        return Subject()

    return plant


def with_parts(**parts: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that replaces whole functions of the subject; a ``forward`` is given no samples."""
    return lambda patch: replace(Subject(), takes_samples="forward" not in parts, **parts)


def changed_states(change: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that changes the trajectory after the right recursion."""
    return with_parts(forward=lambda problem, controls: change(fbscore.forward(problem, controls)))


def changed_controls(**changes: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that runs the right recursion on changed controls."""

    def forward(problem: Any, controls: Any) -> torch.Tensor:
        if not isinstance(controls, fbscore.Controls):
            return fbscore.forward(problem, controls)
        changed = {name: change(getattr(controls, name)) for name, change in changes.items()}
        return fbscore.forward(problem, replace(controls, **changed))

    return with_parts(forward=forward)


def changed_samples(change: Callable[[Any, Any], tuple[Any, Any]]) -> Plant:
    """Return the plant that runs samples on ``change(problem, controls)``, and other problems as they are."""

    def forward(problem: Any, controls: Any) -> torch.Tensor:
        several = isinstance(problem, fbscore.Samples)
        return fbscore.forward(*change(problem, controls)) if several else fbscore.forward(problem, controls)

    return lambda patch: replace(Subject(), forward=forward)


def changed_data(**changes: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that changes ``f`` or ``u0`` (batch, samples, ...) of samples."""
    return changed_samples(
        lambda problem, theta: (
            replace(problem, **{k: c(getattr(problem, k)) for k, c in changes.items()}),
            theta,
        )
    )


def changed_constant(module: ModuleType, name: str, change: Callable[..., Any]) -> Plant:
    """Return the plant that changes a constant of the judge; ``change(right answer)``.

    ``module`` is where those that use the constant look it up.
    """

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = getattr(module, name)
        patch.setattr(module, name, lambda *given: change(right(*given)))
        return Subject()

    return plant


def with_functions(module: ModuleType, **functions: Callable[..., Any]) -> Plant:
    """Return the plant that replaces functions of the judge, looked up in ``module``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        for name, function in functions.items():
            patch.setattr(module, name, function)
        return Subject()

    return plant


def scaled(terms: dict[str, Any], name: str, factor: float) -> dict[str, Any]:
    """Return the terms of a bound with one of them scaled."""
    return terms | {name: terms[name] * factor}
