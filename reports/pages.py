r"""What the pages show, put in the reader's order: papers as chapters, one page a claim file."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reports.model import Check, Instance, Report, Stratum
from reports.statistics import largest
from reports.systems import rank
from reports.text import slug

PAPERS = {
    "fbs_learning": "Deep-layer limit and stability analysis (II): learning problems",
    "fbs_forward": "Deep-layer limit and stability analysis (I): feed-forward systems",
}


EXPERIMENTS = "Experiments"
DEFAULT_SUBJECT = "fbscore.network:forward"


@dataclass(frozen=True)
class Page:
    r"""One claim file: its checks in order, the controls under the claims they belong to."""

    file: str
    path: str
    paper: str
    reference: str
    title: str
    checks: tuple[Check, ...]

    @property
    def chapter(self) -> str:
        return PAPERS.get(self.paper, self.paper)

    @property
    def statement(self) -> str:
        return str(self.checks[0].plan.get("statement") or self.title)

    @property
    def reconstructed(self) -> bool:
        return any(check.reconstructed for check in self.checks)

    @property
    def observed(self) -> bool:
        r"""Whether all checks look at an experiment: such a page is laid out in its own way."""
        return all(check.kind == "observation" for check in self.checks)

    @property
    def rows(self) -> tuple[Check, ...]:
        r"""What gets a line in the index: all but the controls."""
        return tuple(check for check in self.checks if check.kind != "control")

    @property
    def own_controls(self) -> tuple[Check, ...]:
        r"""The controls that belong to no single check of this page, so to all of it."""
        here = {check.id for check in self.rows}
        return tuple(check for check in self.checks if check.kind == "control" and check.of not in here)

    @property
    def assumptions(self) -> list[Mapping[str, str]]:
        found = {a["key"]: a for check in self.checks for a in check.plan.get("assumes") or ()}
        return list(found.values())

    @property
    def dispensable(self) -> list[Mapping[str, str]]:
        r"""Assumptions that the statement does not need, each with the argument that proves it."""
        found = {a["key"]: a for check in self.checks for a in check.plan.get("dispensable") or ()}
        return list(found.values())

    @property
    def untestable(self) -> list[Mapping[str, str]]:
        r"""Assumptions that no instance can test, each with the reason; what is not needed is left out."""
        spare = {a["key"] for a in self.dispensable}
        found = {a["key"]: a for check in self.checks for a in check.plan.get("untestable") or ()}
        return [a for key, a in found.items() if key not in spare]

    @property
    def headline(self) -> str:
        r"""The statement after its name, in a line."""
        return self.title[:1].upper() + self.title[1:]

    def controls(self, check: Check) -> tuple[Check, ...]:
        return tuple(other for other in self.checks if other.kind == "control" and other.of == check.id)


@dataclass(frozen=True)
class Chapter:
    paper: str
    title: str
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Cell:
    instances: int
    ratio: float | None

    @property
    def heat(self) -> int:
        return heat(self.ratio)


def pages(report: Report) -> list[Page]:
    r"""One page a claim file, in the order of the plan."""
    files: dict[str, list[Check]] = {}
    for check in report.checks:
        files.setdefault(str(check.plan.get("path") or check.id.partition("::")[0]), []).append(check)
    used: Counter[str] = Counter({"index": 1, "run": 1, "systems": 1, "compare": 1})
    return [_page(path, checks, used) for path, checks in files.items()]


def _page(path: str, checks: list[Check], used: Counter[str]) -> Page:
    name = slug(path.removeprefix("claims/").removesuffix(".py")).lower()
    used[name] += 1
    file = f"{name}.html" if used[name] == 1 else f"{name}-{used[name]}.html"
    first = checks[0]
    number = re.escape(first.reference.partition(" (")[0])
    title = re.sub(rf"^{number}(?![\d.]\d)[^:.]*[:.]\s*", "", str(first.plan.get("title") or ""))
    return Page(file, path, first.paper, first.reference, title, tuple(checks))


def chapters(found: Iterable[Page]) -> list[Chapter]:
    r"""The pages by paper; those of experiments are the last chapter, for they say nothing of a theorem."""
    papers: dict[str, list[Page]] = {}
    observed = []
    for page in found:
        (observed if page.observed else papers.setdefault(page.paper, [])).append(page)
    stated = [Chapter(paper, PAPERS.get(paper, paper), tuple(inside)) for paper, inside in papers.items()]
    return stated + ([Chapter(EXPERIMENTS, EXPERIMENTS, tuple(observed))] if observed else [])


def heat(ratio: float | None) -> int:
    r"""0 to 5: how close a ratio comes to 1."""
    return 0 if ratio is None else sum(ratio >= edge for edge in (0.25, 0.5, 0.8, 0.95, 0.99))


def grid(
    strata: Iterable[Stratum], rows: str, columns: str
) -> tuple[list[str], list[str], dict[tuple[str, str], Cell]]:
    r"""Strata merged over all labels but two: row names, column names, cells."""
    cells: dict[tuple[str, str], list[Stratum]] = {}
    for stratum in strata:
        key = (str(stratum.label(rows) or "any"), str(stratum.label(columns) or "any"))
        cells.setdefault(key, []).append(stratum)
    merged = {
        key: Cell(sum(s.instances for s in inside), largest(s.ratio for s in inside))
        for key, inside in cells.items()
    }
    return (
        sorted({key[0] for key in cells}, key=_place),
        sorted({key[1] for key in cells}, key=_place),
        merged,
    )


def _place(name: str) -> tuple[bool, tuple[int, str]]:
    r"""Corners last, systems in the order of the papers, everything else by name."""
    return name.startswith("corner"), rank(name)


def sizes(strata: Iterable[Stratum]) -> list[tuple[str, Cell]]:
    r"""Strata merged over everything but the sizes."""
    cells: dict[tuple[tuple[str, int], ...], list[Stratum]] = {}
    for stratum in strata:
        key = tuple((k, v) for k, v in stratum.labels if isinstance(v, int) and not isinstance(v, bool))
        cells.setdefault(key, []).append(stratum)
    return [
        (
            ", ".join(f"{k} = {v}" for k, v in key) or "any",
            Cell(sum(s.instances for s in inside), largest(s.ratio for s in inside)),
        )
        for key, inside in sorted(cells.items())
    ]


def totals(report: Report) -> dict[str, int | float]:
    claims = [check for check in report.checks if check.kind == "claim"]
    controls = [check for check in report.checks if check.kind == "control"]
    return {
        "claims": len(claims),
        "holding": sum(check.verdict == "holds" for check in claims),
        "controls": len(controls),
        "found": sum(check.verdict == "cannot be dropped" for check in controls),
        "observations": sum(check.observation is not None for check in report.checks),
        "instances": sum(check.counts.instances for check in claims),
        "seconds": sum(check.seconds for check in report.checks),
        "slowest": max((check.seconds for check in report.checks), default=0.0),
    }


def not_run(report: Report) -> dict[str, list[tuple[Check, str]]]:
    r"""Routes that the plan left out, by the reason that it gives."""
    found: dict[str, list[tuple[Check, str]]] = {}
    for check in report.checks:
        for route, why in check.routes_not_run.items():
            found.setdefault(str(why), []).append((check, str(route)))
    return found


def featured(check: Check) -> Instance | None:
    r"""The instance to draw: what decided the check, or else the worst of all routes."""
    deciding = [
        found for found in check.instances if found.role in ("counterexample", "witness", "undecided")
    ]
    worst = [found for found in check.instances if found.id == check.worst]
    return next(iter([*deciding, *worst, *check.instances]), None)


def repeat(header: Mapping[str, Any]) -> str:
    r"""The command that makes the same run again."""
    words = ["pytest", *(str(item) for item in header.get("selection") or ("claims/",))]
    options = {
        "profile": "--claims-profile",
        "seed": "--claims-seed",
        "device": "--device",
        "dtype": "--dtype",
    }
    words += [word for name, option in options.items() for word in (option, str(header[name]))]
    asked = header.get("experiments")
    if isinstance(asked, Mapping):
        words += ["--experiments", "--experiment-size", str(asked.get("size"))]
        words += ["--experiment-seed", str(asked.get("seed"))]
    if header.get("subject") != DEFAULT_SUBJECT:
        words += ["--subject", str(header.get("subject"))]
    return shlex.join(words)
