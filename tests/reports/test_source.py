r"""Links to the source: only to claim files, and only to lines that still hold the check."""

from __future__ import annotations

import pytest

from reports.collect import collect
from reports.source import ROOT, source
from tests.reports.evidence_builder import CLAIM, FILE, check, complete, write

LINE = (ROOT / FILE).read_text(encoding="utf-8").splitlines().index("def test_bound(x, run):") + 1


def listing(tmp_path, path=FILE, **changes):
    checks = collect(write(tmp_path, complete(checks=[check(path=path, **changes)]))).checks
    return source(path, "page.html", checks)


@pytest.mark.parametrize("line", [LINE, LINE - 1])
def test_a_check_that_stands_where_it_stood(tmp_path, line):
    found = listing(tmp_path, line=line)
    assert found is not None
    assert found.file == "source-page.html"
    assert found.starts == {CLAIM: line}
    assert found.lines[LINE - 1] == "def test_bound(x, run):"


@pytest.mark.parametrize(
    "changes",
    [
        {"line": LINE + 1},
        {"line": 0},
        {"line": -5},
        {"line": 10**9},
        {"line": "42"},
        {"line": True},
        {"line": LINE, "name": "test_other"},
        {"line": 1, "path": "claims/../pyproject.toml"},
        {"line": 1, "path": "/etc/passwd"},
        {"line": 1, "path": "../../etc/passwd"},
        {"line": 1, "path": "claims/no\0such.py"},
        {"line": 1, "path": "claims"},
        {"line": 1, "path": "fbscore/network.py"},
    ],
)
def test_everything_else_has_no_link(tmp_path, changes):
    assert listing(tmp_path, **changes) is None
