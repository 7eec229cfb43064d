"""Dataclasses of tensors with a leading batch axis: some of their instances, or others in their place."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

from jaxtyping import Int
from torch import Tensor

__all__ = ["Rows", "RowsOfTensors"]

Rows: TypeAlias = Int[Tensor, "rows"]


@dataclass(frozen=True, eq=False)
class RowsOfTensors:
    """Every field of a subclass is a tensor whose first axis counts instances."""

    def take(self, rows: Rows) -> Self:
        """The instances ``rows``, in that order."""
        return replace(self, **{name: x[rows] for name, x in self._tensors().items()})

    def put(self, rows: Rows, other: Self) -> Self:
        """The same with ``other`` in place of the instances ``rows``."""
        new = other._tensors()
        return replace(
            self, **{name: x.index_copy(0, rows, new[name]) for name, x in self._tensors().items()}
        )

    def _tensors(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}
