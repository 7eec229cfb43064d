"""LISTA and ALISTA: layers against plain loops, the coupled family against the FBS-network, bad input."""

import numpy as np
import pytest
import torch

from fbscore import AlistaControls, Controls, ListaControls, Problem, coupled, forward
from fbscore.regularizers import L1


def drawn(rng, *shape):
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


@pytest.fixture
def problem(rng):
    batch, m, d = 4, 2, 3
    weights = torch.ones(batch, d, dtype=torch.float64)
    return Problem(drawn(rng, batch, m, d), drawn(rng, batch, m), drawn(rng, batch, d), L1(weights))


def soft(v, a):
    return np.sign(v) * np.maximum(np.abs(v) - a, 0.0)


def test_lista_against_a_numpy_loop(problem, rng):
    W1, W2, lam = drawn(rng, 4, 5, 3, 2), drawn(rng, 4, 5, 3, 3), drawn(rng, 4, 5).abs()
    states = forward(problem, ListaControls(W1, W2, lam)).numpy()
    for i in range(4):
        u = problem.u0[i].numpy()
        for n in range(5):
            explicit = u + (W1[i, n].numpy() @ problem.f[i].numpy() - W2[i, n].numpy() @ u) / 5
            u = soft(explicit, lam[i, n].item() / 5)
            np.testing.assert_allclose(states[i, n + 1], u, rtol=1e-12, atol=1e-12)


def test_alista_against_a_numpy_loop(problem, rng):
    W, tau, lam = drawn(rng, 4, 3, 2), drawn(rng, 4, 5).abs(), drawn(rng, 4, 5).abs()
    states = forward(problem, AlistaControls(W, tau, lam)).numpy()
    for i in range(4):
        u, A, f = problem.u0[i].numpy(), problem.A[i].numpy(), problem.f[i].numpy()
        for n in range(5):
            explicit = u - tau[i, n].item() / 5 * W[i].numpy() @ (A @ u - f)
            u = soft(explicit, lam[i, n].item() / 5)
            np.testing.assert_allclose(states[i, n + 1], u, rtol=1e-12, atol=1e-12)


def test_coupled_lista_runs_the_fbs_network(problem, rng):
    controls = Controls(drawn(rng, 4, 5, 3, 2), drawn(rng, 4, 5).abs(), drawn(rng, 4, 5).abs())
    expected = forward(problem, controls)
    torch.testing.assert_close(
        forward(problem, coupled(controls, problem.A)), expected, rtol=1e-12, atol=1e-12
    )


def test_alista_with_the_weight_of_fbs_runs_the_fbs_network(problem, rng):
    W, tau, lam = drawn(rng, 4, 3, 2), drawn(rng, 4, 5).abs(), drawn(rng, 4, 5).abs()
    repeated = Controls(W[:, None].expand(4, 5, 3, 2).contiguous(), tau, lam)
    states = forward(problem, AlistaControls(W, tau, tau * lam))
    torch.testing.assert_close(states, forward(problem, repeated), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_to(dtype):
    lista = ListaControls(torch.ones(1, 2, 3, 1), torch.ones(1, 2, 3, 3), torch.ones(1, 2)).to(dtype)
    alista = AlistaControls(torch.ones(1, 3, 1), torch.ones(1, 2), torch.ones(1, 2)).to(dtype)
    for controls in (lista, alista):
        assert (controls.dtype, controls.batch, controls.N, controls.d, controls.m) == (dtype, 1, 2, 3, 1)
        assert controls.h == 0.5
        assert controls.device == torch.device("cpu")


def ones(*shape):
    return torch.ones(shape, dtype=torch.float64)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ListaControls(ones(1, 2, 3, 1), ones(1, 2, 3, 2), ones(1, 2)), "W2"),
        (lambda: ListaControls(ones(1, 0, 3, 1), ones(1, 0, 3, 3), ones(1, 0)), "W1"),
        (
            lambda: ListaControls(ones(1, 2, 3, 1), ones(1, 2, 3, 3), -ones(1, 2)),
            "lam: expected entries >= 0",
        ),
        (lambda: ListaControls(ones(1, 2, 3, 1) * torch.nan, ones(1, 2, 3, 3), ones(1, 2)), "W1"),
        (lambda: AlistaControls(ones(1, 3, 1), ones(1, 2), ones(1, 3)), "lam"),
        (lambda: AlistaControls(ones(1, 3, 1), -ones(1, 2), ones(1, 2)), "tau: expected entries >= 0"),
        (lambda: AlistaControls(ones(1, 3, 1), ones(1, 0), ones(1, 0)), "tau"),
        (lambda: coupled(Controls(ones(1, 2, 3, 1), ones(1, 2), ones(1, 2)), ones(1, 2, 3)), "A"),
    ],
)
def test_bad_input_names_the_argument(build, message, unchecked):
    with pytest.raises(ValueError, match=message):
        build()


def test_unknown_controls_are_refused(problem, unchecked):
    with pytest.raises(TypeError, match="controls: expected one of Controls, ListaControls, AlistaControls"):
        forward(problem, object())  # pyright: ignore[reportArgumentType]
