"""The elastic net."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require_axes, require_floating, require_nonnegative, require_shape
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["ElasticNet"]


@dataclass(frozen=True, eq=False)
class ElasticNet(Regularizer):
    r"""``R(u) = Σ_i w_i |u_i| + ½ ρ ‖u‖²``.

    Parameters
    ----------
    weights : (batch, d)
        ``w >= 0``.
    ridge : (batch,)
        ``ρ >= 0``.

    Raises
    ------
    TypeError, ValueError
        Anything but finite nonnegative tensors of these shapes, of one dtype (float32 or float64), on
        one device.

    References
    ----------
    H. Zou, T. Hastie, J. R. Stat. Soc. B 67 (2005) 301-320.
    """

    name: ClassVar[str] = "elastic_net"

    weights: Float[Tensor, "batch d"]
    ridge: Float[Tensor, "batch"]

    def __post_init__(self) -> None:
        require_floating(weights=self.weights, ridge=self.ridge)
        require_axes("weights", self.weights, "batch d", nonempty=("d",))
        require_shape("ridge", self.ridge, batch=self.weights.shape[0])
        require_nonnegative("weights", self.weights)
        require_nonnegative("ridge", self.ridge)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.weights.shape[1]

    def value(self, u: State) -> Scalars:
        """``Σ_i w_i |u_i| + ½ ρ ‖u‖²``."""
        return (self.weights * u.abs()).sum(-1) + 0.5 * self.ridge * u.square().sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """Soft thresholding, then shrinkage: ``sign(v_i) max(|v_i| − a w_i, 0) / (1 + a ρ)``."""
        threshold = a.unsqueeze(-1) * self.weights
        kept = torch.relu(v - threshold) - torch.relu(-v - threshold)
        return kept / (1.0 + a * self.ridge).unsqueeze(-1)

    def subgradient(self, u: State) -> State:
        """``±w_i + ρ u_i``, the sign that of ``u_i``, plus at 0: a vertex of ``∂R(u)``."""
        return torch.where(u < 0, -self.weights, self.weights) + self._shrinkage(u)

    def minimal_subgradient(self, u: State) -> State:
        """``w_i sign(u_i) + ρ u_i``."""
        return self.weights * u.sign() + self._shrinkage(u)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``|p_i − w_i sign(u_i) − ρ u_i|``; ``max(|p_i| − w_i, 0)`` where ``u_i = 0``; norm over ``i``."""
        at_zero = torch.relu(p.abs() - self.weights)
        return linalg.norm(torch.where(u == 0, at_zero, p - self.minimal_subgradient(u)))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(‖w‖₂, ρ)``, attained at 0 and at multiples of ``w``."""
        return linalg.norm(self.weights), self.ridge

    def _shrinkage(self, u: State) -> State:
        return self.ridge.unsqueeze(-1) * u
