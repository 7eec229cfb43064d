"""A regulariser in rotated coordinates."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import extremes, require, require_axes, require_finite, require_floating, require_instance
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["Rotated"]


@dataclass(frozen=True, eq=False)
class Rotated(Regularizer):
    r"""``R(u) = S(D u)`` with an orthogonal matrix ``D`` and another regulariser ``S``.

    ``parameters`` is ``{"D": D, "inner": S}``, with ``S`` itself, and ``by_name("rotated", D=D, inner=S)``
    takes the same: whoever stores a regulariser stores the inner one by its own name and parameters.

    ``D u`` carries round-off ``n``, so that zeros and ties of ``S`` at a computed ``u`` are not exact.
    Where subgradients are concerned it is therefore replaced by ``w = prox_{δS}(D u + δ q)``, with ``q`` the
    vector asked about and ``δ = √ε ‖u‖ / (C0 + C1 ‖u‖)``, or 0 if ``C0 = 0``.  It is ``D u`` itself if
    ``q ∈ ∂S(D u)``, and at most ``δ dist(q, ∂S(D u))`` from it else.  For ``S`` polyhedral near the exact
    ``D u``, with ``F = ∂S`` there, ``∂S(w)`` is a face of ``F`` that holds the projection of ``q + n/δ``:
    the distance from ``q`` to it is that to ``F`` unless another face comes within ``|n|/δ``, of the order
    ``√ε C0``, and then off by no more than that.

    Parameters
    ----------
    D : (batch, d, d)
        Orthogonal up to round-off: no entry of ``D Dᵀ − I`` beyond ``8 d ε``.
    inner : Regularizer
        ``S``, admissible, with parameters for this batch, ``d``, dtype and device.

    Raises
    ------
    TypeError, ValueError
        ``D`` is not a finite float32 or float64 tensor of that kind, or ``inner`` does not go with it.

    References
    ----------
    ``prox_{aR} = Dᵀ prox_{aS} D``: P. L. Combettes, J.-C. Pesquet, IEEE J. Sel. Top. Signal Process. 1
    (2007) 564-574.
    """

    name: ClassVar[str] = "rotated"

    D: Float[Tensor, "batch d d"]
    inner: Regularizer

    def __post_init__(self) -> None:
        require_floating(D=self.D)
        require_axes("D", self.D, "batch d d", nonempty=("d",))
        require_finite("D", self.D)
        batch, d, _ = self.D.shape
        identity = torch.eye(d, dtype=self.D.dtype, device=self.D.device)
        low, high = extremes(self.D @ self.D.mT - identity)
        skew = max(-low, high)
        slack = 8 * d * torch.finfo(self.D.dtype).eps
        require(skew <= slack, "D", "orthogonal matrices", f"an entry {skew} of D D^T - I")
        require_instance("inner", self.inner, Regularizer, "a Regularizer")
        require(self.inner.admissible, "inner", "an admissible regulariser", self.inner.name)
        self.inner.require_match("inner", batch, d, D=self.D)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.D.shape[2]

    def value(self, u: State) -> Scalars:
        """``S(D u)``."""
        return self.inner.value(linalg.matvec(self.D, u))

    def prox(self, v: State, a: Scalars) -> State:
        """``Dᵀ prox_{aS}(D v)``."""
        u = self._back(self.inner.prox(linalg.matvec(self.D, v), a))
        return torch.where(a.unsqueeze(-1) == 0, v, u)

    def subgradient(self, u: State) -> State:
        """``Dᵀ q`` with an extreme ``q ∈ ∂S(D u)``."""
        return self._back(self.inner.subgradient(self._settled(u)))

    def minimal_subgradient(self, u: State) -> State:
        """``Dᵀ q`` with the shortest ``q ∈ ∂S(D u)``."""
        return self._back(self.inner.minimal_subgradient(self._settled(u)))

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """Distance from ``D p`` to ``∂S(D u)``."""
        q = linalg.matvec(self.D, p)
        return self.inner.subdifferential_distance(self._inside(u, q), q)

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """Those of ``S``."""
        return self.inner.growth()

    def _back(self, w: State) -> State:
        return linalg.matvec(self.D.mT, w)

    def _settled(self, u: State) -> State:
        """``_inside`` where nothing is asked about: first 0, then the shortest subgradient found there."""
        q = self.inner.minimal_subgradient(self._inside(u, torch.zeros_like(u)))
        return self._inside(u, q)

    def _inside(self, u: State, q: State) -> State:
        """``D u`` with the zeros and ties of ``S`` that round-off has broken, those that matter to ``q``."""
        C0, C1 = (C.to(u) for C in self.inner.growth())
        length = linalg.norm(u)
        bound = C0 + C1 * length
        noise = math.sqrt(torch.finfo(u.dtype).eps) * length
        delta = torch.where(C0 > 0, noise / torch.where(C0 > 0, bound, 1.0), 0.0)
        return self.inner.prox(linalg.matvec(self.D, u) + delta.unsqueeze(-1) * q, delta)
