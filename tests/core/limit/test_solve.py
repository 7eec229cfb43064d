"""Which method serves, and what happens where it does not."""

import importlib
import math

import pytest
import torch

from fbscore import Enclosure
from fbscore.limit import event_steps, refine, solve
from tests.core.instances import ADMISSIBLE, regularizer
from tests.core.limit.networks import network

# The package exports a function of that name.
module = importlib.import_module("fbscore.limit.solve")


@pytest.mark.parametrize("name", [name for name in ADMISSIBLE if name != "max_affine"])
def test_every_regularizer_is_served(name, rng):
    problem, controls = network(regularizer(name, 4, 3, rng), "fbs", 4, 2, 2, 3, rng)
    found, plain = solve(problem, controls, 0.02), solve(problem, controls, 0.02, method="refine")
    assert bool(found.met.all())
    assert found.requested == 0.02
    assert bool(((found.value - plain.value).norm(dim=-1) <= found.radius + plain.radius).all())
    assert torch.equal(plain.value, refine(problem, controls, 0.02).value)


def test_events_where_there_are_faces(rng, monkeypatch):
    problem, controls = network(regularizer("l1", 4, 3, rng), "lista", 4, 2, 2, 3, rng)
    monkeypatch.delattr(module, "refine")
    for method in ("auto", "events"):
        found = solve(problem, controls, 1e-8, method=method)
        assert bool(found.met.all())
        assert torch.equal(found.value, event_steps(problem, controls).value)


def test_what_the_events_do_not_reach_is_refined(rng, monkeypatch):
    problem, controls = network(regularizer("l1", 4, 3, rng), "lista", 4, 2, 2, 3, rng)
    right = event_steps(problem, controls)
    lost = torch.tensor([False, True, False, True])
    short = Enclosure(right.value, torch.where(lost, torch.inf, right.radius))
    monkeypatch.setattr(module, "event_steps", lambda problem, controls: short)
    found = solve(problem, controls, 0.02)
    assert bool(found.met.all())
    assert torch.equal(found.value[~lost], right.value[~lost])
    assert bool((found.radius[lost] > 1e-6).all())
    assert bool(((found.value - right.value).norm(dim=-1) <= found.radius + right.radius).all())
    assert solve(problem, controls, 0.02, method="events").met.tolist() == (~lost).tolist()


def test_the_better_one_is_kept(rng, monkeypatch):
    """Neither reaches 1e-9 in 8 layers: each instance keeps the smaller radius."""
    problem, controls = network(regularizer("l1", 3, 3, rng), "lista", 3, 2, 2, 3, rng)
    plain = refine(problem, controls, 1e-9, 8)
    radius = torch.tensor([1e-6, math.inf, 1e-6]).double()
    own = Enclosure(plain.value + 1e-7, radius)
    monkeypatch.setattr(module, "event_steps", lambda problem, controls: own)
    found = solve(problem, controls, 1e-9, max_layers=8)
    assert found.met.tolist() == [False] * 3
    assert torch.equal(found.radius, torch.minimum(radius, plain.radius))
    assert torch.equal(found.value[::2], own.value[::2])
    assert torch.equal(found.value[1], plain.value[1])


@pytest.mark.usefixtures("unchecked")
def test_bad_input_names_the_argument(rng):
    problem, controls = network(regularizer("l2", 2, 3, rng), "fbs", 2, 2, 2, 3, rng)
    with pytest.raises(ValueError, match=r"^method: expected one of auto, events, refine, got 'euler'"):
        solve(problem, controls, 0.1, method="euler")
    with pytest.raises(ValueError, match=r"^radius: expected a radius > 0, finite, got 0.0"):
        solve(problem, controls, 0.0)
    with pytest.raises(TypeError, match="faces"):
        solve(problem, controls, 0.1, method="events")
