r"""Tally records merged: sums, extremes and strata, whatever the number of shards."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from claims.kit.evidence import RATIO_EDGES
from reports.fold import COUNTED
from reports.model import Counts, Stratum, Term, Ties
from reports.series import Series
from reports.statistics import count, largest, number

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Tallies:
    r"""The tallies of one check or route, one a shard: one that ran twice counts once."""

    records: tuple[Record, ...]

    @classmethod
    def of(cls, records: Sequence[Record]) -> Tallies:
        return cls(tuple({(r["route"], r.get("shard")): r for r in records}.values()))

    def on(self, route: str) -> Tallies:
        return Tallies(tuple(r for r in self.records if r["route"] == route))

    @property
    def counts(self) -> Counts:
        return Counts(**self._sums("counts", (field.name for field in fields(Counts))))

    @property
    def ties(self) -> Ties:
        return Ties(**self._sums("ties", (field.name for field in fields(Ties))))

    @property
    def draws(self) -> dict[str, int]:
        return self._sums("draws", ("independent", "bad"))

    @property
    def ratio(self) -> float | None:
        return largest((r.get("ratio") or {}).get("max") for r in self.records)

    @property
    def histogram(self) -> tuple[int, ...]:
        bins = [0] * (len(RATIO_EDGES) - 1)
        for record in self.records:
            for k, height in enumerate(((record.get("ratio") or {}).get("histogram") or ())[: len(bins)]):
                bins[k] += count(height)
        return tuple(bins)

    @property
    def terms(self) -> dict[str, Term]:
        return _terms(self.records)

    @property
    def strata(self) -> tuple[Stratum, ...]:
        found: defaultdict[tuple[tuple[str, Any], ...], list[Record]] = defaultdict(list)
        for record in self.records:
            for row in record.get("strata") or ():
                found[tuple(sorted((k, v) for k, v in row.items() if k not in COUNTED))].append(row)
        ordered = sorted(found.items(), key=lambda item: [(k, _sortable(v)) for k, v in item[0]])
        return tuple(_stratum(labels, rows) for labels, rows in ordered)

    @property
    def series(self) -> tuple[Series, ...]:
        return tuple(row for r in self.records for row in r["series"])

    @property
    def worst(self) -> str | None:
        r"""The instance with the largest ratio (NaN above all), the first id among equals."""
        named = [
            (number((r.get("ratio") or {}).get("max")), r["worst"]) for r in self.records if r.get("worst")
        ]
        return min(named, key=lambda pair: (-_rank(pair[0]), pair[1]))[1] if named else None

    def _sums(self, part: str, names: Iterable[str]) -> dict[str, int]:
        return {name: sum(count((r.get(part) or {}).get(name)) for r in self.records) for name in names}


def _terms(records: Iterable[Record]) -> dict[str, Term]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        for name, term in (record.get("terms") or {}).items():
            found[name].append(term)
    return {name: _term(terms) for name, terms in sorted(found.items())}


def _term(terms: Sequence[Record]) -> Term:
    return Term(
        instances=sum(count(t.get("instances")) for t in terms),
        max=largest(t.get("max") for t in terms),
        refuted=sum(count(t.get("refuted")) for t in terms),
        largest_share=largest(t.get("largest_share") for t in terms),
    )


def _stratum(labels: tuple[tuple[str, Any], ...], rows: Sequence[Record]) -> Stratum:
    counted = ("instances", "held", "violated", "undecided", "unmet")
    sums = (sum(count(r.get(name)) for r in rows) for name in counted)
    return Stratum(labels, *sums, ratio=largest(r.get("ratio") for r in rows), terms=_terms(rows))


def _sortable(value: Any) -> tuple[int, float, str]:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return (0, float(value), "") if plain else (1, 0.0, str(value))


def _rank(ratio: float | None) -> float:
    if ratio is None:
        return -math.inf
    return math.inf if math.isnan(ratio) else ratio
