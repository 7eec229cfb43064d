"""Small designs.  As a program: runs one of them in a folder, prints which cells it trained, and the moduli.

python -m tests.experiments.small FOLDER EPOCHS
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from claims.experiments.cells import Cell, Place
from claims.experiments.depth import DepthExperiment
from claims.experiments.design import DESIGNS, TRAINED, Design
from claims.experiments.outcome import Outcome

CPU = Place(0, torch.device("cpu"), torch.float64)
ONLY: dict[str, Any] = {"data": ("synthetic",), "systems": ("FBS",), "variants": (TRAINED,)}


def design(**changes: Any) -> Design:
    """The tiny design with changes."""
    return replace(DESIGNS["tiny"], **changes)


def cell(system: str = "FBS", depth: int = 4, variant: str = TRAINED, data: str = "synthetic") -> Cell:
    return Cell(data, system, variant, depth)


def run(given: Design, folder: Path, seed: int = 0, report: Any = lambda text: None) -> Outcome:
    experiment = DepthExperiment("depth", {"tiny": given})
    return experiment.run(
        "tiny", seed, folder, device=torch.device("cpu"), dtype=torch.float64, report=report
    )


def main(folder: str, epochs: str) -> None:
    found = run(design(**ONLY, epochs=int(epochs)), Path(folder))
    trained = [str(c) for c, curves in found.curves.items() if not curves.reused]
    print(json.dumps({"key": found.key, "trained": trained, "moduli": moduli(found)}))


def moduli(found: Outcome) -> list[list[float]]:
    """The judged numbers of FBS on synthetic data."""
    return [row.modulus for row in found.transfers["synthetic", "FBS"]]


if __name__ == "__main__":
    main(*sys.argv[1:])
