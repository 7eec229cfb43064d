r"""One process's part of a run: options decided once, evidence written, checks carried out.

The controller decides run id, folder and seed and hands them to its workers (`Settings`); every process that
carries out checks holds a `Session`.
"""

from __future__ import annotations

import platform
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import torch

from claims.kit.claim import Check
from claims.kit.context import DTYPES, FloatRun
from claims.kit.evidence import SCHEMA, Writer, utc_now
from claims.kit.experiment import LEFT_OUT, OBSERVED, OTHER_SUBJECT
from claims.kit.observing import Observer
from claims.kit.profiles import PROFILES
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.subject import DEFAULT, SubjectError, load
from claims.kit.witnesses import WitnessError

#: Verdicts of a route that leave the run green, by the kind of the check; an exploration's all but an error.
GREEN = {
    "claim": ("holds",),
    "control": ("found",),
    "exploration": ("found", "not found"),
    "observation": OBSERVED,
}

PACKAGES = ("torch", "numpy", "scipy", "hypothesis", "pytest", "pytest-xdist", "python-flint")


@dataclass(frozen=True)
class Settings:
    """What a run was asked for; plain data, so that it travels to workers."""

    run: str
    folder: str
    seed: int
    profile: str
    device: str
    dtype: str
    subject: str
    selection: tuple[str, ...]
    workers: int
    experiments: bool = False
    experiment_size: str = "everyday"
    experiment_seed: int = 0
    experiment_folder: str = ""

    @property
    def no_experiments(self) -> str:
        """Why experiments do not run; nothing where they do."""
        if not self.experiments:
            return LEFT_OUT
        return "" if self.subject == DEFAULT else OTHER_SUBJECT.format(self.subject)

    def header(self) -> dict[str, Any]:
        """Return the fields of the ``run`` record."""
        profile = PROFILES[self.profile]
        budgets = {
            "drawn": profile.drawn,
            "sampled": profile.sampled,
            "adversarial": profile.climb.moved,
            "search": profile.searched * profile.shard_size,
        }
        fields = {k: v for k, v in asdict(self).items() if k != "folder" and not k.startswith("experiment")}
        asked = {"size": self.experiment_size, "seed": self.experiment_seed}
        fields["experiments"] = None if self.no_experiments else asked
        fields["subject_parts"] = load(self.subject).parts
        return {"schema": SCHEMA, **fields, "started": utc_now(), "versions": versions(), "budgets": budgets}


def new_run_id() -> str:
    """Return ``<UTC time>-<six hexadecimal digits>``."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ") + "-" + uuid.uuid4().hex[:6]


def versions() -> dict[str, str]:
    """Return the versions that a run depends on."""
    found = {"python": platform.python_version(), "platform": platform.platform(terse=True)}
    for name in PACKAGES:
        found[name] = metadata.version(name)
    try:
        found["suite"] = metadata.version("fbs-claims")
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        found["suite"] = "not installed"
    return found | _commit()


def _commit() -> dict[str, str]:
    """Return the commit that the suite runs from, marked where files differ; nothing outside git."""
    home = Path(__file__).parents[2]
    command = ["git", "-C", str(home), "describe", "--always", "--dirty", "--abbrev=12"]
    if not (home / ".git").exists():
        return {}
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"commit": found.stdout.strip()}


class Session:
    """A process that carries out checks.

    Parameters
    ----------
    settings : Settings
    worker : str
        Name of the process; its evidence file is called so.
    say : callable, optional
        Shows a line in the terminal while an experiment runs; nothing is shown by default.

    Raises
    ------
    SubjectError
        If the subject cannot be loaded.
    """

    def __init__(
        self, settings: Settings, worker: str, say: Callable[[str], None] = lambda text: None
    ) -> None:
        torch.set_num_threads(1)
        self.settings = settings
        self.worker = worker
        self.profile = PROFILES[settings.profile]
        self.run = FloatRun(load(settings.subject), torch.device(settings.device), DTYPES[settings.dtype])
        self._writer: Writer | None = None
        asked = (settings.experiment_size, settings.experiment_seed, settings.experiment_folder)
        self.observer = Observer(*asked, self.run, self._emit, say)

    def _emit(self, record: str, **fields: Any) -> None:
        self.writer.write(record, **fields)

    @property
    def writer(self) -> Writer:
        """The evidence file of this process, opened at the first record."""
        if self._writer is None:
            self._writer = Writer(Path(self.settings.folder) / f"{self.worker}.jsonl")
        return self._writer

    def plan(self, selected: Mapping[Check, Sequence[str]], deselected: Sequence[Check]) -> None:
        """Write which routes of which checks are going to be carried out, and which strata cannot be."""
        searched, reason = self.profile.searched, self.settings.no_experiments
        checks = list(selected)
        ordered = sorted(checks, key=lambda check: (check.id.partition("::")[0], check.line))
        samplers = [check.sampled for check in checks if check.sampled]
        missing = sorted({pair for sampler in samplers for pair in sampler.not_run})
        self.writer.write(
            "plan",
            checks=[
                check.describe(order, searched, selected[check], reason)
                for order, check in enumerate(ordered)
            ],
            deselected=sorted({check.id for check in deselected} - {check.id for check in checks}),
            strata_not_run=[{"stratum": stratum, "reason": reason} for stratum, reason in missing],
        )

    def carry_out(self, check: Check, name: str) -> None:
        """Run one route of one check, write what came of it, and fail the test unless it is green."""
        about = {"check": check.id, "route": name}
        self.writer.write("started", **about, worker=self.worker, time=utc_now())
        before = time.process_time()
        self.run.used.clear()
        try:
            outcome = self._outcome(check, name)
        except (SubjectError, WitnessError) as error:  # their message says all; a traceback would hide it
            outcome = Outcome("error", str(error))
        except Exception as error:
            self._result(about, Outcome("error", f"{type(error).__name__}: {error}"), before)
            raise
        self._result(about, outcome, before)
        if outcome.verdict not in GREEN[check.kind]:
            pytest.fail(self._failure(check, name, outcome), pytrace=False)

    def _outcome(self, check: Check, name: str) -> Outcome:
        if check.kind == "observation":
            return self.observer.observe(check)
        return run_route(Route(check, name, self.run, self.profile, self.settings.seed, self.writer.write))

    def _result(self, about: dict[str, str], outcome: Outcome, before: float) -> None:
        seconds = time.process_time() - before
        parts = sorted(self.run.used)
        self.writer.write("result", **about, **asdict(outcome), seconds=seconds, parts=parts)

    def _failure(self, check: Check, name: str, outcome: Outcome) -> str:
        lines = [
            f"{check.claim.reference}: {outcome.verdict} [{name}]",
            f"  {check.describe(0, 0)['finite_form']}",
            f"  {outcome.message}",
        ]
        if outcome.counterexample:
            command = f"python -m claims reproduce {outcome.counterexample}"
            lines.append(f"  replay: {command} --evidence {self.settings.folder}")
        return "\n".join(lines)
