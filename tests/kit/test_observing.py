"""Observations: what the experiment is asked, what is written, and what makes the run red."""

import html
from dataclasses import replace

import pytest
import torch

from claims.__main__ import main
from claims.kit import catalogue
from claims.kit.claim import claim
from claims.kit.evidence import read
from claims.kit.experiment import LEFT_OUT, OTHER_SUBJECT, Experiment
from claims.kit.observing import PAUSE, Progress
from claims.kit.session import Session, Settings
from claims.kit.subject import DEFAULT
from tests.kit.experiments import Looked, Toy
from tests.kit.processes import verify

Failed = pytest.fail.Exception
observed = claim("toys", "Section 9", assumes=())


def falls(outcome, run):
    """does the loss fall with N?"""
    losses = [outcome.losses[n] for n in sorted(outcome.losses)]
    return Looked("observed" if losses == sorted(losses, reverse=True) else "not observed")


def checks(toy, **verdicts):
    """The checks of a made-up file: that the loss falls, and others that always say the same."""

    def says(name, verdict):
        def look(outcome, run):
            """what is always said?"""
            return Looked(verdict)

        look.__code__ = look.__code__.replace(co_name=name)
        look.__name__ = name
        return observed.observes(experiment=toy)(look).check

    found = {name: says(name, verdict) for name, verdict in verdicts.items()}
    return {"falls": observed.observes(experiment=toy)(falls).check, **found}


@pytest.fixture
def session(tmp_path):
    """A session that writes to tmp_path/run, with experiments in tmp_path/on_disk."""
    asked = {"experiments": True, "experiment_size": "tiny", "experiment_seed": 7}
    folder = str(tmp_path / "run")
    settings = Settings("r", folder, 1, "quick", "cpu", "float32", DEFAULT, ("claims/",), 1, **asked)
    session = Session(replace(settings, experiment_folder=str(tmp_path / "on_disk")), "main")
    session.writer.write("run", **session.settings.header())
    yield session
    session.writer.close()


def test_description():
    check = checks(Toy())["falls"]
    assert (check.kind, check.routes(0), check.routes(4)) == ("observation", ["observed"], ["observed"])
    entry = check.describe(3, 0)
    assert (entry["kind"], entry["routes"], entry["routes_not_run"]) == ("observation", ["observed"], {})
    assert (entry["experiment"], entry["finite_form"]) == ("toy", "does the loss fall with N?")
    skipped = check.describe(3, 0, ["observed"], LEFT_OUT)
    assert (skipped["routes"], skipped["routes_not_run"]) == ([], {"observed": LEFT_OUT})


def test_what_cannot_be_run_is_refused():
    assert isinstance(Toy(), Experiment)
    with pytest.raises(TypeError, match="experiment: expected name, sizes and run, got str"):
        observed.observes(experiment="toy")  # pyright: ignore[reportArgumentType]

    def silent(outcome, run):
        return Looked("observed")

    with pytest.raises(TypeError, match="expected a docstring"):
        observed.observes(experiment=Toy())(silent)


def test_what_is_asked_and_what_is_written(session, tmp_path):
    toy = Toy()
    session.carry_out(checks(toy)["falls"], "observed")
    (call,) = toy.calls
    assert call == {
        **{"size": "tiny", "seed": 7, "folder": tmp_path / "on_disk"},
        **{"device": torch.device("cpu"), "dtype": torch.float32},
    }
    run = read(session.settings.folder)
    (result,) = run.results
    assert (result["verdict"], result["message"], result["route"]) == ("observed", "looked", "observed")
    (about,) = run.experiments
    assert (about["experiment"], about["size"], about["seed"]) == ("toy", "tiny", 7)
    assert [(cell["depth"], cell["objective"][0][-1]) for cell in run.cells] == [
        (2, 0.5),
        (4, 0.25),
        (8, 0.125),
    ]
    assert [(t["trained"], t["depth"], t["modulus"]) for t in run.transfers] == [(2, 4, [0.2])]
    (observation,) = run.observations
    assert observation["check"] == "kit/test_observing.py::falls"
    assert observation["data"]["groups"][0]["effects"][0]["low"] == -0.3
    assert run.header["experiments"] == {"size": "tiny", "seed": 7}


def test_another_subject_is_not_trained(tmp_path):
    asked = Settings("r", str(tmp_path), 1, "thorough", "cpu", "float64", DEFAULT, ("claims/",), 1)
    assert asked.no_experiments == LEFT_OUT
    trains = replace(asked, experiments=True)
    assert trains.no_experiments == ""
    other = replace(trains, subject="tests.kit.subjects:faithful")
    assert other.no_experiments == OTHER_SUBJECT.format("tests.kit.subjects:faithful")


def test_an_experiment_runs_once_for_all_its_checks(session):
    toy = Toy()
    for check in checks(toy, other="inconclusive").values():
        session.carry_out(check, "observed")
    assert len(toy.calls) == 1
    run = read(session.settings.folder)
    assert (len(run.experiments), len(run.cells), len(run.observations)) == (1, 3, 2)


def test_two_workers_write_the_same_cells_and_they_are_read_once(session, tmp_path):
    check = checks(Toy())["falls"]
    session.carry_out(check, "observed")
    other = Session(session.settings, "gw1")
    other.carry_out(check, "observed")
    other.writer.close()
    text = (tmp_path / "run" / "gw1.jsonl").read_text()
    assert text.count('"reused":true') == 3
    run = read(session.settings.folder)
    assert [(cell["depth"], cell["reused"]) for cell in run.cells] == [(2, False), (4, False), (8, False)]
    assert (len(run.experiments), len(run.transfers)) == (1, 1)


@pytest.mark.parametrize(
    ("verdict", "green"),
    [("observed", True), ("not observed", True), ("inconclusive", True), ("refuted", False)],
)
def test_only_an_exceeded_bound_is_red(session, verdict, green):
    check = checks(Toy(), told=verdict)["told"]
    if green:
        session.carry_out(check, "observed")
    else:
        with pytest.raises(Failed, match=r"Section 9: refuted \[observed\]"):
            session.carry_out(check, "observed")
    assert [r["verdict"] for r in read(session.settings.folder).results] == [verdict]


def test_what_is_no_verdict_is_an_error(session):
    with pytest.raises(Failed, match=r"verdict: expected one of observed, .*, got 'proved'"):
        session.carry_out(checks(Toy(), told="proved")["told"], "observed")
    run = read(session.settings.folder)
    assert ([r["verdict"] for r in run.results], run.observations) == (["error"], [])


def test_a_size_that_the_experiment_has_not_is_an_error(session):
    toy = Toy(sizes={"everyday": (2,)})
    with pytest.raises(Failed, match="--experiment-size: expected one of everyday, got 'tiny'"):
        session.carry_out(checks(toy)["falls"], "observed")
    assert toy.calls == []


def test_an_alien_record_is_an_error(session):
    with pytest.raises(ValueError, match="record: expected one of experiment, cell, transfer, got 'result'"):
        session.carry_out(checks(Toy(more=({"record": "result"},)))["falls"], "observed")
    assert [r["verdict"] for r in read(session.settings.folder).results] == ["error"]


def test_progress_is_passed_on_now_and_then():
    records, lines, now = [], [], [100.0]
    check = checks(Toy())["falls"]
    progress = Progress(
        check, lambda kind, **fields: records.append((kind, fields)), lines.append, lambda: now[0]
    )
    for seconds, text in ((0.0, "a"), (0.4 * PAUSE, "b"), (0.4 * PAUSE, "c"), (0.3 * PAUSE, "d")):
        now[0] += seconds
        progress(text)
    assert lines == ["Section 9: a", "Section 9: d"]
    assert records[1] == ("progress", {"check": check.id, "route": "observed", "text": "d"})


def test_there_is_no_instance_to_replay(capsys, monkeypatch):
    found = tuple(checks(Toy()).values())
    monkeypatch.setattr(catalogue, "checks", lambda: found)
    for name in ("falls", "kit/test_observing.py::falls", "Section 9"):
        assert main(["reproduce", name]) == 2
        said = capsys.readouterr().err
        assert f"{name!r} is an observation, which has no instance to replay" in said
        assert "pytest claims/kit/test_observing.py --experiments" in said


def test_list_and_where_know_them(capsys, monkeypatch):
    found = tuple(checks(Toy()).values())
    monkeypatch.setattr(catalogue, "checks", lambda: found)
    assert main(["list"]) == 0
    assert "observation  falls" in (out := capsys.readouterr().out)
    assert "of the experiment toy" in out
    assert main(["where", "Section 9"]) == 0
    assert "test_observing.py" in capsys.readouterr().out


# ---- from outside

FILE = '''"""Section 9: the loss at depth N is 1/N."""

from claims.kit.claim import claim
from tests.kit.experiments import Looked, Toy

EXPERIMENT = Toy()
section = claim("toys", "Section 9", assumes=())


@section.observes(experiment=EXPERIMENT)
def test_falls(outcome, run):
    """does it fall?"""
    return Looked("observed", "it falls")


@section.observes(experiment=EXPERIMENT)
def test_bound(outcome, run):
    """is the bound kept?"""
    return Looked(VERDICT, "it is looked at")
'''


def outside(folder, *options, verdict="not observed"):
    file = folder / "toys" / "s9_01_toy_experiment.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(FILE.replace("VERDICT", repr(verdict)))
    plugin = ("-p", "claims.kit.plugin", "-W", "error", "--rootdir", str(folder), "-rs")
    return verify(folder, *plugin, *options, where=(str(file),))


def test_they_are_skipped_unless_asked_for(tmp_path):
    status, output = outside(tmp_path, "-n", "0")
    assert status == 0, output
    assert "2 skipped" in output
    assert LEFT_OUT in output
    run = read(tmp_path / "run")
    assert [c["routes_not_run"] for c in run.checks] == 2 * [{"observed": LEFT_OUT}]
    assert run.header["experiments"] is None
    assert run.started == run.cells == []
    assert not (tmp_path / "reports" / "experiments").exists()
    summary = (tmp_path / "html" / "summary.json").read_text()
    assert '"verdicts": {\n  "not run": 2\n }' in summary


def test_they_are_skipped_with_another_subject(tmp_path):
    subject = "tests.kit.subjects:faithful"
    status, output = outside(tmp_path, "-n", "0", "--experiments", "--subject", subject)
    reason = OTHER_SUBJECT.format(subject)
    assert status == 0, output
    assert "2 skipped" in output
    assert reason in output
    run = read(tmp_path / "run")
    assert [c["routes_not_run"] for c in run.checks] == 2 * [{"observed": reason}]
    assert run.header["experiments"] is None
    assert run.started == run.cells == []
    assert reason in html.unescape((tmp_path / "html" / "index.html").read_text())


@pytest.mark.parametrize("workers", ["0", "2"])
def test_they_run_with_the_option_and_go_on_where_they_were(tmp_path, workers):
    asked = ("--experiments", "--experiment-size", "tiny", "--experiment-seed", "5", "-v")
    status, output = outside(tmp_path, "-n", workers, *asked)
    assert status == 0, output
    assert "Section 9: N = 2" in output
    assert "it falls" in output
    assert (tmp_path / "reports" / "experiments" / "toy-5" / "8.json").exists()
    run = read(tmp_path / "run")
    assert [r["verdict"] for r in run.results] == ["not observed", "observed"]
    assert [c["depth"] for c in run.cells] == [2, 4, 8]
    assert run.header["experiments"] == {"size": "tiny", "seed": 5}


def test_a_bound_that_is_exceeded_makes_the_run_red(tmp_path):
    asked = ("--experiments", "--experiment-size", "tiny", "--experiment-folder", str(tmp_path / "x"))
    status, output = outside(tmp_path, "-n", "0", *asked, verdict="refuted")
    assert status == 1, output
    assert "Section 9: refuted [observed]" in output
    assert (tmp_path / "x" / "toy-0" / "2.json").exists()
