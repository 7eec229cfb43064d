"""The weighted l1 norm."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require_axes, require_floating, require_nonnegative
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["L1"]


@dataclass(frozen=True, eq=False)
class L1(Regularizer):
    r"""``R(u) = Σ_i w_i |u_i|``.

    Parameters
    ----------
    weights : (batch, d)
        ``w >= 0``.

    Raises
    ------
    TypeError, ValueError
        ``weights`` is not a finite nonnegative float32 or float64 tensor of that shape.

    References
    ----------
    I. Daubechies, M. Defrise, C. De Mol, Comm. Pure Appl. Math. 57 (2004) 1413-1457: soft thresholding.
    """

    name: ClassVar[str] = "l1"

    weights: Float[Tensor, "batch d"]

    def __post_init__(self) -> None:
        require_floating(weights=self.weights)
        require_axes("weights", self.weights, "batch d", nonempty=("d",))
        require_nonnegative("weights", self.weights)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.weights.shape[1]

    def value(self, u: State) -> Scalars:
        """``Σ_i w_i |u_i|``."""
        return (self.weights * u.abs()).sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """Soft thresholding, ``sign(v_i) max(|v_i| − a w_i, 0)``."""
        threshold = a.unsqueeze(-1) * self.weights
        return torch.relu(v - threshold) - torch.relu(-v - threshold)

    def subgradient(self, u: State) -> State:
        """``w_i`` where ``u_i >= 0``, else ``−w_i``: a vertex of ``∂R(u)``, of norm ``‖w‖₂``."""
        return torch.where(u < 0, -self.weights, self.weights)

    def minimal_subgradient(self, u: State) -> State:
        """``w_i sign(u_i)``."""
        return self.weights * u.sign()

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``|p_i − w_i sign(u_i)|`` where ``u_i ≠ 0``, ``max(|p_i| − w_i, 0)`` else; norm over ``i``."""
        at_zero = torch.relu(p.abs() - self.weights)
        return linalg.norm(torch.where(u == 0, at_zero, p - self.weights * u.sign()))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(‖w‖₂, 0)``, attained by every vertex."""
        C0 = linalg.norm(self.weights)
        return C0, torch.zeros_like(C0)
