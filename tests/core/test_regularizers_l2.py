"""The Euclidean norm and the group lasso."""

import pytest
import torch

from fbscore.regularizers import L2, GroupLasso


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


ONE = torch.ones(1, dtype=torch.float64)


def test_l2_by_hand():
    R, v = L2(), tensor([3, 4])
    assert R.value(v).item() == 5.0
    torch.testing.assert_close(R.prox(v, ONE), tensor([2.4, 3.2]), rtol=1e-15, atol=0)
    assert R.prox(v, 5 * ONE).tolist() == [[0.0, 0.0]]
    assert R.minimal_subgradient(v).tolist() == [[0.6, 0.8]]
    assert R.subdifferential_distance(v, tensor([0.6, 2.8])).item() == pytest.approx(2.0, rel=1e-15)
    assert R.subdifferential_distance(tensor([0, 0]), tensor([3, 4])).item() == 4.0
    assert R.subgradient(tensor([0, 0])).tolist() == [[1.0, 0.0]]


def test_l2_prox_just_above_the_threshold_loses_nothing():
    """``‖v‖ − a`` is exact there; ``1 − a/‖v‖`` would keep four digits of sixteen."""
    u = L2().prox(tensor([9, 12]), (15.0 - 2.0**-40) * ONE)
    torch.testing.assert_close(u, tensor([0.6, 0.8]) * 2.0**-40, rtol=1e-15, atol=0)


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e200, 1e307])
def test_l2_at_extreme_sizes(size):
    v = tensor([3, 4]) * size
    assert L2().value(v).item() == pytest.approx(5 * size, rel=1e-3)
    torch.testing.assert_close(L2().minimal_subgradient(v), tensor([0.6, 0.8]), rtol=1e-3, atol=0)


def test_group_lasso_by_hand():
    R = GroupLasso(tensor([1, 2, 7]), (0, 1, 0, 1))
    v = tensor([3, 5, 4, 12])
    assert R.value(v).item() == 5 + 2 * 13
    torch.testing.assert_close(R.prox(v, 2 * ONE), tensor([1.8, 45 / 13, 2.4, 108 / 13]), rtol=1e-15, atol=0)
    torch.testing.assert_close(
        R.minimal_subgradient(v), tensor([0.6, 10 / 13, 0.8, 24 / 13]), rtol=1e-15, atol=0
    )
    zero = tensor([0, 0, 0, 0])
    assert R.subgradient(zero).tolist() == [[1, 2, 0, 0]]
    assert R.subdifferential_distance(zero, tensor([3, 2, 4, 0])).item() == 4.0
    assert R.growth()[0].item() == pytest.approx(54**0.5)


def test_one_group_is_l2_and_singletons_are_l1():
    v, a = tensor([1, -2, 2]), 0.5 * ONE
    assert torch.equal(GroupLasso(tensor([1]), (0, 0, 0)).prox(v, a), L2().prox(v, a))
    torch.testing.assert_close(GroupLasso(tensor([1, 1, 1]), (2, 0, 1)).prox(v, a), tensor([0.5, -1.5, 1.5]))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("weights", "groups", "error", "message"),
    [
        (torch.ones(1, 2), (0, 2), ValueError, r"groups: expected labels from 0 to 1, got \(0, 2\)"),
        (torch.ones(1, 2), (0, -1), ValueError, r"groups: expected labels from 0 to 1, got \(0, -1\)"),
        (
            torch.ones(1, 2),
            (),
            ValueError,
            r"groups: expected a label for each of d >= 1 coordinates, got \(\)",
        ),
        (torch.ones(1, 2), [0, 1], TypeError, r"groups: expected a tuple of ints, got \[0, 1\]"),
        (torch.ones(1, 2), (0, 1.0), TypeError, r"groups: expected a tuple of ints, got \(0, 1\.0\)"),
        (torch.ones(1, 2), (True, 0), TypeError, r"groups: expected a tuple of ints, got \(True, 0\)"),
        (
            -torch.ones(1, 2),
            (0, 1),
            ValueError,
            r"weights: expected entries >= 0, got a smallest entry of -1\.0",
        ),
        (torch.ones(2), (0, 1), ValueError, r"weights: expected shape \(batch, G\), G >= 1, got \(2,\)"),
        (torch.ones(1, 0), (0, 1), ValueError, r"weights: expected shape \(batch, G\), G >= 1, got \(1, 0\)"),
        (
            torch.ones(1, 2).long(),
            (0, 1),
            TypeError,
            "weights: expected dtype float32 or float64, got torch.int64",
        ),
    ],
)
def test_bad_groups(weights, groups, error, message):
    with pytest.raises(error, match=f"^{message}"):
        GroupLasso(weights, groups)
