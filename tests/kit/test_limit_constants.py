"""The constants of the limit: floats against balls, against quadrature, and against numbers by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy.integrate import quad, solve_ivp

from claims import limit_constants
from claims.families import strategies
from claims.families.plain import plain
from claims.kit.context import FloatRun
from claims.kit.instances import Network, Regularizer
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)
MOMENTS = {
    limit_constants.mean_growth: lambda r: 1.0,
    limit_constants.early_growth: lambda r: r,
    limit_constants.late_growth: lambda r: 1.0 - r,
}


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("x", [-30.0, -2.0, -1.0, -0.9, -1e-9, 0.0, 0.5, 1.0, 1.25, 4.0])
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_moments_are_the_integrals(moment, x):
    expected = quad(lambda r: MOMENTS[moment](r) * math.exp(x * r), 0, 1, epsabs=1e-15)[0]
    assert math.isclose(float(moment(tensor(x))), expected, rel_tol=1e-13)
    with elementary.digits(60):
        ball = moment(elementary.to_ball(np.array([x])))[0]
        assert math.isclose(float(ball.mid()), expected, rel_tol=1e-13)
        assert float(ball.rad()) < 1e-50


def test_logarithmic_norm_is_the_least_eigenvalue():
    K = torch.randn(7, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = -torch.linalg.eigvalsh((K + K.mT) / 2)[..., 0]
    assert torch.allclose(limit_constants.logarithmic_norms(K), expected, rtol=0, atol=1e-13)


@QUIET
@given(strategies.networks())
def test_constants_in_both_arithmetics(p):
    states = FLOAT.forward(p)
    nothing = 0 * states[:, 1:, 0]

    def everything(q, u, zero):
        terms = limit_constants.limit_state_bound(q)
        return {
            "initial": terms["initial"],
            "data": terms["data"],
            "start": limit_constants.growth_of_distance(q, 1 + 0 * q.lam[:, 0]),
            "drift": limit_constants.network_certificate(q, u, zero)["drift"],
            "steps": limit_constants.accumulated_magnitude(q, u),
            "solution": limit_constants.solution_round_off(q)[1],
        }

    balls = lambda: (p.ball(), *(elementary.to_ball(x.numpy()) for x in (states, nothing)))  # noqa: E731
    agree(everything, (p, states, nothing), balls)


def test_certificate_solves_its_differential_equations():
    p = plain(Source(1, CPU), "l1", 1, 1, 1, gain=-0.5, data=1.0, lam=4.0)
    states = FLOAT.forward(p)
    K, h = -0.5, 1.0
    u, v = float(states[0, 0]), float(states[0, 1])
    c = float(p.f[0, 0]) * K
    used = (u - v) / h - (K * u - c)
    gap = 4.0 * (abs(u) - abs(v)) - used * (u - v)

    def right(t, y):
        return [2 * -K * y[0] + 2 * (1 - t) * gap, -K * y[1] + t * abs(K * (v - u))]

    a, b = solve_ivp(right, (0, 1), [0.0, 0.0], rtol=1e-11, atol=1e-13).y[:, -1]
    terms = limit_constants.network_certificate(p, states, tensor(0.0)[None])
    assert math.isclose(float(terms["drift"]), b, rel_tol=1e-9)
    assert math.isclose(float(terms["gap"]), math.sqrt(max(a, 0.0)), rel_tol=1e-7, abs_tol=1e-9)


@pytest.mark.parametrize("N", [2, 8, 32])
def test_gap_of_alternating_data_is_the_root_of_h(N):
    """d = 1, R = |u|, K = 0, u0 = 0, σ = 1, c = ±2: the certificate is √h exactly."""
    zero, one = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, N, dtype=torch.float64)
    W = tensor(2.0, -2.0).repeat(N // 2)[None, :, None, None]
    weights = Regularizer("l1", {"weights": one[:, :1]})
    p = Network(weights, zero[None], one[:, :1], zero, W, one, one)
    terms = limit_constants.network_certificate(p, FLOAT.forward(p), 0 * one)
    assert math.isclose(float(terms["gap"][0, -1]), math.sqrt(1 / N), rel_tol=1e-12)
    assert float(terms["drift"].abs().max()) == 0.0


def test_one_linear_layer_attains_the_drift():
    """λ = 0, d = 1, K = k: the error is (e^{−k} − 1 + k)|u0|, which is the bound."""
    p = plain(Source(1, CPU), "l1", 3, 1, 1, gain=4.0)
    terms = limit_constants.network_certificate(p, FLOAT.forward(p), 0 * p.lam)
    expected = (math.exp(-4) - 1 + 4) * p.u0[:, 0]
    assert torch.allclose(terms["drift"][:, 0], expected, rtol=1e-13)
    assert float(terms["gap"].abs().max()) == 0.0


def test_nothing_of_an_infinite_radius_is_forgiven():
    """The oracle found no solution: undecided, which a NaN would turn into a violation."""
    found = limit_constants.forgiven(tensor(0.5, 0.5, 0.5), tensor(0.25, 1.0, math.inf))
    assert found.tolist() == [0.25, 0.5, 0.0]


@pytest.mark.parametrize("x", [-1.0, -0.3, 0.0, 1e-9, 0.7, 1.0])
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_floats_need_no_more_terms(moment, x, monkeypatch):
    found = moment(tensor(x))
    monkeypatch.setattr(limit_constants, "FLOAT_TERMS", limit_constants.SERIES_TERMS)
    assert torch.equal(found, moment(tensor(x)))


def test_exponents_are_computed_once_or_afresh():
    """Every constant says the same, bit by bit, with hκ handed over and without."""
    p = plain(Source(2, CPU), "elastic_net", 3, 3, 4, gain=0.5, data=1.0, lam=0.25)
    p = replace(p, W=p.W + 0.25 * Source(3, CPU).normal(*p.W.shape))
    states, x = FLOAT.forward(p), limit_constants.exponents(p)
    expected = p.h * limit_constants.logarithmic_norms(p.tau[:, :, None, None] * (p.W @ p.A[:, None]))
    assert torch.allclose(x, expected, rtol=1e-14)
    pairs = [
        (limit_constants.limit_state_bound(p), limit_constants.limit_state_bound(p, x)),
        (
            limit_constants.network_certificate(p, states, 0 * x),
            limit_constants.network_certificate(p, states, 0 * x, x),
        ),
    ]
    for afresh, handed in pairs:
        assert all(torch.equal(afresh[name], handed[name]) for name in afresh)
    one = 1 + 0 * p.lam[:, 0]
    for function, arguments in (
        (limit_constants.growth_of_distance, (p, one)),
        (limit_constants.accumulated_magnitude, (p, states)),
    ):
        assert torch.equal(function(*arguments), function(*arguments, x))
    assert torch.equal(limit_constants.solution_round_off(p)[1], limit_constants.solution_round_off(p, x)[1])
