r"""Exports of a run."""

from __future__ import annotations

import csv
import io
import json

from reports.collect import collect
from reports.export import to_csv, to_json
from reports.summary import summarise
from tests.reports.evidence_builder import good, write


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
    entry += " ties assumes without counterexample worst of"
    assert set(entry.split()) <= set(summary["claims"][0])
