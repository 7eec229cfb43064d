r"""What came of the experiment: curves of every cell and the table of transfers, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claims.experiments.cells import Cell
from claims.experiments.design import TRAINED, Design
from claims.experiments.transfer import Transfer

__all__ = ["Curves", "Outcome", "Row"]

Row = list[float]


@dataclass(frozen=True)
class Curves:
    """One cell: figures of every replicate after every epoch (first the start), one list a replicate."""

    objective: list[Row]
    loss: list[Row]
    validation: list[Row]
    stopped: str | None
    seconds: float
    cpu: float
    peak: float
    reused: bool

    @classmethod
    def of(cls, kept: Mapping[str, Any], reused: bool) -> Curves:
        """Return what `claims.experiments.cells.train_cell` kept."""
        rows = {name: kept[name].double().T.tolist() for name in ("objective", "loss", "validation")}
        return cls(
            **rows, **{name: kept[name] for name in ("stopped", "seconds", "cpu", "peak")}, reused=reused
        )

    def final(self, measure: str) -> Row:
        """Return a figure at the end of training, one a replicate."""
        rows: list[Row] = getattr(self, measure)
        return [row[-1] for row in rows]

    def first(self, measure: str) -> Row:
        """Return a figure before training."""
        rows: list[Row] = getattr(self, measure)
        return [row[0] for row in rows]


@dataclass(frozen=True)
class Outcome:
    """All results of one run of the experiment.

    ``transfers`` by data and system; ``doubled``: the change of the objective with twice the layers, each as
    long as before, of networks with ``h`` not scaled, by their depth; ``costs`` of both: seconds, CPU seconds
    (``cpu``), ``peak`` memory in MiB.
    """

    name: str
    size: str
    seed: int
    key: str
    design: Design
    text: Mapping[str, str]
    curves: Mapping[Cell, Curves]
    transfers: Mapping[tuple[str, str], list[Transfer]]
    doubled: Mapping[int, Row]
    costs: Mapping[str, float]

    def trained(self, data: str, system: str, variant: str = TRAINED) -> dict[int, Curves]:
        """Return the cells of one kind of data, system and variant by their depths."""
        wanted = (data, system, variant)
        found = {c.depth: x for c, x in self.curves.items() if (c.data, c.system, c.variant) == wanted}
        return dict(sorted(found.items()))

    def document(self) -> list[dict[str, Any]]:
        """Return the records of the evidence."""
        return [self._experiment(), *map(self._cell, sorted(self.curves)), *self._transfers()]

    def _experiment(self) -> dict[str, Any]:
        trained = self.curves.values()
        return {
            "record": "experiment",
            "experiment": self.name,
            "size": self.size,
            "seed": self.seed,
            "key": self.key,
            "design": self.design.document(),
            "text": dict(self.text),
            "seconds": sum(x.seconds for x in trained) + self.costs["seconds"],
            "cpu_seconds": sum(x.cpu for x in trained) + self.costs["cpu"],
            "peak_mib": max(self.costs["peak"], *(x.peak for x in trained)),
        }

    def _cell(self, cell: Cell) -> dict[str, Any]:
        curves = self.curves[cell]
        names = ("objective", "loss", "validation", "stopped", "seconds", "reused")
        return {
            "record": "cell",
            "experiment": self.name,
            "data": cell.data,
            "system": cell.system,
            "variant": cell.variant,
            "depth": cell.depth,
            **{name: getattr(curves, name) for name in names},
        }

    def _transfers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for (data, system), rows in sorted(self.transfers.items()):
            named = {"record": "transfer", "experiment": self.name, "data": data, "system": system}
            for x in rows:
                notes = {
                    "exceeded beyond rounding": x.exceeded,
                    "a number is not finite: it decides nothing": not x.finite,
                }
                note = "; ".join(text for text, so in notes.items() if so)
                found.append({**named, **x.plain(), "note": note})
        return found
