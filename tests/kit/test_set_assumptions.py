"""What is assumed of sets of controls holds for the families, and fails where it is said to."""

from dataclasses import replace
from typing import cast

import pytest
import torch

from claims import set_assumptions as assumptions
from claims.families import argmin_failures, projected_problems
from claims.families.argmin_failures import stopping
from claims.kit.instances import Network
from claims.kit.sampling import Source
from claims.kit.slots import renewed
from tests.kit.toys import CPU

ONE = torch.ones(1, dtype=torch.float64)
KEPT = (assumptions.A1, assumptions.A3, assumptions.A4, assumptions.A5, assumptions.MEMBERS)
SETS = (assumptions.IMAGE, assumptions.EXTENDED, assumptions.EQUICONTINUOUS)
SAMPLERS = {
    "projected": (projected_problems.problems(), {"image", "equi-continuous"}),
    "extended": (projected_problems.extended(), {"image", "extended", "equi-continuous"}),
    "small": (projected_problems.small(((1,), (2, 3))), {"image", "equi-continuous"}),
    "small, extended": (projected_problems.small_extended(), {"image", "extended", "equi-continuous"}),
}
FAILURES = {
    "too large": (argmin_failures.beyond(), "image"),
    "too small": (argmin_failures.too_few(), "image"),
    "ramps": (argmin_failures.not_extended(), "extended"),
    "swings": (argmin_failures.swings(), "extended"),
    "Rademacher": (argmin_failures.rademacher(), "equi-continuous"),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_families_meet_what_they_are_made_for(name):
    sampler, kept = SAMPLERS[name]
    for seed in range(3):
        for batch in sampler.draw(Source(seed, CPU), 8):
            p = batch.instances
            assert all(torch.equal(x.float().double(), x) for x in p.arrays())
            convex = not batch.family.endswith("not convex")
            own = [one for one in KEPT if convex or one.key not in ("A1", "A3")]
            for assumption in (*own, *(one for one in SETS if one.key in kept)):
                assert assumption.predicate(p).all(), (assumption.key, batch.family)
            if not convex:
                assert not assumptions.A1.predicate(p).any()


@pytest.mark.parametrize("name", FAILURES)
def test_failures_lack_one_assumption_and_no_other(name):
    sampler, lacking = FAILURES[name]
    for batch in sampler.draw(Source(1, CPU), 8):
        p = batch.instances
        for assumption in (*KEPT, assumptions.MODERATE):
            assert assumption.predicate(p).all(), assumption.key
        assert not next(one for one in SETS if one.key == lacking).predicate(p).any()
        if lacking != "image":
            assert assumptions.IMAGE.predicate(p).all()


def test_image_is_asked_for_both_ways_and_at_every_depth():
    theta = (0.0, 0.25, 0.5)
    assert assumptions.IMAGE.predicate(stopping(ONE, theta, (0.5, 0.0, 0.25, 0.5))).all()
    for images in ((0.0, 0.25), (0.0, 0.25, 0.5, 1.0)):
        assert not assumptions.IMAGE.predicate(stopping(ONE, theta, images)).any()
    ramps = argmin_failures.ramps(ONE, 4, (4, 2))
    assert not assumptions.EXTENDED.predicate(ramps).any()
    assert assumptions.EXTENDED.predicate(argmin_failures.ramps(ONE, 4, (4, 8))).all()


def test_moved_controls_are_measured_again():
    p = argmin_failures.chattering(ONE)
    assert not assumptions.EQUICONTINUOUS.predicate(p).any()
    assert assumptions.EQUICONTINUOUS.predicate(renewed(p)).all()


def test_negative_members_of_either_set_are_seen():
    below = stopping(ONE, (0.0, 0.5), (0.0, -0.5))
    assert not assumptions.MEMBERS.predicate(below).any()
    assert not assumptions.MEMBERS.predicate(stopping(ONE, (0.0, -0.5), (0.0, 0.5))).any()


def test_expanding_members_are_not_moderate():
    p = stopping(ONE, (0.0, 1.0), (0.0, 1.0))
    learning = p.learning
    other = replace(learning.sequence.other, W=cast(Network, learning.sequence.other).W - 16)
    wild = replace(learning, sequence=replace(learning.sequence, other=other))
    assert assumptions.MODERATE.predicate(p).all()
    moved = replace(p, problem=replace(p.problem, problem=wild))
    assert not assumptions.MODERATE.predicate(moved).any()
