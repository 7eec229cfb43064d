"""Training: the steps it takes, where it may go, how it ends."""

from dataclasses import fields, replace
from functools import partial
from typing import Any

import pytest
import torch

from fbscore import Controls, Problem, forward
from fbscore.learning import objective, power
from fbscore.learning.settings import Training, sgd
from fbscore.learning.train import train
from fbscore.regularizers import L1
from tests.core.learning.training import CELLS, SYSTEMS, D, assert_close, assert_same, begin, close, task


def by_hand(problem, learning, names, theta, index):
    """``J`` of the samples ``index`` from its formula, of the tensors ``theta``."""
    base = begin(problem, "FBS")
    some = replace(problem, f=problem.f[:, index], u0=problem.u0[:, index])
    last = forward(some, replace(base, **dict(zip(names, theta, strict=True))))[:, :, -1]
    loss = (last - learning.labels[:, index]).square().sum(-1).mean(1)
    return loss.sum() + 0.01 * sum(x.square().sum() / CELLS for x in theta)


# ---------------------------------------------------------------- the steps


@pytest.mark.parametrize("size", [None, 3])
def test_the_steps_are_those_of_the_formula(size):
    """Momentum, a rate for each control, a schedule, the mean over a mini-batch: written out."""
    problem, learning = task()
    rates, names = {"W": 0.03, "tau": 0.05, "lam": 0.01}, ("W", "tau", "lam")
    settings = Training(3, rates, size, optimizer=sgd(0.8), schedule=lambda epoch: 0.5**epoch, seed=4)
    found: Any = train(problem, begin(problem), learning, settings)

    theta = [getattr(begin(problem), name).clone() for name in names]
    velocity = [torch.zeros_like(x) for x in theta]
    order = torch.Generator().manual_seed(4)
    for epoch in range(3):
        whole = torch.arange(7) if size is None else torch.randperm(7, generator=order)
        for index in whole.split(size or 7):
            theta = [x.requires_grad_() for x in theta]
            gradient = torch.autograd.grad(by_hand(problem, learning, names, theta, index), theta)
            for i, name in enumerate(names):
                velocity[i] = 0.8 * velocity[i] + gradient[i]
                moved = theta[i].detach() - rates[name] * 0.5**epoch * velocity[i]
                theta[i] = moved if name == "W" else moved.clamp(min=0.0)
    assert_close(found.controls, Controls(*theta))


def test_another_optimizer_takes_its_own_steps():
    problem, learning = task()
    adam = partial(torch.optim.Adam, betas=(0.8, 0.9), eps=1e-20)
    found: Any = train(problem, begin(problem), learning, Training(1, 0.02, optimizer=adam)).controls
    # The first step of Adam has length rate in every entry that has a gradient.
    moved = (found.W - begin(problem).W).abs()
    assert float((moved > 0).double().mean()) > 0.9
    close(moved[moved > 0], torch.full_like(moved[moved > 0], 0.02))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_objective_decreases(system, dtype):
    """In every short step downhill, and by more with momentum and mini-batches."""
    problem, learning = task(count=40, dtype=dtype)
    plain = train(problem, begin(problem, system), learning, Training(20, 0.005, optimizer=sgd(0.0)))
    J = plain.history.objective[:, 0]
    assert (plain.epochs, plain.stopped, J.dtype) == (20, None, dtype)
    assert bool((J.diff() < 0).all())
    faster = train(problem, begin(problem, system), learning, Training(20, 0.005, batch_size=8))
    assert float(faster.history.objective[-1]) < float(J[-1])


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_seed_gives_one_run(system):
    problem, learning = task()
    runs = [
        train(problem, begin(problem, system), learning, Training(3, 0.02, batch_size=2, seed=seed))
        for seed in (5, 5, 6)
    ]
    assert_same(runs[0].controls, runs[1].controls)
    assert torch.equal(runs[0].history.objective, runs[1].history.objective)
    assert not torch.equal(runs[0].controls.lam, runs[2].controls.lam)


def test_nothing_is_drawn_from_elsewhere():
    problem, learning = task()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    train(problem, begin(problem), learning, Training(2, 0.02, batch_size=2))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [None, 5])
def test_pieces_on_the_tape_change_nothing(size):
    problem, learning = task()
    settings = [Training(4, 0.02, size, chunk, clip=0.5) for chunk in (None, 2)]
    plain, pieces = (train(problem, begin(problem), learning, given) for given in settings)
    assert_close(pieces.controls, plain.controls)
    close(pieces.history.objective, plain.history.objective)


def test_instances_train_as_if_alone():
    problem, learning = task(batch=2)
    steep = replace(learning, labels=learning.labels * torch.tensor([1.0, 30.0]).reshape(2, 1, 1))
    settings = Training(3, 0.02, batch_size=3, clip=2.0)
    both: Any = train(problem, begin(problem), steep, settings)
    for i in range(2):
        one = {"A": problem.A[i : i + 1], "f": problem.f[i : i + 1], "u0": problem.u0[i : i + 1]}
        alone = replace(problem, **one, regularizer=L1(torch.ones(1, D, dtype=torch.float64)))
        aim = replace(steep, labels=steep.labels[i : i + 1], weights=steep.weights[i : i + 1])
        found: Any = train(alone, begin(alone), aim, settings)
        close(both.controls.W[i], found.controls.W[0])
        close(both.history.objective[:, i], found.history.objective[:, 0])


def test_a_problem_is_one_sample_an_instance():
    samples, learning = task(count=1)
    problem = Problem(samples.A, samples.f[:, 0], samples.u0[:, 0], samples.regularizer)
    aim = replace(learning, labels=learning.labels[:, 0])
    found: Any = train(problem, begin(samples), aim, Training(3, 0.02))
    assert_close(found.controls, train(samples, begin(samples), learning, Training(3, 0.02)).controls)


def test_a_long_gradient_is_shortened():
    problem, learning = task()
    far = replace(learning, labels=1e6 * learning.labels)
    start = begin(problem)
    found: Any = train(problem, start, far, Training(1, 0.01, clip=2.0, optimizer=sgd(0.0))).controls
    steps = [(getattr(found, name) - getattr(start, name)).flatten() for name in ("W", "tau", "lam")]
    assert float(torch.cat(steps).norm()) == pytest.approx(0.01 * 2.0, rel=1e-9)


def test_a_short_gradient_is_left_alone():
    problem, learning = task()
    runs = [train(problem, begin(problem), learning, Training(2, 0.01, clip=clip)) for clip in (None, 1e3)]
    assert_same(runs[1].controls, runs[0].controls)


# ---------------------------------------------------------------- where controls may be


@pytest.mark.parametrize("system", SYSTEMS)
def test_steps_and_weights_stay_nonnegative(system):
    """Steps so long that they leave: after every epoch what left is exactly 0."""
    problem, learning = task()
    heavy = replace(learning, weights=torch.tensor([[0.0, 40.0, 40.0]], dtype=torch.float64))
    kept = []
    train(problem, begin(problem, system), heavy, Training(4, 0.1, 3), keep=kept.append)
    names = [name for name in ("tau", "lam") if name in kept[0]["controls"]]
    least = [float(content["controls"][name].min()) for content in kept for name in names]
    assert min(least) == 0.0
    assert names[-1] == "lam"


class Constant:
    """Controls that do not depend on time, ``λ <= 0.05``: a set with a projection."""

    def project(self, controls):
        means = {
            field.name: getattr(controls, field.name)
            .mean(1, keepdim=True)
            .expand_as(getattr(controls, field.name))
            for field in fields(controls)
        }
        return replace(controls, **(means | {"lam": means["lam"].clamp(max=0.05)}))


def test_the_controls_stay_in_the_admissible_set():
    problem, learning = task()
    kept = []
    settings = Training(3, 0.05, batch_size=2, admissible=Constant())
    found: Any = train(problem, begin(problem), learning, settings, keep=kept.append)
    for content in kept:
        for x in content["controls"].values():
            assert torch.equal(x, x[:, :1].expand_as(x))
        assert float(content["controls"]["lam"].max()) <= 0.05
    assert not torch.equal(found.controls.W, begin(problem).W)
    first = replace(begin(problem), lam=torch.full_like(begin(problem).lam, 0.05))
    torch.testing.assert_close(found.history.objective[0], objective(problem, first, learning))


def test_what_has_no_rate_stays_fixed():
    problem, learning = task()
    found: Any = train(problem, begin(problem), learning, Training(2, {"tau": 0.1})).controls
    assert torch.equal(found.W, begin(problem).W)
    assert torch.equal(found.lam, begin(problem).lam)
    assert not torch.equal(found.tau, begin(problem).tau)


def test_the_matrix_of_alista_is_fixed_unless_it_is_named():
    problem, learning = task()
    start = begin(problem, "ALISTA")
    fixed: Any = train(problem, start, learning, Training(2, 0.1)).controls
    free: Any = train(problem, start, learning, Training(2, {"W": 0.1, "tau": 0.1, "lam": 0.1})).controls
    assert torch.equal(fixed.W, start.W)
    assert not torch.equal(free.W, start.W)


def test_the_start_is_not_changed():
    problem, learning = task()
    start = begin(problem)
    train(problem, start, learning, Training(2, 0.1))
    assert_same(start, begin(problem))


# ---------------------------------------------------------------- figures


def test_the_history_is_that_of_the_objective():
    problem, learning = task()
    held_out, kept = task(count=4, seed=3), []
    found: Any = train(
        problem, begin(problem), learning, Training(2, 0.02, 3), validation=held_out, keep=kept.append
    )
    history = found.history
    assert history.objective.shape == history.loss.shape == history.validation.shape == (3, 1)
    assert history.seconds.shape == (3,)
    assert float(history.seconds.min()) > 0.0
    states = [begin(problem)] + [Controls(**content["controls"]) for content in kept]
    for row, theta in enumerate(states):
        torch.testing.assert_close(history.objective[row], objective(problem, theta, learning))
        for (some, aim), loss in (((problem, learning), history.loss), (held_out, history.validation)):
            last = forward(some, theta)[:, :, -1]
            torch.testing.assert_close(loss[row], (last - aim.labels).square().sum(-1).mean(1))
    assert_same(found.controls, states[-1])


def test_progress_sees_every_epoch_and_may_stop():
    problem, learning = task()
    seen, kept = [], []

    def progress(epoch, history):
        seen.append((epoch, len(history)))
        return epoch == 3

    settings = Training(9, 0.02, keep_every=2)
    found: Any = train(problem, begin(problem), learning, settings, progress=progress, keep=kept.append)
    assert seen == [(1, 2), (2, 3), (3, 4)]
    assert (found.epochs, found.stopped) == (3, "epoch 3: progress asked to stop")
    assert [len(content["history"]["seconds"]) for content in kept] == [3, 4]


def test_power_is_the_squared_error():
    """The toy's loss is the one that `by_hand` writes out."""
    u = torch.tensor([[3.0, 4.0]])
    assert float(power(2.0).value(u, torch.zeros(1, 2))) == 25.0
