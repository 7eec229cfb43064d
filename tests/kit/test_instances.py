"""Instances survive encoding to the last bit, keep their names, and are exact in every arithmetic."""

import json
import math
from dataclasses import fields

import numpy as np
import pytest
import torch
from flint import arb
from hypothesis import find, given, settings
from hypothesis import strategies as st

from claims.families import (
    drawn_convergence,
    drawn_existence,
    drawn_gamma,
    drawn_learning,
    drawn_problems,
    drawn_training,
    strategies,
    systems,
)
from claims.kit.decoding import KINDS, decode
from claims.kit.instances import Instances, Network, NetworkPair, Regularizer, StepFunction, WeightPair
from claims.oracle import elementary
from tests.kit import boxes, toys

QUIET = settings(database=None, deadline=None, max_examples=25)
#: What draws each kind of instance; networks are of any system.
DRAWN = {
    "weight_pair": strategies.weight_pairs(),
    "network": strategies.networks(),
    "lista": strategies.networks(),
    "alista": strategies.networks(),
    "network_pair": strategies.network_pairs(),
    "samples": strategies.samples(),
    "samples_pair": strategies.sample_pairs(),
    "step_function": strategies.functions(),
    "function_sequence": strategies.sequences(),
    "convergent_sequence": st.one_of(strategies.convergent_sequences(), strategies.indicators()),
    "graph_sequence": st.one_of(strategies.graph_points(), strategies.graph_sequences_to_a_limit()),
    "interval_map": strategies.interval_maps(),
    "gamma_sequence": drawn_gamma.sequences(),
    "gamma_perturbation": drawn_gamma.perturbations(),
    "gamma_limits": drawn_gamma.two_limits(),
    "learning_sequence": drawn_learning.problems(),
    "admissible_sequence": drawn_learning.admissible(),
    "control_sequence": drawn_convergence.sequences(),
    "compact_sequence": drawn_existence.compact(),
    "finite_problem": drawn_problems.problems().map(lambda p: p.problem),
    "image_problem": drawn_problems.problems(),
    "perturbed_problem": drawn_training.problems(),
    "box_problem": st.integers(0, 99).map(boxes.of_a_seed),
    "moved_box_problem": st.integers(0, 99).map(boxes.moved_of_a_seed),
}
ALL = st.sampled_from(sorted(DRAWN)).flatmap(DRAWN.__getitem__)
ONE = torch.ones(1, 1, dtype=torch.float64)
PAIR = WeightPair(Regularizer("l1", {"weights": ONE.expand(1, 2)}), ONE.expand(1, 2), ONE[0], ONE[0])


def bits(instances):
    """Every number of a batch with its sign of zero and the shape it stands in."""
    return [(x.shape, x.dtype, x.numpy().tobytes()) for x in instances.arrays()]


def through_json(instances):
    return decode(json.loads(json.dumps(instances.encode())))


@QUIET
@given(ALL)
def test_round_trip_is_exact(instance):
    back = through_json(instance)
    assert type(back) is type(instance)
    assert back.dimensions == instance.dimensions
    assert bits(back) == bits(instance)
    assert back.encode() == instance.encode()
    assert back.identifier() == instance.identifier()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_drawn(kind):
    assert set(DRAWN) == set(KINDS)
    found = find(DRAWN[kind], lambda instance: instance.kind == kind, settings=QUIET)
    assert found.size == 1


@pytest.mark.parametrize(
    "number",
    [0.0, -0.0, 0.1, -1 / 3, 5e-324, 2.0**-1022, 1.7976931348623157e308, math.inf, -math.inf, math.nan],
)
def test_awkward_numbers_come_back(number):
    back = through_json(toys.points([number, 1.0]))
    assert bits(back) == bits(toys.points([number, 1.0]))


def test_empty_axes_come_back():
    A = torch.zeros(2, 0, 3, dtype=torch.float64)
    W, ones = torch.zeros(2, 1, 3, 0, dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64)
    start = torch.ones(2, 3, dtype=torch.float64)
    network = Network(Regularizer("l2", {}), A, A[:, :, 0], start, W, ones, ones)
    back = through_json(network)
    assert back.A.shape == (2, 0, 3)
    assert bits(back) == bits(network)


def test_groups_come_back_as_a_tuple():
    regularizer = Regularizer("group_lasso", {"weights": torch.ones(1, 2).double(), "groups": (0, 1)})
    back = through_json(WeightPair(regularizer, PAIR.v, PAIR.a, PAIR.b))
    assert back.regularizer.params["groups"] == (0, 1)


def test_the_identifier_is_of_the_numbers_alone():
    one = toys.points([0.1])
    assert one.identifier() == toys.points([0.1]).identifier()
    assert one.identifier() == toys.points([0.2, 0.1]).take(1).identifier()
    assert len({toys.points([x]).identifier() for x in (0.1, math.nextafter(0.1, 1), -0.1, 0.0, -0.0)}) == 5
    assert len(one.identifier()) == 12
    assert int(one.identifier(), 16) >= 0


def test_the_identifier_is_stable_across_versions():
    assert toys.points([1.0]).identifier() == "d150b973c370"


@QUIET
@given(ALL)
def test_drawn_instances_are_exact_in_float32(instance):
    assert bits(instance.representable()) == bits(instance)


def test_representable_rounds_everything_once():
    rounded = toys.points([0.1, 1.0], bound=1 / 3).representable()
    assert rounded.values[0].item() == float(np.float32(0.1)) != 0.1
    assert rounded.bound[0].item() == float(np.float32(1 / 3))
    assert rounded.values.dtype == torch.float64
    assert bits(rounded.representable()) == bits(rounded)


@QUIET
@given(ALL)
def test_balls_are_exact(instance):
    balls = instance.ball()
    for exact, number in zip(balls.arrays(), instance.arrays(), strict=True):
        assert exact.shape == tuple(number.shape)
        for ball, x in zip(exact.reshape(-1), number.reshape(-1).tolist(), strict=True):
            assert ball.rad() == 0
            assert ball == arb(x)


def test_balls_of_numbers_that_need_all_digits():
    number = 0.1 + 2.0**-40
    (ball,) = toys.points([number]).ball().values.reshape(-1)
    mantissa, exponent = math.frexp(number)
    assert ball * arb(2) ** (53 - exponent) == int(mantissa * 2**53)
    with elementary.digits(20):
        (ball,) = toys.points([number]).ball().values.reshape(-1)
        assert ball == arb(number)


def test_take_map_and_size():
    batch = toys.points([1.0, 2.0, 3.0])
    assert batch.size == 3
    assert batch.take(1).values.tolist() == [[[2.0]]]
    assert batch.take(1).size == 1
    assert batch.map(lambda x: x + 1).values.reshape(-1).tolist() == [2.0, 3.0, 4.0]
    assert [x.shape for x in batch.arrays()] == [(3, 1, 1), (3,), (3,)]


def test_map_reaches_the_regulariser_and_both_systems():
    network = _network()
    pair = NetworkPair(network, network)
    doubled = pair.map(lambda x: 2 * x)
    assert doubled.first.regularizer.params["weights"].tolist() == [[2.0]]
    assert doubled.second.u0.tolist() == [[2.0]]
    assert len(pair.arrays()) == 14


def _network():
    return Network(Regularizer("l1", {"weights": ONE}), ONE[None], ONE, ONE, ONE[None, None], ONE, ONE)


def test_step_of_the_time_grid_is_exact():
    one = torch.ones(1, 3, dtype=torch.float64)
    W, f = one[:, :, None, None], one[:, :1]
    network = Network(Regularizer("l2", {}), one[:, :1, None], f, f, W, one, one)
    assert network.h == 1 / 3
    with elementary.digits(60):
        (third,) = np.atleast_1d(network.ball().h)
        assert (third * 3).contains(1)
        assert not third.contains(arb(1 / 3))


def test_dimensions():
    sizes = {"regularizer": "l1", "d": 1, "m": 1, "N": 1}
    assert _network().dimensions == {**sizes, "system": "FBS"}
    assert systems.coupled(_network()).dimensions == {**sizes, "system": "LISTA"}
    assert systems.fixed(_network()).dimensions == {**sizes, "system": "ALISTA"}
    assert NetworkPair(_network(), _network()).dimensions == _network().dimensions
    assert PAIR.dimensions == {"regularizer": "l1", "d": 2}
    assert toys.points([1.0]).dimensions == {"d": 1, "M": 1, "N": 1}
    with pytest.raises(NotImplementedError):
        _ = Instances().dimensions


@pytest.mark.parametrize("kind", ["alien", None, ""])
def test_an_unknown_kind_is_named(kind):
    with pytest.raises(ValueError, match=f"kind: expected one of weight_pair, .*got {kind!r}"):
        decode({"kind": kind, "v": 1})


def test_a_dictionary_without_kind_is_refused():
    with pytest.raises(ValueError, match="kind: expected one of"):
        decode({"v": {"shape": [1], "hex": ["0x1p+0"]}})


@pytest.mark.parametrize("name", [f.name for f in fields(StepFunction)])
def test_a_missing_field_is_named(name):
    data = toys.points([1.0]).encode()
    del data[name]
    with pytest.raises(ValueError, match=f"step_function: expected the fields {name}"):
        decode(data)


@pytest.mark.parametrize(
    "values",
    [
        {"shape": [1, 1, 1], "hex": ["zero"]},
        {"shape": [1, 1, 2], "hex": ["0x1p+0"]},
        {"hex": ["0x1p+0"]},
        {"shape": [1, 1, 1], "hex": [1.0]},
    ],
)
def test_a_broken_array_is_a_value_error(values):
    with pytest.raises(ValueError):  # noqa: PT011
        decode({**toys.points([1.0]).encode(), "values": values})
