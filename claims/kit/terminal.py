"""The summary at the end of ``pytest claims/``: one line a check, totals, and the report's path."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from claims.kit.session import Settings

RED = ("refuted", "undecided", "vacuous", "loose", "error", "missing witness", "not shown", "incomplete")


def print_summary(terminal: Any, settings: Settings, report: subprocess.CompletedProcess[str]) -> None:
    """Print the table that the report was built from; if it was not, say why and where the evidence is."""
    terminal.section("claims")
    places = dict(line.split(": ", 1) for line in report.stdout.splitlines() if ": " in line)
    summary = Path(places.get("summary", ""))
    if summary.is_file():
        _print_table(terminal, json.loads(summary.read_text(encoding="utf-8")))
    terminal.write_line(
        f"seed {settings.seed}, profile {settings.profile}, {settings.dtype} on {settings.device}"
    )
    terminal.write_line(f"evidence: {settings.folder}")
    for line in report.stderr.strip().splitlines():
        terminal.write_line(line, red=report.returncode != 0)
    if "report" in places:
        terminal.write_line(f"report: {places['report']}", bold=True)


def _print_table(terminal: Any, summary: dict[str, Any]) -> None:
    terminal.write_line(
        f"{'claim':<30} {'check':<48} {'verdict':<18} {'instances':>10} {'ratio':>8} {'CPU s':>7}", bold=True
    )
    for entry in summary["claims"]:
        ratio = entry["ratio"]
        shown = f"{ratio:.4f}" if isinstance(ratio, float) else "-"
        line = f"{entry['reference']:<30} {entry['name']:<48} {entry['verdict']:<18} "
        line += f"{entry['instances']:>10} {shown:>8} {entry['seconds']:>7.2f}"
        terminal.write_line(line, red=entry["verdict"] in RED)
        observation: dict[str, Any] | None = entry.get("observation")
        if observation and observation["short"]:
            terminal.write_line(f"{'':<30} {observation['short']}")
    if not summary["complete"]:
        terminal.write_line(f"incomplete: {len(summary['incomplete'])} routes did not finish", red=True)
    for stratum in summary["strata_not_run"]:
        terminal.write_line(f"not run: {stratum['stratum']}: {stratum['reason']}", yellow=True)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in summary["verdicts"].items())
    terminal.write_line(f"{len(summary['claims'])} checks: {counts}")
