r"""Merging of records: shards, routes, worker files, incomplete runs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from claims.kit.evidence import EvidenceError
from reports.collect import collect
from reports.model import Counts, Term
from reports.summary import dumps, summarise
from tests.reports.evidence_builder import (
    CLAIM,
    CONTROL,
    check,
    complete,
    control,
    finished,
    good,
    header,
    instance,
    plan,
    result,
    started,
    tally,
    write,
)


def sampled(**changes):
    return check(routes=["sampled"], **changes)


def test_shards_and_routes_are_merged(tmp_path):
    records = [tally(route="drawn", instances=40), tally(instances=100), tally(shard=1, instances=60)]
    results = [result(route="drawn"), result()]
    (found,) = collect(write(tmp_path, complete(*records, *results))).checks
    assert found.verdict == "holds"
    assert found.counts == Counts(instances=200, held=200, tied=6, unmet=9)
    assert [route.counts.instances for route in found.routes] == [40, 160]
    assert found.independent == 160
    assert found.terms["initial"].instances == 30
    assert found.terms["initial"].refuted == 12
    assert (found.ties.rechecked, found.ties.tied, found.ties.held) == (6, 3, 3)
    assert sum(found.histogram) == 200
    assert found.seconds == 3.0


def test_strata_are_merged_over_shards_and_routes(tmp_path):
    records = [
        tally(instances=100),
        tally(shard=1, instances=60),
        tally(route="drawn", instances=4),
        result(),
    ]
    (found,) = collect(write(tmp_path, complete(*records, result(route="drawn")))).checks
    (stratum,) = found.strata
    assert (stratum.instances, stratum.ratio, stratum.label("family")) == (164, 0.9995, "gaussian")
    assert stratum.terms == {"initial": Term(instances=30, max=0.998, refuted=12, largest_share=None)}
    assert stratum.counts == Counts(instances=164, held=164)


def test_strata_of_older_runs_have_no_terms(tmp_path):
    rows = [{"regularizer": "l1", "d": 1, "instances": 100, "held": 100, "ratio": 0.5}]
    records = [tally(strata=rows), result()]
    (found,) = collect(write(tmp_path, complete(*records, checks=[sampled()]))).checks
    (stratum,) = found.strata
    assert (stratum.instances, stratum.terms) == (100, {})


@pytest.mark.parametrize("damage", [{"terms": ["initial"]}, {"terms": {"initial": 1}}, {"family": {"a": 1}}])
def test_malformed_strata_are_one_clear_error(tmp_path, damage):
    rows = [{"regularizer": "l1", "instances": 100, **damage}]
    with pytest.raises(EvidenceError, match="malformed"):
        collect(write(tmp_path, complete(tally(strata=rows), result(), checks=[sampled()])))


def test_parts_that_were_asked_for(tmp_path):
    results = [result(route="drawn", parts=["prox"]), result(parts=["project", "prox"])]
    report = collect(write(tmp_path / "a", complete(*results)))
    assert report.checks[0].parts == ("project", "prox")
    assert [route.parts for route in report.checks[0].routes] == [("prox",), ("project", "prox")]
    assert report.subject_parts == ()
    (old,) = collect(write(tmp_path / "b", complete(result(), checks=[sampled()]))).checks
    assert old.parts is None
    (none,) = collect(write(tmp_path / "c", complete(result(parts=[]), checks=[sampled()]))).checks
    assert none.parts == ()


def test_a_shard_that_ran_twice_counts_once(tmp_path):
    records = [tally(instances=100), tally(instances=100), result(), result()]
    (found,) = collect(write(tmp_path, complete(*records, checks=[sampled()]))).checks
    assert found.counts.instances == 100


def test_clopper_pearson_counts_bad_draws(tmp_path):
    records = [tally(instances=100), result()]
    (clean,) = collect(write(tmp_path / "a", complete(*records, checks=[sampled()]))).checks
    assert clean.upper == pytest.approx(1 - 0.05 ** (1 / 100))
    records = [tally(instances=100, undecided=1), result(verdict="undecided")]
    (bad,) = collect(write(tmp_path / "b", complete(*records, checks=[sampled()]))).checks
    assert clean.upper is not None
    assert bad.upper is not None
    assert bad.upper > clean.upper


def test_a_control_has_no_bound(tmp_path):
    records = [tally(CONTROL, "witness", instances=1, violated=1), result(CONTROL, "witness", "found")]
    (found,) = collect(write(tmp_path, complete(*records, checks=[control()]))).checks
    assert found.verdict == "cannot be dropped"
    assert found.upper is None


def test_started_without_result_is_incomplete(tmp_path):
    progress = {"record": "progress", "check": CLAIM, "route": "sampled", "done": 50, "total": 100}
    report = collect(write(tmp_path, complete(started(), progress, tally(violated=1), checks=[sampled()])))
    (missing,) = report.incomplete
    assert (missing.check, missing.route) == (CLAIM, "sampled")
    assert missing.why.startswith("started, not finished: the worker ended")
    assert "1 violation recorded" in missing.why
    assert "50 of 100" in missing.why
    assert report.checks[0].verdict == "incomplete"
    assert report.exit == 1


def test_planned_and_never_started_is_not_run(tmp_path):
    report = collect(write(tmp_path, complete(checks=[sampled()])))
    assert report.checks[0].verdict == "not run"
    assert [missing.why for missing in report.incomplete] == ["never started"]


def test_a_route_left_out_by_the_profile_is_not_missing(tmp_path):
    plans = [check(routes=["sampled", "search"], routes_not_run={"search": "runs in thorough"})]
    report = collect(write(tmp_path, complete(tally(), result(), checks=plans)))
    assert report.complete
    assert report.checks[0].verdict == "holds"
    assert report.exit == 0


def test_no_finished_record(tmp_path):
    report = collect(write(tmp_path, complete(tally(), result(), checks=[sampled()])[:-1]))
    assert [missing.why for missing in report.incomplete] == [
        "no end was recorded: the run was stopped from outside"
    ]
    assert report.exit == 1


@pytest.mark.parametrize(
    ("status", "complete_run"), [(0, True), (1, True), (2, False), (3, False), (5, False)]
)
def test_exit_status_of_pytest(tmp_path, status, complete_run):
    records = [header(), plan(sampled()), tally(), result(), finished(exitstatus=status)]
    report = collect(write(tmp_path, records))
    assert report.complete is complete_run
    assert report.exit == int(status != 0)


def test_torn_last_line_is_reported(tmp_path):
    report = collect(write(tmp_path, complete(tally(), result(), checks=[sampled()]), torn='{"record":"tal'))
    assert len(report.torn) == 1
    assert not report.complete


def test_run_without_checks(tmp_path):
    report = collect(write(tmp_path, [header(), plan(), finished(exitstatus=5)]))
    assert report.checks == ()
    assert [missing.why for missing in report.incomplete] == ["pytest collected no check"]


def test_result_that_no_plan_names(tmp_path):
    report = collect(
        write(tmp_path, complete(result("other.py::test_x"), tally(), result(), checks=[sampled()]))
    )
    assert [missing.check for missing in report.incomplete] == ["other.py::test_x"]


@pytest.mark.parametrize(
    "records",
    [
        [tally(violated=1), result()],
        [tally(undecided=1), result()],
        [tally(instances=0, counts={"instances": 0}), result()],
        [tally(counts={"instances": 5, "held": 4}), result()],
        [tally(), result(verdict="splendid")],
    ],
)
def test_evidence_that_contradicts_itself_is_an_error(tmp_path, records):
    report = collect(write(tmp_path, complete(*records, checks=[sampled()])))
    assert report.checks[0].verdict == "error"
    assert report.checks[0].routes[0].message


def test_nan_ratio_is_not_hidden(tmp_path):
    ratio = {"max": math.nan, "histogram": [0] * 32}
    records = [tally(ratio=ratio), tally(shard=1), result()]
    report = collect(write(tmp_path, complete(*records, checks=[sampled()])))
    assert report.checks[0].ratio is not None
    assert math.isnan(report.checks[0].ratio)
    assert json.loads(dumps(summarise(report)))["claims"][0]["ratio"] == "nan"


def test_worst_instance_has_the_largest_ratio(tmp_path):
    worse = {"max": 0.99999, "histogram": [0] * 32}
    records = [tally(worst="aaaaaaaaaaaa"), tally(shard=1, worst="bbbbbbbbbbbb", ratio=worse), result()]
    (found,) = collect(write(tmp_path, complete(*records, checks=[sampled()]))).checks
    assert found.worst == "bbbbbbbbbbbb"


def test_instances_counterexamples_first(tmp_path):
    records = [instance(), instance(identifier="ff", role="counterexample"), tally(violated=1)]
    records.append(result(verdict="refuted", counterexample="ff"))
    (found,) = collect(write(tmp_path, complete(*records, checks=[sampled()]))).checks
    assert [recorded.role for recorded in found.instances] == ["counterexample", "worst"]
    assert found.counterexample == "ff"


def test_one_and_two_workers_give_the_same_summary(tmp_path):
    first = write(tmp_path / "one", good())
    begin, checks, *records, end = good()
    second = write(tmp_path / "two", [{**begin, "run": "other", "workers": 2}, end], "controller.jsonl")
    write(second, [checks, *records[1::2]], "gw0.jsonl")
    write(
        second, [checks, *[{**r, "seconds": 9.0} if "seconds" in r else r for r in records[::2]]], "gw1.jsonl"
    )
    assert normalised(first) == normalised(second)


def normalised(path: Path) -> dict:
    summary = summarise(collect(path))
    for key in ("run", "hash", "started", "wall", "workers"):
        summary.pop(key)
    for entry in summary["claims"]:
        for holder in (entry, *entry["routes"].values()):
            holder.pop("seconds")
    return summary


@pytest.mark.parametrize(
    "damage",
    [
        {"record": "tally", "check": CLAIM},
        {"record": "result", "check": CLAIM, "route": "sampled"},
        {"record": "plan", "checks": [{"order": 1}]},
    ],
)
def test_malformed_records_are_one_clear_error(tmp_path, damage):
    with pytest.raises(EvidenceError, match="malformed"):
        collect(write(tmp_path, complete(damage, checks=[sampled()])))


def test_a_corrupt_line_in_the_middle(tmp_path):
    write(tmp_path, good())
    text = (tmp_path / "main.jsonl").read_text()
    (tmp_path / "main.jsonl").write_text(text.replace("\n", "\nnot json\n", 1))
    with pytest.raises(EvidenceError):
        collect(tmp_path)
