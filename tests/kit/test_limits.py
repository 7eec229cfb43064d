"""The oracle's limit of a batch of instances: closed forms, all systems, balls, and what cannot be solved."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from claims.families import limits, systems
from claims.families.plain import plain
from claims.kit import limits as kit_limits
from claims.kit.context import BallRun, FloatRun
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary, entrywise, event_driven
from tests.kit.toys import CPU

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def source(seed=1):
    return Source(seed, CPU)


def test_solutions_reach_zero_and_rest():
    """K = 0, R = |u|: u(t) = max(u0 − λt, 0)."""
    p = plain(source(), "l1", 3, 1, 8, lam=32.0)
    states, radius = kit_limits.limit(p)
    t = torch.arange(9, dtype=torch.float64) / 8
    assert torch.allclose(states[..., 0], (p.u0 - 32 * t).clamp(min=0), rtol=0, atol=1e-12)
    assert float(radius.max()) < 1e-11


@pytest.mark.parametrize("system", systems.MAKERS, ids=lambda system: system.__name__)
def test_linear_systems_decay(system):
    p = system(plain(source(), "l1", 2, 2, 4, gain=0.5))
    states, radius = kit_limits.limit(p)
    expected = p.u0 * math.exp(-0.5)
    assert (states[:, -1] - expected).norm(dim=1).le(radius + 1e-12).all()


@pytest.mark.parametrize("name", limits.SOLVED)
def test_deep_networks_come_close(name):
    networks: list[Any] = [b.instances for b in limits.draw(source(3), 24, (name,)) if b.independent]
    assert len({type(p) for p in networks}) > 1
    for p in networks:
        states, radius = kit_limits.limit(p)
        assert radius.isfinite().all()
        errors = [
            (FLOAT.forward(limits.refined(p, factor))[:, -1] - states[:, -1]).norm(dim=1).max()
            for factor in (1, 8)
        ]
        assert errors[1] <= errors[0] / 3 + 0.05


def test_the_second_route_agrees_and_answers_for_a_solver():
    p = plain(source(), "l1", 1, 2, 2, gain=0.5, data=1.0, lam=0.5)
    states, _ = kit_limits.limit(p)
    with elementary.digits(60):
        found = BallRun().limit(p.ball())
        value, reach = BallRun().enclosure(p.ball(), 0.5)
        error = entrywise.radius(found.states).max()
        assert 0 < error < 1e-5
        assert np.abs(entrywise.to_float(found.states) - states.numpy()).max() <= error
        assert float(reach[0].mid()) == 0.5
        gap = elementary.norm(value - found.states[:, -1])
        assert all(bool(x <= y) for x, y in zip(gap, reach, strict=True))


def test_the_second_route_convicts_the_first(monkeypatch):
    """A wrong oracle must not refute a statement: the second decision sees another solution."""
    right = kit_limits._solved
    monkeypatch.setattr(kit_limits, "_solved", lambda *given: (1.05 * right(*given)[0], right(*given)[1]))
    p = plain(source(), "l1", 1, 2, 1, gain=1.0)
    wrong, _ = kit_limits.limit(p)
    with elementary.digits(60):
        found = entrywise.to_float(BallRun().limit(p.ball()).states)
    assert np.abs(found - wrong.numpy()).max() > 0.04 * np.abs(found).max()


def test_what_the_oracle_cannot_solve_has_no_finite_radius(monkeypatch):
    def stuck(*_):
        raise event_driven.Stuck("a tie")

    monkeypatch.setattr(event_driven, "flow", stuck)
    p = plain(source(), "l1", 2, 1, 1, lam=1.0)
    assert kit_limits.limit(p).radius.isinf().all()


def test_unsolved_regularisers_are_no_part_of_the_family():
    assert "nuclear" not in limits.SOLVED
    assert set(limits.SOLVED) == {
        b.instances.dimensions["regularizer"] for seed in range(12) for b in limits.draw(source(seed), 32)
    }
