"""Dataclasses of tensors with a leading batch axis: some of their instances, or others in their place."""

from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, TypeVar

from jaxtyping import Int
from torch import Tensor

__all__ = ["Rows", "RowsOfTensors"]

Rows: TypeAlias = Int[Tensor, "rows"]
Kind = TypeVar("Kind", bound="RowsOfTensors")


@dataclass(frozen=True, eq=False)
class RowsOfTensors:
    """Every field of a subclass is a tensor whose first axis counts instances."""

    def take(self: Kind, rows: Rows) -> Kind:
        """The instances ``rows``, in that order."""
        return replace(self, **{name: x[rows] for name, x in _tensors(self).items()})

    def put(self: Kind, rows: Rows, other: Kind) -> Kind:
        """The same with ``other`` in place of the instances ``rows``."""
        new = _tensors(other)
        return replace(self, **{name: x.index_copy(0, rows, new[name]) for name, x in _tensors(self).items()})


def _tensors(whole: RowsOfTensors) -> dict[str, Any]:
    return {field.name: getattr(whole, field.name) for field in fields(whole)}
