"""Faults in training under moved data: in the objectives, their modulus, and the sets of minimisers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

from claims import cluster_margins, training_constants, training_margins
from claims.kit.arithmetic import largest
from claims.kit.subject import Subject
from tests.faults.checks import (
    ALONE,
    CLUSTER,
    CLUSTER_POINTS,
    EXCESS,
    FOLLOW,
    LEAST,
    LEAST_CONVERGE,
    LIMIT_CLUSTER,
    LIMIT_EXCESS,
    LIMIT_NEARLY,
    LIMIT_VALUES,
    NEARLY,
    ONE_MINIMISER,
)
from tests.faults.objectives import changed_last_state, changed_learning, summed
from tests.faults.plants import Fault, Plant, changed_constant, scaled, with_functions

_judged = partial(changed_constant, training_constants)

VALUES = (FOLLOW, LEAST, LEAST_CONVERGE)
SETS = (EXCESS, ONE_MINIMISER)
IN_THE_LIMIT = {
    "start": LIMIT_VALUES,
    "data": (LIMIT_VALUES[0], LIMIT_NEARLY),
    "label": (LIMIT_VALUES[0], LIMIT_EXCESS),
}


def step(name: str, factor: float) -> Plant:
    """Return the plant that scales one of the steps that data may make the state take."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = training_constants.steps
        patch.setattr(training_constants, "steps", lambda *p, **how: scaled(right(*p, **how), name, factor))
        return Subject()

    return plant


def with_data(**changes: Callable[[Any, Any], Any]) -> Plant:
    """Return the plant that gives moved problems other fields; ``change(own, moved)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = training_constants.problems

        def problems(p: Any) -> list[Any]:
            own, *moved = right(p)
            return [own, *(replace(q, **{k: c(own, q) for k, c in changes.items()}) for q in moved)]

        shifts = training_constants.shifts
        patch.setattr(training_constants, "shifts", lambda p: _with(patch, right, shifts, p, problems))
        patch.setattr(training_constants, "problems", problems)
        return Subject()

    return plant


def _with(patch: pytest.MonkeyPatch, right: Any, shifts: Any, p: Any, wrong: Any) -> Any:
    """Return the shifts of the right problems: the fault is in those that are run."""
    patch.setattr(training_constants, "problems", right)
    found = shifts(p)
    patch.setattr(training_constants, "problems", wrong)
    return found


def _best_left_out(x: Any) -> Any:
    """The minimum of moved problems over Θ without the minimiser of the own one."""
    if not isinstance(x, torch.Tensor) or x.ndim < 3 or x.shape[2] == 1:
        return -largest(-x)
    best = x[:, :1] == x[:, :1].amin(2, keepdim=True)
    best = best & (best.cumsum(2) == 1)
    moved = torch.where(best, torch.inf, x[:, 1:]).amin(2)
    return torch.cat([x[:, :1].amin(2), moved], 1)


def margin(name: str, change: Callable[[Any], Any]) -> Plant:
    """Return the plant that gives one of the margins other numbers; ``change(trained)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = getattr(training_margins, name)

        def wrong(*given: Any) -> Any:
            *before, trained = given
            return right(*before, change(trained))

        patch.setattr(training_margins, name, wrong)
        return Subject()

    return plant


def _halved(t: Any) -> Any:
    return t._replace(terms={name: term / 2 for name, term in t.terms.items()})


def _without_moves(t: Any) -> Any:
    return t._replace(values=t.values[:, :1] + 0 * t.values)


def _no_slack(patch: pytest.MonkeyPatch) -> Subject:
    """Take every θ for a minimiser of J_k."""
    right = training_margins.nearly_optimal

    def wrong(t: Any) -> Any:
        found = right(t)
        return replace(found, terms={**found.terms, "slack": 0 * found.terms["slack"]})

    patch.setattr(training_margins, "nearly_optimal", wrong)
    return Subject()


def _of_the_largest(patch: pytest.MonkeyPatch) -> Subject:
    """Take the sample of the largest change for the mean."""
    right = training_constants.rises

    def wrong(p: Any, ends: Any, taken: Any, off: Any) -> Any:
        each = [
            right(
                p.map(lambda x: x), ends, {name: x[..., i : i + 1] + 0 * x for name, x in taken.items()}, off
            )
            for i in range(off.shape[2])
        ]
        most = {name: torch.stack([terms[name] for terms, _ in each]).amax(0) for name in taken}
        return most, each[0][1]

    patch.setattr(training_constants, "rises", wrong)
    return Subject()


def _half_the_terms(patch: pytest.MonkeyPatch) -> Subject:
    """Take half of every term that bounds J at cluster points."""
    right = cluster_margins.cluster_points

    def wrong(*given: Any, **how: Any) -> Any:
        found = right(*given, **how)
        return replace(found, terms={name: term / 2 for name, term in found.terms.items()})

    patch.setattr(cluster_margins, "cluster_points", wrong)
    return Subject()


def _squared_shares(patch: pytest.MonkeyPatch) -> Subject:
    right = training_constants.falling
    patch.setattr(
        training_constants,
        "falling",
        lambda p, terms: right(replace(p, shares=p.shares * p.shares / p.shares[:, :1]), terms),
    )
    return Subject()


def _scaled_by(factor: float) -> Callable[[Any], Any]:
    return lambda x: factor * x


TRAINING = (
    Fault(
        "data not moved",
        with_data(
            sequence=lambda own, moved: own.sequence,
            further_f=lambda own, moved: own.further_f,
            further_u0=lambda own, moved: own.further_u0,
            label=lambda own, moved: own.label,
            further_labels=lambda own, moved: own.further_labels,
        ),
        (*VALUES, NEARLY, EXCESS),
        "loose",
    ),
    Fault(
        "labels not moved",
        with_data(label=lambda own, moved: own.label, further_labels=lambda own, moved: own.further_labels),
        VALUES,
        "loose",
    ),
    Fault("labels shifted by a tenth", changed_learning(labels=lambda x: 1.1 * x), VALUES),
    Fault("states one per cent too large", changed_last_state(lambda u: 1.01 * u), VALUES),
    Fault("losses of the samples summed up", summed, VALUES),
    Fault("shift of the label forgotten", step("label", 0.0), (*VALUES, NEARLY, *SETS)),
    *(
        Fault(f"{name} of the data modulus 2 % too {word}", step(name, factor), caught, verdict)
        for name in ("start", "data", "label")
        for word, factor, caught, verdict in (
            ("small", 0.98, (*VALUES, NEARLY, *SETS, *IN_THE_LIMIT[name], *ALONE[name]), "refuted"),
            ("large", 1.02, (*VALUES, NEARLY, LIMIT_VALUES[0], *ALONE[name]), "loose"),
        )
    ),
    Fault("step factors under moved data 1 % too small", _judged("step_factors", _scaled_by(0.99)), VALUES),
    Fault(
        "step factors under moved data 2 % too large",
        _judged("step_factors", _scaled_by(1.02)),
        VALUES,
        "loose",
    ),
    Fault(
        "stretch of the limits under moved data 2 % too small",
        _judged("_carried", lambda found: (0.98 * found[0], found[1])),
        LIMIT_VALUES,
    ),
    Fault(
        "mean stretch of a cell under moved data 2 % too small",
        _judged("_carried", lambda found: (found[0], 0.98 * found[1])),
        LIMIT_VALUES,
    ),
    Fault("largest sample for the mean", _of_the_largest, VALUES, "loose"),
    Fault("shares squared", _squared_shares, (LEAST_CONVERGE,)),
    Fault(
        "minimum of moved problems over a smaller set",
        with_functions(training_constants, smallest=_best_left_out),
        (LEAST, NEARLY),
    ),
    Fault("δ for 2δ", margin("nearly_optimal", _halved), (NEARLY,)),
    Fault("all members taken for minimisers", _no_slack, (NEARLY,)),
    Fault(
        "minimisers of the own problem for those of the moved",
        margin("excesses", _without_moves),
        (EXCESS,),
        "loose",
    ),
    Fault("half the δ for the excess", margin("excesses", _halved), (EXCESS,)),
    Fault("half the δ for the one minimiser", margin("returns", _halved), (ONE_MINIMISER,)),
    Fault("half the bound at cluster points", _half_the_terms, CLUSTER_POINTS),
    Fault("worst members for minimisers", _judged("lowest", lambda x: 1 - x), CLUSTER_POINTS[:1]),
    Fault("distances of controls doubled", _judged("distances", _scaled_by(2.0)), (CLUSTER, LIMIT_CLUSTER)),
    Fault("distances of controls 2 % too small", _judged("distances", _scaled_by(0.98)), (CLUSTER,), "loose"),
    Fault(
        "distances of controls forgotten",
        margin("excesses", lambda t: t._replace(apart=0 * t.apart)),
        (EXCESS,),
        "loose",
    ),
    Fault("radius of the set 2 % too small", _judged("radius", _scaled_by(0.98)), (CLUSTER, LIMIT_CLUSTER)),
    Fault(
        "radius of the set 2 % too large",
        _judged("radius", _scaled_by(1.02)),
        (CLUSTER, LIMIT_CLUSTER),
        "loose",
    ),
)
