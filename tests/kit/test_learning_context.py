"""Objectives and admissible sets as the subject answers them, and infinite values in a margin."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import fbscore.learning
from claims import extended_margins
from claims.families import admissible_sequences, learning_sequences
from claims.kit import evidence
from claims.kit.context import BallRun, FloatRun
from claims.kit.decoding import decode
from claims.kit.layout import lengths
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.slots import slots
from claims.kit.subject import Subject, SubjectError
from claims.oracle import elementary
from tests.kit import subjects
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)


def problem(samples=2):
    """A learning problem with so many samples; seeds are tried until there is one."""
    for seed in range(100):
        _, p = learning_sequences.volume(Source(seed, CPU), 3)
        if p.samples == samples and p.dimensions["system"] == "FBS" and p.sequence.depths[-1] <= 12:
            return p
    raise AssertionError(f"no problem with {samples} samples")


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_both_runs_agree_on_objectives(samples):
    p = problem(samples)
    for j in range(len(p.sequence.depths)):
        found = RUN.objective(p, j)
        with elementary.digits(60):
            exact = [elementary.to_float(BallRun().objective(p.take(i).ball(), j))[0] for i in range(p.size)]
        np.testing.assert_allclose(found.numpy(), exact, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("part", [subjects.with_samples, subjects.without_samples])
def test_the_objective_runs_the_forward_of_the_subject(part):
    p, part.seen[:] = problem(2), []
    run = FloatRun(replace(Subject(), forward=part, takes_samples=part.takes_samples), CPU, torch.float64)
    found = run.objective(p, 0)
    torch.testing.assert_close(found, RUN.objective(p, 0), rtol=1e-12, atol=0)
    assert part.seen == ["Samples" if part.takes_samples else "Problem"]
    assert {"objective", "forward", "project"} <= run.used


@pytest.mark.parametrize("samples", [1, 2])
def test_an_objective_of_ones_own_is_given_problem_controls_and_learning(samples):
    seen = []

    def objective(problem, controls, learning):
        seen.append((type(problem).__name__, controls.N, tuple(learning.labels.shape)))
        return fbscore.learning.objective(problem, controls, learning)

    p = problem(samples)
    run = FloatRun(replace(Subject(), objective=objective), CPU, torch.float32)
    found = run.objective(p, 0)
    d, depth = p.u0.shape[1], p.sequence.depths[0]
    shape = (3, d) if samples == 1 else (3, samples, d)
    assert seen == [("Problem" if samples == 1 else "Samples", depth, shape)]
    assert found.dtype == torch.float64
    assert "forward" not in run.used


def test_an_objective_in_another_shape_is_refused():
    run = FloatRun(replace(Subject(name="odd"), objective=lambda *_: torch.zeros(7)), CPU, torch.float64)
    with pytest.raises(SubjectError, match=r"odd: objective: expected a tensor of shape \(3,\), got \(7,\)"):
        run.objective(problem(1), 0)


# ---------------------------------------------------------------- instances


def test_instances_are_encoded_and_known():
    _, p = admissible_sequences.volume(Source(1, CPU), 1)
    again = decode(p.encode())
    assert again.identifier() == p.identifier()
    assert type(again) is type(p)
    assert {"d", "member", "M", "sample"} & set(lengths(p)) >= {"d", "member"}
    moved = {slot.path[-1] for slot in slots(p)}
    assert {"label", "weights", "width"} <= moved
    assert moved.isdisjoint({"low", "high", "closed", "variation", "rates", "scales"})
    assert evidence.SCHEMA == 1


# ---------------------------------------------------------------- +∞


def number(x):
    return torch.tensor([x], dtype=torch.float64)


@pytest.mark.parametrize(
    ("left", "right", "held"),
    [
        ((1.0, 0), (2.0, 0), True),
        ((2.0, 0), (1.0, 0), False),
        ((2.0, 0), (1.0, 1), True),
        ((0.0, 1), (1.0, 0), False),
        ((5.0, 1), (1.0, 1), True),
    ],
    ids=["less", "more", "finite, infinite", "infinite, finite", "infinite twice"],
)
def test_the_order_of_extended_numbers(left, right, held):
    """A number is given beside an infinity, and does not count then."""
    finite = extended_margins.Finite(number(left[0]), {"value": number(right[0])}, number(0.0), number(0.0))
    margin = extended_margins.extended([finite], number(left[1]), {"value": number(right[1])})
    assert margin.left.isfinite().all()
    assert margin.right.isfinite().all()
    assert bool(decide(margin).held[0]) is held


def test_uncertainties_beside_an_infinity_do_not_count():
    inf = number(torch.inf)
    finite = extended_margins.Finite(number(1.0), {"value": number(0.0)}, number(0.0), inf)
    margin = extended_margins.extended([finite], number(0.0), {"value": number(1.0)})
    assert bool(decide(margin).held[0])
    open_ = extended_margins.extended([finite], number(0.0), {"value": number(0.0)})
    assert bool(decide(open_).undecided[0])


def test_members_are_on_the_way_until_they_are_closer_to_the_limit_than_the_set():
    p = admissible_sequences.falling(Source(1, CPU), (1, 2, 4, 8), 0.25)
    assert extended_margins.arrived(p, RUN)[0].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert extended_margins.on_the_way(p, RUN).tolist() == [0.0, 0.0]
    shorter = admissible_sequences.falling(Source(1, CPU), (1, 2, 4), 0.25)
    assert extended_margins.on_the_way(shorter, RUN).tolist() == [1.0, 1.0]
    inside = admissible_sequences.falling(Source(1, CPU), (1, 2, 4), 0.0)
    assert extended_margins.on_the_way(inside, RUN).tolist() == [0.0, 0.0]
    half_open = admissible_sequences.half_open(number(1.0))
    assert extended_margins.on_the_way(half_open, RUN).tolist() == [0.0]
