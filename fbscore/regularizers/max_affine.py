"""Maximum of linear functions."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import extremes, require, require_axes, require_finite, require_floating
from fbscore.regularizers import hull
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["MaxAffine"]


@dataclass(frozen=True, eq=False)
class MaxAffine(Regularizer):
    r"""``R(u) = max_i <a_i, u>``, the support function of ``C = conv{a_i}``.

    ``∂R(u)`` is the convex hull of the active slopes, those with ``<a_i, u> = R(u)``; ``C`` at 0.  At a
    computed point a tie cannot be exact: slopes count as active if they fall short of ``R(u)`` by at most
    ``64 ε max_i ‖a_i‖ ‖u‖`` (``ε`` the machine epsilon of the dtype).  The prox returns points at which the
    slopes it used tie to within half of that.

    Parameters
    ----------
    slopes : (batch, k, d)
        ``a_i``, with 0 in their convex hull up to round-off: no farther than ``16 k ε max_i ‖a_i‖``.
        They may repeat.  The work grows like ``k⁴``; meant for ``k`` up to 8 or so.

    Raises
    ------
    TypeError, ValueError
        ``slopes`` is not a finite float32 or float64 tensor of that kind.

    References
    ----------
    The prox of a support function: H. H. Bauschke, P. L. Combettes, Convex Analysis and Monotone Operator
    Theory in Hilbert Spaces, 2nd ed., Springer 2017, Example 24.5.
    """

    name: ClassVar[str] = "max_affine"

    slopes: Float[Tensor, "batch k d"]

    def __post_init__(self) -> None:
        require_floating(slopes=self.slopes)
        require_axes("slopes", self.slopes, "batch k d", nonempty=("k", "d"))
        require_finite("slopes", self.slopes)
        slopes = self.slopes.detach()
        zero = torch.zeros_like(slopes[:, 0])
        apart = linalg.norm(hull.residual(slopes, self._all, zero, torch.ones_like(zero[:, 0])))
        slack = 16 * slopes.shape[1] * torch.finfo(slopes.dtype).eps * hull.largest_length(slopes)
        _, farthest = extremes(torch.where(apart <= slack, 0.0, apart))
        require(farthest == 0.0, "slopes", "0 in their convex hull", f"a hull at distance {farthest}")

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.slopes.shape[2]

    def value(self, u: State) -> Scalars:
        """``max_i <a_i, u>``."""
        return linalg.matvec(self.slopes, u).amax(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """``v`` less its projection on ``a C`` (Moreau); exactly 0 where round-off is all that is left."""
        u = hull.residual(self.slopes, self._all, v, a)
        # Subnormal numbers have no direction to speak of.
        subnormal = (a > 0) & (linalg.norm(u) < torch.finfo(u.dtype).tiny)
        return torch.where(subnormal.unsqueeze(-1), 0.0, _settled(u, linalg.norm(v)))

    def subgradient(self, u: State) -> State:
        """The longest active slope: a vertex of ``∂R(u)``."""
        lengths = torch.where(self._active(u), linalg.norm(self.slopes), -1.0)
        index = lengths.argmax(-1)[:, None, None]
        return self.slopes.take_along_dim(index, dim=1).squeeze(1)

    def minimal_subgradient(self, u: State) -> State:
        """The projection of 0 on the hull of the active slopes."""
        p = -hull.residual(self.slopes, self._active(u), torch.zeros_like(u), torch.ones_like(u[:, 0]))
        return _settled(p, hull.largest_length(self.slopes))

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """Distance to the hull of the active slopes."""
        return linalg.norm(hull.residual(self.slopes, self._active(u), p, torch.ones_like(p[:, 0])))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(max_i ‖a_i‖, 0)``, attained at 0."""
        C0 = hull.largest_length(self.slopes)
        return C0, torch.zeros_like(C0)

    @property
    def _all(self) -> Bool[Tensor, "batch k"]:
        return torch.ones_like(self.slopes[..., 0], dtype=torch.bool)

    def _active(self, u: State) -> Bool[Tensor, "batch k"]:
        heights = linalg.matvec(self.slopes, u)
        least = heights.amax(-1) - hull.activity_slack(self.slopes, u)
        # Of NaN none would be active.
        return ~(heights < least.unsqueeze(-1))


def _settled(x: State, magnitude: Scalars) -> State:
    """``x``, or 0 where it is round-off of vectors of that magnitude."""
    noise = 3 * torch.finfo(x.dtype).eps * magnitude
    return torch.where((linalg.norm(x) <= noise).unsqueeze(-1), 0.0, x)
