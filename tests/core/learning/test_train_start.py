"""Where training starts: the polar factor, and one network in three forms."""

import math
from typing import Any

import pytest
import torch

from fbscore import AlistaControls, Controls, ListaControls, Samples, forward
from fbscore.learning.start import SYSTEMS, orthogonal_factor, start
from fbscore.regularizers import L1
from tests.core.learning.training import close


def matrix(rng, *shape):
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize(("m", "d"), [(3, 5), (5, 3), (4, 4), (1, 1), (1, 6), (6, 1)])
def test_the_factor_is_orthogonal_and_leaves_a_semidefinite_one(m, d, rng):
    A = matrix(rng, 4, m, d)
    Q = orthogonal_factor(A)
    small = Q @ Q.mT if m <= d else Q.mT @ Q
    close(small, torch.eye(min(m, d), dtype=torch.float64).expand_as(small))
    P = A @ Q.mT
    close(P, P.mT)
    close(P @ Q, A)
    assert float(torch.linalg.eigvalsh(P).min()) >= -1e-12


def test_the_factor_of_a_known_matrix(dtype, device):
    """``A = diag(2, 3)`` times a rotation by 30 degrees."""
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    turn = torch.tensor([[c, -s], [s, c]], dtype=dtype, device=device)
    Q = orthogonal_factor((torch.tensor([[2.0], [3.0]], dtype=dtype, device=device) * turn).unsqueeze(0))[0]
    torch.testing.assert_close(Q, turn)


def test_a_matrix_without_full_rank_has_a_partial_isometry():
    A = torch.tensor([[[3.0, 4.0], [6.0, 8.0]], [[0.0, 0.0], [0.0, 0.0]]], dtype=torch.float64)
    expected = torch.tensor([[0.6, 0.8], [1.2, 1.6]], dtype=torch.float64) / math.sqrt(5.0)
    close(orthogonal_factor(A), torch.stack((expected, torch.zeros(2, 2, dtype=torch.float64))))


@pytest.mark.parametrize(("batch", "m"), [(0, 2), (2, 0)])
def test_nothing_measured_is_fine(batch, m):
    assert orthogonal_factor(torch.ones(batch, m, 3)).shape == (batch, m, 3)


def test_the_kinds_and_their_values(rng):
    A = matrix(rng, 2, 3, 5)
    kinds: list[Any] = [start(A, 4, 0.5, 0.2, system) for system in SYSTEMS]
    fbs, lista, alista = kinds
    Qt = orthogonal_factor(A).mT
    assert (type(fbs), type(lista), type(alista)) == (Controls, ListaControls, AlistaControls)
    for n in range(4):
        close(fbs.W[:, n], Qt)
        close(lista.W1[:, n], 0.5 * Qt)
        close(lista.W2[:, n], 0.5 * Qt @ A)
    close(alista.W, Qt)
    for controls, tau, lam in ((fbs, 0.5, 0.2), (lista, None, 0.1), (alista, 0.5, 0.1)):
        close(controls.lam, torch.full((2, 4), lam, dtype=torch.float64))
        if tau is not None:
            close(controls.tau, torch.full((2, 4), tau, dtype=torch.float64))


def test_the_three_run_the_same_network(rng):
    A, f, u0 = matrix(rng, 2, 3, 5), matrix(rng, 2, 4, 3), matrix(rng, 2, 4, 5)
    problem = Samples(A, f, u0, L1(torch.ones(2, 5, dtype=torch.float64)))
    runs = [forward(problem, start(A, 4, 0.5, 0.2, system)) for system in SYSTEMS]
    close(runs[1], runs[0])
    close(runs[2], runs[0])


def test_a_step_below_the_bound_does_not_expand(rng):
    """``tau ‖A‖₂ <= 2N``, with equality: two samples never move apart."""
    A = matrix(rng, 1, 3, 5)
    A = A / torch.linalg.matrix_norm(A, 2)
    f, u0 = matrix(rng, 1, 1, 3).expand(1, 2, 3), matrix(rng, 1, 2, 5)
    states = forward(Samples(A, f, u0, L1(torch.ones(1, 5, dtype=torch.float64))), start(A, 6, 12.0, 0.1))
    apart = (states[0, 0] - states[0, 1]).norm(dim=-1)
    assert float(apart.diff().max()) <= 1e-12


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"A": 3}, TypeError, "A: expected a torch.Tensor, got int"),
        ({"A": torch.ones(2, 3)}, ValueError, r"A: expected shape \(batch, m, d\)"),
        ({"A": torch.full((1, 2, 3), torch.nan)}, ValueError, "A: expected finite entries"),
        ({"cells": 0}, ValueError, "cells: expected at least 1 cell, got 0"),
        ({"tau": -1.0}, ValueError, "tau: expected entries >= 0"),
        ({"tau": torch.inf}, ValueError, "tau: expected finite entries"),
        ({"lam": -1.0}, ValueError, "lam: expected entries >= 0"),
        ({"system": "ISTA"}, ValueError, "system: expected one of FBS, LISTA, ALISTA, got 'ISTA'"),
    ],
)
def test_what_makes_no_start_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        start(**({"A": torch.ones(1, 2, 3), "cells": 2, "tau": 1.0, "lam": 0.1} | changes))
