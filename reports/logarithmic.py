r"""A logarithmic axis: its range, and round numbers to name on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.linear import Axis
from reports.text import SUPERSCRIPTS, significant

#: How far the axis follows values above the smallest, as a power of ten.
DECADES = 6.0


@dataclass(frozen=True)
class LogAxis:
    r"""Values from ``low`` to ``high``, both positive, on pixels from ``start`` to ``stop``."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        r"""What lies beyond the ends is at the ends."""
        inside = min(max(value, self.low), self.high)
        share = math.log(inside / self.low) / math.log(self.high / self.low)
        return self.start + (self.stop - self.start) * share

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        r"""Powers of ten; where that names too few, their 1, 2 and 5-fold, or equal steps."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        step = max(1, math.ceil((last - first) / most))
        powers = [(10.0**k, f"10{str(k).translate(SUPERSCRIPTS)}") for k in range(first, last + 1, step)]
        folds = [m * 10.0**k for k in range(first, last + 1) for m in (1, 2, 5)]
        for named in (powers, [(x, significant(x)) for x in folds]):
            found = self._inside(named)
            if len(found) > 2:
                return found[:: math.ceil(len(found) / most)]
        return self._inside(Axis(self.low, self.high, 0, 1).ticks(most))

    def _inside(self, named: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
        return [(x, text) for x, text in named if self.low * (1 - 1e-12) <= x <= self.high * (1 + 1e-12)]


def log_axis(values: Sequence[float], start: float, stop: float, pad: float = 0.06) -> LogAxis | None:
    r"""An axis over the positive ones of these values, `DECADES` above the smallest at most."""
    found = [x for x in values if math.isfinite(x) and x > 1e-300]
    if not found:
        return None
    low, high = min(found), min(max(found), min(found) * 10.0**DECADES)
    room = max((high / low) ** pad, 1.08)
    return LogAxis(low / room, high * room, start, stop)
