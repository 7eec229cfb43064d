r"""What a report is made of: frozen records, merged over shards, routes and worker processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from reports.experiment import Experiment, Observation
from reports.series import Series
from reports.statistics import largest

#: A term is sharp where the bound reaches this share of it, and is refuted with this share of it.
SHARP = 0.99

RED = frozenset({"error", "refuted", "undecided", "loose", "vacuous", "missing witness", "incomplete"})


@dataclass(frozen=True)
class Counts:
    r"""Instances by decision: ``held + violated + undecided = instances``; tied ⊂ held; unmet is outside."""

    instances: int = 0
    held: int = 0
    tied: int = 0
    violated: int = 0
    undecided: int = 0
    unmet: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def consistent(self) -> bool:
        return self.held + self.violated + self.undecided == self.instances and self.tied <= self.held


@dataclass(frozen=True)
class Ties:
    r"""Ties in floating point, decided again in ball arithmetic."""

    rechecked: int = 0
    tied: int = 0
    held: int = 0
    violated: int = 0

    def __add__(self, other: Ties) -> Ties:
        return Ties(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Term:
    r"""One term of a bound, over the instances whose right side consists of this term alone."""

    instances: int
    max: float | None
    refuted: int
    largest_share: float | None

    def __add__(self, other: Term) -> Term:
        return Term(
            self.instances + other.instances,
            largest((self.max, other.max)),
            self.refuted + other.refuted,
            largest((self.largest_share, other.largest_share)),
        )

    @property
    def reached(self) -> bool:
        return self.max is not None and self.max >= SHARP and self.refuted > 0


@dataclass(frozen=True)
class Stratum:
    r"""Instances that share their labels (regulariser, system, dimensions, depth, family).

    ``terms`` are those that stand alone in some of them; evidence of older runs has none.
    """

    labels: tuple[tuple[str, Any], ...]
    instances: int
    held: int
    violated: int
    undecided: int
    unmet: int
    ratio: float | None
    terms: Mapping[str, Term]

    @property
    def counts(self) -> Counts:
        r"""Without ties, which strata do not count."""
        return Counts(self.instances, self.held, 0, self.violated, self.undecided, self.unmet)

    def label(self, key: str) -> Any:
        return dict(self.labels).get(key)


@dataclass(frozen=True)
class Route:
    r"""One way by which the instances of a check were made."""

    name: str
    verdict: str
    counts: Counts
    seconds: float
    message: str
    ratio: float | None = None
    counterexample: str | None = None
    subject_at_fault: bool | None = None
    parts: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Instance:
    r"""One recorded instance: both sides of the inequality, the labels and the exact inputs."""

    id: str
    route: str
    role: str
    verdict: str
    margin: Mapping[str, Any]
    labels: Mapping[str, Any]
    data: Any
    exact: Mapping[str, Any] | None
    assumptions: Mapping[str, bool]
    drawing: Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    r"""One check with everything the run recorded about it."""

    plan: Mapping[str, Any]
    verdict: str
    routes: tuple[Route, ...]
    counts: Counts
    ratio: float | None
    histogram: tuple[int, ...]
    quantiles: Mapping[str, float | None]
    terms: Mapping[str, Term]
    strata: tuple[Stratum, ...]
    ties: Ties
    independent: int
    bad: int
    upper: float | None
    worst: str | None
    counterexample: str | None
    instances: tuple[Instance, ...]
    left_out: int
    series: tuple[Series, ...]
    observation: Observation | None = None

    @property
    def subject_at_fault(self) -> bool | None:
        r"""Whether a refutation is the subject's fault; None where nothing was refuted or decided again."""
        found = [route.subject_at_fault for route in self.routes if route.verdict == "refuted"]
        known = [at_fault for at_fault in found if at_fault is not None]
        return all(known) if known else None

    @property
    def id(self) -> str:
        return str(self.plan["check"])

    @property
    def kind(self) -> str:
        return str(self.plan.get("kind") or "claim")

    @property
    def paper(self) -> str:
        return str(self.plan.get("paper") or "")

    @property
    def reference(self) -> str:
        return str(self.plan.get("reference") or "")

    @property
    def name(self) -> str:
        return str(self.plan.get("name") or self.id)

    @property
    def of(self) -> str | None:
        return self.plan.get("of")

    @property
    def without(self) -> Mapping[str, Any] | None:
        return self.plan.get("without")

    @property
    def sharp(self) -> tuple[str, ...]:
        return tuple(self.plan.get("sharp") or ())

    @property
    def parts(self) -> tuple[str, ...] | None:
        r"""The parts of a network that were asked for; None where the run does not say."""
        known = [route.parts for route in self.routes if route.parts is not None]
        return tuple(sorted({part for parts in known for part in parts})) if known else None

    @property
    def routes_not_run(self) -> Mapping[str, str]:
        return self.plan.get("routes_not_run") or {}

    @property
    def reconstructed(self) -> bool:
        return (
            "reconstructed" in (str(self.plan.get("statement")) + str(self.plan.get("finite_form"))).lower()
        )

    @property
    def seconds(self) -> float:
        return sum(route.seconds for route in self.routes)


@dataclass(frozen=True)
class Incomplete:
    r"""Something that was planned and did not run, or did not finish."""

    check: str | None
    route: str | None
    why: str


@dataclass(frozen=True)
class Report:
    r"""A whole run."""

    header: Mapping[str, Any]
    path: str
    hash: str
    checks: tuple[Check, ...]
    deselected: tuple[str, ...]
    strata_not_run: tuple[Mapping[str, str], ...]
    incomplete: tuple[Incomplete, ...]
    torn: tuple[str, ...]
    wall: float | None
    exitstatus: int | None
    experiments: tuple[Experiment, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.incomplete

    @property
    def subject_parts(self) -> tuple[str, ...]:
        r"""The parts that the subject brought; none where it is `fbscore` itself."""
        return tuple(self.header.get("subject_parts") or ())

    @property
    def verdicts(self) -> dict[str, int]:
        return dict(sorted(Counter(check.verdict for check in self.checks).items()))

    @property
    def exit(self) -> int:
        r"""1 for a red verdict, a run that did not end, or one that pytest ended with an error."""
        return int(self.exitstatus != 0 or any(check.verdict in RED for check in self.checks))
