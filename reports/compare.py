r"""What changed between two runs: verdicts first, then sharpness, then time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from reports.statistics import number
from reports.text import headline, integer, ratio, seconds, severity, symbol

Summary = dict[str, Any]
ABSENT = "absent"
CIRCUMSTANCES = ("profile", "seed", "device", "dtype", "subject", "selection", "complete")
#: A time is listed if it changed by this factor and by this many seconds: below, it is noise.
FACTOR, SECONDS = 1.5, 1.0


@dataclass(frozen=True)
class VerdictChange:
    r"""A check whose verdict differs, with what either run said of it."""

    check: str
    reference: str
    before: str
    after: str
    heading: str = ""
    said: str = ""

    @property
    def order(self) -> tuple[int, int]:
        r"""What broke comes first, then what is new or gone, then what was mended."""
        was, now = (severity(verdict) if verdict != ABSENT else -1 for verdict in (self.before, self.after))
        return (-1 if now > was >= 0 else 1 if 0 <= now < was else 0, -now)

    @property
    def direction(self) -> str:
        return {-1: "worse", 1: "better"}.get(self.order[0], "")


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
class TimeChange:
    check: str
    reference: str
    before: float
    after: float

    @property
    def factor(self) -> float:
        return self.after / self.before if self.before else math.inf


@dataclass(frozen=True)
class Comparison:
    first: str
    second: str
    checks: int
    circumstances: tuple[tuple[str, str, str], ...]
    verdicts: tuple[VerdictChange, ...]
    sharpness: tuple[SharpnessChange, ...]
    times: tuple[TimeChange, ...] = ()
    seconds: tuple[float, float] = (0.0, 0.0)

    @property
    def sentence(self) -> str:
        return (
            f"{len(self.verdicts)} of {self.checks} verdicts and {len(self.sharpness)} largest ratios differ."
        )

    @property
    def kind(self) -> str:
        r"""What is compared: two subjects, dtypes or devices where they differ, else two runs."""
        names = {name for name, _, _ in self.circumstances}
        found = [name for name in ("subject", "dtype", "device") if name in names]
        return f"Comparison of two {found[0]}s" if found else "Comparison of two runs"

    @property
    def sides(self) -> tuple[str, str]:
        r"""The two of them in words."""
        differ = {name: (x, y) for name, x, y in self.circumstances if name in ("subject", "dtype", "device")}
        if not differ:
            return self.first, self.second
        first, second = zip(*differ.values(), strict=True)
        return ", ".join(first), ", ".join(second)


def compare(first: Summary, second: Summary) -> Comparison:
    r"""Compare two summaries check by check; a check in only one of them is ``absent`` in the other."""
    before, after = ({entry["check"]: entry for entry in summary["claims"]} for summary in (first, second))
    names = list(dict.fromkeys([*before, *after]))
    both = [(before[name], after[name]) for name in names if name in before and name in after]
    sharpness = [change for pair in both for change in _ratios(*pair)]
    verdicts = [_verdict(name, before.get(name), after.get(name)) for name in names]
    changed = [change for change in verdicts if change.before != change.after]
    return Comparison(
        first=str(first["run"]),
        second=str(second["run"]),
        checks=len(names),
        circumstances=tuple(_circumstances(first, second)),
        verdicts=tuple(sorted(changed, key=lambda change: change.order)),
        sharpness=tuple(sorted(sharpness, key=lambda change: -change.size)),
        times=tuple(sorted((t for pair in both for t in _times(*pair)), key=lambda t: t.before - t.after)),
        seconds=(sum(map(_seconds, before.values())), sum(map(_seconds, after.values()))),
    )


def _verdict(name: str, before: Summary | None, after: Summary | None) -> VerdictChange:
    entry = after or before or {}
    was, now = (str(entry["verdict"]) if entry else ABSENT for entry in (before, after))
    heading = headline(entry.get("finite_form"), str(entry.get("name") or name))[0]
    return VerdictChange(name, str(entry.get("reference") or ""), was, now, heading, _said(after))


def _said(entry: Summary | None) -> str:
    r"""How many instances speak against a claim, and whose fault it is."""
    if not entry:
        return ""
    if entry["verdict"] == "error":
        messages = (str(route.get("message") or "") for route in entry["routes"].values())
        return next((message for message in messages if message), "")
    if entry["kind"] == "observation":
        return str((entry.get("observation") or {}).get("short") or "")
    counts = [(entry.get(name) or 0, name) for name in ("violated", "undecided")]
    found = [f"{integer(n)} of {integer(entry.get('instances'))} instances {name}" for n, name in counts if n]
    fault = {True: "the subject is at fault", False: "the statement itself fails"}
    known = entry.get("subject_at_fault")
    blamed = fault.get(known) if isinstance(known, bool) else None
    return "; ".join([*found, *([blamed] if blamed else [])]) if entry["kind"] == "claim" else ""


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


def _seconds(entry: Summary) -> float:
    found = number(entry.get("seconds"))
    return found if found is not None and math.isfinite(found) else 0.0


def _times(before: Summary, after: Summary) -> list[TimeChange]:
    x, y = _seconds(before), _seconds(after)
    if abs(x - y) < SECONDS or max(x, y) < FACTOR * min(x, y):
        return []
    return [TimeChange(before["check"], str(before["reference"]), x, y)]


def _circumstances(first: Summary, second: Summary) -> list[tuple[str, str, str]]:
    pairs = [(name, first.get(name), second.get(name)) for name in CIRCUMSTANCES]
    pairs.append(("experiments", _experiments(first), _experiments(second)))
    versions = [summary.get("versions") or {} for summary in (first, second)]
    pairs += [
        (name, *(found.get(name) for found in versions)) for name in sorted({*versions[0], *versions[1]})
    ]
    return [(name, str(x), str(y)) for name, x, y in pairs if x != y]


def _experiments(summary: Summary) -> str:
    asked = summary.get("experiments_asked")
    return f"size {asked.get('size')}, seed {asked.get('seed')}" if isinstance(asked, dict) else "left out"


def _shown(verdict: str) -> str:
    return f"{symbol(verdict)} {verdict}"


def _arrow(before: str, after: str) -> str:
    return f"{before} -> {after}"


def lines(found: Comparison) -> list[str]:
    r"""The comparison for the terminal: what changed first, the circumstances last."""
    text = [f"{found.first} -> {found.second}: {found.sentence}"]
    if found.verdicts:
        text += ["", "Changed verdicts"]
    for change in found.verdicts:
        moved = _arrow(_shown(change.before), _shown(change.after))
        text.append(f"  {change.reference}  {change.check}: {moved}")
        text += [f"      {change.said}"] if change.said else []
    if found.sharpness:
        text += ["", "Largest ratios"]
    for change in found.sharpness:
        moved = _arrow(ratio(change.before), ratio(change.after))
        text.append(f"  {change.reference}  {change.check}  {change.term}: {moved}")
    if found.times:
        text += ["", f"CPU time ({_arrow(*map(seconds, found.seconds))} in all)"]
    text += [
        f"  {t.reference}  {t.check}: {_arrow(seconds(t.before), seconds(t.after))}" for t in found.times
    ]
    if found.circumstances:
        text += ["", "Circumstances"]
    return text + [f"  {name}: {before} -> {after}" for name, before, after in found.circumstances]
