r"""One test function of a claim file: its assumptions, its routes, and its entry in the plan."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from hypothesis.strategies import SearchStrategy

from claims.kit.experiment import ROUTE, Experiment
from claims.kit.instances import Instances
from claims.kit.sampling import Sampler

if TYPE_CHECKING:
    from claims.kit.claim import Claim

__all__ = ["Assumption", "Check", "Kind", "Predicate"]

#: ``(instances, run) -> Margin``, of an observation ``(outcome, run) -> Observation``; a plain function, so
#: that it has a name and a source line.
Predicate = FunctionType
Kind = Literal["claim", "control", "exploration", "observation"]


@dataclass(frozen=True)
class Assumption:
    """A hypothesis of a theorem: what it says, and a predicate that decides it on instances.

    ``predicate(instances) -> bool (batch,)`` reads the raw data.  ``breaks`` says how instances that
    lack it are made.  ``untestable`` says why no instance without it could show anything, wherever it is
    assumed: it is part of a definition, or a limit of the oracle.
    """

    key: str
    text: str
    predicate: Callable[[Any], torch.Tensor]
    breaks: str
    untestable: str = ""

    def describe(self) -> dict[str, str]:
        """Return key and text for the evidence."""
        return {"key": self.key, "text": self.text}


@dataclass(frozen=True, eq=False)
class Check:
    """One test function of a claim file, with all that is needed to run it by any route."""

    claim: Claim
    kind: Kind
    predicate: Predicate
    finite_form: str
    path: Path
    line: int
    sharp: tuple[str, ...] = ()
    drawn: SearchStrategy[Any] | None = None
    sampled: Sampler | None = None
    without: Assumption | None = None
    witness: str | None = None
    expected: str | None = None
    cost: int = 1
    experiment: Experiment | None = None

    @property
    def name(self) -> str:
        """Name of the test function."""
        return self.predicate.__name__

    @property
    def id(self) -> str:
        """``folder/file.py::function``, the same wherever the suite is installed."""
        return f"{self.path.parent.name}/{self.path.name}::{self.name}"

    @property
    def of(self) -> str | None:
        """Id of the check whose predicate a control repeats without an assumption."""
        predicate = cast(FunctionType, self.predicate)  # as a field it is not bound, which pyright supposes
        called = (predicate.__globals__.get(name) for name in predicate.__code__.co_names)
        checks = (getattr(function, "check", None) for function in called)
        return next((check.id for check in checks if isinstance(check, Check)), None)

    @property
    def assumes(self) -> tuple[Assumption, ...]:
        """The assumptions that instances must meet: the claim's, less the one that is dropped."""
        return tuple(a for a in self.claim.assumes if self.without is None or a.key != self.without.key)

    def met(self, instances: Instances) -> torch.Tensor:
        """Return which instances (batch,) meet every assumption that is kept."""
        verdict = torch.ones(instances.size, dtype=torch.bool)
        for assumption in self.assumes:
            verdict &= assumption.predicate(instances.to("cpu"))
        return verdict

    def dropped(self, instances: Instances) -> torch.Tensor:
        """Return which instances (batch,) really lack the assumption that is dropped."""
        if self.without is None:
            return torch.zeros(instances.size, dtype=torch.bool)
        return ~self.without.predicate(instances.to("cpu"))

    def routes(self, searched: int) -> list[str]:
        """Return the routes that a profile with ``searched`` search shards runs."""
        if self.kind == "claim":
            ways = {"drawn": self.drawn, "sampled": self.sampled, "adversarial": self.sampled}
            return [name for name, way in ways.items() if way is not None]
        if self.kind == "observation":
            return [ROUTE]
        replay = ["witness"] if self.witness else []
        return replay + (["search"] if searched else [])

    def left_out(self, searched: int, no_experiments: str) -> dict[str, str]:
        """Return the routes that the profile or the options leave out, each with the reason."""
        if self.kind == "observation":
            return {ROUTE: no_experiments} if no_experiments else {}
        if searched or self.kind == "claim":
            return {}
        return {"search": "runs in the profiles default and thorough"}

    def describe(
        self, order: int, searched: int, selected: Sequence[str] | None = None, no_experiments: str = ""
    ) -> dict[str, Any]:
        """Return the check's entry in the plan record.

        ``selected`` are the routes that were chosen, ``no_experiments`` is the reason why none is run.
        """
        document = inspect.cleandoc(self.claim.statement)
        not_run = self.left_out(searched, no_experiments)
        routes = [route for route in self.routes(searched) if route not in not_run]
        chosen = [route for route in routes if selected is None or route in selected]
        return {
            "check": self.id,
            "order": order,
            "paper": self.claim.paper,
            "reference": self.claim.reference,
            "title": document.partition("\n")[0],
            "statement": document,
            "finite_form": inspect.cleandoc(self.finite_form),
            "name": self.name,
            "kind": self.kind,
            "routes": chosen,
            "routes_not_run": not_run | {route: "not selected" for route in routes if route not in chosen},
            "assumes": [a.describe() for a in self.assumes],
            "dispensable": [{**a.describe(), "argument": why} for a, why in self.claim.dispensable],
            "untestable": [{**a.describe(), "argument": why} for a, why in self.claim.untestable],
            "without": self.without.describe() if self.without else None,
            "of": self.of,
            "witness": self.witness,
            "sharp": list(self.sharp),
            "distribution": self.sampled.distribution if self.sampled else "",
            "expected": self.expected,
            "cost": self.cost,
            "experiment": self.experiment.name if self.experiment else None,
            "path": "/".join(self.path.parts[-3:]),
            "line": self.line,
        }
