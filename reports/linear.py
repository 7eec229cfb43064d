r"""A linear axis: its range, and round numbers to name on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MINUS = str.maketrans("-", "−")


@dataclass(frozen=True)
class Axis:
    r"""Values from ``low`` to ``high`` on pixels from ``start`` to ``stop``."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.stop - self.start) * min(max(share, -1.0), 2.0)

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        r"""Multiples of 1, 2 or 5 times a power of ten, with as many digits as tell them apart."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(k * step, label(k * step, step)) for k in range(first, last + 1)]


def label(value: float, step: float) -> str:
    r"""A multiple of ``step`` in as few digits as it takes."""
    size = max(abs(value), step)
    if size >= 1e5 or size < 1e-3:
        digits = max(0, math.floor(math.log10(size) + 1e-9) - math.floor(math.log10(step) + 1e-9))
        mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
        return f"{mantissa}e{int(exponent)}".translate(MINUS) if value else "0"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value + 0.0:.{decimals}f}".translate(MINUS)


def axis(values: Iterable[float], start: float, stop: float, pad: float = 0.08) -> Axis:
    r"""An axis over these values; equal ones stand in the middle of it."""
    found = list(values)
    low, high = min(found), max(found)
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high == low:
        around = 0.5 * max(abs(low), abs(high)) or 1.0
        return Axis(low - around, high + around, start, stop)
    room = pad * (high - low)
    return Axis(low - room, high + room, start, stop)
