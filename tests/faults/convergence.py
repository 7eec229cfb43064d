"""Faults in the convergence of the states: in means, layers, and the constants along a sequence."""

from __future__ import annotations

from typing import Any

import torch

import fbscore
from claims import convergence_constants, limit_constants, weak_constants
from claims.kit.arithmetic import Array, stack
from tests.faults.checks import AT_THE_LAST, UNIFORM, WEAK_DISTANCES, WEAK_STATES
from tests.faults.plants import (
    Fault,
    Plant,
    changed_constant,
    changed_states,
    changed_step,
    scaled,
    with_functions,
    with_parts,
)


def _sampled(values: torch.Tensor, cells: int) -> torch.Tensor:
    """The value at the left end of every cell."""
    index = torch.arange(cells) * values.shape[1] // cells
    return values[:, index]


def _half_a_cell_late(values: torch.Tensor, cells: int) -> torch.Tensor:
    halves = fbscore.project(values, 2 * cells)
    late = torch.cat([halves[:, 1:], halves[:, -1:]], 1)
    return (late[:, ::2] + late[:, 1::2]) / 2


def _certificates(change: Any) -> Plant:
    """Return the plant that changes each certificate of a member."""
    return changed_constant(convergence_constants, "certificates", lambda found: [change(x) for x in found])


def _of_reach(change: Any) -> Plant:
    return changed_constant(convergence_constants, "reach", change)


def _later(states: Array) -> Array:
    """û at the end of the cell in the place of its middle."""
    ends = states[:, 1:]
    return stack([states[:, 0], *(x for n in range(ends.shape[1]) for x in (ends[:, n], ends[:, n]))], 1)


CONVERGENCE = (
    Fault(
        "controls sampled at the left end of a cell",
        with_parts(project=_sampled),
        (UNIFORM, WEAK_STATES, WEAK_DISTANCES),
    ),
    Fault(
        "cell means half a cell late",
        with_parts(project=_half_a_cell_late),
        (UNIFORM, AT_THE_LAST, WEAK_STATES, WEAK_DISTANCES),
    ),
    Fault(
        "cell means in the wrong order",
        with_parts(project=lambda values, cells: fbscore.project(values, cells).flip(1)),
        (UNIFORM, AT_THE_LAST, WEAK_STATES, WEAK_DISTANCES),
    ),
    Fault(
        "step 1/(N + 1)",
        changed_step(lambda u, h, *rest: fbscore.fbs_step(u, h / (1 + h), *rest)),
        (UNIFORM, AT_THE_LAST),
    ),
    Fault(
        "step 1/4 at every depth",
        changed_step(lambda u, h, *rest: fbscore.fbs_step(u, 0.25, *rest)),
        (UNIFORM, AT_THE_LAST),
    ),
    Fault(
        "states one per cent too large",
        changed_states(lambda u: 1.01 * u),
        (UNIFORM, AT_THE_LAST, WEAK_STATES),
    ),
    Fault(
        "states of the layer before, along a sequence",
        changed_states(lambda u: torch.cat([u[:, :1], u[:, :-1]], 1)),
        (UNIFORM, AT_THE_LAST, WEAK_STATES),
    ),
    Fault(
        "control error 2 % too small",
        changed_constant(convergence_constants, "control_error", lambda x: 0.98 * x),
        (UNIFORM,),
    ),
    Fault(
        "control error 2 % too large",
        changed_constant(convergence_constants, "control_error", lambda x: 1.02 * x),
        (UNIFORM,),
        "loose",
    ),
    Fault(
        "drift at half steps 2 % too small",
        _certificates(lambda x: x._replace(drift=0.98 * x.drift)),
        (UNIFORM,),
    ),
    Fault(
        "drift at half steps 2 % too large",
        _certificates(lambda x: x._replace(drift=1.02 * x.drift)),
        (UNIFORM,),
        "loose",
    ),
    Fault(
        "Bregman gap at half steps dropped", _certificates(lambda x: x._replace(gap=0 * x.gap)), (UNIFORM,)
    ),
    Fault(
        "projection error dropped",
        changed_constant(convergence_constants, "projection_errors", lambda x: 0 * x),
        (UNIFORM, AT_THE_LAST),
    ),
    Fault(
        "distances of the controls ignored",
        changed_constant(convergence_constants, "distances", lambda x: 0 * x),
        (UNIFORM, AT_THE_LAST),
    ),
    Fault(
        "stretch of the limit ignored",
        changed_constant(limit_constants, "stretch", lambda x: 1 + 0 * x),
        (UNIFORM, AT_THE_LAST),
    ),
    Fault(
        "misfit of ū half as large",
        _of_reach(lambda x: x._replace(misfit=x.misfit / 2)),
        (UNIFORM, AT_THE_LAST),
    ),
    Fault(
        "subgradient at ū half as large",
        _of_reach(lambda x: x._replace(subgradient=x.subgradient / 2)),
        (UNIFORM, AT_THE_LAST),
    ),
    Fault(
        "û at the end of the cell for the middle",
        with_functions(convergence_constants, half_steps=_later),
        (UNIFORM, AT_THE_LAST, WEAK_STATES),
    ),
    Fault(
        "shift 2 % too small",
        changed_constant(weak_constants, "weak_modulus", lambda t: scaled(t, "shift", 0.98)),
        (WEAK_STATES,),
    ),
    Fault(
        "shift 2 % too large",
        changed_constant(weak_constants, "weak_modulus", lambda t: scaled(t, "shift", 1.02)),
        (WEAK_STATES,),
        "loose",
    ),
    Fault(
        "kinks dropped",
        changed_constant(weak_constants, "weak_modulus", lambda t: scaled(t, "kinks", 0.0)),
        (WEAK_STATES,),
    ),
    Fault(
        "weight dropped",
        changed_constant(weak_constants, "weak_modulus", lambda t: scaled(t, "weight", 0.0)),
        (WEAK_STATES,),
    ),
    Fault(
        "primitives half as large",
        changed_constant(weak_constants, "primitive", lambda x: x / 2),
        (WEAK_STATES,),
    ),
    Fault(
        "oscillation 2 % too small",
        changed_constant(weak_constants, "weak_rates", lambda t: scaled(t, "oscillation", 0.98)),
        (WEAK_DISTANCES,),
    ),
    Fault(
        "oscillation 2 % too large",
        changed_constant(weak_constants, "weak_rates", lambda t: scaled(t, "oscillation", 1.02)),
        (WEAK_DISTANCES,),
        "loose",
    ),
    Fault(
        "projection of a weak sequence 2 % too small",
        changed_constant(weak_constants, "weak_rates", lambda t: scaled(t, "projection", 0.98)),
        (WEAK_DISTANCES,),
    ),
    Fault(
        "projection of a weak sequence 2 % too large",
        changed_constant(weak_constants, "weak_rates", lambda t: scaled(t, "projection", 1.02)),
        (WEAK_DISTANCES,),
        "loose",
    ),
)
