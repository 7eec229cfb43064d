"""What may be moved in an instance, and what becomes of it when an axis gets shorter."""

import torch

from claims.families import networks, regularizers
from claims.kit.instances import Network, NetworkPair, Regularizer, StepFunction, WeightPair
from claims.kit.layout import joined, kept, lengths, numbers, placed, renewed, signature, slots
from claims.kit.sampling import Source

CPU = torch.device("cpu")


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


def network(name: str = "l1", d: int = 5, m: int = 3, depth: int = 4, seed: int = 1) -> Network:
    """One random network."""
    source = Source(seed, CPU)
    A, f, u0 = source.normal(1, m, d), source.normal(1, m), source.normal(1, d)
    W, tau, lam = source.normal(1, depth, d, m), source.uniform(1, depth), source.uniform(1, depth)
    return Network(regularizers.draw(name, source, 1, d), A, f, u0, W, tau, lam)


def pair(regularizer: Regularizer, *v: float) -> WeightPair:
    return WeightPair(regularizer, tensor(*v), tensor(1)[0], tensor(2)[0])


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


def test_a_group_that_loses_its_coordinates_is_dropped() -> None:
    weights = {"weights": tensor(1, 2, 3), "groups": (0, 0, 1, 2)}
    short = kept(pair(Regularizer("group_lasso", weights), 1, 2, 3, 4), "d", (1, 3))
    assert short.regularizer.params["groups"] == (0, 1)
    assert short.regularizer.params["weights"].tolist() == [[1.0, 3.0]]
    assert short.v.tolist() == [[2.0, 4.0]]


def test_quadratics_lose_rows_and_columns() -> None:
    Q = torch.arange(9.0).double().reshape(1, 3, 3)
    quadratic = pair(Regularizer("quadratic", {"Q": Q}), 1, 2, 3)
    assert kept(quadratic, "d", (0, 2)).regularizer.params["Q"].tolist() == [[[0, 2], [6, 8]]]
    assert lengths(quadratic) == {"d": 3}


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


def test_batches_of_one_signature_are_joined() -> None:
    one, two = network(seed=1), network(seed=2)
    assert signature(one) == signature(two) != signature(network("l2"))
    both = joined([one, two])
    assert both.size == 2
    assert both.take(1).identifier() == two.identifier()
