"""Each constant: floats against balls, against numbers worked out by hand, and against brute force."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given

from claims import constants
from claims.families import strategies
from claims.families.plain import plain
from claims.kit.context import BallRun, FloatRun
from claims.kit.instances import Network, NetworkPair, Regularizer
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


OF_NETWORK = [
    constants.operators,
    constants.state_bound,
    constants.h1_bound,
    lambda p: constants.step_factors(constants.operators(p)[0], p.h),
]
OF_STATES = [
    constants.state_bound_step,
    constants.increment_bound,
    constants.increment_distance,
    constants.h1_seminorm,
]


@QUIET
@given(strategies.networks())
def test_network_constants_in_both_arithmetics(p):
    for function in OF_NETWORK:
        agree(function, (p,), lambda: (p.ball(),))


@QUIET
@given(strategies.networks())
def test_state_constants_in_both_arithmetics(p):
    # the states are given, exact in both, so that no decision at a kink depends on round-off
    states = FLOAT.forward(p)
    for function in OF_STATES:
        agree(function, (p, states), lambda: (p.ball(), elementary.to_ball(states.numpy())))


@QUIET
@given(strategies.network_pairs())
def test_stability_constants_in_both_arithmetics(pair):
    u, v = FLOAT.forward(pair.first), FLOAT.forward(pair.second)
    nothing = torch.zeros(pair.first.lam.shape, dtype=torch.float64)

    def balls():
        return (pair.ball(), *(elementary.to_ball(x.numpy()) for x in (u, v, nothing)))

    agree(constants.stability_step, (pair, u, v, nothing), balls)
    agree(lambda q, x, y, z: constants.stability(q, x, z), (pair, u, v, nothing), balls)


# ---- by hand


def network(name="l1", *, A=1.0, f=0.0, u0=1.0, W=(1.0,), tau=(1.0,), lam=(1.0,)):
    """A network with d = m = 1."""
    params = {"weights": tensor([1.0])} if name == "l1" else {}
    controls = tensor(*W).reshape(1, len(W), 1, 1), tensor(tau), tensor(lam)
    return Network(Regularizer(name, params), tensor([[A]]), tensor([f]), tensor([u0]), *controls)


def numbers(terms):
    return {name: float(term) for name, term in terms.items()}


def test_operators_by_hand():
    K, c, sigma = constants.operators(network(A=3.0, f=5.0, W=(2.0, -1.0), tau=(0.5, 4.0), lam=(7.0, 0.25)))
    assert K.reshape(-1).tolist() == [3.0, -12.0]
    assert c.reshape(-1).tolist() == [5.0, -20.0]
    assert sigma.reshape(-1).tolist() == [3.5, 1.0]


def test_state_bound_by_hand():
    # N = 2, h = 1/2, K = (1, -1), c = (2, -2): ρ = (1/2, 3/2)
    p = network(f=2.0, u0=4.0, W=(1.0, -1.0), tau=(1.0, 1.0), lam=(0.0, 0.0))
    assert constants.step_factors(constants.operators(p)[0], p.h).tolist() == [[0.5, 1.5]]
    bound = constants.state_bound(p)
    assert bound["initial"].tolist() == [[2.0, 3.0]]
    assert bound["data"].tolist() == [[1.0, 2.5]]
    step = constants.state_bound_step(p, tensor([[4.0], [3.0], [3.5]]))
    assert step["initial"].tolist() == [[2.0, 4.5]]
    assert step["data"].tolist() == [[1.0, 1.0]]


def test_increment_bounds_by_hand():
    # K = 2, c = 2, σ = 3 at u = 4: drift 6, subgradient 3, dist(0, 8 - 2 + 3) = 9
    p = network(A=2.0, f=2.0, u0=4.0, lam=(3.0,))
    states, at_zero = tensor([[4.0], [0.0]]), tensor([[0.0], [0.0]])
    assert numbers(constants.increment_bound(p, states)) == {"drift": 6.0, "subgradient": 3.0}
    assert constants.increment_distance(p, states).tolist() == [[9.0]]
    # at u = 0: dist(0, -2 + 3[-1, 1]) = 0, with σ = 1 it is 1; the minimal subgradient vanishes
    assert constants.increment_distance(p, at_zero).tolist() == [[0.0]]
    assert constants.increment_distance(network(f=2.0, lam=(1.0,)), at_zero).tolist() == [[1.0]]
    assert constants.increment_bound(p, at_zero)["subgradient"].tolist() == [[0.0]]


def test_h1_bound_by_hand():
    # N = 2, K = (2, 0), c = (1, 0), σ = (1, 3), C0 = 1: M = e(1 + ½), speeds 2M + 1 + 1 and 3
    p = network(f=0.5, u0=1.0, W=(2.0, 0.0), tau=(1.0, 1.0), lam=(1.0, 3.0))
    expected = math.sqrt(((2 * math.e * 1.5 + 2) ** 2 + 9) / 2)
    assert math.isclose(sum(numbers(constants.h1_bound(p)).values()), expected, rel_tol=1e-14)
    alone = constants.h1_bound(network(W=(0.0,), lam=(3.0,)))
    assert numbers(alone) == {"operator": 0.0, "data": 0.0, "subgradient": 3.0}
    nothing = constants.h1_bound(network(W=(0.0,), lam=(0.0,)))
    assert set(numbers(nothing).values()) == {0.0}


def test_h1_seminorm_by_hand():
    # increments 1 and -2 over steps of 1/2: slopes 2 and -4, ∫ = (4 + 16)/2
    p = network(W=(1.0, 1.0), tau=(1.0, 1.0), lam=(0.0, 0.0))
    assert math.isclose(float(constants.h1_seminorm(p, tensor([[0.0], [1.0], [-1.0]]))), math.sqrt(10))


def test_used_subgradient_by_hand():
    # K = 0, c = 0, N = 1, σ = 3, u from 4 to 1: p = 1; from ½ to 0: p = ½/3
    def used(p, before, after):
        return float(constants.used_subgradient(p, tensor([[before], [after]]), tensor([0.0])))

    p = network(A=0.0, lam=(3.0,))
    assert used(p, 4.0, 1.0) == 1.0
    assert used(p, 0.5, 0.0) == 0.5 / 3
    # the cap C0 + C1‖u‖ = 1, and the minimal subgradient where σ = 0
    assert used(p, 9.0, 1.0) == 1.0
    free = network(A=0.0, lam=(0.0,))
    assert used(free, 4.0, 4.0) == 1.0
    assert used(free, 0.0, 0.0) == 0.0
    assert used(network("half_squared_norm", A=0.0, lam=(0.0,)), 4.0, 4.0) == 4.0


def test_stability_by_hand():
    # first K = 1, c = 1, σ = 1, u from 3 to 1; second K̃ = -1, c̃ = -1, σ̃ = 3: ρ̃ = 2, drift |2·3 - 2|, p = 0
    # at u = 0 after 3: the step lands at 1, so p = min(1, 1)
    pair = NetworkPair(network(f=1.0, u0=3.0), network(f=1.0, u0=5.0, W=(-1.0,), lam=(3.0,)))
    u, v = tensor([[3.0], [0.0]]), tensor([[5.0], [6.0]])
    expected = {"initial": 4.0, "drift": 4.0, "weight": 2.0}
    assert numbers(constants.stability_step(pair, u, v, tensor([0.0]))) == expected
    assert numbers(constants.stability(pair, u, tensor([0.0]))) == expected


def test_stability_uses_the_factors_of_the_second_system():
    # u0 = 0, v0 = 1, K = 5, K̃ = -5: the first system's factor 4 would not do
    pair = NetworkPair(network(u0=0.0, W=(5.0,), lam=(0.0,)), network(u0=1.0, W=(-5.0,), lam=(0.0,)))
    u, v = FLOAT.forward(pair.first), FLOAT.forward(pair.second)
    terms = numbers(constants.stability(pair, u, tensor([0.0])))
    assert float((u - v)[:, -1].norm()) == 6.0 == terms["initial"]
    assert terms["drift"] == terms["weight"] == 0.0


# ---- against numpy and brute force


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_step_factors_are_spectral_norms(d):
    K = np.random.default_rng(d).normal(size=(3, 4, d, d))
    expected = np.linalg.norm(np.eye(d) - 0.25 * K, 2, axis=(2, 3))
    assert np.allclose(constants.step_factors(torch.from_numpy(K), 0.25).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_resolvent_steps_minimise_the_step_energy(seed):
    p = plain(Source(seed, CPU), "l1", 2, 2, 3, gain=0.5, data=1.0, lam=0.5)
    states = FLOAT.forward(p)
    after = constants.resolvent_steps(p, states)
    generator = torch.Generator().manual_seed(seed)
    for n in range(3):
        u = states[:, n]
        residual = (p.A @ u[..., None])[..., 0] - p.f
        explicit = u - p.h * p.tau[:, n, None] * (p.W[:, n] @ residual[..., None])[..., 0]
        weight = p.h * p.tau[:, n] * p.lam[:, n]
        others = after[:, n] + torch.randn(50, 2, 2, generator=generator, dtype=torch.float64)
        energies = [
            ((x - explicit) ** 2).sum(-1) / 2 + weight * x.abs().sum(-1) for x in (after[:, n], others)
        ]
        assert (energies[0] <= energies[1]).all()


def test_the_constants_of_the_unit_ball_are_ascribed_to_the_quartic():
    # 2 + ¼·2³ = 4: the state falls from 4 to 2, where the gradient is 8, and 0 + 1·2 must not cap it
    p = network("quartic", u0=4.0, W=(0.0,), lam=(0.25,))
    states = FLOAT.forward(p)
    assert states.reshape(-1).tolist() == [4.0, 2.0]
    assert numbers(constants.h1_bound(p)) == {"operator": 0.0, "data": 0.0, "subgradient": 1.0}
    assert constants.used_subgradient(p, states, tensor([0.0])).tolist() == [[8.0]]


def test_the_ball_run_gives_the_same_network():
    p = network(f=1.0, u0=2.0, W=(0.5, 0.5), tau=(1.0, 1.0), lam=(0.25, 0.25))
    with elementary.digits(60):
        exact = elementary.to_float(BallRun().forward(p.ball()))
    assert exact.tolist() == FLOAT.forward(p).tolist()
