r"""Work that several processes share through one folder: each job is done once, whoever does it.

A job is done when its result is on disk.  Whoever works on it holds an exclusive lock on a file of its own,
which the kernel releases when the process ends, by ``kill -9`` too: no stale lock, and what a killed process
left (a checkpoint) is taken up by the next.  flock(2): Linux, macOS, the BSDs; on network file systems as
far as these support it.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.resources
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claims.kit import checkpoints

__all__ = ["Job", "Store", "fingerprint", "sources"]

#: Seconds between two looks at jobs that others hold.
PAUSE = 0.2

Report = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """Work with a result.

    Parameters
    ----------
    name : str
        Of its files.
    work : callable
        From the path of its checkpoint to the result: tensors, numbers, strings, lists, dictionaries.
    needs : tuple of str
        Names of jobs whose results it reads.
    """

    name: str
    work: Callable[[Path], dict[str, Any]]
    needs: tuple[str, ...] = ()


class Store:
    """Results in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def result(self, name: str) -> Path:
        """Return where the result of a job is, once it is done."""
        return self.folder / f"{name}.result"

    def done(self, name: str) -> bool:
        """Return whether a job is done."""
        return self.result(name).exists()

    def load(self, name: str) -> dict[str, Any]:
        """Return the result of a job that is done."""
        return checkpoints.load(self.result(name))

    def work(self, jobs: Sequence[Job], report: Report, pause: float = PAUSE) -> list[str]:
        """Do every job that nobody has done or holds, wait for the others; return the names of the own ones.

        A job that raises ends the work of this process; its checkpoint stays.
        """
        mine: list[str] = []
        while left := [job for job in jobs if not self.done(job.name)]:
            ready = [job for job in left if all(map(self.done, job.needs))]
            taken = next((job.name for job in ready if self._try(job)), None)
            if taken is not None:
                mine.append(taken)
            else:
                report(f"waiting for {len(left)} parts that another process works on")
                time.sleep(pause)
        return mine

    def _try(self, job: Job) -> bool:
        """Do a job, if nobody holds it and nobody did it in the meantime."""
        with _held(self.folder / f"{job.name}.lock") as ours:
            if not ours or self.done(job.name):
                return False
            checkpoint = self.folder / f"{job.name}.checkpoint"
            result = job.work(checkpoint)
            checkpoints.save(self.result(job.name), result)
            checkpoint.unlink(missing_ok=True)
        return True


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    """Try to hold the lock; it is released by closing the file, at the latest when the process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------- what results depend on


def fingerprint(**parts: Any) -> str:
    """Return twelve hexadecimal digits for plain data."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def sources(*packages: str) -> str:
    """Return a digest of the source text of packages: results of other code are not those of this."""
    found = hashlib.sha256()
    for package in packages:
        root = Path(str(importlib.resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()
