"""Bounds in the mean square, against the bounds of the samples one by one."""

import numpy as np
import pytest
import torch

from claims import constants, magnitudes, sample_constants
from claims.families import network_pairs, samples, systems
from claims.kit.context import BallRun, FloatRun
from claims.kit.instances import Network, Regularizer
from claims.kit.sample_instances import Samples, SamplesPair
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)
COUNT = 3


def drawn(system, seed=1, batch=4, depth=3):
    """Three samples of a network in R³ with two data."""
    source = Source(seed, CPU)
    A, f, u0 = source.normal(batch, 2, 3), source.normal(batch, 2), source.normal(batch, 3)
    W = source.normal(batch, depth, 3, 2)
    tau, lam = source.uniform(batch, depth), source.uniform(batch, depth)
    network = systems.MAKERS[system](Network(Regularizer("l2", {}), A, f, u0, W, tau, lam))
    return samples.further(source, network, "unrelated", COUNT)


def alone(p, index):
    return Samples(p.network, p.further_f[:, :0], p.further_u0[:, :0]) if index == 0 else _further(p, index)


def _further(p, index):
    return Samples.of(p.network, p.f[:, index : index + 1], p.u0[:, index : index + 1])


def mean_square(values):
    return np.sqrt(np.mean(np.square(np.stack([x.numpy() for x in values])), axis=0))


def test_root_mean_square():
    x = torch.tensor([[[3.0], [4.0]], [[0.0], [2.0]]], dtype=torch.float64)
    np.testing.assert_allclose(sample_constants.rms(x)[:, 0], [12.5**0.5, 2**0.5], rtol=1e-15)
    with elementary.digits(60):
        (ball,) = sample_constants.rms(elementary.to_ball(x[:1].numpy()))[0]
        assert (ball * ball * 2).contains(25)


@pytest.mark.parametrize("system", range(len(systems.MAKERS)))
def test_one_sample_has_the_bounds_of_the_network(system):
    p = alone(drawn(system), 0)
    states = RUN.forward(p)
    for name, term in constants.state_bound(p.network).items():
        torch.testing.assert_close(sample_constants.state_bound(p)[name], term)
    magnitude = magnitudes.accumulated_magnitude(p.network, states[:, 0])
    torch.testing.assert_close(sample_constants.state_magnitude(p, states), magnitude)
    torch.testing.assert_close(sample_constants.run_magnitude(p, states)[:, 0, 1:], magnitude)


@pytest.mark.parametrize("system", range(len(systems.MAKERS)))
def test_state_bound_is_the_mean_square_where_a_term_stands_alone(system):
    """The data term of one layer, and the initial term of all, are mean squares of the samples' own."""
    p = drawn(system)
    found = sample_constants.state_bound(p)
    each = [sample_constants.state_bound(alone(p, index)) for index in range(COUNT)]
    np.testing.assert_allclose(found["initial"], mean_square([t["initial"] for t in each]), rtol=1e-12)
    np.testing.assert_allclose(found["data"][:, 0], mean_square([t["data"][:, 0] for t in each]), rtol=1e-12)
    assert (found["data"].numpy() >= mean_square([t["data"] for t in each]) * (1 - 1e-12)).all()


@pytest.mark.parametrize("system", range(len(systems.MAKERS)))
def test_stability_is_the_mean_square_of_a_layer(system):
    first = drawn(system)
    second = samples.perturbed(Source(2, CPU), first, "everything")
    pair, u = SamplesPair(first, second), RUN.forward(first)
    nothing = torch.zeros(first.size, COUNT, first.network.depth, dtype=torch.float64)
    found = sample_constants.stability(pair, u, nothing)
    each = []
    for index in range(COUNT):
        one = SamplesPair(alone(first, index), alone(second, index)).each
        each.append(constants.stability(one, u[:, index], nothing[:, index]))
    assert set(found) == {"initial", "drift", "weight"}
    for name, term in found.items():
        own = mean_square([t[name] for t in each])
        np.testing.assert_allclose(term[:, 0], own[:, 0], rtol=1e-11)
        assert (term.numpy() >= own * (1 - 1e-11)).all()


def test_runs_are_the_oracles_of_every_sample():
    p = drawn(0)
    found = sample_constants.runs(p)
    assert torch.equal(found[:, :, 0], p.u0)
    for index in range(COUNT):
        torch.testing.assert_close(found[:, index, 1:], constants.resolvent_run(alone(p, index).network))


def test_magnitudes_are_those_of_every_step():
    first = drawn(0)
    second = samples.perturbed(Source(2, CPU), first, "controls")
    pair, u, v = SamplesPair(first, second), RUN.forward(first), RUN.forward(second)
    steps = sample_constants.step_magnitude(first, u)
    for index in range(COUNT):
        torch.testing.assert_close(
            steps[:, index], magnitudes.step_magnitude(alone(first, index).network, u[:, index])
        )
    assert (
        sample_constants.stability_magnitude(pair, u, v) >= sample_constants.state_magnitude(first, u)
    ).all()
    assert sample_constants.operations(first) == magnitudes.operations(first.network) + COUNT


def test_balls_contain_the_bounds():
    first = drawn(2, batch=1, depth=2)
    pair = SamplesPair(first, samples.perturbed(Source(2, CPU), first, "everything"))
    u = RUN.forward(first)
    nothing = torch.zeros(1, COUNT, 2, dtype=torch.float64)
    expected = sample_constants.stability(pair, u, nothing)
    with elementary.digits(60):
        balls = pair.ball()
        exact = sample_constants.stability(
            balls, BallRun().forward(balls.first), elementary.to_ball(nothing.numpy())
        )
        for name, term in exact.items():
            np.testing.assert_allclose(elementary.to_float(term), expected[name].numpy(), rtol=1e-11)


@pytest.mark.parametrize("change", samples.CHANGES)
def test_a_change_moves_what_it_names(change):
    first = drawn(0, batch=64)
    second = samples.perturbed(Source(3, CPU), first, change)
    moved = {"f": (first.f != second.f).any(2), "u0": (first.u0 != second.u0).any(2)}
    for name, flags in moved.items():
        if change in (name, "everything"):
            assert flags.double().mean() > 0.9
        elif change == "one sample":
            assert flags[:, -1].double().mean() > 0.9
            assert not flags[:, :-1].any()
        else:
            assert not flags.any()
    names = ("W", "tau", "lam")
    same = [torch.equal(getattr(first.network, name), getattr(second.network, name)) for name in names]
    assert all(same) == (change in ("u0", "f", "one sample"))
    assert set(network_pairs.CHANGES) < set(samples.CHANGES)


@pytest.mark.parametrize("relation", samples.RELATIONS)
def test_further_samples_are_related_as_they_are_called(relation):
    network = drawn(0, batch=64).network
    p = samples.further(Source(4, CPU), network, relation, 4)
    assert p.samples == 4
    ratio = p.further_u0 / network.u0[:, None]
    if relation == "resting":
        assert not p.further_f.any()
        assert not p.further_u0.any()
    elif relation == "scaled":
        assert torch.equal(ratio, ratio[..., :1].expand_as(ratio))
        assert {float(x) for x in ratio.abs().unique()} == {2.0**k for k in range(-6, 7)}
    elif relation == "near":
        assert 0 < float((ratio - 1).abs().median()) < 0.5
    else:
        assert float((ratio - ratio[..., :1]).abs().median()) > 0.1
