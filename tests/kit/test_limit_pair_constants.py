"""Stability of the limit (4.5): floats against balls, and against quadrature along linear systems."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy.integrate import quad
from scipy.linalg import expm

from claims import limit_pair_constants
from claims.families import limits, strategies
from claims.families.plain import plain
from claims.kit.context import FloatRun
from claims.kit.instances import NetworkPair, Regularizer
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


@QUIET
@given(strategies.network_pairs())
def test_constants_in_both_arithmetics(pair):
    u = FLOAT.forward(limits.refined(pair.first, limit_pair_constants.PARTS))
    v = FLOAT.forward(pair.second)

    def everything(q, first, second):
        terms, sensitivity = limit_pair_constants.stability(q, first)
        ends = first[:, :: limit_pair_constants.PARTS]
        magnitude = limit_pair_constants.round_off_magnitude(q, ends, second)
        return {**terms, "sensitivity": sensitivity, "magnitude": magnitude}

    balls = lambda: (pair.ball(), *(elementary.to_ball(x.numpy()) for x in (u, v)))  # noqa: E731
    agree(everything, (pair, u, v), balls)


def linear_pair(seed, *, same=False, weights=(0.0, 0.0), name="l1"):
    """Two systems in R² on two cells with general K and c; those of the second differ unless ``same``."""
    source = Source(seed, CPU)
    first = plain(source, name, 1, 2, 2, gain=1.0)
    first = replace(first, W=source.normal(1, 2, 2, 2), f=source.normal(1, 2), lam=first.lam + weights[0])
    W = first.W if same else source.normal(1, 2, 2, 2)
    second = replace(
        first, W=W, f=source.normal(1, 2), u0=source.normal(1, 2), lam=0 * first.lam + weights[1]
    )
    return NetworkPair(first, second)


def along(pair, integrand):
    """The path of the first system, a linear one, and ∫ e^{∫κ̃} g ds at t = 1 by quadrature."""
    p, q = pair.first, pair.second
    shrink = float(p.lam[0, 0]) if p.regularizer.name == "half_squared_norm" else 0.0
    matrices = [one.numpy() + shrink * np.eye(2) for one in p.W[0]]
    forces = [one.numpy() @ p.f[0].numpy() for one in p.W[0]]
    kappa = [-float(torch.linalg.eigvalsh((one + one.mT) / 2)[0]) for one in q.W[0]]
    middle = _moved(matrices[0], forces[0], p.u0[0].numpy(), 0.5)

    def path(t):
        n = int(t >= 0.5)
        return _moved(matrices[n], forces[n], p.u0[0].numpy() if n == 0 else middle, t - n / 2)

    def carried(t):
        stretch = (min(max(0.5 - t, 0.0), 0.5)) * kappa[0] + min(1 - t, 0.5) * kappa[1]
        return math.exp(stretch) * integrand(path(t), int(t >= 0.5))

    integral = sum(
        quad(carried, a, b, epsabs=1e-12, epsrel=1e-11)[0] for a, b in ((0, 0.5), (0.5, 1 - 1e-15))
    )
    states = torch.as_tensor(np.array([[path(t) for t in limit_pair_constants.times(p)]]))
    return states, integral


def _moved(K, c, u, t):
    """The solution of u' = −Ku + c at t."""
    whole = np.zeros((3, 3))
    whole[:2, :2], whole[:2, 2] = -K, c
    return (expm(t * whole) @ np.append(u, 1.0))[:2]


def drift(pair):
    def integrand(u, n):
        K = (pair.first.W - pair.second.W)[0, n].numpy()
        c = (pair.first.W[0, n] @ pair.first.f[0] - pair.second.W[0, n] @ pair.second.f[0]).numpy()
        return float(np.linalg.norm(K @ u - c))

    return integrand


def test_times_are_those_of_the_parts():
    p = linear_pair(1).first
    assert limit_pair_constants.times(p) == [n / 8 for n in range(9)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_drift_is_the_integral_where_only_the_data_differ(seed):
    pair = linear_pair(seed, same=True)
    states, integral = along(pair, drift(pair))
    terms, sensitivity = limit_pair_constants.stability(pair, states)
    assert math.isclose(float(terms["drift"][0, -1]), integral, rel_tol=1e-9)
    assert float(terms["weight"].max()) == float(sensitivity.max()) == 0.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_drift_encloses_the_integral_the_closer_the_more_parts(seed, monkeypatch):
    pair, excess = linear_pair(seed), []
    for parts in (4, 16, 64):
        monkeypatch.setattr(limit_pair_constants, "PARTS", parts)
        states, integral = along(pair, drift(pair))
        excess.append(float(limit_pair_constants.stability(pair, states)[0]["drift"][0, -1]) / integral - 1)
    assert 0 < excess[2] < excess[1] / 2 < excess[0] / 4
    assert excess[0] < 0.5


@pytest.mark.parametrize("seed", [1, 2])
def test_weight_encloses_the_integral(seed, monkeypatch):
    """R = ½‖u‖²: p = u, so the integrand is |σ − σ̃|‖u‖."""
    pair = linear_pair(seed, same=True, weights=(0.5, 0.75), name="half_squared_norm")
    for parts, close in ((4, 0.5), (64, 0.03)):
        monkeypatch.setattr(limit_pair_constants, "PARTS", parts)
        states, integral = along(pair, lambda u, n: 0.25 * float(np.linalg.norm(u)))
        found = float(limit_pair_constants.stability(pair, states)[0]["weight"][0, -1])
        assert integral <= found * (1 + 1e-12)
        assert found <= (1 + close) * integral


def test_weight_is_the_constant_of_the_growth_where_R_is_affine():
    p = plain(Source(1, CPU), "l1", 3, 4, 2, lam=1.0)
    pair = NetworkPair(p, replace(p, lam=3 * p.lam))
    terms, _ = limit_pair_constants.stability(pair, FLOAT.limit(p, limit_pair_constants.times(p)).states)
    assert torch.allclose(terms["weight"], tensor(2.0, 4.0).expand(3, 2), rtol=1e-14)


def test_initial_term_is_carried_by_the_second_system():
    p = plain(Source(1, CPU), "l1", 2, 1, 4, gain=5.0)
    pair = NetworkPair(replace(p, u0=0 * p.u0), replace(p, u0=0 * p.u0 + 2, W=-p.W))
    terms, _ = limit_pair_constants.stability(pair, torch.zeros(2, 17, 1, dtype=torch.float64))
    assert torch.allclose(terms["initial"][:, -1], tensor(2 * math.exp(5)), rtol=1e-13)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sensitivity_bounds_what_moved_states_change(seed):
    pair = linear_pair(seed, weights=(0.5, 0.75))
    pair = NetworkPair(
        *(replace(p, regularizer=Regularizer("half_squared_norm", {})) for p in (pair.first, pair.second))
    )
    states, _ = along(pair, drift(pair))
    terms, sensitivity = limit_pair_constants.stability(pair, states)
    generator = torch.Generator().manual_seed(seed)
    for size in (1e-3, 1.0):
        shift = torch.randn(states.shape, generator=generator, dtype=torch.float64)
        moved, _ = limit_pair_constants.stability(pair, states + size * shift / shift.norm(dim=-1).max())
        change = moved["drift"] - terms["drift"] + (moved["weight"] - terms["weight"])
        assert (change.abs() <= size * sensitivity * (1 + 1e-9)).all()
    assert (sensitivity > 0).all()
