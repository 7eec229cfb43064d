"""Training under moved data: steps against runs, floats against balls, sets of minimisers by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from claims import training_constants as constants
from claims import training_margins as margins
from claims.families import perturbed_failures, perturbed_problems
from claims.kit.context import FloatRun
from claims.kit.limits import limit
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import agree

RUN = FloatRun(Subject(), CPU, torch.float64)
SEEDS = range(6)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def problem(seed, count=2, **how):
    return perturbed_problems.volume(Source(seed, CPU), count, **how)[1]


def small(seed):
    """A problem with one instance, few members and one or two samples."""
    return perturbed_problems.first_and_last(problem(seed, 1, depths=(1, 2), sizes=(2,), counts=(1, 2)))


# ---------------------------------------------------------------- the steps


@pytest.mark.parametrize("seed", SEEDS)
def test_last_states_are_no_further_apart_than_the_steps(seed):
    p = problem(seed)
    own, *moved = constants.problems(p)
    for network in constants.members(own, limit=False):
        taken = constants.steps(network, constants.shifts(p), limit=False)
        here = RUN.forward(own.over(network))[:, :, -1]
        for i, q in enumerate(moved):
            theirs = q.over(replace(network, f=q.sequence.first.f, u0=q.sequence.first.u0))
            off = (RUN.forward(theirs)[:, :, -1] - here).norm(dim=2)
            assert (off <= (taken["start"] + taken["data"])[:, i] * (1 + 1e-9) + 1e-12).all()
            assert torch.equal(taken["label"][:, i], (q.labels - own.labels).norm(dim=2))


@pytest.mark.parametrize("seed", SEEDS)
def test_limits_are_no_further_apart_than_the_steps(seed):
    p = small(seed)
    own, *moved = constants.problems(p)
    for theta in constants.members(own, limit=True):
        taken = constants.steps(theta, constants.shifts(p), limit=True)
        here = own.over(theta)
        for i, q in enumerate(moved):
            theirs = q.over(replace(theta, f=q.sequence.first.f, u0=q.sequence.first.u0))
            u, v = (x.grouped(limit(x.each, [0.0, 1.0]).states[:, -1]) for x in (here, theirs))
            assert ((u - v).norm(dim=2) <= (taken["start"] + taken["data"])[:, i] * (1 + 1e-9) + 1e-9).all()


@pytest.mark.parametrize("limit", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_both_arithmetics_agree_on_steps_and_distances(seed, limit):
    p = small(seed)

    def found(p):
        elements = constants.members(p.unmoved, limit=limit)
        steps = constants.steps(elements[-1], constants.shifts(p), limit=limit)
        return {**steps, "distances": constants.distances(elements)}

    agree(found, (p,), lambda: (p.ball(),))


@pytest.mark.parametrize("seed", SEEDS)
def test_both_arithmetics_agree_on_rises(seed):
    p = small(seed)
    ends = Source(seed, CPU).normal(*p.unmoved.labels.shape)

    def found(p, ends):
        theta = constants.members(p.unmoved, limit=False)[0]
        steps = constants.steps(theta, constants.shifts(p), limit=False)
        return constants.rises(p.unmoved, ends, steps, steps["start"])[0]

    agree(found, (p, ends), lambda: (p.ball(), elementary.to_ball(ends.numpy())))


@pytest.mark.parametrize("seed", range(20))
def test_a_share_of_the_way_does_no_more_than_its_share(seed):
    p = problem(seed)
    t = margins.of_networks(p, RUN)
    for j in range(t.values.shape[2]):
        terms = {name: term[:, :, j] for name, term in t.terms.items()}
        for name, most in constants.falling(p, terms).items():
            assert (terms[name] <= most * (1 + 1e-6) + 1e-9 * (1 + most[:, :1])).all(), name


# ---------------------------------------------------------------- the set Θ


def test_values_of_the_judge_are_those_of_the_subject():
    for seed in SEEDS:
        p = problem(seed)
        found = torch.stack([RUN.objective(p.unmoved, j) for j in range(len(p.problem.sequence.depths))], 1)
        torch.testing.assert_close(constants.own_values(p), found, rtol=1e-9, atol=1e-9)


def test_distances_on_a_segment_and_between_oscillations():
    p = perturbed_failures.running_off(tensor(1.0))
    apart = constants.distances(constants.members(p.unmoved, limit=True))[0]
    steps = torch.arange(9.0, dtype=torch.float64)
    torch.testing.assert_close(apart, (steps[:, None] - steps).abs())
    assert constants.radius(p.unmoved).tolist() == [1.0]
    swings = perturbed_failures.oscillating(tensor(1.0))
    found = constants.distances(constants.members(swings.unmoved, limit=True))[0]
    assert found[0, 1:].tolist() == pytest.approx([1.0] * 5)
    assert found[1, 2:].tolist() == pytest.approx([math.sqrt(2)] * 4)
    averaged = constants.distances(constants.members(swings.unmoved, limit=False))[0]
    assert not averaged.any()  # one layer sees the means of r_k, which are those of 0


def test_sets_by_hand():
    values = tensor([3.0, 1.0, 1.5], [2.0, 2.0, 4.0])
    assert constants.above(values, tensor([0.5], [0.0])).tolist() == [
        [True, False, False],
        [False, False, True],
    ]
    apart = (tensor(0.0, 1.0, 4.0)[:, None] - tensor(0.0, 1.0, 4.0)).abs().expand(2, 3, 3)
    excluded = torch.tensor([[True, False, True], [True, True, False]])
    assert constants.distance_to(apart, excluded).tolist() == [[1.0, 0.0, 3.0], [4.0, 3.0, 0.0]]
    assert constants.farthest(tensor([1.0, 5.0, 2.0]), torch.tensor([[False, True, False]])).tolist() == [2.0]
    assert constants.lowest(values).tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]


def test_the_closest_pair_by_hand():
    apart = (tensor(0.0, 1.0, 4.0)[:, None] - tensor(0.0, 1.0, 4.0)).abs()[None]
    values = tensor([0.0, 1.0, 2.0], [2.0, 1.0, 0.0], [1.0, 0.0, 1.0])[None]
    assert constants.closest_pair(apart, values).tolist() == [1.0]
    assert constants.closest_pair(apart, values[:, :2]).tolist() == [4.0]


def test_balls_that_do_not_decide_are_all_minimisers():
    with elementary.digits(50):
        third = elementary.to_ball(np.array([[1.0, 1.0, 2.0]])) / 3
        assert constants.above(third, 0 * third[:, :1]).tolist() == [[False, False, True]]
        assert elementary.to_float(constants.lowest(third)).tolist() == [[1.0, 0.0, 0.0]]


# ---------------------------------------------------------------- margins


def trained(values, apart=None):
    """One instance with these values (I + 1, J) and no uncertainty."""
    x = tensor(*values)[None]
    terms = {name: 0 * x[:, 1:] for name in ("start", "data", "label")}
    members = torch.arange(x.shape[2], dtype=torch.float64)
    apart = (members[:, None] - members).abs()[None]
    return margins.Trained(x, 0 * x, 0 * x, terms, 0 * x[:, 1:], apart)


def test_an_excess_without_a_modulus_is_violated():
    p = perturbed_failures.letting_go(tensor(0.5))
    p = replace(p, shares=p.shares[:, :1])
    t = trained([[1.0, 2.0], [2.0, 1.0]])
    assert decide(margins.excesses(p, t)).violated.all()
    wide = t._replace(terms={**t.terms, "label": 0 * t.terms["label"] + 1})
    assert decide(margins.excesses(p, wide)).held.all()
    near = t._replace(rounding=0 * t.values + 1)
    assert decide(margins.excesses(p, near)).held.all()


def test_a_radius_leaves_an_excess_undecided():
    p = perturbed_failures.letting_go(tensor(0.5))
    p = replace(p, shares=p.shares[:, :1])
    t = trained([[1.0, 2.0], [1.0, 1.5]])
    assert decide(margins.excesses(p, t)).held.all()
    assert decide(margins.excesses(p, t._replace(certified=0 * t.values + 0.5))).undecided.all()


def test_nearly_optimal_by_hand():
    t = trained([[1.0, 2.0, 5.0], [2.0, 1.0, 5.0]])
    found = margins.nearly_optimal(t)
    assert found.left[0, 0].tolist() == [0.0, 1.0, 4.0]
    assert found.terms["slack"][0, 0].tolist() == [1.0, 0.0, 4.0]
    assert decide(found).violated.all()
