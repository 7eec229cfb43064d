"""Margins on numbers at, just inside and just outside each threshold."""

import math
import re

import numpy as np
import pytest
import torch
from flint import arb

from claims.kit.margin import Margin, at_most, attained, decide, decide_ball, encloses, equals
from claims.oracle import elementary

INF, NAN = math.inf, math.nan


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def verdict(left, right, rounding=0.0, certified=0.0):
    """The verdict on one instance with one position; exactly one of the three flags is set."""
    decision = decide(at_most(tensor(left), tensor(right), tensor(rounding), tensor(certified)))
    flags = {"held": decision.held, "violated": decision.violated, "undecided": decision.undecided}
    (name,) = [name for name, flag in flags.items() if bool(flag[0])]
    if bool(decision.tied[0]):
        assert name == "held"
        return "tied"
    return name


# all numbers are dyadic, so that excess, rounding ± certified and their comparison are exact
@pytest.mark.parametrize(
    ("left", "rounding", "certified", "expected"),
    [
        (0.5, 0.0, 0.0, "held"),
        (1.0, 0.0, 0.0, "tied"),
        (1.0 + 2**-52, 0.0, 0.0, "violated"),
        (1.0 - 2**-53, 0.0, 0.0, "held"),
        (1.25, 0.25, 0.0, "tied"),
        (1.25 + 2**-52, 0.25, 0.0, "violated"),
        (0.75, 0.25, 0.0, "tied"),
        (0.75 - 2**-53, 0.25, 0.0, "held"),
        (0.75, 0.0, 0.25, "held"),
        (0.75 + 2**-53, 0.0, 0.25, "undecided"),
        (1.0, 0.0, 0.25, "undecided"),
        (1.25, 0.0, 0.25, "undecided"),
        (1.25 + 2**-52, 0.0, 0.25, "violated"),
        (0.875, 0.125, 0.25, "tied"),
        (0.875 + 2**-53, 0.125, 0.25, "undecided"),
        (1.375, 0.125, 0.25, "undecided"),
        (1.375 + 2**-52, 0.125, 0.25, "violated"),
        (1.0, 0.25, 0.25, "tied"),
        (1.0 + 2**-52, 0.25, 0.25, "undecided"),
    ],
)
def test_thresholds(left, rounding, certified, expected):
    assert verdict(left, 1.0, rounding, certified) == expected


def test_rounding_forgives_what_certified_leaves_open():
    assert verdict(1.25, 1.0, rounding=0.5) == "tied"
    assert verdict(1.25, 1.0, certified=0.5) == "undecided"
    assert verdict(0.75, 1.0, rounding=0.5) == "tied"
    assert verdict(0.75, 1.0, certified=0.5) == "undecided"


def test_a_tie_must_stand_out_of_the_round_off():
    assert verdict(0.0, 0.0) == "held"
    assert verdict(0.0, 0.25, rounding=0.25) == "held"
    assert verdict(0.125, 0.25, rounding=0.125) == "tied"


@pytest.mark.parametrize(
    ("left", "right", "rounding", "certified", "expected"),
    [
        (NAN, 1.0, 0.0, 0.0, "violated"),
        (1.0, NAN, 0.0, 0.0, "violated"),
        (0.0, 1.0, NAN, 0.0, "violated"),
        (0.0, 1.0, 0.0, NAN, "violated"),
        (INF, 1.0, 0.5, 0.0, "violated"),
        (INF, INF, 0.0, 0.0, "violated"),
        (1.0, INF, 0.0, 0.0, "held"),
        (1.0, -INF, 0.0, 0.0, "violated"),
        (-INF, 1.0, 0.0, 0.0, "held"),
        (1.0, 2.0, 0.0, INF, "undecided"),
        (2.0, 1.0, 0.0, INF, "undecided"),
    ],
)
def test_nan_and_infinity(left, right, rounding, certified, expected):
    assert verdict(left, right, rounding, certified) == expected


def test_infinite_rounding_forgives_nothing():
    assert verdict(INF, 1.0, rounding=INF) != "held"
    assert verdict(2.0, 1.0, rounding=INF) != "held"


def test_the_worst_position_decides():
    left = tensor([0.0, 0.5, 1.0], [0.0, 0.5, 1.5], [0.0, 0.5, 1.25], [0.0, NAN, 0.0])
    right = torch.ones_like(left)
    certified = tensor([0.0, 0.0, 0.0], [0.0, 0.0, 0.25], [0.0, 0.0, 0.25], [0.0, 0.0, 0.0])
    decision = decide(at_most(left, right, right * 0, certified))
    assert decision.held.tolist() == [True, False, False, False]
    assert decision.tied.tolist() == [True, False, False, False]
    assert decision.violated.tolist() == [False, True, False, True]
    assert decision.undecided.tolist() == [False, False, True, False]
    assert decision.ratio.tolist()[:3] == [1.0, 1.5, 1.25]


def test_one_undecided_position_beside_a_violated_one_is_a_violation():
    left, right = tensor([1.0, 3.0]), tensor([1.0, 1.0])
    decision = decide(at_most(left, right, right * 0, right * 0 + 0.5))
    assert decision.violated.tolist() == [True]
    assert decision.undecided.tolist() == [False]


@pytest.mark.parametrize("batch", [2, 3])
def test_a_number_for_each_instance_counts_at_all_its_positions(batch):
    left = torch.ones(batch, 2, dtype=torch.float64)
    rounding = torch.zeros(batch, dtype=torch.float64)
    rounding[0] = 1.0
    try:
        decision = decide(at_most(left, left - 0.5, rounding))
    except (RuntimeError, ValueError, TypeError):
        return
    assert decision.violated.tolist() == [False] + [True] * (batch - 1)


def test_ratio_counts_only_right_sides_that_stand_out():
    decision = decide(at_most(tensor(1.0, 1.0), tensor(2.0, 0.25), tensor(0.0, 0.125), tensor(0.0, 0.125)))
    assert decision.ratio[0] == 0.5
    assert decision.ratio[1].isnan()


def test_terms_add_up_and_stand_alone():
    terms = {"a": tensor([2.0, 0.0], [1.0, 1.0]), "b": tensor([0.0, 4.0], [1.0, 1.0])}
    margin = at_most(tensor([1.0, 4.0], [1.0, 1.0]), terms, torch.zeros(2, 2, dtype=torch.float64))
    assert margin.right.tolist() == [[2.0, 4.0], [2.0, 2.0]]
    decision = decide(margin)
    assert decision.alone["a"].tolist() == [True, False]
    assert decision.alone["b"].tolist() == [True, False]
    assert decision.alone_ratio["a"][0] == 0.5
    assert decision.alone_ratio["b"][0] == 1.0
    assert decision.alone_ratio["a"][1].isnan()
    assert decision.refuted["a"].tolist() == [False, False]
    assert decision.refuted["b"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("left", "rounding", "refuted"),
    [
        *((100.0, 0.0, True), (99.5, 0.0, True), (98.5, 0.0, False)),
        *((100.0, 0.5, True), (100.0, 1.5, False), (99.5, 0.75, False)),
    ],
)
def test_refuted_at_a_hundredth_less_beyond_the_round_off(left, rounding, refuted):
    decision = decide(at_most(tensor(left), {"a": tensor(100.0), "b": tensor(0.0)}, tensor(rounding)))
    assert decision.refuted["a"].tolist() == [refuted]
    assert decision.refuted["b"].tolist() == [False]


def test_used_is_the_share_of_the_rounding():
    decision = decide(at_most(tensor(1.25, 0.5, 1.0), tensor(1.0, 1.0, 1.0), tensor(0.5, 0.5, 0.0)))
    assert decision.used.tolist() == [0.5, 0.0, 0.0]


def test_equals_measures_over_the_last_axis():
    value = torch.zeros(3, 2, dtype=torch.float64)
    value[1] = tensor(3.0, 4.0)
    value[2] = tensor(0.0, 0.125)
    margin = equals(value, value * 0, tensor(0.0, 4.0, 0.125))
    assert margin.left.tolist() == [0.0, 5.0, 0.125]
    decision = decide(margin)
    assert decision.held.tolist() == [True, False, True]
    assert decision.tied.tolist() == [False] * 3
    assert decision.ratio.isnan().all()


def test_equals_up_to_a_radius_is_undecided():
    value = torch.zeros(1, 1, dtype=torch.float64)
    assert decide(equals(value, value, tensor(0.0), tensor(0.5))).undecided.tolist() == [True]


def test_encloses():
    value = tensor(1.0, 1.5, 1.75, 0.25)
    decision = decide(encloses(value * 0 + 1, value * 0 + 0.5, value, value * 0))
    assert decision.held.tolist() == [True, True, False, False]
    assert decision.tied.tolist() == [False, True, False, False]
    own = decide(encloses(value * 0 + 1, value * 0 + 0.5, value, value * 0, value * 0 + 0.25))
    assert own.held.tolist() == [True, False, False, False]
    assert own.undecided.tolist() == [False, True, True, True]


def test_attained_is_the_opposite_inequality():
    decision = decide(attained(tensor(1.0, 2.0, 0.5), tensor(1.0, 1.0, 1.0), tensor(0.0, 0.0, 0.0)))
    assert decision.held.tolist() == [True, True, False]
    assert decision.violated.tolist() == [False, False, True]


def test_an_empty_batch_is_decided():
    decision = decide(at_most(tensor(), tensor(), tensor()))
    assert decision.held.shape == (0,)


# ---- in ball arithmetic


def ball(*values):
    return elementary.to_ball(np.asarray(values, dtype=float))


def _arb(center, radius):
    answer = np.empty(1, dtype=object)
    answer[0] = arb(center, radius)
    return answer


def balls(left, right):
    return decide_ball(Margin(left, {"right": right}, left * 0, left * 0))


def test_ball_exact_tie_stays_tied_at_any_precision():
    for precision in (20, 60, 400):
        with elementary.digits(precision):
            third = ball(1.0) / 3
            assert balls(third * 3, ball(1.0)) == "tied"


def test_ball_exact_numbers_are_held_even_where_they_are_equal():
    assert balls(ball(1.0, 0.5), ball(1.0, 1.0)) == "held"


def test_ball_certain_violation_beats_everything():
    with elementary.digits(60):
        smallest = ball(1.0) + ball(2.0**-150)
        assert balls(smallest, ball(1.0)) == "violated"
        assert balls(ball(0.0, 2.0), ball(1.0, 1.0)) == "violated"


def test_ball_certain_hold():
    with elementary.digits(60):
        assert balls(ball(1.0) - ball(2.0**-150), ball(1.0)) == "held"


def test_ball_that_straddles_is_tied():
    assert balls(_arb(0.0, 2.0**-100), ball(0.0)) == "tied"
    assert balls(_arb(0.0, 0.5), ball(0.0)) == "undecided"  # too wide to speak of a tie
    assert balls(_arb(-1.0, 0.5), ball(0.0)) == "held"
    assert balls(_arb(1.0, 0.5), ball(0.0)) == "violated"


def test_ball_nan_decides_nothing():
    assert balls(_arb(NAN, 0.0), ball(1.0)) == "undecided"
    assert balls(ball(1.0), _arb(NAN, 0.0)) == "undecided"


def test_the_two_arithmetics_are_not_mixed():
    with pytest.raises(TypeError, match="use decide_ball"):
        decide(at_most(ball(1.0), ball(1.0), ball(0.0)))


@pytest.mark.parametrize("name", ["rounding", "certified", "term bound"])
@pytest.mark.parametrize("shape", [(), (3,), (1,), (2, 1), (3, 2), (2, 3, 1)])
def test_shapes_that_do_not_fit_are_named(name, shape):
    left, odd = torch.zeros(2, 3, dtype=torch.float64), torch.zeros(shape, dtype=torch.float64)
    given = {"rounding": left, "certified": left, "term bound": left, name: odd}
    wanted = re.escape(f"{name}: expected the shape of left, (2, 3), or one number an instance, got {shape}")
    with pytest.raises(ValueError, match=wanted):
        at_most(left, {"bound": given["term bound"]}, given["rounding"], given["certified"])


@pytest.mark.parametrize("shape", [(2, 3), (2,)])
def test_a_number_a_position_or_an_instance_fits(shape):
    left, fit = torch.zeros(2, 3, dtype=torch.float64), torch.zeros(shape, dtype=torch.float64)
    assert decide(at_most(left, {"bound": fit}, fit, fit)).held.all()
