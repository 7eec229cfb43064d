r"""Evidence of a run: append-only JSONL files, one a process, readable after ``kill -9``.

Every line is one JSON object with a ``record`` key; the records and their fields are listed in
``claims/README.md``.  The writer flushes each record, so a run that dies loses at most the line it was
writing.  The reader accepts a torn last line (and says so) and refuses anything else that it does not
understand.  Aggregates are stored, never a row an instance; exact inputs are stored only for the instances
that matter (worst, counterexample, witness).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

SCHEMA = 1

#: Edges of the fixed bins in which the ratio left/right of a bound is counted (32 bins, the last one open).
RATIO_EDGES: tuple[float, ...] = (
    *(0.0, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45),
    *(0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.999, 1.001, 1.1, math.inf),
)

Record = dict[str, Any]

#: The records, and the fields without which one of them cannot be read.
REQUIRED: dict[str, tuple[str, ...]] = {
    "run": (),
    "plan": ("checks",),
    "started": ("check", "route"),
    "progress": ("check", "route"),
    "tally": ("check", "route", "shard"),
    "instance": ("check", "route", "id", "data"),
    "result": ("check", "route", "verdict"),
    "finished": (),
    "experiment": ("experiment", "key"),
    "cell": ("experiment", "data", "system", "variant", "depth"),
    "transfer": ("experiment", "data", "system", "trained", "depth"),
    "observation": ("check", "route", "data"),
}


class EvidenceError(Exception):
    """Evidence is missing, unreadable, corrupt or of an unknown schema; the message says which and where."""


def utc_now() -> str:
    """Return the present time as ``YYYY-MM-DDTHH:MM:SSZ``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value: Any) -> Any:
    """Return ``value`` with NaN and infinities as the strings ``nan``, ``inf``, ``-inf``: JSON has none."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in cast("Iterable[Any]", value)]
    return value


class Writer:
    """Append records to one file, one flushed line each.

    Parameters
    ----------
    path : Path
        The file; its folder is created.

    Raises
    ------
    EvidenceError
        If the folder or the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(path, "ab", buffering=0)  # lives as long as the run
        except OSError as error:
            raise EvidenceError(f"evidence: cannot write {path}: {error.strerror or error}") from error
        self.path = path

    def write(self, record: str, **fields: Any) -> None:
        """Append one record in a single system call."""
        line = json.dumps(plain({"record": record, **fields}), separators=(",", ":"), allow_nan=False)
        os.write(self._file.fileno(), line.encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True)
class Run:
    """What the evidence of one run says; see `read`."""

    path: Path
    header: Record
    checks: list[Record]
    deselected: list[str] = field(default_factory=list[str])
    strata_not_run: list[Record] = field(default_factory=list[Record])
    started: list[Record] = field(default_factory=list[Record])
    tallies: list[Record] = field(default_factory=list[Record])
    instances: list[Record] = field(default_factory=list[Record])
    results: list[Record] = field(default_factory=list[Record])
    progress: list[Record] = field(default_factory=list[Record])
    experiments: list[Record] = field(default_factory=list[Record])
    cells: list[Record] = field(default_factory=list[Record])
    transfers: list[Record] = field(default_factory=list[Record])
    observations: list[Record] = field(default_factory=list[Record])
    finished: Record | None = None
    torn: list[str] = field(default_factory=list[str])
    hash: str = ""


def _lines(path: Path, torn: list[str], digest: Any) -> Iterable[Record]:
    """Yield the records of one file; a torn last line is noted in ``torn``, a bad one elsewhere an error."""
    digest.update(path.name.encode() + b"\0")
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            digest.update(line)
            if line == b"\n":
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                if not line.endswith(b"\n"):  # the process was killed while it wrote
                    torn.append(
                        f"{path.name}: line {number} is torn (the process was killed while it wrote it)"
                    )
                    return
                raise EvidenceError(f"evidence: {path}: line {number} is not JSON: {error}") from error
            kind = cast("Record", record).get("record") if isinstance(record, dict) else None
            if not isinstance(kind, str) or kind not in REQUIRED:
                raise EvidenceError(f"evidence: {path}: line {number} is not a record of this suite")
            if missing := [name for name in REQUIRED[kind] if name not in record]:
                raise EvidenceError(f"evidence: {path}: line {number} ({kind}) lacks {', '.join(missing)}")
            yield record


def _merged_checks(plans: list[Record]) -> list[Record]:
    """Return the checks of all plan records once each, in the paper's order."""
    merged = {check["check"]: check for plan in plans for check in plan["checks"]}
    return sorted(merged.values(), key=lambda check: (check["order"], check["check"]))


def _once(records: list[Record], rank: Callable[[Record], Any]) -> list[Record]:
    """Return one record for each set of required fields, the first by ``rank``: workers share their cells."""

    def name(record: Record) -> list[str]:
        return [json.dumps(record[field]) for field in REQUIRED[record["record"]]]

    def place(record: Record) -> list[tuple[bool, float, str]]:
        values = [record[field] for field in REQUIRED[record["record"]]]
        return [(True, x, "") if type(x) in (int, float) else (False, 0.0, json.dumps(x)) for x in values]

    found: dict[str, Record] = {}
    for record in sorted(records, key=lambda record: (rank(record), json.dumps(record, sort_keys=True))):
        found.setdefault(json.dumps(name(record)), record)
    return sorted(found.values(), key=place)


def _longest(record: Record) -> float:
    """Return minus the seconds of an experiment: of two workers, the one that was longer at it saw more."""
    seconds = record.get("seconds")
    return -float(seconds) if isinstance(seconds, int | float) else 0.0


def read(path: Path | str, take: Callable[[Record], bool] | None = None) -> Run:
    """Read the evidence of one run, complete or not, a line at a time.

    Parameters
    ----------
    path : Path or str
        The run's folder.
    take : callable, optional
        Is shown every record as it comes; where it answers True, it has made of it what it needs and the
        record is not kept.  So a run of any length is read in the memory of its sums.

    Returns
    -------
    Run
        Records by kind; within a kind in the order of check, route and shard, so that the number
        of workers leaves no trace.  Of experiments each cell once, where one worker trained it and others
        loaded it the one that was trained.

    Raises
    ------
    EvidenceError
        If the folder is missing or not a folder, holds no ``run`` record, has an unknown schema, or a line
        other than the last of a file is corrupt.
    """
    path = Path(path)
    if not path.is_dir():
        raise EvidenceError(f"evidence: expected the folder of a run, got {path}, which is not a folder")
    files = sorted(path.glob("*.jsonl"))
    torn: list[str] = []
    digest = hashlib.sha256()
    by_kind: dict[str, list[Record]] = {}
    try:
        for file in files:
            for record in _lines(file, torn, digest):
                if take is None or not take(record):
                    by_kind.setdefault(record["record"], []).append(record)
    except OSError as error:
        raise EvidenceError(f"evidence: cannot read {error.filename}: {error.strerror}") from error
    if "run" not in by_kind:
        raise EvidenceError(
            f"evidence: {path} holds no record of a run (no *.jsonl file with a 'run' record)"
        )
    header = by_kind["run"][0]
    if header.get("schema") != SCHEMA:
        raise EvidenceError(
            f"evidence: {path} has schema {header.get('schema')!r}, this suite reads {SCHEMA}"
        )
    return _assemble(path, header, by_kind, torn, digest.hexdigest())


def _assemble(
    path: Path, header: Record, by_kind: dict[str, list[Record]], torn: list[str], digest: str
) -> Run:
    def ordered(kind: str) -> list[Record]:
        def key(record: Record) -> tuple[str, str, int, str]:
            return record["check"], record["route"], record.get("shard", 0), record.get("id", "")

        return sorted(by_kind.get(kind, []), key=key)

    plans = by_kind.get("plan", [])
    finished = by_kind.get("finished", [])
    return Run(
        path=path,
        header=header,
        checks=_merged_checks(plans),
        deselected=sorted({check for plan in plans for check in plan.get("deselected", [])}),
        strata_not_run=plans[0].get("strata_not_run", []) if plans else [],
        started=ordered("started"),
        tallies=ordered("tally"),
        instances=ordered("instance"),
        results=ordered("result"),
        progress=ordered("progress"),
        experiments=_once(by_kind.get("experiment", []), _longest),
        cells=_once(by_kind.get("cell", []), lambda record: bool(record.get("reused"))),
        transfers=_once(by_kind.get("transfer", []), lambda record: 0),
        observations=ordered("observation"),
        finished=finished[-1] if finished else None,
        torn=torn,
        hash=digest,
    )
