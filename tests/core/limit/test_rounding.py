"""The rounding model: numbers by hand."""

import torch

from fbscore.limit.rounding import layer_round_off, prox_operations
from fbscore.regularizers import by_name
from tests.core.instances import regularizer


def test_layer_round_off_by_hand():
    magnitude = torch.tensor([2.0, 0.0]).double()
    assert layer_round_off(torch.float64, 8, magnitude).tolist() == [32 * 2.0**-53, 0.0]
    assert layer_round_off(torch.float32, 0, magnitude).tolist() == [16 * 2.0**-24, 0.0]


def test_operations(rng):
    assert prox_operations(regularizer("l1", 1, 6, rng), 6) == 6
    assert prox_operations(regularizer("nuclear", 1, 6, rng), 6) == 96
    assert prox_operations(regularizer("rotated", 1, 6, rng), 6) == 18
    D = torch.eye(6).double()[None]
    assert prox_operations(by_name("rotated", D=D, inner=regularizer("nuclear", 1, 6, rng)), 6) == 108
