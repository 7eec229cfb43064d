r"""The ways of a control: its witness is replayed, and a counterexample is looked for afresh."""

from __future__ import annotations

from claims.kit import witnesses
from claims.kit.confirm import DIGITS, confirm
from claims.kit.instances import Instances
from claims.kit.margin import Margin
from claims.kit.route import Outcome, Route
from claims.kit.tally import Extreme, Tally, summary


def _found(route: Route, instances: Instances, margin: Margin, index: int, role: str, family: str) -> Outcome:
    """Record a counterexample to the claim without its assumption, confirmed by the independent route."""
    extreme = Extreme(instances.take(index).to("cpu"), family, summary(margin, index), 0.0)
    exact = confirm(route.check, extreme.instance)
    if role != "witness" and exact.verdict == "violated":
        extreme, exact = route.reduced(extreme, exact)
    identifier = route.record(extreme, role, "violated", exact)
    left, right = extreme.margin["left"], extreme.margin["right"]
    if exact.verdict != "violated":
        message = f"the independent route finds {identifier} {exact.verdict}, not violated"
        return Outcome("not found", message, identifier, True)
    return Outcome("found", f"left {left:.6g} > right {right:.6g}, agreed at {DIGITS} digits", identifier)


def witness(route: Route) -> Outcome:
    """Replay the stored counterexample of a control."""
    assert route.check.witness is not None
    instance = witnesses.load(route.check.witness)
    violating, margin, decision = route.counterexamples(instance)
    tally = Tally()
    tally.add(instance, "witness", False, route.check.met(instance).to(violating.device), margin, decision)
    route.close(tally)
    if bool(violating[0]):
        return _found(route, instance, margin, 0, "witness", "witness")
    met, lacking = bool(route.check.met(instance)[0]), bool(route.check.dropped(instance)[0])
    reason = "it does not violate" if met and lacking else "its assumptions are not as stated"
    return Outcome("not found", f"the witness {route.check.witness} is no counterexample: {reason}")


def search(route: Route) -> Outcome:
    """Look for a counterexample afresh among sampled instances that lack the dropped assumption."""
    closest: float | None = None
    tried = 0
    for shard, _, batches in route.shards(route.budget.searched, route.budget.shard_size):
        tally = Tally()
        outcome: Outcome | None = None
        for batch in batches:
            violating, margin, decision = route.counterexamples(batch.instances)
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
