"""A non-convex function that is minimal at 0, and elsewhere too: a subject of negative controls."""

from dataclasses import dataclass
from typing import ClassVar, NoReturn

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.errors import require_axes, require_floating, require_positive
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Scalars, State

__all__ = ["DoubleWell"]


@dataclass(frozen=True, eq=False)
class DoubleWell(Regularizer):
    r"""``R(u) = Σ_i min(|u_i|, |u_i − b_i|)``: minimal at 0 (A2), not convex (A1); its prox can lengthen.

    Parameters
    ----------
    center : (batch, d)
        ``b > 0``, the bottom of the second well.

    Raises
    ------
    TypeError, ValueError
        ``center`` is not a finite positive float32 or float64 tensor of that shape.
    """

    name: ClassVar[str] = "double_well"
    admissible: ClassVar[bool] = False

    center: Float[Tensor, "batch d"]

    def __post_init__(self) -> None:
        require_floating(center=self.center)
        require_axes("center", self.center, "batch d", nonempty=("d",))
        require_positive("center", self.center)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.center.shape[1]

    def value(self, u: State) -> Scalars:
        """``Σ_i min(|u_i|, |u_i − b_i|)``."""
        return torch.minimum(u.abs(), (u - self.center).abs()).sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """The point of ``[v_i − a, v_i + a]`` nearest to 0 if ``v_i < b_i/2``, to ``b_i`` otherwise.

        Each well alone leaves an energy that grows with the distance to it, so the nearer one wins; at
        ``v_i = b_i/2`` both points are minimisers, and the well at ``b_i`` is taken by convention.
        """
        weight = a.unsqueeze(-1)
        return torch.clamp(self._well(v), v - weight, v + weight)

    def subgradient(self, u: State) -> NoReturn:
        """Raise NotImplementedError."""
        self._refuse("subgradients")

    def minimal_subgradient(self, u: State) -> State:
        """``sign`` of ``u_i`` less its well; 0 at ``b_i/2`` by convention: no Fréchet subgradient there."""
        return torch.where(u == 0.5 * self.center, 0.0, (u - self._well(u)).sign())

    def subdifferential_distance(self, u: State, p: State) -> NoReturn:
        """Raise NotImplementedError."""
        self._refuse("subgradients")

    def contains(self, u: State, p: State, slack: float | Scalars) -> NoReturn:
        """Raise NotImplementedError."""
        self._refuse("subgradients")

    def growth(self) -> NoReturn:
        """Raise NotImplementedError."""
        self._refuse("growth constants")

    def _well(self, u: State) -> State:
        return torch.where(u < 0.5 * self.center, 0.0, self.center)

    def _refuse(self, what: str) -> NoReturn:
        raise NotImplementedError(f"{self.name}: no {what} are defined, the function is not convex")
