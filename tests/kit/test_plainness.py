"""The key by which instances are ordered from plain to not."""

import pytest

from claims.kit.instances import NetworkPair
from claims.kit.plainness import complexity, keys, size
from claims.kit.slots import numbers
from tests.kit.small import function, network, tensor


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, 0), (1, 1), (-1, 2), (2, 2), (0.5, 2), (3, 2), (0.25, 3), (1.5, 3), (0.75, 4), (-0.75, 5), (5, 3)],
)
def test_complexity(number: float, expected: int) -> None:
    assert int(complexity(tensor(number))[0, 0]) == expected


def test_a_number_that_is_not_round_is_worse_than_any_round_one() -> None:
    long, short = complexity(tensor(0.1, 1.0 + 2.0**-20, -63.0)).tolist()[0][:2], 12
    assert min(long) > short


def test_size_counts_shared_numbers_once() -> None:
    first = network(m=2, d=3, depth=2)
    own = 2 + 3 + 2 * 6 + 2 + 2
    assert size(first) == own + 6 + 3
    assert size(NetworkPair(first, first)) == 2 * own + 6 + 3
    assert size(function(1, 2, 3)) == 3 + 2 + 3


def test_numbers_of_the_second_system_that_are_the_first_ones_cost_nothing() -> None:
    first = network()
    pair = NetworkPair(first, first)
    (both,), (one,) = keys(pair, numbers(pair)), keys(first, numbers(first))
    assert both == one
