"""What every regulariser offers."""

import abc
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import torch
from torch import Tensor

from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["Parameter", "Regularizer"]

Parameter = Tensor | tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Regularizer(abc.ABC):
    r"""A function ``R`` on ``R^d``, one per instance of a batch.

    Fields are its parameters: tensors carry the leading batch axis, static ones are tuples of ints.
    Shapes: ``u, v, p`` (batch, d); ``a`` (batch,), ``a >= 0``.  Methods validate nothing: they are the
    inner loop.  Admissible means convex, finite and minimal at 0, with a subdifferential of linear growth.
    """

    name: ClassVar[str]
    admissible: ClassVar[bool] = True

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def dimension(self) -> int | None:
        """The ``d`` that the parameters fix, ``None`` if any will do."""
        return None

    def to(self, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> "Regularizer":
        """Return the same regulariser in another dtype or on another device (``None``: unchanged)."""
        tensors = {name: x for name, x in self.parameters.items() if isinstance(x, Tensor)}
        moved = {name: x.to(device=device or x.device, dtype=dtype or x.dtype) for name, x in tensors.items()}
        return replace(self, **moved)

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
