"""The limit's objective: closed forms, deep networks, and every state the enclosure allows."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from fbscore import Controls, Enclosure, Samples
from fbscore.learning import extend_controls, limit_objective, losses, objective
from fbscore.limit import final_enclosure, solve
from tests.core.learning.instances import BATCH, D, learning, random, scalar
from tests.core.limit.networks import KINDS

NO_WEIGHTS = torch.zeros(1, 3, dtype=torch.float64)


@pytest.mark.parametrize(("dtype", "radius"), [(torch.float64, 1e-9), (torch.float32, 1e-6)])
def test_the_squared_error_of_an_exponential(dtype, radius):
    """``τ = W = 1 + ½ r_1``: ``u(1) = e^{−5/4}``; the norms are ``√(5/4)`` twice and 0."""
    problem, theta = scalar([1.5, 0.5], [1.5, 0.5], [0.0, 0.0], dtype=dtype)
    found = limit_objective(problem, theta, learning(torch.zeros(1, 1, dtype=dtype)), radius)
    expected = math.exp(-2.5) + 0.25 * math.sqrt(1.25) + 0.5 * 1.25 + 2.0
    assert found.value.dtype == found.radius.dtype == dtype
    error = abs(found.value.double().item() - expected)
    assert error <= found.radius.item() <= 3 * radius


@pytest.mark.parametrize(("loss", "expected"), [("p=1", 0.625), ("p=3", 0.625**3), ("huber", 0.5)])
def test_a_soft_threshold(loss, expected):
    """``W = 0``: ``u(1) = max(1 − λ, 0)``; the jump of the label away."""
    problem, theta = scalar([0.0] * 4, [1.0] * 4, [0.125, 0.25, 0.375, 0.75])
    goal = learning(torch.zeros(1, 1).double(), loss, weights=NO_WEIGHTS)
    found = limit_objective(problem, theta, goal, 1e-9)
    assert abs(found.value.item() - expected) <= found.radius.item() <= 1e-8


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_deep_networks_certify_the_same_value(kind, samples, rng):
    """The solver from event to event and networks with their own certificates: the enclosures meet."""
    problem, theta, goal = random(kind, rng, samples)
    found, last = limit_objective(problem, theta, goal, 1e-9), None
    for factor in (4, 32):

        def deep(problem, controls, radius, factor=factor):
            return final_enclosure(problem, controls, factor)

        other = limit_objective(problem, theta, goal, 1e-9, deep)
        value = objective(problem, extend_controls(theta, factor * theta.N), goal)
        torch.testing.assert_close(other.value, value, rtol=1e-12, atol=0)
        assert ((other.value - found.value).abs() <= other.radius + found.radius).all()
        assert last is None or (other.radius < last.radius).all()
        last = other
    assert (found.radius <= 1e-7).all()


def fixed(radius):
    """A solver whose answer is the initial state, known up to ``radius``."""

    def solve(problem, controls, requested):
        return Enclosure(problem.u0, torch.full_like(problem.u0[:, 0], radius))

    return solve


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("loss", losses.NAMES)
@pytest.mark.parametrize("radius", [1e-10, 0.2, 3.0])
def test_every_state_that_the_enclosure_allows_is_enclosed(loss, samples, radius, rng):
    problem, theta, goal = random("fbs", rng, samples, loss)
    found = limit_objective(problem, theta, goal, 1e-9, fixed(radius))
    for _ in range(40):
        step = torch.randn(problem.u0.shape, generator=rng, dtype=torch.float64)
        step = radius * step / step.norm(dim=-1, keepdim=True)

        def moved(problem, controls, step=step):
            return (problem.u0 + step).unsqueeze(-2)

        gap = (objective(problem, theta, goal, moved) - found.value).abs()
        assert (gap <= found.radius * (1 + 1e-9) + 1e-14).all()


@pytest.mark.parametrize("samples", [False, True])
def test_the_radius_is_the_mean_of_the_moduli(samples, rng):
    """For the squared error ``2Xr + r²``, reached by moving every state away from its label."""
    problem, theta, goal = random("lista", rng, samples)
    found = limit_objective(problem, theta, goal, 1e-9, fixed(0.25))
    X = (problem.u0 - goal.labels).norm(dim=-1)
    modulus = 0.5 * X + 0.0625
    expected = modulus.mean(-1) if samples else modulus
    torch.testing.assert_close(found.radius, expected, rtol=1e-12, atol=0)


def test_every_sample_has_its_own_radius(rng):
    problem, theta, goal = random("fbs", rng, samples=True)

    def first_only(each, controls, requested):
        radius = torch.zeros_like(each.u0[:, 0])
        radius[::3] = 1.0  # the first of the three samples of every instance
        return Enclosure(each.u0, radius)

    found = limit_objective(problem, theta, goal, 1e-9, first_only)
    X = (problem.u0 - goal.labels).norm(dim=-1)[:, 0]
    torch.testing.assert_close(found.radius, (2 * X + 1) / 3, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_are_problems_of_their_own(kind, rng):
    problem, theta, goal = random(kind, rng, samples=True, R="group_lasso")
    asked = []

    def spy(each, controls, radius):
        asked.append((each, controls))
        return solve(each, controls, radius)

    found = limit_objective(problem, theta, goal, 1e-2, spy)
    assert isinstance(problem, Samples)
    each, repeated = asked[0]
    assert each.batch == repeated.batch == BATCH * problem.samples
    assert torch.equal(each.u0[4], problem.u0[1, 1])
    assert torch.equal(each.A[5], problem.A[1])
    assert torch.equal(repeated.lam[5], theta.lam[1])
    deep = objective(problem, extend_controls(theta, 600), goal)
    torch.testing.assert_close(deep, found.value, rtol=0.02, atol=0.02)


def test_a_jump_within_round_off_is_not_decided():
    """``‖λ‖`` of 1/2 to round-off: the penalty may be 0 or 1; a norm of exactly 0 is one."""
    problem, theta = scalar([0.0] * 3, [1.0] * 3, [0.5, 0.5, 0.5])
    jump = learning(torch.zeros(1, 1).double(), names=("spike", "s", "jump"))
    found = limit_objective(problem, theta, jump, 1e-9)
    assert found.radius.item() == pytest.approx(2.0, rel=1e-6)
    far = limit_objective(problem, replace(theta, lam=theta.lam + 1e-9), jump, 1e-9)
    assert far.radius.item() <= 1e-8
    # loss 1/4, spike 1/4 · 1, norm of τ 1/2 · 1, jump 2 · 1
    assert abs(far.value.item() - 3.0) <= 1e-8


def test_nothing_is_known_of_what_overflows():
    def lost(problem, controls, requested):
        everywhere = torch.full_like(problem.u0, math.inf)
        return Enclosure(everywhere, everywhere[:, 0])

    problem, theta = scalar([0.0] * 2, [1.0] * 2, [0.0, 0.0])
    for loss in losses.NAMES:
        goal = learning(torch.zeros(1, 1).double(), loss)
        found = limit_objective(problem, theta, goal, 1e-6, lost)
        least = 1.0 if loss == "jump" else math.inf  # a loss that is 0 or 1
        assert found.radius.item() >= least


def test_controls_may_require_gradients(rng):
    problem, theta, goal = random("fbs", rng)
    assert isinstance(theta, Controls)
    theta = replace(theta, W=theta.W.clone().requires_grad_())
    assert not limit_objective(problem, theta, goal, 1e-6).value.requires_grad


@pytest.mark.parametrize("kind", KINDS)
def test_float32_numbers_are_taken_as_they_are(kind, rng, device):
    problem, theta, goal = random(kind, rng)
    single: dict[str, Any] = {"dtype": torch.float32, "device": device}
    problem, theta, goal = moved(problem, **single), theta.to(**single), goal.to(**single)
    narrow = limit_objective(problem, theta, goal, 1e-6)
    double: dict[str, Any] = {"dtype": torch.float64}
    exact = limit_objective(moved(problem, **double), theta.to(**double), goal.to(**double), 1e-9)
    gap = (narrow.value.double() - exact.value).abs()
    assert (gap <= narrow.radius.double() + exact.radius).all()
    assert (narrow.radius <= 1e-3).all()


def moved(problem, dtype, device=None):
    A, f, u0 = (x.to(device or x.device, dtype) for x in (problem.A, problem.f, problem.u0))
    return replace(problem, A=A, f=f, u0=u0, regularizer=problem.regularizer.to(dtype, device))


def test_refusals(rng):
    problem, theta, goal = random("fbs", rng)
    with pytest.raises(ValueError, match=r"radius: expected a radius > 0, finite, got 0\.0"):
        limit_objective(problem, theta, goal, 0.0)
    with pytest.raises(ValueError, match=r"labels: expected shape \(4, 3\) as u0, got \(4, 2, 3\)"):
        limit_objective(problem, theta, learning(torch.zeros(BATCH, 2, D).double()), 1e-6)
