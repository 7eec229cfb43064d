r"""Two runs compared: verdicts first, then sharpness, then time."""

from __future__ import annotations

import pytest

from reports.collect import collect
from reports.compare import ABSENT, compare, lines
from reports.html import compare_page
from reports.summary import summarise
from tests.reports.evidence_builder import CONTROL, check, complete, good, header, result, tally, write


def summary(tmp_path, name, records):
    return summarise(collect(write(tmp_path / name, records)))


def test_equal_runs_do_not_differ(tmp_path):
    found = compare(summary(tmp_path, "a", good()), summary(tmp_path, "b", good()))
    assert found.verdicts == found.sharpness == found.circumstances == ()
    assert len(lines(found)) == 1


def test_changes(tmp_path):
    sharper = {
        "initial": {"instances": 10, "max": 0.9999, "refuted": 4},
        "data": {"instances": 1, "max": 0.5, "refuted": 0},
    }
    records = [tally(violated=1, terms=sharper), result(verdict="refuted")]
    second = complete(*records, checks=[check(routes=["sampled"])])
    second[0] = header(seed=7)
    found = compare(summary(tmp_path, "a", good()), summary(tmp_path, "b", second))
    assert [(c.before, c.after) for c in found.verdicts] == [
        ("holds", "refuted"),
        ("cannot be dropped", ABSENT),
    ]
    assert [c.term for c in found.sharpness] == ["data", "initial"]
    assert found.circumstances == (("seed", "123", "7"),)
    text = lines(found)
    assert text.index("Changed verdicts") < text.index("Largest ratios")
    assert any(CONTROL in line for line in text)
    page = compare_page(found)
    assert page.index("Changed verdicts") < page.index("Sharpness") < page.index("Circumstances that differ")
    assert "1 of 100 instances violated" in page
    assert "<script" not in page


def test_what_broke_comes_first_and_what_was_mended_last(tmp_path):
    names = ["a.py::test_a", "b.py::test_b", "c.py::test_c", "d.py::test_d"]
    plans = [check(name, order=k, routes=["sampled"]) for k, name in enumerate(names)]
    bad = {"violated": 1}
    before = [("holds", {}), ("refuted", bad), ("holds", {})]
    after = [("loose", {}), ("holds", {}), ("refuted", bad), ("holds", {})]

    def run(name, verdicts):
        pairs = list(zip(names, verdicts, strict=False))
        records = [r for n, (v, t) in pairs for r in (tally(n, **t), result(n, verdict=v))]
        return summary(tmp_path, name, complete(*records, checks=plans[: len(pairs)]))

    found = compare(run("x", before), run("y", after))
    moved = [(change.check[0], change.before, change.after, change.direction) for change in found.verdicts]
    assert moved == [
        ("c", "holds", "refuted", "worse"),
        ("a", "holds", "loose", "worse"),
        ("d", ABSENT, "holds", ""),
        ("b", "refuted", "holds", "better"),
    ]
    assert [change.said for change in found.verdicts] == ["1 of 100 instances violated", "", "", ""]


def test_times_that_changed_and_not_the_noise(tmp_path):
    plans = [
        check(name, order=k, routes=["sampled"]) for k, name in enumerate(("a.py::test_a", "b.py::test_b"))
    ]

    def run(name, *seconds):
        records = [
            r
            for c, s in zip(plans, seconds, strict=True)
            for r in (tally(c["check"]), result(c["check"], seconds=s))
        ]
        return summary(tmp_path, name, complete(*records, checks=plans))

    found = compare(run("x", 10.0, 0.01), run("y", 20.0, 0.5))
    assert [(t.check, t.before, t.after, t.factor) for t in found.times] == [
        ("a.py::test_a", 10.0, 20.0, 2.0)
    ]
    assert found.seconds == (10.01, 20.5)
    assert "10 s → 20 s in all" in compare_page(found).replace("\n", " ")


@pytest.mark.parametrize(
    ("changes", "kind", "sides"),
    [
        ({"subject": "own:net"}, "subjects", ("fbscore.network:forward", "own:net")),
        ({"dtype": "float32"}, "dtypes", ("float64", "float32")),
        ({"device": "cuda"}, "devices", ("cpu", "cuda")),
        ({"run": "later"}, "runs", ("20261120T053000Z-ab12cd", "later")),
    ],
)
def test_two_subjects_and_two_dtypes_are_named(tmp_path, changes, kind, sides):
    found = compare(summary(tmp_path, "a", good()), summary(tmp_path, "b", [header(**changes), *good()[1:]]))
    assert found.kind == f"Comparison of two {kind}"
    assert found.sides == sides
    assert f"{sides[0]} → {sides[1]}" in compare_page(found)
