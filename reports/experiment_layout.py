r"""In which order the parts of an experiment are shown, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.experiment import Cell, Experiment, Transfer
from reports.systems import rank
from reports.text import blocks, integer, significant

#: What the numbers of a design mean; others keep their names.
WORDS = {
    "m": "measurements m",
    "n": "unknowns n",
    "d": "unknowns d",
    "patch": "side of a patch",
    "patch_m": "measurements of a patch",
    "samples": "training samples",
    "validation": "validation samples",
    "sparsity": "sparsity of the labels",
    "noise": "noise",
    "depths": "depths N",
    "replicates": "replicates",
    "epochs": "epochs",
    "batch_size": "samples a step",
    "chunk": "samples on the tape at once",
    "keep_every": "epochs between checkpoints",
    "rates": "learning rates",
    "momentum": "momentum",
    "start": "initial values",
    "weights": "weights of the penalties",
    "data": "data",
    "systems": "systems",
    "variants": "variants",
}
GREEK = {"tau": "τ", "lam": "λ", "lambda": "λ", "theta": "θ"}


@dataclass(frozen=True)
class Panel:
    r"""The cells of one system, by depth."""

    data: str
    system: str
    variant: str
    cells: tuple[Cell, ...]


def rows(experiment: Experiment) -> list[tuple[str, str, list[Panel]]]:
    r"""The panels by data and variant, in the order of the design; systems side by side."""
    found: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    for cell in experiment.cells:
        found.setdefault((cell.data, cell.variant), {}).setdefault(cell.system, []).append(cell)
    order = sorted(
        found, key=lambda key: (place(experiment, "data", key[0]), place(experiment, "variants", key[1]))
    )
    return [(*key, _panels(*key, found[key])) for key in order]


def _panels(data: str, variant: str, systems: Mapping[str, list[Cell]]) -> list[Panel]:
    return [
        Panel(data, system, variant, tuple(sorted(systems[system], key=lambda cell: cell.depth)))
        for system in sorted(systems, key=rank)
    ]


def place(experiment: Experiment, name: str, value: str) -> tuple[int, str]:
    r"""Where the design names a value in one of its lists; what it does not name comes last."""
    listed = experiment.design.get(name)
    known = [str(x) for x in listed] if isinstance(listed, list | tuple) else []
    return (known.index(value) if value in known else len(known)), value


@dataclass(frozen=True)
class Depths:
    r"""The runs of one system at other depths than it was trained at: a row a depth of training."""

    data: str
    system: str
    trained: tuple[int, ...]
    columns: tuple[int, ...]
    cells: Mapping[tuple[int, int], Transfer]

    @property
    def notes(self) -> list[str]:
        return list(dict.fromkeys(cell.note for cell in self.cells.values() if cell.note))


def depths(experiment: Experiment) -> list[Depths]:
    r"""The tables of depths, by data and system."""
    found: dict[tuple[str, str], dict[tuple[int, int], Transfer]] = {}
    for run in experiment.transfers:
        found.setdefault((run.data, run.system), {})[run.trained, run.depth] = run
    order = sorted(found, key=lambda key: (place(experiment, "data", key[0]), rank(key[1])))
    return [_depths(*key, found[key]) for key in order]


def _depths(data: str, system: str, cells: Mapping[tuple[int, int], Transfer]) -> Depths:
    trained, run = (tuple(sorted({key[k] for key in cells})) for k in (0, 1))
    return Depths(data, system, trained, run, cells)


def facts(experiment: Experiment) -> list[tuple[str, str]]:
    r"""The design in words: name and value."""
    started = experiment.design.get("start")
    named = started if isinstance(started, Mapping) else {}
    shown = {name: value for name, value in experiment.design.items() if name not in named}
    return [(WORDS.get(name, str(name).replace("_", " ")), said(value)) for name, value in shown.items()]


def said(value: Any) -> str:
    r"""A value of the design: numbers and words, lists of them, and what they belong to."""
    if isinstance(value, Mapping):
        return ", ".join(f"{GREEK.get(str(k), k)} {said(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(said(x) for x in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return integer(value)
    return significant(value) if isinstance(value, float) else str(value)


def reconstructed(statement: str, experiment: Experiment | None) -> list[str]:
    r"""The sentences that say that something was reconstructed, of the statement and of the experiment."""
    paragraphs = [" ".join(block.lines) for block in blocks(statement) if block.label != "Source"]
    texts = [str(text) for text in (experiment.text if experiment else {}).values()]
    return list(dict.fromkeys(text for text in (*paragraphs, *texts) if "reconstructed" in text.lower()))
