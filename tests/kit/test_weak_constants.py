"""The modulus of weak convergence: floats against balls, against sums on fine grids, and by hand."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given

from claims import convergence_constants as convergence
from claims import weak_constants
from claims.constants import operators
from claims.families import control_samplers, control_sequences, drawn_convergence, systems
from claims.families.control_sequences import sequence
from claims.families.plain import plain
from claims.kit.context import FloatRun
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)


@QUIET
@given(drawn_convergence.weak_sequences())
def test_constants_in_both_arithmetics(p):
    states = FLOAT.forward(convergence.member(p, 0))
    solution, radius = FLOAT.limit(p.first, p.times)

    def everything(q, u, v, r):
        network = convergence.member(q, 0)
        of = convergence.reach(network, u, 0 * u[:, 0, 0])
        reached = weak_constants.solution_reach(q.first, v, r, 0.25)
        rates = weak_constants.weak_rates(q)
        networks = [convergence.member(q, j) for j in range(len(q.depths))]
        return {
            **weak_constants.primitives(q.first, network)._asdict(),
            **weak_constants.speeds(network, of.state, of.subgradient)._asdict(),
            "reached": reached,
            "squares": sum(
                x * x for x in weak_constants.weak_modulus(q.first, network, of, reached).values()
            ),
            **rates,
            "distances": weak_constants.weak_distances(q, networks),
            "sizes": weak_constants.sizes(q),
        }

    balls = lambda: (p.ball(), *(elementary.to_ball(x.numpy()) for x in (states, solution, radius)))  # noqa: E731
    agree(everything, (p, states, solution, radius), balls)


@pytest.mark.parametrize("seed", range(4))
def test_primitives_by_sums_on_a_fine_grid(seed):
    _, p = control_sequences.weak(Source(seed, CPU), 3)
    for j, N in enumerate(p.depths):
        network = convergence.member(p, j)
        fine = 8 * math.lcm(N, p.first.depth)
        gaps = []
        for x, y in zip(operators(p.first), operators(network), strict=True):
            spread = [z.repeat_interleave(fine // z.shape[1], 1).numpy() for z in (x, y)]
            sums = np.cumsum(spread[1] - spread[0], 1) / fine
            gaps.append(np.concatenate([0 * sums[:, :1], sums], 1))
        H, F, G = gaps
        found = weak_constants.primitives(p.first, network)
        m = (H.max(1) + H.min(1)) / 2
        off = np.linalg.norm(H - m[:, None], 2, axis=(2, 3)).max(1)
        assert np.allclose(found.of_K, off, rtol=1e-6, atol=1e-9)
        assert np.allclose(
            found.middle, np.linalg.norm((m @ p.u0.numpy()[..., None])[..., 0], axis=1), atol=1e-9
        )
        assert np.allclose(found.of_c, np.linalg.norm(F, axis=2).max(1), atol=1e-12)
        assert np.allclose(found.of_sigma, (G.max(1) - G.min(1)) / 2, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_bounds_of_the_proof_hold_for_the_limit(seed):
    """sup‖u‖ and ∫‖u'‖ of θ, sup‖g‖ of the member: summed up on 4000 steps of the oracle's solutions."""
    _, p = control_sequences.weak(Source(seed, CPU), 2)
    steps = 3840
    times = np.linspace(0, 1, steps + 1)
    u, radius = FLOAT.limit(p.first, times.tolist())
    coarse = FLOAT.limit(p.first, p.times).states
    state = weak_constants.solution_reach(p.first, coarse, radius, 1 / (2 * p.depths[-1]))
    assert bool((u.norm(dim=2).amax(1) <= state).all())
    for j in range(len(p.depths)):
        network = convergence.member(p, j)
        states = FLOAT.forward(network)
        (certificate,) = convergence.certificates([network], [states], [0 * states[:, 1:, 0]])
        of = convergence.reach(network, states, certificate.largest)
        driven = FLOAT.limit(network, times.tolist()).states
        speeds = weak_constants.speeds(network, of.state, of.subgradient)
        assert bool(((driven[:, 1:] - driven[:, :-1]).norm(dim=2).sum(1) <= speeds.length + 1e-9).all())
        moved = [
            y.repeat_interleave(steps // y.shape[1], 1) - x.repeat_interleave(steps // x.shape[1], 1)
            for x, y in zip(operators(p.first), operators(network), strict=True)
        ]
        middle = (driven[:, 1:] + driven[:, :-1]) / 2
        g = ((moved[1] - (moved[0] @ middle[..., None])[..., 0]) / steps).cumsum(1)
        weak = weak_constants.primitives(p.first, network)
        bound = weak.of_c + weak.of_K * (of.state + speeds.length) + weak.middle
        assert bool((g.norm(dim=2).amax(1) <= bound * (1 + 1e-6) + 1e-6).all())


def test_modulus_by_hand():
    """K = 0, R = |u|, u0 = 1, W¹ = 1 + r_1, f = 1, λ = ½ + ½r_1: w_c = w_σ·2 = ½, speeds 2 and ¾ at most."""
    base = plain(Source(1, CPU), "l1", 1, 1, 1, data=1.0, lam=0.5)
    lista = systems.coupled(replace(base, f=0 * base.f + 1, u0=0 * base.u0 + 1))
    p = sequence(lista, replace(lista, W1=2 * lista.W1, lam=2 * lista.lam), (2,), rate=0.0, frequencies=(1,))
    of = convergence.Reach(*(torch.full((1,), x, dtype=torch.float64) for x in (3.0, 0.0, 1.0)))
    terms = weak_constants.weak_modulus(lista, convergence.member(p, 0), of, of.state)
    assert float(terms["shift"]) == 0.5
    kinks, weight = 2 * 0.5 * (0.5 + 0.5), 4 * 0.125 * ((1 + 0.5) + (1 + 0.5))
    root = math.sqrt(kinks + weight)
    assert math.isclose(float(terms["kinks"]), kinks / root, rel_tol=1e-12)
    assert math.isclose(float(terms["weight"]), weight / root, rel_tol=1e-12)


@pytest.mark.parametrize("system", ["LISTA", "ALISTA"])
def test_modulus_vanishes_like_the_root_of_the_oscillation(system):
    """N = 2^k, k = 1 … 9: with the states fixed the bound is at most C·2^{−k/2}, C from k = 1."""
    _, p = control_sequences.weak(Source(3, CPU), 2, system)
    one = torch.ones(2, dtype=torch.float64)
    of = convergence.Reach(one, one, one)
    found = []
    for k in range(1, 10):
        q = sequence(p.first, p.other, (12 * 2**k,), rate=0.0, frequencies=(k,))
        found.append(sum(weak_constants.weak_modulus(q.first, convergence.member(q, 0), of, one).values()))
    slopes = [float((b / a).max()) for a, b in pairwise(found[3:])]
    assert all(0.45 <= slope <= 0.75 for slope in slopes), slopes


def test_weak_distances_by_hand():
    """ζ = 1 oscillates as r_1, r_2: 1/2 and 1/4; a jump of 2 in the middle of one cell: (1/4)·2."""
    for _, p, terms in control_samplers.jumping(Source(1, CPU)):
        networks = [convergence.member(p, j) for j in range(len(p.depths))]
        found, rates = weak_constants.weak_distances(p, networks), weak_constants.weak_rates(p)
        assert terms == ("projection",)
        assert torch.allclose(found, rates["oscillation"] + rates["projection"])
    weighted = systems.coupled(plain(Source(1, CPU), "l1", 1, 1, 1, lam=1.0))
    p = sequence(weighted, replace(weighted, lam=2 * weighted.lam), (2, 4), rate=0.0, frequencies=(1, 2))
    networks = [convergence.member(p, j) for j in range(2)]
    assert weak_constants.weak_distances(p, networks).tolist() == [[0.0, 0.0, 0.5, 0.0, 0.0, 0.25]]


def test_variation_inside_cells():
    values = torch.tensor([0.0, 1.0, 3.0, 3.0, 7.0, 6.0], dtype=torch.float64)[None, :, None]
    expected = {1: 8.0, 2: 4.0 + 1.0, 3: 1.0, 4: 4.0, 6: 0.0}
    for cells, variation in expected.items():
        assert float(weak_constants._variation_inside(values, cells)) == variation
