"""Instances of existence for the limit, the constants of compactness, and sequences without a minimiser."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from claims import compact_constants, compact_margins, convergence_constants, set_assumptions
from claims.assumptions import CLOSED
from claims.families import compact_failures, compact_sequences
from claims.kit import witnesses
from claims.kit.context import FloatRun
from claims.kit.decoding import decode
from claims.kit.layout import known
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.slots import renewed
from claims.kit.subject import SYSTEMS, Subject
from claims.set_assumptions import IN_BOXES, VARIES_LITTLE
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import agree

RUN = FloatRun(Subject(), CPU, torch.float64)
ALWAYS = (
    *(set_assumptions.A1, set_assumptions.A2, set_assumptions.A3, set_assumptions.A4, set_assumptions.A5),
    *(set_assumptions.MEMBERS, set_assumptions.MODERATE, CLOSED, IN_BOXES, VARIES_LITTLE),
)


def batches(sampler, seeds: Sequence[int] = range(4), size=8) -> list[Any]:
    return [batch for seed in seeds for batch in sampler.draw(Source(seed, CPU), size)]


def test_sequences_are_exact_in_float32_and_meet_the_assumptions():
    found = batches(compact_sequences.sequences(), range(3), 9)
    assert sum(b.instances.size for b in found if b.independent) == 27
    for batch in found:
        assert all(torch.equal(x.float().double(), x) for x in batch.instances.arrays())
        for assumption in ALWAYS:
            assert assumption.predicate(batch.instances).all(), (assumption.key, batch.family)


def test_limits_lie_in_their_sets_and_outside():
    found = [b.instances for b in batches(compact_sequences.sequences(), range(12)) if b.independent]
    outside = torch.cat([compact_constants.outside(p, p.sequence.first) for p in found])
    gaps = torch.cat([compact_constants.gaps(p).amax(1) for p in found])
    assert 0.1 < float(outside.mean()) < 0.7
    assert torch.equal(outside > 0, gaps > 0)


def test_every_system_attains_every_term_of_the_modulus():
    seen = set()
    for batch in batches(compact_sequences.moduli(), range(2)):
        for term in batch.attains:
            assert decide(compact_margins.modulus(batch.instances, RUN)).refuted[term].all()
            seen.add((batch.instances.dimensions["system"], term))
    assert seen == set(itertools.product(SYSTEMS, ("loss", "penalty")))


def test_every_system_attains_every_speed():
    seen = set()
    for batch in batches(compact_sequences.speeds(), range(2)):
        for term in batch.attains:
            assert decide(compact_margins.speed(batch.instances, RUN)).refuted[term].all()
            seen.add((batch.instances.dimensions["system"], term))
    assert seen == set(itertools.product(SYSTEMS, ("data", "subgradient", "operator")))


def test_times_at_rest_occur():
    families = {b.family for b in batches(compact_sequences.sequences(), range(8))}
    assert {
        "corner: tau > 0 tends to 0 on half of the time",
        "corner: lam > 0 tends to 0 on half of the time",
    } <= families
    assert len([f for f in families if f.startswith(("corner: tau = 0 up to", "corner: lam = 0 up to"))]) >= 2


# ---------------------------------------------------------------- constants


def test_weak_distances_bound_strong_ones_but_not_for_rademacher_functions():
    for batch in batches(compact_sequences.sequences(), range(6)):
        squares = compact_constants.squares(batch.instances.sequence)
        bound = compact_constants.root(compact_constants.strong_rates(batch.instances)) ** 2
        assert (squares <= bound * (1 + 1e-9) + 1e-12).all()
    chattering = compact_failures.chattering((4,))
    assert compact_constants.weak_distances(chattering.sequence).tolist() == [[2.0**-4, 0.0, 0.0]]
    assert compact_constants.squares(chattering.sequence).tolist() == [[1.0, 0.0, 0.0]]


def test_distance_to_what_is_no_smaller_than_a_size():
    p = compact_failures.chattering()
    assert compact_constants.gaps(p).tolist() == [[1.0, 0.0, 0.0]]
    assert compact_constants.outside(p, p.sequence.first).tolist() == [1.0]
    assert compact_constants.outside(p, compact_constants.last(p.sequence)).tolist() == [0.0]


def test_the_bound_of_the_limit_holds_at_all_its_times():
    times = [i / 64 for i in range(65)]
    for batch in batches(compact_sequences.speeds(), range(3), 4):
        p = batch.instances.first
        if bool(set_assumptions.assumptions.MODERATE.predicate(p).all()):
            found = RUN.limit(p, times)
            reach = compact_constants.limit_reach(p)
            size = found.states.norm(dim=2).amax(1)
            assert (size <= reach.state * (1 + 1e-9) + found.radius).all()


def test_both_arithmetics_agree():
    p = batches(compact_sequences.sequences(), [2], 1)[0].instances
    for function in (
        compact_constants.strong_rates,
        compact_constants.gaps,
        lambda p: compact_constants.speeds(p.sequence),
        lambda p: compact_constants.limit_reach(p.sequence.first),
    ):
        agree(function, (p,), lambda: (p.ball(),))


def test_instances_are_encoded_and_measure_themselves():
    p = compact_failures.chattering()
    assert known(p)
    assert decode(p.encode()).encode() == p.encode()
    distances = convergence_constants.distances(p.sequence)
    assert (renewed(p).sequence.rates >= distances).all()


# ---------------------------------------------------------------- no minimiser


@pytest.mark.parametrize(
    ("sampler", "lacking"),
    [
        (compact_failures.chatter(), VARIES_LITTLE),
        (compact_failures.not_closed(), CLOSED),
        (compact_failures.open_losses(), set_assumptions.A4),
        (compact_failures.spikes(), set_assumptions.A5),
    ],
)
def test_failures_lack_one_assumption(sampler, lacking):
    for batch in batches(sampler, range(2)):
        assert not lacking.predicate(batch.instances).any()
        assert all(other.predicate(batch.instances).all() for other in ALWAYS if other is not lacking)
        assert decide(compact_margins.lower(batch.instances, RUN)).violated.all()


def objectives(p):
    members = range(len(p.sequence.depths))
    functions = [convergence_constants.function(p.sequence, j) for j in members]
    return [compact_margins.ended(p.learning, theta, RUN) for theta in (*functions, p.sequence.first)]


def test_chattering_controls_minimise():
    *found, weak_limit = objectives(witnesses.load("existence_chattering"))
    values = [float(one.value[0]) for one in found]
    assert values == pytest.approx([0.012747, 0.003674, 0.000961, 0.000243, 0.000061], abs=6e-7)
    assert all(x > y > 0 for x, y in itertools.pairwise(values))
    assert all(float(one.ends[0, 0, 1]) > 0.5 for one in found)
    assert float(weak_limit.value[0]) == pytest.approx(0.0, abs=1e-20)


def test_the_second_entry_is_half_of_an_integral():
    p: Any = witnesses.load("existence_chattering")
    theta = convergence_constants.function(p.sequence, 0)
    times = [i / 4096 for i in range(4097)]
    u = RUN.limit(theta, times).states[0]
    integrand = 1 - u[:, 1] / u.norm(dim=1)
    assert float(u[-1, 1]) - 0.5 == pytest.approx(
        float(torch.trapezoid(integrand, dx=1 / 4096)) / 2, rel=1e-5
    )


def test_half_open_sets_have_the_expected_values():
    *found, at_limit = objectives(witnesses.load("existence_limit_half_open"))
    values = [float(one.value[0]) for one in found]
    assert values == pytest.approx([(0.5 + 2.0**-k / 2) ** 2 for k in range(1, 9)], rel=1e-12)
    assert float(at_limit.value[0]) == pytest.approx(0.25)
    assert math.isclose(values[-1], 0.25, abs_tol=4e-3)


@pytest.mark.parametrize(
    ("witness", "value"),
    [
        ("existence_limit_open_loss", lambda k: 2.0**-k / 4 - 2.0**-16),
        ("existence_limit_spike", lambda k: 2.0**-k),
    ],
)
def test_values_fall_to_zero_and_the_limit_has_one(witness, value):
    *found, at_limit = objectives(witnesses.load(witness))
    assert [float(one.value[0]) for one in found] == pytest.approx([value(k) for k in range(8)], rel=1e-9)
    assert float(at_limit.value[0]) == 1.0


def test_constants_beyond_the_box_are_further_than_weak_distances_say():
    for batch in batches(compact_failures.not_bounded(), range(2)):
        p = batch.instances
        assert not IN_BOXES.predicate(p).any()
        assert all(other.predicate(p).all() for other in ALWAYS if other is not IN_BOXES)
        assert decide(compact_margins.strong(p, RUN)).violated.all()
