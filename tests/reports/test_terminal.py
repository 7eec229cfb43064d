r"""The summary for a terminal: colour only where it is wanted, and nothing that steers it."""

from __future__ import annotations

import io
import re

import pytest

from reports.collect import collect
from reports.summary import summarise
from reports.terminal import coloured, lines
from tests.reports.evidence_builder import check, complete, good, header, plan, result, started, tally, write


class Terminal(io.StringIO):
    def isatty(self):
        return True


def summary(tmp_path, records):
    return summarise(collect(write(tmp_path, records)))


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
    ],
)
def test_colour_where_the_terminal_has_it(stream, environment, expected):
    assert coloured(stream, environment) is expected


def test_lines(tmp_path):
    found = lines(summary(tmp_path, good()))
    assert "\x1b" not in "".join(found)
    assert re.search(r"test_bound +✓ holds +200 +0.999 +0.030 +3.00 s", found[2])
    assert found[-2] == "2 checks: ✓ 1 cannot be dropped, ✓ 1 holds"
    assert found[-1].startswith("run 20261120T053000Z-ab12cd, profile quick")


def test_colours_say_what_the_signs_say(tmp_path):
    records = [tally(violated=1), result(verdict="refuted")]
    found = lines(summary(tmp_path, complete(*records, checks=[check(routes=["sampled"])])), colour=True)
    assert any("\x1b[1;31m✗ refuted" in line for line in found)
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in found]
    assert plain == lines(summary(tmp_path / "b", complete(*records, checks=[check(routes=["sampled"])])))


def test_what_did_not_run_is_said(tmp_path):
    strata = [{"stratum": "photographs", "reason": "no scikit-image"}]
    found = "\n".join(lines(summary(tmp_path, [header(), plan(check(), strata_not_run=strata), started()])))
    assert (
        "incomplete: fbs_learning/s3_01_lemma_prox_modulus.py::test_bound sampled started, not finished"
        in found
    )
    assert "not run: photographs: no scikit-image" in found


def test_evidence_cannot_steer_the_terminal(tmp_path):
    evil = "\x1b]0;owned\x07\r\n"
    plans = [check(routes=["sampled"], name=evil, reference=evil)]
    records = complete(tally(), result(), checks=plans)
    found = lines(summary(tmp_path, [header(run=evil), *records[1:]]))
    assert not re.search(r"[\x00-\x1f\x7f]", "".join(found))
