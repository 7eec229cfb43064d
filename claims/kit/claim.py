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
from typing import Any, cast

from hypothesis.strategies import SearchStrategy

from claims.kit.check import Assumption, Check, Kind, Predicate
from claims.kit.experiment import Experiment
from claims.kit.sampling import Sampler

__all__ = ["Assumption", "Check", "Claim", "claim"]


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
