"""What every regulariser offers."""

import abc
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import torch
from torch import Tensor

from fbscore.errors import require, require_floating
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["Parameter", "Regularizer"]


@dataclass(frozen=True, eq=False)
class Regularizer(abc.ABC):
    r"""A function ``R`` on ``R^d``, one per instance of a batch.

    Fields are its parameters: tensors carry the leading batch axis, static ones are ints and tuples of
    ints, and a regulariser may be built on another one.
    Shapes: ``u, v, p`` (batch, d); ``a`` (batch,), ``a >= 0``.  Methods validate nothing: they are the
    inner loop.  Admissible means convex, finite and minimal at 0, with a subdifferential of linear growth.
    """

    name: ClassVar[str]
    admissible: ClassVar[bool] = True

    @property
    def parameters(self) -> dict[str, "Parameter"]:
        """The fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def dimension(self) -> int | None:
        """The ``d`` that the parameters fix, ``None`` if any will do."""
        return None

    def to(self, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> "Regularizer":
        """Return the same regulariser in another dtype or on another device (``None``: unchanged)."""
        moved: dict[str, Parameter] = {}
        for name, x in self.parameters.items():
            if isinstance(x, Tensor):
                moved[name] = x.to(device=device or x.device, dtype=dtype or x.dtype)
            elif isinstance(x, Regularizer):
                moved[name] = x.to(dtype, device)
        return replace(self, **moved)

    def require_match(self, argument: str, batch: int, d: int, **like: Tensor) -> None:
        """Require parameters for ``batch`` instances in ``R^d``, of the dtype and on the device of ``like``.

        Parameters
        ----------
        argument : str
            What errors call this regulariser.
        batch, d : int
        **like : Tensor
            One tensor under the name that errors give it.

        Raises
        ------
        TypeError, ValueError
            A parameter, or one of an inner regulariser, does not match.
        """
        for name, x in self.parameters.items():
            if isinstance(x, Tensor):
                require_floating(**like, **{f"{argument}.{name}": x})
                require(x.shape[0] == batch, f"{argument}.{name}", f"a batch of {batch}", x.shape[0])
            elif isinstance(x, Regularizer):
                x.require_match(f"{argument}.{name}", batch, d, **like)
        require(self.dimension in (None, d), argument, f"parameters for d = {d}", self.dimension)

    @abc.abstractmethod
    def value(self, u: State) -> Scalars:
        """``R(u)``."""

    @abc.abstractmethod
    def prox(self, v: State, a: Scalars) -> State:
        """``argmin_u ½‖u − v‖² + a R(u)``; exactly ``v`` at ``a = 0``."""

    @abc.abstractmethod
    def subgradient(self, u: State) -> State:
        """An element of ``∂R(u)``: where there is a choice, an extreme point of largest norm."""

    @abc.abstractmethod
    def minimal_subgradient(self, u: State) -> State:
        """``∂R⁰(u)``, the element of ``∂R(u)`` of smallest norm."""

    @abc.abstractmethod
    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """Euclidean distance from ``p`` to ``∂R(u)``."""

    @abc.abstractmethod
    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""

    @abc.abstractmethod
    def growth(self) -> Growth:
        """``(C0, C1)`` with ``‖p‖ <= C0 + C1 ‖u‖`` for all ``p ∈ ∂R(u)``, broadcastable to (batch,)."""


Parameter = Tensor | tuple[int, ...] | int | Regularizer
