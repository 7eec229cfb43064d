"""The maximum norm."""

import pytest
import torch

from fbscore.regularizers import LInf


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def weight(a):
    return torch.tensor([a], dtype=torch.float64)


@pytest.mark.parametrize(
    ("a", "expected"),
    [
        (0.0, [5.0, -3.0, 1.0]),
        (1.0, [4.0, -3.0, 1.0]),
        (2.0, [3.0, -3.0, 1.0]),
        (4.0, [2.0, -2.0, 1.0]),
        (6.0, [1.0, -1.0, 1.0]),
        (7.5, [0.5, -0.5, 0.5]),
        (9.0, [0.0, 0.0, 0.0]),
        (20.0, [0.0, 0.0, 0.0]),
    ],
)
def test_prox_by_hand(a, expected):
    assert LInf().prox(tensor([5, -3, 1]), weight(a)).tolist() == [expected]


def test_clipped_entries_share_one_level(dtype, rng):
    """Else the subdifferential at the result is a face of lower dimension, far from ``(v − u)/a``."""
    v = torch.randn(500, 12, generator=rng, dtype=dtype)
    a = torch.rand(500, generator=rng, dtype=dtype)
    u = LInf().prox(v, a)
    capped = u != v
    assert (capped.sum(-1) >= 2).any()
    assert torch.equal(torch.where(capped, u.abs(), 0.0), torch.where(capped, LInf().value(u)[:, None], 0.0))
    assert LInf().subdifferential_distance(u, (v - u) / a[:, None]).median() <= 16 * torch.finfo(dtype).eps


def test_ties_at_zero_weight_are_kept():
    v = tensor([0.1] * 7)
    assert torch.equal(LInf().prox(v, weight(0.0)), v)


def test_prox_with_a_weight_far_below_the_entries():
    """Sums of the entries, rather than of their gaps, would lose the weight altogether."""
    u = LInf().prox(tensor([2.0**50, 2.0**50, 1.0]), weight(1.0))
    assert u.tolist() == [[2.0**50 - 0.5, 2.0**50 - 0.5, 1.0]]


def test_subdifferential_by_hand():
    R, u = LInf(), tensor([2, -2, 1])
    assert R.minimal_subgradient(u).tolist() == [[0.5, -0.5, 0.0]]
    assert R.subgradient(u).tolist() in ([[1.0, 0.0, 0.0]], [[0.0, -1.0, 0.0]])
    assert R.subdifferential_distance(u, tensor([0.25, -0.75, 0])).item() == 0.0
    assert R.subdifferential_distance(u, tensor([0.25, -0.75, 3])).item() == 3.0
    assert R.subdifferential_distance(u, tensor([4, -1, 0])).item() == pytest.approx(10**0.5, rel=1e-15)
    assert R.subdifferential_distance(u, tensor([-3, 1, 0])).item() == pytest.approx(
        (3**2 + 2**2) ** 0.5, rel=1e-15
    )


def test_subdifferential_at_zero_is_the_l1_ball():
    R, zero = LInf(), tensor([0, 0])
    assert R.minimal_subgradient(zero).tolist() == [[0.0, 0.0]]
    assert R.contains(zero, tensor([0.5, -0.5]), 0.0).all()
    assert R.subdifferential_distance(zero, tensor([2, 2])).item() == pytest.approx(4.5**0.5, rel=1e-15)
    assert R.subdifferential_distance(zero, tensor([3, 0.5])).item() == pytest.approx((2**2 + 0.5**2) ** 0.5)
