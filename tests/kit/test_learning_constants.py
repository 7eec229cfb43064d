"""Losses, penalties and objectives: floats against balls, against brute force, against numbers by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given

from claims import learning_constants as constants
from claims.families import control_sequences, drawn_learning, learning_sequences
from claims.families.plain import plain
from claims.families.systems import MAKERS
from claims.kit.context import BallRun, FloatRun
from claims.kit.sample_instances import Samples
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

RUN = FloatRun(Subject(), CPU, torch.float64)
POWERS = {"p=1": 1.0, "p=3/2": 1.5, "p=2": 2.0, "p=3": 3.0}
ALL = (*constants.LOSSES, *constants.DISCONTINUOUS_LOSSES)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def points(d, count=500, seed=1):
    """Points of all sizes, widths and steps."""
    source = Source(seed, CPU)
    x = source.normal(count, d) * source.scale(count, 1, low=-4, high=4)
    return x, source.scale(count, low=-2, high=2), source.scale(count, low=-8, high=4)


@pytest.mark.parametrize(("name", "p"), POWERS.items())
def test_power_losses_and_places_are_the_norms(name, p):
    x, width, _ = points(3)
    expected = torch.linalg.vector_norm(x, ord=p, dim=1)
    torch.testing.assert_close(constants.loss(name, width, x), expected**p, rtol=1e-13, atol=0)
    torch.testing.assert_close(constants.place(name, width, x), expected, rtol=1e-13, atol=0)


def test_the_other_losses_by_hand():
    x, width = tensor([3.0, -1.0], [0.5, 0.25], [0.0, 2.0]), tensor(2.0, 1.0, 1.0)
    assert constants.loss("huber", width, x).tolist() == [2.0 + 0.25, 0.125 + 0.03125, 1.5]
    assert constants.loss("jump", width, x).tolist() == [1.0, 0.0, 0.0]
    assert constants.loss("open", width, x).tolist() == [3.0, 0.5, 1.0]


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("name", constants.LOSSES)
def test_a_step_raises_the_loss_by_no_more_than_the_rise(name, d):
    """And by as much where the step goes away from u*, along the direction that the p-norm likes best."""
    x, width, step = points(d)
    away = Source(2, CPU).normal(len(x), 100, d)
    away[:, 0], away[:, 1] = x, x.sign()
    moved = x[:, None] + step[:, None, None] * away / away.norm(dim=2, keepdim=True)
    spread = width[:, None].expand(-1, 100).reshape(-1)
    there = constants.loss(name, spread, moved.reshape(-1, d)).reshape(len(x), 100)
    change = (there - constants.loss(name, width, x)[:, None]).abs()
    (rise,) = constants.rises(name, width, x, [step])
    value = constants.loss(name, width, x)
    assert (change <= rise[:, None] * (1 + 1e-12) + 1e-14 * value[:, None]).all()
    if d == 1:
        torch.testing.assert_close(change[:, 0], rise, rtol=1e-9, atol=1e-12 * float(value.max()))


@pytest.mark.parametrize("name", constants.LOSSES)
def test_rises_add_up(name):
    x, width, step = points(3)
    (whole,) = constants.rises(name, width, x, [step])
    parts = constants.rises(name, width, x, [step / 3, step / 6, step / 2])
    torch.testing.assert_close(parts[0] + parts[1] + parts[2], whole, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", constants.LOSSES)
def test_a_rise_is_not_lost_to_cancellation(name):
    x, width = tensor([2.0**10, 1.0]), tensor(2.0**12)
    e = tensor(2.0**-60)
    place = constants.place(name, width, x)
    with elementary.digits(60):
        balls = (elementary.to_ball(y.numpy()) for y in (width, place, e))
        w, X, step = balls
        exact = elementary.to_float(constants.rise(name, w, 2, X, step))
    assert math.isclose(float(constants.rise(name, width, 2, place, e)), float(exact[0]), rel_tol=1e-12)


@pytest.mark.parametrize("name", constants.LOSSES)
def test_an_infinite_step_has_an_infinite_rise_and_none_has_none(name):
    x, width = tensor([0.0, 0.0], [3.0, -4.0]), tensor(1.0, 1.0)
    rise, nothing = constants.rises(name, width, x, [tensor(0.0, torch.inf), tensor(0.0, 0.0)])
    assert rise.tolist() == [0.0, torch.inf]
    assert float(nothing[0]) == 0.0


@pytest.mark.parametrize("name", ALL)
def test_losses_in_both_arithmetics(name):
    x, width, step = (y[:6] for y in points(3))

    def everything(w, x, e):
        rises = constants.rises(name, w, x, [e, 2 * e])
        return {"loss": constants.loss(name, w, x), "place": constants.place(name, w, x), "rise": rises[1]}

    numbers = (width, x, step)
    agree(everything, numbers, lambda: [elementary.to_ball(y.numpy()) for y in numbers])


def test_squared_errors_differ_by_the_distance_times_the_sum_of_norms():
    x, _, _ = points(4)
    y = points(4, seed=3)[0]
    (rise,) = constants.rises("p=2", x[:, 0], x, [(x - y).norm(dim=1)])
    gap = (x.square().sum(1) - y.square().sum(1)).abs()
    assert (gap <= (x - y).norm(dim=1) * (x.norm(dim=1) + y.norm(dim=1)) * (1 + 1e-12)).all()
    assert (gap <= rise * (1 + 1e-12)).all()


def test_a_ball_across_the_jump_is_both():
    with elementary.digits(60):
        gaps = np.array([elementary.ball(-1.0), elementary.ball(0.0), elementary.ball(1e-30)])
        assert elementary.to_float(constants.positive(gaps)).tolist() == [0.0, 0.0, 1.0]
        open_ = elementary.union(gaps[:1], gaps[2:])
        (both,) = constants.positive(open_)
        assert both.contains(0)
        assert both.contains(1)


PENALTIES = (*constants.PENALTIES, *constants.DISCONTINUOUS_PENALTIES)


def test_penalties_by_hand():
    s = tensor(0.0, 0.5, 0.75, 3.0)
    found = {name: constants.penalty(name, s).tolist() for name in PENALTIES}
    assert found == {
        "s": [0.0, 0.5, 0.75, 3.0],
        "s^2": [0.0, 0.25, 0.5625, 9.0],
        "kinked": [1.0, 0.5, 0.25, 2.0],
        "jump": [0.0, 0.0, 1.0, 1.0],
        "spike": [1.0, 0.5, 0.75, 3.0],
    }


@pytest.mark.parametrize("name", constants.PENALTIES)
def test_penalties_change_by_no_more_than_the_rise(name):
    source = Source(1, CPU)
    s, e = source.uniform(400, high=3.0), source.scale(400, low=-6, high=2)
    t = (s[:, None] + e[:, None] * torch.linspace(-1, 1, 21, dtype=torch.float64)).clamp(min=0)
    change = (constants.penalty(name, t) - constants.penalty(name, s)[:, None]).abs()
    rise = constants.penalty_rise(name, s, e)
    assert (change <= rise[:, None] * (1 + 1e-12)).all()
    above = change[:, -1][s >= 1]
    torch.testing.assert_close(above, rise[s >= 1], rtol=1e-9, atol=0)


# ---------------------------------------------------------------- objectives


@pytest.mark.parametrize("system", MAKERS)
def test_norms_of_the_controls(system):
    base = plain(Source(1, CPU), "l1", 2, 3, 4, gain=2.0)
    network = system(base)
    W = [network.W1] if hasattr(network, "W1") else [network.W]
    expected = np.sqrt(
        (W[0].numpy() ** 2).sum(axis=tuple(range(1, W[0].ndim))) / (1 if W[0].ndim == 3 else 4)
    )
    np.testing.assert_allclose(constants.norms(network)[:, 0].numpy(), expected, rtol=1e-15)
    assert constants.norms(network)[:, 2].tolist() == [0.0, 0.0]


@QUIET
@given(drawn_learning.problems())
def test_the_core_computes_the_same_objective(p):
    for j, depth in enumerate(p.sequence.depths):
        found = RUN.objective(p, j)
        with elementary.digits(60):
            exact = elementary.to_float(BallRun().objective(p.ball(), j))
        assert abs(float(found[0]) - exact[0]) <= 1e-11 * (1 + abs(exact[0])), depth


def test_an_objective_by_hand():
    """u_N = (1, 1) and (3, 1), labels 0: squares 2 and 10, mean 6; ‖W‖² = 2, ‖τ‖ = 1, ‖λ‖ = 0."""
    first = plain(Source(1, CPU), "l1", 1, 2, 1, gain=1.0)
    samples = Samples(first, 0 * first.f[:, None], 0 * first.u0[:, None])
    weights, penalties = (2.0, 0.5, 4.0), ("s^2", "kinked", "kinked")
    sequence = control_sequences.sequence(first, first, (1,))
    p = learning_sequences.posed(sequence, samples, 0 * samples.u0, "p=2", penalties, weights)
    ends = tensor([1.0, 1.0], [3.0, 1.0])[None]
    assert constants.objective(p, first, ends).tolist() == pytest.approx([6 + 2.0 * 2 + 0.5 * 0 + 4.0 * 1])
