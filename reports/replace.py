r"""Replace a folder as a whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class ReportError(Exception):
    r"""The report cannot be written; the message says why and what to do."""


def write_folder(target: Path, fill: Callable[[Path], None]) -> Path:
    r"""Fill a new folder beside ``target``, then let it take the place of ``target``.

    Raises
    ------
    ReportError
        ``target`` holds something that is no report, or its parent cannot be written; it is then untouched.
    """
    target = target.resolve()
    _check(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{target.name}-new-", dir=target.parent))
    except OSError as error:
        raise ReportError(f"cannot write beside {target}: {error.strerror}") from error
    try:
        fill(new)
        new.chmod(0o755)
        _swap(new, target)
    except OSError as error:
        raise ReportError(f"cannot write the report to {target}: {error.strerror}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return target


def _check(target: Path) -> None:
    r"""Only a report may be replaced: a mistyped ``-o`` must not delete anybody's folder."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ReportError(f"{target} is not a folder")
    names = [path.name for path in target.iterdir()]
    ours = "summary.json" in names and all(name == "summary.json" or name.endswith(".html") for name in names)
    if names and not ours:
        raise ReportError(
            f"{target} holds something else than a report; choose an empty or a new folder with -o"
        )


def _swap(new: Path, target: Path) -> None:
    old = new.with_name(new.name.replace("-new-", "-old-", 1))
    if target.exists():
        os.rename(target, old)
    try:
        os.rename(new, target)
    except OSError:
        if old.exists() and not target.exists():
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_file(target: Path, text: str) -> Path:
    r"""Write one file as a whole, or not at all.

    Raises
    ------
    ReportError
        The folder or the file cannot be written.
    """
    target = target.resolve()
    partial = target.with_name(f".{target.name}-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise ReportError(f"cannot write {target}: {error.strerror}") from error
    return target
