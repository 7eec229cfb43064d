r"""The series of a check: gap and bound by depth N with the fitted orders, merged from tally records."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from reports.statistics import count, number, student

Record = Mapping[str, Any]
LABELS = ("system", "regularizer", "family")


@dataclass(frozen=True)
class Moments:
    r"""How many values, their sum, the sum of their squares, the extremes; those of two shards add up.

    Sums are exact, so that the order in which shards come leaves no trace.
    """

    n: int = 0
    total: Fraction | float = Fraction(0)
    squares: Fraction | float = Fraction(0)
    smallest: float | None = None
    largest: float | None = None

    @classmethod
    def of(cls, record: Record | None) -> Moments:
        found = record or {}
        values = (number(found.get(name)) for name in ("sum", "squares", "min", "max"))
        known = [x for x in values if x is not None and math.isfinite(x)]
        n = count(found.get("n"))
        if not n or len(known) < 4:
            return cls()
        return cls(n, Fraction(known[0]), Fraction(known[1]), *known[2:])

    def __add__(self, other: Moments) -> Moments:
        if not (self.n and other.n):
            return self if self.n else other
        sums = (self.n + other.n, self.total + other.total, self.squares + other.squares)
        low = min(x.smallest for x in (self, other) if x.smallest is not None)
        high = max(x.largest for x in (self, other) if x.largest is not None)
        return Moments(*sums, low, high)

    @property
    def mean(self) -> float | None:
        return float(self.total / self.n) if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        r"""95 % interval of the mean; None for fewer than two values."""
        return student(self.n, float(self.total), float(self.squares))


@dataclass(frozen=True)
class Depth:
    r"""What the instances say at one depth: moments of log2 of the gap and of the bound.

    ``below`` do not exceed their resolution, ``unknown`` are NaN or infinite; the rest make up ``gap``.
    """

    N: int
    instances: int
    below: int
    unknown: int
    gap: Moments
    bound: Moments

    def __add__(self, other: Depth) -> Depth:
        return Depth(
            N=self.N,
            instances=self.instances + other.instances,
            below=self.below + other.below,
            unknown=self.unknown + other.unknown,
            gap=self.gap + other.gap,
            bound=self.bound + other.bound,
        )


@dataclass(frozen=True)
class Series:
    r"""The series of the instances that share these labels; an empty one says that there is none, or all.

    ``order`` holds the moments of the fitted orders, those of independent draws alone.
    """

    route: str
    system: str
    regularizer: str
    family: str
    independent: bool
    instances: int
    order: Moments
    depths: tuple[Depth, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(getattr(self, label) for label in LABELS)

    @property
    def grid(self) -> tuple[int, ...]:
        r"""The depths at which these instances were measured."""
        return tuple(depth.N for depth in self.depths)

    @property
    def key(self) -> Hashable:
        r"""What two series agree in that add up."""
        return self.route, self.independent, self.labels, self.grid

    def __add__(self, other: Series) -> Series:
        depths = {depth.N: depth for depth in self.depths}
        for depth in other.depths:
            depths[depth.N] = depths[depth.N] + depth if depth.N in depths else depth
        ordered = tuple(depths[n] for n in sorted(depths))
        instances = self.instances + other.instances
        return replace(self, instances=instances, order=self.order + other.order, depths=ordered)


def merged(rows: Iterable[Series], key: Callable[[Series], Hashable]) -> list[Series]:
    r"""The sums of the series that agree in ``key``, in the order in which they come."""
    found: dict[Hashable, Series] = {}
    for row in rows:
        name = key(row)
        found[name] = found[name] + row if name in found else row
    return list(found.values())


def series(tallies: Iterable[Record]) -> tuple[Series, ...]:
    r"""The series of tally records, shards merged; none where the evidence is older than they are."""
    rows = (_series(record["route"], row) for record in tallies for row in record.get("series") or ())
    return tuple(merged(rows, lambda row: row.key))


def _series(route: str, row: Record) -> Series:
    depths = [_depth(depth) for depth in _rows(row.get("depths") or {})]
    return Series(
        route=str(route),
        **{label: str(row.get(label) or "") for label in LABELS},
        independent=row.get("independent") is True,
        instances=count(row.get("instances")),
        order=Moments.of(row.get("order")),
        depths=tuple(sorted((depth for depth in depths if depth.N), key=lambda depth: depth.N)),
    )


def _rows(columns: Record) -> list[dict[str, Any]]:
    r"""The rows of a table that is stored column by column; ``{name: {part: column}}`` is one too."""
    tables = {k: _rows(v) if isinstance(v, Mapping) else v for k, v in columns.items()}
    return [dict(zip(tables, cells, strict=True)) for cells in zip(*tables.values(), strict=True)]


def _depth(row: Record) -> Depth:
    return Depth(
        **{name: count(row.get(name)) for name in ("N", "instances", "below", "unknown")},
        gap=Moments.of(row.get("gap")),
        bound=Moments.of(row.get("bound")),
    )
