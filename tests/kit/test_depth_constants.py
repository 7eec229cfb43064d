"""The modulus of the certificate (4.7): floats against balls, numbers by hand, and how it falls with h."""

import math
from typing import cast

import torch
from hypothesis import given

from claims import depth_constants, limit_constants
from claims.families import depths, limits, regularizers, strategies
from claims.families.plain import plain
from claims.kit.context import FloatRun
from claims.kit.instances import AnyNetwork
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def source(seed=1):
    return Source(seed, CPU)


@QUIET
@given(strategies.networks())
def test_constants_in_both_arithmetics(p):
    of_states, of_gaps = 0.25 + 0 * p.lam, 0.5 + 0 * p.lam

    def everything(q, states, gaps):
        plainly, wider = depth_constants.widened_modulus(q, states, gaps)
        root, linear = depth_constants.rates(q)
        # roots of numbers that cancel are compared as squares
        return {
            **{name: term * term for name, term in plainly.items()},
            **{f"wider {name}": term * term for name, term in wider.items()},
            **{"sizes": depth_constants.state_sizes(q), "root": root * root, "linear": linear},
        }

    balls = lambda: (p.ball(), *(elementary.to_ball(x.numpy()) for x in (of_states, of_gaps)))  # noqa: E731
    agree(everything, (p, of_states, of_gaps), balls)


def test_into_the_kink_by_hand():
    """u0 = 255λ, c = −256λ, N = 1: D = 2·255λ, the increment may be 257λ, so D ≤ 2·257λ."""
    p = depths.into_the_kink(source(), "l1", 5, 1, 1)
    terms = limit_constants.network_certificate(p, FLOAT.forward(p), 0 * p.lam)
    bound = depth_constants.modulus(p)
    assert torch.allclose(terms["gap"], p.lam * math.sqrt(510), rtol=1e-14)
    assert torch.allclose(bound["gap"], p.lam * math.sqrt(514), rtol=1e-14)
    assert torch.allclose(depth_constants.rates(p)[0][:, None], bound["gap"], rtol=1e-14)
    assert float(bound["drift"].max()) == 0.0


def test_scalar_linear_systems_attain_the_drift_at_every_depth():
    for gain in (1.0, -1.0, 4.0):
        p = plain(source(), "l1", 3, 1, 5, gain=gain)
        terms = limit_constants.network_certificate(p, FLOAT.forward(p), 0 * p.lam)
        assert torch.allclose(terms["drift"], depth_constants.modulus(p)["drift"], rtol=1e-12)


def test_modulus_with_growth_by_hand():
    """R = ½u², K = 0, c = 0, σ = 1, u0, N = 1: the increment is at most u0, D at most 2u0·u0, a = 2u0²."""
    p = plain(source(), "half_squared_norm", 3, 1, 1, lam=1.0)
    assert torch.allclose(depth_constants.modulus(p)["gap"], math.sqrt(2) * p.u0, rtol=1e-14)


def test_states_are_within_their_sizes():
    for batch in limits.independent(source(), 64, regularizers.ADMISSIBLE):
        p = cast(AnyNetwork, batch.instances)
        states, sizes = FLOAT.forward(p), depth_constants.state_sizes(p)
        assert (states.norm(dim=-1) <= sizes * (1 + 1e-12)).all()


def test_modulus_is_below_the_rates_at_every_depth_and_vanishes():
    for batch in limits.independent(source(2), 32, regularizers.ADMISSIBLE, (1,)):
        p = cast(AnyNetwork, batch.instances)
        root, linear = depth_constants.rates(p)
        for factor in (1, 2, 4, 16):
            fine = limits.refined(p, factor)
            terms = depth_constants.modulus(fine)
            assert (terms["gap"][:, -1] <= root * math.sqrt(fine.h) * (1 + 1e-12)).all()
            assert (terms["drift"][:, -1] <= linear * fine.h * (1 + 1e-12)).all()
        # four times the layers: about half the gap, a quarter of the drift
        last = depth_constants.modulus(limits.refined(p, 64))
        before = depth_constants.modulus(limits.refined(p, 16))
        assert (last["gap"][:, -1] <= 0.6 * before["gap"][:, -1]).all()
        assert (last["drift"][:, -1] <= 0.3 * before["drift"][:, -1]).all()


def test_round_off_widens_and_nothing_does_not():
    p = plain(source(), "elastic_net", 2, 3, 4, gain=0.5, data=1.0, lam=1.0)
    zero, off = 0 * p.lam, 2.0**-10 + 0 * p.lam
    bound, same = depth_constants.widened_modulus(p, zero, zero)
    assert all(torch.equal(bound[name], same[name]) for name in bound)
    assert all(torch.equal(bound[name], depth_constants.modulus(p)[name]) for name in bound)
    _, wider = depth_constants.widened_modulus(p, off, zero)
    assert all((wider[name] > bound[name]).all() for name in bound)
    _, wider = depth_constants.widened_modulus(p, zero, off)
    assert (wider["gap"] > bound["gap"]).all()
    assert torch.equal(wider["drift"], bound["drift"])
