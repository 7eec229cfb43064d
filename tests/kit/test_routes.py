"""|v| ≤ bound: what each route says where that is true, false, vacuous, undecided, loose or broken.

The toys are not called ``test_…``, so that pytest does not take them for claims.
"""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import strategies as st

from claims.families import strategies, systems
from claims.families.plain import plain
from claims.kit import route as one_route
from claims.kit import witnesses
from claims.kit.arithmetic import norm
from claims.kit.claim import claim
from claims.kit.confirm import Confirmation
from claims.kit.instances import Regularizer, WeightPair
from claims.kit.margin import at_most
from claims.kit.sampling import Batch, Sampler, Source
from claims.kit.subject import Subject, SubjectError
from tests.kit import toys
from tests.kit.toys import (
    ALWAYS,
    CPU,
    NEVER,
    POSITIVE,
    SMALL,
    drawn,
    exactly,
    of_kind,
    points,
    run,
    size,
    uniform,
)

DOUBLED = replace(Subject(), name="doubled", project=lambda values, cells: 2 * values)


def bounded(p, run):
    """|v| ≤ bound"""
    return at_most(size(p), {"bound": p.bound}, run.rounding(0, p.bound))


def projected(p, run):
    """‖P_1 v‖ ≤ bound"""
    return at_most(norm(run.project(p.values, 1)[:, 0]), {"bound": p.bound}, run.rounding(1, p.bound))


def check(predicate=bounded, *, assumes=(ALWAYS,), **ways):
    return claim("toys", "Claim 1", assumes=assumes).holds(**ways)(predicate)


@pytest.mark.parametrize("route", ["drawn", "sampled"])
class TestVerdicts:
    """The same toy by both routes of a claim."""

    def ways(self, **changes):
        return {"drawn": drawn(100, bound=100.0), "sampled": uniform(), **changes}

    def test_true(self, route):
        outcome, records = run(check(**self.ways()), route)
        assert outcome.verdict == "holds"
        assert outcome.counterexample is outcome.subject_at_fault is None
        (tally,) = of_kind(records, "tally")
        expected = 60 if route == "drawn" else 64 + 1
        assert tally["counts"]["instances"] == tally["counts"]["held"] == expected
        assert f"{expected} instances" in outcome.message

    def test_false(self, route):
        outcome, records = run(check(**self.ways(drawn=drawn(1000, 10.0), sampled=uniform(bound=0.5))), route)
        assert outcome.verdict == "refuted"
        assert outcome.subject_at_fault is False
        assert "the statement itself fails" in outcome.message
        roles = ["counterexample"] if route == "drawn" else ["found", "counterexample"]
        assert [i["role"] for i in of_kind(records, "instance")] == roles
        for instance in of_kind(records, "instance"):
            assert instance["verdict"] == instance["exact"]["verdict"] == "violated"
            assert instance["margin"]["left"] > instance["margin"]["right"]
            assert instance["assumptions"] == {"always": True}
        assert of_kind(records, "instance")[-1]["id"] == outcome.counterexample
        (tally,) = of_kind(records, "tally")
        assert tally["counts"]["violated"] >= 1
        assert tally["worst"] is None

    def test_vacuous(self, route):
        outcome, records = run(check(assumes=(ALWAYS, NEVER), **self.ways()), route)
        assert outcome.verdict == "vacuous"
        (tally,) = of_kind(records, "tally")
        assert tally["counts"]["instances"] == 0
        assert tally["counts"]["unmet"] > 0
        assert of_kind(records, "instance") == []

    def test_undecided(self, route):
        def wide(p, run):
            """|v| ≤ bound, up to twice that"""
            return at_most(size(p), {"bound": p.bound}, run.rounding(0, p.bound), 2 * p.bound)

        outcome, records = run(check(wide, **self.ways()), route)
        assert outcome.verdict == "undecided"
        assert "the certified radius is too wide" in outcome.message
        (tally,) = of_kind(records, "tally")
        assert tally["counts"]["undecided"] == tally["counts"]["instances"] > 0
        roles = {(i["role"], i["verdict"]) for i in of_kind(records, "instance")}
        assert ("undecided", "undecided") in roles

    def test_error(self, route):
        def broken(p, run):
            """raises"""
            raise ArithmeticError("boom")

        with pytest.raises(ArithmeticError, match="boom"):
            run(check(broken, **self.ways()), route)

    def test_nan(self, route):
        def undefined(p, run):
            """NaN"""
            return at_most(size(p) / 0 * 0, {"bound": p.bound}, run.rounding(0, p.bound))

        outcome, records = run(check(undefined, **self.ways()), route)
        assert outcome.verdict == "refuted"
        assert all(math.isnan(i["margin"]["left"]) for i in of_kind(records, "instance"))
        assert "left nan > right" in outcome.message

    def test_instances_outside_the_assumptions_cannot_violate(self, route):
        numbers = [-9.0, 0.25, -3.0, 0.5]
        strategy = st.sampled_from(numbers).map(lambda x: points([x]))
        ways = {"drawn": strategy, "sampled": exactly(points(numbers))}
        outcome, records = run(check(assumes=(POSITIVE,), **ways), route)
        (tally,) = of_kind(records, "tally")
        assert outcome.verdict == "holds"
        assert tally["counts"]["unmet"] >= 2
        assert tally["counts"]["violated"] == 0


# ---- what only one of the routes does


def test_hypothesis_shrinks_to_the_smallest_violation():
    outcome, records = run(check(drawn=drawn(10**6, bound=10.0)), "drawn")
    assert outcome.verdict == "refuted"
    (instance,) = of_kind(records, "instance")
    assert instance["margin"]["left"] == 11.0


def test_hypothesis_shrinks_a_network_to_a_tiny_one():
    def small(p, run):
        """‖u_N‖ ≤ 1"""
        last = norm(run.forward(p)[:, -1])
        return at_most(last, {"one": last * 0 + 1}, last * 0)

    outcome, records = run(check(small, drawn=strategies.networks()), "drawn", drawn=200)
    assert outcome.verdict == "refuted"
    assert outcome.subject_at_fault is False
    (instance,) = of_kind(records, "instance")
    assert instance["labels"]["N"] == instance["labels"]["d"] == 1
    assert instance["labels"]["m"] == 0
    (initial,) = (float.fromhex(x) for x in instance["data"]["u0"]["hex"])
    assert 1 < abs(initial) <= 2


def test_shrinking_adds_no_instances():
    _, records = run(check(drawn=drawn(10**6, bound=10.0)), "drawn", drawn=60)
    (tally,) = of_kind(records, "tally")
    assert tally["counts"]["instances"] <= 60
    assert tally["counts"]["violated"] == 1


def test_an_undecided_instance_is_not_recorded_as_held():
    def wide(p, run):
        """|v| ≤ bound, up to half of it"""
        return at_most(size(p), {"bound": p.bound}, run.rounding(0, p.bound), p.bound / 2)

    _, records = run(check(wide, sampled=exactly(points([0.0, 1.0]))), "sampled")
    verdicts = {i["role"]: (i["id"], i["verdict"]) for i in of_kind(records, "instance")}
    assert verdicts["undecided"] == (points([1.0]).identifier(), "undecided")
    assert verdicts["worst"] == verdicts["undecided"]


def test_loose_where_a_sharp_term_is_two_hundredths_too_large():
    def padded(p, run):
        """|v| ≤ 1.02|v|"""
        return at_most(size(p), {"size": 1.02 * size(p)}, run.rounding(0, p.bound))

    outcome, _ = run(check(padded, sampled=uniform(), sharp=("size",)), "sampled")
    assert outcome.verdict == "loose"
    assert "'size'" in outcome.message
    assert "0.98" in outcome.message
    assert run(check(padded, sampled=uniform()), "sampled")[0].verdict == "holds"


def test_a_sharp_term_that_is_reached():
    def exact(p, run):
        """|v| ≤ |v|"""
        return at_most(size(p), {"size": size(p)}, run.rounding(0, p.bound))

    assert run(check(exact, sampled=uniform(), sharp=("size",)), "sampled")[0].verdict == "holds"


def test_loose_where_a_sharp_term_never_stands_alone():
    def shared(p, run):
        """|v| ≤ |v| + bound"""
        return at_most(size(p), {"size": size(p), "bound": p.bound}, run.rounding(0, p.bound))

    outcome, _ = run(check(shared, sampled=uniform(), sharp=("size",)), "sampled")
    assert outcome.verdict == "loose"
    assert "never stood alone" in outcome.message


def test_a_sharp_term_must_exist():
    outcome, _ = run(check(sampled=uniform(), sharp=("nonsense",)), "sampled")
    assert outcome.verdict == "error"
    assert "nonsense" in outcome.message


def attaining(*batches, terms=("size",)):
    """These batches, each made to attain the terms."""

    def draw(source, count):
        for i, batch in enumerate(batches):
            yield Batch(batch, f"made {i}", independent=False, attains=terms)

    return Sampler("made", draw)


def halved(p, run):
    """|v| ≤ bound"""
    return at_most(size(p), {"size": p.bound}, run.rounding(0, p.bound))


def test_loose_where_instances_made_to_attain_a_sharp_term_do_not():
    made = points([1.0]), points([0.5, 0.25])
    outcome, _ = run(check(halved, sampled=attaining(*made), sharp=("size",)), "sampled")
    assert outcome.verdict == "loose"
    place = "in {'d': 1, 'M': 1, 'N': 1}, made 1"
    assert outcome.message == (
        f"held on 3 instances, but the term 'size', declared sharp, reached 0.25, not 0.99, {place}"
    )
    for good in (
        check(halved, sampled=attaining(*made)),  # not declared sharp
        check(halved, sampled=attaining(*made, terms=()), sharp=("size",)),  # not made to attain it
        check(halved, sampled=attaining(points([0.995, 1.0])), sharp=("size",)),  # all of them do
        check(halved, assumes=(POSITIVE,), sampled=attaining(made[0], points([-0.5])), sharp=("size",)),
    ):
        assert run(good, "sampled")[0].verdict == "holds"


def pairs(name, count):
    """So many points with two weights for a regulariser."""
    ones = torch.ones(count, 1, dtype=torch.float64)
    return WeightPair(Regularizer(name, {}), ones, ones[:, 0], ones[:, 0])


@pytest.mark.parametrize(("count", "verdict"), [(8, "vacuous"), (7, "holds")])
def test_vacuous_where_many_of_a_regulariser_are_made_and_none_meets_the_assumptions(count, verdict):
    def trivial(p, run):
        """|v| ≤ |v| + 1"""
        return at_most(norm(p.v), {"v": norm(p.v), "one": 0 * p.a + 1}, run.rounding(0, p.a))

    only = replace(ALWAYS, predicate=lambda p: torch.full((p.size,), p.regularizer.name == "l2"))
    sampler = exactly(pairs("l2", 4), pairs("linf", count), pairs("linf", 0))
    outcome, _ = run(check(trivial, assumes=(only,), sampled=sampler), "sampled")
    assert outcome.verdict == verdict
    if verdict == "vacuous":
        assert outcome.message == "no instance with linf met the assumptions"


# ---- systems


def one_of_each():
    """A network as each of the systems."""
    network = plain(Source(1, CPU), "l1", 2, 2, 3, gain=0.5, data=1.0, lam=0.5)
    return [maker(network) for maker in systems.MAKERS]


def starts(p, run):
    """‖u_0‖ ≤ ‖u0‖"""
    return at_most(norm(run.forward(p)[:, 0]), {"u0": norm(p.u0)}, run.rounding(1, norm(p.u0)))


@pytest.mark.parametrize(
    "own", [("FBS",), ("LISTA",), ("FBS", "ALISTA"), ("FBS", "LISTA", "ALISTA")], ids=" ".join
)
@pytest.mark.parametrize("route", ["sampled", "adversarial", "drawn"])
def test_only_systems_that_the_subject_runs_are_judged(own, route):
    subject = replace(Subject(), name="some", systems=own)
    test = check(starts, sampled=exactly(*one_of_each()), drawn=strategies.networks())
    outcome, records = run(test, route, subject=subject)
    assert outcome.verdict == "holds"
    strata = [row for tally in of_kind(records, "tally") for row in tally["strata"]]
    assert {row["system"] for row in strata} == set(own)
    if route == "sampled":
        assert outcome.message == f"no counterexample in {2 * len(own)} instances"


def test_a_claim_about_systems_that_the_subject_does_not_run_is_vacuous():
    subject = replace(Subject(), name="some", systems=("ALISTA",))
    test = check(starts, sampled=exactly(*one_of_each()[:2]))
    assert run(test, "sampled", subject=subject)[0].verdict == "vacuous"


def test_instances_of_no_system_are_judged_whatever_the_subject_runs():
    subject = replace(Subject(), name="some", systems=("FBS",))
    assert run(check(sampled=uniform()), "sampled", subject=subject)[0].verdict == "holds"


# ---- whose fault


@pytest.mark.parametrize(
    ("verdict", "fault", "words"),
    [
        ("violated", False, "agrees: the statement itself fails"),
        ("held", True, "finds it held: the subject is at fault"),
        ("tied", True, "finds it tied: the subject is at fault"),
        ("undecided", None, "cannot decide it, so neither the statement nor the subject is blamed"),
    ],
)
@pytest.mark.parametrize("way", ["sampled", "drawn"])
def test_whose_fault_a_violation_is(monkeypatch, verdict, fault, words, way):
    monkeypatch.setattr(one_route, "confirm", lambda check, instance: Confirmation(verdict, "1", "0"))
    test = check(sampled=exactly(points([0.5, 3.0])), drawn=drawn(9))
    outcome, records = run(test, way)
    assert outcome.verdict == "refuted"
    assert outcome.subject_at_fault is fault
    assert outcome.message.endswith(f"the independent route at 60 digits {words}")
    assert {i["exact"]["verdict"] for i in of_kind(records, "instance")} == {verdict}


def test_a_refutation_says_where_and_by_how_much():
    def second(p, run):
        """0 ≤ bound and |v| ≤ bound"""
        left = torch.stack([0 * size(p), size(p)], 1) if isinstance(p.bound, torch.Tensor) else size(p)
        return at_most(left, {"bound": p.bound}, 2.0**-10 * p.bound)

    outcome, _ = run(check(second, sampled=exactly(points([4.0], bound=2.0)), drawn=drawn(9)), "drawn")
    assert outcome.message.startswith(
        "left 2.0 > right 1.0 at position 1, rounding 0.00098 (d 1, M 1, N 1; drawn); the independent route"
    )


def test_a_violation_that_hides_in_the_round_off_is_found_in_ball_arithmetic():
    hidden = points([1.0 + 2.0**-52])
    outcome, records = run(check(sampled=exactly(points([0.5]), hidden)), "sampled")
    assert outcome.verdict == "refuted"
    assert outcome.counterexample == hidden.identifier()
    assert outcome.subject_at_fault is False
    (tally,) = of_kind(records, "tally")
    assert tally["ties"] == {"rechecked": 1, "tied": 0, "held": 0, "violated": 1, "undecided": 0}
    counts = {"instances": 2, "held": 1, "tied": 0, "violated": 1, "undecided": 0, "unmet": 0}
    assert tally["counts"] == counts


def test_a_hidden_violation_is_found_in_the_drawn_route_too():
    strategy = st.sampled_from([0.5, 1.0 + 2.0**-52]).map(lambda x: points([x]))
    outcome, _ = run(check(drawn=strategy), "drawn")
    assert outcome.verdict == "refuted"


def test_exact_ties_are_rechecked_and_stay():
    ties = points([1.0, 1.0, 0.5]), points([1.0 - 2.0**-53])
    outcome, records = run(check(sampled=exactly(*ties)), "sampled")
    (tally,) = of_kind(records, "tally")
    assert outcome.verdict == "holds"
    assert tally["counts"]["tied"] == 3
    assert tally["ties"]["rechecked"] == 2
    assert tally["ties"]["violated"] == 0


def test_the_subject_is_at_fault_where_the_oracle_disagrees():
    test = check(projected, sampled=uniform(), drawn=drawn(1))
    assert run(test, "sampled")[0].verdict == "holds"
    for route in ("sampled", "drawn"):
        outcome, _ = run(test, route, subject=DOUBLED)
        assert outcome.verdict == "refuted"
        assert outcome.subject_at_fault is True
        assert "the subject is at fault" in outcome.message


def test_a_violation_that_does_not_repeat_is_not_lost():
    calls = []

    def once(values, cells):
        calls.append(1)
        return values * (3e9 if len(calls) == 7 else 1)

    test = check(projected, drawn=drawn(1000, 1e6))
    outcome, records = run(test, "drawn", subject=replace(Subject(), name="once", project=once))
    assert outcome.verdict == "refuted"
    assert outcome.subject_at_fault is True
    (instance,) = of_kind(records, "instance")
    assert instance["id"] == outcome.counterexample
    assert instance["margin"]["left"] > 1e6


@pytest.mark.parametrize("route", ["drawn", "sampled"])
def test_a_subject_error_comes_through(route):
    subject = replace(Subject(), name="silent", project=lambda values, cells: None)
    with pytest.raises(SubjectError, match="silent: project: expected a tensor of shape"):
        run(check(projected, sampled=uniform(), drawn=drawn(1)), route, subject=subject)


def test_sampling_stops_at_the_first_shard_that_refutes():
    _, records = run(check(sampled=uniform(bound=0.5)), "sampled", shards=4)
    assert len(of_kind(records, "tally")) == 1


def test_every_shard_is_recorded_with_its_progress():
    outcome, records = run(check(sampled=uniform()), "sampled", shards=3, size=32)
    assert [t["shard"] for t in of_kind(records, "tally")] == [0, 1, 2]
    assert [(p["done"], p["total"]) for p in of_kind(records, "progress")] == [(1, 3), (2, 3), (3, 3)]
    assert "99 instances" in outcome.message
    assert all(t["draws"] == {"independent": 32, "bad": 0} for t in of_kind(records, "tally"))


def test_drawn_instances_are_no_independent_draws():
    _, records = run(check(drawn=drawn(100, 100.0)), "drawn")
    assert of_kind(records, "tally")[0]["draws"] == {"independent": 0, "bad": 0}


def test_the_largest_ratio_is_recorded_exactly():
    _, records = run(check(sampled=exactly(points([0.5, 0.75, 0.25]))), "sampled")
    (instance,) = of_kind(records, "instance")
    (tally,) = of_kind(records, "tally")
    assert (instance["role"], instance["verdict"]) == ("worst", "held")
    assert tally["worst"] == instance["id"] == points([0.75]).identifier()
    assert instance["data"] == points([0.75]).encode()


def test_the_smallest_of_many_violations_is_reported():
    long = points([5.0])
    long = replace(long, values=long.values.expand(1, 8, 1).contiguous())
    outcome, records = run(check(sampled=exactly(long, points([5.0]))), "sampled")
    found, reduced = of_kind(records, "instance")
    assert (found["role"], found["id"]) == ("found", points([5.0]).identifier())
    assert (reduced["role"], reduced["id"]) == ("counterexample", outcome.counterexample)
    assert outcome.counterexample == points([1.0], bound=0.0).identifier()


def test_the_subject_is_asked_in_the_dtype_of_the_run():
    kinds = []

    def watched(values, cells):
        kinds.append(values.dtype)
        return values

    subject = replace(Subject(), project=watched)
    run(check(projected, sampled=uniform()), "sampled", subject=subject, dtype=torch.float32)
    assert set(kinds) == {torch.float32}


# ---- seeds


def everything(test, route, seed):
    return run(test, route, seed=seed, shards=2)[1]


@pytest.mark.parametrize("route", ["drawn", "sampled"])
def test_the_same_seed_repeats_everything(route):
    test = check(drawn=drawn(10**6, 10.0**6), sampled=uniform(), sharp=())
    assert everything(test, route, 5) == everything(test, route, 5)
    assert everything(test, route, 5) != everything(test, route, 6)


def test_a_refutation_repeats_exactly():
    test = check(drawn=drawn(10**6, 977.0))
    assert everything(test, "drawn", 3) == everything(test, "drawn", 3)


def seen(name, route, seed=1):
    """The numbers that a check of that name is given, shard by shard, less the corner."""
    numbers = []

    def predicate(p, run):
        """anything"""
        numbers.append(p.values.reshape(-1).tolist())
        return at_most(size(p), {"bound": p.bound}, p.bound)

    predicate.__name__ = name
    test = check(predicate, sampled=uniform(), drawn=drawn(10**6, 10.0**6))
    run(test, route, seed=seed, shards=2, size=16)
    return [x for x in numbers if route == "drawn" or x != [1.0]]


def test_shards_checks_and_seeds_draw_different_numbers():
    first, second = (set(shard) for shard in seen("one", "sampled"))
    assert not first & second
    assert [set(shard) for shard in seen("one", "sampled")] == [first, second]
    assert not first & set(seen("two", "sampled")[0])
    assert not first & set(seen("one", "sampled", seed=2)[0])


def test_checks_and_seeds_draw_different_examples():
    one = seen("one", "drawn")
    assert seen("one", "drawn") == one
    assert seen("two", "drawn") != one
    assert seen("one", "drawn", seed=2) != one


# ---- controls


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(witnesses, "FOLDER", tmp_path)
    return tmp_path


def control(on=None, predicate=bounded, assumes=(POSITIVE, SMALL), without=SMALL):
    theorem = claim("toys", "Claim 1", assumes=assumes)
    return theorem.fails(without=without, on=on or exactly(points([0.5])), witness="toy")(predicate)


@pytest.mark.parametrize(
    ("number", "verdict", "reason"),
    [
        (2.0, "found", "agreed at 60 digits"),
        (0.5, "not found", "its assumptions are not as stated"),
        (-2.0, "not found", "its assumptions are not as stated"),
        (1.0, "not found", "its assumptions are not as stated"),
    ],
)
def test_witness(folder, number, verdict, reason):
    witnesses.save("toy", "a toy", points([number]))
    outcome, records = run(control(), "witness")
    assert outcome.verdict == verdict
    assert reason in outcome.message
    roles = {i["role"] for i in of_kind(records, "instance")}
    assert ("witness" in roles) == (verdict == "found")
    if verdict == "found":
        (instance,) = of_kind(records, "instance")
        assert outcome.counterexample == instance["id"] == points([number]).identifier()
        assert instance["assumptions"] == {"positive": True, "small": False}
        assert instance["exact"]["verdict"] == "violated"


def test_a_witness_that_does_not_violate(folder):
    witnesses.save("toy", "a toy", points([0.5]))
    outcome, _ = run(control(without=NEVER, assumes=(POSITIVE, NEVER)), "witness")
    assert outcome.verdict == "not found"
    assert "it does not violate" in outcome.message


def test_a_witness_within_the_round_off_does_not_violate(folder):
    witnesses.save("toy", "a toy", points([1.0 + 2.0**-52]))
    assert run(control(), "witness")[0].verdict == "not found"


def test_a_missing_witness(folder):
    with pytest.raises(witnesses.WitnessError, match=r"toy\.json, which does not exist"):
        run(control(), "witness")


def test_a_counterexample_that_only_the_subject_shows_is_none(folder):
    witnesses.save("toy", "a toy", points([0.75]))
    test = control(exactly(points([0.75])), projected, (POSITIVE, NEVER), NEVER)
    for route in ("witness", "search"):
        outcome, _ = run(test, route, subject=DOUBLED)
        assert outcome.verdict == "not found"
    outcome, _ = run(test, "witness", subject=DOUBLED)
    assert outcome.subject_at_fault is True
    assert "independent route finds" in outcome.message


def test_search_finds():
    test = control(exactly(points([0.5, -7.0]), points([0.25, 3.0, 4.0])))
    outcome, records = run(test, "search")
    assert outcome.verdict == "found"
    found, reduced = of_kind(records, "instance")
    assert (found["role"], found["id"]) == ("found", points([3.0]).identifier())
    assert reduced["id"] == outcome.counterexample == points([1.0], bound=0.0).identifier()
    assert (reduced["role"], reduced["labels"]["family"]) == ("counterexample", "toy 1")
    assert reduced["assumptions"] == {"positive": True, "small": False}


def test_search_goes_on_to_further_shards():
    def draw(source, count):
        numbers = [2.0] if source.uniform(1).item() < 0.1 else [0.5]
        yield toys.Batch(points(numbers), "luck", independent=True)

    outcome, records = run(control(toys.Sampler("luck", draw)), "search", searched=200)
    assert outcome.verdict == "found"
    assert len(of_kind(records, "tally")) > 1


@pytest.mark.parametrize(
    ("numbers", "why"), [([0.5, 0.875], "nothing is violated"), ([-2.0], "another assumption is not met")]
)
def test_search_does_not_find(numbers, why):
    outcome, _ = run(control(exactly(points(numbers))), "search", searched=3)
    assert outcome.verdict == "not found", why


def test_search_says_how_close_it_came():
    outcome, _ = run(control(exactly(points([0.5, 0.875]))), "search", searched=3)
    assert outcome.message == "no counterexample in 6 instances; the largest ratio was 0.875"
    nothing, _ = run(control(exactly(points([0.0], bound=0.0))), "search")
    assert "none stood out of the round-off" in nothing.message


def test_a_violation_that_does_not_lack_the_assumption_is_no_find():
    test = control(exactly(points([3.0])), without=ALWAYS, assumes=(POSITIVE, ALWAYS))
    assert run(test, "search")[0].verdict == "not found"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_counterexample(folder, number):
    def broken(p, run):
        """|v| ≤ bound, by a subject that overflows"""
        return at_most(size(p) * 0 + number, {"bound": p.bound}, run.rounding(0, p.bound))

    witnesses.save("toy", "a toy", points([2.0]))
    for way in ("witness", "search"):
        outcome, records = run(control(exactly(points([2.0])), broken), way)
        assert outcome.verdict == "not found"
        assert not {"witness", "counterexample"} & {i["role"] for i in of_kind(records, "instance")}


def test_a_search_runs_only_the_systems_of_the_subject():
    def moved(p, run):
        """‖u_N‖ ≤ 0"""
        last = norm(run.forward(p)[:, -1])
        return at_most(last, {"zero": 0 * last}, 0 * last)

    test = control(exactly(*one_of_each()[1:]), moved, (ALWAYS, NEVER), NEVER)
    assert run(test, "search")[0].verdict == "found"
    assert run(test, "search", subject=replace(Subject(), systems=("FBS",)))[0].verdict == "not found"
