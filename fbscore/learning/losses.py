r"""Losses ``ℓ(u, u*)`` of the state at the end and its label; all are functions of ``u − u*``.

Source: X. Lin, C. Wu, arXiv:2605.27133, (2.10), (2.11), assumption A4 [reconstructed].
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require, require_positive
from fbscore.learning.loss import Loss, Width, known, per_instance, require_number, require_width
from fbscore.learning.losses_inadmissible import Jump, Open

__all__ = ["NAMES", "Huber", "Jump", "Loss", "Open", "Power", "by_name", "huber", "power"]


@final  # certified bounds know its closed form
@dataclass(frozen=True, eq=False)
class Power(Loss):
    r"""``‖u − u*‖_p^p``.

    Parameters
    ----------
    p : float
        At least 1, finite.

    Raises
    ------
    TypeError, ValueError
        Anything else.
    """

    p: float | int

    def __post_init__(self) -> None:
        require_number("p", self.p, "a float")
        require(1.0 <= self.p < math.inf, "p", "a power >= 1, finite", self.p)

    def value(self, u: Tensor, label: Tensor) -> Tensor:
        """``Σ_i |u_i − u*_i|^p``."""
        return _powers(u - label, self.p)

    def modulus(self, difference: Tensor, eps: Tensor) -> Tensor:
        r"""``(X + c eps)^p − X^p`` with ``X = ‖u − u*‖_p`` and ``c = max(1, d^{1/p − 1/2})``.

        ``c eps`` bounds ``‖v − u‖_p``, and ``X − (X − s)₊`` in the place of ``(X + s) − X`` is smaller, since
        the power is convex.  Attained for ``p = 1``, for ``p = 2`` and in one dimension.
        """
        total = _powers(difference, self.p)
        X, step = total ** (1.0 / self.p), self._ratio(difference.shape[-1]) * eps
        # Short steps by way of the relative step, which cancels nothing.
        relative = torch.expm1(self.p * torch.log1p(step / X)) * total
        return known(torch.where(step < X, relative, (X + step) ** self.p - total))

    def _ratio(self, d: int) -> float:
        """Largest ``‖z‖_p / ‖z‖₂`` in ``R^d``."""
        return d ** max(0.0, 1.0 / self.p - 0.5)


@final  # certified bounds know its closed form
@dataclass(frozen=True, eq=False)
class Huber(Loss):
    r"""``Σ_i h_w(u_i − u*_i)``, ``h_w(s) = s²/(2w)`` for ``|s| <= w``, ``|s| − w/2`` beyond.

    Parameters
    ----------
    width : float or tensor of shape () or (batch,)
        ``w > 0``.

    Raises
    ------
    TypeError, ValueError
        Anything else.

    References
    ----------
    P. J. Huber, Ann. Math. Statist. 35 (1964) 73-101.
    """

    width: Width

    def __post_init__(self) -> None:
        require_width(self.width)
        require_positive("width", torch.as_tensor(self.width))

    def value(self, u: Tensor, label: Tensor) -> Tensor:
        """``Σ_i h_w(u_i − u*_i)``."""
        size = (u - label).abs()
        w = per_instance(self.width, size)
        inner = torch.minimum(size, w)
        return (inner * (size - inner / 2) / w).sum(-1)

    def modulus(self, difference: Tensor, eps: Tensor) -> Tensor:
        r"""The smaller of ``eps (‖h'‖ + eps/(2w))`` and ``eps ‖g‖``, ``g_i = min(1, (|x_i| + eps)/w)``.

        ``h'' <= 1/w`` gives the first, ``|h'| <= g_i`` between the two points the second.
        """
        size, radius = difference.abs(), eps.unsqueeze(-1)
        w = per_instance(self.width, size)
        here, around = (linalg.norm(torch.clamp(x / w, max=1.0)) for x in (size, size + radius))
        curved = here + (radius / (2 * w)).squeeze(-1)
        return known(eps * torch.minimum(curved, around))


def power(p: float | int) -> Loss:
    """``‖u − u*‖_p^p``, see `Power`."""
    return Power(p)


def huber(width: Width) -> Loss:
    """The Huber loss, see `Huber`."""
    return Huber(width)


_WITHOUT_WIDTH: dict[str, Callable[[], Loss]] = {
    "p=1": lambda: Power(1.0),
    "p=3/2": lambda: Power(1.5),
    "p=2": lambda: Power(2.0),
    "p=3": lambda: Power(3.0),
    "open": Open,
}
_WITH_WIDTH: dict[str, Callable[[Width], Loss]] = {"huber": Huber, "jump": Jump}

NAMES = (*_WITHOUT_WIDTH, *_WITH_WIDTH)


def by_name(name: str, width: Width | None = None) -> Loss:
    """Construct a loss from its name.

    Parameters
    ----------
    name : str
        One of ``NAMES``.
    width : float or tensor of shape () or (batch,), optional
        Of ``"huber"`` and ``"jump"``; the others have none and ignore it.

    Raises
    ------
    TypeError, ValueError
        The name is unknown, or a width is missing or refused by the class.
    """
    require(name in NAMES, "name", f"one of {', '.join(NAMES)}", repr(name))
    if name in _WITHOUT_WIDTH:
        return _WITHOUT_WIDTH[name]()
    if width is None:
        raise ValueError(f"width: expected a width for {name!r}, got None")
    return _WITH_WIDTH[name](width)


def _powers(x: Tensor, p: float | int) -> Tensor:
    """``Σ_i |x_i|^p``."""
    return (x.abs() ** p).sum(-1)
