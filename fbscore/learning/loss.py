"""What every loss offers."""

import abc
import math
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.errors import require, require_finite, require_floating

__all__ = ["Loss", "Width", "known", "per_instance", "require_number", "require_width"]

Width = float | int | Tensor


@dataclass(frozen=True, eq=False)
class Loss(abc.ABC):
    r"""A loss, one for all instances of a batch or with one width an instance.

    Shapes: ``u``, ``label``, ``difference`` (\*leading, d), whose leading axes broadcast; ``eps`` and results
    (\*leading).  A width of shape (batch,) belongs to the first of the leading axes.  Methods validate
    nothing: they are the inner loop.
    """

    continuous: ClassVar[bool] = True

    @abc.abstractmethod
    def value(
        self, u: Float[Tensor, "*#leading d"], label: Float[Tensor, "*#leading d"]
    ) -> Float[Tensor, "*#leading"]:
        """``ℓ(u, u*) >= 0``; differentiable by torch where ``ℓ`` is."""

    @abc.abstractmethod
    def modulus(
        self, difference: Float[Tensor, "*#leading d"], eps: Float[Tensor, "*#leading"]
    ) -> Float[Tensor, "*#leading"]:
        r"""A bound on ``|ℓ(v, u*) − ℓ(u, u*)|`` for all ``‖v − u‖₂ <= eps``, given ``difference = u − u*``.

        Computed to round-off, with a relative error of about ``d`` units; infinite where nothing is known.
        """

    def to(self, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> "Loss":
        """Return the same loss in another dtype or on another device (``None``: unchanged)."""
        widths = {name: x.to(device=device or x.device, dtype=dtype or x.dtype) for name, x in self._tensors}
        return replace(self, **widths)

    def require_match(self, argument: str, batch: int, **like: Tensor) -> None:
        """Require widths for ``batch`` instances, of the dtype and on the device of ``like``."""
        for name, x in self._tensors:
            require_floating(**like, **{f"{argument}.{name}": x})
            require(
                x.shape in ((), (batch,)), f"{argument}.{name}", f"shape () or ({batch},)", tuple(x.shape)
            )

    @property
    def _tensors(self) -> list[tuple[str, Tensor]]:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [(name, x) for name, x in values if isinstance(x, Tensor)]


def require_width(width: object) -> None:
    """Require a finite number, or a floating tensor without or with one axis."""
    if isinstance(width, Tensor):
        require_floating(width=width)
        require(width.ndim <= 1, "width", "shape () or (batch,)", tuple(width.shape))
        require_finite("width", width)
        return
    number = require_number("width", width, "a float or a torch.Tensor")
    require(math.isfinite(number), "width", "a finite width", width)


def require_number(argument: str, x: object, expected: str) -> float:
    """Require a float or an int, and return it."""
    if not isinstance(x, int | float) or isinstance(x, bool):
        raise TypeError(f"{argument}: expected {expected}, got {type(x).__name__}")
    return float(x)


def per_instance(width: Width, like: Tensor) -> Tensor:
    """The width in the dtype of ``like``, its axis the first one of ``like``."""
    w = torch.as_tensor(width, dtype=like.dtype, device=like.device)
    return w.reshape(-1, *(1,) * (like.ndim - 1)) if w.ndim else w


def known(bound: Tensor) -> Tensor:
    """The bound, infinite where the states were not finite."""
    return torch.where(bound.isnan(), torch.inf, bound)
