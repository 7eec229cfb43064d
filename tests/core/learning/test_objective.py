"""The objective of networks by hand, by loops over instances and samples, and its gradients."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from fbscore import Controls, Samples, forward
from fbscore.learning import Learning, extend_controls, losses, objective, penalties, project_controls
from tests.core.learning.instances import (
    BATCH,
    SAMPLES,
    WIDTHS,
    D,
    N,
    learning,
    random,
    scalar,
)
from tests.core.learning.test_losses import plain
from tests.core.learning.test_penalties import PLAIN
from tests.core.limit.networks import KINDS

TRIPLES = [("s", "s^2", "kinked"), ("jump", "s", "spike"), ("s^2", "kinked", "jump")]


def by_loops(problem, theta, goal, loss, names):
    """The definition, one number after the other."""
    last = forward(problem, theta)[..., -1, :]
    ends, labels = (x if isinstance(problem, Samples) else x.unsqueeze(1) for x in (last, goal.labels))
    found = []
    for i in range(problem.batch):
        pairs = zip(ends[i], labels[i], strict=True)
        each = [plain(loss, (u - label).tolist(), WIDTHS[i].item()) for u, label in pairs]
        total = math.fsum(each) / len(each)
        for j, (x, name) in enumerate(zip(theta.tensors, names, strict=True)):
            cells = 1 if x.ndim == 3 else theta.N  # ALISTA's W has no cells
            s = math.sqrt(math.fsum(y * y for y in x[i].flatten().tolist()) / cells)
            total += goal.weights[i, j].item() * PLAIN[name](s)
        found.append(total)
    return torch.tensor(found, dtype=torch.float64)


@pytest.mark.parametrize("names", TRIPLES)
@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_objective_is_its_definition(kind, samples, names, rng):
    for loss in losses.NAMES:
        problem, theta, goal = random(kind, rng, samples, loss, names)
        expected = by_loops(problem, theta, goal, loss, names)
        torch.testing.assert_close(objective(problem, theta, goal), expected, rtol=1e-13, atol=1e-14)


def test_by_hand(dtype, device):
    """``W = 0``: the state is ``max(u0 − λ, 0)``; norms 0, ``√(5/2)``, 1/4."""
    problem, theta = scalar([0.0, 0.0], [2.0, 1.0], [0.25, 0.25], dtype=dtype, device=device)
    labels = torch.full((1, 1), 0.125, dtype=dtype, device=device)
    goal = learning(labels).to(dtype, device)
    # u_2 = 1 - (2 + 1)/2 / 4 = 5/8
    expected = 0.25 + 0.25 * 0.0 + 0.5 * 2.5 + 2.0 * 0.75
    found = objective(problem, theta, goal)
    assert (found.shape, found.dtype, found.device.type) == ((1,), dtype, device.type)
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_the_norms_do_not_see_the_grid(rng):
    problem, theta, goal = random("fbs", rng)
    nothing = replace(goal, weights=torch.zeros_like(goal.weights))
    here, there = (
        objective(problem, c, goal) - objective(problem, c, nothing)
        for c in (theta, extend_controls(theta, 7 * N))
    )
    torch.testing.assert_close(here, there, rtol=1e-12, atol=1e-13)


def test_samples_count_by_their_mean(rng):
    problem, theta, goal = random("fbs", rng, samples=True)
    doubled = replace(problem, f=problem.f.repeat(1, 2, 1), u0=problem.u0.repeat(1, 2, 1))
    twice = replace(goal, labels=goal.labels.repeat(1, 2, 1))
    torch.testing.assert_close(objective(doubled, theta, twice), objective(problem, theta, goal))


def test_another_depth_is_that_of_the_projected_controls():
    """``τ = W = 1 + ½ r_1``, ``R = 0``: averaged each by itself, ``u_1 = 1 − 1``; products give −1/4."""
    problem, theta = scalar([1.5, 0.5], [1.5, 0.5], [0.0, 0.0])
    goal = learning(torch.zeros(1, 1).double(), weights=torch.zeros(1, 3).double())
    assert objective(problem, project_controls(theta, 1), goal).item() == 0.0
    assert objective(problem, theta, goal).item() == pytest.approx(((1 - 1.125) * (1 - 0.125)) ** 2)


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind, samples, rng):
    problem, theta, goal = random(kind, rng, samples, R="half_squared_norm", names=("s", "s^2", "s"))
    tensors = [x.clone().requires_grad_() for x in theta.tensors]
    names = list(theta.__dataclass_fields__)

    def value(*given):
        return objective(problem, replace(theta, **dict(zip(names, given, strict=True))), goal)

    tensors[1:] = [(x.detach() + 0.1).requires_grad_() for x in tensors[1:]]
    assert torch.autograd.gradcheck(value, tensors, fast_mode=True)


def test_gradients_where_controls_and_distances_vanish():
    problem, theta = scalar([0.0], [0.0], [0.0], u0=0.0)
    lam = theta.lam.clone().requires_grad_()
    goal = learning(torch.zeros(1, 1).double(), "p=1", ("s", "s", "s"))
    objective(problem, Controls(theta.W, theta.tau, lam), goal).sum().backward()
    assert lam.grad is not None
    assert lam.grad.isfinite().all()


def test_another_network_may_be_judged(rng):
    problem, theta, goal = random("fbs", rng)

    def still(problem, controls):
        return problem.u0.unsqueeze(1)

    zero = replace(goal, weights=torch.zeros_like(goal.weights))
    expected = ((problem.u0 - goal.labels) ** 2).sum(-1)
    torch.testing.assert_close(objective(problem, theta, zero, still), expected)


def test_no_instance_at_all(rng):
    problem, theta, goal = random("fbs", rng, R="half_squared_norm")
    none = replace(problem, A=problem.A[:0], f=problem.f[:0], u0=problem.u0[:0])
    nothing = replace(goal, labels=goal.labels[:0], weights=goal.weights[:0])
    assert objective(none, Controls(*(x[:0] for x in theta.tensors)), nothing).shape == (0,)


def test_to(device):
    goal = learning(torch.zeros(2, 1).double(), "huber").to(torch.float32, device)
    assert isinstance(goal.loss, losses.Huber)
    assert isinstance(goal.loss.width, torch.Tensor)
    tensors = (goal.labels, goal.weights, goal.loss.width)
    assert all((x.dtype, x.device.type) == (torch.float32, device.type) for x in tensors)


LABELS, WEIGHTS = torch.zeros(BATCH, D), torch.zeros(BATCH, 3)
S = penalties.by_name("s")


def made(**changes):
    given = {"labels": LABELS, "loss": losses.power(2), "penalties": (S, S, S), "weights": WEIGHTS}
    return Learning(**(given | changes))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"labels": 3.0}, TypeError, "labels: expected a torch.Tensor, got float"),
        ({"labels": torch.full((BATCH, D), math.nan)}, ValueError, "labels: expected finite entries"),
        ({"labels": torch.full((BATCH, D), math.inf)}, ValueError, "labels: expected finite entries"),
        ({"labels": torch.zeros(BATCH)}, ValueError, r"labels: expected shape \(batch, d\) or .* got \(4,\)"),
        ({"labels": torch.zeros(BATCH, 0, D)}, ValueError, r"labels: expected shape .* got \(4, 0, 3\)"),
        ({"labels": LABELS.double()}, TypeError, "weights: expected the dtype of labels"),
        ({"weights": torch.zeros(BATCH, 2)}, ValueError, r"weights: expected shape \(batch, controls\)"),
        ({"weights": WEIGHTS - 1}, ValueError, "weights: expected entries >= 0"),
        ({"weights": WEIGHTS + math.nan}, ValueError, "weights: expected finite entries"),
        ({"loss": "p=2"}, TypeError, "loss: expected a Loss, got str"),
        ({"loss": losses.huber(torch.ones(3))}, ValueError, r"loss.width: expected shape \(\) or \(4,\)"),
        (
            {"loss": losses.huber(torch.ones(4).double())},
            TypeError,
            "loss.width: expected the dtype of labels",
        ),
        ({"penalties": S}, TypeError, "penalties: expected a tuple of three Penalty, got Penalty"),
        ({"penalties": (S, S)}, ValueError, "penalties: expected three of them, got 2"),
        ({"penalties": (S, "s", S)}, TypeError, r"penalties\[1\]: expected a Penalty, got str"),
    ],
)
def test_what_learning_refuses(changes, error, message):
    with pytest.raises(error, match=message):
        made(**changes)


@pytest.mark.usefixtures("unchecked")
def test_what_the_objective_refuses(rng):
    problem, theta, goal = random("fbs", rng)
    many, _, goals = random("fbs", rng, samples=True)
    no_problem: Any = theta
    with pytest.raises(ValueError, match=r"labels: expected shape \(4, 3\) as u0, got \(4, 3, 3\)"):
        objective(problem, theta, goals)
    with pytest.raises(ValueError, match=rf"labels: expected shape \(4, {SAMPLES}, 3\) as u0, got \(4, 3\)"):
        objective(many, theta, goal)
    with pytest.raises(TypeError, match="labels: expected the dtype of u0"):
        objective(problem, theta, goal.to(torch.float32))
    with pytest.raises(TypeError, match="problem: expected a Problem or Samples, got Controls"):
        objective(no_problem, theta, goal)
    with pytest.raises(ValueError, match="controls: expected batch = 4 as in the problem, got 1"):
        objective(problem, project_controls(Controls(*(x[:1] for x in theta.tensors)), 2), goal)
