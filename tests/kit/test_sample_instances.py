"""Samples of one network: what is shared, what is each one's own, in both arithmetics."""

from dataclasses import fields

import torch

from claims.families import regularizers
from claims.families.systems import MAKERS
from claims.kit.instances import Network, NetworkPair
from claims.kit.sample_instances import Samples, SamplesPair, joined
from claims.kit.sampling import Source
from claims.oracle import elementary
from tests.kit.toys import CPU

BATCH, SAMPLES, N, M, D = 2, 3, 4, 2, 3


def network(name="l1"):
    source = Source(1, CPU)
    A, f, u0 = source.normal(BATCH, M, D), source.normal(BATCH, M), source.normal(BATCH, D)
    W, tau, lam = source.normal(BATCH, N, D, M), source.uniform(BATCH, N), source.uniform(BATCH, N)
    return Network(regularizers.draw(name, source, BATCH, D), A, f, u0, W, tau, lam)


def data():
    source = Source(2, CPU)
    return source.normal(BATCH, SAMPLES, M), source.normal(BATCH, SAMPLES, D)


def test_the_first_sample_is_the_networks_own():
    f, u0 = data()
    p = Samples.of(network(), f, u0)
    assert torch.equal(p.network.f, f[:, 0])
    assert torch.equal(p.network.u0, u0[:, 0])
    assert torch.equal(p.f, f)
    assert torch.equal(p.u0, u0)
    assert (p.samples, p.size) == (SAMPLES, BATCH)
    assert p.dimensions == {**network().dimensions, "samples": SAMPLES}
    assert p.h == 1 / N
    assert p.regularizer is p.network.regularizer


def test_one_sample_is_the_network():
    own = network()
    p = Samples.of(own, own.f[:, None], own.u0[:, None])
    assert p.samples == 1
    assert [torch.equal(x, y) for x, y in zip(p.each.arrays(), own.arrays(), strict=True)] == [True] * 7


def test_each_has_its_own_data_and_shares_the_rest():
    f, u0 = data()
    for make in MAKERS:
        p = Samples.of(make(network("elastic_net")), f, u0)
        for row in range(BATCH * SAMPLES):
            instance, sample = divmod(row, SAMPLES)
            alone, own = p.each.take(row), p.network.take(instance)
            assert torch.equal(alone.f[0], f[instance, sample])
            assert torch.equal(alone.u0[0], u0[instance, sample])
            names = [field.name for field in fields(own)]
            shared = [name for name in names if name not in ("f", "u0", "regularizer")]
            assert all(torch.equal(getattr(alone, name), getattr(own, name)) for name in shared)
            params = alone.regularizer.params
            assert all(torch.equal(params[k], x) for k, x in own.regularizer.params.items())


def test_grouped_undoes_each():
    p = Samples.of(network(), *data())
    assert torch.equal(p.grouped(p.each.u0), p.u0)
    assert p.grouped(p.each.lam).shape == (BATCH, SAMPLES, N)


def test_balls_are_joined_and_repeated_alike():
    p = Samples.of(network(), *data())
    balls = p.ball()
    assert (elementary.to_float(balls.u0) == p.u0.numpy()).all()
    found, expected = balls.each.arrays(), p.each.arrays()
    for ball, number in zip(found, expected, strict=True):
        assert (elementary.to_float(ball) == number.numpy()).all()
    trajectories = torch.zeros(BATCH, SAMPLES, N, D)
    assert joined(p.u0, trajectories.double()).shape == (BATCH, SAMPLES, N + 1, D)


def test_a_pair_is_a_pair_of_each():
    first, second = Samples.of(network(), *data()), Samples.of(network(), *(2 * x for x in data()))
    pair = SamplesPair(first, second)
    assert isinstance(pair.each, NetworkPair)
    assert torch.equal(pair.each.second.u0, second.each.u0)
    assert pair.dimensions == first.dimensions
    assert pair.regularizer is first.regularizer
