"""All checks are found, in the order of files and lines, each under one name."""

import importlib
import inspect
from pathlib import Path

import pytest

from claims.kit import catalogue
from claims.kit.evidence import plain
from claims.kit.plugin import is_claim

CHECKS = catalogue.checks()
FILES = sorted(catalogue.ROOT.glob("*/s[0-9A]*_*.py"))


def test_every_claim_file_has_checks():
    assert FILES
    assert {check.path for check in CHECKS} == set(FILES)
    assert all(is_claim(str(path)) for path in FILES)


def test_every_test_function_of_a_claim_file_is_in_the_catalogue():
    names = {(check.path.stem, check.name) for check in CHECKS}
    for path in FILES:
        module = importlib.import_module(f"claims.{path.parent.name}.{path.stem}")
        functions = [n for n, f in vars(module).items() if n.startswith("test_") and inspect.isfunction(f)]
        assert {(path.stem, name) for name in functions} == {n for n in names if n[0] == path.stem}


def test_ids_are_unique_and_lead_back():
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert catalogue.by_id(check.id) is check
    assert catalogue.by_id("kit/test_catalogue.py::nothing") is None


def test_files_and_lines_are_in_order():
    order = [(check.path.parent.name, check.path.name, check.line) for check in CHECKS]
    assert order == sorted(order)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_points_to_its_own_source(check):
    lines = Path(check.path).read_text(encoding="utf-8").splitlines()
    assert lines[check.line - 1].startswith("@")
    below = next(line for line in lines[check.line - 1 :] if line.startswith("def "))
    assert below.startswith(f"def {check.name}(")
    entry = check.describe(0, 4)
    assert plain(entry) == entry
    assert entry["title"]
    assert entry["routes"]
    assert entry["paper"] == check.path.parent.name
    assert all(a["text"] for a in entry["assumes"])


@pytest.mark.parametrize("check", [c for c in CHECKS if c.kind == "control"], ids=lambda check: check.id)
def test_a_control_drops_an_assumption_of_its_claim(check):
    assert check.without.key in [a.key for a in check.claim.assumes]
    assert check.sampled is not None
    assert check.sampled.distribution


def pairs():
    """For each statement and assumption, what the catalogue says of dropping it."""
    found = {}
    for check in CHECKS:
        statement = (check.path.parent.name, check.claim.reference)
        said = {a: "dispensable" for a, _ in check.claim.dispensable}
        said |= {a: "untestable" for a, _ in check.claim.untestable}
        for a in (*check.claim.assumes, *said):
            found.setdefault((*statement, a.key), set()).add(said.get(a, "assumed"))
        if check.without is not None:
            found[*statement, check.without.key].add(check.kind)
    return found


def test_every_pair_of_a_statement_and_an_assumption_has_an_answer():
    answers = {"control", "exploration", "dispensable", "untestable"}
    silent = [pair for pair, said in pairs().items() if not said & answers]
    assert silent == []


def test_what_a_control_drops_is_testable():
    assert [pair for pair, said in pairs().items() if {"control", "untestable"} <= said] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_arguments_and_reasons_are_given(check):
    given = (*check.claim.dispensable, *check.claim.untestable)
    assert all(len(why.split()) > 3 for _, why in given)
    assert len({a.key for a, _ in given}) == len(given)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claims/fbs_learning/s3_01_lemma.py::test_x[drawn]", True),
        ("s10_1_x.py", True),
        ("sA_01_appendix.py", True),
        ("claims/kit/sampling.py", False),
        ("tests/kit/test_s.py::test_s3_01_x.py", False),
    ],
)
def test_claim_files_are_told_by_their_names(name, expected):
    assert is_claim(name) is expected
