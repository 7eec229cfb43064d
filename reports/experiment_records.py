r"""Experiments read from their records, with care: no number is not drawn, no list is an empty one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reports.experiment import (
    MEASURES,
    Cell,
    Effect,
    Experiment,
    Group,
    Observation,
    Record,
    Transfer,
    Values,
)
from reports.statistics import count, number


def experiments(
    about: Iterable[Record], cells: Iterable[Record], transfers: Iterable[Record]
) -> tuple[Experiment, ...]:
    r"""The experiments of a run, each with its cells; cells of one that was not described stand alone."""
    cells, transfers = list(cells), list(transfers)
    named = {str(record["experiment"]): record for record in about}
    for record in (*cells, *transfers):
        named.setdefault(str(record["experiment"]), {"experiment": record["experiment"], "key": ""})
    return tuple(_experiment(name, record, cells, transfers) for name, record in named.items())


def _experiment(name: str, record: Record, cells: list[Record], transfers: list[Record]) -> Experiment:
    return Experiment(
        name=name,
        size=str(record.get("size") or ""),
        seed=record.get("seed"),
        key=str(record.get("key") or ""),
        design=_object(record.get("design")),
        text=_object(record.get("text")),
        seconds=_finite(record.get("seconds")),
        cpu=_finite(record.get("cpu_seconds")),
        peak=_finite(record.get("peak_mib")),
        cells=tuple(_cell(cell) for cell in cells if str(cell["experiment"]) == name),
        transfers=tuple(_transfer(other) for other in transfers if str(other["experiment"]) == name),
    )


def _cell(record: Record) -> Cell:
    curves = {
        name: tuple(_values(curve) for curve in _list(record[name])) for name in MEASURES if record.get(name)
    }
    return Cell(
        **{name: str(record[name]) for name in ("data", "system", "variant")},
        depth=count(record["depth"]),
        curves=curves,
        stopped=str(record.get("stopped") or ""),
        seconds=_finite(record.get("seconds")),
        reused=record.get("reused") is True,
    )


def _transfer(record: Record) -> Transfer:
    return Transfer(
        data=str(record["data"]),
        system=str(record["system"]),
        trained=count(record["trained"]),
        depth=count(record["depth"]),
        objective=_values(record.get("objective")),
        change=_values(record.get("change")),
        modulus=_values(record.get("modulus")),
        rounding=_values(record.get("rounding")),
        note=str(record.get("note") or ""),
    )


def observation(data: Any) -> Observation:
    r"""What an ``observation`` record holds."""
    found = _object(data)
    return Observation(
        **{name: str(found.get(name) or "") for name in ("question", "verdict", "text")},
        level=_finite(found.get("level")),
        groups=tuple(_group(_object(group)) for group in _list(found.get("groups"))),
    )


def _group(record: Record) -> Group:
    words = ("data", "system", "variant", "verdict", "measure", "text")
    effects = [_object(effect) for effect in _list(record.get("effects"))]
    return Group(
        **{name: str(record.get(name) or "") for name in words},
        effects=tuple(_effect(effect) for effect in effects),
    )


def _effect(record: Record) -> Effect:
    numbers = {name: _finite(record.get(name)) for name in ("mean", "low", "high", "relative")}
    return Effect(label=str(record.get("label") or ""), n=count(record.get("n")), **numbers)


def _finite(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _object(value: Any) -> Record:
    return value if isinstance(value, Mapping) else {}


def _values(value: Any) -> Values:
    found = (number(x) for x in _list(value))
    return tuple(math.nan if x is None else x for x in found)
