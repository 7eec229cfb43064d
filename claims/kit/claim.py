r"""Claims and their checks: the decorators that a claim file is written with.

    theorem = claim("fbs_learning", "Lemma 3.1", assumes=(A1, A2))

    @theorem.holds(drawn=strategies.weight_pairs(), sampled=sampling.weight_pairs(), sharp=("point",))
    def test_bound(p, run):
        r"‖prox_{aR}(v)‖ ≤ ‖v‖"
        return at_most(...)

    @theorem.fails(without=A2, on=shifted(), witness="prox_bound_without_A2")
    def test_bound_needs_a2(p, run):
        r"prox of |u − 1| at v = 0 is not 0"
        return test_bound.predicate(p, run)

A decorated function stays an ordinary test function (ids, ``-k``, ``--lf``, source lines): pytest calls it
once for every route: ``drawn``, ``sampled``, ``adversarial`` for a claim, ``witness``, ``search`` for a
control, ``observed`` for an observation.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, cast

import torch
from hypothesis.strategies import SearchStrategy

from claims.kit.experiment import LEFT_OUT, ROUTE, Experiment
from claims.kit.instances import Instances
from claims.kit.sampling import Sampler

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

    def left_out(self, searched: int, experiments: bool) -> dict[str, str]:
        """Return the routes that the profile or the options leave out, each with the reason."""
        if self.kind == "observation":
            return {} if experiments else {ROUTE: LEFT_OUT}
        if searched or self.kind == "claim":
            return {}
        return {"search": "runs in the profiles default and thorough"}

    def describe(
        self, order: int, searched: int, selected: Sequence[str] | None = None, experiments: bool = True
    ) -> dict[str, Any]:
        """Return the check's entry in the plan record; ``selected`` are the routes that were chosen."""
        document = inspect.cleandoc(self.claim.statement)
        not_run = self.left_out(searched, experiments)
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


@dataclass(frozen=True)
class Claim:
    """A numbered statement of a paper; made by `claim`."""

    paper: str
    reference: str
    assumes: tuple[Assumption, ...]
    statement: str
    dispensable: tuple[tuple[Assumption, str], ...] = ()
    untestable: tuple[tuple[Assumption, str], ...] = ()

    def holds(
        self,
        *,
        drawn: SearchStrategy[Any] | None = None,
        sampled: Sampler | None = None,
        sharp: Sequence[str] = (),
        cost: int = 1,
    ) -> Callable[[Predicate], Any]:
        """Declare a finite form that every instance meeting the assumptions must satisfy.

        Parameters
        ----------
        drawn : strategy of batches of one
            Small instances, drawn element by element, shrunk where they violate.
        sampled : Sampler
            Batches of instances, corner strata among them.
        sharp : names of terms
            Terms of the bound that the sampled route must attain where they stand alone; see
            `claims.kit.margin`.
        cost : int
            What an instance costs in units of one that only runs a network: the budget is divided by it.
        """

        if drawn is None and sampled is None:
            raise TypeError("holds: expected drawn=, sampled= or both, got neither")
        if sharp and sampled is None:
            raise TypeError(f"sharp: expected sampled=, the route that measures {', '.join(sharp)}, got none")

        def decorate(predicate: Predicate) -> Any:
            fields = {"sharp": tuple(sharp), "drawn": drawn, "sampled": sampled, "cost": cost}
            return _as_test(self._check("claim", predicate, **fields))

        return decorate

    def fails(
        self, *, without: Assumption, on: Sampler, witness: str, expected: str | None = None, cost: int = 1
    ) -> Callable[[Predicate], Any]:
        """Declare a known counterexample without an assumption: red if its witness does not violate.

        ``on`` samples instances that lack the assumption; the profiles ``default`` and ``thorough`` must find
        a counterexample among them afresh.  ``expected`` states the known numbers.
        """

        def decorate(predicate: Predicate) -> Any:
            fields = {
                "without": without,
                "sampled": on,
                "witness": witness,
                "expected": expected,
                "cost": cost,
            }
            return _as_test(self._check("control", predicate, **fields))

        return decorate

    def explores(self, *, without: Assumption, on: Sampler) -> Callable[[Predicate], Any]:
        """Search for a counterexample where none is known; records how close it came, never red."""

        def decorate(predicate: Predicate) -> Any:
            return _as_test(self._check("exploration", predicate, without=without, sampled=on))

        return decorate

    def observes(self, *, experiment: Experiment) -> Callable[[Predicate], Any]:
        """Read an observation off an experiment; what no theorem implies is never red for not being seen.

        The function is given the experiment's outcome and the run, and returns an
        `claims.kit.experiment.Observation`; its docstring is the question.
        """
        if not isinstance(experiment, Experiment):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"experiment: expected name, sizes and run, got {type(experiment).__name__}")

        def decorate(predicate: Predicate) -> Any:
            return _as_test(self._check("observation", predicate, experiment=experiment))

        return decorate

    def _check(self, kind: Kind, predicate: Predicate, **fields: Any) -> Check:
        code = predicate.__code__
        document = predicate.__doc__
        if not document:
            raise TypeError(
                f"{predicate.__name__}: expected a docstring that states the finite form, got none"
            )
        return Check(self, kind, predicate, document, Path(code.co_filename), code.co_firstlineno, **fields)


def claim(
    paper: str,
    reference: str,
    assumes: Sequence[Assumption],
    dispensable: Mapping[Assumption, str] | None = None,
    untestable: Mapping[Assumption, str] | None = None,
) -> Claim:
    """Return the claim that the calling file is about; its statement is the file's docstring.

    Parameters
    ----------
    paper, reference : str
        Folder of the paper, and the statement as the paper numbers it.
    assumes : sequence of Assumption
        What instances must meet.
    dispensable : mapping from Assumption to str, optional
        Assumptions that the paper makes and the statement does not need, each with the argument.
    untestable : mapping from Assumption to str, optional
        Assumptions without which the statement has no meaning that an instance could contradict, each with
        the reason; those that bring a reason of their own need not be named.

    Raises
    ------
    TypeError
        If the calling file has no docstring, or if ``untestable`` names what is not assumed.
    """
    frame = inspect.currentframe()
    caller = frame.f_back.f_globals if frame and frame.f_back else {}
    statement = caller.get("__doc__")
    if not statement:
        raise TypeError(f"{reference}: expected the claim file to state it in its docstring, got none")
    reasons = {a: a.untestable for a in assumes if a.untestable} | dict(untestable or {})
    stray = [a.key for a in reasons if a not in assumes]
    if stray:
        raise TypeError(f"untestable: expected assumptions of {reference}, got {', '.join(stray)}")
    return Claim(
        paper,
        reference,
        tuple(assumes),
        statement,
        tuple((dispensable or {}).items()),
        tuple(reasons.items()),
    )


def _as_test(check: Check) -> Any:
    """Return the test function that pytest collects: one call a route, done by the session's runner."""

    @functools.wraps(check.predicate)
    def run(route: str, claims_runner: Any) -> None:
        claims_runner(check, route)

    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in ("route", "claims_runner")
    ]
    test = cast(Any, run)  # functions take attributes, which their type does not say
    test.__signature__ = inspect.Signature(parameters)
    test.check = check
    test.predicate = check.predicate
    return test
