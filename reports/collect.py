r"""From the records of a run to a `Report`: shards, routes and worker files merged, whatever their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from claims.kit.evidence import RATIO_EDGES, EvidenceError, read
from reports import experiment_records
from reports.experiment import Observation
from reports.fold import Fold
from reports.model import Check, Incomplete, Instance, Report, Route
from reports.statistics import clopper_pearson, number, quantiles
from reports.tallies import Tallies
from reports.text import plural
from reports.verdicts import KNOWN, OPEN, check_verdict, contradiction

Record = Mapping[str, Any]
HEADER = (
    "run started seed profile device dtype subject subject_parts selection workers versions budgets "
    "experiments"
).split()
PLAN = (
    "paper reference title statement finite_form name kind routes routes_not_run assumes without of witness "
    "sharp distribution expected experiment path line"
).split()
ENDED = {
    None: "no end was recorded: the run was stopped from outside",
    2: "the run was interrupted",
    3: "pytest ended with an internal error",
    4: "pytest was called wrongly",
    5: "pytest collected no check",
}


def collect(path: str | Path) -> Report:
    r"""Read one run folder and merge it.

    Raises
    ------
    EvidenceError
        The folder is missing, holds no run, or is corrupt.
    """
    try:
        fold = Fold()
        return merge(read(Path(path), fold.take), fold)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EvidenceError(
            f"evidence: {path}: a record is malformed ({type(error).__name__}: {error})"
        ) from error


def merge(run: Any, fold: Fold) -> Report:
    r"""Merge what `claims.kit.evidence.read` kept with what was folded as it came."""
    started, results = _by_check(run.started), _by_check(run.results)
    looked = {r["check"]: experiment_records.observation(r["data"]) for r in run.observations}
    checks = tuple(
        _check(plan, started[plan["check"]], results[plan["check"]], fold, looked.get(plan["check"]))
        for plan in run.checks
    )
    finished = run.finished or {}
    return Report(
        header={**dict.fromkeys(HEADER), **run.header},
        path=str(run.path),
        hash=run.hash,
        checks=checks,
        deselected=tuple(sorted(run.deselected)),
        strata_not_run=tuple(run.strata_not_run),
        incomplete=tuple(_incomplete(run, checks, fold.progress)),
        torn=tuple(sorted(run.torn)),
        wall=number(finished.get("wall")),
        exitstatus=finished.get("exitstatus"),
        experiments=experiment_records.experiments(run.experiments, run.cells, run.transfers),
    )


def _by_check(records: Iterable[Record]) -> defaultdict[str, list[Record]]:
    grouped: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        grouped[record["check"]].append(record)
    return grouped


def _check(
    plan: Record,
    started: Sequence[Record],
    results: Sequence[Record],
    fold: Fold,
    looked: Observation | None,
) -> Check:
    tallies = fold.tallies(plan["check"])
    instances = _instances(fold.instances(plan["check"]))
    merged = Tallies.of(tallies)
    routes = tuple(
        _route(
            _kind(plan),
            name,
            any(r["route"] == name for r in started),
            merged.on(name),
            _on(name, results),
            looked,
        )
        for name in _planned(plan, (*started, *tallies, *results))
    )
    draws, histogram, ratio = merged.draws, merged.histogram, merged.ratio
    return Check(
        plan={**dict.fromkeys(PLAN), **plan},
        verdict=check_verdict(_kind(plan), {route.name: route.verdict for route in routes}),
        routes=routes,
        counts=merged.counts,
        ratio=ratio,
        histogram=histogram,
        quantiles=quantiles(histogram, RATIO_EDGES),
        terms=merged.terms,
        strata=merged.strata,
        ties=merged.ties,
        independent=draws["independent"],
        bad=draws["bad"],
        upper=clopper_pearson(draws["independent"], draws["bad"]) if _kind(plan) == "claim" else None,
        worst=merged.worst,
        counterexample=next((route.counterexample for route in routes if route.counterexample), None),
        instances=instances,
        left_out=fold.left_out(plan["check"], len(instances)),
        series=merged.series,
        observation=looked,
    )


def _kind(plan: Record) -> str:
    return str(plan.get("kind") or "claim")


def _on(route: str, records: Sequence[Record]) -> list[Record]:
    return [r for r in records if r["route"] == route]


def _planned(plan: Record, records: Sequence[Record]) -> list[str]:
    r"""Routes of this run, in the order of the plan; one that ran without being planned comes last."""
    skipped = plan.get("routes_not_run") or {}
    planned = [name for name in plan.get("routes") or () if name not in skipped]
    return planned + sorted({r["route"] for r in records} - set(planned))


def _route(
    kind: str,
    name: str,
    started: bool,
    tallies: Tallies,
    results: Sequence[Record],
    looked: Observation | None = None,
) -> Route:
    counts, ratio = tallies.counts, tallies.ratio
    if not results:
        if not started and not tallies.records:
            return Route(name, "not run", counts, 0.0, "never started", ratio)
        already = f"; {plural(counts.violated, 'violation')} recorded before" if counts.violated else ""
        message = f"started, not finished: the worker ended{already}"
        return Route(name, "incomplete", counts, 0.0, message, ratio)
    order = KNOWN.get(kind, KNOWN["observation"])
    worst = min(results, key=lambda r: (order.index(r["verdict"]) if r["verdict"] in order else -1, str(r)))
    wrong = contradiction(kind, worst["verdict"], counts) or _unlike(worst["verdict"], looked)
    return Route(
        name=name,
        verdict="error" if wrong else worst["verdict"],
        counts=counts,
        seconds=sum(number(r.get("seconds")) or 0.0 for r in results),
        message=wrong or str(worst.get("message") or ""),
        ratio=ratio,
        counterexample=worst.get("counterexample"),
        subject_at_fault=worst.get("subject_at_fault"),
        parts=_parts(results),
    )


def _unlike(verdict: str, looked: Observation | None) -> str | None:
    r"""What is wrong where the result and what was observed say different things."""
    if looked is None or verdict in ("error", looked.verdict):
        return None
    return f"the evidence contradicts itself: verdict {verdict}, yet what was looked at says {looked.verdict}"


def _parts(results: Sequence[Record]) -> tuple[str, ...] | None:
    r"""The parts of a network that a route asked for; None where the evidence does not say."""
    known = [r["parts"] for r in results if r.get("parts") is not None]
    return tuple(sorted({str(part) for parts in known for part in parts})) if known else None


def _instances(records: Iterable[Record]) -> tuple[Instance, ...]:
    order = {role: k for k, role in enumerate(("counterexample", "witness", "found", "undecided", "worst"))}
    unique = {(r["id"], r.get("role")): _instance(r) for r in records}
    return tuple(sorted(unique.values(), key=lambda found: (order.get(found.role, 9), found.id)))


def _instance(record: Record) -> Instance:
    margin = {
        **dict.fromkeys(("left", "right", "rounding", "certified", "position")),
        "terms": {},
        **(record.get("margin") or {}),
    }
    margin["hex"] = {"left": "", "right": "", **(margin.get("hex") or {})}
    exact = record.get("exact")
    return Instance(
        **{key: str(record.get(key) or "") for key in ("id", "route", "role", "verdict")},
        margin=margin,
        labels=record.get("labels") or {},
        data=record.get("data"),
        exact={**dict.fromkeys(("digits", "verdict", "left", "right")), **exact} if exact else None,
        assumptions=record.get("assumptions") or {},
        drawing=record.get("drawing") or {},
    )


def _so_far(progress: Record) -> str:
    r"""How far a route came: its shards, or the last that an experiment told."""
    if "text" in progress:
        return f"the last that it told: {progress['text']}"
    return f"{progress['done']} of {progress['total']} shards done"


def _incomplete(
    run: Any, checks: Iterable[Check], progress: Mapping[tuple[str, str], Record]
) -> list[Incomplete]:
    missing: list[Incomplete] = []
    status = (run.finished or {}).get("exitstatus")
    if status in ENDED:
        missing.append(Incomplete(None, None, ENDED[status]))
    missing += [Incomplete(None, None, line) for line in sorted(run.torn)]
    for check in checks:
        for route in check.routes:
            if route.verdict in OPEN:
                done = progress.get((check.id, route.name))
                at = f" ({_so_far(done)})" if done else ""
                missing.append(Incomplete(check.id, route.name, route.message + at))
    known = {check.id for check in checks}
    alien = sorted({r["check"] for r in (*run.started, *run.results)} - known)
    return missing + [Incomplete(check, None, "it ran, but no plan names it") for check in alien]
