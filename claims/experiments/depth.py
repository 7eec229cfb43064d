r"""The experiment of section 5: networks of 2 to 64 layers, trained on the same data, run at other depths.

What is finished stays on disk, under names that depend on everything that could change a number.  The folder
is named by what training depends on: design, seed, dtype, device, threads, versions of the packages that
compute, the source text of `fbscore` and of `claims.experiments`.  In it tables of transfers, which hold what
was judged, are named by the source text of all of `claims` besides: a judge that was changed judges anew, of
networks that need not be trained anew.  Work is cut into cells and tables, which processes that run it at
once share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
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

#: What computes beside torch; photographs come with scikit-image.
PACKAGES = ("numpy", "scipy", "scikit-image")


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
        wanted, named = cells(design), _tables(design, judge_key())
        mine = set(store.work(jobs(design, wanted, named, place, store, report), report))
        curves = {c: Curves.of(store.load(c.name), reused=c.name not in mine) for c in wanted}
        tables = [store.load(name) for name in named]
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
    """Return what names the folder of a run: what the training of its cells depends on."""
    return fingerprint(
        design=design.document(),
        seed=place.seed,
        dtype=str(place.dtype),
        device=str(place.device),
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        versions={name: _version(name) for name in PACKAGES},
        sources=sources("fbscore", "claims.experiments"),
    )


def judge_key() -> str:
    """Return what names the tables of a run: the source text of the judge, constants and oracles included."""
    return fingerprint(sources=sources("claims"))


def jobs(
    design: Design,
    wanted: list[Cell],
    tables: Mapping[str, tuple[str, str]],
    place: Place,
    store: Store,
    report: Report,
) -> list[Job]:
    """Return one job a cell, and one for each of the named tables of transfers when its cells are trained."""

    def training(cell: Cell) -> Job:
        return Job(cell.name, lambda path: train_cell(design, cell, place, path, report))

    def table(name: str, data: str, system: str) -> Job:
        mine = [
            c for c in wanted if (c.data, c.system) == (data, system) and c.variant in (TRAINED, UNSCALED)
        ]
        return Job(
            name, lambda _: transfer_table(design, mine, place, store, report), tuple(c.name for c in mine)
        )

    return [*map(training, wanted), *(table(name, *of) for name, of in tables.items())]


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


def _tables(design: Design, judge: str) -> dict[str, tuple[str, str]]:
    """Return the names of the tables, which were judged by ``judge``, with data and system."""
    pairs = [(data, system) for data in design.data for system in design.systems]
    return {f"{data}-{system}-transfers-{judge}": (data, system) for data, system in pairs}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _rows(table: Mapping[str, Any]) -> list[Transfer]:
    return [Transfer(**row) for row in table["rows"]]


EXPERIMENT = DepthExperiment("depth", DESIGNS)
