"""Gradients of the objective through the whole network: those of differences, away from kinks."""

from typing import Any

import pytest
import torch

from fbscore import AlistaControls, Controls, ListaControls, Samples
from fbscore.learning import Learning, losses, objective, penalties
from fbscore.learning.minibatches import differentiate
from fbscore.learning.parameters import Parameters
from fbscore.learning.settings import Training
from fbscore.learning.train import train
from tests.core.instances import EVERY, regularizer
from tests.core.learning.training import SQUARE, SYSTEMS

BATCH, COUNT, N, M, D = 2, 3, 3, 2, 6
NO_KINKS_ALLOWED = ("half_power",)


def draw(rng, *shape):
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


def controls(system, rng) -> Any:
    W, W2, tau, lam = draw(rng, BATCH, N, D, M), draw(rng, BATCH, N, D, D), *draw(rng, 2, BATCH, N).abs()
    if system == "LISTA":
        return ListaControls(W, W2, lam)
    return Controls(W, tau, lam) if system == "FBS" else AlistaControls(W[:, 0], tau, lam)


def problem(R, rng, zero=False):
    A, f, u0 = (draw(rng, BATCH, *size) for size in ((M, D), (COUNT, M), (COUNT, D)))
    return Samples(A, f, torch.zeros_like(u0), R) if zero else Samples(A, f, 2.0 * u0, R)


def learning(rng, loss="p=2", penalty="s^2"):
    width = 0.7 if loss == "huber" else None
    weights = 0.1 + torch.rand(BATCH, 3, generator=rng, dtype=torch.float64)
    r = penalties.by_name(penalty)
    return Learning(draw(rng, BATCH, COUNT, D), losses.by_name(loss, width), (r, r, r), weights)


def check(some, theta, aim):
    """The gradient that a step uses against differences in a random direction, for every control."""
    names = list(theta.__dataclass_fields__)

    def J(*tensors):
        return objective(some, type(theta)(*tensors), aim)

    given = tuple(getattr(theta, name).clone().requires_grad_() for name in names)
    assert torch.autograd.gradcheck(J, given, fast_mode=True)
    expected = torch.autograd.grad(J(*given).sum(), given)
    parameters = Parameters(theta, dict.fromkeys(names, 1.0))
    differentiate((some, aim), parameters.controls(), torch.arange(COUNT), chunk=2)
    for name, gradient in zip(names, expected, strict=True):
        found = parameters.tensors[name].grad
        assert found is not None
        torch.testing.assert_close(found, gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", EVERY)
def test_every_regularizer_in_every_network(name, system, rng):
    some = problem(regularizer(name, BATCH, D, rng), rng)
    check(some, controls(system, rng), learning(rng))


@pytest.mark.parametrize("penalty", ["s", "s^2", "kinked"])
@pytest.mark.parametrize("loss", ["p=1", "p=3/2", "p=2", "p=3", "huber"])
def test_every_loss_and_penalty(loss, penalty, rng):
    some = problem(regularizer("l1", BATCH, D, rng), rng)
    check(some, controls("FBS", rng), learning(rng, loss, penalty))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", [name for name in EVERY if name not in NO_KINKS_ALLOWED])
def test_at_kinks_the_gradient_is_finite(name, system, rng):
    """A start at 0, a layer that does nothing, one without a threshold, one with nothing but a threshold."""
    some = problem(regularizer(name, BATCH, D, rng), rng, zero=True)
    theta = controls(system, rng)
    quiet = {key: getattr(theta, key).clone() for key in theta.__dataclass_fields__}
    for key, layer in (("tau", 0), ("W1", 0), ("W2", 0), ("lam", 1)):
        if key in quiet:
            quiet[key][:, layer] = 0.0
    parameters = Parameters(type(theta)(**quiet), dict.fromkeys(quiet, 1.0))
    differentiate((some, learning(rng)), parameters.controls(), torch.arange(COUNT), chunk=None)
    assert parameters.not_finite(lambda x: x.grad) is None


def test_gradients_that_are_not_finite_stop_training_with_a_message(rng):
    """``Σ|u_i|^{1/2}`` at 0."""
    some = problem(regularizer("half_power", BATCH, D, rng), rng, zero=True)
    theta = controls("FBS", rng)
    theta.tau[:, 0] = 0.0
    aim = Learning(draw(rng, BATCH, COUNT, D), losses.by_name("p=2"), SQUARE, torch.ones(BATCH, 3).double())
    found = train(some, theta, aim, Training(2, 0.01))
    assert (found.epochs, found.stopped) == (0, "epoch 1: the gradient with respect to W is not finite")
