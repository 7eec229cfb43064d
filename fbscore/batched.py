"""Sizes, dtype and device that all problems, and all controls, have in common."""

from dataclasses import Field, fields, replace
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

__all__ = ["LayerControls", "Measured"]

T = TypeVar("T", bound="_Batched")  # typing.Self is more than the shape checks understand here


class _Batched:
    """Base of frozen dataclasses of tensors that share their first axis, their dtype and their device."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors, in the order of the fields."""
        values = (getattr(self, field.name) for field in fields(self))
        return tuple(x for x in values if isinstance(x, Tensor))

    @property
    def batch(self) -> int:
        """Number of instances."""
        return self.tensors[0].shape[0]

    @property
    def dtype(self) -> torch.dtype:
        """float32 or float64."""
        return self.tensors[0].dtype

    @property
    def device(self) -> torch.device:
        """Where the tensors live."""
        return self.tensors[0].device

    def to(self: T, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> T:
        """Return the same in another dtype or on another device (``None``: unchanged)."""
        dtype, device = dtype or self.dtype, device or self.device
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: x.to(device=device, dtype=dtype) for name, x in parts.items()})


class Measured(_Batched):
    """Base of problems: the first field is ``A`` (batch, m, d)."""

    @property
    def m(self) -> int:
        """Number of measurements."""
        return self.tensors[0].shape[1]

    @property
    def d(self) -> int:
        """Dimension of the state."""
        return self.tensors[0].shape[2]


class LayerControls(_Batched):
    """Base of controls: the first field ends in the axes (d, m), the last one is ``lam`` (batch, N)."""

    @property
    def N(self) -> int:
        """Number of layers."""
        return self.tensors[-1].shape[1]

    @property
    def d(self) -> int:
        """Dimension of the state."""
        return self.tensors[0].shape[-2]

    @property
    def m(self) -> int:
        """Number of measurements."""
        return self.tensors[0].shape[-1]

    @property
    def h(self) -> float:
        """Length of a cell, ``1/N``."""
        return 1.0 / self.N
