"""What becomes of an instance when an axis gets shorter."""

import torch

from claims.kit.instances import Regularizer
from claims.kit.layout import joined, kept, lengths, signature
from tests.kit.small import network, pair, tensor


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


def test_batches_of_one_signature_are_joined() -> None:
    one, two = network(seed=1), network(seed=2)
    assert signature(one) == signature(two) != signature(network("l2"))
    both = joined([one, two])
    assert both.size == 2
    assert both.take(1).identifier() == two.identifier()
