r"""The curves that a recorded instance comes with, read with care: what is not a number is not drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reports.statistics import count, number
from reports.text import ratio

Row = tuple[float, ...]
PATHS = ("limit", "network", "enclosure")
PARTS = {"given": "the function itself", "project": "its cell means, P_N", "extend": "extended, E_N"}


@dataclass(frozen=True)
class Curve:
    r"""One curve: values (points, components) at times, or the argument and the answer of a prox."""

    what: str
    name: str
    times: tuple[float, ...]
    values: tuple[Row, ...]
    radius: float = 0.0
    mark: int = 0

    def component(self, k: int) -> list[tuple[float, float]]:
        return [(t, row[k]) for t, row in zip(self.times, self.values, strict=True)]


@dataclass(frozen=True)
class Drawing:
    r"""Curves that share their components, which are numbered from 1 and are some of ``size``."""

    size: int
    components: tuple[int, ...]
    curves: tuple[Curve, ...]

    def of(self, *kinds: str) -> list[Curve]:
        return [curve for curve in self.curves if curve.what in kinds]


def read(record: Mapping[str, Any]) -> Drawing | None:
    r"""The drawing of an ``instance`` record; None without one, or if nothing of it can be drawn."""
    places = record.get("components")
    if not isinstance(places, Sequence) or isinstance(places, str) or not places:
        return None
    found = [_curve(raw, len(places)) for raw in record.get("curves") or () if isinstance(raw, Mapping)]
    curves = _named([curve for curve in found if curve])
    return Drawing(count(record.get("size")), tuple(count(k) + 1 for k in places), curves) if curves else None


def _curve(raw: Mapping[str, Any], components: int) -> Curve | None:
    what = raw.get("what")
    if what == "prox":
        values = _rows([raw.get("v"), raw.get("p")], components)
        return Curve("prox", f"a = {ratio(raw.get('weight'))}", (0.0, 1.0), values) if values else None
    values = _rows(raw.get("values"), components)
    if what == "function" and values:
        times = tuple(k / len(values) for k in range(len(values)))
        return Curve("function", PARTS.get(str(raw.get("of")), "a function"), times, values)
    times = _row(raw.get("times"))
    if what not in PATHS or not values or not times or len(times) != len(values):
        return None
    if any(a >= b for a, b in pairwise(times)):
        return None
    name = {"limit": "deep-layer limit", "enclosure": "what the solver answers, u(1) ± its radius"}
    radius = max(0.0, _number(raw.get("radius")) or 0.0)
    return Curve(
        str(what), name.get(str(what), f"network, N = {count(raw.get('layers'))}"), times, values, radius
    )


def _named(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    r"""Curves of one name are told apart by their order, and networks by their marks."""
    names = [(curve.what, curve.name) for curve in curves]
    marks, found = 0, []
    for k, curve in enumerate(curves):
        more = names.count(names[k]) > 1 and curve.what != "prox"
        name = f"{curve.name}, no. {names[: k + 1].count(names[k])}" if more else curve.name
        found.append(Curve(curve.what, name, curve.times, curve.values, curve.radius, marks))
        marks += curve.what not in ("limit", "enclosure")
    return tuple(found)


def _number(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and math.isfinite(found) and abs(found) < 1e150 else None


def _row(values: Any) -> Row:
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    found = tuple(_number(x) for x in values)
    return () if None in found else tuple(x for x in found if x is not None)


def _rows(values: Any, components: int) -> tuple[Row, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        return ()
    found = tuple(_row(row) for row in values)
    return found if all(len(row) == components for row in found) else ()
