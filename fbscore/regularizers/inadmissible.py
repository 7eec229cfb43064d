"""Functions that break an assumption: subjects of negative controls, never of a claim."""

import math
from dataclasses import dataclass
from typing import ClassVar, NoReturn

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require_axes, require_finite, require_floating
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["L0", "HalfPower", "NegativeL1", "ShiftedL1"]


@dataclass(frozen=True, eq=False)
class L0(Regularizer):
    r"""``R(u) = #{i : u_i ≠ 0}``: not convex (A1), and its prox jumps.

    References
    ----------
    T. Blumensath, M. E. Davies, J. Fourier Anal. Appl. 14 (2008) 629-654: hard thresholding.
    """

    name: ClassVar[str] = "l0"
    admissible: ClassVar[bool] = False

    def value(self, u: State) -> Scalars:
        """Number of entries that are not 0."""
        return (u != 0).sum(-1).to(u.dtype)

    def prox(self, v: State, a: Scalars) -> State:
        """``v_i``, or 0 where ``|v_i| < √(2a)``; a tie keeps ``v_i``."""
        return torch.where(v.abs() < (2.0 * a).sqrt().unsqueeze(-1), 0.0, v)

    def subgradient(self, u: State) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def minimal_subgradient(self, u: State) -> State:
        """0, the gradient away from 0 and the smallest Fréchet subgradient at 0."""
        return torch.zeros_like(u)

    def subdifferential_distance(self, u: State, p: State) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def contains(self, u: State, p: State, slack: float | Scalars) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def growth(self) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "growth constants")


@dataclass(frozen=True, eq=False)
class HalfPower(Regularizer):
    r"""``R(u) = Σ_i |u_i|^{1/2}``: not convex (A1), and its prox jumps.

    References
    ----------
    Z. Xu, X. Chang, F. Xu, H. Zhang, IEEE Trans. Neural Netw. Learn. Syst. 23 (2012) 1013-1027: half
    thresholding, with ``λ = 2a``.
    """

    name: ClassVar[str] = "half_power"
    admissible: ClassVar[bool] = False

    def value(self, u: State) -> Scalars:
        """``Σ_i √|u_i|``."""
        return u.abs().sqrt().sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        r"""Largest root of ``u − |v| + a / (2√u) = 0``, or 0 where ``|v| < 1.5 a^{2/3}``; a tie keeps it.

        With ``x = ⅓ arcsin(√½ a (|v| / 1.5)^{−3/2})`` the closed form ``⅔ v (1 + cos(π/3 + 2x))`` is written
        as ``v − (4/3) v sin(π/3 + x) sin(x)``: no cancellation as ``a → 0``.
        """
        scaled = v.abs() / 1.5
        jump = scaled * scaled.sqrt()
        weight = a.unsqueeze(-1)
        ratio = (weight / torch.where(jump > 0, jump, 1.0)).clamp(max=1.0)
        x = torch.asin(math.sqrt(0.5) * ratio) / 3.0
        kept = v - (4.0 / 3.0) * v * torch.sin(math.pi / 3.0 + x) * torch.sin(x)
        return torch.where(jump < weight, 0.0, kept)

    def subgradient(self, u: State) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def minimal_subgradient(self, u: State) -> State:
        """``sign(u_i) / (2 √|u_i|)``; 0, the smallest Fréchet subgradient, at 0."""
        return torch.where(u == 0, 0.0, 0.5 * u.sign() * u.abs().rsqrt())

    def subdifferential_distance(self, u: State, p: State) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def contains(self, u: State, p: State, slack: float | Scalars) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def growth(self) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "growth constants")


@dataclass(frozen=True, eq=False)
class NegativeL1(Regularizer):
    r"""``R(u) = −Σ_i |u_i|``: not convex (A1); its gradient flow from 0 is not unique."""

    name: ClassVar[str] = "negative_l1"
    admissible: ClassVar[bool] = False

    def value(self, u: State) -> Scalars:
        """``−Σ_i |u_i|``."""
        return -u.abs().sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """``v_i + a sign(v_i)``; at 0 both ``±a`` are minimisers, ``+a`` by convention."""
        weight = a.unsqueeze(-1)
        return torch.where(v < 0, v - weight, v + weight)

    def subgradient(self, u: State) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def minimal_subgradient(self, u: State) -> State:
        """``−sign(u_i)``; 0 at 0 by convention, where there is no Fréchet subgradient."""
        return -u.sign()

    def subdifferential_distance(self, u: State, p: State) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def contains(self, u: State, p: State, slack: float | Scalars) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "subgradients")

    def growth(self) -> NoReturn:
        """Raise NotImplementedError."""
        _refuse(self, "growth constants")


@dataclass(frozen=True, eq=False)
class ShiftedL1(Regularizer):
    r"""``R(u) = ‖u − b‖₁``: convex, but not minimal at 0 (A2).

    Parameters
    ----------
    center : (batch, d)
        ``b``.

    Raises
    ------
    TypeError, ValueError
        ``center`` is not a finite float32 or float64 tensor of that shape.
    """

    name: ClassVar[str] = "shifted_l1"
    admissible: ClassVar[bool] = False

    center: Float[Tensor, "batch d"]

    def __post_init__(self) -> None:
        require_floating(center=self.center)
        require_axes("center", self.center, "batch d", nonempty=("d",))
        require_finite("center", self.center)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return self.center.shape[1]

    def value(self, u: State) -> Scalars:
        """``Σ_i |u_i − b_i|``."""
        return (u - self.center).abs().sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """The point of ``[v_i − a, v_i + a]`` nearest to ``b_i``: ``b_i`` exactly if it lies there."""
        weight = a.unsqueeze(-1)
        return torch.clamp(self.center, v - weight, v + weight)

    def subgradient(self, u: State) -> State:
        """1 where ``u_i >= b_i``, else −1: a vertex of ``∂R(u)``."""
        return torch.where(u < self.center, -1.0, 1.0).to(u.dtype)

    def minimal_subgradient(self, u: State) -> State:
        """``sign(u_i − b_i)``."""
        return (u - self.center).sign()

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``|p_i − sign(u_i − b_i)|`` where ``u_i ≠ b_i``, ``max(|p_i| − 1, 0)`` else; norm over ``i``."""
        sign = (u - self.center).sign()
        return linalg.norm(torch.where(sign == 0, torch.relu(p.abs() - 1.0), p - sign))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(√d, 0)``, attained by every vertex."""
        C0 = self.center.new_tensor(math.sqrt(self.center.shape[1]))
        return C0, torch.zeros_like(C0)


def _refuse(regularizer: Regularizer, what: str) -> NoReturn:
    raise NotImplementedError(f"{regularizer.name}: no {what} are defined, the function is not convex")
