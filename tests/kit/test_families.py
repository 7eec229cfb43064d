"""Every sampler: independent draws by count, corners in every shard, nothing that depends on the batch."""

import pytest
import torch

from claims.families import (
    functions,
    network_pairs,
    networks,
    off_catalogue,
    photographs,
    samples,
    weight_pairs,
)
from claims.families.regularizers import ADMISSIBLE
from claims.kit import catalogue
from claims.kit.context import FloatRun
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from tests.kit.toys import CPU

SAMPLERS = {
    "weight pairs": weight_pairs.pairs(),
    "networks": networks.networks(),
    "network pairs": network_pairs.pairs(),
    "networks with samples": samples.samples(),
    "pairs of networks with samples": samples.pairs(),
    "functions": functions.functions(),
}
CONTROLS = {
    "off center": off_catalogue.off_center(),
    "jumping": off_catalogue.jumping(),
    "between wells": off_catalogue.between_wells(),
    "points between wells": off_catalogue.points_between_wells(),
    "across the jump": network_pairs.across_the_jump(),
    "samples across the jump": samples.across_the_jump(),
    "around the jump": weight_pairs.around_the_jump("l0"),
    "rademacher": functions.rademacher_functions(),
}
CLAIMS = [check for check in catalogue.checks() if check.kind == "claim" and check.sampled]
#: Families whose distribution says that some of them leave the assumptions.
RANDOM = ("integer ends",)
RUN = FloatRun(Subject(), CPU, torch.float64)


def batches(sampler, seed, size=64):
    return list(sampler.draw(Source(seed, CPU), size))


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("size", [33, 64])
def test_as_many_independent_draws_as_asked_for(name, size):
    independent = [b for b in batches(SAMPLERS[name], 1, size) if b.independent]
    assert sum(b.instances.size for b in independent) == size
    assert not any(b.family.startswith("corner") for b in independent)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_same_corners_in_every_shard_and_none_independent(name):
    def corners(seed, size=64):
        found = [b for b in batches(SAMPLERS[name], seed, size) if b.family.startswith("corner")]
        assert not any(b.independent for b in found)
        assert all(b.instances.size for b in found)
        labels = [(b.family, b.instances.dimensions) for b in found]
        # networks of another regulariser than l1 draw the shape and the system of their corners
        drawn = {"d", "m", "N", "system"} if "network" in name else set()
        fixed = {
            (family, *((k, v) for k, v in d.items() if k not in drawn or d["regularizer"] == "l1"))
            for family, d in labels
            if d.get("regularizer") == "l1" or not family.endswith("I alone")  # K = N I among them
        }
        return len(found) if not drawn else 0, fixed

    assert corners(1)[1]
    assert corners(1) == corners(2) == corners(3, size=256)


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "functions"])
def test_corners_cover_every_regulariser(name):
    corners = [b for b in batches(SAMPLERS[name], 1) if b.family.startswith("corner")]
    assert {b.instances.dimensions["regularizer"] for b in corners} == set(ADMISSIBLE)


@pytest.mark.parametrize("name", [*SAMPLERS, *CONTROLS])
def test_every_batch_is_exact_in_float32_and_finite(name):
    for batch in batches((SAMPLERS | CONTROLS)[name], 4):
        for numbers in batch.instances.arrays():
            assert numbers.dtype == torch.float64
            assert torch.equal(numbers.float().double(), numbers)
            assert numbers.isfinite().all()


@pytest.mark.parametrize("name", [*SAMPLERS, *CONTROLS])
def test_one_seed_one_shard(name):
    def drawn(seed):
        found = batches((SAMPLERS | CONTROLS)[name], seed, 32)
        return [(b.instances.dimensions, [x.sum().item() for x in b.instances.arrays()]) for b in found]

    first = drawn(1)
    assert drawn(1) == first
    assert drawn(2) != first
    assert (SAMPLERS | CONTROLS)[name].distribution


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_are_made_on_purpose_not_drawn_independently(name):
    assert not any(b.independent for b in batches(CONTROLS[name], 1))


def test_photographs_run_or_say_why():
    found = [b for b in batches(networks.networks(), 1) if b.family == "photographs"]
    assert bool(found) == photographs.available()
    assert bool(networks.networks().not_run) != photographs.available()
    assert not any(b.independent for b in found)


@pytest.mark.parametrize("check", CLAIMS, ids=lambda check: check.name)
def test_an_instance_is_judged_alone_as_in_its_batch(check):
    met_somewhere = False
    for batch in batches(check.sampled, 7)[:: 7 if check.cost < 1024 else 35]:
        instances = batch.instances
        whole = decide(check.predicate(instances, RUN))
        met_somewhere |= bool(check.met(instances).any())
        for index in {0, instances.size - 1}:
            decision = decide(check.predicate(instances.take(index), RUN))
            assert bool(decision.violated[0]) == bool(whole.violated[index])
            assert bool(decision.undecided[0]) == bool(whole.undecided[index])
            alone, beside = decision.ratio[0], whole.ratio[index]
            assert alone.isnan() == beside.isnan()
            assert alone.isnan() or (alone - beside).abs() <= 1e-6 * (1 + alone.abs())
    assert met_somewhere


@pytest.mark.parametrize("check", CLAIMS, ids=lambda check: check.name)
def test_no_sampled_instance_of_a_claim_is_unmet(check):
    """But draws may expand too much for the oracle, and any instance may have several minimisers."""
    keys = {a.key for a in check.assumes}
    for batch in batches(check.sampled, 11):
        if batch.family in RANDOM:
            assert check.met(batch.instances).double().mean() > 0.25
        elif not (batch.independent and "moderate" in keys) and "one minimiser" not in keys:
            assert check.met(batch.instances).all(), batch.family
