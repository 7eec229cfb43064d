"""Convex functions without linear growth of the subdifferential: subjects of negative controls."""

from dataclasses import dataclass
from typing import ClassVar, NoReturn

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require_axes, require_floating, require_positive
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Scalars, State

__all__ = ["BoxIndicator", "Quartic"]

#: Of Newton's method, from within a factor 1.5 of the root, to round-off in float64.
NEWTON_STEPS = 6


@dataclass(frozen=True, eq=False)
class BoxIndicator(Regularizer):
    r"""``R = 0`` on ``[−c, c]^d``, infinite outside: convex, not finite (A1), no linear growth (A3).

    Parameters
    ----------
    half_width : (batch,)
        ``c > 0``.

    Raises
    ------
    TypeError, ValueError
        ``half_width`` is not a finite positive float32 or float64 tensor of that shape.
    """

    name: ClassVar[str] = "box_indicator"
    admissible: ClassVar[bool] = False

    half_width: Float[Tensor, "batch"]

    def __post_init__(self) -> None:
        require_floating(half_width=self.half_width)
        require_axes("half_width", self.half_width, "batch")
        require_positive("half_width", self.half_width)

    def value(self, u: State) -> Scalars:
        """0 or infinity."""
        beyond = torch.relu(u.abs() - self.half_width.unsqueeze(-1)).amax(-1)
        return torch.where(beyond > 0, torch.inf, beyond)

    def prox(self, v: State, a: Scalars) -> State:
        """The projection on the box for every ``a > 0``: it jumps at ``a = 0``."""
        c = self.half_width.unsqueeze(-1)
        return torch.where(a.unsqueeze(-1) == 0, v, torch.clamp(v, -c, c))

    def subgradient(self, u: State) -> State:
        """``sign(u_i)`` on the faces ``|u_i| = c``, else 0; its positive multiples are subgradients too."""
        return torch.where(u.abs() == self.half_width.unsqueeze(-1), u.sign(), self.minimal_subgradient(u))

    def minimal_subgradient(self, u: State) -> State:
        """0; NaN outside the box, where there is none."""
        return torch.where(self.value(u).unsqueeze(-1) > 0, torch.nan, torch.zeros_like(u))

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """Norm of ``|p_i|``, of ``max(−p_i sign(u_i), 0)`` on a face; infinite outside the box."""
        on_face = u.abs() == self.half_width.unsqueeze(-1)
        distance = linalg.norm(torch.where(on_face, torch.relu(-p * u.sign()), p))
        return torch.where(self.value(u) > 0, torch.inf, distance)

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of the normal cone."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "its subdifferential is not bounded on the faces")


@dataclass(frozen=True, eq=False)
class Quartic(Regularizer):
    r"""``R(u) = ¼ ‖u‖⁴``: convex and minimal at 0, with a subdifferential of cubic growth (A3)."""

    name: ClassVar[str] = "quartic"
    admissible: ClassVar[bool] = False

    def value(self, u: State) -> Scalars:
        """``¼ ‖u‖⁴``."""
        return 0.25 * u.square().sum(-1).square()

    def prox(self, v: State, a: Scalars) -> State:
        """``t v`` with the root of ``t + x t³ = 1``, ``x = a ‖v‖²``, by Newton's method from above.

        Its steps ``(1 + 2 x t³) / (1 + 3 x t²)`` have positive terms only: nothing cancels.
        """
        x = a * v.square().sum(-1)
        t = x.detach().clamp(min=1.0).pow(-1.0 / 3.0)
        for _ in range(NEWTON_STEPS):
            t = (1.0 + 2.0 * x * t**3) / (1.0 + 3.0 * x * t**2)
        return t.unsqueeze(-1) * v

    def subgradient(self, u: State) -> State:
        """The gradient ``‖u‖² u``."""
        return u.square().sum(-1, keepdim=True) * u

    def minimal_subgradient(self, u: State) -> State:
        """The gradient."""
        return self.subgradient(u)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``‖p − ∇R(u)‖``."""
        return linalg.norm(p - self.subgradient(u))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∇R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "its gradient grows like the cube")


def _refuse(regularizer: Regularizer, why: str) -> NoReturn:
    raise NotImplementedError(f"{regularizer.name}: no growth constants are defined, {why}")
