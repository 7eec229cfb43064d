"""The weighted l1 norm."""

import pytest
import torch

from fbscore.regularizers import L1


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def test_prox_by_hand():
    R = L1(tensor([1, 2, 0, 1, 1]))
    v = tensor([3, 3, 3, -0.5, -2])
    assert R.prox(v, torch.tensor([0.5], dtype=torch.float64)).tolist() == [[2.5, 2.0, 3.0, 0.0, -1.5]]


def test_prox_on_the_threshold_is_a_positive_zero():
    R = L1(tensor([1, 1]))
    u = R.prox(tensor([1, -1]), torch.ones(1, dtype=torch.float64))
    assert u.tolist() == [[0.0, 0.0]]
    assert not u.signbit().any()


def test_subdifferential_by_hand():
    R = L1(tensor([2, 2, 2]))
    u = tensor([1, 0, 0])
    assert R.minimal_subgradient(u).tolist() == [[2, 0, 0]]
    assert R.subgradient(u).tolist() == [[2, 2, 2]]
    assert R.subdifferential_distance(u, tensor([-2, 5, -1])).tolist() == [5.0]
    assert R.growth()[0].item() == pytest.approx(12**0.5, rel=1e-15)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([[1.0]], TypeError, "weights: expected a torch.Tensor, got list"),
        (
            torch.ones(2, 3, dtype=torch.int64),
            TypeError,
            "weights: expected dtype float32 or float64, got torch.int64",
        ),
        (torch.ones(2, 3, dtype=torch.float16), TypeError, "weights: expected dtype float32 or float64"),
        (torch.ones(3), ValueError, r"weights: expected shape \(batch, d\), d >= 1, got \(3,\)"),
        (torch.ones(3, 0), ValueError, r"weights: expected shape \(batch, d\), d >= 1, got \(3, 0\)"),
        (
            torch.tensor([[1.0, -2.0]]),
            ValueError,
            r"weights: expected entries >= 0, got a smallest entry of -2\.0",
        ),
        (
            torch.tensor([[1.0, torch.nan]]),
            ValueError,
            "weights: expected finite entries, got entries from nan to nan",
        ),
        (
            torch.tensor([[1.0, torch.inf]]),
            ValueError,
            r"weights: expected finite entries, got entries from 1\.0 to inf",
        ),
    ],
)
def test_bad_weights(weights, error, message):
    with pytest.raises(error, match=f"^{message}"):
        L1(weights)
