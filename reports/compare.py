r"""What changed between two runs: verdicts first, then sharpness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from reports.statistics import number
from reports.text import ratio, symbol

Summary = dict[str, Any]
ABSENT = "absent"
CIRCUMSTANCES = ("profile", "seed", "device", "dtype", "subject", "selection", "complete")


@dataclass(frozen=True)
class VerdictChange:
    check: str
    reference: str
    before: str
    after: str


@dataclass(frozen=True)
class SharpnessChange:
    check: str
    reference: str
    term: str
    before: float | None
    after: float | None

    @property
    def size(self) -> float:
        r"""How far the ratio moved; a ratio that came, went or is NaN moved furthest."""
        if self.before is None or self.after is None:
            return math.inf
        moved = abs(self.after - self.before)
        return math.inf if math.isnan(moved) else moved


@dataclass(frozen=True)
class Comparison:
    first: str
    second: str
    checks: int
    circumstances: tuple[tuple[str, str, str], ...]
    verdicts: tuple[VerdictChange, ...]
    sharpness: tuple[SharpnessChange, ...]

    @property
    def sentence(self) -> str:
        return (
            f"{len(self.verdicts)} of {self.checks} verdicts and {len(self.sharpness)} largest ratios differ."
        )


def compare(first: Summary, second: Summary) -> Comparison:
    r"""Compare two summaries check by check; a check in only one of them is ``absent`` in the other."""
    before, after = ({entry["check"]: entry for entry in summary["claims"]} for summary in (first, second))
    names = list(dict.fromkeys([*before, *after]))
    sharpness = [
        change
        for name in names
        if name in before and name in after
        for change in _ratios(before[name], after[name])
    ]
    verdicts = [_verdict(name, before.get(name), after.get(name)) for name in names]
    return Comparison(
        first=str(first["run"]),
        second=str(second["run"]),
        checks=len(names),
        circumstances=tuple(_circumstances(first, second)),
        verdicts=tuple(change for change in verdicts if change.before != change.after),
        sharpness=tuple(sorted(sharpness, key=lambda change: -change.size)),
    )


def _verdict(name: str, before: Summary | None, after: Summary | None) -> VerdictChange:
    reference = str((after or before or {}).get("reference") or "")
    return VerdictChange(
        name, reference, *(entry["verdict"] if entry else ABSENT for entry in (before, after))
    )


def _ratios(before: Summary, after: Summary) -> list[SharpnessChange]:
    terms = list(dict.fromkeys([*before["terms"], *after["terms"]]))
    pairs = [("whole bound", before["ratio"], after["ratio"])]
    pairs += [
        (name, *(entry["terms"].get(name, {}).get("max") for entry in (before, after))) for name in terms
    ]
    return [
        SharpnessChange(before["check"], str(before["reference"]), name, number(x), number(y))
        for name, x, y in pairs
        if x != y
    ]


def _circumstances(first: Summary, second: Summary) -> list[tuple[str, str, str]]:
    pairs = [(name, first.get(name), second.get(name)) for name in CIRCUMSTANCES]
    versions = [summary.get("versions") or {} for summary in (first, second)]
    pairs += [
        (name, *(found.get(name) for found in versions)) for name in sorted({*versions[0], *versions[1]})
    ]
    return [(name, str(x), str(y)) for name, x, y in pairs if x != y]


def _shown(verdict: str) -> str:
    return f"{symbol(verdict)} {verdict}"


def _arrow(before: str, after: str) -> str:
    return f"{before} -> {after}"


def lines(found: Comparison) -> list[str]:
    r"""The comparison for the terminal."""
    text = [f"{found.first} -> {found.second}: {found.sentence}"]
    text += [f"  {name}: {before} -> {after}" for name, before, after in found.circumstances]
    if found.verdicts:
        text += ["", "Changed verdicts"]
    text += [
        f"  {change.reference}  {change.check}: {_arrow(_shown(change.before), _shown(change.after))}"
        for change in found.verdicts
    ]
    if found.sharpness:
        text += ["", "Largest ratios"]
    for change in found.sharpness:
        moved = _arrow(ratio(change.before), ratio(change.after))
        text.append(f"  {change.reference}  {change.check}  {change.term}: {moved}")
    return text
