"""Evidence is written record by record, read back whole, and refused when it is not what it claims to be."""

import json
import math
import os

import pytest

from claims.kit.evidence import RATIO_EDGES, SCHEMA, EvidenceError, Writer, read

HEADER = {"schema": SCHEMA, "run": "r", "seed": 1}


def check(name, order):
    return {"check": name, "order": order}


def result(name, route="drawn", **more):
    return {"check": name, "route": route, "verdict": "holds", **more}


def write(folder, name, *records):
    """Write records, each a name with its fields, to one file and close it."""
    writer = Writer(folder / f"{name}.jsonl")
    for record, fields in records:
        writer.write(record, **fields)
    writer.close()


@pytest.fixture
def folder(tmp_path):
    """A small finished run of two workers."""
    for worker, names in (("gw0", "ab"), ("gw1", "cb")):
        plan = {
            "checks": [check(name, "cab".index(name)) for name in names],
            "deselected": ["z", worker],
            "strata_not_run": [{"stratum": "photographs", "reason": "none"}],
        }
        started = [("started", {"check": name, "route": "drawn"}) for name in names]
        write(tmp_path / "run", worker, ("plan", plan), *started)
    write(tmp_path / "run", "controller", ("run", HEADER), ("finished", {"exitstatus": 0}))
    return tmp_path / "run"


def append(path, data):
    with open(path, "ab") as file:
        file.write(data)


def test_plans_of_two_workers_are_merged(folder):
    run = read(folder)
    assert [c["check"] for c in run.checks] == ["c", "a", "b"]
    assert run.deselected == ["gw0", "gw1", "z"]
    assert run.strata_not_run == [{"stratum": "photographs", "reason": "none"}]
    assert run.finished == {"record": "finished", "exitstatus": 0}
    assert run.torn == []
    assert run.header["seed"] == 1
    assert run.path == folder


def test_the_order_of_workers_leaves_no_trace(folder):
    for name, route, shard in [
        ("b", "sampled", 1),
        ("a", "sampled", 0),
        ("b", "drawn", 0),
        ("b", "sampled", 0),
    ]:
        tally = {"check": name, "route": route, "shard": shard}
        write(folder, f"gw{shard}", ("tally", tally), ("result", result(name, route + str(shard))))
    run = read(folder)
    assert [(t["check"], t["route"], t["shard"]) for t in run.tallies] == [
        ("a", "sampled", 0),
        ("b", "drawn", 0),
        ("b", "sampled", 0),
        ("b", "sampled", 1),
    ]
    assert [r["check"] for r in run.results] == ["a", "b", "b", "b"]


def test_a_torn_last_line_is_noted_and_the_rest_is_read(folder):
    whole = json.dumps({"record": "result", **result("a")}).encode()
    append(folder / "gw0.jsonl", whole + b"\n" + whole[: len(whole) // 2])
    run = read(folder)
    assert len(run.results) == 1
    (torn,) = run.torn
    assert "gw0.jsonl" in torn
    assert "torn" in torn


def test_a_line_torn_at_any_byte_is_readable(folder):
    before = (folder / "gw0.jsonl").read_bytes()
    line = json.dumps({"record": "result", **result("ä", message="x")}, ensure_ascii=False).encode()
    for cut in range(1, len(line)):
        (folder / "gw0.jsonl").write_bytes(before + line[:cut])
        run = read(folder)
        assert len(run.torn) == 1
        assert run.results == []


def test_a_whole_last_line_without_its_newline_counts(folder):
    append(folder / "gw0.jsonl", json.dumps({"record": "result", **result("a")}).encode())
    run = read(folder)
    assert (len(run.results), run.torn) == (1, [])


def test_a_torn_line_in_the_middle_is_corrupt(folder):
    whole = b'{"record": "progress", "check": "a", "route": "drawn"}\n'
    append(folder / "gw0.jsonl", b'{"record": "resu\n' + whole)
    with pytest.raises(EvidenceError, match=r"gw0\.jsonl: line 4 is not JSON"):
        read(folder)


@pytest.mark.parametrize("line", [b"[1, 2]", b'"text"', b"17", b'{"check": "a"}', b"null", b"\xff\xfe"])
def test_an_alien_line_is_corrupt(folder, line):
    append(folder / "gw0.jsonl", line + b"\n")
    with pytest.raises(EvidenceError, match="line 4 is not"):
        read(folder)


@pytest.mark.parametrize("line", [b'{"record": "tally"}', b'{"record": "plan"}', b'{"record": ["tally"]}'])
def test_a_record_that_lacks_its_fields_is_corrupt(folder, line):
    append(folder / "gw0.jsonl", line + b"\n")
    with pytest.raises(EvidenceError):
        read(folder)


def test_empty_lines_and_files_say_nothing(folder):
    append(folder / "gw0.jsonl", b"\n\n")
    (folder / "gw7.jsonl").touch()
    assert [c["check"] for c in read(folder).checks] == ["c", "a", "b"]


@pytest.mark.parametrize("schema", [None, 0, SCHEMA + 1, str(SCHEMA)])
def test_an_unknown_schema_is_refused(tmp_path, schema):
    write(tmp_path, "main", ("run", {"schema": schema}))
    with pytest.raises(EvidenceError, match=f"schema {schema!r}, this suite reads {SCHEMA}"):
        read(tmp_path)


def test_missing(tmp_path):
    with pytest.raises(EvidenceError, match="missing, which is not a folder"):
        read(tmp_path / "missing")


def test_not_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceError, match="file, which is not a folder"):
        read(str(tmp_path / "file"))


@pytest.mark.parametrize(
    "content", [None, b"", b'{"record": "plan", "checks": []}\n', b'{"record": "run", "sche']
)
def test_without_a_run_record(tmp_path, content):
    if content is not None:
        (tmp_path / "main.jsonl").write_bytes(content)
    with pytest.raises(EvidenceError, match="no record of a run"):
        read(tmp_path)


def test_a_folder_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceError, match=r"cannot write .*main\.jsonl: Not a directory"):
        Writer(tmp_path / "file" / "run" / "main.jsonl")
    with pytest.raises(EvidenceError, match="cannot write"):
        Writer(tmp_path / "file" / "main.jsonl")


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(EvidenceError, match="cannot write"):
        Writer(tmp_path / ("x" * 300) / "main.jsonl")


def test_no_numbers_that_json_lacks(tmp_path):
    numbers = {"a": math.nan, "b": [math.inf, -math.inf, 1.5], "c": {"d": (math.nan,)}, 7: None}
    write(tmp_path, "main", ("run", HEADER), ("result", {**result("a"), "numbers": numbers}))
    text = (tmp_path / "main.jsonl").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    expected = {"a": "nan", "b": ["inf", "-inf", 1.5], "c": {"d": ["nan"]}, "7": None}
    assert read(tmp_path).results[0]["numbers"] == expected


def test_strata_with_and_without_terms_are_read_back(tmp_path):
    old = {"d": 1, "family": "x", "instances": 2, "ratio": 0.5}
    new = {**old, "terms": {"a": {"instances": 2, "max": math.inf, "refuted": 1}}}
    tally = {"check": "a", "route": "sampled", "shard": 0, "strata": [old, new]}
    write(tmp_path, "main", ("run", HEADER), ("tally", tally))
    terms = {"a": {"instances": 2, "max": "inf", "refuted": 1}}
    assert read(tmp_path).tallies[0]["strata"] == [old, {**old, "terms": terms}]


def test_records_are_there_as_soon_as_they_are_written(tmp_path):
    writer = Writer(tmp_path / "main.jsonl")
    writer.write("run", **HEADER)
    assert read(tmp_path).header["run"] == "r"
    writer.write("started", check="a", route="drawn")
    run = read(tmp_path)
    writer.close()
    assert len(run.started) == 1
    assert run.finished is None


def test_a_second_writer_appends(tmp_path):
    for _ in range(2):
        write(tmp_path, "main", ("run", HEADER))
    assert len((tmp_path / "main.jsonl").read_bytes().splitlines()) == 2


def test_the_hash_is_of_every_byte_and_name(folder):
    first = read(folder).hash
    assert read(folder).hash == first
    append(folder / "gw1.jsonl", b"\n")
    second = read(folder).hash
    os.rename(folder / "gw1.jsonl", folder / "gw2.jsonl")
    assert len({first, second, read(folder).hash}) == 3


def test_ratio_edges():
    assert len(RATIO_EDGES) == 33
    assert list(RATIO_EDGES) == sorted(set(RATIO_EDGES))
    assert (RATIO_EDGES[0], RATIO_EDGES[-1]) == (0.0, math.inf)
    assert 0.99 in RATIO_EDGES
