"""Quadratic regularisers."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import extremes, require, require_axes, require_finite, require_floating
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["HalfSquaredNorm", "Quadratic"]


@dataclass(frozen=True, eq=False)
class HalfSquaredNorm(Regularizer):
    r"""``R(u) = ½ ‖u‖²``."""

    name: ClassVar[str] = "half_squared_norm"

    def value(self, u: State) -> Scalars:
        """``½ ‖u‖²``."""
        return 0.5 * u.square().sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """``v / (1 + a)``."""
        return v / (1.0 + a).unsqueeze(-1)

    def subgradient(self, u: State) -> State:
        """``u``."""
        return u

    def minimal_subgradient(self, u: State) -> State:
        """``u``."""
        return u

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``‖p − u‖``."""
        return linalg.norm(p - u)

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``u``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(0, 1)``, attained everywhere."""
        return torch.tensor(0.0), torch.tensor(1.0)


@dataclass(frozen=True, eq=False)
class Quadratic(Regularizer):
    r"""``R(u) = ½ uᵀ Q u``.

    Parameters
    ----------
    Q : (batch, d, d)
        Exactly symmetric (take ``(Q + Q.mT) / 2``) and positive semidefinite up to round-off: no
        eigenvalue below ``−d ε ‖Q‖``.

    Raises
    ------
    TypeError, ValueError
        ``Q`` is not a finite float32 or float64 tensor of that kind.

    References
    ----------
    The prox is the resolvent of a linear monotone map: H. H. Bauschke, P. L. Combettes, Convex Analysis
    and Monotone Operator Theory in Hilbert Spaces, 2nd ed., Springer 2017, Example 24.2.
    """

    name: ClassVar[str] = "quadratic"

    Q: Float[Tensor, "batch d d"]

    def __post_init__(self) -> None:
        require_floating(Q=self.Q)
        require_axes("Q", self.Q, "batch d d", nonempty=("d",))
        require_finite("Q", self.Q)
        skew = extremes(self.Q - self.Q.mT)[1]
        require(skew == 0.0, "Q", "a symmetric matrix", f"entries that differ from their mirror by {skew}")
        eigenvalues = linalg.symmetric_eigenvalues(self.Q)
        slack = self.Q.shape[1] * torch.finfo(self.Q.dtype).eps * eigenvalues.abs().amax(-1)
        negative = eigenvalues[eigenvalues[:, 0] < -slack, 0]
        lowest, _ = extremes(negative)
        require(lowest >= 0.0, "Q", "a positive semidefinite matrix", f"the eigenvalue {lowest}")

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.Q.shape[1]

    def value(self, u: State) -> Scalars:
        """``½ uᵀ Q u``."""
        return 0.5 * (u * linalg.matvec(self.Q, u)).sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """``(I + a Q)⁻¹ v`` by Cholesky."""
        identity = torch.eye(v.shape[1], dtype=v.dtype, device=v.device)
        return linalg.solve_positive_definite(identity + a[:, None, None] * self.Q, v)

    def subgradient(self, u: State) -> State:
        """``Q u``."""
        return linalg.matvec(self.Q, u)

    def minimal_subgradient(self, u: State) -> State:
        """``Q u``."""
        return linalg.matvec(self.Q, u)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``‖p − Q u‖``."""
        return linalg.norm(p - linalg.matvec(self.Q, u))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``Q u``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(0, ‖Q‖₂)``, attained by a leading eigenvector."""
        C1 = linalg.symmetric_eigenvalues(self.Q).abs().amax(-1)
        return torch.zeros_like(C1), C1
