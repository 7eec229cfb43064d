r"""The ways a check is carried out: drawn, sampled, witness, search.

Every route ends with one `Outcome`; what it saw on the way goes to the evidence, shard by shard.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import hypothesis
import torch
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Flaky

from claims.kit import witnesses
from claims.kit.claim import Check
from claims.kit.confirm import DIGITS, Confirmation, confirm
from claims.kit.context import FloatRun
from claims.kit.instances import Instances
from claims.kit.margin import SHARP, Decision, Margin, decide, positions
from claims.kit.profiles import Profile
from claims.kit.sampling import Batch, Source
from claims.kit.tally import Extreme, Tally, summary

Emit = Callable[..., None]

#: So many instances of a regulariser outside the assumptions are no accident of drawing.
MANY = 8


@dataclass(frozen=True)
class Outcome:
    """How a route ended: its verdict, one line that says why, and the instance that decided it."""

    verdict: str
    message: str
    counterexample: str | None = None
    subject_at_fault: bool | None = None


class _Violated(Exception):
    """Raised inside Hypothesis so that it shrinks the instance."""


@dataclass
class Route:
    """One check on its way through one route."""

    check: Check
    name: str
    run: FloatRun
    profile: Profile
    seed: int
    emit: Emit
    recorded: set[str] = field(default_factory=set[str])

    def own_seed(self, shard: int = 0) -> int:
        """Return the seed that run seed, check, route and shard determine, whichever worker asks."""
        return zlib.crc32(f"{self.seed}/{self.check.id}/{self.name}/{shard}".encode())

    def judge(self, instances: Instances) -> tuple[torch.Tensor, Margin, Decision]:
        """Return which instances meet the assumptions, their margins and the decisions, on one device."""
        met = self.check.met(instances)
        margin = self.check.predicate(instances.to(self.run.device), self.run)
        decision = decide(margin)
        return met.to(decision.held.device), margin, decision

    def record(self, extreme: Extreme, role: str, verdict: str, exact: Confirmation | None = None) -> str:
        """Store one instance exactly, once for each role, and return its id."""
        identifier = extreme.instance.identifier()
        if f"{identifier}/{role}" not in self.recorded:
            self.recorded.add(f"{identifier}/{role}")
            assumptions = {a.key: bool(a.predicate(extreme.instance).all()) for a in self.check.claim.assumes}
            about = {"check": self.check.id, "route": self.name, "role": role, "verdict": verdict}
            labels = {**extreme.instance.dimensions, "family": extreme.family}
            stored = {"margin": extreme.margin, "labels": labels, "data": extreme.instance.encode()}
            known = {"exact": exact.record() if exact else None, "assumptions": assumptions}
            self.emit("instance", id=identifier, **about, **stored, **known)
        return identifier

    def close(self, tally: Tally, shard: int = 0) -> None:
        """Re-decide this shard's ties in ball arithmetic and write its tally."""
        ties: dict[str, int] = {"rechecked": 0, "tied": 0, "held": 0, "violated": 0, "undecided": 0}
        for extreme in tally.ties:
            verdict = confirm(self.check, extreme.instance).verdict
            ties["rechecked"] += 1
            ties[verdict] += 1
            if verdict == "violated":  # the excess hid within round-off: no less a violation
                tally.refute_tie(extreme)
        worst = (
            self.record(tally.worst, "worst", tally.worst.verdict)
            if tally.worst and not tally.violation
            else None
        )
        fields = {"check": self.check.id, "route": self.name, "shard": shard}
        self.emit("tally", **fields, **tally.record(), ties=ties, worst=worst)

    def refuted(self, extreme: Extreme) -> Outcome:
        """Record a violating instance, decide it independently, and say whose fault it is."""
        exact = confirm(self.check, extreme.instance)
        identifier = self.record(extreme, "counterexample", "violated", exact)
        at_fault = {"violated": False, "held": True, "tied": True}.get(exact.verdict)
        blamed = f"finds it {exact.verdict}: the subject is at fault"
        finding = blamed if at_fault else "agrees: the statement itself fails"
        if at_fault is None:
            finding = "cannot decide it, so neither the statement nor the subject is blamed"
        whose = f"the independent route at {DIGITS} digits {finding}"
        left, right = extreme.margin["left"], extreme.margin["right"]
        labels = ", ".join(f"{k} {v}" for k, v in extreme.instance.dimensions.items())
        place = f"position {extreme.margin['position']}, rounding {extreme.margin['rounding']:.2g}"
        message = f"left {left!r} > right {right!r} at {place} ({labels}; {extreme.family}); {whose}"
        return Outcome("refuted", message, identifier, at_fault)


def run_route(route: Route) -> Outcome:
    """Carry out one route of one check and return how it ended."""
    ways = {"drawn": _drawn, "sampled": _sampled, "witness": _witness, "search": _search}
    return ways[route.name](route)


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
    if never := _never_met(tallies):
        return Outcome("vacuous", f"no instance with {', '.join(never)} met the assumptions")
    for tally in tallies:
        for term, family, reached in tally.missed:
            if term in sharp:
                message = (
                    f"the term '{term}', declared sharp, reached {reached:.6g}, not {SHARP}, in {family}"
                )
                return Outcome("loose", f"held on {total} instances, but {message}")
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
    return Outcome("holds", f"no counterexample in {total} instances")


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
    @settings(calm, max_examples=route.profile.drawn)
    @given(strategy)
    def examine(instance: Instances) -> None:
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


def _shards(route: Route, count: int) -> Iterator[tuple[int, Iterator[Batch]]]:
    sampler = route.check.sampled
    assert sampler is not None
    for shard in range(count):
        source = Source(route.own_seed(shard), route.run.device)
        yield shard, sampler.draw(source, route.profile.shard_size)
        route.emit("progress", check=route.check.id, route=route.name, done=shard + 1, total=count)


def _sampled(route: Route) -> Outcome:
    """Seeded batches: the stated distribution and the corner strata, shard by shard."""
    tallies: list[Tally] = []
    for shard, batches in _shards(route, route.profile.shards):
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


def _counterexamples(route: Route, instances: Instances) -> tuple[torch.Tensor, Margin, Decision]:
    """Return which instances violate, meet every assumption that is kept, and lack the dropped one."""
    met, margin, decision = route.judge(instances)
    lacking = route.check.dropped(instances).to(met.device)
    finite = (
        positions(margin.left, margin.left.shape).isfinite().all(1)
    )  # a NaN is a failure, no counterexample
    return met & lacking & finite & decision.violated, margin, decision


def _found(route: Route, instances: Instances, margin: Margin, index: int, role: str, family: str) -> Outcome:
    """Record a counterexample to the claim without its assumption, confirmed by the independent route."""
    extreme = Extreme(instances.take(index).to("cpu"), family, summary(margin, index), 0.0)
    exact = confirm(route.check, extreme.instance)
    identifier = route.record(extreme, role, "violated", exact)
    left, right = extreme.margin["left"], extreme.margin["right"]
    if exact.verdict != "violated":
        message = f"the independent route finds {identifier} {exact.verdict}, not violated"
        return Outcome("not found", message, identifier, True)
    return Outcome("found", f"left {left:.6g} > right {right:.6g}, agreed at {DIGITS} digits", identifier)


def _witness(route: Route) -> Outcome:
    """Replay the stored counterexample of a control."""
    assert route.check.witness is not None
    instance = witnesses.load(route.check.witness)
    violating, margin, decision = _counterexamples(route, instance)
    tally = Tally()
    tally.add(instance, "witness", False, route.check.met(instance).to(violating.device), margin, decision)
    route.close(tally)
    if bool(violating[0]):
        return _found(route, instance, margin, 0, "witness", "witness")
    met, lacking = bool(route.check.met(instance)[0]), bool(route.check.dropped(instance)[0])
    reason = "it does not violate" if met and lacking else "its assumptions are not as stated"
    return Outcome("not found", f"the witness {route.check.witness} is no counterexample: {reason}")


def _search(route: Route) -> Outcome:
    """Look for a counterexample afresh among sampled instances that lack the dropped assumption."""
    closest: float | None = None
    tried = 0
    for shard, batches in _shards(route, route.profile.searched):
        tally = Tally()
        outcome: Outcome | None = None
        for batch in batches:
            violating, margin, decision = _counterexamples(route, batch.instances)
            met = route.check.met(batch.instances).to(violating.device)
            tally.add(batch.instances, batch.family, batch.independent, met, margin, decision)
            if bool(violating.any()):
                index = int(violating.nonzero()[0, 0])
                outcome = _found(route, batch.instances, margin, index, "counterexample", batch.family)
                if outcome.verdict == "found":
                    break
        route.close(tally, shard)
        tried += tally.counts["instances"]
        if outcome and outcome.verdict == "found":
            return outcome
        closest = tally.ratio if closest is None else max(closest, tally.ratio or closest)
    came = "none stood out of the round-off" if closest is None else f"the largest ratio was {closest:.6g}"
    return Outcome("not found", f"no counterexample in {tried} instances; {came}")
