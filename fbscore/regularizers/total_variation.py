"""Total variation of the coordinates in their order."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from fbscore import linalg
from fbscore.errors import require_size
from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.chain import chain_prox, plateaus
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["TotalVariation"]


@dataclass(frozen=True, eq=False)
class TotalVariation(Regularizer):
    r"""``R(u) = Σ_{i<d} |u_{i+1} − u_i|``.

    ``∂R(u)`` holds the vectors ``p_i = s_{i−1} − s_i`` with ``s_0 = s_d = 0``, ``s_i = sign(u_{i+1} − u_i)``
    at a jump and any ``s_i ∈ [−1, 1]`` within a plateau.  Which entries are equal is decided exactly, so
    the prox makes the entries of a plateau equal exactly.

    Parameters
    ----------
    size : int
        ``d >= 1``.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an int that is at least 1.

    References
    ----------
    L. I. Rudin, S. Osher, E. Fatemi, Physica D 60 (1992) 259-268.
    """

    name: ClassVar[str] = "total_variation"

    size: int

    def __post_init__(self) -> None:
        require_size("size", self.size)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.size

    def value(self, u: State) -> Scalars:
        """``Σ_i |u_{i+1} − u_i|``."""
        return u.diff(dim=-1).abs().sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """Exact solution by dynamic programming (`fbscore.regularizers.chain`), ``O(d²)`` an instance."""
        weights = a.unsqueeze(-1).expand(-1, self.size - 1)
        return torch.where(a.unsqueeze(-1) == 0, v, chain_prox(v, weights))

    def subgradient(self, u: State) -> State:
        """``s`` alternates within plateaus: a vertex of ``∂R(u)`` of largest norm.

        Between two jumps it alternates from the left one on; before the first, up to that one: so at
        most one difference of ``s`` between two jumps is not ``±2``.
        """
        sign = u.diff(dim=-1).sign()
        if self.size == 1:
            return torch.zeros_like(u)
        index = torch.arange(self.size - 1, device=u.device)
        fixed = sign != 0
        alternating = (1 - 2 * (index % 2)).to(u.dtype)
        # Alternating signs times alternating signs are constant: they are copied from the nearest jump.
        phase = torch.where(fixed.any(-1, keepdim=True), sign * alternating, 1.0)
        before = torch.where(fixed, index, 0).cummax(-1).values
        nearest = torch.maximum(before, fixed.byte().argmax(-1, keepdim=True))
        return _divergence(phase.gather(-1, nearest) * alternating)

    def minimal_subgradient(self, u: State) -> State:
        """``(s_left − s_right) / length`` on each plateau: ``s`` runs straight between its ends."""
        signs = pad(u.diff(dim=-1).sign(), (1, 1))
        first, last = plateaus(u)
        return (signs.gather(-1, first) - signs.gather(-1, last + 1)) / (last - first + 1)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        r"""Distance to a translated product of ``∂TV(0)``, one factor a plateau, by Moreau's decomposition.

        With the signs ``s`` at the jumps and 0 elsewhere, ``∂R(u)`` is the sum of the fixed vector
        ``s_{i−1} − s_i`` and the sets ``∂TV_P(0)``, one for each plateau ``P`` in its own coordinates.
        ``TV_P`` is the support function of ``∂TV_P(0)``, so that the projection of ``q`` on that set leaves
        ``prox_{TV_P}(q)``.  The distance is the norm of the prox of the total variation within plateaus
        at ``p_i − s_{i−1} + s_i``.
        """
        sign = u.diff(dim=-1).sign()
        return linalg.norm(chain_prox(p - _divergence(sign), (sign == 0).to(p.dtype)))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(√(4d − 6), 0)``, attained by alternating entries; ``(0, 0)`` for ``d = 1``."""
        C0 = torch.tensor(math.sqrt(max(4 * self.size - 6, 0)), dtype=torch.float64)
        return C0, torch.zeros_like(C0)


def _divergence(s: Tensor) -> State:
    """``s_{i−1} − s_i`` with 0 at both ends."""
    return -pad(s, (1, 1)).diff(dim=-1)
