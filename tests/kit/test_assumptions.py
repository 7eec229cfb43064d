"""Predicates are true on the admissible catalogue and false on what was made to lack them."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings

from claims.assumptions import A1, A2, A3, BOUNDED, EQUICONTINUOUS
from claims.families import functions, networks, regularizers, strategies, weight_pairs
from claims.kit.instances import NetworkPair, Regularizer, StepFunction, WeightPair
from claims.kit.sampling import Source
from tests.kit.toys import CPU

QUIET = settings(database=None, deadline=None, max_examples=60)
ALL = (A1, A2, A3, BOUNDED, EQUICONTINUOUS)
INADMISSIBLE = {
    "l0": {"A1", "A3"},
    "half_power": {"A1", "A3"},
    "double_well": {"A1", "A3"},
    "shifted_l1": {"A2"},
}


def pair(regularizer, v):
    one = torch.ones(v.shape[0], dtype=torch.float64)
    return WeightPair(regularizer, v, one, one)


def random_points(batch, d, seed=1):
    source = Source(seed, CPU)
    return source.normal(batch, d) * source.scale(batch, 1)


@pytest.mark.parametrize("name", regularizers.ADMISSIBLE)
@pytest.mark.parametrize("d", [1, 2, 5, 50])
def test_the_admissible_catalogue_meets_all(name, d):
    for seed in range(4):
        regularizer = regularizers.draw(name, Source(seed, CPU), 64, d)
        p = pair(regularizer, random_points(64, d, seed)).representable()
        for assumption in (A1, A2, A3):
            verdict = assumption.predicate(p)
            assert verdict.shape == (64,)
            assert verdict.dtype == torch.bool
            assert verdict.all(), assumption.key


@QUIET
@given(strategies.weight_pairs())
def test_drawn_weight_pairs_meet_all(x):
    assert all(bool(a.predicate(x).all()) for a in (A1, A2, A3))


@QUIET
@given(strategies.networks())
def test_drawn_networks_meet_all(p):
    for instance in (p, NetworkPair(p, replace(p, u0=p.u0 + 1))):
        assert all(bool(a.predicate(instance).all()) for a in (A1, A2, A3))


@pytest.mark.parametrize("scale", [2.0**4, 2.0**12, 2.0**20])
def test_round_off_in_the_value_does_not_deny_convexity(scale):
    # ½uᵀQu loses ε‖Q‖‖u‖² to cancellation near the kernel of Q
    factor = torch.tensor([3.0, -5.0], dtype=torch.float64)
    Q = torch.outer(factor, factor).expand(64, 2, 2).contiguous()
    v = torch.tensor([5.0, 3.0], dtype=torch.float64).expand(64, 2) * scale
    assert A1.predicate(pair(Regularizer("quadratic", {"Q": Q}), v)).all()


@pytest.mark.parametrize("name", INADMISSIBLE)
@pytest.mark.parametrize("d", [1, 3])
def test_the_inadmissible_lack_what_they_were_made_to_lack(name, d):
    p = pair(regularizers.draw(name, Source(1, CPU), 32, d), random_points(32, d))
    lacking = {a.key for a in (A1, A2, A3) if not a.predicate(p).any()}
    met = {a.key for a in (A1, A2, A3) if a.predicate(p).all()}
    assert lacking == INADMISSIBLE[name]
    assert met == {"A1", "A2", "A3"} - lacking


def test_minimum_at_zero_is_decided_instance_by_instance():
    center = torch.tensor([[0.0], [1.0], [0.0]], dtype=torch.float64)
    p = pair(Regularizer("shifted_l1", {"center": center}), center)
    assert A2.predicate(p).tolist() == [True, False, True]
    assert A1.predicate(p).tolist() == [True] * 3


def test_answers_are_the_same_each_time_and_for_each_part_of_a_batch():
    p = networks.plain(Source(1, CPU), "linf", 6, 3, 2, gain=0.5, data=1.0, lam=1.0)
    for assumption in (A1, A2, A3):
        whole = assumption.predicate(p)
        assert torch.equal(assumption.predicate(p), whole)
        assert [bool(assumption.predicate(p.take(i))[0]) for i in range(p.size)] == whole.tolist()


@QUIET
@given(strategies.functions())
def test_drawn_functions_belong_to_their_families(p):
    assert BOUNDED.predicate(p).tolist() == EQUICONTINUOUS.predicate(p).tolist() == [True]


def test_sampled_functions_belong_to_their_families():
    for batch in functions.functions().draw(Source(3, CPU), 64):
        assert BOUNDED.predicate(batch.instances).all()
        assert EQUICONTINUOUS.predicate(batch.instances).all()


@pytest.mark.parametrize("k", range(2, 7))
def test_rademacher_functions_are_bounded_but_not_equicontinuous(k):
    r = functions.rademacher(k, 2 ** (k - 1))
    assert BOUNDED.predicate(r).tolist() == [True]
    assert EQUICONTINUOUS.predicate(r).tolist() == [False]


def test_families_at_their_limits():
    values = torch.tensor([[[1.0], [-1.0], [1.0]]], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    f = StepFunction(values, one, 4 * one, 2)
    assert BOUNDED.predicate(f).tolist() == EQUICONTINUOUS.predicate(f).tolist() == [True]
    assert BOUNDED.predicate(replace(f, bound=one * (1 - 2**-53))).tolist() == [False]
    assert EQUICONTINUOUS.predicate(replace(f, variation=4 * one * (1 - 2**-53))).tolist() == [False]


@pytest.mark.parametrize("assumption", ALL, ids=lambda a: a.key)
def test_every_assumption_speaks(assumption):
    assert len(assumption.text) > 10
    assert assumption.breaks
    assert assumption.describe() == {"key": assumption.key, "text": assumption.text}


def test_keys_are_unique():
    assert len({a.key for a in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("sampler", "key", "others"),
    [
        (weight_pairs.around_the_jump("l0"), "A1", ()),
        (weight_pairs.around_the_jump("half_power"), "A1", ()),
        (weight_pairs.off_center(), "A2", ("A1",)),
        (functions.rademacher_functions(), "equi-continuous", ("bounded",)),
    ],
    ids=["l0", "half_power", "off center", "rademacher"],
)
def test_samplers_of_controls_lack_one_assumption(sampler, key, others):
    by_key = {a.key: a for a in ALL}
    batches = list(sampler.draw(Source(5, CPU), 1))
    assert batches
    for batch in batches:
        assert not by_key[key].predicate(batch.instances).any()
        for other in others:
            assert by_key[other].predicate(batch.instances).all()
