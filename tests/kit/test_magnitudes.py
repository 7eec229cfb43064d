"""Magnitudes for the rounding model: the same in floats and in balls."""

import torch
from hypothesis import given

from claims import magnitudes
from claims.families import strategies
from claims.kit.context import FloatRun
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)


@QUIET
@given(strategies.weight_pairs())
def test_magnitude_of_a_prox_in_both_arithmetics(x):
    p = FLOAT.prox(x.regularizer, x.v, x.a)
    agree(
        lambda y, p: magnitudes.prox_magnitude(y.regularizer, y.v, y.a, p),
        (x, p),
        lambda: (x.ball(), elementary.to_ball(p.numpy())),
    )


@QUIET
@given(strategies.networks())
def test_magnitudes_of_layers_in_both_arithmetics(p):
    states = FLOAT.forward(p)
    for function in (magnitudes.step_magnitude, magnitudes.accumulated_magnitude, magnitudes.h1_magnitude):
        agree(function, (p, states), lambda: (p.ball(), elementary.to_ball(states.numpy())))
