"""``python -m claims``: list, where, reproduce, verify."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claims.__main__ import main
from claims.kit import catalogue
from claims.kit.evidence import read

ROOT = Path(__file__).parents[1]


def command(*arguments, cwd):
    """Run ``python -m claims`` in a process of its own, as someone in another folder would."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(ROOT)
    line = [sys.executable, "-m", "claims", *arguments]
    return subprocess.run(
        line, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def test_list_names_every_check_once_in_order(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[1] for line in lines if line.startswith("  ")]
    assert names == [check.name for check in catalogue.checks()]
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert "fbs_learning  Lemma 3.1" in headings
    assert len(headings) == len(set(headings))


def test_list_tells_claims_from_controls(capsys):
    main(["list"])
    out = capsys.readouterr().out
    (control,) = [line for line in out.splitlines() if " test_bound_needs_minimum_at_zero " in line]
    assert control.split() == ["control", "test_bound_needs_minimum_at_zero", "without", "A2"]
    (bound,) = [line for line in out.splitlines() if " test_bound " in line]
    assert bound.split() == ["claim", "test_bound", "assumes", "A1,", "A2"]
    (free,) = [line for line in out.splitlines() if " test_projection_is_bounded " in line]
    assert free.split() == ["claim", "test_projection_is_bounded", "assumes", "nothing"]


@pytest.mark.parametrize("reference", ["Lemma 3.1", "lemma 3.1", "LEMMA 3.1"])
def test_where_a_reference_is(capsys, reference):
    assert main(["where", reference]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = [check for check in catalogue.checks() if check.claim.reference == "Lemma 3.1"]
    assert len(lines) == len(expected) > 0
    for line, check in zip(lines, expected, strict=True):
        path, number, text = line.split(":", 2)
        assert path.endswith("claims/fbs_learning/s3_01_lemma_prox_modulus.py")
        assert (ROOT / path).read_text().splitlines()[int(number) - 1].startswith("@")
        assert text == f" Lemma 3.1, {check.name}"


def test_where_a_check_is(capsys):
    assert main(["where", "test_layer_is_resolvent"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("Equation (2.2), test_layer_is_resolvent")


def test_where_part_of_a_reference_is(capsys):
    assert main(["where", "proposition"]) == 0
    assert "Proposition 3.7" in capsys.readouterr().out


def test_where_an_unknown_reference_is_not(capsys):
    assert main(["where", "Theorem 99"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("reference: expected one of ")
    assert "got 'Theorem 99'" in captured.err
    named = captured.err.removeprefix("reference: expected one of ").partition(", got")[0].split(", ")
    assert sorted(named) == sorted({check.claim.reference for check in catalogue.checks()})


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["where"], ["reproduce"], ["list", "more"], ["reproduce", "x", "--nonsense"]],
)
def test_wrong_use(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: python -m claims" in capsys.readouterr().err


def test_help(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("list", "where", "verify", "reproduce"))


def test_reproduce_an_unknown_id(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "ffffffffffff"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("id: expected the id of a recorded instance or the name of a witness")
    assert "got 'ffffffffffff'" in captured.err


def test_verify_from_another_folder_and_reproduce_what_it_recorded(tmp_path, capsys):
    selected = "test_bound and not needs and not without"
    run = command(
        *("verify", "-n", "0", "-p", "no:cacheprovider", "-k", selected, "-q"),
        *("--claims-profile", "quick", "--claims-seed", "5", "--evidence", "run", "--report", "html"),
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "seed 5" in run.stdout
    assert "warning" not in run.stdout + run.stderr
    assert f"evidence: {tmp_path / 'run'}" in run.stdout
    evidence = read(tmp_path / "run")
    assert [check["name"] for check in evidence.checks] == ["test_bound"]
    assert evidence.finished is not None
    assert evidence.finished["exitstatus"] == 0
    assert [r["verdict"] for r in evidence.results] == ["holds", "holds", "holds"]
    assert f"report: {tmp_path / 'html' / 'index.html'}" in run.stdout
    summary = json.loads((tmp_path / "html" / "summary.json").read_text(encoding="utf-8"))
    assert [(c["name"], c["verdict"]) for c in summary["claims"]] == [("test_bound", "holds")]

    identifier = evidence.instances[0]["id"]
    assert main(["reproduce", identifier, "--evidence", str(tmp_path / "run")]) == 0
    assert "Lemma 3.1: fbs_learning/s3_01_lemma_prox_modulus.py::test_bound" in capsys.readouterr().out


def test_the_command_itself(tmp_path):
    found = command("where", "Equation (2.2)", cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert "s2_02_equation_fbs_network.py:" in found.stdout
    missing = command("reproduce", "ffffffffffff", cwd=tmp_path)
    assert missing.returncode == 2
    assert "Traceback" not in missing.stderr
