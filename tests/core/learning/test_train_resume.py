"""Interrupted and resumed: equal bit for bit to the run that was left alone, a killed one too."""

import copy
import io
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from claims.kit import checkpoints
from fbscore import regularizers
from fbscore.learning import power
from fbscore.learning.settings import Training, sgd
from fbscore.learning.train import train
from tests.core.learning.training import SQUARE, SYSTEMS, assert_same, begin, killed_run, task

ROOT = Path(__file__).resolve().parents[3]
OPTIMIZERS = {
    "momentum": sgd(0.9),
    "nesterov": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
    "adam": torch.optim.Adam,
}


def through_a_file(content):
    """What comes back from ``torch.save`` when nothing but plain content may be read."""
    file = io.BytesIO()
    torch.save(content, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def figures(content):
    """The content as a flat list, without the times."""
    history = {key: x for key, x in content["history"].items() if key != "seconds"}
    return flat([{**content, "history": history}])


def flat(x):
    if isinstance(x, dict):
        return [entry for key in sorted(x, key=str) for entry in [key, *flat(x[key])]]
    return [entry for y in x for entry in flat(y)] if isinstance(x, list) else [x]


def assert_equal_bits(first, second):
    assert len(first) == len(second)
    for x, y in zip(first, second, strict=True):
        assert torch.equal(x, y) if isinstance(x, torch.Tensor) else x == y


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_resumed_run_is_the_uninterrupted_one(system, optimizer):
    problem, learning = task()
    settings = Training(
        5, 0.05, 3, optimizer=OPTIMIZERS[optimizer], schedule=lambda epoch: 0.9**epoch, seed=2
    )
    whole: list = []
    found = train(problem, begin(problem, system), learning, settings, keep=whole.append)
    for content in whole:
        rest: list = []
        given = through_a_file(content)
        again = train(problem, begin(problem, system), learning, settings, keep=rest.append, resume=given)
        assert_same(again.controls, found.controls)
        assert (again.epochs, again.stopped) == (5, None)
        assert torch.equal(again.history.objective, found.history.objective)
        done = len(content["history"]["seconds"])
        assert torch.equal(again.history.seconds[:done], content["history"]["seconds"])
        for one, other in zip(whole[done - 1 :], rest, strict=True):
            assert_equal_bits(figures(one), figures(other))


def test_a_finished_run_can_go_on():
    problem, learning = task()
    long = train(problem, begin(problem), learning, Training(6, 0.05, 3))
    kept: list = []
    train(problem, begin(problem), learning, Training(4, 0.05, 3), keep=kept.append)
    found = train(problem, begin(problem), learning, Training(6, 0.05, 3, keep_every=9), resume=kept[-1])
    assert_same(found.controls, long.controls)


def test_later_steps_do_not_change_what_was_kept():
    problem, learning = task()
    kept: list = []
    copies: list = []

    def keep(content):
        kept.append(content)
        copies.append(copy.deepcopy(content))

    train(problem, begin(problem), learning, Training(3, 0.05, 3), keep=keep)
    for content, then in zip(kept, copies, strict=True):
        assert_equal_bits(flat(content), flat(then))


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path):
    """``kill -9`` at an epoch that nobody chose, in the middle of a write or not."""
    path = tmp_path / "run.pt"
    child = subprocess.Popen([sys.executable, "-m", "tests.core.learning.training", path], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while not path.exists():
            assert child.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline, "no checkpoint within a minute"
            time.sleep(0.01)
        time.sleep(random.uniform(0.0, 0.4))
    finally:
        child.kill()
        assert child.wait() == -signal.SIGKILL
    content = checkpoints.load(path)
    done = len(content["history"]["seconds"]) - 1
    assert done >= 1
    (problem, start, learning, settings), options = killed_run(done + 5)
    resumed = train(problem, start, learning, settings, **options, resume=content)
    alone = train(problem, start, learning, settings, **options)
    assert resumed.epochs == alone.epochs == done + 5
    assert_same(resumed.controls, alone.controls)
    for name in ("objective", "loss", "validation"):
        assert torch.equal(getattr(resumed.history, name), getattr(alone.history, name))


# ---------------------------------------------------------------- what is refused


def kept_after_one_epoch():
    problem, learning = task()
    kept: list = []
    train(problem, begin(problem), learning, Training(1, 0.05, 3), keep=kept.append)
    return kept[0]


def twice_the_weights(problem):
    return replace(problem, regularizer=regularizers.L1(2.0 * problem.regularizer.weights))


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        ({"seed": 1}, "seed: 1, got 0"),
        ({"batch_size": 2}, "batch_size: 2, got 3"),
        ({"chunk": 2}, "chunk: 2, got None"),
        ({"clip": 1.0}, "clip: 1.0, got None"),
        ({"rates": 0.1}, "rates: .*0.1.*, got .*0.05"),
        ({"rates": {"W": 0.05}}, "rates: "),
        ({"optimizer": sgd(0.8)}, "optimizer: SGD .*0.8.*, got SGD .*0.9"),
        ({"optimizer": torch.optim.Adam}, "optimizer: Adam .*, got SGD"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(change, mark):
    problem, learning = task()
    settings = Training(**({"epochs": 2, "rates": 0.05, "batch_size": 3} | change))
    with pytest.raises(ValueError, match=f"resume: expected a checkpoint with {mark}"):
        train(problem, begin(problem), learning, settings, resume=kept_after_one_epoch())


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        (lambda p, c, aim: (replace(p, f=2.0 * p.f), c, aim), "problem, labels or start"),
        (lambda p, c, aim: (twice_the_weights(p), c, aim), "problem, labels or start"),
        (lambda p, c, aim: (p, replace(c, tau=2.0 * c.tau), aim), "problem, labels or start"),
        (lambda p, c, aim: (p, c, replace(aim, labels=-aim.labels)), "problem, labels or start"),
        (lambda p, c, aim: (p, c, replace(aim, loss=power(3.0))), "problem, labels or start"),
        (
            lambda p, c, aim: (p, c, replace(aim, penalties=(replace(SQUARE[0], name="other"),) * 3)),
            "problem, labels or start",
        ),
        (
            lambda p, c, aim: (p, begin(p, "LISTA"), aim),
            "network: ListaControls in torch.float64",
        ),
        (
            lambda p, c, aim: (p.to(torch.float32), c.to(torch.float32), aim.to(torch.float32)),
            "network: Controls in torch.float32",
        ),
    ],
)
def test_a_checkpoint_of_another_problem_is_refused(change, mark):
    problem, learning = task()
    problem, controls, learning = change(problem, begin(problem), learning)
    with pytest.raises(ValueError, match=f"resume: expected a checkpoint with {mark}"):
        train(problem, controls, learning, Training(2, 0.05, 3), resume=kept_after_one_epoch())


def test_a_checkpoint_with_another_validation_is_refused():
    problem, learning = task()
    with pytest.raises(ValueError, match=r"resume: expected a checkpoint with validation: \w+, got none"):
        train(
            problem,
            begin(problem),
            learning,
            Training(2, 0.05, 3),
            validation=task(count=3),
            resume=kept_after_one_epoch(),
        )


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: 3, "resume: expected the content of a checkpoint, got int"),
        (lambda content: {}, "resume: expected the keys format, marks"),
        (lambda content: {**content, "format": 0}, "resume: expected format 1, got 0"),
        (lambda content: {**content, "marks": None}, "resume: expected what an earlier run kept"),
        (lambda content: {**content, "controls": {}}, "resume: expected what an earlier run kept"),
        (
            lambda content: {**content, "generator": torch.zeros(3)},
            "resume: expected what an earlier run kept",
        ),
        (lambda content: {**content, "optimizer": None}, "resume: expected what an earlier run kept"),
        (lambda content: {**content, "history": {}}, "resume: expected what an earlier run kept"),
    ],
)
def test_what_is_no_checkpoint_is_refused(change, message):
    problem, learning = task()
    with pytest.raises((TypeError, ValueError), match=message):
        train(problem, begin(problem), learning, Training(2, 0.05, 3), resume=change(kept_after_one_epoch()))
