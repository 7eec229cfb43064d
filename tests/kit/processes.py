"""pytest on the claims, in processes of its own, writing to folders of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAIMS = str(ROOT / "claims")


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what pytest put there; the suite can be imported."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    path = os.pathsep.join(filter(None, [str(ROOT), changes.pop("PYTHONPATH", "")]))
    return {**own, "PYTHONPATH": path, **changes}


def verify(
    folder: Path, *arguments: str, where: Sequence[str] = (CLAIMS,), **variables: str
) -> tuple[int, str]:
    """Run ``pytest claims/`` in profile quick, as a group of processes; exit status and output.

    The evidence goes to ``folder``/run, the report to ``folder``/html.
    """
    options = (
        "--claims-profile",
        "quick",
        "--evidence",
        str(folder / "run"),
        "--report",
        str(folder / "html"),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *where, "-p", "no:cacheprovider", "-q", *options, *arguments],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output, _ = process.communicate(timeout=600)
    return process.returncode, output
