"""The elastic net."""

import pytest
import torch

from fbscore.regularizers import ElasticNet


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


R = ElasticNet(tensor([1, 2, 0]), torch.tensor([3.0], dtype=torch.float64))


def test_by_hand():
    u = tensor([2, -1, 0])
    assert R.value(u).item() == 2 + 2 + 1.5 * 5
    assert R.prox(tensor([6, -3, 2]), tensor(1)).tolist() == [[1.25, -0.25, 0.5]]
    assert R.subgradient(u).tolist() == [[7.0, -5.0, 0.0]]
    assert R.minimal_subgradient(tensor([0, -1, 0])).tolist() == [[0.0, -5.0, 0.0]]
    assert R.subdifferential_distance(tensor([0, -1, 0]), tensor([4, -5, 4])).item() == 5.0
    assert [C.tolist() for C in R.growth()] == [[5**0.5], [3.0]]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("weights", "ridge", "error", "message"),
    [
        (torch.ones(2), torch.ones(2), ValueError, r"weights: expected shape \(batch, d\), d >= 1"),
        (-torch.ones(1, 2), torch.ones(1), ValueError, r"weights: expected entries >= 0, got .* -1\.0"),
        (torch.ones(1, 2), -torch.ones(1), ValueError, r"ridge: expected entries >= 0, got .* -1\.0"),
        (
            torch.ones(1, 2),
            torch.ones(2),
            ValueError,
            r"ridge: expected shape \(batch\) = \(1,\), got \(2,\)",
        ),
        (torch.ones(1, 2), torch.ones(1).double(), TypeError, "ridge: expected the dtype of weights"),
    ],
)
def test_bad_parameters(weights, ridge, error, message):
    with pytest.raises(error, match=f"^{message}"):
        ElasticNet(weights, ridge)
