"""``python -m claims list | where REFERENCE | verify … | reproduce ID``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import claims.kit.threads  # noqa: F401 - before torch
from claims.kit import catalogue, reproduce
from claims.kit.evidence import EvidenceError
from claims.kit.witnesses import WitnessError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 fine, 1 not reproduced or red, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m claims", description="The claims about FBS-networks.")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="list | where | verify | reproduce"
    )
    commands.add_parser("list", help="every claim and its checks, in the papers' order")
    where = commands.add_parser("where", help="file and line of a claim's checks")
    where.add_argument("reference", help='as the paper numbers it, for example "Lemma 3.1"')
    commands.add_parser(
        "verify", help="the same as `pytest claims/`, from anywhere; takes pytest's options", add_help=False
    )
    replay = commands.add_parser(
        "reproduce", help="replay one recorded instance, or a witness, in full precision"
    )
    replay.add_argument("id", help="id of a recorded instance, or name of a witness; observations have none")
    replay.add_argument(
        "--evidence", metavar="DIR", help="the run that recorded it (default: search all runs, newest first)"
    )
    replay.add_argument(
        "--subject", metavar="pkg.mod:name", help="judge this implementation (default: the run's own)"
    )
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["verify"]:  # everything behind it belongs to pytest
        return _verify(given[1:])
    options = parser.parse_args(given)
    if options.command == "list":
        return _list()
    if options.command == "where":
        return _where(options.reference)
    try:
        return reproduce.main(
            options.id, Path(options.evidence) if options.evidence else None, options.subject
        )
    except (EvidenceError, WitnessError, reproduce.ReproduceError) as error:
        print(error, file=sys.stderr)
        return 2


def _list() -> int:
    heading = ""
    for check in catalogue.checks():
        if (title := f"{check.claim.paper}  {check.claim.reference}") != heading:
            heading = title
            print(f"\n{title}")
        assumed = ", ".join(a.key for a in check.assumes) or "nothing"
        basis = f"without {check.without.key}" if check.without else f"assumes {assumed}"
        if check.experiment:
            basis = f"of the experiment {check.experiment.name}"
        print(f"  {check.kind:<12} {check.name:<48} {basis}")
    return 0


def _where(reference: str) -> int:
    wanted = reference.casefold()
    found = [
        check
        for check in catalogue.checks()
        if wanted in (check.claim.reference.casefold(), check.name.casefold())
    ]
    found = found or [check for check in catalogue.checks() if wanted in check.claim.reference.casefold()]
    for check in found:
        print(f"{check.path}:{check.line}: {check.claim.reference}, {check.name}")
    if not found:
        known = ", ".join(dict.fromkeys(check.claim.reference for check in catalogue.checks()))
        print(f"reference: expected one of {known}, got {reference!r}", file=sys.stderr)
    return 0 if found else 2


def _verify(arguments: Sequence[str]) -> int:
    """Start pytest as a process of its own: here Hypothesis is imported already, too early for its plugin."""
    given = [argument for argument in arguments if argument != "--"]
    distributed = any(a.startswith(("-n", "--numprocesses", "--dist")) for a in given)
    spread = [] if distributed else ["-n", "auto", "--dist", "worksteal"]
    here = [] if any(a.startswith("--rootdir") for a in given) else ["--rootdir", str(Path.cwd())]
    command = [sys.executable, "-m", "pytest", str(catalogue.ROOT), "-p", "claims.kit.plugin"]
    return subprocess.run([*command, *spread, *here, *given], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
