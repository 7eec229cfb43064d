r"""Precedence of the verdicts, case by case."""

from __future__ import annotations

import pytest

from reports.model import Counts
from reports.verdicts import check_verdict, contradiction

ORDER = ["error", "refuted", "undecided", "loose", "vacuous", "incomplete", "not run", "holds"]


@pytest.mark.parametrize(("worse", "better"), [(x, y) for k, x in enumerate(ORDER) for y in ORDER[k:]])
def test_the_worst_route_decides_a_claim(worse, better):
    assert check_verdict("claim", {"drawn": worse, "sampled": better}) == worse
    assert check_verdict("claim", {"drawn": better, "sampled": worse}) == worse


@pytest.mark.parametrize(
    ("witness", "search", "expected"),
    [
        ("found", "found", "cannot be dropped"),
        ("found", "not run", "cannot be dropped"),
        ("found", "incomplete", "incomplete"),
        ("found", "not found", "not shown"),
        ("found", "error", "error"),
        ("not found", "found", "missing witness"),
        ("not found", "not found", "missing witness"),
        ("not found", "error", "error"),
        ("not run", "not found", "not shown"),
        ("incomplete", "not run", "incomplete"),
        ("not run", "not run", "not run"),
    ],
)
def test_control(witness, search, expected):
    assert check_verdict("control", {"witness": witness, "search": search}) == expected


@pytest.mark.parametrize("kind", ["claim", "control", "exploration", "observation"])
def test_no_route_is_not_run(kind):
    assert check_verdict(kind, {}) == "not run"


def test_explorations_and_observations():
    assert check_verdict("exploration", {"search": "not found"}) == "not found"
    assert check_verdict("exploration", {"search": "found", "drawn": "not found"}) == "found"
    assert check_verdict("observation", {"sampled": "observed"}) == "observed"
    assert check_verdict("observation", {"sampled": "observed", "drawn": "inconclusive"}) == "inconclusive"
    assert check_verdict("observation", {"observed": "refuted"}) == "refuted"
    assert contradiction("observation", "refuted", Counts()) is None
    assert "unknown" in str(contradiction("observation", "holds", Counts()))


def test_contradictions():
    held = Counts(instances=2, held=2)
    assert contradiction("claim", "holds", held) is None
    assert contradiction("claim", "vacuous", Counts(unmet=9)) is None
    assert contradiction("control", "found", Counts()) is None
    assert "violated" in str(contradiction("claim", "holds", Counts(instances=2, held=1, violated=1)))
    assert "unknown" in str(contradiction("control", "holds", held))
