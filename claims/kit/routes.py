r"""The ways a check is carried out: drawn, sampled, adversarial; witness and search for a control."""

from __future__ import annotations

from collections import Counter

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Flaky

from claims.kit import controls
from claims.kit.ascent import MOVED, ascend
from claims.kit.instances import Instances
from claims.kit.margin import SHARP
from claims.kit.route import Outcome, Route
from claims.kit.tally import Extreme, Tally, summary

__all__ = ["Outcome", "Route", "run_route"]


#: So many instances of a regulariser outside the assumptions are no accident of drawing.
MANY = 8


class _Violated(Exception):
    """Raised inside Hypothesis so that it shrinks the instance."""


def run_route(route: Route) -> Outcome:
    """Carry out one route of one check and return how it ended."""
    ways = {"drawn": _drawn, "sampled": _sampled, "adversarial": _adversarial}
    return (ways | {"witness": controls.witness, "search": controls.search})[route.name](route)


def _concluded(route: Route, tallies: list[Tally], sharp: tuple[str, ...]) -> Outcome:
    """Return the verdict on a claim from everything that was counted."""
    violations = [t.violation for t in tallies if t.violation]
    if violations:
        return route.refuted(min(violations, key=lambda extreme: extreme.score))
    total = sum(t.counts["instances"] for t in tallies)
    undecided = [t.undecided for t in tallies if t.undecided]
    if undecided:
        count = sum(t.counts["undecided"] for t in tallies)
        smallest = min(undecided, key=lambda extreme: extreme.score)
        identifier = route.record(smallest, "undecided", "undecided")
        message = f"{count} of {total} instances undecided: the certified radius is too wide"
        return Outcome("undecided", message, identifier)
    if total == 0:
        return Outcome("vacuous", "no instance met the assumptions")
    # Draws follow one another: of a regulariser that is drawn once there are many, all alike.
    if route.name != "drawn" and (never := _never_met(tallies)):
        return Outcome("vacuous", f"no instance with {', '.join(never)} met the assumptions")
    return _sharpness(tallies, sharp, total) or Outcome("holds", f"no counterexample in {total} instances")


def _sharpness(tallies: list[Tally], sharp: tuple[str, ...], total: int) -> Outcome | None:
    """Return what is wrong with the terms that are declared sharp, or None."""
    known = sorted({name for t in tallies for name in t.terms})
    for term in sharp:
        if term not in known:
            return Outcome("error", f"sharp: expected terms of the bound, {', '.join(known)}, got {term!r}")
        entries = [t.terms[term] for t in tallies if term in t.terms]
        largest = max((e["max"] for e in entries if e["max"] is not None), default=None)
        if largest is None or not any(e["refuted"] for e in entries):
            reached = "never stood alone" if largest is None else f"alone reached {largest:.6g}, not {SHARP}"
            message = f"held on {total} instances, but the term '{term}', declared sharp, {reached}"
            return Outcome("loose", message)
    for term, where, reached in (missed for tally in tallies for missed in tally.missed):
        if term in sharp:
            message = f"the term '{term}', declared sharp, reached {reached:.6g}, not {SHARP}, in {where}"
            return Outcome("loose", f"held on {total} instances, but {message}")
    return None


def _never_met(tallies: list[Tally]) -> list[str]:
    """Return the regularisers of which many instances were made and not one met the assumptions."""
    met: Counter[str] = Counter()
    unmet: Counter[str] = Counter()
    for stratum in (stratum for tally in tallies for stratum in tally.strata.values()):
        name = str(stratum.get("regularizer", ""))
        met[name] += stratum["instances"]
        unmet[name] += stratum["unmet"]
    return sorted(name for name in unmet if name and not met[name] and unmet[name] >= MANY)


def _drawn(route: Route) -> Outcome:
    """Hypothesis draws small instances one by one, steers towards large ratios, and shrinks a violation."""
    tally = Tally()
    smallest: list[Extreme] = []
    phases = (Phase.generate, Phase.target, Phase.shrink)
    quiet = (HealthCheck.too_slow, HealthCheck.data_too_large)
    quiet += (HealthCheck.filter_too_much, HealthCheck.large_base_example)
    fixed = settings(database=None, deadline=None, derandomize=False, phases=phases, print_blob=False)
    calm = settings(fixed, suppress_health_check=quiet, verbosity=Verbosity.quiet, report_multiple_bugs=False)
    strategy = route.check.drawn
    assert strategy is not None

    @hypothesis.seed(route.own_seed())
    @settings(calm, max_examples=route.budget.drawn)
    @given(strategy)
    def examine(instance: Instances) -> None:
        hypothesis.assume(route.runs(instance))
        met, margin, decision = route.judge(instance)
        if not smallest:  # while Hypothesis shrinks, it repeats itself: those are not further instances
            tally.add(instance, "drawn", False, met, margin, decision)
        ratio = float(decision.ratio[0])
        hypothesis.target(min(ratio, 2.0) if ratio == ratio else 0.0, label="ratio")
        if bool((decision.violated & met)[0]):
            smallest.append(Extreme(instance, "drawn", summary(margin, 0), 0.0))
            raise _Violated

    try:
        examine()
    except (_Violated, Flaky):  # Flaky: the subject did not violate again on the same instance
        tally.violation = smallest[-1] if smallest else None  # the last one run is the shrunk one
    route.close(tally)
    return _concluded(route, [tally], ())


def _sampled(route: Route) -> Outcome:
    """Seeded batches: the stated distribution and the corner strata, shard by shard."""
    tallies: list[Tally] = []
    for shard, _, batches in route.shards(route.budget.shards, route.budget.shard_size):
        tally = Tally()
        for batch in batches:
            met, margin, decision = route.judge(batch.instances)
            tally.add(batch.instances, batch.family, batch.independent, met, margin, decision)
            tally.expect(batch.attains, f"{batch.instances.dimensions}, {batch.family}", met, decision)
        route.close(tally, shard)
        tallies.append(tally)
        if tally.violation:  # the claim is refuted: more shards would not change that
            break
    return _concluded(route, tallies, route.check.sharp)


def _adversarial(route: Route) -> Outcome:
    """Sampled instances moved uphill on their margin, shard by shard; none is an independent draw."""
    climb = route.budget.climb
    tallies: list[Tally] = []
    moved = False
    for shard, source, batches in route.shards(climb.shards, climb.drawn):
        tally = Tally()
        for seen in ascend(batches, route.judge, climb, source):
            tally.add(*seen)
            moved |= seen[1] == MOVED
            if tally.violation:
                break
        route.close(tally, shard)
        tallies.append(tally)
        if tally.violation:
            break
    outcome = _concluded(route, tallies, ())
    if moved or outcome.verdict != "holds":
        return outcome
    return Outcome("holds", f"nothing could be moved; {outcome.message}")
