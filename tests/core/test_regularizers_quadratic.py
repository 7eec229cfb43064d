"""Quadratic regularisers."""

import pytest
import torch

from fbscore.regularizers import HalfSquaredNorm, Quadratic


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


ONE = torch.ones(1, dtype=torch.float64)


def test_half_squared_norm_by_hand():
    R, v = HalfSquaredNorm(), tensor([3, -4])
    assert R.value(v).item() == 12.5
    assert R.prox(v, ONE).tolist() == [[1.5, -2.0]]
    assert R.subdifferential_distance(v, tensor([3, 1])).item() == 5.0
    assert [C.item() for C in R.growth()] == [0.0, 1.0]


def test_quadratic_by_hand():
    R, v = Quadratic(tensor([[2, 1], [1, 2]])), tensor([4, -4])
    assert R.value(v).item() == 16.0
    assert R.minimal_subgradient(v).tolist() == [[4.0, -4.0]]
    torch.testing.assert_close(R.prox(v, ONE), tensor([2, -2]), rtol=1e-15, atol=0)
    assert R.growth()[1].item() == pytest.approx(3.0, rel=1e-15)


def test_a_singular_matrix_is_semidefinite_in_both_dtypes(dtype, rng):
    factor = torch.randn(50, 6, 2, generator=rng, dtype=dtype)
    gram = factor @ factor.mT
    R = Quadratic((gram + gram.mT) / 2)
    assert R.dimension == 6
    narrow = R.to(torch.float32)
    assert isinstance(narrow, Quadratic)
    assert narrow.Q.dtype == torch.float32


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("Q", "error", "message"),
    [
        (torch.ones(2, 2), ValueError, r"Q: expected shape \(batch, d, d\), d >= 1, got \(2, 2\)"),
        (torch.ones(1, 2, 3), ValueError, r"Q: expected shape \(batch, d, d\), d >= 1, got \(1, 2, 3\)"),
        (torch.ones(1, 0, 0), ValueError, r"Q: expected shape \(batch, d, d\), d >= 1, got \(1, 0, 0\)"),
        (
            torch.tensor([[[1.0, 0.5], [0.25, 1.0]]]),
            ValueError,
            "Q: expected a symmetric matrix, got .* by 0.25",
        ),
        (
            torch.tensor([[[1.0, 2.0], [2.0, 1.0]]]),
            ValueError,
            r"Q: expected a positive semidefinite matrix, got the eigenvalue -(1\.0|0\.99)",
        ),
        (
            torch.tensor([[[torch.nan]]]),
            ValueError,
            "Q: expected finite entries, got entries from nan to nan",
        ),
        (torch.ones(1, 1, 1).long(), TypeError, "Q: expected dtype float32 or float64, got torch.int64"),
    ],
)
def test_bad_matrix(Q, error, message):
    with pytest.raises(error, match=f"^{message}"):
        Quadratic(Q)
