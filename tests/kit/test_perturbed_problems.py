"""Training problems whose data move: what the families advertise occurs, and what lacks one assumption."""

from dataclasses import replace
from typing import cast

import pytest
import torch

from claims import data_assumptions as data
from claims import set_assumptions as sets
from claims import training_margins as margins
from claims.families import perturbed_failures, perturbed_problems, perturbed_samplers
from claims.kit import witnesses
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.context import FloatRun
from claims.kit.decoding import decode
from claims.kit.layout import lengths
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.slots import renewed, slots
from claims.kit.subject import SYSTEMS, Subject
from claims.learning_constants import LOSSES
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)
KEPT = (sets.A1, sets.A4, sets.A5, sets.MEMBERS)
ALONE = {"u0": data.ONLY_U0, "f": data.ONLY_F, "labels": data.ONLY_LABEL}
FAILURES = {
    "losses": (perturbed_failures.jumping_losses(), sets.A4, (data.APPROACHING,)),
    "prox": (perturbed_failures.jumping_prox(), sets.A1, (data.APPROACHING,)),
    "unbounded": (perturbed_failures.unbounded(), data.BOUNDED, (data.SEGMENT,)),
    "many": (perturbed_failures.many_minimisers(), data.UNIQUE, (data.APPROACHING,)),
    "losses in the limit": (perturbed_failures.jumping_losses_of_limits(), sets.A4, (data.APPROACHING,)),
    "starts on both sides": (perturbed_failures.parting_starts(), sets.A1, (sets.MODERATE,)),
    "spikes": (perturbed_failures.spikes(), sets.A5, (data.SEGMENT,)),
    "departing": (perturbed_failures.departing_data(), data.APPROACHING, (sets.MODERATE,)),
    "unbounded in time": (perturbed_failures.unbounded_in_time(), data.BOUNDED, (data.NO_FASTER,)),
    "oscillating": (
        perturbed_failures.oscillating_minimisers(),
        data.NO_FASTER,
        (data.BOUNDED, sets.MODERATE),
    ),
}


def loaded(witness):
    return cast(PerturbedProblem, witnesses.load(witness))


def drawn(sampler, seeds, size=4):
    return [batch for seed in seeds for batch in sampler.draw(Source(seed, CPU), size)]


def test_losses_samples_systems_and_moves_occur():
    found = [perturbed_problems.volume(Source(seed, CPU), 2) for seed in range(60)]
    assert {p.problem.loss for _, p in found} == set(LOSSES)
    assert {p.problem.samples for _, p in found} == {1, 2, 3}
    assert {p.dimensions["system"] for _, p in found} == set(SYSTEMS)
    assert {family.rpartition(", ")[2] for family, _ in found} == {
        f"{x} moved" for x in perturbed_problems.MOVES
    }
    assert {p.dimensions["members"] for _, p in found} == set(perturbed_problems.SIZES)


@pytest.mark.parametrize(
    "sampler",
    [perturbed_samplers.problems(), perturbed_samplers.problems_with_limits()],
    ids=["networks", "limits"],
)
def test_as_many_draws_as_asked_for_exact_in_float32_and_admissible(sampler):
    batches = drawn(sampler, range(3), 5)
    assert sum(b.instances.size for b in batches if b.independent) == 15
    for batch in batches:
        assert all(torch.equal(x.float().double(), x) for x in batch.instances.arrays())
        for assumption in (*KEPT, sets.MODERATE, data.APPROACHING):
            assert assumption.predicate(batch.instances).all(), (assumption.key, batch.family)


@pytest.mark.parametrize(
    "sampler",
    [perturbed_samplers.problems_on_segments(), perturbed_samplers.limits_on_segments()],
    ids=["networks", "limits"],
)
def test_segments_are_segments_within_their_rates(sampler):
    for batch in drawn(sampler, range(4)):
        for assumption in (data.SEGMENT, data.NO_FASTER, data.BOUNDED):
            assert assumption.predicate(batch.instances).all(), (assumption.key, batch.family)


@pytest.mark.parametrize("name", ALONE)
def test_one_of_the_data_moves_alone(name):
    for batch in drawn(perturbed_samplers.alone_moved(name), range(3)):
        assert ALONE[name].predicate(batch.instances).all()
    others = drawn(perturbed_samplers.problems(), range(8), 2)
    assert not all(bool(ALONE[name].predicate(batch.instances).all()) for batch in others)


def test_moved_data_are_a_share_of_the_way():
    _, p = perturbed_problems.volume(Source(1, CPU), 3)
    own, last = perturbed_problems.data(p.unmoved), p.shares.shape[1] - 1
    there = perturbed_problems.data(p.moved(last))
    share = p.shares[:, last, None, None]
    torch.testing.assert_close(there.f, own.f + share * (p.to_f - own.f))
    torch.testing.assert_close(there.u0, own.u0 + share * (p.to_u0 - own.u0))
    torch.testing.assert_close(
        p.moved(last).labels, p.problem.labels + share * (p.to_labels - p.problem.labels)
    )
    assert set(p.unmoved.sequence.depths) == {p.depth}


def test_every_system_attains_every_term():
    seen = set()
    for batch in drawn(perturbed_samplers.problems(), range(3), 1):
        p = cast(PerturbedProblem, batch.instances)
        t = margins.of_networks(p, RUN)
        for term in batch.attains:
            margin = margins.excesses(p, t) if term == "near" else margins.nearly_optimal(t)
            margin = margins.minima(t) if term in t.terms else margin
            assert decide(margin).refuted[term].all(), (batch.family, term)
            seen.add((p.dimensions["system"], term))
    assert {(s, term) for s in SYSTEMS for term in ("start", "data", "label", "near")} <= seen


# ---------------------------------------------------------------- instances


def test_instances_are_encoded_and_known():
    _, p = perturbed_problems.volume(Source(1, CPU), 1)
    assert decode(p.encode()).identifier() == p.identifier()
    assert {"d", "member", "share"} <= set(lengths(p))
    moved = {slot.path[-1] for slot in slots(p)}
    assert {"to_f", "to_u0", "to_labels", "label"} <= moved
    assert "shares" not in moved


def test_what_moves_measures_itself():
    p = perturbed_failures.running_off(torch.ones(1, dtype=torch.float64))
    assert not data.BOUNDED.predicate(p).any()
    assert data.BOUNDED.predicate(renewed(p)).all()


# ---------------------------------------------------------------- what the assumptions exclude


@pytest.mark.parametrize("name", FAILURES)
def test_failures_lack_one_assumption(name):
    sampler, lacking, more = FAILURES[name]
    for batch in drawn(sampler, range(2)):
        assert not batch.independent
        assert not lacking.predicate(batch.instances).any()
        for other in (*KEPT, *more):
            assert other is lacking or other.predicate(batch.instances).all(), other.key


def test_data_that_stay_away_do_not_approach():
    p = perturbed_failures.letting_go(torch.ones(1, dtype=torch.float64))
    for shares in ([0.5, 0.5], [0.5, 0.25], [0.25, 0.5, 0.0], [0.0, 0.0], [2.0, 0.125], [0.5, -0.5]):
        assert not data.APPROACHING.predicate(replace(p, shares=p.shares.new_tensor([shares]))).any(), shares
    assert data.APPROACHING.predicate(replace(p, shares=p.shares.new_tensor([[1.0, 0.125]]))).all()


@pytest.mark.parametrize(
    ("witness", "own", "moved"),
    [("training_jumping_loss", 0.0, [1.0] * 4), ("training_jumping_prox", 1.0, [0.0] * 4)],
)
def test_minima_of_the_witnesses(witness, own, moved):
    least = margins.of_networks(loaded(witness), RUN).values.amin(2)[0]
    assert least.tolist() == [own, *moved]


def test_minimisers_of_the_witnesses():
    for witness, chosen in (
        ("training_unbounded", [8, 0, 1, 2, 3]),
        ("training_many_minimisers", [5, 1, 2, 3, 4]),
    ):
        values = margins.of_networks(loaded(witness), RUN).values[0]
        assert values.argmin(1).tolist() == chosen
    found = margins.of_limits(loaded("training_oscillating"), RUN)
    assert found.values[0].argmin(1).tolist() == [0, 1, 2, 3, 4, 5]
    expected = [0.0, 0.012747, 0.003674, 0.000961, 0.000243, 0.000061]
    assert found.values[0, 0].tolist() == pytest.approx(expected, abs=1e-6)
