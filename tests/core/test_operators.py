"""``K, c, σ`` against loops, and against the layers themselves."""

import math

import numpy as np
import pytest
import torch

from fbscore import AlistaControls, Controls, ListaControls, Problem, forward
from fbscore.operators import magnitudes, operators
from tests.core.instances import regularizer
from tests.core.limit.networks import KINDS, network, plain_operators


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("m", "d"), [(2, 5), (6, 3), (0, 2)])
def test_operators_against_loops(kind, m, d, rng):
    problem, controls = network(regularizer("l1", 3, d, rng), kind, 3, 4, m, d, rng)
    found = operators(controls, problem)
    for i in range(3):
        for got, expected in zip(
            (found.K, found.c, found.sigma), plain_operators(problem, controls, i), strict=True
        ):
            np.testing.assert_allclose(got[i], expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_resolvents_of_the_operators(kind, dtype, device, rng):
    R = regularizer("l1", 4, 3, rng, dtype, device)
    problem, controls = network(regularizer("l1", 4, 3, rng), kind, 4, 5, 2, 3, rng)
    A, f, u0 = (x.to(device, dtype) for x in (problem.A, problem.f, problem.u0))
    problem = Problem(A, f, u0, R)
    controls = controls.to(dtype, device)
    found, states = operators(controls, problem), forward(problem, controls)
    for n in range(5):
        u = states[:, n]
        velocity = (found.K[:, n] @ u[..., None]).squeeze(-1) - found.c[:, n]
        expected = R.prox(u - velocity / 5, found.sigma[:, n] / 5)
        torch.testing.assert_close(
            states[:, n + 1], expected, rtol=0, atol=500 * torch.finfo(dtype).eps * float(u.abs().max() + 1)
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_slice_of_the_cells(kind, rng):
    problem, controls = network(regularizer("l1", 3, 2, rng), kind, 3, 6, 2, 2, rng)
    whole, part = operators(controls, problem), operators(controls, problem, slice(2, 5))
    for name in ("K", "c", "sigma"):
        assert torch.equal(getattr(part, name), getattr(whole, name)[:, 2:5])
    for x, y in zip(magnitudes(controls, problem, slice(2, 5)), magnitudes(controls, problem), strict=True):
        assert torch.equal(x, y[:, 2:5])


@pytest.mark.parametrize("kind", KINDS)
def test_magnitudes_are_no_smaller_than_the_norms(kind, rng):
    problem, controls = network(regularizer("l1", 20, 4, rng), kind, 20, 3, 2, 4, rng)
    found, (K, c) = operators(controls, problem), magnitudes(controls, problem)
    assert bool((found.K.flatten(2).norm(dim=-1) <= K * (1 + 1e-12)).all())
    assert bool((found.c.norm(dim=-1) <= c * (1 + 1e-12)).all())


def test_magnitudes_by_hand(rng):
    problem, _ = network(regularizer("l2", 1, 2, rng), "fbs", 1, 1, 1, 2, rng)
    A, f = torch.tensor([[[3.0, 4.0]]]).double(), torch.tensor([[2.0]]).double()
    problem = Problem(A, f, problem.u0, problem.regularizer)
    column, two = torch.tensor([[[[1.0], [0.0]]]]).double(), torch.full((1, 1), 2.0).double()
    assert [x.item() for x in magnitudes(Controls(column, two, two), problem)] == [10.0, 4.0]
    assert [x.item() for x in magnitudes(AlistaControls(column[:, 0], two, two), problem)] == [10.0, 4.0]
    lista = ListaControls(column, torch.ones(1, 1, 2, 2).double(), two)
    assert [x.item() for x in magnitudes(lista, problem)] == [2.0, 2.0]
    assert operators(lista, problem).sigma.item() == 2.0
    assert math.isclose(operators(Controls(column, two, two), problem).sigma.item(), 4.0)


@pytest.mark.usefixtures("unchecked")
def test_bad_controls(rng):
    problem, controls = network(regularizer("l1", 3, 2, rng), "fbs", 3, 2, 2, 2, rng)
    for function in (operators, magnitudes):
        with pytest.raises(
            TypeError, match="controls: expected one of Controls, ListaControls, AlistaControls"
        ):
            function(object(), problem)
    assert isinstance(controls, Controls)
    with pytest.raises(ValueError, match=r"^controls: expected batch = 3 as in the problem, got 2"):
        operators(Controls(controls.W[:2], controls.tau[:2], controls.lam[:2]), problem)
    with pytest.raises(ValueError, match=r"^controls: expected dtype = torch.float64 as in the problem"):
        operators(controls.to(torch.float32), problem)
