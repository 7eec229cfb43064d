"""Faults in minima over boxes: in branch and bound, in what it answers, in the bounds all over a box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from claims import box_constants
from claims.kit import box_sets
from claims.kit.box_instances import MovedBoxProblem
from claims.kit.subject import Subject
from fbscore.learning.admissible import FewPieces
from fbscore.learning.branch_and_bound import limit_model, models, pool
from fbscore.learning.domain import Domain
from tests.faults.checks import (
    BOXES_CLOSE,
    BOXES_CONVERGE,
    BOXES_MOVED,
    ENCLOSED,
    LIMIT_BOXES_MOVED,
)
from tests.faults.plants import Fault, Plant, changed_constant, scaled, with_functions, with_parts

NETWORKS = (ENCLOSED, BOXES_MOVED)
LIMITS = (BOXES_CLOSE, LIMIT_BOXES_MOVED)
ALL = (ENCLOSED, BOXES_CLOSE, BOXES_MOVED, LIMIT_BOXES_MOVED)

right: Any = Subject().minimise


def answering(change: Callable[..., Any]) -> Plant:
    """Return the plant that answers ``change(problem, learning, Θ, cells, gap)``."""
    return with_parts(minimise=change)


def _lower_half(patch: pytest.MonkeyPatch) -> Subject:
    """Keep the lower half of every box that is cut."""
    halved = pool.Pool._halved
    patch.setattr(
        pool.Pool, "_halved", lambda self: (lambda both: both.take(slice(0, len(both) // 2)))(halved(self))
    )
    return Subject()


def _dropped_too_early(patch: pytest.MonkeyPatch) -> Subject:
    """Drop boxes whose bound is not below the best value by a part of its size."""
    patch.setattr(pool.Pool, "surviving", lambda self, upper: self.take(~(self.bound > 0.5 * upper - 0.01)))
    return Subject()


def _bounds_too_high(patch: pytest.MonkeyPatch) -> Subject:
    """Take the value at the centre of a box for a bound all over it."""
    for module in (models, limit_model):
        patch.setattr(module, "value_bound", _at_the_centre)
        patch.setattr(module, "mean_value_bound", lambda loss, ends, *rest: ends.error[:, 0] * 0 - torch.inf)
    return Subject()


def _at_the_centre(loss: Any, difference: torch.Tensor, ball: Any, penalty: Any) -> torch.Tensor:
    return loss.value(difference, torch.zeros_like(difference)).mean(1) + penalty.least


def _wider(problem: Any, learning: Any, admissible: FewPieces, cells: int | None, gap: float) -> Any:
    """Search a box that is wider by half at the upper ends."""
    own = admissible.domain
    domain = Domain(own.lower, own.upper + 0.5 * (own.upper - own.lower), variation=own.variation)
    return right(problem, learning, replace(admissible, domain=domain), cells, gap)


def _narrower(problem: Any, learning: Any, admissible: FewPieces, cells: int | None, gap: float) -> Any:
    """Search the lower half of the box."""
    own = admissible.domain
    domain = Domain(own.lower, 0.5 * (own.lower + own.upper), variation=own.variation)
    return right(problem, learning, replace(admissible, domain=domain), cells, gap)


def _moved_lower(found: Any, lower: float) -> Any:
    return replace(found, minimum=replace(found.minimum, lower=lower))


def _other_controls(found: Any) -> Any:
    controls = replace(found.incumbent.controls, lam=0.5 * found.incumbent.controls.lam)
    return replace(found, incumbent=replace(found.incumbent, controls=controls))


def _without_widths(patch: pytest.MonkeyPatch) -> Subject:
    """Take enclosures for numbers: nothing is certified."""
    patch.setattr(box_sets.Found, "width", property(lambda self: 0 * self.lower))
    return Subject()


def _not_moved(patch: pytest.MonkeyPatch) -> Subject:
    patch.setattr(MovedBoxProblem, "moved", lambda self, i: self.box)
    return Subject()


def data_step(name: str, factor: float) -> Plant:
    """Return the plant that scales one of the terms that moved data make."""
    return changed_constant(box_constants, "data_modulus", lambda terms: scaled(terms, name, factor))


BOXES = (
    Fault("the upper half of every box dropped", _lower_half, (ENCLOSED,)),
    Fault("boxes dropped too early", _dropped_too_early, (ENCLOSED,)),
    Fault("values at the centres for bounds over boxes", _bounds_too_high, (ENCLOSED,)),
    Fault(
        "minimiser of one layer more",
        answering(lambda *g: right(*g[:3], g[3] and g[3] + 1, g[4])),
        (*NETWORKS, BOXES_CLOSE),
    ),
    Fault(
        "minimum of sixteen layers for that of the limit",
        answering(lambda *g: right(*g[:3], g[3] or 16, g[4])),
        LIMITS,
    ),
    Fault("a best point beyond the box", answering(_wider), ALL),
    Fault("half of the box searched", answering(_narrower), (ENCLOSED,)),
    Fault(
        "the best value for a lower bound, a tenth too large",
        answering(lambda *given: (lambda x: _moved_lower(x, x.minimum.upper + 0.1))(right(*given))),
        ALL,
    ),
    Fault(
        "a gap that is sixteen times what was asked for",
        answering(lambda *given: (lambda x: _moved_lower(x, x.minimum.lower - 16 * given[4]))(right(*given))),
        ALL,
    ),
    Fault(
        "controls that are not those of the best point", answering(lambda *g: _other_controls(right(*g))), ALL
    ),
    Fault("widths of the enclosures not counted", _without_widths, (BOXES_CLOSE,)),
    Fault(
        "modulus all over the box 2 % too small",
        changed_constant(box_constants, "modulus", lambda x: 0.98 * x),
        (BOXES_CLOSE,),
    ),
    Fault(
        "modulus all over the box 2 % too large",
        changed_constant(box_constants, "modulus", lambda x: 1.02 * x),
        (BOXES_CLOSE,),
        "loose",
    ),
    Fault(
        "the same rate at every depth",
        with_functions(box_constants, rate=(lambda rate: lambda p, cells: rate(p, 1))(box_constants.rate)),
        (BOXES_CONVERGE,),
    ),
    Fault("data over boxes not moved", _not_moved, (BOXES_MOVED, LIMIT_BOXES_MOVED), "loose"),
    *(
        Fault(
            f"{name} over boxes 2 % too {word}",
            data_step(name, factor),
            (BOXES_MOVED, LIMIT_BOXES_MOVED),
            verdict,
        )
        for name in ("start", "data", "label")
        for word, factor, verdict in (("small", 0.98, "refuted"), ("large", 1.02, "loose"))
    ),
)
