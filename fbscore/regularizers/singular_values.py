r"""Soft thresholding of singular values, with its derivative also where singular values repeat.

The tape of the decomposition itself divides by the differences of the singular values; the map from ``V`` to
``X diag(f(σ)) Yᵀ`` does not, for its divided differences have limits.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.shapes import Scalars

__all__ = ["soft_threshold"]

Matrix = Float[Tensor, "batch rows columns"]
Factors = tuple[Tensor, Tensor, Tensor]


def soft_threshold(V: Matrix, a: Scalars) -> Matrix:
    r"""``X diag(max(σ − a, 0)) Yᵀ`` with ``V = X diag(σ) Yᵀ``; ``V`` itself where ``a = 0``.

    Its derivative is that of the prox of the nuclear norm, which has one wherever no ``σ_i = a``; there a
    one-sided one is taken.

    Parameters
    ----------
    V : (batch, rows, columns)
    a : (batch,)
        ``>= 0``.

    References
    ----------
    J.-F. Cai, E. J. Candès, Z. Shen, SIAM J. Optim. 20 (2010) 1956-1982; the derivative: F. Andersson, M.
    Carlsson, K.-M. Perfekt, SIAM J. Matrix Anal. Appl. 37 (2016) 1202-1217.
    """
    if not torch.is_grad_enabled() or not (V.requires_grad or a.requires_grad):
        return _shrunk(V, a, linalg.svd(V))
    return _SoftThreshold.apply(V, a)  # type: ignore[no-any-return]


def _shrunk(V: Matrix, a: Scalars, factors: Factors) -> Matrix:
    X, sigma, Yt = factors
    kept = torch.relu(sigma - a[:, None])
    return torch.where(a[:, None, None] == 0, V, (X * kept[:, None]) @ Yt)


class _SoftThreshold(torch.autograd.Function):
    """`soft_threshold` on the tape; the derivative is self-adjoint in ``V``."""

    @staticmethod
    def forward(ctx: Any, V: Matrix, a: Scalars) -> Matrix:
        factors = linalg.svd(V)
        ctx.save_for_backward(a, *factors)
        return _shrunk(V, a, factors)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  (the decorator's own stub)
        ctx: Any, *grad_outputs: Tensor
    ) -> tuple[Matrix, Scalars]:
        (G,) = grad_outputs
        a, X, sigma, Yt = ctx.saved_tensors
        above = (sigma > a[:, None]).to(G.dtype)
        along = X.mT @ G @ Yt.mT
        in_a = -(above * along.diagonal(dim1=-2, dim2=-1)).sum(-1)
        inner = _quotients(a, sigma, -1.0) * 0.5 * (along + along.mT)
        inner = inner + _quotients(a, sigma, 1.0) * 0.5 * (along - along.mT)
        scale = torch.relu(1.0 - a[:, None] / sigma)  # max(σ − a, 0)/σ
        scale = torch.where(sigma > 0, scale, 0.0)
        wide = X.mT @ G - along @ Yt  # one of these two is 0, as X or Y is square
        tall = G @ Yt.mT - X @ along
        in_v = X @ (inner @ Yt + scale[..., None] * wide) + (tall * scale[:, None]) @ Yt
        return torch.where(a[:, None, None] == 0, G, in_v), in_a


def _quotients(a: Scalars, sigma: Float[Tensor, "batch k"], sign: float) -> Float[Tensor, "batch k k"]:
    """``(f(σ_i) ± f(σ_j))/(σ_i ± σ_j)``, ``f(s) = max(s − a, 0)``; for − and ``σ_i = σ_j`` the slope."""
    kept = torch.relu(sigma - a[:, None])
    top, bottom = kept[:, :, None] + sign * kept[:, None], sigma[:, :, None] + sign * sigma[:, None]
    if sign > 0:
        return torch.where(bottom > 0, top / bottom, 0.0)
    above = (sigma > a[:, None]).to(sigma.dtype)
    both, either = above[:, :, None] * above[:, None], above[:, :, None] != above[:, None]
    # Two values on the same side have the slope 1 or 0 whether they differ or not.
    return torch.where(either, top / torch.where(either, bottom, 1.0), both)
