r"""The assumption matrix: what each statement assumes, and what became of the attempts to drop it."""

from __future__ import annotations

from collections import Counter
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
    "not shown": ("○", "plain", "not shown: no control drops it"),
    "dispensable": ("−", "plain", "not needed; the page of the statement says why"),
    "untestable": ("·", "plain", "not testable; the page of the statement says why"),
}

#: What each state is counted as below the matrix, in the order of the totals.
TOTALS = {
    "needed": "cannot be dropped",
    "failed": "not shown",
    "not run": "not shown",
    "explored": "not shown",
    "not shown": "not shown",
    "dispensable": "dispensable",
    "untestable": "not testable",
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
    def total(self) -> str:
        r"""What it counts as: with a proof that a statement does not need the assumption, a counterexample to
        one of its constants is no counterexample to the statement.
        """
        proved = "needed" in self.states and "dispensable" in self.states and "failed" not in self.states
        return TOTALS["dispensable" if proved else self.states[0]]

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

    @property
    def totals(self) -> dict[str, int]:
        r"""How many pairs of a statement and an assumption are in each of the four states, `TOTALS`."""
        counted = Counter(cell.total for _, cells in self.rows for cell in cells if cell)
        return {name: counted[name] for name in dict.fromkeys(TOTALS.values())}


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
    named, spare = (_has(page.checks, field, key) for field in ("assumes", "dispensable"))
    if not states and not named and not spare:
        return None
    kept = [state for state in STATES if state in states]
    if "needed" in kept:  # one counterexample is enough; an exploration beside it says nothing more
        kept = [state for state in ("failed", "needed") if state in kept]
    if spare:
        kept.append("dispensable")
    if not kept:
        kept = ["untestable" if _has(page.checks, "untestable", key) else "not shown"]
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
