"""The nuclear norm."""

import numpy as np
import pytest
import torch

from fbscore.regularizers import L2, Nuclear


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def test_by_hand():
    R, v = Nuclear(2, 2), tensor([3, 0, 0, -1])
    assert R.value(v).item() == pytest.approx(4.0, rel=1e-15)
    torch.testing.assert_close(R.prox(v, tensor(0.5)), tensor([2.5, 0, 0, -0.5]))
    torch.testing.assert_close(R.prox(v, tensor(2)), tensor([1, 0, 0, 0]))
    assert R.prox(v, tensor(3)).tolist() == [[0.0] * 4]
    u = tensor([1, 0, 0, 0])
    torch.testing.assert_close(R.minimal_subgradient(u), u)
    assert R.subgradient(u).abs().tolist() == [[1.0, 0.0, 0.0, 1.0]]
    assert R.contains(u, tensor([1, 0, 0, 0.7]), 1e-15).all()
    assert R.subdifferential_distance(u, tensor([1, 3, 0, 5])).item() == pytest.approx(5.0, rel=1e-15)
    assert R.growth()[0].item() == 2**0.5


def test_one_row_is_l2(rng):
    v, a = torch.randn(20, 5, generator=rng, dtype=torch.float64), torch.full((20,), 0.7, dtype=torch.float64)
    torch.testing.assert_close(Nuclear(1, 5).prox(v, a), L2().prox(v, a))
    torch.testing.assert_close(Nuclear(5, 1).prox(v, a), L2().prox(v, a))


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (4, 4), (3, 7)])
def test_prox_satisfies_duality(shape, dtype, device, rng):
    """``p ∈ ∂R(u)`` if and only if ``‖P‖₂ <= 1`` and ``<p, u> = R(u)``: no singular vectors needed."""
    d, eps = shape[0] * shape[1], torch.finfo(dtype).eps
    v = torch.randn(200, d, generator=rng, dtype=torch.float64)
    a = 10.0 ** (4 * torch.rand(200, generator=rng, dtype=torch.float64) - 3)
    u = Nuclear(*shape).prox(v.to(device, dtype), a.to(device, dtype)).cpu().double().numpy()
    for i in range(200):
        point, weight = v[i].to(dtype).double().numpy(), float(a[i].to(dtype))
        rest, size = point - u[i], np.linalg.norm(point)
        assert np.linalg.norm(rest.reshape(shape), 2) <= weight + 16 * eps * size
        gap = weight * np.linalg.norm(u[i].reshape(shape), "nuc") - rest @ u[i]
        assert abs(gap) <= 16 * eps * size * (weight + np.linalg.norm(u[i]))


def test_rank_survives_rounding(dtype, rng):
    v, a = torch.randn(300, 12, generator=rng, dtype=dtype), torch.rand(300, generator=rng, dtype=dtype)
    R = Nuclear(3, 4)
    u = R.prox(v, 2 * a)
    lengths = R.minimal_subgradient(u).square().sum(-1)
    assert {round(float(x)) for x in lengths} == {0, 1, 2, 3}
    torch.testing.assert_close(lengths, lengths.round(), rtol=0, atol=32 * torch.finfo(dtype).eps)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("rows", "columns", "error", "message"),
    [
        (0, 2, ValueError, "rows: expected a size of at least 1, got 0"),
        (2, -1, ValueError, "columns: expected a size of at least 1, got -1"),
        (2, 2.0, TypeError, "columns: expected an int, got float"),
    ],
)
def test_bad_sizes(rows, columns, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        Nuclear(rows, columns)
