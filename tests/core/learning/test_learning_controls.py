"""Controls as functions: each one projected and extended by itself, norms and distances by loops."""

import math
from typing import Any

import pytest
import torch

from fbscore import AlistaControls, Controls, ListaControls, coupled
from fbscore.learning import control_distance, control_norms, extend_controls, parts, project_controls
from fbscore.regularizers import L2
from tests.core.limit.networks import KINDS, network

BATCH, N, M, D = 3, 6, 2, 4
HALF: Any = 0.5


def controls(kind, rng, N=N, dtype=torch.float64, device="cpu"):
    return network(L2(), kind, BATCH, N, M, D, rng)[1].to(dtype, device)


def mean_of(values, cells):
    """Means over cells of N / cells cells each, by hand."""
    return values.unflatten(1, (cells, -1)).mean(2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cells", [1, 2, 3, 6])
def test_every_control_is_averaged_by_itself(kind, cells, dtype, device, rng):
    theta = controls(kind, rng, dtype=dtype, device=device)
    found = project_controls(theta, cells)
    assert type(found) is type(theta)
    assert (found.N, found.dtype, found.device.type) == (cells, dtype, device.type)
    for got, given in zip(found.tensors, theta.tensors, strict=True):
        timed = not (kind == "alista" and given is theta.tensors[0])
        expected = mean_of(given, cells) if timed else given
        torch.testing.assert_close(got, expected, rtol=1e-5 if dtype == torch.float32 else 1e-13, atol=1e-6)


def test_products_are_not_averaged(rng):
    """``W = τ = ½ + r_1``: the means are ½, the product of the means ¼, the mean of the product 5/4."""
    r = torch.tensor([[1.5, -0.5]], dtype=torch.float64)
    theta = Controls((r - 0.0)[:, :, None, None], r.abs(), torch.zeros(1, 2, dtype=torch.float64))
    A = torch.ones(1, 1, 1, dtype=torch.float64)
    averaged = project_controls(theta, 1)
    assert (averaged.W.item(), averaged.tau.item()) == (0.5, 1.0)
    assert coupled(averaged, A).W1.item() == 0.5
    assert project_controls(coupled(theta, A), 1).W1.item() == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_extending_repeats_and_projecting_undoes_it_bit_for_bit(kind, rng):
    theta = controls(kind, rng)
    fine = extend_controls(theta, 4 * N)
    assert fine.N == 4 * N
    for got, given in zip(project_controls(fine, N).tensors, theta.tensors, strict=True):
        assert torch.equal(got, given)
    assert torch.equal(fine.lam[:, 5], theta.lam[:, 1])
    assert not control_distance(fine, theta).any()


@pytest.mark.parametrize("kind", KINDS)
def test_norms(kind, dtype, device, rng):
    theta = controls(kind, rng, dtype=dtype, device=device)
    found = control_norms(theta)
    assert (found.shape, found.dtype, found.device.type) == ((BATCH, 3), dtype, device.type)
    for i in range(BATCH):
        for j, x in enumerate(theta.tensors):
            cells = 1 if kind == "alista" and j == 0 else N
            expected = math.sqrt(math.fsum(s * s for s in x[i].flatten().tolist()) / cells)
            assert found[i, j].item() == pytest.approx(expected, rel=1e-6)
    torch.testing.assert_close(control_norms(extend_controls(theta, 5 * N)), found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_distance_is_that_of_all_three(kind, rng):
    first, second = controls(kind, rng), controls(kind, rng, N=4)
    fine = [extend_controls(theta, 12) for theta in (first, second)]
    squares = [((v - w) ** 2).flatten(1).sum(-1) / v.shape[1] for v, w in zip(*map(parts, fine), strict=True)]
    torch.testing.assert_close(
        control_distance(first, second), torch.stack(squares).sum(0).sqrt(), rtol=1e-13, atol=0
    )
    assert not control_distance(first, first).any()


def test_gradients_pass(rng):
    theta = controls("fbs", rng)
    assert isinstance(theta, Controls)
    tau = theta.tau.clone().requires_grad_()
    project_controls(Controls(theta.W, tau, theta.lam), 4).tau.sum().backward()
    torch.testing.assert_close(tau.grad, torch.full_like(tau, 4 / N))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda t: project_controls(t, 0), ValueError, "cells: expected at least 1 cell, got 0"),
        (lambda t: project_controls(t, HALF), TypeError, "cells: expected an int, got float"),
        (lambda t: extend_controls(t, 8), ValueError, "cells: expected a multiple of N = 6, got 8"),
        (lambda t: project_controls(t.W, 2), TypeError, "controls: expected one of Controls, .*, got Tensor"),
        (lambda t: control_norms(HALF), TypeError, "controls: expected one of Controls, .*, got float"),
        (
            lambda t: control_distance(t, coupled(t, torch.ones(BATCH, M, D).double())),
            TypeError,
            "second: expected Controls, got ListaControls",
        ),
    ],
)
def test_errors(act, error, message, rng):
    with pytest.raises(error, match=message):
        act(controls("fbs", rng))


def test_alista_keeps_its_matrix(rng):
    theta = controls("alista", rng)
    assert isinstance(theta, AlistaControls)
    assert project_controls(theta, 2).W is theta.W
    assert parts(theta)[0].shape == (BATCH, 1, D, M)
    lista = controls("lista", rng)
    assert isinstance(lista, ListaControls)
    assert parts(lista)[1].shape == (BATCH, N, D, D)
