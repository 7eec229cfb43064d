"""How faults are planted in `fbscore.limit`; `tests.limit_faults` names them and says who must catch them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

import tests.core.limit.draws as draws
from fbscore.operators import Operators
from fbscore.types import Enclosure

# By module: the packages export functions of the same names.
certificate, cells, steps, distance, refine, events, normal_form = (
    importlib.import_module(f"fbscore.limit.{name}")
    for name in (
        "network_certificate",
        "cells",
        "steps",
        "control_error",
        "refine",
        "event_steps",
        "normal_form",
    )
)

Plant = Callable[[pytest.MonkeyPatch], None]


def instead(module: Any, name: str, change: Callable[..., Any]) -> Plant:
    """Put ``change(right function, ...)`` in the place of a function."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(module, name)
        patch.setattr(module, name, lambda *given, **named: change(right, *given, **named))

    return plant


def answer(module: Any, name: str, change: Callable[[Any], Any]) -> Plant:
    """Change what a function answers."""
    return instead(module, name, lambda right, *given, **named: change(right(*given, **named)))


def both(*plants: Plant) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        for one in plants:
            one(patch)

    return plant


def radius_scaled(factor: float) -> Callable[[Enclosure], Enclosure]:
    return lambda found: replace(found, radius=factor * found.radius)


def rates(change: Callable[[Any], torch.Tensor]) -> Plant:
    """Another kappa; what the relaxations add to it stays."""

    def changed(cells: Any) -> Any:
        added = cells.rates - cells.rates[..., :1]
        return replace(cells, rates=change(cells).unsqueeze(-1) + added)

    return answer(certificate, "cells_of", changed)


def spectral(cells: Any) -> torch.Tensor:
    return -torch.linalg.eigvals(cells.operators.K).real.amin(-1)


def rolled(controls: Any) -> Any:
    return draws.stretch(controls, lambda x: x.roll(1, 1))


def shorter(right: Any, cells: Any, block: Any, *rest: Any) -> Any:
    return right(cells, block._replace(h=block.h / 2), *rest)


def gap_scaled(factor: float) -> Plant:
    return answer(certificate, "gap", lambda gap: type(gap)(factor * gap.first, factor * gap.middle))


def at_the_nodes(right: Any, problem: Any, controls: Any) -> Enclosure:
    found = certificate.network_certificate(problem, controls)
    return replace(found, radius=found.radius.amax(-1))


def transposed(cells: Any) -> Any:
    return replace(cells, explicit=cells.operators.K.mT)


def afresh(right: Any, start: torch.Tensor, step: Any) -> torch.Tensor:
    return steps.reached_within(torch.zeros_like(step.drift), step)


def tiled_layers(right: Any, problem: Any, controls: Any, factor: int = 1) -> Any:
    """Layer ``n`` takes the controls of cell ``n mod N``."""
    return right(problem, draws.stretch(controls, lambda x: x.repeat(1, factor, *[1] * (x.ndim - 2))))


def tiled(right: Any, values: torch.Tensor, cells: int) -> torch.Tensor:
    return values.repeat(1, cells // values.shape[1], *[1] * (values.ndim - 2))


def left_values(right: Any, values: torch.Tensor, cells: int) -> torch.Tensor:
    return values[:, torch.arange(cells) * values.shape[1] // cells]


def growth_of_the_first(right: Any, problem: Any, first: Any, second: Any, reached: Any) -> Any:
    growth = distance._growth(distance.exact(problem, first))
    return replace(right(problem, first, second, reached), growth=growth)


def without_term(name: str) -> Plant:
    """A term of 4.8, and the same from the factors, dropped."""

    def change(found: Any) -> Any:
        nothing = torch.zeros_like(found.growth)
        return replace(found, **{name: nothing, f"factored_{name}": nothing})

    return answer(distance, "control_error", change)


def one_cell(right: Any, v: torch.Tensor, w: torch.Tensor, size: Any) -> torch.Tensor:
    """Compares the values at the left ends of the coarser cells."""
    n = min(v.shape[1], w.shape[1])
    return size(left_values(None, v, n) - left_values(None, w, n)).mean(-1)


def operators_changed(
    module: Any, kind: type, **changes: Callable[[Any, torch.Tensor], torch.Tensor]
) -> Plant:
    """Another c or sigma for the controls of one kind; ``change(controls of those cells, right values)``."""

    def changed(right: Any, controls: Any, problem: Any, cells: slice = slice(None)) -> Operators:
        found = right(controls, problem, cells)
        if not isinstance(controls, kind):
            return found
        part = draws.stretch(controls, lambda x: x[:, cells])
        return replace(found, **{key: change(part, getattr(found, key)) for key, change in changes.items()})

    return instead(module, "operators", changed)


def without_tau(controls: Any, c: torch.Tensor) -> torch.Tensor:
    tau = controls.tau.unsqueeze(-1)
    return torch.where(tau > 0, c / torch.where(tau > 0, tau, 1.0), c)


def keep_the_value(run: Any, found: Enclosure) -> None:
    """The radius of the new network beside the value of the old one."""
    better = found.radius < run.best.radius[run.rows]
    radius = run.best.radius.clone()
    radius[run.rows[better]] = found.radius[better]
    run.best = Enclosure(run.best.value, radius)


def turned_back_wrongly(right: Any, drive: Any, *rest: Any) -> Enclosure:
    return right(replace(drive, turns=tuple((D.mT, skew) for D, skew in drive.turns)), *rest)


def attribute(module: Any, name: str, value: Any) -> Plant:
    return lambda patch: patch.setattr(module, name, value)


def without_steps(controls: Any) -> torch.Tensor:
    W = controls.W
    return W.unsqueeze(1).expand(-1, controls.N, -1, -1) if W.ndim == 3 else W
