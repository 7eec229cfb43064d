r"""The implementation under test, as the functions that claims call.

``--subject pkg.mod:name`` names either a callable ``(Problem, Controls) -> states (batch, N+1, d)``,
which replaces the forward recursion only, or an object (a module, a class instance) with one or more
of the attributes ``forward``, ``prox``, ``project`` and ``extend``.  Parts that the subject does not
bring are those of `fbscore`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch

import fbscore
from fbscore import Controls, Problem
from fbscore.regularizers import Regularizer

DEFAULT = "fbscore.network:forward"


class SubjectError(Exception):
    """The subject cannot be loaded, or answers with something that is not what it was asked for."""


def _prox(regularizer: Regularizer, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return regularizer.prox(v, a)


@dataclass(frozen=True)
class Subject:
    """The four functions that claims judge; the defaults are `fbscore`'s.

    ``forward(problem, controls)`` returns states (batch, N+1, d); ``prox(regularizer, v, a)`` returns
    (batch, d); ``project(values, cells)`` and ``extend(values, cells)`` return functions on ``cells`` cells.
    """

    name: str = DEFAULT
    forward: Callable[[Problem, Controls], torch.Tensor] = fbscore.forward
    prox: Callable[[Regularizer, torch.Tensor, torch.Tensor], torch.Tensor] = _prox
    project: Callable[[torch.Tensor, int], torch.Tensor] = fbscore.project
    extend: Callable[[torch.Tensor, int], torch.Tensor] = fbscore.extend

    @property
    def parts(self) -> list[str]:
        """Names of the functions that are not `fbscore`'s own."""
        own = Subject()
        names = [f.name for f in fields(self) if f.name != "name"]
        return [name for name in names if getattr(self, name) is not getattr(own, name)]


def load(name: str) -> Subject:
    """Return the subject that ``pkg.mod:name`` names.

    Raises
    ------
    SubjectError
        If the text has no colon, the module cannot be imported, the name is not in it, or it is neither
        callable nor has one of the attributes forward, prox, project, extend.
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
    parts = {
        f.name: getattr(found, f.name)
        for f in fields(Subject)
        if f.name != "name" and callable(getattr(found, f.name, None))
    }
    if parts and not isinstance(found, torch.nn.Module):
        return replace(Subject(), name=name, **parts)
    if callable(found):
        return replace(Subject(), name=name, forward=found)
    wanted = (
        "expected a callable (problem, controls) -> states or an object with forward, prox, project or extend"
    )
    raise SubjectError(f"--subject: {wanted}, got {type(found).__name__}")
