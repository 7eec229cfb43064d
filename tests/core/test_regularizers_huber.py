"""The Huber function."""

import pytest
import torch

from fbscore.regularizers import L1, Huber


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


R = Huber(tensor(2), 3)


def test_by_hand():
    u = tensor([1, -2, 5])
    assert R.value(u).item() == 0.25 + 1.0 + 4.0
    assert R.minimal_subgradient(u).tolist() == [[0.5, -1.0, 1.0]]
    assert R.prox(tensor([1.5, -3, 5]), tensor(1)).tolist() == [[1.0, -2.0, 4.0]]
    assert R.subdifferential_distance(u, tensor([3.5, -1, 5])).item() == 5.0
    assert [C.tolist() for C in R.growth()] == [[3**0.5], [0.0]]


def test_it_is_the_moreau_envelope_of_l1(rng):
    u = 3.0 * torch.randn(50, 4, generator=rng, dtype=torch.float64)
    width = 0.1 + torch.rand(50, generator=rng, dtype=torch.float64)
    norm = L1(torch.ones(50, 4, dtype=torch.float64))
    y = norm.prox(u, width)
    envelope = norm.value(y) + (u - y).square().sum(-1) / (2 * width)
    torch.testing.assert_close(Huber(width, 4).value(u), envelope, rtol=1e-14, atol=0)


def test_a_width_far_below_the_weight_loses_nothing():
    narrow = Huber(tensor(2.0**-60), 1)
    assert narrow.prox(tensor([0.5]), tensor(1)).item() == pytest.approx(2.0**-61, rel=1e-15)
    assert narrow.prox(tensor([3]), tensor(1)).item() == 2.0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("width", "size", "error", "message"),
    [
        (torch.zeros(1), 3, ValueError, r"width: expected entries > 0, got a smallest entry of 0\.0"),
        (torch.ones(1, 1), 3, ValueError, r"width: expected shape \(batch\), got \(1, 1\)"),
        (torch.full((1,), torch.nan), 3, ValueError, "width: expected finite entries"),
        (torch.ones(1), 0, ValueError, "size: expected a size of at least 1, got 0"),
        (torch.ones(1), 2.0, TypeError, "size: expected an int, got float"),
        (torch.ones(1), True, TypeError, "size: expected an int, got bool"),
    ],
)
def test_bad_parameters(width, size, error, message):
    with pytest.raises(error, match=f"^{message}"):
        Huber(width, size)
