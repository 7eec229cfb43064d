r"""The implementation under test, as the functions that claims call.

``--subject pkg.mod:name`` names either a callable ``(Problem, Controls) -> states (batch, N+1, d)``,
which replaces the forward recursion only, or an object (a module, a class instance) with one or more
of the attributes ``forward``, ``prox``, ``project``, ``extend``, ``solve``, ``objective`` and ``minimise``.
Parts that the subject does not bring are those of `fbscore`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import torch

import fbscore
import fbscore.learning
import fbscore.limit
from fbscore.learning.minimise import Budget, Minimum, minimise, minimise_limit
from fbscore.regularizers import Regularizer

DEFAULT = "fbscore.network:forward"

#: The networks of the papers.  A subject of one's own runs the first unless its ``systems`` says otherwise.
SYSTEMS = ("FBS", "LISTA", "ALISTA")

#: Boxes and points behind an enclosed minimum, at most, and the time it may take: longer ones are open.
EVALUATIONS, SECONDS = 400_000, 600.0

#: Layers of the finest networks that bound the limit over boxes, about: few, as the boxes get small.
LAYERS = 16

#: The functions that a subject may bring.
PARTS = ("forward", "prox", "project", "extend", "solve", "objective", "minimise")


class SubjectError(Exception):
    """The subject cannot be loaded, or answers with something that is not what it was asked for."""


def _prox(regularizer: Regularizer, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return regularizer.prox(v, a)


def _solve(problem: Any, controls: Any, radius: float) -> Any:
    """Solve with networks of at most 128 layers, or one a cell: what they cannot meet, they say."""
    return fbscore.limit.solve(problem, controls, radius, max_layers=max(128, controls.N))


def _minimise(problem: Any, learning: Any, admissible: Any, cells: int | None, gap: float) -> Minimum:
    """Enclose a minimum, that of the limit if there are no ``cells``, with at most `EVALUATIONS`."""
    budget = Budget(gap=gap, evaluations=EVALUATIONS, seconds=SECONDS)
    if cells is None:
        return minimise_limit(problem, learning, admissible, LAYERS, budget=budget)
    return minimise(problem, learning, admissible, cells, budget)


@dataclass(frozen=True)
class Subject:
    """The seven functions that claims judge; the defaults are `fbscore`'s.

    ``forward(problem, controls)`` returns states (batch, N+1, d); ``prox(regularizer, v, a)`` returns
    (batch, d); ``project(values, cells)`` and ``extend(values, cells)`` return functions on ``cells`` cells;
    ``solve(problem, controls, radius)`` returns `fbscore.Enclosure`, u(1) of the limit with a radius;
    ``objective(problem, controls, learning)`` returns the training objective of a network, (batch,), of a
    `fbscore.Problem` or of `fbscore.Samples`; the default one runs the subject's own ``forward``;
    ``minimise(problem, learning, admissible, cells, gap)`` returns a `fbscore.learning.minimise.Minimum` of
    that objective over a `fbscore.learning.admissible.FewPieces`, of the limit's if ``cells`` is None.
    ``systems`` names the networks that ``forward`` runs; the report says which others were left out.
    ``takes_samples`` tells whether ``forward`` takes `fbscore.Samples` too, with states
    (batch, samples, N+1, d); another one is given all samples as one batch, the controls repeated.
    """

    name: str = DEFAULT
    forward: Callable[[Any, Any], torch.Tensor] = fbscore.forward
    prox: Callable[[Regularizer, torch.Tensor, torch.Tensor], torch.Tensor] = _prox
    project: Callable[[torch.Tensor, int], torch.Tensor] = fbscore.project
    extend: Callable[[torch.Tensor, int], torch.Tensor] = fbscore.extend
    solve: Callable[[Any, Any, float], Any] = _solve
    objective: Callable[..., torch.Tensor] = fbscore.learning.objective
    minimise: Callable[[Any, Any, Any, int | None, float], Any] = _minimise
    systems: tuple[str, ...] = SYSTEMS
    takes_samples: bool = True

    @property
    def parts(self) -> list[str]:
        """Names of the functions that are not `fbscore`'s own."""
        own = Subject()
        return [name for name in PARTS if getattr(self, name) is not getattr(own, name)]


def load(name: str) -> Subject:
    """Return the subject that ``pkg.mod:name`` names.

    Raises
    ------
    SubjectError
        If the text has no colon, the module cannot be imported, the name is not in it, or it is neither
        callable nor has one of the attributes forward, prox, project, extend, solve, objective, minimise.
    """
    if name == DEFAULT:
        return Subject()
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise SubjectError(f"--subject: expected pkg.mod:name, got {name!r}")
    try:
        found: Any = importlib.import_module(module_name)
    except (
        Exception,
        SystemExit,
    ) as error:  # whatever importing foreign code raises, the user wants one clear line
        raise SubjectError(
            f"--subject: cannot import {module_name!r}: {type(error).__name__}: {error}"
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise SubjectError(f"--subject: {module_name!r} has no {attribute!r}")
        found = getattr(found, part)
    if isinstance(found, type):
        raise SubjectError(
            f"--subject: expected a callable or an object, got the class {attribute}; name an instance"
        )
    parts: dict[str, Any] = {
        part: getattr(found, part) for part in PARTS if callable(getattr(found, part, None))
    }
    if callable(found) and (isinstance(found, torch.nn.Module) or not parts):
        parts = {"forward": found}
    if parts:
        own_forward = "forward" in parts
        systems, samples = _systems(found, own_forward), _takes_samples(found, own_forward)
        return Subject(name=name, systems=systems, takes_samples=samples, **parts)
    wanted = (
        "expected a callable (problem, controls) -> states or an object with forward, prox, project, extend, "
        "solve, objective or minimise"
    )
    raise SubjectError(f"--subject: {wanted}, got {type(found).__name__}")


def _systems(found: Any, own_forward: bool) -> tuple[str, ...]:
    """Return which systems a subject says it runs: all of `fbscore`'s where it brings no ``forward``."""
    systems: Any = getattr(found, "systems", SYSTEMS[:1] if own_forward else SYSTEMS)
    named = (
        list(cast("Iterable[object]", systems)) if isinstance(systems, (tuple, list, set, frozenset)) else []
    )
    if not named or any(name not in SYSTEMS for name in named):
        raise SubjectError(f"--subject: systems: expected some of {', '.join(SYSTEMS)}, got {systems!r}")
    return tuple(name for name in SYSTEMS if name in named)


def _takes_samples(found: Any, own_forward: bool) -> bool:
    """Return whether a subject says that it takes samples; `fbscore` does where it brings no ``forward``."""
    samples: Any = getattr(found, "takes_samples", not own_forward)
    if not isinstance(samples, bool):
        raise SubjectError(f"--subject: takes_samples: expected True or False, got {samples!r}")
    return samples
