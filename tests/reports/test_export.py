r"""Exports of a run."""

from __future__ import annotations

import csv
import io
import json

import pytest

from claims.kit.evidence import EvidenceError
from reports.collect import collect
from reports.export import to_csv, to_json, to_systems, to_table
from reports.summary import summarise
from tests.reports.evidence_builder import check, complete, good, header, result, stratum, tally, write


def test_csv_has_one_line_a_check(tmp_path):
    rows = list(csv.DictReader(io.StringIO(to_csv(summarise(collect(write(tmp_path, good())))))))
    assert [row["verdict"] for row in rows] == ["holds", "cannot be dropped"]
    assert rows[0]["instances"] == "200"
    assert rows[0]["terms"] == "initial=0.998"
    assert rows[0]["assumes"] == "A1 A2"
    assert float(rows[0]["quantile_0.99"]) >= 0.5
    assert rows[1]["without"] == "A1"
    assert rows[1]["counterexample"] == "ffeeddccbbaa"


def test_json_is_the_summary(tmp_path):
    summary = summarise(collect(write(tmp_path, good())))
    assert json.loads(to_json(summary)) == summary
    keys = "schema run hash versions device dtype profile seed subject selection workers complete incomplete"
    assert set(f"{keys} strata_not_run started wall verdicts exit claims".split()) <= set(summary)
    entry = "check paper reference name kind verdict instances held tied violated undecided unmet ratio"
    entry += " quantiles terms sharp clopper_pearson independent_draws seconds routes routes_not_run strata"
    entry += " systems parts ties assumes without counterexample worst of"
    assert set(entry.split()) <= set(summary["claims"][0])


def summary(tmp_path, *records, head=None, **changes):
    run = complete(*records, checks=[check(routes=["sampled"], **changes)])
    return summarise(collect(write(tmp_path, [header(**head), *run[1:]] if head else run)))


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


TERM = {"instances": 7, "max": 0.25, "refuted": 0}
STRATA = [
    stratum(60, 0.5, system="LISTA", terms={"data": TERM}),
    stratum(40, 0.75, terms={"initial": {"instances": 10, "max": 0.998, "refuted": 4}}),
]
TERMS = {"initial": {"instances": 10, "max": 0.998, "refuted": 4}, "data": TERM}


def test_a_line_a_regulariser_system_and_term(tmp_path):
    rows = lines(to_systems(summary(tmp_path, tally(strata=STRATA, terms=TERMS), result())))
    keys = "regularizer system instances ratio term sharp alone alone_ratio alone_refuted"
    assert [" ".join(row[key] or "-" for key in keys.split()) for row in rows] == [
        "l1 FBS 40 0.75 initial yes 10 0.998 4",
        "l1 FBS 40 0.75 data no 0 - 0",
        "l1 LISTA 60 0.5 initial yes 0 - 0",
        "l1 LISTA 60 0.5 data no 7 0.25 0",
    ]
    assert {row["check"] for row in rows} == {check()["check"]}


def test_what_the_evidence_does_not_say_is_left_empty(tmp_path):
    found = summary(tmp_path, tally(strata=[stratum(100, 0.5)], terms=TERMS), result())
    assert [entry["terms"] for entry in found["claims"][0]["systems"]] == [None]
    for row in lines(to_systems(found)):
        assert (row["instances"], row["alone"], row["alone_ratio"], row["alone_refuted"]) == (
            "100",
            "",
            "",
            "",
        )
    assert to_table(found).splitlines()[-1].split() == ["l1", "FBS", "100", "0.500", "?", "?"]


def test_table_for_a_terminal(tmp_path):
    shown = to_table(summary(tmp_path, tally(strata=STRATA, terms=TERMS), result())).splitlines()
    assert shown[0] == "run 20261120T053000Z-ab12cd, profile quick, float64 on cpu"
    assert shown[4] == "Lemma 3.1  test_bound: holds"
    assert [line.split() for line in shown[6:]] == [
        ["l1", "FBS", "40", "0.750", "0.998", "(10)", "–"],
        ["l1", "LISTA", "60", "0.500", "–", "0.250", "(7)"],
    ]
    assert len({len(line) for line in shown[6:]}) == 1


def test_table_leaves_out_controls_and_says_what_was_not_judged(tmp_path):
    assert "test_needs_convexity" not in to_table(summarise(collect(write(tmp_path / "a", good()))))
    assert to_table(summary(tmp_path / "b")).endswith("not run\n  no instance was judged\n")


def test_no_table_in_a_summary_of_an_older_version(tmp_path):
    found = summary(tmp_path, tally(), result())
    del found["claims"][0]["systems"], found["claims"][0]["parts"], found["subject_parts"]
    for export in (to_systems, to_table):
        with pytest.raises(EvidenceError, match="older version"):
            export(found)
    assert lines(to_csv(found))[0]["fbscore_parts"] == ""


@pytest.mark.parametrize(
    ("brought", "expected"), [([], ""), (["prox"], "extend project"), (["project"], "extend")]
)
def test_parts_of_fbscore_that_stood_in(tmp_path, brought, expected):
    records = [tally(), result(parts=["project", "extend"])]
    (row,) = lines(to_csv(summary(tmp_path, *records, head={"subject_parts": brought})))
    assert row["fbscore_parts"] == expected
