"""Some of the instances of a batch: the same networks."""

import pytest
import torch

from fbscore import forward
from fbscore.limit.batches import controls_of, problem_of
from fbscore.regularizers import by_name
from tests.core.instances import EVERY, regularizer
from tests.core.limit.networks import KINDS, network


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EVERY)
def test_the_same_states(name, kind, rng):
    problem, controls = network(regularizer(name, 5, 4, rng), kind, 5, 2, 3, 4, rng)
    states = forward(problem, controls)
    for rows in ([3, 0], [], [4, 4]):
        index = torch.tensor(rows, dtype=torch.int64)
        again = forward(problem_of(problem, index), controls_of(controls, index))
        torch.testing.assert_close(again, states[index], rtol=1e-12, atol=1e-12)


def test_a_regularizer_within_another(rng):
    D = torch.linalg.qr(torch.randn(5, 4, 4, generator=rng, dtype=torch.float64)).Q
    R = by_name("rotated", D=D, inner=regularizer("group_lasso", 5, 4, rng))
    problem, _ = network(R, "fbs", 5, 2, 3, 4, rng)
    taken = problem_of(problem, torch.tensor([1, 3]))
    assert taken.batch == 2
    assert torch.equal(taken.regularizer.value(problem.u0[[1, 3]]), R.value(problem.u0)[[1, 3]])
