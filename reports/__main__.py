r"""Command line: ``python -m reports build | list | summary | compare | export | table | rates``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from claims.kit.evidence import EvidenceError
from reports import terminal
from reports.collect import collect
from reports.compare import compare, lines
from reports.export import FORMATS, to_orders, to_table
from reports.replace import ReportError, write_file, write_folder
from reports.summary import dumps, summarise

EVIDENCE, HTML = Path("reports/evidence"), Path("reports/html")
HOW = "the HTML pages need jinja2: pip install 'fbs-claims[report]'"


def newest() -> Path:
    r"""The newest run folder; their names begin with the time."""
    runs = folders()
    if not runs:
        raise EvidenceError(f"there is no run under {EVIDENCE}; name one, or make one with `pytest claims/`")
    return runs[-1]


def folders() -> list[Path]:
    if not EVIDENCE.is_dir():
        return []
    return sorted(
        (path for path in EVIDENCE.iterdir() if any(path.glob("*.jsonl"))), key=lambda path: path.name
    )


def find(run: str | None) -> Path:
    r"""A run by path, or by its name under `EVIDENCE`."""
    if run is None:
        return newest()
    path = Path(run)
    return EVIDENCE / run if not path.exists() and (EVIDENCE / run).exists() else path


def load(run: str) -> dict[str, Any]:
    r"""The summary of a run folder, or one read from a stored ``summary.json``."""
    path = find(run)
    if not path.is_file():
        return summarise(collect(path))
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path} is no summary: {error}") from error
    if not isinstance(summary, dict) or summary.get("schema") != 1 or "claims" not in summary:
        raise EvidenceError(f"{path} is no summary of schema 1")
    return summary


def build(options: argparse.Namespace) -> None:
    report = collect(find(options.run))
    summary = dumps(summarise(report))
    if importlib.util.find_spec("jinja2") is None:
        written = write_file(options.output / "summary.json", summary)
        print(f"summary: {written}")
        print(f"only summary.json was written; {HOW}", file=sys.stderr)
        return
    from reports.html import filler

    try:
        fill = filler(report, summary)
    except Exception as error:  # whatever evidence can do to a template, the summary is written
        write_file(options.output / "summary.json", summary)
        raise ReportError(f"only summary.json was written, the pages failed: {error!r}") from error
    folder = write_folder(options.output, fill)
    print(f"summary: {folder / 'summary.json'}\nreport: {folder / 'index.html'}")


def show(options: argparse.Namespace) -> None:
    for path in folders():
        try:
            report = collect(path)
        except EvidenceError as error:
            print(f"{path.name}  unreadable: {error}")
            continue
        header, state = report.header, "complete" if report.complete else "incomplete"
        verdicts = ", ".join(f"{n} {verdict}" for verdict, n in report.verdicts.items()) or "no checks"
        print(f"{path.name}  {header['profile']}  {header['device']} {header['dtype']}  {state}  {verdicts}")


def differ(options: argparse.Namespace) -> None:
    found = compare(load(options.first), load(options.second))
    print("\n".join(lines(found)))
    if options.output:
        if importlib.util.find_spec("jinja2") is None:
            raise ReportError(HOW)
        from reports.html import compare_page

        print(write_file(options.output, compare_page(found)))


def export(options: argparse.Namespace) -> None:
    text = FORMATS[options.format](_summary(options.run))
    if options.output:
        write_file(options.output, text)
    else:
        sys.stdout.write(text)


def table(options: argparse.Namespace) -> None:
    sys.stdout.write(to_table(_summary(options.run)))


def shown(options: argparse.Namespace) -> None:
    print("\n".join(terminal.lines(_summary(options.run), terminal.coloured(sys.stdout))))


def rates(options: argparse.Namespace) -> None:
    sys.stdout.write(to_orders(_summary(options.run)))


def _summary(run: str | None) -> dict[str, Any]:
    return load(run) if run else summarise(collect(newest()))


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(prog="python -m reports", description="Reports from stored evidence.")
    commands = main.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("build", help="write the HTML site and summary.json of a run")
    command.add_argument("run", nargs="?", help=f"run folder (default: the newest under {EVIDENCE})")
    command.add_argument("-o", "--output", type=Path, default=HTML, metavar="DIR", help=f"default: {HTML}")
    command.set_defaults(action=build)

    command = commands.add_parser("list", help="the stored runs, oldest first")
    command.set_defaults(action=show)

    which = f"run folder or summary.json (default: the newest under {EVIDENCE})"
    command = commands.add_parser("summary", help="a run in the terminal, in colour where it has it")
    command.add_argument("run", nargs="?", help=which)
    command.set_defaults(action=shown)

    command = commands.add_parser("compare", help="two runs: changed verdicts, sharpness, time")
    command.add_argument("first", help="run folder or summary.json")
    command.add_argument("second", help="run folder or summary.json")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="write an HTML page too")
    command.set_defaults(action=differ)

    command = commands.add_parser("export", help="a run as JSON, CSV, JUnit XML or a LaTeX table")
    command.add_argument("run", nargs="?", help=which)
    kinds = "csv: a line a check; systems: CSV by check, regulariser, system and term; rates: CSV by check, "
    kinds += "stratum and depth; effects: CSV of what was observed; junit: XML for CI; latex: a table for an "
    kinds += "appendix; json: everything"
    command.add_argument("--format", choices=sorted(FORMATS), required=True, help=kinds)
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    command.set_defaults(action=export)

    command = commands.add_parser("table", help="claim by regulariser and system: instances, ratio a term")
    command.add_argument("run", nargs="?", help=which)
    command.set_defaults(action=table)

    command = commands.add_parser("rates", help="measured orders of convergence with 95 %% intervals")
    command.add_argument("run", nargs="?", help=which)
    command.set_defaults(action=rates)
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    r"""Run one command; 0, or 2 after one sentence on standard error."""
    options = parser().parse_args(arguments)
    try:
        options.action(options)
    except (EvidenceError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
