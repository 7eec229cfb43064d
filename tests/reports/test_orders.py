r"""Orders pooled by system and regulariser, in the summary, the CSV and on a terminal."""

from __future__ import annotations

import csv
import io
import math

import pytest

from claims.kit.evidence import EvidenceError
from reports.__main__ import main
from reports.collect import collect
from reports.export import to_orders, to_rates
from reports.orders import curves, listed, orders, pooled, power, shown
from reports.summary import dumps, summarise
from tests.reports.evidence_builder import check, complete, result, series, tally, write

ROWS = [
    series({4: [-2.0], 8: [-3.0]}, [1.0], system="LISTA"),
    series({4: [-2.0, -4.0], 8: [-3.0, -5.0]}, [0.5, 1.0]),
    series({4: [-6.0], 16: [-8.0]}, [3.0], regularizer="huber", family="vertices"),
    series({4: [9.0], 8: [9.0]}, [], independent=False, family="corner: one"),
]


def folder(tmp_path, *rows, route="sampled"):
    records = [tally(series=list(rows), route=route), result(route=route)]
    return write(tmp_path, complete(*records, checks=[check(routes=[route])]))


def found(tmp_path, *rows, route="sampled"):
    (only,) = collect(folder(tmp_path, *rows, route=route)).checks
    return only.series


def test_pools(tmp_path):
    every = [s for s in found(tmp_path, *ROWS) if s.independent]
    systems = pooled(every, "system")
    assert [(s.system, s.regularizer, s.instances) for s in systems] == [("FBS", "", 3), ("LISTA", "", 1)]
    assert [(d.N, d.gap.n, d.gap.mean) for d in systems[0].depths] == [
        (4, 3, -4.0),
        (8, 2, -4.0),
        (16, 1, -8.0),
    ]
    assert systems[0].order.mean == 1.5
    assert [s.family for s in pooled(every, "family")] == ["gaussian", "vertices"]
    assert len(pooled(every, "system", "regularizer", "family")) == 3


def test_instances_with_other_depths_have_curves_of_their_own(tmp_path):
    every = [s for s in found(tmp_path, *ROWS) if s.independent]
    assert [(s.system, s.grid, s.instances) for s in curves(every, "system")] == [
        ("FBS", (4, 8), 2),
        ("FBS", (4, 16), 1),
        ("LISTA", (4, 8), 1),
    ]


def test_curves_are_of_independent_draws_first(tmp_path):
    every = found(tmp_path / "a", *ROWS)
    assert all(s.independent for s in shown(every))
    corners = found(tmp_path / "b", ROWS[3])
    assert [s.family for s in shown(corners)] == ["corner: one"]
    assert orders(corners) == []
    witness = found(tmp_path / "c", ROWS[3], route="witness")
    assert [s.route for s in shown(witness)] == [s.route for s in listed(witness)] == ["witness"]
    assert shown([]) == []


def test_orders_in_the_order_of_the_papers(tmp_path):
    rows = orders(found(tmp_path, *ROWS))
    assert [(s.system, s.regularizer, s.order.mean) for s in rows] == [
        ("FBS", "", 1.5),
        ("FBS", "huber", 3.0),
        ("FBS", "l1", 0.75),
        ("LISTA", "", 1.0),
        ("LISTA", "l1", 1.0),
    ]


def test_summary_has_orders_and_series(tmp_path):
    summary = summarise(collect(folder(tmp_path, *ROWS)))
    (entry,) = summary["claims"]
    whole = entry["orders"][0]
    assert {k: whole[k] for k in ("system", "regularizer", "instances", "n", "mean", "min", "max")} == {
        **{"system": "FBS", "regularizer": None, "instances": 3},
        **{"n": 3, "mean": 1.5, "min": 0.5, "max": 3.0},
    }
    assert whole["low"] < 1.5 < whole["high"]
    assert entry["orders"][1]["low"] is entry["orders"][1]["high"] is None  # one fit has no interval
    strata = {row["family"]: row for row in entry["series"] if row["system"] == "FBS"}
    assert [row["independent"] for row in strata.values()] == [True, True, False]
    (first, _) = strata["gaussian"]["depths"]
    assert first["gap"] == {"n": 2, "mean": 0.125, "min": 0.0625, "max": 0.25}
    assert first["bound"] == {"n": 2, "mean": 1.0, "min": 0.5, "max": 2.0}
    assert (first["N"], first["instances"], first["below"], first["unknown"]) == (4, 2, 0, 0)
    assert dumps(summary)


def test_drawn_and_moved_instances_are_not_listed_beside_sampled_ones(tmp_path):
    records = [
        tally(series=[ROWS[0]]),
        tally(route="drawn", series=[ROWS[3]]),
        result(),
        result(route="drawn"),
    ]
    (entry,) = summarise(collect(write(tmp_path, complete(*records))))["claims"]
    assert [row["route"] for row in entry["series"]] == ["sampled"]


def test_older_evidence_has_neither(tmp_path):
    (entry,) = summarise(collect(write(tmp_path, complete(tally(), result()))))["claims"]
    assert entry["orders"] == entry["series"] == []


@pytest.mark.parametrize(
    ("exponent", "value"), [(None, None), (-3.0, 0.125), (1024.0, math.inf), (-2000.0, 0.0)]
)
def test_powers(exponent, value):
    assert power(exponent) == value


def test_csv_has_a_line_a_stratum_and_depth(tmp_path):
    rows = list(csv.DictReader(io.StringIO(to_rates(summarise(collect(folder(tmp_path, *ROWS)))))))
    assert len(rows) == 8
    keys = (
        "route regularizer system family independent depths N instances gap_n gap_mean bound_mean bound_max"
    )
    line = "sampled l1 FBS gaussian yes 4 8 4 2 2 0.125 1.0 2.0"
    assert " ".join(rows[2][key] for key in keys.split()) == line
    assert rows[-1]["independent"] == "no"
    assert {row["check"] for row in rows} == {check()["check"]}


def test_orders_on_a_terminal(tmp_path):
    lines = to_orders(summarise(collect(folder(tmp_path, *ROWS)))).splitlines()
    assert lines[0] == "run 20261120T053000Z-ab12cd, profile quick, float64 on cpu"
    assert lines[5] == "Lemma 3.1  test_bound: holds"
    table = [line.split() for line in lines[7:]]
    assert table[0][:3] + table[0][-4:] == ["all", "FBS", "1.500", "0.500", "3.000", "3", "3"]
    assert table[1] == ["huber", "FBS", "3.000", "–", "3.000", "3.000", "1", "1"]
    assert len(table) == 5


def test_what_has_no_order_says_so(tmp_path):
    assert "no independent draws, so no order" in to_orders(
        summarise(collect(folder(tmp_path / "a", ROWS[3])))
    )
    assert "No check of this run recorded a series" in to_orders(summarise(collect(folder(tmp_path / "b"))))


def test_command(tmp_path, capsys):
    run = str(folder(tmp_path / "run", *ROWS))
    assert main(["rates", run]) == 0
    shown = capsys.readouterr().out
    assert "Lemma 3.1  test_bound: holds" in shown
    assert main(["export", run, "--format", "json", "-o", str(tmp_path / "old.json")]) == 0
    assert main(["rates", str(tmp_path / "old.json")]) == 0
    assert capsys.readouterr().out == shown
    assert main(["export", run, "--format", "rates"]) == 0
    assert capsys.readouterr().out.startswith(
        "run,check,paper,reference,name,route,regularizer,system,family,"
    )


def test_no_orders_in_a_summary_of_an_older_version(tmp_path):
    summary = summarise(collect(folder(tmp_path, *ROWS)))
    del summary["claims"][0]["series"], summary["claims"][0]["orders"]
    for export in (to_rates, to_orders):
        with pytest.raises(EvidenceError, match="older version"):
            export(summary)
