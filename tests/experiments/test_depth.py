"""Runs of the experiment: killed and resumed, shared by processes, stale after a change, complete records."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from claims.experiments import cells, depth, photographs
from claims.experiments.depth import EXPERIMENT, DepthExperiment, run_key
from claims.experiments.design import DESIGNS, SHUFFLED, TRAINED, UNSCALED
from claims.experiments.outcome import Outcome
from claims.kit.evidence import REQUIRED
from claims.kit.experiment import Experiment
from tests.experiments.small import CPU, ONLY, cell, design, moduli, run

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 16
HALVED = "def late_growth(x):\n    return _late(x) / 2\n"


def started(folder: Path, root: Path = ROOT) -> subprocess.Popen[str]:
    """The same small run in a process of its own."""
    command = [sys.executable, "-m", "tests.experiments.small", str(folder), str(EPOCHS)]
    return subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH=str(root))
    )


def ended(child: subprocess.Popen[str]) -> dict[str, Any]:
    return json.loads(child.communicate(timeout=300)[0])


def numbers(outcome: Outcome) -> list[dict[str, Any]]:
    """The records without what takes time."""
    costs = ("seconds", "cpu_seconds", "peak_mib", "reused")
    return [{key: x for key, x in record.items() if key not in costs} for record in outcome.document()]


def wait_for(folder: Path, pattern: str, child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not list(folder.rglob(pattern)):
        assert child.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline, f"no {pattern} within five minutes"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(design(**ONLY, epochs=EPOCHS), tmp_path_factory.mktemp("alone"))


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path, alone: Outcome) -> None:
    """``kill -9`` in the middle of a cell: the lock is free, the checkpoint is taken up, bit for bit."""
    child = started(tmp_path)
    try:
        wait_for(tmp_path, "*.checkpoint", child)
        time.sleep(random.uniform(0.0, 0.1))
    finally:
        child.kill()
        child.communicate()
    assert child.returncode == -signal.SIGKILL
    told: list[str] = []
    resumed = run(design(**ONLY, epochs=EPOCHS), tmp_path, report=told.append)
    assert numbers(resumed) == numbers(alone)
    assert resumed.key == alone.key
    assert not list(tmp_path.rglob("*.checkpoint"))
    assert any("epoch" in text for text in told)


def test_a_checkpoint_is_taken_up(tmp_path: Path) -> None:
    """A run that raises after some epochs leaves them: the next one does not begin again."""
    given = design(**ONLY, depths=(2, 4), epochs=6)

    def until(text: str) -> None:
        if "epoch 4" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(given, tmp_path, report=until)
    told: list[str] = []
    resumed = run(given, tmp_path, report=told.append)
    assert not any("N=4: epoch 1 " in text or "N=4: epoch 3 " in text for text in told)
    assert any("N=4: epoch 6 of 6" in text for text in told)
    assert numbers(resumed) == numbers(run(given, tmp_path / "other"))


def test_processes_share_the_cells(tmp_path: Path, alone: Outcome) -> None:
    children = [started(tmp_path) for _ in range(2)]
    trained: Sequence[list[str]] = [ended(child)["trained"] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert sorted(trained[0] + trained[1]) == sorted(map(str, alone.curves))
    again = run(design(**ONLY, epochs=EPOCHS), tmp_path)
    assert all(curves.reused for curves in again.curves.values())
    assert numbers(again) == numbers(alone)


# ---------------------------------------------------------------- what results belong to


def test_what_changes_a_number_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    here = run_key(design(), CPU)
    assert run_key(design(), CPU) == here
    others = [
        run_key(design(noise=0.03), CPU),
        run_key(design(rates={"W": 0.1, "tau": 0.1, "lam": 0.1}), CPU),
        run_key(design(), replace(CPU, seed=1)),
        run_key(design(), replace(CPU, dtype=torch.float32)),
    ]
    for package in ("numpy", "scipy", "scikit-image"):
        with monkeypatch.context() as patch:
            patch.setattr(depth, "_version", lambda name, other=package: "2" if name == other else "1")
            others.append(run_key(design(), CPU))
    monkeypatch.setattr(depth, "sources", lambda *packages: "other code")
    others.append(run_key(design(), CPU))
    assert len({here, *others}) == 9


def test_a_changed_judge_judges_anew_what_is_trained(tmp_path: Path) -> None:
    """Another constant in a copy of the code: no cell is trained, every modulus is new."""
    given = design(**ONLY, epochs=EPOCHS)
    before, home = run(given, tmp_path / "results"), tmp_path / "copy"
    for package in ("claims", "fbscore"):
        shutil.copytree(ROOT / package, home / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "experiments", home / "tests" / "experiments")
    constants = home / "claims" / "limit_constants.py"
    constants.write_text(constants.read_text() + "\n\n_late = late_growth\n\n\n" + HALVED)
    after = ended(started(tmp_path / "results", home))
    assert (after["key"], after["trained"]) == (before.key, [])
    for row, less in zip(before.transfers["synthetic", "FBS"], after["moduli"], strict=True):
        assert all(y < x or row.trained == row.depth for x, y in zip(row.modulus, less, strict=True))
    assert moduli(run(given, tmp_path / "results")) == moduli(before)


def test_a_change_of_the_design_trains_anew(tmp_path: Path) -> None:
    given = design(**ONLY, depths=(2, 4))
    first = run(given, tmp_path)
    again = run(given, tmp_path)
    changed = run(replace(given, noise=0.05), tmp_path)
    assert not any(curves.reused for curves in first.curves.values())
    assert all(curves.reused for curves in again.curves.values())
    assert not any(curves.reused for curves in changed.curves.values())
    assert numbers(first) == numbers(again) != numbers(changed)


# ---------------------------------------------------------------- cells


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(DESIGNS["tiny"], tmp_path_factory.mktemp("whole"))


def test_the_whole_tiny_experiment_has_its_records(whole: Outcome) -> None:
    assert isinstance(EXPERIMENT, Experiment)
    records = json.loads(json.dumps(whole.document()))
    kinds = [record["record"] for record in records]
    of_data = 2 if photographs.available() else 1
    assert kinds.count("experiment") == 1
    assert kinds.count("cell") == 3 * (3 * of_data + 2)
    assert kinds.count("transfer") == 9 * 3 * of_data
    for record in records:
        assert set(REQUIRED[record["record"]]) <= set(record)
    head = records[0]
    assert head["cpu_seconds"] > 0
    assert head["peak_mib"] > 10
    one = next(record for record in records if record["record"] == "cell")
    assert [len(one[name]) for name in ("objective", "loss", "validation")] == [5, 5, 5]
    assert all(len(row) == 3 for row in one["objective"])


def test_the_systems_start_as_one_network(whole: Outcome) -> None:
    starts = [whole.trained("synthetic", system) for system in ("FBS", "LISTA", "ALISTA")]
    for N in (2, 4, 8):
        rows = [curves[N].first("loss") for curves in starts]
        assert rows[0] == pytest.approx(rows[1], rel=1e-12)
        assert rows[0] == pytest.approx(rows[2], rel=1e-12)
        ends = [curves[N].final("loss") for curves in starts]
        assert ends[0] != ends[1] != ends[2]


def test_float32_is_run_and_judged_as_such(tmp_path: Path) -> None:
    experiment = DepthExperiment("depth", {"tiny": design(**ONLY)})
    found = experiment.run(
        "tiny", 0, tmp_path, device=torch.device("cpu"), dtype=torch.float32, report=lambda text: None
    )
    rows = found.transfers["synthetic", "FBS"]
    assert not any(row.exceeded for row in rows)
    assert all(1e-9 < min(row.rounding) and max(row.rounding) < 1e-3 for row in rows)
    double = run(design(**ONLY), tmp_path)
    assert found.key != double.key
    for narrow, wide in zip(found.curves.values(), double.curves.values(), strict=True):
        assert narrow.objective != wide.objective
        for row, other in zip(narrow.objective, wide.objective, strict=True):
            assert row == pytest.approx(other, rel=1e-4)


def test_without_scikit_image_the_rest_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "available", lambda: False)
    found = run(design(systems=("FBS",), variants=(TRAINED,)), tmp_path)
    assert {c.data for c in found.curves} == {"synthetic"}
    assert list(found.transfers) == [("synthetic", "FBS")]
    head = found.document()[0]
    assert head["design"]["data"] == ["synthetic"]
    assert head["text"]["photographs"] == photographs.MISSING


def test_variants_differ(whole: Outcome) -> None:
    trained, shuffled, unscaled = (
        whole.trained("synthetic", "FBS", x) for x in (TRAINED, SHUFFLED, UNSCALED)
    )
    assert trained[4].first("validation") == shuffled[4].first("validation")
    assert trained[4].first("loss") != shuffled[4].first("loss")
    assert trained[2].objective == unscaled[2].objective  # h = 1/N_0 either way
    assert trained[4].first("loss") != unscaled[4].first("loss")
    assert set(whole.doubled) == {2, 4, 8}


def test_layers_that_are_not_scaled_take_the_steps_of_their_own_length() -> None:
    """Rates and weights of ``τ`` times N/N_0 are those of ``τ`` itself: one step, written out."""
    given = design(**{**ONLY, "variants": (UNSCALED,)}, epochs=1, batch_size=12, momentum=0.0, weight=0.01)
    mine = cell(variant=UNSCALED, depth=8)
    found = cells.drawn(given, mine, 0)
    problem, learning = cells.task(given, mine, found.A, found.training, CPU)
    start: Any = cells.starting(given, mine, found.A, CPU)
    settings = cells.settings(given, mine, start, 0)
    trained: Any = cells.train(problem, start, learning, settings).controls

    W, tau, lam = (x.clone().requires_grad_() for x in (start.W, start.tau / 4, start.lam))
    u = torch.zeros_like(problem.u0)
    for n in range(8):  # h = 1/2
        step = 0.5 * tau[:, n, None, None]
        v = u - step * ((u @ problem.A.mT - problem.f) @ W[:, n].mT)
        a = step * lam[:, n, None, None]
        u = torch.relu(v - a) - torch.relu(-v - a)
    loss = (u - learning.labels).square().sum(-1).mean(1).sum()
    J = loss + 0.01 / 8 * (W.square().sum() + tau.square().sum() + lam.square().sum())
    gradients = torch.autograd.grad(J, (W, tau, lam))
    for x, g, name, factor in zip((W, tau, lam), gradients, ("W", "tau", "lam"), (1, 4, 1), strict=True):
        moved = x.detach() - 2 * given.rates[name] * g
        moved = moved if name == "W" else moved.clamp(min=0.0)
        torch.testing.assert_close(getattr(trained, name), factor * moved, rtol=1e-10, atol=1e-13)
