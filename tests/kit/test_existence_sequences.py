"""Instances of existence: what they attain, and minimising sequences without a minimiser."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from claims.assumptions import A1, A2, A3, A4, A5, CLOSED, MEMBERS
from claims.existence_margins import at_depth, lower, modulus, on_a_net
from claims.families import existence_failures, existence_sequences
from claims.kit import catalogue, witnesses
from claims.kit.context import FloatRun
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.subject import SYSTEMS, Subject
from claims.set_assumptions import BETWEEN, CONVERGENT
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)
ALWAYS = (A4, A5, MEMBERS)
CLAIMED = {
    "moduli": (existence_sequences.moduli(), modulus, (A1, A2, A3, *ALWAYS)),
    "admissible": (existence_sequences.admissible(), lower, (A1, A2, A3, *ALWAYS, CONVERGENT, CLOSED)),
    "nets": (existence_sequences.nets(), on_a_net, (A1, A2, A3, *ALWAYS, BETWEEN)),
}
FAILURES = {
    "not closed": (existence_failures.not_closed(), CLOSED),
    "open losses": (existence_failures.open_losses(), A4),
    "jumping proxes": (existence_failures.jumping_proxes(), A1),
    "indicators": (existence_failures.indicators(), A1),
    "spikes": (existence_failures.spikes(), A5),
}


def batches(sampler, seeds: Sequence[int] = range(4), size=8) -> list[Any]:
    return [batch for seed in seeds for batch in sampler.draw(Source(seed, CPU), size)]


@pytest.mark.parametrize("name", CLAIMED)
def test_draws_are_as_many_as_asked_for_exact_in_float32_and_meet_the_assumptions(name):
    sampler, _, assumptions = CLAIMED[name]
    found = batches(sampler, range(3), 9)
    assert sum(b.instances.size for b in found if b.independent) == 27
    for batch in found:
        assert all(torch.equal(x.float().double(), x) for x in batch.instances.arrays())
        for assumption in assumptions:
            assert assumption.predicate(batch.instances).all(), (assumption.key, batch.family)


@pytest.mark.parametrize("name", CLAIMED)
def test_every_system_attains_what_it_is_made_for(name):
    sampler, margin, _ = CLAIMED[name]
    seen = set()
    for batch in batches(sampler):
        for term in batch.attains:
            decision = decide(margin(batch.instances, RUN))
            assert decision.refuted[term].all(), (batch.family, term)
            seen.add((batch.instances.dimensions["system"], term))
    assert {system for system, _ in seen} == set(SYSTEMS)


@pytest.mark.parametrize("name", FAILURES)
def test_failures_lack_one_assumption(name):
    sampler, lacking = FAILURES[name]
    others = {A1, *ALWAYS, CONVERGENT, CLOSED} - {lacking}
    for batch in batches(sampler, range(2)):
        assert not lacking.predicate(batch.instances).any()
        assert all(other.predicate(batch.instances).all() for other in others)
        assert decide(lower(batch.instances, RUN)).violated.all()


def test_members_beyond_the_net_are_not_bounded_and_break_it():
    for batch in batches(existence_failures.unbounded(), range(2)):
        assert not BETWEEN.predicate(batch.instances).any()
        assert decide(on_a_net(batch.instances, RUN)).violated.all()


# ---------------------------------------------------------------- witnesses


def values(p):
    """J^N along the members and, last, at the controls they tend to."""
    learning = getattr(p, "learning", p)
    members = range(len(learning.sequence.depths))
    still = at_depth(learning, learning.sequence.depths[0])
    found = [float(RUN.objective(learning, j)[0]) for j in members]
    return found, float(RUN.objective_of(still, still.sequence.first)[0])


@pytest.mark.parametrize(
    ("witness", "value", "infimum", "limit"),
    [
        ("existence_half_open", lambda k: (0.5 + 2.0**-k / 2) ** 2, 0.25, 0.25),
        ("existence_open_loss", lambda k: 2.0**-k / 2, 0.0, 1.0),
        ("existence_jump_l0", lambda k: (0.5 + 2.0**-k / 2) ** 2, 0.25, 1.25),
        ("existence_indicator", lambda k: 4.0**-k, 0.0, 0.25),
        ("existence_spike", lambda k: 2.0**-k, 0.0, 1.0),
    ],
)
def test_minimising_sequences_have_the_expected_values(witness, value, infimum, limit):
    along, at_limit = values(witnesses.load(witness))
    assert along == pytest.approx([value(k) for k in range(1, 9)], rel=1e-12)
    assert all(x > y > infimum for x, y in itertools.pairwise(along))
    assert along[-1] - infimum < 4e-3
    assert at_limit == limit


def test_an_unbounded_sequence_falls_to_zero():
    (found,) = [
        b.instances
        for b in batches(existence_failures.unbounded(), [0])
        if b.instances.sequence.depths[0] == 1
    ]
    last = RUN.objective(found, 5).tolist()
    assert last == pytest.approx([(1 + 2.0**k) ** -2 for k in range(3, 9)])
    witness = witnesses.load("existence_unbounded")
    assert values(witness)[0] == pytest.approx([1.0, 0.64, 4 / 9, 16 / 49, 0.25, 1 / 4225])


def test_every_control_has_its_witness():
    named = {c.witness for c in catalogue.checks() if c.kind == "control" and "s3_02_theorem_network" in c.id}
    assert len(named) == 7
