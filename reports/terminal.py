r"""A run in a terminal, in colour where the terminal has it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TextIO

from reports.text import NONE, integer, plural, seconds, short, symbol, tone, upper

CODES = {"good": "32", "bad": "1;31", "care": "33", "plain": "2", "bold": "1"}
HEAD = f"{'':2}{'claim':<50} {'verdict':<18} {'instances':>11} {'ratio':>7} {'95 % bound':>11} {'CPU':>9}"


def coloured(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    r"""Whether to colour: not with NO_COLOR or a dumb terminal, with FORCE_COLOR, else on a terminal."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def paint(text: str, kind: str, colour: bool) -> str:
    return f"\x1b[{CODES[kind]}m{text}\x1b[0m" if colour else text


def lines(summary: Mapping[str, Any], colour: bool = False) -> list[str]:
    r"""One line a check below its statement, what is incomplete, and the verdicts in numbers."""
    found = [paint(HEAD, "bold", colour)]
    reference = None
    for entry in summary["claims"]:
        if entry["reference"] != reference:
            reference = entry["reference"]
            found.append(paint(_safe(str(reference)), "bold", colour))
        found.append(_line(entry, colour))
        if said := (entry.get("observation") or {}).get("short"):
            found.append(paint(f"      {_safe(str(said))}", "plain", colour))
    for missing in summary["incomplete"]:
        where = " ".join(str(x) for x in (missing["check"], missing["route"]) if x)
        found.append(paint(_safe(f"incomplete: {where} {missing['why']}"), "care", colour))
    for stratum in summary["strata_not_run"]:
        found.append(paint(_safe(f"not run: {stratum['stratum']}: {stratum['reason']}"), "care", colour))
    counts = ", ".join(
        paint(f"{symbol(verdict)} {n} {_safe(verdict)}", tone(verdict), colour)
        for verdict, n in summary["verdicts"].items()
    )
    found.append(f"{plural(len(summary['claims']), 'check')}: {counts or 'none'}")
    about = f"run {summary['run']}, profile {summary['profile']}, {summary['dtype']} on {summary['device']}, "
    return [*found, _safe(f"{about}seed {summary['seed']}")]


def _line(entry: Mapping[str, Any], colour: bool) -> str:
    verdict = str(entry["verdict"])
    shown = paint(f"{symbol(verdict)} {_safe(verdict):<16}", tone(verdict), colour)
    numbers = (
        f"{integer(entry['instances']):>11} {short(entry['ratio']):>7} "
        f"{upper(entry['clopper_pearson']) if entry['clopper_pearson'] is not None else NONE:>11} "
        f"{seconds(entry['seconds']):>9}"
    )
    return f"  {_safe(str(entry['name'])):<50} {shown} {numbers}"


def _safe(text: str) -> str:
    r"""Without control characters: evidence must not steer a terminal."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
