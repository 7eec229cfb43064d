r"""Recorded instances in full precision, decimal and hexadecimal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SMALL, SHOWN = 24, 2000


@dataclass(frozen=True)
class Entry:
    r"""One array or value of an instance."""

    name: str
    shape: str
    decimal: str
    hexadecimal: str
    size: int
    omitted: int

    @property
    def small(self) -> bool:
        return self.size <= SMALL


def decimal(text: Any) -> str:
    r"""The shortest decimal that reads back as this hexadecimal float; other values as they are."""
    try:
        return repr(float.fromhex(str(text))) if isinstance(text, str) else repr(text)
    except (ValueError, OverflowError):
        return str(text)


def entries(data: Any, name: str = "") -> Iterator[Entry]:
    r"""Walk through encoded inputs: ``{"shape": …, "hex": […]}`` is an array, other objects nest."""
    if isinstance(data, Mapping) and "hex" in data:
        yield _array(name, data)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from entries(value, f"{name}.{key}" if name else str(key))
    elif isinstance(data, (list, tuple)):
        text = ", ".join(str(item) for item in data[:SHOWN])
        yield Entry(name, f"{len(data)}", text, "", len(data), max(0, len(data) - SHOWN))
    elif data is not None:
        yield Entry(name, "", str(data), "", 1, 0)


def _array(name: str, data: Mapping[str, Any]) -> Entry:
    values = data["hex"] if isinstance(data["hex"], list) else [data["hex"]]
    shape = [n for n in data.get("shape") or () if isinstance(n, int)]
    shown = values[:SHOWN]
    size = len(values)
    return Entry(
        name=name,
        shape=" × ".join(str(n) for n in shape),
        decimal=layout([decimal(x) for x in shown], shape),
        hexadecimal=layout([str(x) for x in shown], shape),
        size=size,
        omitted=size - len(shown),
    )


def layout(values: list[str], shape: list[int]) -> str:
    r"""One line a row of the last axis, columns aligned, an empty line between matrices."""
    if not values:
        return "(empty)"
    row = shape[-1] if shape and shape[-1] > 0 else len(values)
    rows = shape[-2] if len(shape) > 1 and shape[-2] > 0 else 0
    wide = max(len(x) for x in values) if len(values) > row else 0
    lines = ["  ".join(x.rjust(wide) for x in values[k : k + row]) for k in range(0, len(values), row)]
    if rows and len(lines) > rows:
        lines = [line + "\n" if (k + 1) % rows == 0 else line for k, line in enumerate(lines)]
    return "\n".join(lines).rstrip()
