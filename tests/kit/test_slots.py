"""Which numbers of an instance may be moved, and the instance with others in their places."""

import torch

from claims.families import networks
from claims.kit.instances import NetworkPair, Regularizer, StepFunction
from claims.kit.sampling import Source
from claims.kit.slots import numbers, placed, renewed, slots
from tests.kit.small import network, pair, tensor
from tests.kit.toys import CPU


def test_columns_and_their_places() -> None:
    batch = next(networks.draw(Source(1, CPU), 64)).instances
    rows = torch.tensor([3, 0, 3])
    again = placed(batch, numbers(batch)[rows], rows)
    for before, after in zip(batch.arrays(), again.arrays(), strict=True):
        assert torch.equal(before[rows], after)


def test_shared_numbers_move_together() -> None:
    both = NetworkPair(network(), network())
    values = torch.arange(float(numbers(both).shape[1]), dtype=torch.float64)[None]
    moved = placed(both, values, torch.zeros(1, dtype=torch.long))
    assert torch.equal(moved.first.A, moved.second.A)
    assert not torch.equal(moved.first.f, moved.second.f)
    assert moved.first.regularizer.params["weights"] is not None
    assert {slot.path[0] for slot in slots(both) if slot.path[1] in ("A", "regularizer")} == {"first"}


def test_only_a_matrix_that_is_a_number_may_be_moved() -> None:
    one, two = (pair(Regularizer("quadratic", {"Q": torch.eye(d).double()[None]}), *[1] * d) for d in (1, 2))
    assert [slot.path[-1] for slot in slots(one)] == ["Q", "v", "a", "b"]
    assert [slot.path[-1] for slot in slots(two)] == ["v", "a", "b"]
    assert [slot.nonnegative for slot in slots(one)] == [True, False, True, True]


def test_a_function_measures_itself() -> None:
    values = tensor(1, -2, 0.3)[:, :, None]
    own = renewed(StepFunction(values, tensor(0)[0], tensor(99)[0], 1))
    assert 0 < own.bound.item() - 2 < 1e-6
    assert 0 < own.variation.item() - 5.3 < 1e-6
    assert renewed(network()).size == 1
