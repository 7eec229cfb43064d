"""Minima over finitely many controls."""

from typing import Any

import pytest
import torch

from fbscore import Samples
from fbscore.learning import Learning, limit_objective, objective
from fbscore.learning.admissible import Finite
from fbscore.learning.minimise_finite import minimise_finite, objective_enclosure
from fbscore.limit.batches import controls_of
from tests.core.learning.few import DOUBLE, KINDS, few
from tests.core.learning.instances import random


def members(one, x, cells):
    controls = one.admissible.pieces.controls(x, cells)
    return Finite(tuple(controls_of(controls, torch.tensor([i])) for i in range(len(x))))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("samples", [False, True])
def test_objectives_are_enclosed(kind, samples, rng):
    """Networks in float32 and float64 against float64 and each other; controls that are no few pieces."""
    problem, theta, learning = random(kind, rng, samples)
    value = objective(problem, theta, learning)
    found = objective_enclosure(problem, theta, learning)
    assert ((found.value - value).abs() <= found.radius).all()
    assert (found.radius < 1e-11 * (1.0 + value)).all()
    single = torch.float32
    short = objective_enclosure(problem.to(single), theta.to(single), learning.to(single))
    again = objective(
        problem.to(single).to(DOUBLE), theta.to(single).to(DOUBLE), learning.to(single).to(DOUBLE)
    )
    assert ((short.value.double() - again).abs() <= short.radius.double()).all()
    assert (short.radius < 1e-2 * (1.0 + value)).all()


def test_the_smallest_is_found(rng):
    one = few(rng, "fbs", (1, 2, 1), samples=2)
    x = one.inside(20, rng)
    values = one.objective(x, 4)
    found = minimise_finite(one.problem, one.learning, members(one, x, 4))
    assert found.best == int(values.argmin())
    assert found.minimum.lower <= float(values.min()) <= found.minimum.upper
    assert found.candidates.nonzero().flatten().tolist() == [found.best]


def test_equal_members_are_all_candidates(rng):
    one = few(rng)
    x = one.inside(3, rng)[[0, 1, 2, 1, 0, 2]]
    found = minimise_finite(one.problem, one.learning, members(one, x, 2))
    assert found.candidates.sum() == 2


def test_limits_too(rng):
    one = few(rng, "alista")
    x = one.inside(6, rng)
    found = minimise_finite(one.problem, one.learning, members(one, x, 1), radius=1e-9)
    problem, learning = one.repeated(6)
    exact = limit_objective(problem, one.admissible.pieces.controls(x, 1), learning, 1e-9)
    assert found.best == int(exact.value.argmin())
    assert found.minimum.width < 1e-7


def test_what_overflows_may_be_anything(rng):
    one = few(rng)
    x = torch.stack((one.inside(1, rng)[0], torch.full((3,), 1e160, dtype=DOUBLE)))
    found = minimise_finite(one.problem, one.learning, members(one, x, 4))
    assert found.best == 0
    assert found.minimum.lower == -torch.inf
    assert found.candidates.all()
    with pytest.raises(ValueError, match=r"^admissible: expected a member with a finite value, got none$"):
        minimise_finite(one.problem, one.learning, members(one, x[1:], 4))


def test_a_batch_is_refused(rng):
    problem, theta, learning = random("fbs", rng)
    with pytest.raises(ValueError, match=r"^problem: expected a batch of one, got 4$"):
        minimise_finite(problem, learning, Finite((theta,)))
    assert isinstance(learning, Learning)
    assert not isinstance(problem, Samples)


@pytest.mark.usefixtures("unchecked")
def test_what_is_of_another_kind_is_refused(rng):
    one = few(rng)
    wrong: Any = None
    own = members(one, one.inside(2, rng), 1)
    with pytest.raises(TypeError, match=r"^problem: expected a Problem or Samples, got NoneType$"):
        minimise_finite(wrong, one.learning, own)
    with pytest.raises(TypeError, match=r"^learning: expected a Learning, got NoneType$"):
        minimise_finite(one.problem, wrong, own)
    with pytest.raises(TypeError, match=r"^admissible: expected a Finite set, got NoneType$"):
        minimise_finite(one.problem, one.learning, wrong)
