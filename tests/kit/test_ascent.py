"""The adversarial search: what it finds that sampling misses, and what it must leave alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from claims.families import functions
from claims.kit.arithmetic import norm
from claims.kit.ascent import ascend, scores
from claims.kit.claim import Assumption, claim
from claims.kit.context import FloatRun
from claims.kit.margin import Margin, at_most, decide
from claims.kit.profiles import PROFILES, QUICK, Climb
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.sampling import Batch, Sampler, Source
from claims.kit.subject import Subject, SubjectError

CPU = torch.device("cpu")
CUBE = Assumption(
    "cube", "0 ≤ v ≤ 1", lambda p: ((p.values >= 0) & (p.values <= 1)).flatten(1).all(1), "no way"
)
SMALL = Climb(shards=1, drawn=64, corners=2, shapes=2, starts=4, moves=16, rounds=6)


def cube(source: Source, size: int) -> Iterator[Batch]:
    values = source.uniform(size, 12, 1)
    yield Batch(functions.measured(values, 1), "uniform", independent=True)


def mean_is_small(p: Any, run: Any) -> Margin:
    """The mean of 12 numbers in [0, 1] is at most 1 − 1.7/12: false with probability 1.7¹²/12! = 1.2·10⁻⁶"""
    mean = p.values.sum((1, 2)) / 12
    return at_most(mean, {"mean": mean * 0 + 1 - 1.7 / 12}, run.rounding(12, mean * 0 + 1))


def carry_out(
    check: Any, route: str, *, seed: int = 1, profile: str = "quick", subject: Subject | None = None
) -> tuple[Outcome, list[dict[str, Any]]]:
    records: list[dict[str, Any]] = []
    run = FloatRun(subject or Subject(), CPU, torch.float64)
    emit = lambda record, **fields: records.append({"record": record, **fields})  # noqa: E731
    return run_route(Route(check.check, route, run, PROFILES[profile], seed, emit)), records


def toy(predicate: Any = mean_is_small, sampler: Any = cube, assumes: Any = (CUBE,)) -> Any:
    return claim("toys", "Claim 1", assumes=assumes).holds(sampled=Sampler("toys", sampler))(predicate)


def of_kind(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in records if record["record"] == kind]


# ---------------------------------------------------------------- what it finds


@pytest.mark.parametrize("seed", range(5))
def test_finds_what_sampling_misses(seed: int) -> None:
    assert carry_out(toy(), "sampled", seed=seed)[0].verdict == "holds"
    outcome, records = carry_out(toy(), "adversarial", seed=seed)
    assert outcome.verdict == "refuted"
    assert outcome.subject_at_fault is False
    roles = {i["role"]: i for i in of_kind(records, "instance")}
    assert roles["counterexample"]["id"] == outcome.counterexample
    assert roles["counterexample"]["assumptions"] == {"cube": True}
    assert roles["counterexample"]["exact"]["verdict"] == roles["found"]["exact"]["verdict"] == "violated"


def test_finds_a_violation_in_many_unequal_numbers() -> None:
    """Uphill along a curved ridge: v must come within 2 % of the direction 1, 2, …, 8."""
    axis = torch.arange(1.0, 9.0, dtype=torch.float64)

    def no_alignment(p: Any, run: Any) -> Margin:
        """⟨v, e⟩ ≤ 0.999 ‖v‖ ‖e‖"""
        v = p.values[:, :, 0]
        left = (v * axis).sum(1) / axis.norm()
        return at_most(left, {"size": 0.999 * norm(v)}, run.rounding(8, norm(v)))

    def gaussian(source: Source, size: int) -> Iterator[Batch]:
        yield Batch(functions.measured(source.normal(size, 8, 1), 1), "gaussian", independent=True)

    check = toy(no_alignment, gaussian, ()).check
    run = FloatRun(Subject(), CPU, torch.float64)
    route = Route(check, "adversarial", run, PROFILES["quick"], 1, lambda *_, **__: None)
    climb = replace(QUICK, drawn=1024, rounds=60)
    source = Source(1, CPU)
    seen = list(ascend(gaussian(source, climb.drawn), route.judge, climb, source))
    assert not bool(seen[0][5].violated.any())
    assert any(bool(decision.violated.any()) for *_, decision in seen)


def test_a_true_claim_holds() -> None:
    def mean_is_at_most_one(p: Any, run: Any) -> Margin:
        """The mean of numbers in [0, 1] is at most 1"""
        mean = p.values.sum((1, 2)) / 12
        return at_most(mean, {"mean": mean * 0 + 1}, run.rounding(12, mean * 0 + 1))

    outcome, records = carry_out(toy(mean_is_at_most_one), "adversarial")
    assert outcome.verdict == "holds"
    (tally,) = of_kind(records, "tally")
    assert tally["ratio"]["max"] > 0.99
    assert tally["counts"]["unmet"] > 0


def test_a_finding_of_the_subject_alone_is_its_fault() -> None:
    subject = replace(Subject(), name="doubled", project=lambda values, cells: 2 * values[:, :cells])

    def projected(p: Any, run: Any) -> Margin:
        """‖P_1 v‖ ≤ bound"""
        return at_most(norm(run.project(p.values, 1)[:, 0]), {"bound": p.bound}, run.rounding(12, p.bound))

    assert carry_out(toy(projected), "adversarial")[0].verdict == "holds"
    outcome, _ = carry_out(toy(projected), "adversarial", subject=subject)
    assert (outcome.verdict, outcome.subject_at_fault) == ("refuted", True)


# ---------------------------------------------------------------- evidence


def test_no_instance_is_an_independent_draw() -> None:
    _, records = carry_out(toy(), "adversarial")
    (tally,) = of_kind(records, "tally")
    assert tally["draws"] == {"independent": 0, "bad": 0}
    assert {stratum["family"] for stratum in tally["strata"]} == {"uniform", "adversarial"}


def test_the_same_seed_repeats_everything() -> None:
    assert carry_out(toy(), "adversarial", seed=5) == carry_out(toy(), "adversarial", seed=5)
    assert carry_out(toy(), "adversarial", seed=5) != carry_out(toy(), "adversarial", seed=6)


def test_nothing_that_meets_the_assumptions_is_vacuous() -> None:
    never = Assumption("never", "no", lambda p: torch.zeros(p.size, dtype=torch.bool), "nothing")
    outcome, _ = carry_out(toy(assumes=(CUBE, never)), "adversarial")
    assert outcome.verdict == "vacuous"


def test_a_subject_error_comes_through() -> None:
    def projected(p: Any, run: Any) -> Margin:
        """anything"""
        return at_most(norm(run.project(p.values, 1)[:, 0]), {"bound": p.bound}, p.bound)

    subject = replace(Subject(), name="silent", project=lambda values, cells: None)
    with pytest.raises(SubjectError, match="silent: project"):
        carry_out(toy(projected), "adversarial", subject=subject)


def test_every_claim_that_is_sampled_has_the_route() -> None:
    assert toy().check.routes(0) == ["sampled", "adversarial"]


def test_a_route_says_where_nothing_could_be_moved() -> None:
    def never_asked(source: Source, size: int) -> Iterator[Batch]:
        yield Batch(functions.measured(source.uniform(size, 12, 1), 1), "still", independent=False)

    check = toy(sampler=never_asked)
    route = Route(
        check.check,
        "adversarial",
        FloatRun(Subject(), CPU, torch.float64),
        replace(PROFILES["quick"], climb=replace(SMALL, rounds=0)),
        1,
        lambda *_, **__: None,
    )
    outcome = run_route(route)
    assert outcome.verdict == "holds"
    assert outcome.message.startswith("nothing could be moved")


# ---------------------------------------------------------------- scores


def score(left: float, right: float, rounding: float = 0.0, certified: float = 0.0) -> float:
    sides = [torch.tensor([x], dtype=torch.float64) for x in (left, right, rounding, certified)]
    margin = at_most(sides[0], sides[1], sides[2], sides[3])
    found = float(scores(margin)[0, 0])
    assert (found > 0) == bool(decide(margin).violated[0]) or found == -torch.inf
    return found


def test_scores() -> None:
    assert score(1.0, 2.0) == -0.5
    assert score(3.0, 2.0) == 0.5
    assert score(0.0, 0.0) == -1.0
    assert score(1.0, 0.0) == torch.inf
    assert score(0.5, 0.0, rounding=1.0) == -0.5
    assert score(2.0, 1.0, rounding=0.5, certified=0.5) == 0.0
    assert score(float("nan"), 1.0) == torch.inf


def test_a_number_for_each_instance_counts_at_all_its_positions() -> None:
    left = torch.tensor([[1.0, 3.0], [4.0, 2.0]], dtype=torch.float64)
    each = torch.tensor([[2.0], [2.0]], dtype=torch.float64)
    whole = at_most(left, each.expand(2, 2), torch.zeros(2, dtype=torch.float64))
    assert scores(whole).tolist() == [[-0.5, 0.5], [1.0, 0.0]]


def test_an_overflow_refutes_nothing() -> None:
    def exponential(p: Any, run: Any) -> Margin:
        """0 ≤ exp(1000 v) · 0, NaN where exp overflows"""
        first = p.values[:, 0, 0]
        nothing = (1000 * first).exp() * 0
        return at_most(first / 1000, {"nothing": nothing + 1}, nothing)

    def small(source: Source, size: int) -> Iterator[Batch]:
        yield Batch(functions.measured(source.uniform(size, 3, 1) / 2, 1), "small", independent=True)

    outcome, records = carry_out(toy(exponential, small), "adversarial")
    assert outcome.verdict == "holds"
    assert of_kind(records, "tally")[0]["counts"]["unmet"] > 0


def test_where_the_bound_overflows_there_is_nothing_to_find() -> None:
    assert score(1.0, float("inf")) == -torch.inf
    assert score(float("inf"), 1.0, rounding=float("nan")) == -torch.inf
    assert score(float("inf"), 1.0, rounding=float("inf")) == -torch.inf
