r"""One check on its way through one route: how it is seeded, judged, recorded, and refuted.

What a route ends with is an `Outcome`; what it saw on the way goes to the evidence, shard by shard.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from claims.kit.claim import Check
from claims.kit.confirm import DIGITS, Confirmation, confirm
from claims.kit.context import FloatRun
from claims.kit.drawing import drawing
from claims.kit.instances import Instances
from claims.kit.margin import Decision, Margin, decide, positions
from claims.kit.minimise import minimised
from claims.kit.profiles import Profile
from claims.kit.sampling import Batch, Source
from claims.kit.subject import SYSTEMS
from claims.kit.tally import Extreme, Tally, summary

Emit = Callable[..., None]

#: Whether the subject is at fault where the independent route decides a violation so; otherwise nobody knows.
AT_FAULT = {"violated": False, "held": True, "tied": True}


@dataclass(frozen=True)
class Outcome:
    """How a route ended: its verdict, one line that says why, and the instance that decided it."""

    verdict: str
    message: str
    counterexample: str | None = None
    subject_at_fault: bool | None = None


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

    def runs(self, instances: Instances) -> bool:
        """Return whether the subject runs the system of these instances, if they are of one."""
        return instances.dimensions.get("system", SYSTEMS[0]) in self.run.subject.systems

    @property
    def budget(self) -> Profile:
        """The profile's counts, less where an instance of the check costs more."""
        return self.profile.divided(self.check.cost)

    def judge(self, instances: Instances) -> tuple[torch.Tensor, Margin, Decision]:
        """Return which instances meet the assumptions, their margins and the decisions, on one device."""
        met = self.check.met(instances)
        margin = self.check.predicate(instances.to(self.run.device), self.run)
        decision = decide(margin)
        return met.to(decision.held.device), margin, decision

    def counterexamples(self, instances: Instances) -> tuple[torch.Tensor, Margin, Decision]:
        """Judge, but return first which violate, meet what is kept, and lack what a control drops."""
        met, margin, decision = self.judge(instances)
        lacking = met if self.check.without is None else self.check.dropped(instances).to(met.device)
        violated = met & lacking & decision.violated
        if (
            self.check.without is not None
        ):  # a NaN or an overflow is a failure of the subject, no counterexample
            violated &= positions(margin.left, margin.left.shape).isfinite().all(1)
        return violated, margin, decision

    def shards(self, count: int, size: int) -> Iterator[tuple[int, Source, Iterator[Batch]]]:
        """Yield number, source and batches of each shard of sampled instances, and report the progress."""
        sampler = self.check.sampled
        assert sampler is not None
        for shard in range(count):
            source = Source(self.own_seed(shard), self.run.device)
            yield shard, source, (b for b in sampler.draw(source, size) if self.runs(b.instances))
            self.emit("progress", check=self.check.id, route=self.name, done=shard + 1, total=count)

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
            known["drawing"] = drawing(self.check.predicate, extreme.instance, self.run)
            self.emit("instance", id=identifier, **about, **stored, **known)
        return identifier

    def close(self, tally: Tally, shard: int = 0) -> None:
        """Re-decide this shard's ties in ball arithmetic and write its tally.

        Not where the limit was asked for: the route in balls knows it to about 1e-8, which decides no tie.
        """
        ties: dict[str, int] = {"rechecked": 0, "tied": 0, "held": 0, "violated": 0, "undecided": 0}
        for extreme in () if self.run.solved else tally.ties:
            verdict = confirm(self.check, extreme.instance).verdict
            ties["rechecked"] += 1
            ties[verdict] += 1
            if verdict == "violated":  # the excess hid within round-off: no less a violation
                tally.refute_tie(extreme)
        worst = None
        if tally.worst and not tally.violation:
            worst = self.record(tally.worst, "worst", tally.worst.verdict)
        fields = {"check": self.check.id, "route": self.name, "shard": shard}
        self.emit("tally", **fields, **tally.record(), ties=ties, worst=worst)

    def reduced(self, found: Extreme, exact: Confirmation) -> tuple[Extreme, Confirmation]:
        """Return a violation reduced, and what the independent route says of it.

        It must blame whom ``exact`` blames: the statement, or the subject, be it with a tie or with room to
        spare.  What was found itself is recorded besides if it is another one.
        """
        small = minimised(found.instance, lambda batch: self.counterexamples(batch)[0].cpu())
        if small is not found.instance:
            agreed = confirm(self.check, small)
            if AT_FAULT.get(agreed.verdict) == AT_FAULT.get(exact.verdict):
                self.record(found, "found", "violated", exact)
                margin = summary(self.judge(small)[1], 0)
                return Extreme(small, found.family, margin, found.score), agreed
        return found, exact

    def refuted(self, extreme: Extreme) -> Outcome:
        """Record a violating instance, reduced, decide it independently, and say whose fault it is."""
        exact = confirm(self.check, extreme.instance)
        if self.name != "drawn":  # there Hypothesis has shrunk it
            extreme, exact = self.reduced(extreme, exact)
        identifier = self.record(extreme, "counterexample", "violated", exact)
        at_fault = AT_FAULT.get(exact.verdict)
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
