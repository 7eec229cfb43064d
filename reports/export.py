r"""A run as JSON (the summary), CSV, JUnit XML and LaTeX, and its tables for a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from claims.kit.evidence import EvidenceError
from reports.junit import to_junit
from reports.latex import to_latex
from reports.summary import dumps
from reports.text import NONE, decimal, short

PLAIN = (
    "check paper reference name kind verdict instances held tied violated undecided unmet ratio "
    "clopper_pearson independent_draws seconds without of counterexample worst"
).split()
GROUP = "regularizer system instances held violated undecided unmet ratio".split()

LEGEND = (
    "Largest ratio left/right, cut to three decimals; of a term where it is all of the right side,\n"
    f"with the number of such instances. {NONE}: there are none. ?: the evidence does not say."
)

ORDERS = (
    "Orders fitted to independent draws, minus the slope of log gap against log N: their mean over the\n"
    "groups that this run drew with its 95 % interval by Student's t, the extremes, how many fits.\n"
    f"{NONE}: there are none."
)
COUNTED = "instances below unknown".split()
#: Kinds of checks without a line in the table of instances.
UNJUDGED = ("control", "observation")

Entry = Mapping[str, Any]


def to_json(summary: dict[str, Any]) -> str:
    return dumps(summary)


def to_csv(summary: dict[str, Any]) -> str:
    r"""Scalars in columns; ``terms`` as ``name=largest ratio`` pairs, ``run`` in the first column.

    ``fbscore_parts`` are the parts of `fbscore` that stood in for those that the subject did not bring.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    quantiles = ("0.5", "0.9", "0.99")
    columns = [*PLAIN, *(f"quantile_{q}" for q in quantiles), "terms", "assumes", "fbscore_parts"]
    writer.writerow(["run", *columns])
    brought = summary.get("subject_parts") or ()
    for entry in summary["claims"]:
        terms = ";".join(f"{name}={term['max']}" for name, term in entry["terms"].items())
        row = [entry[name] for name in PLAIN] + [entry["quantiles"].get(q) for q in quantiles]
        stood_in = [part for part in entry.get("parts") or () if brought and part not in brought]
        writer.writerow([summary["run"], *row, terms, " ".join(entry["assumes"]), " ".join(stood_in)])
    return stream.getvalue()


def to_systems(summary: dict[str, Any]) -> str:
    r"""CSV with one line a check, regulariser, system and term of the bound.

    The columns ``alone``, ``alone_ratio`` and ``alone_refuted`` say in how many instances the term is all of
    the right side, the largest ratio there, and how many refute the bound with 0.99 of the term.  They are
    empty where the evidence does not say; ``term`` is empty where nothing is known of any.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    check = "check paper reference name kind verdict".split()
    term = "term sharp alone alone_ratio alone_refuted".split()
    writer.writerow(["run", *check, *GROUP, *term])
    for entry in summary["claims"]:
        for group in _groups(entry):
            row = [summary["run"], *(entry[name] for name in check), *(group[name] for name in GROUP)]
            writer.writerows([*row, *cells] for cells in _terms(entry, group))
    return stream.getvalue()


def _groups(entry: Entry) -> list[Entry]:
    if "systems" not in entry:
        raise EvidenceError(
            "a summary of an older version has no table by system; name the folder of the run"
        )
    return entry["systems"]


def _terms(entry: Entry, group: Entry) -> Iterator[list[Any]]:
    for name in dict.fromkeys([*entry["sharp"], *entry["terms"]]):
        found = _term(group, name)
        sharp = "yes" if name in entry["sharp"] else "no"
        yield [name, sharp, *(found[key] for key in ("instances", "max", "refuted"))]
    if not (entry["sharp"] or entry["terms"]):
        yield [""] * 5


def _term(group: Entry, name: str) -> Entry:
    if group["terms"] is None:
        return dict.fromkeys(("instances", "max", "refuted"))
    return group["terms"].get(name) or {"instances": 0, "max": None, "refuted": 0}


def to_table(summary: dict[str, Any]) -> str:
    r"""The same for a terminal, a block a claim; controls and observations are left out."""
    blocks = [_block(entry) for entry in summary["claims"] if entry["kind"] not in UNJUDGED]
    return "\n\n".join([f"{_head(summary)}\n{LEGEND}", *blocks]) + "\n"


def _head(summary: dict[str, Any]) -> str:
    return f"run {summary['run']}, profile {summary['profile']}, {summary['dtype']} on {summary['device']}"


def _block(entry: Entry) -> str:
    groups = _groups(entry)
    names = [n for n in dict.fromkeys([*entry["sharp"], *entry["terms"]]) if _shown(entry, n)]
    head = f"{entry['reference']}  {entry['name']}: {entry['verdict']}"
    if not groups:
        return f"{head}\n  no instance was judged"
    lines = [["regularizer", "system", "instances", "whole bound", *names]]
    for group in groups:
        labels = [group["regularizer"] or NONE, group["system"] or NONE, str(group["instances"])]
        lines.append([*labels, short(group["ratio"]), *(_cell(group, name) for name in names)])
    return "\n".join([head, *_aligned(lines)])


def _shown(entry: Entry, name: str) -> bool:
    return name in entry["sharp"] or bool(entry["terms"][name]["instances"])


def _cell(group: Entry, name: str) -> str:
    found = _term(group, name)
    if not found["instances"]:
        return "?" if found["instances"] is None else NONE
    return f"{short(found['max'])} ({found['instances']})"


def _aligned(lines: list[list[str]]) -> list[str]:
    r"""The first two columns to the left, numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    sides = [str.ljust, str.ljust, *(str.rjust for _ in widths[2:])]
    padded = ([side(cell, n) for side, cell, n in zip(sides, line, widths, strict=True)] for line in lines)
    return ["  " + "  ".join(line).rstrip() for line in padded]


def to_rates(summary: dict[str, Any]) -> str:
    r"""CSV with one line a check, route, regulariser, system, family, set of depths and depth N.

    ``gap_n`` of the ``instances`` exceed their resolution; mean (geometric), smallest and largest gap and
    bound are those of them.  ``below`` do not, ``unknown`` are not finite.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    check, labels = "check paper reference name".split(), "route regularizer system family".split()
    values = [(side, name) for side in ("gap", "bound") for name in ("n", "mean", "min", "max")]
    columns = [*labels, "independent", "depths", "N", *COUNTED, *(f"{side}_{name}" for side, name in values)]
    writer.writerow(["run", *check, *columns])
    for entry in summary["claims"]:
        for row in _recorded(entry, "series"):
            about = [summary["run"], *(entry[name] for name in check), *(row[name] for name in labels)]
            about.append("yes" if row["independent"] else "no")
            about.append(" ".join(str(depth["N"]) for depth in row["depths"]))
            for depth in row["depths"]:
                counts = [depth[name] for name in ("N", *COUNTED)]
                writer.writerow([*about, *counts, *(depth[side][name] for side, name in values)])
    return stream.getvalue()


def to_orders(summary: dict[str, Any]) -> str:
    r"""The fitted orders for a terminal, a block for each check that hands over a series."""
    found = [entry for entry in summary["claims"] if _recorded(entry, "series")]
    if not found:
        return f"{_head(summary)}\nNo check of this run recorded a series.\n"
    return "\n\n".join([f"{_head(summary)}\n{ORDERS}", *map(_orders, found)]) + "\n"


def _orders(entry: Entry) -> str:
    head = f"{entry['reference']}  {entry['name']}: {entry['verdict']}"
    rows = _recorded(entry, "orders")
    if not rows:
        return f"{head}\n  no independent draws, so no order"
    lines = [["regularizer", "system", "order", "95 % interval", "smallest", "largest", "fits", "draws"]]
    for row in rows:
        labels = [row["regularizer"] or "all", row["system"] or NONE]
        mean, low, high, least, most = (decimal(row[name]) for name in ("mean", "low", "high", "min", "max"))
        ends = NONE if low == NONE else f"{low} to {high}"
        lines.append([*labels, mean, ends, least, most, str(row["n"]), str(row["instances"])])
    return "\n".join([head, *_aligned(lines)])


def _recorded(entry: Entry, name: str) -> list[Entry]:
    if name not in entry:
        raise EvidenceError("a summary of an older version has no series; name the folder of the run")
    return entry[name]


EFFECT = "label mean low high n relative".split()


def to_effects(summary: dict[str, Any]) -> str:
    r"""CSV with one line a check, group of cells and effect: the paired differences that were looked at.

    ``verdict`` is that of the group, ``level`` the probability with which an interval covers.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    check, group = "check paper reference name".split(), "data system variant verdict measure".split()
    writer.writerow(["run", *check, *group, "level", *EFFECT])
    for entry in summary["claims"]:
        looked = entry.get("observation") or {"groups": []}
        about = [summary["run"], *(entry[name] for name in check)]
        for found in looked["groups"]:
            row = [*about, *(found[name] for name in group), looked["level"]]
            writer.writerows([*row, *(effect[name] for name in EFFECT)] for effect in found["effects"])
    return stream.getvalue()


FORMATS = {
    "json": to_json,
    "csv": to_csv,
    "systems": to_systems,
    "rates": to_rates,
    "effects": to_effects,
    "junit": to_junit,
    "latex": to_latex,
}
