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
    assert (row["A2"].states, row["A2"].controls) == (("assumed",), 0)


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
    assert [cell and cell.states for cell in first] == [("assumed",), ("dispensable",)]
    assert [cell and cell.states for cell in second] == [("assumed",), ("assumed",)]


def test_numbered_assumptions_come_first(tmp_path):
    named = [{"key": key, "text": ""} for key in ("strong", "A3", "bounded", "A1")]
    assert found(tmp_path, checks=[check(assumes=named)]).keys == ("A1", "A3", "strong", "bounded")
