"""What the families of learning problems advertise really occurs, and what is expected of the controls."""

from collections import Counter
from dataclasses import replace
from typing import cast

import pytest
import torch

from claims import convergence_constants, learning_constants
from claims.assumptions import A1, A3, A4, A5, CLOSED, MEMBERS, MODERATE, STRONG
from claims.families import admissible_sequences, learning_failures, learning_sequences
from claims.kit import witnesses
from claims.kit.context import FloatRun
from claims.kit.convergence_instances import LearningSequence
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.slots import renewed
from claims.kit.subject import SYSTEMS, Subject
from claims.learning_margins import along, limit_objective
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)
SEEDS = range(12)
LEARNING = (A1, A3, A4, A5, MEMBERS, MODERATE, STRONG)
FAILURES = {
    "weak states": (learning_failures.weak_states(), STRONG),
    "weak norms": (learning_failures.weak_norms(), STRONG),
    "jumping losses": (learning_failures.jumping_losses(), A4),
    "jumping penalties": (learning_failures.jumping_penalties(), A5),
    "not closed": (admissible_sequences.not_closed(), CLOSED),
}


def drawn(sampler, seeds=SEEDS, size=4):
    return [batch for seed in seeds for batch in sampler.draw(Source(seed, CPU), size)]


def volume(sampler):
    return [batch.instances for batch in drawn(sampler) if batch.independent]


def one():
    return torch.ones(1, dtype=torch.float64)


# ---------------------------------------------------------------- the volume


def test_losses_penalties_samples_and_systems_occur():
    found = [learning_sequences.volume(Source(seed, CPU), 4)[1] for seed in range(40)]
    assert {p.loss for p in found} == set(learning_constants.LOSSES)
    assert {name for p in found for name in p.penalties} == set(learning_constants.PENALTIES)
    assert {p.samples for p in found} == {1, 2, 3}
    assert {p.dimensions["system"] for p in found} == set(SYSTEMS)
    weights = torch.cat([p.weights.flatten() for p in found])
    assert 0.25 < float((weights > 0).double().mean()) < 0.75
    assert any(bool((p.labels == 0).all()) for p in found)


def test_limits_lie_in_their_sets_and_outside():
    found = volume(admissible_sequences.problems())
    outside = torch.cat([RUN.outside(replace_scales(p), 0) for p in found])
    assert 0.2 < float(outside.mean()) < 0.8
    members = torch.cat([RUN.outside(p, 0) for p in found])
    assert not torch.equal(members, outside)


def replace_scales(p):
    """The sequence θ^j = θ."""
    still = replace(p.sequence, scales=0 * p.sequence.scales)
    return replace(p, learning=replace(p.learning, sequence=still))


@pytest.mark.parametrize("sampler", [learning_sequences.problems(), admissible_sequences.problems()])
def test_as_many_draws_as_asked_for_exact_in_float32_and_admissible(sampler):
    batches = drawn(sampler, range(3), 9)
    assert sum(b.instances.size for b in batches if b.independent) == 27
    for batch in batches:
        assert all(torch.equal(x.float().double(), x) for x in batch.instances.arrays())
        for assumption in LEARNING:
            assert assumption.predicate(batch.instances).all(), (assumption.key, batch.family)


def test_every_system_attains_every_term_of_the_modulus():
    seen = Counter()
    for batch in drawn(learning_sequences.problems(), range(4)):
        for term in batch.attains:
            decision = decide(along(cast(LearningSequence, batch.instances), RUN))
            assert decision.refuted[term].all(), (batch.family, term)
            seen[batch.instances.dimensions["system"], term] += 1
    assert set(seen) == {(s, term) for s in SYSTEMS for term in ("network", "controls", "penalty")}


def test_what_moves_measures_itself():
    p = admissible_sequences.half_open(one())
    far = replace(p.learning, sequence=replace(p.sequence, rates=0 * p.sequence.rates))
    again = renewed(replace(p, learning=far)).sequence.rates
    assert (again >= convergence_constants.distances(p.sequence)).all()
    assert (again <= convergence_constants.distances(p.sequence) * (1 + 1e-6)).all()


# ---------------------------------------------------------------- what the assumptions exclude


@pytest.mark.parametrize("name", FAILURES)
def test_failures_lack_one_assumption(name):
    sampler, lacking = FAILURES[name]
    others = [a for a in (*LEARNING, *([CLOSED] if name == "not closed" else [])) if a is not lacking]
    batches = drawn(sampler, range(2))
    assert batches
    for batch in batches:
        assert not batch.independent
        assert not lacking.predicate(batch.instances).any()
        for other in others:
            assert other.predicate(batch.instances).all(), other.key


def values(p):
    """J_N of the last member and J."""
    learning = getattr(p, "learning", p)
    last = len(learning.sequence.depths) - 1
    return float(RUN.objective(learning, last)[0]), float(limit_objective(learning, RUN).value[0])


@pytest.mark.parametrize(
    ("witness", "network", "limit"),
    [
        ("weak_objective", 0.2836179**2, 0.1353352832366127),
        ("weak_penalty", 2.25, 2.0),
        ("objective_jumping_loss", 1.0, 0.0),
        ("objective_jumping_penalty", 1.0, 0.0),
        ("half_open_weights", (1 - 1 / 8) ** 2, 1.0),
    ],
)
def test_witnesses_have_the_expected_numbers(witness, network, limit):
    assert values(witnesses.load(witness)) == pytest.approx((network, limit), rel=2e-7)


def test_the_network_of_the_weak_limit_sees_nothing_of_a_fast_oscillation():
    p = learning_failures.swinging_states(one(), 0.5, depths=(8,), frequencies=(4,))
    assert values(p)[0] ** 0.5 == pytest.approx((1 - 1 / 8) ** 8)


def test_the_threshold_lies_between_the_limit_and_the_networks():
    for lam in (0.25, 1.0, 2.0):
        p = learning_failures.across_the_threshold(4 * one(), lam)
        limit, N = 4 * torch.exp(torch.tensor(-lam, dtype=torch.float64)), p.sequence.depths[-1]
        assert limit < p.width[0] < 4 * (1 + lam / N) ** -N
        assert p.width[0] * 2**16 == (p.width[0] * 2**16).round()
