r"""The assumption matrix: what each statement assumes, and what became of the attempts to drop it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.model import Check
from reports.pages import Page
from reports.text import slug

#: Sign, tone and meaning of each state of a cell.
STATES = {
    "needed": ("●", "good", "a counterexample was found without it"),
    "failed": ("✗", "bad", "the control did not show that it is needed"),
    "not run": ("…", "care", "its control did not run"),
    "explored": ("◇", "plain", "looked for a counterexample without it, found none"),
    "assumed": ("○", "plain", "assumed; no control drops it"),
    "dispensable": ("−", "plain", "not needed; the page of the statement says why"),
}


@dataclass(frozen=True)
class Cell:
    r"""What one statement has to do with one assumption: states, and the control to look at."""

    states: tuple[str, ...]
    controls: int
    href: str

    @property
    def tone(self) -> str:
        return STATES[self.states[0]][1]

    @property
    def signs(self) -> str:
        return " ".join(STATES[state][0] for state in self.states)

    @property
    def words(self) -> str:
        return "; in part ".join(STATES[state][2] for state in self.states)


@dataclass(frozen=True)
class Matrix:
    keys: tuple[str, ...]
    texts: dict[str, str]
    rows: tuple[tuple[Page, tuple[Cell | None, ...]], ...]


def matrix(pages: Sequence[Page]) -> Matrix:
    r"""One row a statement, one column an assumption: A1, A2, … first, then in order of appearance."""
    texts = _texts(check for page in pages for check in page.checks)
    keys = tuple(sorted(texts, key=lambda key: (not _numbered(key), key if _numbered(key) else "")))
    return Matrix(keys, texts, tuple((page, tuple(_cell(page, key) for key in keys)) for page in pages))


def _texts(checks: Iterable[Check]) -> dict[str, str]:
    found: dict[str, str] = {}
    for check in checks:
        named = [check.without] if check.without else []
        for one in (*(check.plan.get("assumes") or ()), *named):
            found.setdefault(str(one["key"]), str(one.get("text") or ""))
    return found


def _numbered(key: str) -> bool:
    return key[:1] == "A" and key[1:].isdigit()


def _cell(page: Page, key: str) -> Cell | None:
    dropped = [check for check in page.checks if (check.without or {}).get("key") == key]
    states = {_state(check): check for check in reversed(dropped)}
    named = _has(page.checks, "assumes", key)
    if not states and not named and not _has(page.checks, "dispensable", key):
        return None
    kept = [state for state in STATES if state in states]
    if "needed" in kept:  # one counterexample is enough; an exploration beside it says nothing more
        kept = [state for state in ("failed", "needed") if state in kept]
    if not kept and named:
        kept = ["assumed"]
    if _has(page.checks, "dispensable", key):
        kept.append("dispensable")
    anchor = f"#{slug(states[kept[0]].name)}" if kept[0] in states else ""
    return Cell(tuple(kept), len(dropped), page.file + anchor)


def _state(check: Check) -> str:
    if check.verdict in ("cannot be dropped", "found"):
        return "needed"
    if check.verdict in ("not run", "incomplete"):
        return "not run"
    return "explored" if check.kind == "exploration" and check.verdict == "not found" else "failed"


def _has(checks: Iterable[Check], field: str, key: str) -> bool:
    return any(one["key"] == key for check in checks for one in check.plan.get(field) or ())
