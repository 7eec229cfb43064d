"""Maximum of linear functions."""

import pytest
import torch

from fbscore.regularizers import L1, LInf, MaxAffine


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


CROSS = tensor([1, 0], [-1, 0], [0, 1], [0, -1]).unsqueeze(0)  # of LInf
SQUARE = tensor([1, 1], [1, -1], [-1, 1], [-1, -1]).unsqueeze(0)  # of L1


@pytest.mark.parametrize(("slopes", "R"), [(CROSS, LInf()), (SQUARE, L1(tensor([1, 1])))], ids=["linf", "l1"])
def test_it_covers_known_norms(slopes, R, rng):
    v = 2.0 * torch.randn(200, 2, generator=rng, dtype=torch.float64)
    a = torch.rand(200, generator=rng, dtype=torch.float64)
    M = MaxAffine(slopes.expand(200, -1, -1))
    u = R.prox(v, a)
    torch.testing.assert_close(M.value(v), R.value(v), rtol=1e-15, atol=0)
    torch.testing.assert_close(M.prox(v, a), u, rtol=0, atol=4e-15)
    torch.testing.assert_close(M.minimal_subgradient(u), R.minimal_subgradient(u), rtol=0, atol=4e-15)
    p = torch.randn(200, 2, generator=rng, dtype=torch.float64)
    torch.testing.assert_close(
        M.subdifferential_distance(u, p), R.subdifferential_distance(u, p), rtol=0, atol=4e-15
    )


def test_by_hand():
    R = MaxAffine(tensor([2, 0], [-1, 1], [-1, -1], [2, 0]).unsqueeze(0))
    assert R.value(tensor([1, 4])).item() == 3.0
    torch.testing.assert_close(R.prox(tensor([-3, 4]), tensor(1)), tensor([-2, 3]), rtol=1e-15, atol=0)
    torch.testing.assert_close(R.prox(tensor([-3, 0.5]), tensor(1)), tensor([-2, 0]), rtol=1e-15, atol=0)
    assert R.prox(tensor([0.5, 0.25]), tensor(1)).tolist() == [[0.0, 0.0]]
    assert R.subgradient(tensor([0, 0])).tolist() == [[2.0, 0.0]]
    assert R.minimal_subgradient(tensor([-1, 0])).tolist() == [[-1.0, 0.0]]
    assert R.minimal_subgradient(tensor([0, 0])).tolist() == [[0.0, 0.0]]
    assert R.growth()[0].tolist() == [2.0]


def test_prox_returns_points_with_the_slopes_it_used_active(dtype, rng):
    free = torch.randn(500, 5, 3, generator=rng, dtype=dtype)
    slopes = torch.cat((free, free[:, :1], -free.sum(1, keepdim=True)), dim=1)  # one repeats; 0 in the hull
    R = MaxAffine(slopes)
    v, a = torch.randn(500, 3, generator=rng, dtype=dtype), torch.rand(500, generator=rng, dtype=dtype)
    u = R.prox(v, a)
    p = (v - u) / a[:, None]
    assert R.subdifferential_distance(u, p).median() <= 4 * torch.finfo(dtype).eps
    heights = (slopes @ u.unsqueeze(-1)).squeeze(-1)
    ties = heights >= heights.amax(-1, keepdim=True) - 1e-5 * u.norm(dim=-1, keepdim=True)
    assert {int(n) for n in ties.sum(-1).unique()} >= {1, 2, 3, 7}


def test_one_slope_is_zero():
    R, v = MaxAffine(tensor([0, 0]).unsqueeze(0)), tensor([3, 4])
    assert torch.equal(R.prox(v, tensor(2)), v)
    assert R.growth()[0].item() == 0.0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("slopes", "error", "message"),
    [
        (
            torch.ones(1, 2),
            ValueError,
            r"slopes: expected shape \(batch, k, d\), k >= 1, d >= 1, got \(1, 2\)",
        ),
        (torch.ones(1, 0, 2), ValueError, r"slopes: expected shape .*, got \(1, 0, 2\)"),
        (torch.full((1, 1, 1), torch.inf), ValueError, "slopes: expected finite entries"),
        (torch.ones(1, 1, 1).int(), TypeError, "slopes: expected dtype float32 or float64, got torch.int32"),
        (
            torch.tensor([[[3.0, 4.0], [6.0, 8.0]]]),
            ValueError,
            r"slopes: expected 0 in their convex hull, got a hull at distance 5\.0",
        ),
        (
            torch.tensor([[[-1.0, 0.0], [1.0, 0.0]], [[-1.0, 1e-3], [1.0, 1e-3]]]),
            ValueError,
            r"slopes: expected 0 in their convex hull, got a hull at distance 0\.001",
        ),
    ],
)
def test_bad_slopes(slopes, error, message):
    with pytest.raises(error, match=f"^{message}"):
        MaxAffine(slopes)


def test_zero_may_miss_the_hull_by_round_off(dtype, rng):
    slopes = torch.randn(100, 6, 4, generator=rng, dtype=dtype)
    assert MaxAffine(slopes - slopes.mean(1, keepdim=True)).dimension == 4


@pytest.mark.parametrize("a", [1e3, 1e12, 1e30])
def test_a_large_weight_costs_no_digits(a):
    """What is orthogonal to the slopes stays; ``v − a q`` with ``q`` in their hull would lose it."""
    R = MaxAffine(tensor([0.1, 0.3, 0], [-0.2, 0.1, 0], [0.1, -0.4, 0]).unsqueeze(0))
    u = R.prox(tensor([0.7, 0.5, 0.9]), tensor(a))
    torch.testing.assert_close(u, tensor([0, 0, 0.9]), rtol=1e-15, atol=1e-15)
