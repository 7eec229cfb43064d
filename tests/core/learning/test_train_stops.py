"""Training that leaves the finite numbers, and arguments that make no sense: one clear message each."""

from dataclasses import replace

import pytest
import torch

from fbscore import Controls, Problem, forward
from fbscore.learning import Learning, Loss
from fbscore.learning.settings import Training, sgd
from fbscore.learning.train import train
from tests.core.learning.training import CELLS, SQUARE, D, M, assert_same, begin, task


def diverging(rate, **changes):
    problem, learning = task(batch=2)
    kept = []
    learning = replace(learning, **changes)
    found = train(problem, begin(problem), learning, Training(40, rate, 3), keep=kept.append)
    assert found.epochs == len(kept) == len(found.history) - 1
    assert bool(found.history.objective.isfinite().all())
    last = (
        kept[-1]["controls"]
        if kept
        else {name: getattr(begin(problem), name) for name in ("W", "tau", "lam")}
    )
    assert_same(found.controls, Controls(**last))
    return found


def test_an_objective_that_overflows_stops_and_loses_nothing():
    found = diverging(1e10)
    assert (found.epochs, found.stopped) == (2, "epoch 3: the objective of instance 0 is inf")


def test_a_control_that_overflows_stops():
    found = diverging(1e308, labels=100.0 * task(batch=2)[1].labels)
    assert (found.epochs, found.stopped) == (0, "epoch 1: after a step W is not finite")


class Distance(Loss):
    """``‖u − u*‖₂`` without care at 0, where the tape gives NaN."""

    def value(self, u, label):
        return (u - label).square().sum(-1).sqrt()

    def modulus(self, difference, eps):
        return eps


def test_a_gradient_that_is_not_a_number_stops():
    problem, _ = task(batch=2)
    found = diverging(0.01, loss=Distance(), labels=forward(problem, begin(problem))[:, :, -1])
    assert (found.epochs, found.stopped) == (0, "epoch 1: the gradient with respect to W is not finite")


def test_a_start_that_overflows_is_refused():
    problem, learning = task(dtype=torch.float32)
    huge = replace(begin(problem), W=torch.full((1, CELLS, D, M), 1e38))
    message = (
        "controls: expected a finite objective at the start, got epoch 0: the objective of instance 0 is "
    )
    with pytest.raises(ValueError, match=message):
        train(problem, huge, learning, Training(1, 0.1))


# ---------------------------------------------------------------- what is refused


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs: expected a size of at least 1, got 0"),
        ({"epochs": 2.0}, TypeError, "epochs: expected an int, got float"),
        ({"batch_size": 0}, ValueError, "batch_size: expected a size of at least 1, got 0"),
        ({"chunk": -1}, ValueError, "chunk: expected a size of at least 1, got -1"),
        ({"keep_every": 0}, ValueError, "keep_every: expected a size of at least 1, got 0"),
        ({"seed": 2**63}, ValueError, "seed: expected 0 <= seed"),
        ({"seed": "1"}, TypeError, "seed: expected an int, got str"),
        ({"clip": 0.0}, ValueError, "clip: expected a length > 0, finite, got 0.0"),
        ({"clip": "1"}, TypeError, "clip: expected a float, got str"),
        ({"rates": {"theta": 0.1}}, ValueError, "rates: expected names among W, tau, lam, got 'theta'"),
        ({"rates": {}}, ValueError, "rates: expected a rate for at least one of W, tau, lam, got none"),
        ({"rates": {"W": -1.0}}, ValueError, r"rates\[W\]: expected a rate > 0, finite, got -1.0"),
        ({"rates": torch.nan}, ValueError, r"rates\[W\]: expected a rate > 0, finite, got nan"),
        ({"rates": {"tau": "0.1"}}, TypeError, r"rates\[tau\]: expected a float, got str"),
        ({"optimizer": "sgd"}, TypeError, "optimizer: expected a callable, got str"),
        (
            {"optimizer": lambda groups: groups},
            TypeError,
            "optimizer: expected a torch.optim.Optimizer, got list",
        ),
        (
            {"optimizer": lambda groups: torch.optim.SGD([x for group in groups for x in group["params"]])},
            ValueError,
            r"optimizer: expected the parameter groups \['W', 'tau', 'lam'\], got \[None\]",
        ),
        ({"schedule": 0.5}, TypeError, "schedule: expected a callable, got float"),
        (
            {"schedule": lambda epoch: -1.0},
            ValueError,
            "schedule: expected a factor >= 0, finite, in epoch 0",
        ),
        ({"schedule": lambda epoch: "1"}, TypeError, "schedule: expected a float, got str"),
        ({"admissible": 3}, TypeError, r"admissible: expected an object with project\(controls\), got int"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, error, message):
    problem, learning = task()
    with pytest.raises(error, match=message):
        train(problem, begin(problem), learning, Training(**({"epochs": 1, "rates": 0.1} | changes)))


@pytest.mark.parametrize("momentum", [-0.1, 1.0, torch.nan])
def test_a_momentum_outside_its_range_is_refused(momentum):
    with pytest.raises(ValueError, match="momentum: expected a number in"):
        sgd(momentum)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"problem": 3}, TypeError, "problem: expected a Problem or Samples, got int"),
        ({"learning": 3}, TypeError, "learning: expected a Learning, got int"),
        ({"settings": {}}, TypeError, "settings: expected a Training, got dict"),
        ({"controls": 3}, TypeError, "controls: expected Controls, ListaControls or AlistaControls, got int"),
        ({"controls": begin(task(batch=2)[0])}, ValueError, "controls: expected batch = 1 as in the problem"),
        (
            {"learning": task(count=6)[1]},
            ValueError,
            r"labels: expected shape \(1, 7, 5\) as u0, got \(1, 6, 5\)",
        ),
        ({"validation": 3}, TypeError, "validation: expected a problem and a Learning, got int"),
        (
            {"validation": task()[:1]},
            ValueError,
            "validation: expected a problem and a Learning, got 1 of them",
        ),
        ({"progress": 3}, TypeError, "progress: expected a callable, got int"),
        ({"keep": 3}, TypeError, "keep: expected a callable, got int"),
        ({"validation": task(batch=2)}, ValueError, "validation: expected a batch of 1, got 2"),
        ({"validation": (task(count=4)[0], task()[1])}, ValueError, r"labels: expected shape \(1, 4, 5\)"),
    ],
)
def test_arguments_that_do_not_match_are_refused(changes, error, message):
    problem, learning = task()
    given = {
        "problem": problem,
        "controls": begin(problem),
        "learning": learning,
        "settings": Training(1, 0.1),
    }
    with pytest.raises(error, match=message):
        train(**(given | changes))


def test_mini_batches_of_a_problem_are_refused():
    samples, learning = task(count=1)
    problem = Problem(samples.A, samples.f[:, 0], samples.u0[:, 0], samples.regularizer)
    aim = replace(learning, labels=learning.labels[:, 0])
    with pytest.raises(ValueError, match="batch_size: expected None for a Problem"):
        train(problem, begin(samples), aim, Training(1, 0.1, batch_size=1))


def test_an_objective_without_a_gradient_is_refused():
    problem, learning = task()
    flat = Learning(learning.labels, Flat(), SQUARE, torch.zeros_like(learning.weights))
    with pytest.raises(ValueError, match="learning: expected a loss or a penalty with a gradient, got none"):
        train(problem, begin(problem), replace(flat, penalties=(CONSTANT,) * 3), Training(1, 0.1))


class Flat(Loss):
    """A count: nothing to differentiate."""

    def value(self, u, label):
        return ((u - label) > 0).to(u.dtype).sum(-1)

    def modulus(self, difference, eps):
        return eps


CONSTANT = replace(SQUARE[0], name="constant", value=lambda s: (s > 0.5).to(s.dtype))


@pytest.mark.parametrize("wrong", ["cells", "kind"])
def test_a_projection_that_changes_the_shapes_is_refused(wrong):
    problem, learning = task()

    class Wrong:
        def project(self, controls):
            return begin(problem, cells=CELLS + 1) if wrong == "cells" else begin(problem, "LISTA")

    with pytest.raises((TypeError, ValueError), match="admissible: expected a projection "):
        train(problem, begin(problem), learning, Training(1, 0.1, admissible=Wrong()))
