r"""An experiment read from its records: merged, ordered, and read with care."""

from __future__ import annotations

import math

import pytest

from claims.kit.evidence import EvidenceError
from reports.collect import collect
from reports.experiment import mean, paired
from reports.experiment_layout import depths, facts, reconstructed, rows, said
from reports.experiment_records import experiments, observation
from reports.summary import dumps, summarise
from tests.reports.evidence_builder import finished, header, plan, started, write
from tests.reports.experiment_builder import (
    DEPTHS,
    FALLS,
    STATEMENT,
    about,
    cell,
    cells,
    effect,
    ended,
    group,
    looked,
    plans,
    run,
    skipped,
    transfer,
    transfers,
)  # fmt: skip
from tests.reports.experiment_builder import (
    observation as observed,
)


def test_a_run_with_an_experiment(tmp_path):
    report = collect(write(tmp_path, run()))
    (found,) = report.experiments
    assert (found.name, found.size, found.seed, found.seconds, found.peak) == (
        "depth",
        "everyday",
        0,
        512,
        412.4,
    )
    assert (len(found.cells), len(found.transfers), found.reused) == (48, 216, 0)
    assert [check.verdict for check in report.checks] == ["observed", "inconclusive", "not observed"]
    assert report.complete
    assert report.exit == 0
    first = report.checks[0].observation
    assert first is not None
    assert (first.level, [g.system for g in first.groups]) == (0.95, ["FBS", "LISTA", "ALISTA"])
    one = first.groups[0].effects[0]
    assert (one.label, one.n, one.relative) == ("2 → 4", 8, pytest.approx(1 / 6))
    assert (one.mean, one.low, one.high) == tuple(map(pytest.approx, (0.005, 0.0048, 0.0052)))


def test_cells_of_two_workers_are_read_once(tmp_path):
    write(
        tmp_path,
        [header(), about(seconds=1.0), cell(), cell(depth=4, reused=True), finished()],
        "controller.jsonl",
    )
    others = [
        about(seconds=2.0),
        cell(reused=True),
        cell(depth=4),
        transfer("FBS", 2, 4),
        transfer("FBS", 2, 4),
    ]
    write(tmp_path, [plan(*plans()), *others], "gw1.jsonl")
    (found,) = collect(tmp_path).experiments
    assert [(c.depth, c.reused) for c in found.cells] == [(2, False), (4, False)]
    assert (len(found.transfers), found.seconds) == (1, 2.0)


def test_panels_are_in_the_order_of_the_design():
    shuffled = sorted(cells(), key=lambda record: str(record["depth"]) + record["system"])
    (found,) = experiments([about()], shuffled, [])
    listed = [(data, variant, [panel.system for panel in row]) for data, variant, row in rows(found)]
    assert listed == [
        ("synthetic", "trained", ["FBS", "LISTA", "ALISTA"]),
        ("synthetic", "labels shuffled", ["FBS"]),
        ("synthetic", "h not scaled", ["FBS"]),
        ("photographs", "trained", ["FBS", "LISTA", "ALISTA"]),
    ]
    assert [c.depth for c in rows(found)[0][2][0].cells] == list(DEPTHS)


def test_tables_of_depths():
    (found,) = experiments([about()], [], transfers())
    tables = depths(found)
    assert [(t.data, t.system) for t in tables][:4] == [
        *(("synthetic", "FBS"), ("synthetic", "LISTA"), ("synthetic", "ALISTA"), ("photographs", "FBS"))
    ]
    assert tables[0].trained == tables[0].columns == DEPTHS
    assert tables[0].notes == ["extended by E_N", "cell means"]


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"change": [-1.0, 0.5], "modulus": [4.0, 1.0]}, 0.5),
        ({"change": [2.0], "modulus": [1.0]}, 2.0),
        ({"change": [1.0], "modulus": [0.0], "rounding": [4.0]}, 0.25),
        ({"change": [0.0], "modulus": [0.0]}, 0.0),
        ({"change": [1e-9], "modulus": [0.0]}, math.inf),
        ({"change": [math.nan], "modulus": [1.0]}, None),
        ({"change": [1.0], "modulus": [math.nan]}, None),
        ({"change": [math.inf, 1.0], "modulus": [math.inf, 2.0]}, 0.5),
        ({"change": ["inf", 1.0], "modulus": ["nan", 0.5]}, 2.0),
        ({"change": [1.0], "modulus": [1.0], "rounding": [math.nan]}, None),
        ({"change": [], "modulus": []}, None),
    ],
)
def test_share_of_the_modulus(changes, share):
    (found,) = experiments([about()], [], [transfer("FBS", 2, 4, **changes)])
    assert found.transfers[0].share == share


def test_design_in_words():
    (found,) = experiments(
        [about(design={"rates": {"W": 0.02, "tau": 0.05}, "tau": 1.6, "start": {"tau": 1.6}})], [], []
    )
    assert facts(found) == [("learning rates", "W 0.02, τ 0.05"), ("initial values", "τ 1.6")]
    assert said([True, None, 12345, 1e-5]) == "yes, none, 12\u202f345, 1.00\u202f×\u202f10⁻⁵"


def test_what_is_reconstructed():
    (found,) = experiments([about()], [], [])
    assert reconstructed(STATEMENT, found) == [
        "Its sizes, rates and initial values are lost and were chosen anew [reconstructed].",
        "64 DCT coefficients of 8 × 8 patches of photographs [reconstructed]",
    ]
    assert reconstructed("All is known.", None) == []


def test_means_and_paired_intervals():
    assert mean([1.0, 3.0]) == 2.0
    assert mean([1.0, math.nan]) is mean([]) is None
    low, high = paired((1.0, 2.0, 3.0), (2.0, 3.0, 5.0)) or (0.0, 0.0)
    half = 4.302652729911275 * math.sqrt((1 / 3) / 3)  # t of 2 degrees of freedom; variance of 1, 1, 2
    assert (low, high) == (pytest.approx(4 / 3 - half), pytest.approx(4 / 3 + half))
    assert paired((1.0,), (2.0,)) is paired((1.0, 2.0), (1.0,)) is paired((1.0, math.inf), (1.0, 2.0)) is None


def test_what_is_no_number_or_no_list_is_left_out():
    strange = {"objective": [["x", None, 1.0], 7, "abc"], "loss": "abc", "validation": None}
    broken = about(design="x", text=[1], seconds="nan", peak_mib={})
    (found,) = experiments(
        [broken], [cell() | strange | {"depth": "x"}], [transfer("FBS", 2, 4, change="x", modulus=[None])]
    )
    assert found.seconds is found.peak is None
    assert (found.design, found.text, found.cells[0].depth) == ({}, {}, 0)
    first, *others = found.cells[0].curves["objective"]
    assert math.isnan(first[0])
    assert (first[2], others) == (1.0, [(), ()])
    assert found.cells[0].curves["loss"] == ()
    assert facts(found) == []
    assert (
        observation({"groups": [3, {"effects": [None, {"mean": "x"}]}], "level": "x"})
        .groups[1]
        .effects[1]
        .mean
        is None
    )
    assert observation("x").groups == ()


def test_cells_without_their_experiment_are_not_lost():
    (found,) = experiments([], [cell()], [transfer("FBS", 2, 4)])
    assert (found.name, found.size, len(found.cells), len(found.transfers)) == ("depth", "", 1, 1)


@pytest.mark.parametrize("record", ["experiment", "cell", "transfer", "observation"])
def test_a_record_that_lacks_its_fields_is_corrupt(tmp_path, record):
    with pytest.raises(EvidenceError, match=f"line 2 \\({record}\\) lacks"):
        collect(write(tmp_path, [header(), {"record": record}]))


def test_a_torn_cell_is_noted(tmp_path):
    records = [header(), plan(*plans()), about(), cell()]
    report = collect(write(tmp_path, records, torn='{"record":"cell","experiment":"dep'))
    assert len(report.torn) == 1
    assert len(report.experiments[0].cells) == 1


def test_a_result_that_is_not_what_was_looked_at_is_an_error(tmp_path):
    records = [header(), plan(looked()), observation_of("inconclusive"), *ended(), finished()]
    (check,) = collect(write(tmp_path, records)).checks
    assert check.verdict == "error"
    assert "verdict observed, yet what was looked at says inconclusive" in check.routes[0].message


def observation_of(verdict):
    return observed(FALLS, verdict)


def test_only_an_exceeded_bound_is_red(tmp_path):
    records = [header(), plan(looked()), observation_of("refuted"), *ended(verdict="refuted"), finished()]
    report = collect(write(tmp_path, records))
    assert ([check.verdict for check in report.checks], report.exit) == (["refuted"], 1)


def test_an_experiment_that_was_left_out_is_not_missing(tmp_path):
    report = collect(write(tmp_path, skipped()))
    assert [check.verdict for check in report.checks] == ["not run"] * 3
    assert report.complete
    assert (report.exit, report.experiments) == (0, ())


def test_a_run_that_was_killed_says_how_far_it_came(tmp_path):
    told = {"record": "progress", "check": FALLS, "route": "observed", "text": "N = 16: epoch 12 of 40"}
    report = collect(write(tmp_path, [header(), plan(looked()), started(FALLS, "observed"), told]))
    assert report.checks[0].verdict == "incomplete"
    assert any(
        "the last that it told: N = 16: epoch 12 of 40" in missing.why for missing in report.incomplete
    )


def test_a_long_sentence_is_counted_instead():
    found = observation({"text": "x" * 200, "groups": [group(), group(verdict="inconclusive"), group()]})
    assert found.short == "of 3 groups 2 observed, 1 inconclusive"
    assert observation({"text": "It falls.", "groups": [group()]}).short == "It falls."


def test_summary(tmp_path):
    summary = summarise(collect(write(tmp_path, run())))
    assert summary["experiments_asked"] == {"size": "everyday", "seed": 0}
    (found,) = summary["experiments"]
    assert (found["name"], found["seconds"], len(found["cells"])) == ("depth", 512.0, 48)
    assert len(found["cells"][0]["objective"]) == 8
    entry = summary["claims"][0]
    assert (entry["kind"], entry["experiment"], entry["verdict"]) == ("observation", "depth", "observed")
    assert entry["observation"]["groups"][0]["effects"][0]["low"] == pytest.approx(0.0048)
    assert dumps(summary)
    before = summarise(collect(write(tmp_path / "old", [header(), finished()])))
    assert (before["experiments"], before["experiments_asked"]) == ([], None)


def test_effects_in_words():
    wide = effect("2 → 4", -0.00504, 0.001, relative=None)
    found = observation({"groups": [group(effects=[wide, effect("x", 0.01, 0.00996), {"label": "none"}])]})
    assert [one.words for one in found.groups[0].effects] == [
        ("−0.0050", "−0.0060 to −0.0040"),
        ("0.0100", "4.00\u202f×\u202f10⁻⁵ to 0.0200"),
        ("–", "–"),
    ]
