"""An experiment so small that it is known what must be written of it: the loss at depth N is 1/N.

Its outcome is on disk and is computed once; ``calls`` counts how often it was asked for in this process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEPTHS = (2, 4, 8)


@dataclass(frozen=True)
class Looked:
    """An observation."""

    verdict: str
    text: str = "looked"

    def document(self) -> dict[str, Any]:
        effect = {"label": "2 → 4", "from": 2, "to": 4, "mean": -0.25, "low": -0.3, "high": -0.2, "n": 2}
        group = {"data": "toys", "system": "FBS", "variant": "trained", "verdict": self.verdict}
        group |= {"measure": "final objective", "effects": [effect], "text": self.text}
        return {
            "question": "?",
            "verdict": self.verdict,
            "level": 0.95,
            "groups": [group],
            "text": self.text,
        }


@dataclass(frozen=True)
class Came:
    """What came of it: the losses, and which of them were on disk."""

    losses: dict[int, float]
    reused: frozenset[int]
    about: dict[str, Any]
    more: tuple[dict[str, Any], ...] = ()

    def document(self) -> list[dict[str, Any]]:
        where = {"experiment": "toy", "data": "toys", "system": "FBS"}
        cells = [
            {
                "record": "cell",
                **where,
                "variant": "trained",
                "depth": depth,
                "objective": [[1.0, loss]],
                "reused": depth in self.reused,
            }
            for depth, loss in self.losses.items()
        ]
        change = {"record": "transfer", **where, "trained": 2, "depth": 4, "change": [0.1], "modulus": [0.2]}
        return [{"record": "experiment", "experiment": "toy", **self.about}, *cells, change, *self.more]


@dataclass
class Toy:
    """The experiment."""

    name: str = "toy"
    sizes: dict[str, Any] = field(default_factory=lambda: {"tiny": DEPTHS, "everyday": DEPTHS})
    calls: list[dict[str, Any]] = field(default_factory=list)
    more: tuple[dict[str, Any], ...] = ()

    def run(self, size: str, seed: int, folder: Path, *, device: Any, dtype: Any, report: Any) -> Came:
        self.calls.append({"size": size, "seed": seed, "folder": folder, "device": device, "dtype": dtype})
        losses, reused = {}, set()
        for depth in self.sizes[size]:
            cell = folder / f"toy-{seed}" / f"{depth}.json"
            cell.parent.mkdir(parents=True, exist_ok=True)
            if cell.exists():
                reused.add(depth)
            else:
                cell.write_text(json.dumps(1 / depth))
            losses[depth] = json.loads(cell.read_text())
            report(f"N = {depth}")
        about = {"size": size, "seed": seed, "key": "k", "design": {"depths": list(self.sizes[size])}}
        return Came(losses, frozenset(reused), about, self.more)
