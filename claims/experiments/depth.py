r"""The experiment of section 5: networks of 2 to 64 layers, trained on the same data, run at other depths.

What is finished stays on disk, in a folder whose name depends on everything that could change a number:
design, seed, dtype, device, threads, the version of torch and the source text of `fbscore` and of
`claims.experiments`.  Work is cut into cells and tables of transfers, which processes that run it at once
share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from claims.experiments import photographs
from claims.experiments.cells import (
    Cell,
    Place,
    cells,
    controls_of,
    drawn,
    peak_mib,
    task,
    train_cell,
)
from claims.experiments.data import describe
from claims.experiments.design import DESIGNS, TRAINED, UNSCALED, Design
from claims.experiments.outcome import Curves, Outcome
from claims.experiments.store import Job, Store, fingerprint, sources
from claims.experiments.transfer import Transfer, transfers
from fbscore.learning import extend_controls, objective
from fbscore.types import Controls

__all__ = ["EXPERIMENT", "DepthExperiment"]

Report = Callable[[str], None]


@dataclass(frozen=True)
class DepthExperiment:
    """See `claims.kit.experiment.Experiment`."""

    name: str
    sizes: Mapping[str, Design]

    def run(
        self, size: str, seed: int, folder: Path, *, device: torch.device, dtype: torch.dtype, report: Report
    ) -> Outcome:
        """Do what is not yet done in ``folder`` (or wait for the process that does it), and return all."""
        design = self.sizes[size]
        if not photographs.available():
            design = replace(design, data=tuple(x for x in design.data if x != "photographs"))
        place = Place(seed, device, dtype)
        key = run_key(design, place)
        store = Store(folder / f"{self.name}-{key}")
        wanted = cells(design)
        mine = set(store.work(jobs(design, wanted, place, store, report), report))
        curves = {c: Curves.of(store.load(c.name), reused=c.name not in mine) for c in wanted}
        tables = [store.load(name) for name in _tables(design)]
        return Outcome(
            self.name,
            size,
            seed,
            key,
            design,
            describe(design),
            curves,
            {(table["data"], table["system"]): _rows(table) for table in tables},
            {N: values for table in tables for N, values in table.get("doubled", {}).items()},
            {
                "seconds": sum(table["seconds"] for table in tables),
                "cpu": sum(table["cpu"] for table in tables),
                "peak": max(table["peak"] for table in tables),
            },
        )


def run_key(design: Design, place: Place) -> str:
    """Return what names the folder of a run."""
    return fingerprint(
        design=design.document(),
        seed=place.seed,
        dtype=str(place.dtype),
        device=str(place.device),
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        sources=sources("fbscore", "claims.experiments"),
    )


def jobs(design: Design, wanted: list[Cell], place: Place, store: Store, report: Report) -> list[Job]:
    """Return one job a cell, and one for each table of transfers when its cells are trained."""

    def training(cell: Cell) -> Job:
        return Job(cell.name, lambda path: train_cell(design, cell, place, path, report))

    def table(name: str, data: str, system: str) -> Job:
        mine = [
            c for c in wanted if (c.data, c.system) == (data, system) and c.variant in (TRAINED, UNSCALED)
        ]
        return Job(
            name, lambda _: transfer_table(design, mine, place, store, report), tuple(c.name for c in mine)
        )

    return [*map(training, wanted), *(table(name, *of) for name, of in _tables(design).items())]


def transfer_table(
    design: Design, mine: list[Cell], place: Place, store: Store, report: Report
) -> dict[str, Any]:
    """Return every trained network run at every depth, and networks with ``h`` not scaled at twice theirs."""
    began, cpu = time.monotonic(), time.process_time()
    rows: list[Transfer] = []
    doubled: dict[int, list[float]] = {}
    for cell in sorted(mine):
        report(f"{cell}: run at other depths")
        found = drawn(design, cell, place.seed)
        problem, learning = task(design, cell, found.A, found.training, place)
        controls = controls_of(cell, store.load(cell.name), place)
        if cell.variant == TRAINED:
            rows += transfers(problem, learning, controls, design.depths)
        else:
            twice = extend_controls(controls, 2 * cell.depth)
            assert isinstance(twice, Controls)
            longer = replace(twice, tau=2 * twice.tau)  # layers as long as they were: twice the time
            deeper = replace(cell, depth=2 * cell.depth)
            aim = task(design, deeper, found.A, found.training, place)[1]
            after, before = objective(problem, longer, aim), objective(problem, controls, learning)
            doubled[cell.depth] = (after - before).tolist()
    costs = {"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu, "peak": peak_mib()}
    named = {"data": mine[0].data, "system": mine[0].system, "doubled": doubled}
    return {"rows": [row.plain() for row in rows], **named, **costs}


def _tables(design: Design) -> dict[str, tuple[str, str]]:
    """Return the names of the tables with data and system."""
    return {f"{data}-{system}-transfers": (data, system) for data in design.data for system in design.systems}


def _rows(table: Mapping[str, Any]) -> list[Transfer]:
    return [Transfer(**row) for row in table["rows"]]


EXPERIMENT = DepthExperiment("depth", DESIGNS)
