"""Rates, pulls and weights against numerical solutions of the inequalities that they stand for."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from fbscore.limit.cells import RELAXATIONS, cells_of, weights
from fbscore.limit.curvature import curvature
from fbscore.operators import operators
from tests.core.instances import regularizer
from tests.core.limit.networks import network


def solved(rate, source, h):
    """The value at ``h`` of ``x' = rate x + source(t/h)``, ``x(0) = 0``."""
    found = solve_ivp(
        lambda t, x: rate * x + source(t / h), (0, h), [0.0], rtol=1e-11, atol=1e-13, max_step=h / 50
    )
    return found.y[0, -1]


@pytest.mark.parametrize("rate", [-40.0, -1.0, 0.0, 1e-9, 3.0])
@pytest.mark.parametrize("h", [1.0, 0.25])
def test_weights_solve_the_linear_equations(rate, h):
    w = weights(torch.full((1, 1, 2), rate, dtype=torch.float64), h)
    gap, drift, squares = w.gap[0, 0, 0], w.drift[0, 0], w.squares[0, 0, 1]
    # hσD̂ of 3 at the beginning and 1 half-way.
    hinge = np.array([0.0, 0.5, 1.0])
    got = float(3.0 * gap[0] + 1.0 * gap[1])
    expected = solved(2 * rate, lambda s: 2.0 / h * np.interp(s, hinge, [3.0, 1.0, 0.0]), h)
    assert got == pytest.approx(expected, rel=1e-6)
    assert float(gap[2]) == pytest.approx(solved(2 * rate, lambda s: 2.0 / h, h), rel=1e-6)
    got = float(2.0 * drift[0] + 0.5 * drift[1] + 4.0 * drift[2])
    assert got == pytest.approx(solved(rate, lambda s: np.interp(s, hinge, [2.0, 0.5, 4.0]), h), rel=1e-6)
    got = float(squares @ torch.tensor([1.0, -2.0, 4.0]).double())  # r from 1 to −2
    assert got == pytest.approx(solved(2 * rate, lambda s: 0.5 * (1.0 - 3.0 * s) ** 2, h), rel=1e-6)
    assert float(w.growth[0, 0, 0]) == pytest.approx(np.exp(2 * rate * h), rel=1e-13)


@pytest.mark.parametrize("name", ["l1", "elastic_net", "quadratic"])
def test_the_forms_bound_the_product(name, rng):
    """``−⟨Ge, e⟩ + ⟨r, e⟩`` for random ``e`` and ``r``, for every way; with equality for the best ``e``."""
    R = regularizer(name, 20, 4, rng)
    problem, controls = network(R, "lista", 20, 3, 2, 4, rng)
    cells = cells_of(controls, problem, slice(1, 3), curvature(R, problem.u0))
    found, curved = operators(controls, problem, slice(1, 3)), curvature(R, problem.u0)
    G = (found.K + found.K.mT) / 2
    if curved is not None:
        G = G + found.sigma[:, :, None, None] * curved.Q[:, None]
    _, V = torch.linalg.eigh(G)
    r = torch.randn(20, 2, 4, generator=rng, dtype=torch.float64)
    turned = (V.mT @ r[..., None]).squeeze(-1)
    for j in range(len(RELAXATIONS)):
        rate, pull = cells.rates[..., 1 + j], cells.pulls[:, :, j]
        for e in (0.5 * (V @ (pull * turned)[..., None]).squeeze(-1), torch.randn_like(r)):
            product = -(e * (G @ e[..., None]).squeeze(-1)).sum(-1) + (e * r).sum(-1)
            bound = rate * e.square().sum(-1) + 0.25 * (pull * turned.square()).sum(-1)
            assert bool((product <= bound + 1e-12).all())
        e = 0.5 * (V @ (pull * turned)[..., None]).squeeze(-1)
        product = -(e * (G @ e[..., None]).squeeze(-1)).sum(-1) + (e * r).sum(-1)
        bound = rate * e.square().sum(-1) + 0.25 * (pull * turned.square()).sum(-1)
        torch.testing.assert_close(product, bound, rtol=1e-10, atol=1e-10)


def test_the_rate_by_hand(rng):
    R = regularizer("half_squared_norm", 1, 2, rng)
    problem, controls = network(R, "lista", 1, 1, 1, 2, rng)
    K, two = torch.tensor([[[[3.0, 8.0], [0.0, 3.0]]]]).double(), torch.full((1, 1), 2.0).double()
    controls = type(controls)(torch.zeros(1, 1, 2, 1).double(), K, two)  # (K + Kᵀ)/2 has −1 and 7
    assert cells_of(controls, problem, slice(0, 1), None).rates[0, 0, 0].item() == pytest.approx(
        1.0, abs=1e-12
    )
    curved = cells_of(controls, problem, slice(0, 1), curvature(R, problem.u0))
    assert curved.rates[0, 0].tolist() == pytest.approx([-1.0, *(g - 1.0 for g in RELAXATIONS)], abs=1e-12)
    assert curved.rates[0, 0, 0].item() > -1.0  # raised by its round-off
