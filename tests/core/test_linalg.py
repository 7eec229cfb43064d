"""Norms without overflow, solves without checks."""

import math

import pytest
import torch

from fbscore import linalg


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def test_norm_by_hand():
    x = tensor([3, 4, 12], [0, 0, 0], [-1, 2, 2])
    assert linalg.norm(x).tolist() == [13.0, 0.0, 3.0]
    assert linalg.unit(tensor([-3, 4], [0, 0])).tolist() == [[-0.6, 0.8], [0.0, 0.0]]


@pytest.mark.parametrize("power", [-1074, -1000, -500, 500, 1000])
def test_norm_is_free_of_overflow_and_underflow(power):
    x = tensor([3, 4]) * 2.0**power
    assert linalg.norm(x).item() == math.ldexp(5.0, power)
    assert linalg.unit(x).tolist() == [[0.6, 0.8]]


def test_norm_of_what_is_not_finite():
    x = tensor([torch.inf, 1], [torch.nan, 1], [-torch.inf, torch.nan])
    infinite, nan, both = linalg.norm(x).tolist()
    assert infinite == math.inf
    assert math.isnan(nan)
    assert math.isnan(both)
    assert linalg.unit(x)[1:].isnan().all()


def test_norm_of_nothing(dtype, device):
    assert linalg.norm(torch.ones(3, 0, dtype=dtype, device=device)).tolist() == [0.0] * 3
    assert linalg.norm(torch.ones(0, 3, dtype=dtype, device=device)).shape == (0,)
    assert linalg.unit(torch.ones(0, 3, dtype=dtype, device=device)).shape == (0, 3)


def test_norm_has_a_gradient_everywhere():
    x = tensor([3, 4], [0, 0]).requires_grad_()
    linalg.norm(x).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, tensor([0.6, 0.8], [0, 0]))


def test_matvec(device):
    M = torch.arange(12.0, device=device).reshape(2, 2, 3)
    x = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]], device=device)
    assert linalg.matvec(M, x).tolist() == [[4.0, 13.0], [7.0, 10.0]]
    assert linalg.matvec(M[:, :, :0], x[:, :0]).tolist() == [[0.0, 0.0]] * 2


def test_solve_and_eigenvalues(dtype, device):
    M = torch.tensor([[[2.0, 1.0], [1.0, 2.0]]], dtype=dtype, device=device)
    b = torch.tensor([[3.0, 0.0]], dtype=dtype, device=device)
    rtol = 4 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        linalg.solve_positive_definite(M, b), torch.tensor([[2.0, -1.0]]).to(b), rtol=rtol, atol=0
    )
    torch.testing.assert_close(
        linalg.symmetric_eigenvalues(M), torch.tensor([[1.0, 3.0]]).to(b), rtol=rtol, atol=0
    )


def test_svd(dtype, device):
    M = torch.tensor([[[3.0, 0.0, 0.0], [0.0, -2.0, 0.0]]], dtype=dtype, device=device)
    X, sigma, Yt = linalg.svd(M)
    assert (X.shape, sigma.shape, Yt.shape) == ((1, 2, 2), (1, 2), (1, 2, 3))
    torch.testing.assert_close(sigma, torch.tensor([[3.0, 2.0]]).to(M))
    torch.testing.assert_close((X * sigma.unsqueeze(-2)) @ Yt, M)
    torch.testing.assert_close(linalg.singular_values(M), sigma)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_svd_of_what_is_not_finite_spoils_no_other(bad):
    M = torch.eye(2).repeat(3, 1, 1)
    M[1, 0, 1] = bad
    for sigma in (linalg.svd(M)[1], linalg.singular_values(M)):
        assert sigma[[0, 2]].tolist() == [[1.0, 1.0]] * 2
        assert sigma[1].isnan().all()


def test_symmetric_eigen_by_hand(dtype, device):
    M = torch.tensor([[[2.0, 1.0], [1.0, 2.0]], [[5.0, 0.0], [0.0, -1.0]]], dtype=dtype, device=device)
    values, vectors = linalg.symmetric_eigen(M[:, None])
    rtol = 8 * torch.finfo(dtype).eps
    torch.testing.assert_close(values.cpu()[:, 0].double(), tensor([1, 3], [-1, 5]), rtol=rtol, atol=0)
    back = vectors @ torch.diag_embed(values) @ vectors.mT
    torch.testing.assert_close(back[:, 0], M, rtol=rtol, atol=rtol)


def test_spectral_norm_by_hand(device):
    M = torch.tensor([[[3.0, 0.0, 0.0], [0.0, 0.0, -4.0]], [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]], device=device)
    assert linalg.spectral_norm(M[None]).cpu().flatten().tolist() == pytest.approx([4.0, 2.0], rel=1e-6)


def test_one_matrix_that_is_not_finite_leaves_the_others_alone():
    M = torch.eye(2).double().repeat(3, 1, 1)
    M[1, 0, 0] = torch.inf
    values, vectors = linalg.symmetric_eigen(M)
    assert values[1].isnan().all()
    assert values[::2].tolist() == [[1.0, 1.0]] * 2
    assert vectors.isfinite().all()
    assert linalg.spectral_norm(M).tolist()[::2] == [1.0, 1.0]
    assert math.isnan(linalg.spectral_norm(M)[1].item())


def test_spectra_of_nothing():
    assert linalg.spectral_norm(torch.ones(2, 3, 0, 4)).tolist() == [[0.0] * 3] * 2
    assert linalg.spectral_norm(torch.ones(0, 4, 4)).shape == (0,)
    values, vectors = linalg.symmetric_eigen(torch.ones(0, 2, 4, 4))
    assert (values.shape, vectors.shape) == ((0, 2, 4), (0, 2, 4, 4))
