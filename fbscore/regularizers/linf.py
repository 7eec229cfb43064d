"""The maximum norm."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["LInf"]


@dataclass(frozen=True, eq=False)
class LInf(Regularizer):
    r"""``R(u) = ‖u‖_∞``.

    ``∂R(u)`` is the convex hull of ``sign(u_i) e_i`` over the coordinates of largest modulus, and the
    ``l1`` ball at 0.  Which coordinates tie is decided exactly, so the prox makes them tie exactly.

    References
    ----------
    J. Duchi, S. Shalev-Shwartz, Y. Singer, T. Chandra, ICML 2008, 272-279: projection on the ``l1`` ball.
    """

    name: ClassVar[str] = "linf"

    def value(self, u: State) -> Scalars:
        """``max_i |u_i|``."""
        return u.abs().amax(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """``v`` minus its projection on the ``l1`` ball of radius ``a`` (Moreau): ``v`` clipped to a level.

        The level ``c`` has ``Σ_i max(|v_i| − c, 0) = a``, or is 0 if ``‖v‖₁ <= a``.
        """
        level = torch.relu(_water_level(v.abs(), a)).unsqueeze(-1)
        return torch.clamp(v, -level, level)

    def subgradient(self, u: State) -> State:
        """``sign(u_i) e_i`` for one coordinate ``i`` of largest modulus; a unit vector at 0."""
        index = u.abs().argmax(-1, keepdim=True)
        sign = torch.where(u.gather(-1, index) < 0, -1.0, 1.0).to(u.dtype)
        return torch.zeros_like(u).scatter(-1, index, sign)

    def minimal_subgradient(self, u: State) -> State:
        """``sign(u_i)`` divided by the number of ties, for the coordinates of largest modulus; 0 at 0."""
        top = _largest(u)
        return torch.where(top, u.sign(), 0.0) / top.sum(-1, keepdim=True)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """Distance to a face of the ``l1`` ball: to the unit simplex in the coordinates that tie.

        At 0 the projection on the ball leaves ``prox_R(p)`` (Moreau).
        """
        top = _largest(u)
        along = p * u.sign()
        # Entries more than 1 below the largest do not take part in the projection on the unit simplex.
        highest = torch.where(top, along, -torch.inf).amax(-1, keepdim=True)
        level = _water_level(torch.where(top, along, highest - 2.0), torch.ones_like(u[:, 0]))
        on_face = linalg.norm(torch.where(top, torch.minimum(along, level.unsqueeze(-1)), p))
        at_zero = linalg.norm(self.prox(p, torch.ones_like(u[:, 0])))
        return torch.where((u == 0).all(-1), at_zero, on_face)

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(1, 0)``, attained by every vertex."""
        return torch.tensor(1.0), torch.tensor(0.0)


def _largest(u: State) -> Tensor:
    """Mark the coordinates of largest modulus."""
    modulus = u.abs()
    return modulus == modulus.amax(-1, keepdim=True)


def _water_level(q: Float[Tensor, "batch d"], a: Scalars) -> Scalars:
    r"""The ``c`` with ``Σ_i max(q_i − c, 0) = a``; the largest ``q_i`` exactly at ``a = 0``.

    With the gaps ``g_k`` of the sorted entries below the largest, the level lies
    ``(a + g_1 + … + g_k) / k`` below it, for the last ``k`` with ``k g_k − (g_1 + … + g_k) <= a``.
    Gaps, not partial sums of ``q``: they are small where ``a`` is, and exactly 0 at ties.
    """
    ordered = q.sort(dim=-1, descending=True).values
    gaps = ordered[:, :1] - ordered
    sums = gaps.cumsum(-1)
    ranks = torch.arange(1, q.shape[1] + 1, dtype=q.dtype, device=q.device)
    # At least 1, so that a row with NaN gives NaN rather than an index out of range.
    count = (ranks * gaps - sums <= a.unsqueeze(-1)).sum(-1, keepdim=True).clamp(min=1)
    depth = (a.unsqueeze(-1) + sums.gather(-1, count - 1)) / count
    return (ordered[:, :1] - depth).squeeze(-1)
