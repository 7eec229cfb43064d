r"""The records of a report."""

from __future__ import annotations

import dataclasses

import pytest

from reports.collect import collect
from reports.model import Counts, Term, Ties
from tests.reports.evidence_builder import check, complete, control, good, result, tally, write


def test_counts_add():
    total = Counts(instances=2, held=1, violated=1) + Counts(instances=1, held=1, tied=1, unmet=4)
    assert total == Counts(instances=3, held=2, tied=1, violated=1, unmet=4)
    assert total.consistent
    assert not Counts(instances=1).consistent
    assert not Counts(instances=1, held=1, tied=2).consistent
    assert Ties(1, 1, 0, 0) + Ties(2, 0, 1, 1) == Ties(3, 1, 1, 1)


def test_terms_add():
    assert Term(2, 0.5, 1, None) + Term(3, 0.7, 0, 0.1) == Term(5, 0.7, 1, 0.1)
    assert Term(0, None, 0, None) + Term(1, -1.0, 0, None) == Term(1, -1.0, 0, None)


@pytest.mark.parametrize(
    ("largest", "refuted", "reached"),
    [(0.99, 1, True), (1.0, 0, False), (0.98, 3, False), (None, 0, False), (float("nan"), 1, False)],
)
def test_a_term_is_reached_if_it_is_refuted_a_little_lower(largest, refuted, reached):
    assert Term(5, largest, refuted, None).reached is reached


def test_records_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Counts().held = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_verdicts_are_counted(tmp_path):
    report = collect(write(tmp_path, good()))
    assert report.verdicts == {"cannot be dropped": 1, "holds": 1}
    assert report.complete
    assert report.exit == 0


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("holds", 0), ("refuted", 1), ("undecided", 1), ("loose", 1), ("vacuous", 1), ("error", 1)],
)
def test_exit_of_a_claim(tmp_path, verdict, code):
    count = {"refuted": {"violated": 1}, "undecided": {"undecided": 1}, "vacuous": {"counts": {}}}.get(
        verdict, {}
    )
    records = [tally(**count), result(verdict=verdict)]
    report = collect(write(tmp_path, complete(*records, checks=[check(routes=["sampled"])])))
    assert report.checks[0].verdict == verdict
    assert report.exit == code


@pytest.mark.parametrize(
    ("route", "verdict", "code"),
    [("witness", "found", 0), ("witness", "not found", 1), ("search", "not found", 0)],
)
def test_exit_of_a_control(tmp_path, route, verdict, code):
    plan = control(routes=[route], routes_not_run={})
    report = collect(write(tmp_path, complete(result(plan["check"], route, verdict), checks=[plan])))
    assert report.exit == code


def test_reconstructed_comes_from_the_statement(tmp_path):
    plans = [check(), check("a.py::test_x", statement="plain", order=9)]
    report = collect(write(tmp_path, complete(checks=plans)))
    assert [found.reconstructed for found in report.checks] == [True, False]
