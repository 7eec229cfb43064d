"""The rounding model: its formula, and that it is neither too tight nor vacuous, in either dtype."""

import pytest
import torch

from claims.kit import catalogue
from claims.kit.context import DTYPES
from claims.kit.rounding import OVERHEAD, SAFETY, UNIT_ROUNDOFF, rounding
from claims.kit.subject import Subject
from tests.kit.rounding_trial import faulty, judged

SENSITIVE = (
    "test_state_bound_of_a_layer",
    "test_increment_bound",
    "test_stability_of_a_layer",
    "test_layer_is_resolvent",
    "test_modulus_in_values",
    "test_projection_is_the_cell_mean",
)


def check(name):
    return next(check for check in catalogue.checks() if check.name == name)


def test_model_is_safety_times_unit_times_operations_times_magnitude():
    magnitude = torch.tensor([0.0, 3.0], dtype=torch.float64)
    found = rounding(2.0**-24, 5, magnitude)
    assert found.tolist() == [0.0, SAFETY * 2.0**-24 * (5 + OVERHEAD) * 3.0]


@pytest.mark.parametrize("dtype", DTYPES.values())
def test_unit_round_off_is_half_the_spacing_at_one(dtype):
    assert UNIT_ROUNDOFF[dtype] == torch.finfo(dtype).eps / 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SENSITIVE)
def test_not_too_tight(name, dtype):
    # A healthy subject stays well inside: the trial saw at most 0.51 of the model in use.
    outcome, used = judged(check(name), "sampled", Subject(), dtype, 7)
    assert outcome.verdict == "holds"
    assert 0.0 < used < 0.9


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SENSITIVE)
def test_not_vacuous(name, dtype):
    # A relative fault of 1024 unit round-offs is no round-off and must show.
    fault = 1024 * UNIT_ROUNDOFF[DTYPES[dtype]]
    assert judged(check(name), "sampled", faulty(fault), dtype, 7)[0].verdict == "refuted"
