"""Networks along a sequence beside the limit: who projects, what is compared, what is handed over."""

from dataclasses import replace

import pytest
import torch

import fbscore
from claims import comparison
from claims import convergence_constants as convergence
from claims.families import control_samplers, control_sequences
from claims.families.control_sequences import sequence
from claims.families.plain import plain
from claims.kit import limits as kit_limits
from claims.kit.context import FloatRun
from claims.kit.convergence_instances import controls
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.series import orders
from claims.kit.subject import Subject
from tests.kit.toys import CPU

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def drawn(seed):
    return control_sequences.volume(Source(seed, CPU), 3)[1]


def margin(p, run=FLOAT):
    members, limit = comparison.followed(p, run), run.limit(p.first, p.times)
    left = [comparison.apart(p, one, j, limit.states) for j, one in enumerate(members)]
    rounding = [one.rounding for one in members]
    return comparison.members_against_limit(p, left, [one.terms for one in members], rounding, run, limit)


@pytest.mark.parametrize("seed", range(6))
def test_subject_and_judge_project_alike(seed):
    p = drawn(seed)
    for j, N in enumerate(p.depths):
        subject = comparison.projected_by(FLOAT, convergence.function(p, j), N)
        for x, y in zip(controls(subject), controls(convergence.member(p, j)), strict=True):
            assert torch.allclose(x, y, rtol=1e-13, atol=1e-13)


def test_the_subject_projects_and_runs():
    asked = []

    def project(values, cells):
        asked.append(("project", tuple(values.shape), cells))
        return fbscore.project(values, cells)

    def forward(problem, theta):
        asked.append(("forward", tuple(theta.tau.shape), theta.N))
        return fbscore.forward(problem, theta)

    p = plain(Source(1, CPU), "l1", 2, 3, 4, gain=1.0)
    run = FloatRun(Subject("own", forward=forward, project=project), CPU, torch.float64)
    comparison.followed(sequence(p, p, (2, 8)), run)
    per_member = [("W", 9), ("tau", 1), ("lam", 1)]
    assert [x for x in asked if x[0] == "project"] == [
        ("project", (2, 4, k), N) for N in (2, 8) for _, k in per_member
    ]
    assert [x[2] for x in asked if x[0] == "forward"] == [2, 8]


def test_left_is_the_distance_of_the_interpolant_at_half_steps():
    """K = 1, λ = 0, u0 = 1, one and two layers: 1 − t and 1, ¾, ½, ⅜, ¼ against e^{−t}."""
    p = plain(Source(1, CPU), "l1", 1, 1, 1, gain=1.0)
    p = replace(p, u0=0 * p.u0 + 1, f=0 * p.f)
    found = margin(sequence(p, p, (1, 2))).left[0]
    times = torch.tensor([0.5, 1, 0.25, 0.5, 0.75, 1], dtype=torch.float64)
    states = torch.tensor([0.5, 0, 0.75, 0.5, 0.375, 0.25], dtype=torch.float64)
    assert torch.allclose(found, (states - (-times).exp()).abs(), atol=1e-14)


def test_series_has_a_column_a_depth():
    p = plain(Source(1, CPU), "l1", 2, 2, 1, gain=1.0)
    found = margin(sequence(p, p, (4, 8, 16, 32)))
    assert found.series is not None
    assert found.series.depths == (4, 8, 16, 32)
    start, largest = 0, []
    for N in found.series.depths:
        largest.append(found.left[:, start : start + 2 * N].amax(1))
        start += 2 * N
    assert torch.equal(found.series.gap, torch.stack(largest, 1))
    assert bool((found.series.gap <= found.series.bound * (1 + 1e-12)).all())
    assert bool(((orders(found.series) - 1).abs() < 0.1).all())


def test_no_series_of_the_last_member_alone():
    p = drawn(1)
    (one,), limit = comparison.followed(p, FLOAT, [len(p.depths) - 1]), FLOAT.limit(p.first, p.times)
    left = comparison.apart(p, one, len(p.depths) - 1, limit.states)
    found = comparison.members_against_limit(p, [left], [one.terms], [one.rounding], FLOAT, limit)
    assert found.series is None
    assert found.left.shape[1] == 2 * p.depths[-1]


def test_what_the_oracle_cannot_solve_is_undecided(monkeypatch):
    right = kit_limits._solved

    def stuck(*given):
        states, radius = right(*given)
        return 0 * states, radius * float("inf")

    monkeypatch.setattr(kit_limits, "_solved", stuck)
    assert bool(decide(margin(drawn(2))).undecided.all())


def test_an_oracle_that_is_unsure_forgives_nothing(monkeypatch):
    right = kit_limits._solved
    monkeypatch.setattr(kit_limits, "_solved", lambda *given: (right(*given)[0], right(*given)[1] + 1.0))
    for _, p, _ in control_samplers.alone(Source(1, CPU)):
        assert bool(decide(margin(p)).undecided.any())
