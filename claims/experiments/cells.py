r"""Cells of the experiment: one network depth, all replicates trained as one batch.

``h`` not scaled means layers of length ``h = 1/N_0`` for every depth, ``N_0`` the least one: the time that a
network spans grows with its depth.  That network is the one with ``h = 1/N`` and ``τ`` times ``N/N_0``, so it
is trained as such, with rate and penalty of ``τ`` changed to give the very steps that ``τ`` itself would take
(LISTA would scale ``W¹, W², λ``; this control is run for FBS only).
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from claims.experiments.data import Drawn, Part, draw, shuffled
from claims.experiments.design import SHUFFLED, TRAINED, UNSCALED, Design
from claims.kit import checkpoints
from fbscore import Samples
from fbscore.learning import Learning, penalties, power
from fbscore.learning.history import History, Trained
from fbscore.learning.settings import Training, sgd
from fbscore.learning.start import start
from fbscore.learning.train import train
from fbscore.lista import AlistaControls, ListaControls
from fbscore.network import AnyControls
from fbscore.regularizers import L1
from fbscore.types import Controls

__all__ = ["Cell", "Place", "cells", "controls_of", "starting", "task", "train_cell"]

KINDS: dict[str, type[Any]] = {"FBS": Controls, "LISTA": ListaControls, "ALISTA": AlistaControls}
RATES = {"W": "W", "W1": "W", "W2": "W", "tau": "tau", "lam": "lam"}

Report = Callable[[str], None]


@dataclass(frozen=True, order=True)
class Cell:
    """What is trained at one depth."""

    data: str
    system: str
    variant: str
    depth: int

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"{self.data}-{self.system}-{self.variant}-{self.depth}".replace(" ", "-")

    def __str__(self) -> str:
        variant = "" if self.variant == TRAINED else f", {self.variant}"
        return f"{self.system} {self.data}{variant} N={self.depth}"


@dataclass(frozen=True)
class Place:
    """Seed, device and dtype of a run."""

    seed: int
    device: torch.device
    dtype: torch.dtype


def cells(design: Design) -> list[Cell]:
    """Return all cells, the slow ones first; the controls are for FBS on synthetic data."""
    found = [
        Cell(data, system, variant, depth)
        for data in design.data
        for system in design.systems
        for variant in design.variants
        for depth in design.depths
        if variant == TRAINED or (data, system) == ("synthetic", "FBS")
    ]
    return sorted(found, key=lambda cell: -cell.depth)


def drawn(design: Design, cell: Cell, seed: int) -> Drawn:
    """Return the data that a cell is trained on."""
    found = draw(design, cell.data, seed)
    return shuffled(found, seed) if cell.variant == SHUFFLED else found


def stretch(design: Design, cell: Cell) -> float:
    """Return N/N_0 where h is not scaled, else 1."""
    return cell.depth / min(design.depths) if cell.variant == UNSCALED else 1.0


def task(design: Design, cell: Cell, A: torch.Tensor, part: Part, place: Place) -> tuple[Samples, Learning]:
    """Return the problem of one part of the data, and what it is trained for."""
    square = penalties.by_name("s^2")
    weights = design.weight * torch.ones(len(A), 3, dtype=torch.float64)
    weights[:, 1] /= stretch(design, cell) ** 2
    regularizer = L1(torch.ones(len(A), A.shape[2], dtype=torch.float64))
    problem = Samples(A, part.f, torch.zeros_like(part.labels), regularizer)
    learning = Learning(part.labels, power(2), (square, square, square), weights)
    return problem.to(place.dtype, place.device), learning.to(place.dtype, place.device)


def starting(design: Design, cell: Cell, A: torch.Tensor, place: Place) -> AnyControls:
    """Return the controls that training begins with; the three systems begin as the same network."""
    tau = design.tau * stretch(design, cell)
    return start(A.to(place.device, place.dtype), cell.depth, tau, design.lam, cell.system)


def settings(design: Design, cell: Cell, controls: AnyControls, seed: int) -> Training:
    """Return the settings of training: rates in L²(0, 1), which are those of the design divided by h."""
    names = [name for name in RATES if hasattr(controls, name)]
    if cell.system == "ALISTA":
        names.remove("W")
    factor = stretch(design, cell)
    rates = {name: design.rates[RATES[name]] * cell.depth / factor for name in names}
    if "tau" in rates:
        rates["tau"] *= factor**2
    return Training(
        design.epochs,
        rates,
        design.batch_size,
        design.chunk,
        optimizer=sgd(design.momentum),
        schedule=design.factor,
        seed=seed,
        keep_every=design.keep_every,
    )


# ---------------------------------------------------------------- training


def train_cell(design: Design, cell: Cell, place: Place, path: Path, report: Report) -> dict[str, Any]:
    """Train a cell, from its checkpoint at ``path`` where there is one; return what is worth keeping.

    Returns
    -------
    dict
        ``controls`` by name; ``objective``, ``loss``, ``validation`` (epochs + 1, replicates); ``stopped``;
        ``seconds`` of the epochs, ``cpu`` seconds and ``peak`` memory in MiB.
    """
    before, began = _earlier(path), time.process_time()
    found = drawn(design, cell, place.seed)
    aims = [task(design, cell, found.A, part, place) for part in (found.training, found.validation)]
    (problem, learning), validation = aims
    controls = starting(design, cell, found.A, place)

    def cpu() -> float:
        return before.get("cpu", 0.0) + time.process_time() - began

    def keep(content: dict[str, Any]) -> None:
        checkpoints.save(path, {"content": content, "cpu": cpu()})

    def progress(epoch: int, history: History) -> None:
        mean = float(history.loss[-1].mean())
        report(f"{cell}: epoch {epoch} of {design.epochs}, loss {mean:.3g}")

    trained = train(
        problem,
        controls,
        learning,
        settings(design, cell, controls, place.seed),
        validation=validation,
        progress=progress,
        keep=keep,
        resume=before.get("content"),
    )
    return _kept(trained) | {"cpu": cpu(), "peak": peak_mib()}


def controls_of(cell: Cell, kept: dict[str, Any], place: Place) -> AnyControls:
    """Return the controls of a cell that was trained, on the device."""
    return KINDS[cell.system](**{name: x.to(place.device) for name, x in kept["controls"].items()})


def peak_mib() -> float:
    """Return the largest resident set of this process so far, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes or KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _earlier(path: Path) -> dict[str, Any]:
    return checkpoints.load(path) if path.exists() else {}


def _kept(trained: Trained) -> dict[str, Any]:
    history = trained.history
    names = [name for name in RATES if hasattr(trained.controls, name)]
    return {
        "controls": {name: getattr(trained.controls, name).detach().cpu() for name in names},
        "objective": history.objective,
        "loss": history.loss,
        "validation": history.validation,
        "stopped": trained.stopped,
        "seconds": float(history.seconds.sum()),
    }
