"""The limit in float64, whatever the network ran in."""

import pytest
import torch

from fbscore import Problem
from fbscore.limit.exact import exact
from tests.core.instances import ADMISSIBLE, regularizer
from tests.core.limit.networks import KINDS, network


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ADMISSIBLE)
def test_the_same_numbers_in_float64(name, kind, device, rng):
    """Also where a parameter is no valid one in float64: orthogonal or semidefinite to round-off only."""
    problem, controls = network(regularizer(name, 3, 4, rng), kind, 3, 2, 2, 4, rng)
    R = regularizer(name, 3, 4, rng, torch.float32, device)
    A, f, u0 = (x.to(device, torch.float32) for x in (problem.A, problem.f, problem.u0))
    single = Problem(A, f, u0, R)
    found = exact(single, controls.to(torch.float32, device))
    for x, y in ((found.problem.A, single.A), (found.problem.f, single.f), (found.problem.u0, single.u0)):
        assert x.dtype == torch.float64
        assert torch.equal(x.float(), y)
    assert found.controls.dtype == torch.float64
    assert found.curved is None or found.curved.Q.dtype == torch.float64
