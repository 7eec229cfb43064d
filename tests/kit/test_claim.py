"""What a check knows of itself, and what its file must say.

Second paragraph, with a formula: |v| ≤ 1.
"""

import inspect
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from claims.kit.claim import Check, claim
from claims.kit.margin import at_most
from claims.kit.sampling import Sampler
from tests.kit.toys import ALWAYS, NEVER, POSITIVE, SMALL, drawn, points, size, uniform

theorem = claim("toys", "Theorem 1", assumes=(ALWAYS, POSITIVE, SMALL))


def predicate(p, run):
    """|v| ≤ 1

    more of it
    """
    return at_most(size(p), {"bound": p.bound}, p.bound)


held = theorem.holds(drawn=drawn(1), sampled=uniform(), sharp=["bound"])(predicate)
failing = theorem.fails(without=SMALL, on=uniform(), witness="toy", expected="numbers above 1")(predicate)
explored = theorem.explores(without=SMALL, on=uniform())(predicate)


def test_the_statement_is_the_docstring_of_the_file():
    assert theorem.statement == __doc__


def test_a_file_without_docstring_is_refused():
    with pytest.raises(TypeError, match="Theorem 9: expected the claim file to state it in its docstring"):
        exec("claim('toys', 'Theorem 9', assumes=())", {"claim": claim})


def test_a_check_without_docstring_is_refused():
    def silent(p, run):
        return None

    for decorate in (
        theorem.holds(drawn=drawn(1)),
        theorem.fails(without=SMALL, on=uniform(), witness="toy"),
        theorem.explores(without=SMALL, on=uniform()),
    ):
        with pytest.raises(TypeError, match="silent: expected a docstring that states the finite form"):
            decorate(silent)


@pytest.mark.parametrize("test", [held, failing, explored])
def test_the_test_function_takes_the_route_and_the_runner(test):
    assert list(inspect.signature(test).parameters) == ["route", "claims_runner"]
    assert test.__name__ == "predicate"
    assert test.__doc__ == predicate.__doc__
    assert test.predicate is predicate
    calls = []
    test("drawn", lambda check, route: calls.append((check, route)))
    assert calls == [(test.check, "drawn")]


def test_identity():
    check = held.check
    assert isinstance(check, Check)
    assert check.id == "kit/test_claim.py::predicate"
    assert check.name == "predicate"
    assert check.path == Path(__file__)
    first = Path(__file__).read_text(encoding="utf-8").splitlines()[check.line - 1]
    assert first == "def predicate(p, run):"


def test_routes():
    assert held.check.routes(0) == held.check.routes(4) == ["drawn", "sampled", "adversarial"]
    assert theorem.holds(sampled=uniform())(predicate).check.routes(4) == ["sampled", "adversarial"]
    assert theorem.holds(drawn=drawn(1))(predicate).check.routes(4) == ["drawn"]
    assert failing.check.routes(0) == ["witness"]
    assert failing.check.routes(4) == ["witness", "search"]
    assert explored.check.routes(0) == []
    assert explored.check.routes(4) == ["search"]


def test_a_claim_that_no_route_could_carry_out_is_refused():
    with pytest.raises((TypeError, ValueError)):
        theorem.holds()(predicate)


def test_a_sharp_term_that_no_route_measures_is_refused():
    with pytest.raises((TypeError, ValueError)):
        theorem.holds(drawn=drawn(1), sharp=("bound",))(predicate)


def test_the_dropped_assumption_is_not_assumed():
    assert [a.key for a in held.check.assumes] == ["always", "positive", "small"]
    assert [a.key for a in failing.check.assumes] == ["always", "positive"]
    assert [a.key for a in explored.check.assumes] == ["always", "positive"]


def test_met_needs_every_assumption_that_is_kept():
    batch = points([0.5, -0.5, 2.0, -2.0])
    assert held.check.met(batch).tolist() == [True, False, False, False]
    assert failing.check.met(batch).tolist() == [True, False, True, False]
    never = claim("toys", "Theorem 1", assumes=(ALWAYS, NEVER)).holds(drawn=drawn(1))(predicate)
    assert not never.check.met(batch).any()
    free = claim("toys", "Theorem 1", assumes=()).holds(drawn=drawn(1))(predicate)
    assert free.check.met(batch).all()


def test_dropped_tells_what_is_lacking():
    batch = points([0.5, -0.5, 2.0, -2.0])
    assert failing.check.dropped(batch).tolist() == [False, False, True, True]
    assert not held.check.dropped(batch).any()
    assert held.check.dropped(batch).dtype == torch.bool


def test_description_of_a_claim():
    entry = held.check.describe(7, 0)
    assert entry["title"] == "What a check knows of itself, and what its file must say."
    assert entry["statement"].endswith("with a formula: |v| ≤ 1.")
    assert entry["finite_form"] == "|v| ≤ 1\n\nmore of it"
    assert (entry["order"], entry["kind"]) == (7, "claim")
    assert (entry["paper"], entry["reference"]) == ("toys", "Theorem 1")
    assert entry["check"] == held.check.id
    assert (entry["routes"], entry["routes_not_run"]) == (["drawn", "sampled", "adversarial"], {})
    assert entry["dispensable"] == []
    assert [a["key"] for a in entry["assumes"]] == ["always", "positive", "small"]
    assert entry["sharp"] == ["bound"]
    assert entry["distribution"] == "uniform in [0, 1)"
    assert entry["without"] is entry["witness"] is entry["expected"] is None
    assert entry["path"] == "tests/kit/test_claim.py"
    assert entry["line"] == held.check.line


def test_routes_that_are_not_selected_are_named():
    entry = held.check.describe(0, 0, ["sampled"])
    assert entry["routes"] == ["sampled"]
    assert entry["routes_not_run"] == {"drawn": "not selected", "adversarial": "not selected"}
    search = failing.check.describe(0, 4, ["witness"])["routes_not_run"]
    assert search == {"search": "not selected"}
    left_out = failing.check.describe(0, 0, ["witness"])["routes_not_run"]
    assert left_out == {"search": "runs in the profiles default and thorough"}


def test_an_assumption_of_the_paper_that_is_not_needed_has_its_argument():
    spared = claim("toys", "Theorem 1", assumes=(ALWAYS,), dispensable={SMALL: "the bound is 2"})
    entry = spared.holds(drawn=drawn(1))(predicate).check.describe(0, 0)
    assert [a["key"] for a in entry["assumes"]] == ["always"]
    assert entry["dispensable"] == [{"key": "small", "text": "toy: small", "argument": "the bound is 2"}]


def test_description_of_a_control():
    entry = failing.check.describe(0, 0)
    assert entry["kind"] == "control"
    assert entry["routes_not_run"] == {"search": "runs in the profiles default and thorough"}
    assert failing.check.describe(0, 4)["routes_not_run"] == {}
    assert entry["without"] == {"key": "small", "text": "toy: small"}
    assert entry["witness"] == "toy"
    assert entry["expected"] == "numbers above 1"
    assert explored.check.describe(0, 0)["kind"] == "exploration"


def test_a_sampler_is_not_needed_for_a_description():
    assert theorem.holds(drawn=drawn(1))(predicate).check.describe(0, 0)["distribution"] == ""
    assert isinstance(held.check.sampled, Sampler)


def test_what_is_not_testable_is_described_with_the_reason():
    assert held.check.describe(0, 0)["untestable"] == []
    limit = replace(SMALL, untestable="a limit of the oracle")
    given = claim("toys", "Theorem 1", assumes=(ALWAYS, limit), untestable={ALWAYS: "a definition"})
    entry = given.holds(drawn=drawn(1))(predicate).check.describe(0, 0)
    reasons = {one["key"]: one["argument"] for one in entry["untestable"]}
    assert reasons == {"small": "a limit of the oracle", "always": "a definition"}
    assert all(one["text"] for one in entry["untestable"])
    assert "untestable" not in limit.describe()


def test_what_is_not_assumed_cannot_be_untestable():
    with pytest.raises(TypeError, match="untestable: expected assumptions of Theorem 1, got small"):
        claim("toys", "Theorem 1", assumes=(ALWAYS,), untestable={SMALL: "a reason"})
