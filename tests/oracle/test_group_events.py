"""What ends a step of a group norm, on polynomials whose roots are known."""

import numpy as np
import pytest

from claims.oracle.flow import Stuck
from claims.oracle.group_events import first_event, leaving
from claims.oracle.group_step import DEGREE, Cell

# A group of two at rest with limit 1, pushed by the third coordinate along (0.6, 0.8); a single coordinate.
K = np.zeros((4, 4))
K[:2, 2] = [-0.6, -0.8]
CELL = Cell(K, np.zeros(4), np.array([1.0, 0.0, 0.5]), [np.array([0, 1]), np.array([2]), np.array([3])])
ORDERS = np.array([0, 1, 1])


def path(third: dict[int, float], fourth: dict[int, float]) -> np.ndarray:
    """Coefficients of the third and the fourth coordinate; the group rests."""
    result = np.zeros((DEGREE + 1, 4))
    for column, given in ((2, third), (3, fourth)):
        for power, value in given.items():
            result[power, column] = value
    return result


@pytest.mark.parametrize(
    ("third", "fourth", "share", "due"),
    [
        ({0: 0.5, 1: 1.0}, {0: 1.0}, 0.5, []),  # the force reaches the limit
        ({0: -0.5, 2: -2.0}, {0: 1.0}, 0.5, []),
        ({0: 0.5}, {0: 1.0, 1: -4.0}, 0.25, [2]),  # the single coordinate is zero
        ({0: 0.5}, {0: -1.0, 1: 4.0}, 0.25, [2]),
        ({0: 0.5, 1: 2.0}, {0: 1.0, 1: -4.0}, 0.25, [2]),  # both
        ({0: 0.5, 1: 0.5 - 1e-9}, {0: 1.0}, 1.0, []),
        ({0: 1.0, 1: -1.0}, {1: 1.0}, 1.0, []),  # roots at the start are no events
        ({0: 1.0, 1: -4.0}, {0: 1.0}, 0.5, []),  # from one side of the limit to the other
        ({0: 0.0, 1: 5.0, 2: -5.0}, {0: 1.0}, 0.5 - 0.05**0.5, []),  # up and down again within the step
    ],
)
def test_first_event(third: dict[int, float], fourth: dict[int, float], share: float, due: list[int]) -> None:
    found = first_event(CELL, ORDERS, path(third, fourth))
    assert found[0] == pytest.approx(share, abs=1e-14)
    assert found[1] == due


def test_leaving_is_decided_by_the_first_coefficient_that_counts() -> None:
    assert leaving(CELL, ORDERS, path({0: 0.99, 1: 1.0}, {})) == []
    assert leaving(CELL, ORDERS, path({0: 1.0}, {})) == []
    assert leaving(CELL, ORDERS, path({0: 1.0, 1: -0.1, 2: 9.0}, {})) == []
    [(group, rise)] = leaving(CELL, ORDERS, path({0: 1.0 + 1e-15, 1: 0.2}, {}))
    assert group == 0
    assert rise == pytest.approx(
        0.1
    )  # the force exceeds the limit by 0.2 s, of which 0.1 s^2 is the integral
    with pytest.raises(Stuck, match="group 0 leaves zero more slowly"):
        leaving(CELL, ORDERS, path({0: 1.0, 2: 0.2}, {}))
