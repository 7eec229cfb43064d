"""The nuclear norm."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require_size
from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.singular_values import soft_threshold
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["Nuclear"]


@dataclass(frozen=True, eq=False)
class Nuclear(Regularizer):
    r"""``R(u) = Σ_i σ_i(U)``, the sum of the singular values of the state as a matrix ``U``, row by row.

    With ``U = X diag(σ) Yᵀ`` of rank ``r``, ``∂R(u) = {X Yᵀ + W : Xᵀ W = 0, W Y = 0, ‖W‖₂ <= 1}``.
    Singular values up to ``8 max(rows, columns) ε ‖U‖₂`` (``ε`` the machine epsilon of the dtype) count
    as 0.  The subdifferential turns as fast as the singular vectors do: a relative error ``ε`` of ``U``
    moves it by about ``ε σ_1 / σ_r``.

    Parameters
    ----------
    rows, columns : int
        At least 1; ``d = rows * columns``.

    Raises
    ------
    TypeError, ValueError
        One of them is not an int that is at least 1.

    References
    ----------
    J.-F. Cai, E. J. Candès, Z. Shen, SIAM J. Optim. 20 (2010) 1956-1982: singular value thresholding.
    G. A. Watson, Linear Algebra Appl. 170 (1992) 33-45: the subdifferential.
    """

    name: ClassVar[str] = "nuclear"

    rows: int
    columns: int

    def __post_init__(self) -> None:
        require_size("rows", self.rows)
        require_size("columns", self.columns)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.rows * self.columns

    def value(self, u: State) -> Scalars:
        """``Σ_i σ_i``."""
        return linalg.singular_values(self._matrix(u)).sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """Singular value thresholding, ``X diag(max(σ − a, 0)) Yᵀ``.

        LAPACK's and CUDA's decompositions report on their success, which waits for the device.
        """
        return soft_threshold(self._matrix(v), a).flatten(1)

    def subgradient(self, u: State) -> State:
        """``X Yᵀ`` with all ``min(rows, columns)`` singular vectors: an extreme point of ``∂R(u)``."""
        X, _, Yt = linalg.svd(self._matrix(u))
        return (X @ Yt).flatten(1)

    def minimal_subgradient(self, u: State) -> State:
        """``X Yᵀ`` with the ``r`` singular vectors that belong to ``σ_i > 0``."""
        X, Yt = self._polar(u)
        return (X @ Yt).flatten(1)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """With ``Q = (I − X Xᵀ) P (I − Y Yᵀ)``: norm of ``P − Q − X Yᵀ`` and of ``max(σ_i(Q) − 1, 0)``."""
        X, Yt = self._polar(u)
        P = self._matrix(p)
        left = P - X @ (X.mT @ P)
        Q = left - (left @ Yt.mT) @ Yt
        beyond = torch.relu(linalg.singular_values(Q) - 1.0)
        return linalg.norm(torch.cat(((P - Q - X @ Yt).flatten(1), beyond), dim=-1))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(√min(rows, columns), 0)``, attained everywhere."""
        C0 = torch.tensor(math.sqrt(min(self.rows, self.columns)), dtype=torch.float64)
        return C0, torch.zeros_like(C0)

    def _matrix(self, u: State) -> Float[Tensor, "batch rows columns"]:
        return u.reshape(-1, self.rows, self.columns)

    def _polar(self, u: State) -> tuple[Float[Tensor, "batch rows k"], Float[Tensor, "batch k columns"]]:
        """Singular vectors, 0 for those of singular values that count as 0."""
        X, sigma, Yt = linalg.svd(self._matrix(u))
        noise = 8 * max(self.rows, self.columns) * torch.finfo(u.dtype).eps * sigma[:, :1]
        counts = sigma > noise
        return torch.where(counts.unsqueeze(-2), X, 0.0), torch.where(counts.unsqueeze(-1), Yt, 0.0)
