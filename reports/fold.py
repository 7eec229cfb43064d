r"""The records of a run folded into sums as they are read: memory grows with the checks, not with the shards.

Everything in a tally is a count, a sum or an extreme, so the tallies of a route add up to one record of the
same form, whatever their order: sums of floats are fractions (`reports.series`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from reports.series import Series, series
from reports.statistics import count, largest, number

Record = dict[str, Any]
Key = tuple[str, str]

#: What a stratum counts; its other fields are labels.
COUNTED = frozenset({"instances", "held", "tied", "violated", "undecided", "unmet", "ratio", "terms"})
#: Worst instances that are kept of a route, and deciding ones of a check.
WORST, DECIDING = 2, 20


#: How two values of a field become one; what is not named is a count.
RULES: dict[str, Callable[[Any, Any], Any]] = {
    "max": lambda x, y: largest((x, y)),
    "ratio": lambda x, y: largest((x, y)),
    "largest_share": lambda x, y: largest((x, y)),
    "rounding_used": lambda x, y: largest((x, y)),
}


def _counted(x: Any, y: Any) -> int:
    return (x or 0) + (y if type(y) is int and y > 0 else count(y))


def add(total: Record, more: Mapping[str, Any]) -> None:
    r"""Add the numbers of one record to those of another; nested objects and lists place by place."""
    for name, value in more.items():
        if isinstance(value, Mapping):
            add(total.setdefault(name, {}), value)
            continue
        rule = RULES.get(name, _counted)
        if isinstance(value, list):
            before = total.get(name) or [None] * len(value)
            total[name] = [rule(x, y) for x, y in zip(before, value, strict=True)]
        else:
            total[name] = rule(total.get(name), value)


class Shards:
    r"""Which shards were seen: a bit for each, so that a million of them take little."""

    def __init__(self) -> None:
        self.bits, self.others = bytearray(), set[Any]()

    def first(self, shard: Any) -> bool:
        r"""Whether this shard comes for the first time."""
        if type(shard) is not int or not 0 <= shard < 10**9:
            known = shard in self.others
            self.others.add(shard)
            return not known
        place, bit = shard // 8, 1 << shard % 8
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits)))
        known = self.bits[place] & bit
        self.bits[place] |= bit
        return not known


class Route:
    r"""The tallies of one check on one route; a shard that ran twice counts once."""

    def __init__(self) -> None:
        self.shards = Shards()
        self.total: Record = {}
        self.strata: dict[Any, Record] = {}
        self.series: dict[Any, tuple[Any, Series]] = {}
        self.worst: tuple[float, str] | None = None

    def add(self, tally: Mapping[str, Any]) -> bool:
        r"""Add one tally; False if its shard is known."""
        if not self.shards.first(tally["shard"]):
            return False
        for part in ("counts", "draws", "ties", "ratio"):
            add(self.total.setdefault(part, {}), tally.get(part) or {})
        _add_terms(self.total.setdefault("terms", {}), tally.get("terms") or {})
        for row in tally.get("strata") or ():
            self._add_stratum(row)
        for place, row in enumerate(series([tally])):
            first, known = self.series.get(row.key, ((tally["shard"], place), None))
            self.series[row.key] = min(first, (tally["shard"], place)), known + row if known else row
        if tally.get("worst"):
            named = (-rank(tally), str(tally["worst"]))
            self.worst = min(self.worst, named) if self.worst else named
        return True

    def _add_stratum(self, row: Mapping[str, Any]) -> None:
        labels = {k: v for k, v in row.items() if k not in COUNTED}
        into = self.strata.setdefault(tuple(sorted(labels.items())), {**labels, "ratio": None, "terms": {}})
        numbers = {k: v for k, v in row.items() if k in COUNTED and k != "terms"}
        add(into, numbers)
        _add_terms(into["terms"], row.get("terms") or {})

    def record(self, check: str, route: str) -> Record:
        r"""All of it as one tally."""
        rows = sorted(self.series.values(), key=lambda pair: pair[0])
        return {
            "check": check,
            "route": route,
            **self.total,
            "strata": [self.strata[key] for key in sorted(self.strata, key=repr)],
            "series": [row for _, row in rows],
            "worst": self.worst[1] if self.worst else None,
        }


def _add_terms(into: Record, terms: Mapping[str, Any]) -> None:
    for name, term in terms.items():
        add(into.setdefault(name, {}), dict(term.items()))


def rank(tally: Mapping[str, Any]) -> float:
    r"""The largest ratio of a tally: NaN above all, none below all."""
    ratio = number((tally.get("ratio") or {}).get("max"))
    if ratio is None:
        return -math.inf
    return math.inf if math.isnan(ratio) else ratio


class Fold:
    r"""Takes the records that come by the shard: tallies, progress, and the instances behind them."""

    def __init__(self) -> None:
        self.routes: dict[Key, Route] = {}
        self.progress: dict[Key, Record] = {}
        self.deciding: defaultdict[str, dict[Key, Record]] = defaultdict(dict)
        self.worst: defaultdict[Key, dict[str, tuple[float, Record]]] = defaultdict(dict)
        self.waiting: dict[Key, Record] = {}
        self.recorded: Counter[str] = Counter()

    def take(self, record: Record) -> bool:
        r"""Take a record, or leave it to be kept."""
        kind = record["record"]
        if kind not in ("tally", "progress", "instance"):
            return False
        key = (record["check"], record["route"])
        if kind == "tally":
            self._tally(key, record)
        elif kind == "progress":
            known = self.progress.get(key)
            if known is None or count(known.get("done")) <= count(record.get("done")):
                self.progress[key] = record
        else:
            self._instance(key, record)
        return True

    def _tally(self, key: Key, record: Record) -> None:
        self.routes.setdefault(key, Route()).add(record)
        waiting = self.waiting.pop(key, None)
        if waiting is not None:
            known = rank(record) if waiting["id"] == record.get("worst") else -math.inf
            self._keep(key, known, waiting)

    def _instance(self, key: Key, record: Record) -> None:
        r"""The worst of a shard waits for the tally behind it, which says how bad it is."""
        if record.get("role") == "worst":
            if key in self.waiting:
                self._keep(key, -math.inf, self.waiting.pop(key))
            self.waiting[key] = record
            return
        held = self.deciding[key[0]]
        name = (record["id"], str(record.get("role")))
        self.recorded[key[0]] += name not in held
        if len(held) < DECIDING:
            held[name] = record

    def _keep(self, key: Key, known: float, record: Record) -> None:
        held = self.worst[key]
        self.recorded[key[0]] += record["id"] not in held
        before = held.get(record["id"], (-math.inf, record))
        held[record["id"]] = max(before, (known, record), key=lambda pair: pair[0])
        if len(held) > WORST:
            del held[max(held, key=lambda name: (-held[name][0], name))]

    def tallies(self, check: str) -> list[Record]:
        return [self.routes[key].record(*key) for key in sorted(self.routes) if key[0] == check]

    def instances(self, check: str) -> list[Record]:
        r"""What decided the check, and the worst of each route."""
        for key in [key for key in self.waiting if key[0] == check]:
            self._keep(key, -math.inf, self.waiting.pop(key))
        worst = [
            pair[1] for key in sorted(self.worst) if key[0] == check for pair in self.worst[key].values()
        ]
        return [*self.deciding[check].values(), *worst]

    def left_out(self, check: str, kept: int) -> int:
        return max(0, self.recorded[check] - kept)
