"""What claims about the limit compare: uncertainties, terms by themselves, depths, and two systems."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch

from claims import limit_constants, limit_margins
from claims.assumptions import MODERATE
from claims.families import depths, limit_pairs, limits
from claims.families.plain import plain
from claims.kit.context import BallRun, FloatRun
from claims.kit.instances import NetworkPair
from claims.kit.margin import decide, decide_ball
from claims.kit.sampling import Source
from claims.kit.series import orders
from claims.kit.subject import Subject
from claims.oracle import elementary, event_driven
from tests.kit.toys import CPU

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def source(seed=1):
    return Source(seed, CPU)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_round_off_is_forgiven_and_the_rest_of_a_radius_is_not():
    zero = tensor(0.0)
    excess = {"right": tensor(1.0)}
    for own, verdict in ((0.5, "held"), (0.125, "undecided")):
        margin = limit_margins.against_limit(tensor(1.25), excess, zero, tensor(own), tensor(0.5))
        assert bool(getattr(decide(margin), verdict)[0]), own


def test_positions_share_an_instance_or_have_uncertainties_of_their_own():
    left, right = tensor(1.0, 2.0)[None], {"right": tensor(1.0, 1.0)[None]}
    for own, radius in ((tensor(0.0), tensor(2.0)), (tensor(0.0, 0.0)[None], tensor(0.0, 2.0)[None])):
        margin = limit_margins.against_limit(left, right, 0 * left, own, radius)
        assert bool(decide(margin).undecided[0])


def test_terms_are_judged_one_by_one():
    left = {"gap": tensor(3.0)[:, None], "drift": tensor(1.0)[:, None]}
    right = {"gap": tensor(2.0)[:, None], "drift": tensor(5.0)[:, None]}
    nothing = {name: 0 * x for name, x in left.items()}
    decision = decide(limit_margins.term_by_term(left, right, nothing))
    assert bool(decision.violated[0])  # though 3 + 1 ≤ 2 + 5
    assert all(bool(decision.alone[name][0]) for name in right)
    assert float(decision.alone_ratio["drift"][0]) == 0.2


def test_networks_of_growing_depth_have_one_limit_and_the_same_rates():
    p = plain(source(), "l1", 2, 2, 3, gain=1.0, data=0.25, lam=0.5)
    x = limit_constants.exponents(p)
    networks = limit_margins.deeper(p, FLOAT, x)
    assert [deep.network.depth for deep in networks] == [3, 6, 12, 24]
    for deep in networks:
        assert torch.allclose(deep.x, limit_constants.exponents(deep.network), rtol=1e-14)
        assert torch.equal(deep.states, FLOAT.forward(deep.network))
    left, right, rounding = limit_margins.against_rates(p, networks, FLOAT, x)
    for name, ratio in (("root", 0.5**0.5), ("linear", 0.5)):
        assert left[name].shape == right[name].shape == rounding[name].shape == (2, 4)
        assert torch.allclose(right[name][:, 1:], ratio * right[name][:, :-1], rtol=1e-13)


def test_series_of_a_linear_system_has_order_one():
    p = plain(source(), "l1", 3, 1, 2, gain=1.0)
    x, limit = limit_constants.exponents(p), FLOAT.limit(p)
    own = limit_margins.oracle_round_off(p, FLOAT, limit.radius, x)
    margin = limit_margins.converging(limit_margins.deeper(p, FLOAT, x), limit, own, FLOAT)
    assert margin.series is not None
    assert margin.series.depths == (2, 4, 8, 16)
    assert (orders(margin.series) - 1).abs().max() < 0.2
    assert torch.allclose(margin.series.gap, margin.series.bound, rtol=1e-9)  # the drift is attained
    assert (margin.series.resolution < 1e-10).all()
    assert bool(decide(margin).held.all())


def test_the_same_margin_in_balls():
    p = plain(source(), "l1", 1, 1, 2, gain=0.5, data=1.0, lam=0.5)
    with elementary.digits(60):
        q, run = p.ball(), BallRun()
        x, limit = limit_constants.exponents(q), run.limit(q)
        own = limit_margins.oracle_round_off(q, run, limit.radius, x)
        margin = limit_margins.converging(limit_margins.deeper(q, run, x), limit, own, run)
        assert decide_ball(margin) == "held"


def test_round_off_widens_the_modulus_in_float32_more():
    p = depths.into_the_kink(source(), "l1", 3, 1, 4)
    x = limit_constants.exponents(p)
    single = FloatRun(Subject(), CPU, torch.float32)
    _, coarse = limit_margins.modulus(p, single.forward(p), single, x)
    _, fine = limit_margins.modulus(p, FLOAT.forward(p), FLOAT, x)
    assert (coarse["gap"][:, -1] > 2**20 * fine["gap"][:, -1]).all()
    assert (fine["gap"] >= 0).all()


# ---------------------------------------------------------------- two systems


def pair():
    p = plain(source(), "l1", 2, 2, 2, gain=0.5, data=1.0, lam=0.5)
    return NetworkPair(p, replace(p, u0=p.u0 + 1, W=1.5 * p.W))


def test_two_systems_are_solved_at_the_times_of_the_network():
    both = pair()
    solved = limit_margins.Solved.of(both, FLOAT)
    assert torch.allclose(solved.first, FLOAT.limit(both.first).states, rtol=1e-14)
    assert torch.allclose(solved.second, FLOAT.limit(both.second).states, rtol=1e-14)
    assert set(solved.bound) == {"initial", "drift", "weight"}
    for part in (*solved.bound.values(), solved.rounding, solved.own, solved.radius):
        assert part.shape == (2, 2)
    assert (solved.own <= solved.radius).all()
    assert (solved.radius >= FLOAT.limit(both.first).radius[:, None]).all()


def test_a_pair_that_is_not_solved_is_undecided(monkeypatch):
    right, calls = event_driven.flow, []

    def stuck_once(*given):
        calls.append(given)
        if len(calls) == 1:
            raise event_driven.Stuck("a tie")
        return right(*given)

    monkeypatch.setattr(event_driven, "flow", stuck_once)
    solved = limit_margins.Solved.of(pair(), FLOAT)
    left = torch.linalg.vector_norm(solved.first - solved.second, dim=-1)[:, 1:]
    margin = limit_margins.against_limit(left, solved.bound, solved.rounding, solved.own, solved.radius)
    assert decide(margin).undecided.tolist() == [True, False]


def test_a_pair_is_moderate_where_both_systems_are():
    p = plain(source(), "l1", 2, 2, 2, gain=1.0)
    wild = replace(p, W=-16 * p.W)
    cases = [(p, p), (p, wild), (wild, p)]
    assert [bool(MODERATE.predicate(NetworkPair(*case)).all()) for case in cases] == [True, False, False]


@pytest.mark.parametrize("seed", [1, 2])
def test_attaining_pairs_leave_no_other_term(seed):
    for family, both, terms in limit_pairs.attaining(source(seed), 3):
        solved = limit_margins.Solved.of(both, FLOAT)
        others = [float(x.abs().max()) for name, x in solved.bound.items() if name not in terms]
        assert max(others) == 0.0, family
        left = torch.linalg.vector_norm(solved.first - solved.second, dim=-1)[:, 1:]
        (term,) = terms
        assert ((left / solved.bound[term])[:, -1] >= 0.99).all(), family


def test_pairs_cover_the_systems_and_every_solved_regularizer():
    drawn = [b.instances for seed in range(12) for b in limit_pairs.independent(source(seed), 32)]
    assert {p.dimensions["regularizer"] for p in drawn} == set(limits.SOLVED)
    assert {p.dimensions["system"] for p in drawn} == {"FBS", "LISTA", "ALISTA"}


def test_pairs_that_start_on_opposite_sides_part():
    for batch in limit_pairs.apart_from_zero().draw(source(), 8):
        pair = cast(NetworkPair, batch.instances)
        found = [FLOAT.limit(one) for one in (pair.first, pair.second)]
        apart = np.abs((found[0].states - found[1].states).numpy())
        assert (np.diff(apart, axis=1) > 0).all()
        assert max(float(one.radius.max()) for one in found) < 1e-12


def test_where_the_closed_form_ends_nothing_is_known():
    (batch, *_) = limit_pairs.apart_from_zero().draw(source(), 8)
    p = replace(cast(NetworkPair, batch.instances).first.take(0), u0=torch.zeros(1, 1, dtype=torch.float64))
    assert FLOAT.limit(p).radius.isinf().all()
    with elementary.digits(60):
        assert not any(x.is_finite() for x in BallRun().limit(p.ball()).states.reshape(-1))
