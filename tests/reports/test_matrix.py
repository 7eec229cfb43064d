r"""The assumption matrix: what is assumed, needed, explored, and not needed."""

from __future__ import annotations

import pytest

from reports.collect import collect
from reports.matrix import STATES, matrix
from reports.pages import pages
from tests.reports.evidence_builder import CLAIM, CONTROL, check, complete, control, result, tally, write

A1 = {"key": "A1", "text": "R is convex"}


def found(tmp_path, *records, checks):
    return matrix(pages(collect(write(tmp_path, complete(*records, checks=checks)))))


def cells(tmp_path, *records, checks):
    table = found(tmp_path, *records, checks=checks)
    ((_, row),) = table.rows
    return {key: cell for key, cell in zip(table.keys, row, strict=True) if cell}


@pytest.mark.parametrize(
    ("verdict", "kind", "state"),
    [
        ("found", "control", "needed"),
        ("not found", "control", "failed"),
        (None, "control", "not run"),
        ("not found", "exploration", "explored"),
        ("found", "exploration", "needed"),
    ],
)
def test_what_became_of_dropping_an_assumption(tmp_path, verdict, kind, state):
    records = [result(CONTROL, "witness", verdict)] if verdict else []
    row = cells(tmp_path, *records, checks=[check(), control(kind=kind)])
    assert row["A1"].states == (state,)
    assert row["A1"].href.endswith(".html#test-needs-convexity")
    assert row["A1"].words == STATES[state][2]
    assert (row["A2"].states, row["A2"].controls) == (("not shown",), 0)


def test_one_counterexample_is_enough_and_a_failed_control_is_not_hidden(tmp_path):
    other = CONTROL.replace("needs_convexity", "again")
    checks = [check(), control(), control(other, kind="exploration")]
    row = cells(
        tmp_path, result(CONTROL, "witness", "found"), result(other, "witness", "not found"), checks=checks
    )
    assert row["A1"].states == ("needed",)
    row = cells(tmp_path / "b", result(CONTROL, "witness", "found"), checks=[*checks[:2], control(other)])
    assert row["A1"].states == ("needed",)
    checks = [check(), control(), control(other)]
    results = [result(CONTROL, "witness", "found"), result(other, "witness", "not found")]
    assert cells(tmp_path / "c", *results, checks=checks)["A1"].states == ("failed", "needed")


def test_what_is_not_needed_is_said_and_what_has_nothing_to_do_with_it_is_empty(tmp_path):
    dispensable = [{"key": "A2", "text": "0 minimises R", "argument": "nothing asks"}]
    checks = [check(assumes=[A1], dispensable=dispensable), check("b.py::test_y", order=9, reference="L 2")]
    table = found(tmp_path, tally(CLAIM), checks=checks)
    (_, first), (_, second) = table.rows
    assert table.keys == ("A1", "A2")
    assert [cell and cell.states for cell in first] == [("not shown",), ("dispensable",)]
    assert [cell and cell.states for cell in second] == [("not shown",), ("not shown",)]
    assert table.totals == {"cannot be dropped": 0, "not shown": 3, "dispensable": 1, "not testable": 0}


def test_what_is_not_testable_is_said(tmp_path):
    moderate = {"key": "moderate", "text": "the limit stretches distances at most 2^10 times"}
    untestable = [{**moderate, "argument": "no part of the theorem"}]
    checks = [check(assumes=[A1, moderate], untestable=untestable), control()]
    table = found(tmp_path, result(CONTROL, "witness", "found"), checks=checks)
    ((page, row),) = table.rows
    assert [cell and cell.states for cell in row] == [("needed",), ("not shown",), ("untestable",)]
    assert row[2] is not None
    assert row[2].words == "not testable; the page of the statement says why"
    assert table.totals == {"cannot be dropped": 1, "not shown": 1, "dispensable": 0, "not testable": 1}
    assert [one["argument"] for one in page.untestable] == ["no part of the theorem"]


def test_a_counterexample_counts_more_than_a_reason(tmp_path):
    checks = [check(assumes=[A1], untestable=[{**A1, "argument": "a definition"}]), control(assumes=[])]
    assert cells(tmp_path, result(CONTROL, "witness", "found"), checks=checks)["A1"].states == ("needed",)


def test_what_is_assumed_for_a_constant_is_not_needed(tmp_path):
    dispensable = [{**A1, "argument": "another constant serves"}]
    row = cells(tmp_path, tally(CLAIM), checks=[check(assumes=[A1], dispensable=dispensable)])
    assert row["A1"].states == ("dispensable",)


def test_numbered_assumptions_come_first(tmp_path):
    named = [{"key": key, "text": ""} for key in ("strong", "A3", "bounded", "A1")]
    assert found(tmp_path, checks=[check(assumes=named)]).keys == ("A1", "A3", "strong", "bounded")


def test_a_counterexample_to_a_constant_counts_as_dispensable(tmp_path):
    """The statement is proved without the assumption; a control that fails is counted as such still."""
    dispensable = [{**A1, "argument": "another constant serves"}]
    checks = [check(assumes=[A1], dispensable=dispensable), control(assumes=[])]
    table = found(tmp_path / "a", result(CONTROL, "witness", "found"), checks=checks)
    assert [cell and cell.states for _, row in table.rows for cell in row] == [("needed", "dispensable")]
    assert table.totals == {"cannot be dropped": 0, "not shown": 0, "dispensable": 1, "not testable": 0}
    table = found(tmp_path / "b", result(CONTROL, "witness", "not found"), checks=checks)
    assert table.totals == {"cannot be dropped": 0, "not shown": 1, "dispensable": 0, "not testable": 0}
