"""Typed linear algebra: the only place that touches ``torch.linalg``."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_linalg: Any = torch.linalg  # its stubs have no types


def norm(x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    r"""Euclidean norm over the last axis, free of overflow and underflow in the squares.

    The scale is a power of two, so that scaling rounds nothing (as in LAPACK's ``dlassq``, where it is
    the largest entry).  ``n`` may be 0; infinite and NaN entries give inf and NaN; the gradient at 0 is 0.
    """
    scale = _scale(x)
    return _length(x / scale) * scale.squeeze(-1)


def unit(x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
    r"""``x / ‖x‖`` over the last axis, and 0 where ``x = 0``."""
    scaled = x / _scale(x)
    length = _length(scaled).unsqueeze(-1)
    return scaled / torch.where(length == 0, 1.0, length)


def matvec(
    M: Float[Tensor, "batch n k"], x: Float[Tensor, "batch *samples k"]
) -> Float[Tensor, "batch *samples n"]:
    """Batched product ``M x``, of one ``M`` with every sample; ``k = 0`` gives zeros."""
    return (M @ x.unsqueeze(-1)).squeeze(-1) if x.ndim == 2 else x @ M.mT


def scale(
    a: Float[Tensor, "batch"], x: Float[Tensor, "batch *samples n"]
) -> Float[Tensor, "batch *samples n"]:
    """``a x``, one factor an instance."""
    return a.reshape(-1, *(1,) * (x.ndim - 1)) * x


def solve_positive_definite(
    M: Float[Tensor, "batch n n"], b: Float[Tensor, "batch n"]
) -> Float[Tensor, "batch n"]:
    """Solve ``M x = b`` by Cholesky, without the check (and the wait for the device) that would raise."""
    factor: Tensor = _linalg.cholesky_ex(M, check_errors=False)[0]
    return torch.cholesky_solve(b.unsqueeze(-1), factor).squeeze(-1)


def solve_for_samples(
    M: Float[Tensor, "batch n n"], b: Float[Tensor, "batch samples n"]
) -> Float[Tensor, "batch samples n"]:
    """Solve ``M x = b`` for every sample with one Cholesky factor an instance, unchecked as above."""
    factor: Tensor = _linalg.cholesky_ex(M, check_errors=False)[0]
    return torch.cholesky_solve(b.mT, factor).mT


def symmetric_eigenvalues(M: Float[Tensor, "batch n n"]) -> Float[Tensor, "batch n"]:
    """Eigenvalues of symmetric matrices in ascending order."""
    return _linalg.eigvalsh(M)


def symmetric_eigen(
    M: Float[Tensor, "*batch n n"],
) -> tuple[Float[Tensor, "*batch n"], Float[Tensor, "*batch n n"]]:
    """Eigenvalues in ascending order and the eigenvectors as columns; NaN for a matrix that is not finite."""
    finite = M.isfinite().flatten(-2).all(-1)[..., None]
    eigenvalues, vectors = _linalg.eigh(torch.where(finite[..., None], M, 0.0))
    return torch.where(finite, eigenvalues, torch.nan), vectors


def spectral_norm(M: Float[Tensor, "*batch n k"]) -> Float[Tensor, "*batch"]:
    """Largest singular value; 0 for an empty matrix, NaN for one that is not finite."""
    if 0 in M.shape:
        return M.new_zeros(M.shape[:-2])
    return singular_values(M.flatten(0, -3)).amax(-1).reshape(M.shape[:-2])


def svd(
    M: Float[Tensor, "batch n k"],
) -> tuple[Float[Tensor, "batch n r"], Float[Tensor, "batch r"], Float[Tensor, "batch r k"]]:
    """Thin singular value decomposition ``X, σ, Yᵀ``, ``σ`` in descending order.

    A matrix that is not finite gives NaN for ``σ`` where LAPACK would refuse the whole batch.
    """
    finite, cleared = _cleared(M)
    X, sigma, Yt = _linalg.svd(cleared, full_matrices=False)
    return X, torch.where(finite, sigma, torch.nan), Yt


def singular_values(M: Float[Tensor, "batch n k"]) -> Float[Tensor, "batch r"]:
    """Singular values in descending order; NaN for a matrix that is not finite."""
    finite, cleared = _cleared(M)
    return torch.where(finite, _linalg.svdvals(cleared), torch.nan)


def _cleared(M: Float[Tensor, "batch n k"]) -> tuple[Bool[Tensor, "batch 1"], Float[Tensor, "batch n k"]]:
    """Whether each matrix is finite, and the matrices with 0 for those that are not."""
    finite = M.isfinite().flatten(1).all(-1)
    return finite.unsqueeze(-1), torch.where(finite[:, None, None], M, 0.0)


def _length(x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    return _linalg.vector_norm(x, dim=-1)


def _scale(x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch 1"]:
    """Largest power of two that is at most max ``|x_i|``; 1 where that is 0, infinite or NaN."""
    if x.shape[-1] == 0:
        return x.new_ones(*x.shape[:-1], 1)
    largest = x.detach().abs().amax(dim=-1, keepdim=True)
    power = largest / (2 * torch.frexp(largest).mantissa)
    return torch.where(power.isfinite(), power, 1.0)
