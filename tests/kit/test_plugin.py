"""``pytest claims/`` from outside: wrong options, workers, kills, faulty subjects, and what is left behind.

Every run is a process of its own; the wrong options share one, for each ends before anything is collected.
"""

import json
import subprocess
import sys

import pytest

from claims.__main__ import main
from claims.kit import catalogue
from claims.kit.evidence import read
from tests.kit.processes import CLAIMS, ROOT, environment, verify

#: Runs pytest once for each list of arguments on standard input, and tells how each ended.
ONE_AFTER_ANOTHER = """
import contextlib, io, json, sys
import pytest
for arguments in json.load(sys.stdin):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        status = pytest.main(arguments)
    print(json.dumps([int(status), text.getvalue()]))
"""


def outcomes(folder):
    """How pytest ended for each of the wrong options, by name."""
    (folder / "file").touch()
    (folder / "used").mkdir()
    (folder / "used" / "main.jsonl").touch()
    options = {
        "profile": ["--claims-profile", "nonsense"],
        "seed": ["--claims-seed", "1.5"],
        "negative seed": ["--claims-seed=-1"],
        "long seed": ["--claims-seed", "1" * 19],
        "size of experiments": ["--experiment-size", "huge"],
        "seed of experiments": ["--experiment-seed", "x"],
        "folder of experiments": ["--experiment-folder", str(folder / "file")],
        "dtype": ["--dtype", "float16"],
        "device": ["--device", "nonsense"],
        "meta": ["--device", "meta"],
        "no colon": ["--subject", "nocolon"],
        "no module": ["--subject", "no_such_module:forward"],
        "no attribute": ["--subject", "tests.kit.subjects:missing"],
        "not callable": ["--subject", "tests.kit.subjects:number"],
        "used": ["--evidence", str(folder / "used")],
        "below a file": ["--evidence", str(folder / "file" / "run")],
        "a file": ["--evidence", str(folder / "file")],
        "report over something else": ["--report", str(folder / "used")],
        "report below a file": ["--report", str(folder / "file" / "report")],
        "report is a file": ["--report", str(folder / "file")],
        "too long": ["--evidence", str(folder / ("x" * 300))],
        "only collected": ["--evidence", str(folder / "collected")],
        "no claims": ["--evidence", str(folder / "none"), "--deselect", "claims"],
    }
    # several runs in one process: the later ones find modules imported that pytest wanted to rewrite
    common = [CLAIMS, "-n", "0", "-p", "no:cacheprovider", "--collect-only", "-q"]
    common += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    answer = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_ANOTHER],
        input=json.dumps([[*common, *more] for more in options.values()]),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return dict(zip(options, map(json.loads, answer.stdout.splitlines()), strict=True))


def test_a_wrong_option_is_one_clear_error_and_leaves_nothing(tmp_path, subtests):
    found = outcomes(tmp_path)
    for name, message in {
        "profile": "--claims-profile: expected one of quick, default, thorough, got 'nonsense'",
        "seed": "--claims-seed: expected a nonnegative integer below 10^18, got '1.5'",
        "negative seed": "--claims-seed: expected a nonnegative integer below 10^18, got '-1'",
        "long seed": "--claims-seed: expected a nonnegative integer below 10^18, got '1111111111111111111'",
        "size of experiments": "--experiment-size: expected one of tiny, everyday, paper, got 'huge'",
        "seed of experiments": "--experiment-seed: expected a nonnegative integer below 10^18, got 'x'",
        "folder of experiments": "--experiment-folder: expected a folder, got /",
        "dtype": "--dtype: expected one of float64, float32, got 'float16'",
        "device": "--device: expected a device that torch can use here, got 'nonsense'",
        "meta": "--device: expected a device that torch can use here, got 'meta'",
        "no colon": "--subject: expected pkg.mod:name, got 'nocolon'",
        "no module": "--subject: cannot import 'no_such_module': ModuleNotFoundError",
        "no attribute": "--subject: 'tests.kit.subjects' has no 'missing'",
        "not callable": "--subject: expected a callable",
        "used": "used already holds the evidence of a run; name a new folder",
        "below a file": "Not a directory",
        "a file": "File exists",
        "report over something else": "--report: expected a new folder, an empty one or a report, got /",
        "report below a file": "--report: expected a new folder, an empty one or a report, got /",
        "report is a file": "--report: expected a new folder, an empty one or a report, got /",
        "too long": "File name too long",
    }.items():
        with subtests.test(name):
            status, output = found[name]
            lines = [line for line in output.splitlines() if line.startswith("ERROR: ")]
            assert (status, len(lines)) == (4, 1), output
            assert message in lines[0]
            assert "Traceback" not in output
            assert "INTERNALERROR" not in output
    with subtests.test("nothing is written where nothing is carried out"):
        assert found["only collected"][0] == 0
        assert found["no claims"][0] == 5
        assert list(tmp_path.glob("*/*.jsonl")) == [tmp_path / "used" / "main.jsonl"]
        assert found["only collected"][1].count("test_starts_at_initial_value") == 3


def test_a_wrong_option_on_the_command_line_with_workers(tmp_path):
    (tmp_path / "file").touch()
    status, output = verify(tmp_path / "file", "-n", "2")
    assert status == 4
    assert "ERROR: evidence: cannot write" in output
    assert "Traceback" not in output


def test_evidence_that_cannot_be_written_at_its_usual_place(tmp_path):
    (tmp_path / "reports").touch()
    line = [sys.executable, "-m", "pytest", CLAIMS, "-n", "0", "-p", "no:cacheprovider"]
    line += ["-k", "initial_value", "--rootdir", str(tmp_path), "--claims-profile", "quick"]
    run = subprocess.run(
        line, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode == 4
    assert "evidence: cannot write" in run.stdout + run.stderr
    assert "INTERNALERROR" not in run.stdout + run.stderr


def without(record, *names):
    return {k: v for k, v in record.items() if k not in names}


def test_one_worker_or_two_or_a_check_alone_the_evidence_is_the_same(tmp_path):
    chosen = {
        *("test_starts_at_initial_value", "test_modulus_in_values", "test_projection_is_bounded"),
        "test_uniform_convergence_needs_equicontinuity",
    }
    runs = []
    for workers in ("1", "2"):
        folder = tmp_path / workers
        options = ("-n", workers, "--claims-seed", "17", "-k", " or ".join(sorted(chosen)))
        status, output = verify(folder, *options)
        assert status == 0, output
        assert "seed 17" in output
        runs.append(read(folder / "run"))
    one, two = runs
    assert [c["name"] for c in one.checks] == [c.name for c in catalogue.checks() if c.name in chosen]
    assert one.deselected == sorted(c.id for c in catalogue.checks() if c.name not in chosen)
    assert one.tallies == two.tallies
    assert one.instances == two.instances
    assert one.progress == two.progress
    assert one.checks == two.checks
    assert one.deselected == two.deselected
    assert len(one.results) == len(one.started) == 10
    for kind, differs in (("results", ("seconds",)), ("started", ("worker", "time"))):
        first, second = ([without(record, *differs) for record in getattr(run, kind)] for run in runs)
        assert first == second
    for run, workers in ((one, 1), (two, 2)):
        assert run.header["workers"] == workers
        assert run.header["seed"] == 17
        assert run.torn == []
        assert run.finished is not None
        assert run.finished["exitstatus"] == 0
    assert {s["worker"] for s in two.started} <= {"gw0", "gw1"}
    assert sorted(p.name for p in (tmp_path / "2" / "run").glob("gw*")) == ["gw0.jsonl", "gw1.jsonl"]

    # and the instances of a check do not depend on what is run beside it
    file = f"{CLAIMS}/fbs_learning/s3_01_lemma_prox_modulus.py"
    alone = ("-n", "0", "--claims-seed", "17", "-k", "test_modulus_in_values")
    status, output = verify(tmp_path / "alone", *alone, where=(file,))
    assert status == 0, output
    expected = [t for t in one.tallies if t["check"].endswith("::test_modulus_in_values")]
    assert read(tmp_path / "alone" / "run").tallies == expected
    assert len(expected) == 3


#: A subject that kills its process, or all processes of the run, at its third call: once only.
DEADLY = """
import os, signal
import fbscore

calls = 0

def forward(problem, controls):
    global calls
    calls += 1
    if calls == 3 and "MARKER" in os.environ:
        try:
            open(os.environ["MARKER"], "x").close()
        except FileExistsError:
            pass
        else:
            if os.environ.get("WHOM") == "everybody":
                os.killpg(0, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
    return fbscore.forward(problem, controls)
"""
SUBJECT = ("--subject", "deadly:forward", "-k", "test_starts_at_initial_value or test_layer_is_resolvent")


@pytest.fixture
def deadly(tmp_path):
    (tmp_path / "deadly.py").write_text(DEADLY)
    return {"PYTHONPATH": str(tmp_path), "MARKER": str(tmp_path / "marker")}


def test_a_worker_that_is_killed(tmp_path, deadly):
    status, output = verify(tmp_path, "-n", "2", *SUBJECT, **deadly)
    assert (tmp_path / "marker").exists()
    assert status == 1
    assert "crashed" in output
    run = read(tmp_path / "run")
    started = {(s["check"], s["route"]) for s in run.started}
    ended = {(r["check"], r["route"]) for r in run.results}
    assert len(started) == len(run.started) == 6
    assert len(started - ended) == 1
    assert ended < started
    assert {r["verdict"] for r in run.results} == {"holds"}
    assert run.finished is not None
    assert run.finished["exitstatus"] == 1
    assert [c["name"] for c in run.checks] == ["test_layer_is_resolvent", "test_starts_at_initial_value"]
    assert "incomplete" in output


def test_everybody_is_killed(tmp_path, deadly):
    status, _ = verify(tmp_path, "-n", "1", *SUBJECT, **deadly, WHOM="everybody")
    assert status == -9
    run = read(tmp_path / "run")
    assert run.finished is None
    assert len(run.started) == 1
    assert run.results == []
    assert len(run.checks) == 2
    assert run.header["subject"] == "deadly:forward"


def test_a_faulty_subject_is_told_from_the_outside(tmp_path):
    chosen = ("-n", "0", "-k", "test_starts_at_initial_value")
    status, output = verify(tmp_path, *chosen, "--subject", "tests.kit.subjects:wrong_shape")
    assert status == 1
    assert output.count("tests.kit.subjects:wrong_shape: forward: expected a tensor of shape") >= 2
    assert "Traceback" not in output
    assert "site-packages" not in output
    run = read(tmp_path / "run")
    assert [r["verdict"] for r in run.results] == ["error", "error", "error"]
    assert run.finished is not None
    assert run.finished["exitstatus"] == 1


def test_a_refuted_claim_is_red_from_the_outside_and_can_be_replayed(tmp_path, capsys):
    chosen = ("-n", "0", "-k", "test_starts_at_initial_value and drawn")
    status, output = verify(tmp_path, *chosen, "--subject", "tests.kit.subjects:returns_nan")
    assert status == 1
    run = read(tmp_path / "run")
    (result,) = run.results
    assert (result["verdict"], result["subject_at_fault"]) == ("refuted", True)
    assert f"python -m claims reproduce {result['counterexample']}" in output
    assert "the subject is at fault" in output
    assert main(["reproduce", result["counterexample"], "--evidence", str(tmp_path / "run")]) == 0
    assert "recorded as violated: reproduced" in capsys.readouterr().out
