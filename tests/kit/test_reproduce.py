"""Replaying a record: found by its id in a run, or a witness by its name; said plainly when it is missing."""

import pytest
import torch

from claims.__main__ import main
from claims.kit import catalogue, reproduce, witnesses
from claims.kit.claim import claim
from claims.kit.evidence import SCHEMA, EvidenceError, Writer
from claims.kit.margin import at_most
from claims.kit.subject import DEFAULT
from tests.kit import toys
from tests.kit.toys import ALWAYS, exactly, of_kind, points, size

HEADER = {"schema": SCHEMA, "run": "r", "subject": DEFAULT, "dtype": "float64", "device": "cpu"}
theorem = claim("toys", "Claim 1", assumes=(ALWAYS,))


def bounded(p, run):
    """|v| ≤ bound"""
    return at_most(size(p), {"bound": p.bound}, run.rounding(0, p.bound))


def wide(p, run):
    """|v| ≤ bound, up to half of it"""
    return at_most(size(p), {"bound": p.bound}, run.rounding(0, p.bound), p.bound / 2)


def projected(p, run):
    """‖P_1 v‖ ≤ ‖v‖"""
    mean = type(p)(run.project(p.values, 1), p.bound, p.variation, 1)
    return at_most(size(mean), {"v": size(p)}, p.bound * 0)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Judge numbers by a predicate, store what was written as a run, put the check into the catalogue."""

    def save(predicate, *numbers, folder=tmp_path / "run", **header):
        test = theorem.holds(sampled=exactly(*(points([x]) for x in numbers)))(predicate)
        _, records = toys.run(test, "sampled")
        writer = Writer(folder / "main.jsonl")
        writer.write("run", **{**HEADER, **header})
        for record in records:
            writer.write(**record)
        writer.close()
        monkeypatch.setattr(catalogue, "by_id", {test.check.id: test.check}.get)
        return folder, of_kind(records, "instance")

    return save


def replay(folder, identifier, *more):
    return main(["reproduce", identifier, "--evidence", str(folder), *more])


def test_a_counterexample_is_reproduced(store, capsys):
    folder, (record, *_) = store(bounded, 3.0)
    assert replay(folder, record["id"]) == 0
    out = capsys.readouterr().out
    assert "Claim 1: kit/test_reproduce.py::bounded" in out
    assert "|v| ≤ bound" in out
    assert "values = [1×1×1] 3.0" in out
    assert "left       3.0" in out
    assert "right      1.0" in out
    assert "term bound: 1.0" in out
    assert "independent route at 60 digits: violated" in out
    assert f"subject {DEFAULT} in float64 on cpu: violated" in out
    assert "recorded as violated: reproduced" in out


def test_what_a_counterexample_was_reduced_to_is_reproduced_too(store, capsys):
    folder, records = store(bounded, 3.0)
    assert [record["role"] for record in records] == ["found", "counterexample"]
    assert len({record["id"] for record in records}) == 2
    assert replay(folder, records[1]["id"]) == 0
    assert "recorded as violated: reproduced" in capsys.readouterr().out


def test_the_worst_instance_is_reproduced(store, capsys):
    folder, (record,) = store(bounded, 0.5, 1.0)
    assert record["role"] == "worst"
    assert replay(folder, record["id"]) == 0
    assert "recorded as held: reproduced" in capsys.readouterr().out


def test_an_undecided_instance_is_reproduced(store, capsys):
    folder, records = store(wide, 1.0)
    (record,) = [r for r in records if r["role"] == "undecided"]
    replay(folder, record["id"])
    assert "recorded as undecided: reproduced" in capsys.readouterr().out


def test_everything_recorded_of_an_undecided_instance_is_reproduced(store, capsys):
    folder, records = store(wide, 1.0)
    assert replay(folder, records[0]["id"]) == 0
    assert "NOT reproduced" not in capsys.readouterr().out


def test_a_refuted_tie_is_reproduced(store, capsys):
    folder, (record,) = store(bounded, 1.0 + 2.0**-52)
    assert record["role"] == "counterexample"
    assert replay(folder, record["id"]) == 0
    assert "NOT reproduced" not in capsys.readouterr().out


def test_another_subject_need_not_reproduce(store, capsys):
    folder, (record,) = store(projected, 0.5)
    assert record["verdict"] == "held"
    assert replay(folder, record["id"]) == 0
    assert replay(folder, record["id"], "--subject", "tests.kit.subjects:parts") == 1
    out = capsys.readouterr().out
    assert "subject tests.kit.subjects:parts in float64 on cpu: violated" in out
    assert "recorded as held: NOT reproduced" in out


@pytest.mark.parametrize("subject", ["nocolon", "no_such_module:f", "tests.kit.subjects:missing"])
def test_a_subject_that_cannot_be_loaded(store, capsys, subject):
    folder, (record, *_) = store(bounded, 3.0)
    assert replay(folder, record["id"], "--subject", subject) == 2
    assert capsys.readouterr().err.startswith("--subject: ")


def test_the_dtype_of_the_run_is_used(store, capsys):
    folder, (record,) = store(projected, 0.5, dtype="float32")
    assert replay(folder, record["id"]) == 0
    assert "in float32 on cpu" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there_is_one_clear_line(store, capsys):
    folder, (record, *_) = store(bounded, 3.0, device="cuda")
    assert replay(folder, record["id"]) == 2
    assert "cuda" in capsys.readouterr().err


def test_an_unknown_id(store, capsys):
    folder, _ = store(bounded, 3.0)
    assert replay(folder, "ffffffffffff") == 2
    captured = capsys.readouterr()
    assert "got 'ffffffffffff'" in captured.err
    assert str(folder) in captured.err
    assert captured.out == ""


def test_without_folder_all_runs_are_searched_newest_first(store, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(reproduce, "EVIDENCE", tmp_path)
    (tmp_path / "20260101T000000Z-broken").mkdir()
    (tmp_path / "20260101T000000Z-broken" / "main.jsonl").write_text("{}\n{}\n")
    _, (record, *_) = store(bounded, 3.0, folder=tmp_path / "20250101T000000Z-aaaaaa")
    store(bounded, 3.0, folder=tmp_path / "20250202T000000Z-bbbbbb")
    assert main(["reproduce", record["id"]]) == 0
    out = capsys.readouterr().out
    assert "20250202T000000Z-bbbbbb" in out
    assert "20250101T000000Z-aaaaaa" not in out
    assert main(["reproduce", "nothing"]) == 2
    assert "(3 runs)" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"{}\n{}\n"])
def test_a_folder_without_evidence(tmp_path, capsys, content):
    folder = tmp_path / "run"
    if content is not None:
        folder.mkdir()
        (folder / "main.jsonl").write_bytes(content)
    with pytest.raises(EvidenceError):
        reproduce.find("x", folder)
    assert replay(folder, "x") == 2
    assert capsys.readouterr().err.startswith("evidence: ")


def test_a_check_that_is_gone(store, monkeypatch, capsys):
    folder, (record, *_) = store(bounded, 3.0)
    monkeypatch.setattr(catalogue, "by_id", lambda identifier: None)
    assert replay(folder, record["id"]) == 2
    assert "is no longer in the suite" in capsys.readouterr().err


def test_an_instance_that_cannot_be_decoded(store, capsys):
    folder, (record, *_) = store(bounded, 3.0)
    file = folder / "main.jsonl"
    file.write_text(file.read_text().replace('"step_function"', '"alien"'))
    assert replay(folder, record["id"]) == 2
    assert "alien" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(path.stem for path in witnesses.FOLDER.glob("*.json")))
def test_every_witness_is_reproduced(name, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "EVIDENCE", tmp_path)
    assert main(["reproduce", name]) == 0
    out = capsys.readouterr().out
    assert f"from witness {name}" in out
    users = [check for check in catalogue.checks() if check.witness == name]
    assert out.count("recorded as violated: reproduced") == len(users) > 0


def test_a_witness_that_nothing_uses_is_not_passed_over_in_silence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(witnesses, "FOLDER", tmp_path)
    monkeypatch.setattr(reproduce, "EVIDENCE", tmp_path / "none")
    witnesses.save("unused", "a toy", points([2.0]))
    assert main(["reproduce", "unused"]) == 2
    assert "unused" in capsys.readouterr().err


def test_a_witness_that_cannot_be_read_is_one_clear_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(witnesses, "FOLDER", tmp_path)
    monkeypatch.setattr(reproduce, "EVIDENCE", tmp_path / "none")
    (tmp_path / "broken.json").write_text("{")
    assert main(["reproduce", "broken"]) == 2
    assert "broken.json" in capsys.readouterr().err


def test_a_recorded_instance_is_found_before_a_witness_of_that_name(store, monkeypatch, tmp_path):
    monkeypatch.setattr(witnesses, "FOLDER", tmp_path)
    folder, (record, *_) = store(bounded, 3.0)
    witnesses.save(record["id"], "a toy", points([2.0]))
    (found,) = reproduce.find(record["id"], folder)
    assert toys.values(found.instance) == [3.0]
    assert found.where == str(folder)
