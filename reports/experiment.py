r"""What an experiment left in the evidence: cells, runs at other depths, and what checks read off them.

Nothing here decides anything: intervals and verdicts are those of the checks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.statistics import student
from reports.text import NONE, to_digits

Record = Mapping[str, Any]
Values = tuple[float, ...]

#: How long a sentence may be in a table or a terminal.
LINE = 120

#: What the cells record epoch by epoch, and what it is called.
MEASURES = {"objective": "objective", "loss": "loss alone", "validation": "validation loss"}


@dataclass(frozen=True)
class Cell:
    r"""One depth of one system: curves over the epochs, a replicate each, of every measure."""

    data: str
    system: str
    variant: str
    depth: int
    curves: Mapping[str, tuple[Values, ...]]
    stopped: str
    seconds: float | None
    reused: bool

    @property
    def replicates(self) -> int:
        return max((len(curves) for curves in self.curves.values()), default=0)

    @property
    def epochs(self) -> int:
        return max((len(curve) for curves in self.curves.values() for curve in curves), default=0)

    def final(self, measure: str) -> Values:
        r"""The last value of every replicate; NaN where there is none."""
        return tuple(curve[-1] if curve else math.nan for curve in self.curves.get(measure, ()))


@dataclass(frozen=True)
class Transfer:
    r"""Networks trained at one depth, extended and run at another: a value a replicate."""

    data: str
    system: str
    trained: int
    depth: int
    objective: Values
    change: Values
    modulus: Values
    rounding: Values
    note: str

    @property
    def share(self) -> float | None:
        r"""The largest share of modulus and round-off that a change takes up.

        Above 1 a proved bound is exceeded; a replicate with a number that is not finite has no share.
        """
        forgiven = self.rounding if len(self.rounding) == len(self.modulus) else (0.0,) * len(self.modulus)
        rows = zip(self.change, self.modulus, forgiven, strict=False)
        shares = [_share(abs(x), y + z) for x, y, z in rows if all(map(math.isfinite, (x, y, z)))]
        return max(shares, default=None)


@dataclass(frozen=True)
class Effect:
    r"""A paired difference with its interval."""

    label: str
    mean: float | None
    low: float | None
    high: float | None
    n: int
    relative: float | None

    @property
    def words(self) -> tuple[str, str]:
        r"""The mean, and the interval, to two digits of its half width."""
        ends = (self.low, self.high)
        wide = None if self.low is None or self.high is None else (self.high - self.low) / 2
        mean, low, high = (to_digits(x, wide) for x in (self.mean, *ends))
        return mean, NONE if NONE in (low, high) else f"{low} to {high}"


@dataclass(frozen=True)
class Group:
    r"""What one set of cells says to the question."""

    data: str
    system: str
    variant: str
    verdict: str
    measure: str
    text: str
    effects: tuple[Effect, ...]

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.data, self.system, self.variant) if part)


@dataclass(frozen=True)
class Observation:
    r"""What a check read off its experiment."""

    question: str
    verdict: str
    level: float | None
    text: str
    groups: tuple[Group, ...]

    @property
    def short(self) -> str:
        r"""The sentence where it fits a line, or else how many groups have which verdict."""
        if len(self.text) <= LINE or not self.groups:
            return self.text
        counted = Counter(group.verdict for group in self.groups)
        listed = ", ".join(f"{n} {verdict}" for verdict, n in counted.items())
        return f"of {len(self.groups)} groups {listed}"


@dataclass(frozen=True)
class Experiment:
    r"""An experiment at one size for one seed."""

    name: str
    size: str
    seed: Any
    key: str
    design: Record = field(default_factory=dict)
    text: Record = field(default_factory=dict)
    seconds: float | None = None
    cpu: float | None = None
    peak: float | None = None
    cells: tuple[Cell, ...] = ()
    transfers: tuple[Transfer, ...] = ()

    @property
    def reused(self) -> int:
        return sum(cell.reused for cell in self.cells)


def _share(change: float, most: float) -> float:
    if change == 0 and most == 0:
        return 0.0
    return change / most if most > 0 else math.inf


def mean(values: Sequence[float]) -> float | None:
    r"""The mean; None where there is none, or where a replicate has no finite value."""
    known = [x for x in values if math.isfinite(x)]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def paired(before: Values, after: Values, level: float = 0.95) -> tuple[float, float] | None:
    r"""Interval of the mean change from replicate to replicate, by Student's t."""
    if len(before) != len(after) or not all(map(math.isfinite, (*before, *after))):
        return None
    changes = [y - x for x, y in zip(before, after, strict=True)]
    middle = math.fsum(changes) / len(changes) if changes else 0.0
    off = [x - middle for x in changes]  # around the mean: no cancellation between sums of squares
    found = student(len(off), 0.0, math.fsum(x * x for x in off), level)
    return (middle + found[0], middle + found[1]) if found else None
