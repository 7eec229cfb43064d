"""The derivative of soft thresholding of singular values, where they repeat too."""

import pytest
import torch

from fbscore.regularizers.singular_values import soft_threshold

DOUBLE = torch.float64


def orthonormal(rng, rows, columns):
    return torch.linalg.qr(torch.randn(rows, columns, generator=rng, dtype=DOUBLE))[0]


def matrix(rng, rows, columns, *sigma):
    X, Y = (orthonormal(rng, n, len(sigma)) for n in (rows, columns))
    return (X * torch.tensor(sigma, dtype=DOUBLE)) @ Y.mT


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3), (1, 4), (4, 1)])
@pytest.mark.parametrize("sigma", [(3.0, 2.0, 0.25), (2.0, 2.0, 2.0), (2.0, 2.0, 0.25), (2.0, 0.25, 0.25)])
def test_derivative_is_that_of_differences(shape, sigma, rng):
    V = matrix(rng, *shape, *sigma[: min(shape)])[None].requires_grad_()
    a = torch.tensor([1.0], dtype=DOUBLE, requires_grad=True)
    assert torch.autograd.gradcheck(soft_threshold, (V, a))


@pytest.mark.parametrize("sigma", [(2.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.5, 0.5, 0.0)])
def test_ranks_are_no_kinks_below_the_threshold(sigma, rng):
    V = matrix(rng, 3, 4, *sigma)[None].requires_grad_()
    a = torch.tensor([1.0], dtype=DOUBLE, requires_grad=True)
    assert torch.autograd.gradcheck(soft_threshold, (V, a))


def test_without_a_threshold_it_is_the_identity(rng):
    """Also of singular values that repeat; in ``a`` the one-sided derivative, minus the polar factor."""
    V = matrix(rng, 3, 4, 2.0, 2.0, 1.0)[None].requires_grad_()
    a = torch.zeros(1, dtype=DOUBLE, requires_grad=True)
    G = torch.randn(1, 3, 4, generator=rng, dtype=DOUBLE)
    in_v, in_a = torch.autograd.grad(soft_threshold(V, a), (V, a), G)
    assert torch.equal(in_v, G)
    step = 1e-6
    moved = soft_threshold(V.detach(), a.detach() + step) - V.detach()
    torch.testing.assert_close(in_a, (G * moved / step).sum((1, 2)), rtol=1e-8, atol=1e-8)


def test_batches_and_values(rng):
    """The tape changes no value, and instances do not mix."""
    V = torch.randn(6, 3, 4, generator=rng, dtype=DOUBLE)
    a = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 9.0], dtype=DOUBLE)
    taped = V.clone().requires_grad_()
    values = soft_threshold(taped, a)
    assert torch.equal(values.detach(), soft_threshold(V, a))
    (gradient,) = torch.autograd.grad(values[2].sum(), taped)
    assert gradient[[0, 1, 3, 4, 5]].abs().max() == 0.0
    assert gradient[2].abs().max() > 0.0
