r"""The command line, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import main
from tests.reports.evidence_builder import check, complete, good, header, result, tally, write

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = "20261119T000000Z-aaaaaa", "20261120T000000Z-bbbbbb"
WITHOUT_JINJA = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "jinja2" else find(name, *rest)
sys.modules["jinja2"] = sys.modules["markupsafe"] = None
from reports.__main__ import main
sys.exit(main(["build"]))
"""


def reports(*arguments: str, cwd: Path, code: str | None = None) -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "reports", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-W", "error", *start],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def home(tmp_path) -> Path:
    r"""A working folder with two runs."""
    write(tmp_path / "reports" / "evidence" / OLD, [header(run=OLD), *good()[1:]])
    second = complete(tally(instances=50), result(), checks=[check(routes=["sampled"])])
    write(tmp_path / "reports" / "evidence" / NEW, [header(run=NEW), *second[1:]])
    (tmp_path / "reports" / "evidence" / "zz-not-a-run").mkdir()
    return tmp_path


def failed(done: subprocess.CompletedProcess[str], word: str) -> None:
    assert done.returncode == 2, done
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert word in done.stderr


def test_build_takes_the_newest_run(home):
    done = reports("build", cwd=home)
    assert done.returncode == 0, done.stderr
    html = home / "reports" / "html"
    assert done.stdout == f"summary: {html / 'summary.json'}\nreport: {html / 'index.html'}\n"
    assert json.loads((html / "summary.json").read_text())["run"] == NEW
    assert NEW in (html / "index.html").read_text()


def test_build_a_named_run_elsewhere(home):
    done = reports("build", OLD, "-o", "site", cwd=home)
    assert done.returncode == 0, done.stderr
    assert json.loads((home / "site" / "summary.json").read_text())["run"] == OLD


def test_build_without_jinja2_writes_the_summary_and_says_how(home):
    assert reports("build", OLD, cwd=home).returncode == 0
    done = reports(cwd=home, code=WITHOUT_JINJA)
    assert done.returncode == 0, done.stderr
    assert "pip install" in done.stderr
    assert done.stdout.startswith("summary: ")
    html = home / "reports" / "html"
    assert json.loads((html / "summary.json").read_text())["run"] == NEW
    assert OLD in (html / "index.html").read_text()


def test_a_failed_build_keeps_the_old_report(home):
    assert reports("build", cwd=home).returncode == 0
    before = (home / "reports" / "html" / "index.html").read_text()
    (home / "reports" / "evidence" / OLD / "main.jsonl").write_text("x\ny\n")
    failed(reports("build", OLD, cwd=home), "line 1")
    assert (home / "reports" / "html" / "index.html").read_text() == before


def test_evidence_errors(home):
    failed(reports("build", "nowhere", cwd=home), "nowhere")
    failed(reports("build", "reports/evidence/zz-not-a-run", cwd=home), "zz-not-a-run")
    failed(reports("export", "--format", "json", "nowhere", cwd=home), "nowhere")
    failed(reports("compare", OLD, "nowhere", cwd=home), "nowhere")


def test_no_run_at_all(tmp_path):
    failed(reports("build", cwd=tmp_path), "pytest claims/")
    assert reports("list", cwd=tmp_path).stdout == ""


def test_output_that_cannot_be_written(home):
    (home / "file").write_text("")
    failed(reports("build", "-o", "file/html", cwd=home), "cannot write")
    failed(reports("build", "-o", ".", cwd=home), "something else")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(home):
    (home / "closed").mkdir(mode=0o500)
    failed(reports("build", "-o", "closed/html", cwd=home), "cannot write")


def test_list(home):
    write(home / "reports" / "evidence" / "20261121T000000Z-broken", [header(schema=99)])
    lines = reports("list", cwd=home).stdout.splitlines()
    assert lines[0].startswith(OLD)
    assert "complete" in lines[0]
    assert "1 holds" in lines[0]
    assert lines[1].startswith(NEW)
    assert "unreadable" in lines[2]


def test_compare(home):
    done = reports("compare", OLD, NEW, "-o", "compare.html", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "cannot be dropped -> · absent" in done.stdout
    assert (home / "compare.html").read_text().startswith("<!doctype html>")


def test_export_and_compare_with_a_stored_summary(home):
    done = reports("export", OLD, "--format", "json", "-o", "old.json", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "0 of 2 verdicts" in reports("compare", "old.json", OLD, cwd=home).stdout
    table = reports("export", "--format", "csv", cwd=home)
    assert len(table.stdout.splitlines()) == 2
    (home / "bad.json").write_text("[]")
    failed(reports("compare", "bad.json", OLD, cwd=home), "no summary")


@pytest.fixture
def printed(home, monkeypatch, capsys):
    r"""Exit status, output and error message of a command that is carried out in this process."""
    monkeypatch.chdir(home)

    def carry_out(*arguments: str) -> tuple[int, str, str]:
        return main(arguments), *capsys.readouterr()

    return carry_out


def test_table(printed):
    for arguments, instances in (((OLD,), "200"), ((), "50")):
        status, shown, message = printed("table", *arguments)
        assert (status, message) == (0, "")
        assert shown.splitlines()[-1].split()[:3] == ["l1", "FBS", instances]
    assert printed("table", "nowhere")[0] == 2
    assert printed("export", OLD, "--format", "systems")[1].endswith(",initial,yes,20,0.998,8\n")


def test_table_of_a_stored_summary(printed, home):
    assert printed("export", OLD, "--format", "json", "-o", "old.json")[0] == 0
    assert printed("table", "old.json") == printed("table", OLD)
    text = (home / "old.json").read_text(encoding="utf-8").replace('"systems"', '"something else"')
    (home / "old.json").write_text(text, encoding="utf-8")
    status, shown, message = printed("table", "old.json")
    assert (status, shown) == (2, "")
    assert "older version" in message


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("export",), ("export", "--format", "pdf")])
def test_usage_errors(tmp_path, arguments):
    done = reports(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "usage" in done.stderr
