"""The recursion against plain loops over numbers."""

import math
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fbscore import Controls, Problem, extend, forward
from fbscore.network import layers
from fbscore.regularizers import L1, L2, HalfSquaredNorm, Regularizer
from tests.core.instances import EVERY, regularizer


def network(R, batch, N, m, d, rng, dtype=torch.float64, device="cpu"):
    def draw(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64).to(device, dtype)

    problem = Problem(draw(batch, m, d), draw(batch, m), draw(batch, d), R)
    return problem, Controls(draw(batch, N, d, m), draw(batch, N).abs(), draw(batch, N).abs())


def soft_threshold_network(A, f, u0, W, tau, lam, w):
    """The recursion for ``Σ w_i |u_i|``, one instance, with K = τ W A written out."""
    states, h = [u0], 1.0 / len(tau)
    for n in range(len(tau)):
        K, c = tau[n] * W[n] @ A, tau[n] * W[n] @ f
        v = states[-1] - h * (K @ states[-1] - c)
        states.append(
            np.array(
                [
                    math.copysign(max(abs(x) - h * tau[n] * lam[n] * y, 0.0), x)
                    for x, y in zip(v, w, strict=True)
                ]
            )
        )
    return np.array(states)


@pytest.mark.parametrize(("N", "m", "d"), [(1, 1, 1), (7, 2, 5), (4, 6, 3), (3, 0, 2)])
def test_forward_against_a_numpy_loop(N, m, d, dtype, device, rng):
    R = regularizer("l1", 6, d, rng, dtype, device)
    weights = R.parameters["weights"]
    assert isinstance(weights, torch.Tensor)
    problem, controls = network(R, 6, N, m, d, rng, dtype, device)
    states = forward(problem, controls)
    assert (states.shape, states.dtype, states.device) == ((6, N + 1, d), dtype, problem.device)
    assert torch.equal(states[:, 0], problem.u0)
    for i in range(6):
        raw = (problem.A, problem.f, problem.u0, controls.W, controls.tau, controls.lam, weights)
        expected = soft_threshold_network(*(x[i].cpu().double().numpy() for x in raw))
        scale = np.abs(expected).max()
        np.testing.assert_allclose(
            states[i].cpu(), expected, rtol=0, atol=200 * torch.finfo(dtype).eps * scale
        )


@pytest.mark.parametrize("name", EVERY)
def test_forward_applies_the_prox_of_every_regularizer(name, dtype, device, rng):
    """``W = 0``: every layer is ``prox_{h τ λ R}`` alone."""
    R = regularizer(name, 5, 4, rng, dtype, device)
    problem, controls = network(R, 5, 3, 2, 4, rng, dtype, device)
    still = Controls(torch.zeros_like(controls.W), controls.tau, controls.lam)
    u = problem.u0
    for n in range(3):
        u = R.prox(u, controls.h * controls.tau[:, n] * controls.lam[:, n])
    assert torch.equal(forward(problem, still)[:, -1], u)


def test_the_known_values_of_the_weak_limit_control():
    """``λ = 0``, ``A = u0 = 1``, ``τ = W = 1 + ½ r_1``, and the mean of an ``r_k`` too fast for 8 cells."""

    def final(control):
        N = len(control)
        t = torch.tensor([control], dtype=torch.float64)
        one = torch.ones(1, 1, dtype=torch.float64)
        problem = Problem(one.unsqueeze(-1), 0 * one, one, L2())
        return forward(problem, Controls(t[:, :, None, None], t, torch.zeros(1, N).double()))[0, -1].item()

    assert final([1.5] * 64 + [0.5] * 64) == pytest.approx(0.2836179, abs=5e-8)
    assert final([1.0] * 8) == pytest.approx(0.3436089, abs=5e-8)


def test_half_squared_norm_is_the_implicit_euler_scheme():
    one = torch.ones(1, 1, dtype=torch.float64)
    problem = Problem(0 * one.unsqueeze(-1), one, one, HalfSquaredNorm())
    controls = Controls(
        torch.zeros(1, 10, 1, 1).double(), torch.ones(1, 10).double(), torch.full((1, 10), 2.0).double()
    )
    expected = [1.2**-n for n in range(11)]
    np.testing.assert_allclose(forward(problem, controls)[0, :, 0], expected, rtol=1e-14)


@pytest.mark.parametrize("name", EVERY)
def test_empty_batch(name, rng):
    R = regularizer(name, 0, 2, rng)
    assert forward(*network(R, 0, 3, 2, 2, rng)).shape == (0, 4, 2)


def test_forward_is_differentiable(rng):
    problem, controls = network(regularizer("l1", 3, 4, rng), 3, 5, 2, 4, rng)
    W = controls.W.clone().requires_grad_()
    forward(problem, Controls(W, controls.tau, controls.lam))[:, -1].square().sum().backward()
    assert W.grad is not None
    assert W.grad.isfinite().all()
    assert W.grad.any()


class NoWaiting(TorchDispatchMode):
    """Refuse what makes the host wait for the device: ``.item()``, ``bool(tensor)``, data-dependent sizes."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func.overloadpacket._qualified_op_name not in (
            "aten::_local_scalar_dense",
            "aten::nonzero",
            "aten::masked_select",
            "aten::equal",
        )
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", EVERY)
def test_the_layers_never_wait_for_the_device(name, rng):
    problem, controls = network(regularizer(name, 3, 4, rng), 3, 2, 2, 4, rng)
    with NoWaiting():
        states = forward(problem, controls)
    assert states.shape == (3, 3, 4)


class Largest(TorchDispatchMode):
    """Record the most entries that any result has."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        fresh = isinstance(out, torch.Tensor) and out._base is None and not func.is_view
        self.entries = max(self.entries, out.numel() if fresh else 0)
        return out


def test_forward_never_forms_a_matrix(rng):
    """``K = τ W A`` would have ``d²`` entries an instance; nothing here has more than the states."""
    problem, controls = network(L1(torch.ones(2, 64).double()), 2, 3, 2, 64, rng)
    with Largest() as recorded:
        states = forward(problem, controls)
    assert recorded.entries == states.numel() == 2 * 4 * 64


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"batch": 2}, "controls: expected batch = 3 as in the problem, got 2"),
        ({"d": 3}, "controls: expected d = 4 as in the problem, got 3"),
        ({"m": 1}, "controls: expected m = 2 as in the problem, got 1"),
        (
            {"dtype": torch.float32},
            "controls: expected dtype = torch.float64 as in the problem, got torch.float32",
        ),
    ],
)
def test_controls_must_match_the_problem(sizes, message, rng):
    R: Regularizer = L2()
    fitting: dict[str, Any] = {"batch": 3, "N": 5, "m": 2, "d": 4}
    problem, _ = network(R, **fitting, rng=rng)
    _, controls = network(R, **(fitting | sizes), rng=rng)
    with pytest.raises(ValueError, match=f"^{message}$"):
        forward(problem, controls)


@pytest.mark.parametrize("factor", [1, 3])
def test_layers_are_those_of_the_extended_controls(factor, dtype, device, rng):
    R = regularizer("l1", 4, 3, rng, dtype, device)
    problem, controls = network(R, 4, 2, 2, 3, rng, dtype, device)
    extended = Controls(*(extend(x, 2 * factor) for x in (controls.W, controls.tau, controls.lam)))
    states = list(layers(problem, controls, factor))
    assert torch.equal(torch.stack(states, dim=1), forward(problem, extended))


def test_layers_are_computed_one_at_a_time(rng):
    """The fourth state of 10^12 layers."""
    problem, controls = network(regularizer("l1", 2, 3, rng), 2, 1, 2, 3, rng)
    assert next(islice(layers(problem, controls, 10**12), 3, None)).shape == (2, 3)


@pytest.mark.usefixtures("unchecked")
def test_layers_refuse_when_called(rng):
    problem, controls = network(regularizer("l1", 2, 3, rng), 2, 1, 2, 3, rng)
    with pytest.raises(ValueError, match=r"^factor: expected a size of at least 1, got 0"):
        layers(problem, controls, 0)
    with pytest.raises(TypeError, match=r"^factor: expected an int, got float"):
        layers(problem, controls, 2.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"^controls: expected d = 3 as in the problem, got 2"):
        layers(problem, network(L2(), 2, 1, 2, 2, rng)[1])
