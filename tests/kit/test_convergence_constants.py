"""The constants of convergence: floats against balls, against quadrature, and against numbers by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy.integrate import solve_ivp

from claims import convergence_constants as convergence
from claims import limit_constants
from claims.families import control_sequences, drawn_convergence, systems
from claims.families.control_sequences import sequence
from claims.families.plain import plain
from claims.kit.context import FloatRun
from claims.kit.convergence_instances import controls
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)
SEEDS = range(6)


def followed(p):
    networks = [convergence.member(p, j) for j in range(len(p.depths))]
    states = [FLOAT.forward(one) for one in networks]
    nothing = [0 * one.lam + 0 * u[:, 1:, 0] for one, u in zip(networks, states, strict=True)]
    return networks, states, convergence.certificates(networks, states, nothing)


@QUIET
@given(drawn_convergence.sequences())
def test_constants_in_both_arithmetics(p):
    states = [FLOAT.forward(convergence.member(p, j)) for j in range(len(p.depths))]

    def everything(q, *u):
        networks = [convergence.member(q, j) for j in range(len(q.depths))]
        nothing = [0 * x[:, 1:, 0] for x in u]
        found = convergence.certificates(networks, u, nothing)
        answer = {"distances": convergence.distances(q), "projection": convergence.projection_errors(q)}
        for j, (one, x, certificate) in enumerate(zip(networks, u, found, strict=True)):
            reach = convergence.reach(one, x, certificate.drift[:, -1])
            apart = answer["distances"][:, j] + answer["projection"][:, j]
            answer |= {
                f"drift {j}": certificate.drift,
                f"state {j}": reach.state,
                f"misfit {j}": reach.misfit,
                f"subgradient {j}": reach.subgradient,
                f"error {j}": convergence.control_error(q.first, one, apart, reach),
                f"steps {j}": convergence.half_steps(x),
            }
        return answer

    agree(everything, (p, *states), lambda: (p.ball(), *(elementary.to_ball(u.numpy()) for u in states)))


def norm_on_a_grid(values, cells):
    """‖v‖ in L² by the values in the middles of ``cells`` parts."""
    middles = (np.arange(cells) + 0.5) / cells
    there = values[:, (middles * values.shape[1]).astype(int)]
    return np.sqrt((there**2).reshape(len(there), cells, -1).sum(2).mean(1))


@pytest.mark.parametrize("seed", SEEDS)
def test_distances_and_projection_errors_by_brute_force(seed):
    make = control_sequences.weak if seed % 2 else control_sequences.volume
    _, p = make(Source(seed, CPU), 3)
    distances, errors = convergence.distances(p), convergence.projection_errors(p)
    for j, N in enumerate(p.depths):
        theta, network = p.function(j), convergence.member(p, j)
        every = zip(*(controls(x) for x in (p.first, theta, network)), strict=True)
        for i, (here, there, means) in enumerate(every):
            fine = math.lcm(here.shape[1], there.shape[1], N)
            spread = [x.repeat_interleave(fine // x.shape[1], 1).numpy() for x in (here, there)]
            assert np.allclose(distances[:, j, i], norm_on_a_grid(spread[1] - spread[0], fine), atol=1e-12)
            if here.shape[1] == 1:
                assert float(errors[:, j, i].abs().max()) == 0.0
                continue
            cells = [x.reshape(len(x), N, fine // N, -1).mean(2, keepdims=True) for x in spread]
            off = spread[0].reshape(*cells[0].shape[:2], fine // N, -1) - cells[0]
            assert np.allclose(
                errors[:, j, i], norm_on_a_grid(off.reshape(len(off), fine, -1), fine), atol=1e-12
            )
            assert np.allclose(means.reshape(*means.shape[:2], -1), cells[1][:, :, 0], atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_certificate_at_the_nodes_is_that_of_the_network(seed):
    _, p = control_sequences.volume(Source(seed, CPU), 4)
    networks, states, found = followed(p)
    for one, u, certificate in zip(networks, states, found, strict=True):
        terms = limit_constants.network_certificate(one, u, 0 * u[:, 1:, 0])
        assert torch.allclose(certificate.gap[:, 1::2], terms["gap"], rtol=1e-10, atol=1e-12)
        assert torch.allclose(certificate.drift[:, 1::2], terms["drift"], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("K", [-2.0, 0.5, 3.0])
def test_certificate_at_half_steps_solves_its_differential_equations(K):
    """Two layers, d = 1: a' = 2κa + 2σ(1 − s)D, b' = κb + s|K(u_{n+1} − u_n)| integrated by scipy."""
    p = plain(Source(1, CPU), "l1", 1, 1, 2, gain=K, data=1.0, lam=4.0)
    p = replace(p, u0=0 * p.u0 + 1)
    (network,), (states,), (found,) = followed(sequence(p, p, (2,)))
    c, u = K * float(p.f[0, 0]), states[0, :, 0].tolist()
    times, a, b, gaps, drifts, inside = np.linspace(0, 1, 201), 0.0, 0.0, [], [], 0.0
    for n in range(2):
        used = 2 * (u[n] - u[n + 1]) - (K * u[n] - c)
        gap = 4.0 * (abs(u[n]) - abs(u[n + 1])) - used * (u[n] - u[n + 1])
        slope = abs(K * (u[n + 1] - u[n]))

        def right(t, y, gap=gap, slope=slope):
            return [-2 * K * y[0] + 2 * (1 - 2 * t) * gap, -K * y[1] + 2 * t * slope]

        solved = solve_ivp(right, (0, 0.5), [a, b], t_eval=times / 2, rtol=1e-11, atol=1e-13).y
        a, b = solved[:, -1]
        gaps += [math.sqrt(max(solved[0, 100], 0)), math.sqrt(max(a, 0))]
        drifts += [solved[1, 100], b]
        inside = max(inside, float((np.sqrt(np.maximum(solved[0], 0)) + solved[1]).max()))
    assert np.allclose(found.gap[0], gaps, rtol=1e-7, atol=1e-8)
    assert np.allclose(found.drift[0], drifts, rtol=1e-9, atol=1e-12)
    assert inside <= float(found.largest[0]) * (1 + 1e-9)
    assert network.depth == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_reach_holds_for_the_limit_of_every_member(seed):
    _, p = control_sequences.volume(Source(seed, CPU), 3)
    for one, u, found in zip(*followed(p), strict=True):
        reach = convergence.reach(one, u, found.largest)
        solution, radius = FLOAT.limit(one, np.linspace(0, 1, 41).tolist())
        assert bool((solution.norm(dim=2).amax(1) <= reach.state + radius + 1e-12).all())
        misfit = (one.A[:, None] @ solution[..., None])[..., 0] - one.f[:, None]
        if one.f.shape[1]:
            assert bool((misfit.norm(dim=2).amax(1) <= reach.misfit * (1 + 1e-12) + 1e-9).all())


def products(p):
    """τW and τλ of the FBS-network, (batch, M, …) each."""
    return p.tau[:, :, None, None] * p.W, p.tau * p.lam


@pytest.mark.parametrize("seed", range(12))
def test_control_error_bounds_the_products(seed):
    """With sup‖Aū − f‖ = 1 and no subgradients it bounds ‖τ̄W̄ − τW‖_{L¹}, and the other way round."""
    _, p = control_sequences.weak(Source(seed, CPU), 4, "FBS")
    one = torch.ones(4, dtype=torch.float64)
    distances, errors = convergence.distances(p), convergence.projection_errors(p)
    for j, N in enumerate(p.depths):
        network = convergence.member(p, j)
        fine = math.lcm(N, p.first.depth)
        here, there = (
            [x.repeat_interleave(fine // x.shape[1], 1) for x in products(q)] for q in (p.first, network)
        )
        for i, reach in enumerate(
            (convergence.Reach(one, one, 0 * one), convergence.Reach(one, 0 * one, one))
        ):
            bound = convergence.control_error(p.first, network, distances[:, j] + errors[:, j], reach)
            apart = (there[i] - here[i]).reshape(4, fine, -1)
            assert bool((apart.norm(dim=2).mean(1) <= bound * (1 + 1e-12)).all())


@pytest.mark.parametrize("system", systems.MAKERS, ids=lambda maker: maker.__name__)
def test_control_error_by_hand(system):
    """θ = (1, 1, 1), θ̄ = (1, 1, 3), (3, 1, 1), d = m = 1, f = 5, ‖ū‖ ≤ 7, ‖Aū − f‖ ≤ 11, ‖p‖ ≤ 13."""
    first = plain(Source(1, CPU), "l1", 1, 1, 1, lam=1.0)
    first = replace(first, f=0 * first.f + 5)
    of = convergence.Reach(*(torch.full((1,), x, dtype=torch.float64) for x in (7.0, 11.0, 13.0)))
    for change, expected in (
        ({"lam": 3 * first.lam}, 2 * 13),
        ({"W": 3 * first.W}, 2 * (5 if system is systems.coupled else 11)),
    ):
        p = sequence(system(first), system(replace(first, **change)), (1,), rate=1.0)
        network = convergence.member(p, 0)
        found = convergence.control_error(p.first, network, convergence.distances(p)[:, 0], of)
        assert float(found) == expected


def test_members_have_no_negative_weights():
    first = plain(Source(1, CPU), "l1", 1, 1, 1, lam=1.0)
    p = sequence(first, replace(first, lam=5 * first.lam), (2,), rate=0.0, frequencies=(1,))
    assert convergence.member(p, 0).lam.tolist() == [[5.0, 0.0]]
    assert p.function(0).lam.tolist() == [[5.0, -3.0]]
