r"""Two runs compared: verdicts first, then sharpness."""

from __future__ import annotations

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
    assert "refuted" in page
    assert "<script" not in page
