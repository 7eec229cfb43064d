"""Constants of existence, against pairs of networks computed apart."""

from dataclasses import replace

import pytest
import torch

from claims import constants, convergence_constants, existence_constants
from claims.families import control_sequences, existence_sequences, network_pairs
from claims.kit.arithmetic import norm
from claims.kit.instances import NetworkPair
from claims.kit.sampling import Source
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import agree


def pairs(count=24):
    for seed in range(count):
        source = Source(seed, CPU)
        _, p = control_sequences.volume(source, 2)
        yield NetworkPair(p.first, network_pairs.perturbed(source, p.first, "controls"))


def run(p):
    return torch.cat([p.u0[:, None], constants.resolvent_run(p)], 1)


def test_the_last_states_are_no_further_apart_and_less_than_what_is_declared():
    for pair in pairs():
        u, v = run(pair.first), run(pair.second)
        gap = norm(u[:, -1] - v[:, -1])
        near = existence_constants.deviation(pair, u, 0 * norm(u)[:, 1:])
        apart = existence_constants.distances(pair.first, pair.second)
        far = existence_constants.declared_deviation(pair, u, apart)
        assert (gap <= near * (1 + 1e-9) + 1e-9).all()
        assert (near <= far * (1 + 1e-9) + 1e-9).all()
        twice = existence_constants.declared_deviation(pair, u, 2 * apart)
        assert twice == pytest.approx(2 * far)


def test_stretch_is_that_of_expanding_layers_alone():
    _, p = control_sequences.volume(Source(1, CPU), 2)
    rho = constants.step_factors(constants.operators(p.first)[0], p.first.h)
    assert existence_constants.stretch(p.first) == pytest.approx(rho.clamp(min=1).prod(1))


def test_distances_are_those_of_the_sequence():
    _, p = existence_sequences.volume(Source(3, CPU), 4)
    s = p.sequence
    expected = convergence_constants.distances(replace(s, scales=torch.ones_like(s.scales)))[:, 0]
    assert existence_constants.spread(s) == pytest.approx(expected)


def test_covering_is_half_of_the_widest_gap():
    _, p = existence_sequences.volume(Source(3, CPU), 1)
    s = p.sequence
    points = torch.tensor([[1.0, 0.0, 0.25, 0.375, 7.0]], dtype=torch.float64)
    s = replace(
        s, scales=points, rates=points[:, :, None].expand(-1, -1, 3), depths=(1,) * 5, frequencies=(0,) * 5
    )
    assert existence_constants.covering(s).tolist() == [0.3125]


def test_both_arithmetics_agree():
    _, p = existence_sequences.volume(Source(5, CPU), 1)
    for function in (
        existence_constants.covering,
        existence_constants.spread,
        lambda s: existence_constants.stretch(s.first),
    ):
        agree(function, (p.sequence,), lambda: (p.sequence.ball(),))
