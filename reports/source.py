r"""The claim files themselves, so that a page can lead to the line that states a check.

The evidence holds path and line, not the text: what is shown is the file as it is where the report is built,
and only for checks that it still has at the line that the run recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import claims.kit.evidence as evidence
from reports.model import Check

ROOT = Path(evidence.__file__).resolve().parents[2]
MOST = 400_000


@dataclass(frozen=True)
class Source:
    r"""A claim file as lines, and the lines at which its checks begin."""

    file: str
    path: str
    lines: tuple[str, ...]
    starts: dict[str, int]


def source(path: str, page: str, checks: Sequence[Check]) -> Source | None:
    r"""The file at ``path``; None unless it is a claim file with one of these checks in its place."""
    lines = _lines(path)
    starts = {check.id: line for check in checks if (line := _start(lines, check)) is not None}
    return Source(f"source-{page}", path, lines, starts) if starts else None


def _lines(path: str) -> tuple[str, ...]:
    inside = ROOT / "claims"
    try:
        file = (ROOT / path).resolve()
        if not file.is_relative_to(inside) or file.suffix != ".py" or file.stat().st_size > MOST:
            return ()
        return tuple(file.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return ()


def _start(lines: Sequence[str], check: Check) -> int | None:
    r"""The recorded line, if the function is named there or just below its decorator."""
    line = check.plan.get("line")
    if type(line) is not int or not 1 <= line <= len(lines):
        return None
    near = lines[line - 1 : line + 11]
    return line if any(text.startswith(f"def {check.name}(") for text in near) else None
