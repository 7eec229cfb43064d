"""Faults in minimisers: in projection and extension of controls, in the arithmetic of sets of minimisers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import fbscore
import fbscore.learning
from claims import argmin_constants, argmin_margins, argmin_values, learning_margins
from claims.kit.image_instances import ImageProblem
from tests.faults.checks import (
    APPROACH,
    EXTENDED,
    EXTENSION,
    FIBRE,
    LIFTED,
    MINIMAL,
    MINIMAL_CONVERGE,
)
from tests.faults.plants import Fault, Plant, changed_constant, with_functions, with_parts


def _sampled(values: torch.Tensor, cells: int) -> torch.Tensor:
    """Return the values at the left ends of the cells in the place of means."""
    grid = values.shape[1]
    return values[:, [n * grid // cells for n in range(cells)]]


def _objective(change: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    return with_parts(objective=lambda *given: change(fbscore.learning.objective(*given)))


def _images(change: Callable[..., Any]) -> Plant:
    """Return the plant that asks ``change(right, problem, depth, run)`` for J^N on Θ^N."""
    right = argmin_values.of_images
    return with_functions(argmin_values, of_images=lambda *given: change(right, *given))


def _without_the_best(right: Callable[..., Any], p: ImageProblem, cells: int, run: Any) -> Any:
    """The smallest value replaced by the largest: a minimum over the wrong set."""
    found = right(p, cells, run)
    value = found.value
    best = value == argmin_constants.smallest(value)[:, None]
    return found._replace(
        value=argmin_margins.where(best, argmin_margins.largest(value)[:, None] + 0 * value, value)
    )


def _supremum(change: Callable[[Any, Any], Any]) -> Plant:
    """Return the plant that takes ``change(|J_N − J|, right)`` for the supremum."""
    right = argmin_values.supremum

    def supremum(network: Any, limit: Any) -> Any:
        most, own = right(network, limit)
        return change(abs(network.value - limit.value), most), own

    return with_functions(argmin_values, supremum=supremum)


def _bounds(factor: float) -> Plant:
    """Return the plant that scales the modulus of Theorem 3.7."""

    def change(found: list[Any]) -> list[Any]:
        return [one._replace(terms={k: factor * x for k, x in one.terms.items()}) for one in found]

    return changed_constant(learning_margins, "bounds", change)


def _limits(change: Callable[[Any], Any]) -> Plant:
    return changed_constant(argmin_values, "in_the_limit", change)


ARGMIN = (
    Fault(
        "P_N samples at the left ends of the cells",
        with_parts(project=_sampled),
        (FIBRE,),
    ),
    Fault(
        "P_N in the wrong order",
        with_parts(project=lambda values, cells: fbscore.project(values, cells).flip(1)),
        (FIBRE,),
    ),
    Fault(
        "E_N in the wrong order",
        with_parts(extend=lambda values, cells: fbscore.extend(values, cells).flip(1)),
        (EXTENSION,),
    ),
    Fault(
        "E_N a cell late",
        with_parts(extend=lambda values, cells: fbscore.extend(values, cells).roll(1, 1)),
        (EXTENSION,),
    ),
    Fault(
        "E_N in the place of P_N",
        with_parts(project=lambda values, cells: fbscore.extend(values[:, :1], cells)),
        (EXTENSION,),
    ),
    Fault("objective 1 % too large", _objective(lambda J: 1.01 * J), (MINIMAL_CONVERGE,)),
    Fault("objective 1 % too small", _objective(lambda J: 0.99 * J), (MINIMAL_CONVERGE,)),
    Fault(
        "minima compared at different depths",
        _images(lambda right, p, cells, run: right(p, max(1, cells - 1), run)),
        (MINIMAL,),
    ),
    Fault("minimum over Θ^N without its minimiser", _images(_without_the_best), (FIBRE,)),
    Fault(
        "maximum over Θ^N for the minimum",
        _images(lambda right, *given: (lambda x: x._replace(value=-x.value))(right(*given))),
        (MINIMAL,),
    ),
    Fault(
        "minimum of |J_N − J| for the supremum",
        _supremum(lambda apart, most: argmin_constants.smallest(apart)),
        (LIFTED,),
    ),
    Fault("supremum over the first member", _supremum(lambda apart, most: apart[:, 0]), (MINIMAL,)),
    Fault(
        "sup in the place of 2 sup",
        _supremum(lambda apart, most: most / 2),
        (LIFTED, APPROACH),
    ),
    Fault("supremum 1 % too small", _supremum(lambda apart, most: 0.99 * most), (EXTENDED,)),
    Fault(
        "supremum 2 % too large",
        _supremum(lambda apart, most: 1.02 * most),
        (MINIMAL, LIFTED, EXTENDED),
        "loose",
    ),
    Fault(
        "every control in every fibre",
        changed_constant(argmin_constants, "fibres", lambda x: 0 * x + 1),
        (LIFTED,),
    ),
    Fault(
        "argmax of the network extended",
        with_functions(
            argmin_margins,
            _chosen=(lambda right: lambda networks, costs: right(networks, -costs))(argmin_margins._chosen),
        ),
        (EXTENDED,),
    ),
    Fault("modulus of the set 2 % too small", _bounds(0.98), (MINIMAL_CONVERGE,)),
    Fault("modulus of the set 2 % too large", _bounds(1.02), (MINIMAL_CONVERGE,), "loose"),
    Fault(
        "limit of one member for all",
        _limits(lambda x: type(x)(*(part[:, :1] + 0 * part for part in x))),
        (MINIMAL_CONVERGE,),
    ),
    Fault(
        "modulus of equi-continuity 1 % too small",
        changed_constant(argmin_constants, "modulus", lambda x: 0.99 * x),
        (APPROACH,),
    ),
    Fault(
        "modulus of equi-continuity 2 % too large",
        changed_constant(argmin_constants, "modulus", lambda x: 1.02 * x),
        (APPROACH,),
        "loose",
    ),
    Fault(
        "solution set without almost minimisers",
        with_functions(
            argmin_constants,
            maybe_at_most=lambda x, level: x == argmin_constants.smallest(x)[..., None] + 0 * level,
        ),
        (APPROACH,),
    ),
)
