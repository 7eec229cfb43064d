r"""JUnit XML: well-formed whatever the evidence says, and red where the run is red."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from reports.collect import collect
from reports.junit import to_junit
from reports.summary import summarise
from tests.reports.evidence_builder import check, complete, good, header, result, tally, write


def suites(tmp_path, records):
    return ElementTree.fromstring(to_junit(summarise(collect(write(tmp_path, records)))))


def test_a_suite_a_statement_and_a_case_a_check(tmp_path):
    root = suites(tmp_path, good())
    (suite,) = root
    assert suite.attrib["name"] == "fbs_learning: Lemma 3.1"
    assert {k: root.attrib[k] for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "2",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
    }
    first, second = suite
    assert first.attrib["classname"] == "claims.fbs_learning.s3_01_lemma_prox_modulus"
    assert (first.attrib["name"], second.attrib["name"]) == ("test_bound", "test_needs_convexity")
    assert [child.tag for case in suite for child in case] == ["system-out", "system-out"]
    assert "0 violated, 0 undecided of 200 instances" in str(first.findtext("system-out"))


@pytest.mark.parametrize(
    ("verdict", "tally_changes", "tag"),
    [("refuted", {"violated": 1}, "failure"), ("error", {}, "error"), ("loose", {}, "failure")],
)
def test_a_red_verdict_is_red(tmp_path, verdict, tally_changes, tag):
    records = [tally(**tally_changes), result(verdict=verdict, message="left 2 > right 1")]
    root = suites(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))
    found = root.find(f"testsuite/testcase/{tag}")
    assert found is not None
    assert found.attrib["message"] == verdict
    assert "left 2 > right 1" in str(found.text)


def test_what_did_not_run_is_skipped_with_its_reason(tmp_path):
    plans = [check(kind="exploration", routes=["search"], routes_not_run={"search": "runs in thorough"})]
    skipped = suites(tmp_path, complete(checks=plans)).find("testsuite/testcase/skipped")
    assert skipped is not None
    assert skipped.text == "search: runs in thorough"


def test_hostile_text_stays_text(tmp_path):
    evil = '"><failure/>]]>\x00\x1b[31m\ud800'
    records = [tally(), result(verdict="error", message=evil)]
    plans = [check(routes=["sampled"], reference=evil)]
    run = complete(*records, checks=plans)
    root = suites(tmp_path, [header(run=evil), *run[1:]])
    assert len(root.findall(".//failure")) == 0
    assert "\ufffd" in root.attrib["name"]
