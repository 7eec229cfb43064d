r"""Observations: the experiment runs once a process, what came of it is written, and checks look at it."""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Callable
from pathlib import Path

from claims.kit.claim import Check
from claims.kit.context import FloatRun
from claims.kit.experiment import ROUTE, VERDICTS, Experiment, Observation, Outcome
from claims.kit.route import Emit
from claims.kit.route import Outcome as Ended

#: Records that an experiment may hand over.
RECORDS = ("experiment", "cell", "transfer")

#: Seconds between two lines about a running experiment.
PAUSE = 5.0

Say = Callable[[str], None]
Clock = Callable[[], float]


class Progress:
    """Passes on what an experiment tells, the first at once and then not more often than every `PAUSE`."""

    def __init__(self, check: Check, emit: Emit, say: Say, clock: Clock = time.monotonic) -> None:
        self.check, self.emit, self.say, self.clock = check, emit, say, clock
        self.next = clock()

    def __call__(self, text: str) -> None:
        """Record and show one line, unless the last one was only just shown."""
        if self.clock() >= self.next:
            self.next = self.clock() + PAUSE
            self.emit("progress", check=self.check.id, route=ROUTE, text=text)
            self.say(f"{self.check.claim.reference}: {text}")


class Observer:
    """Runs the experiments of one process.

    Parameters
    ----------
    size, seed, folder : str, int, str
        What every experiment is asked for.
    run : FloatRun
        Its device and dtype; the checks are given it too.
    emit : callable
        Writes a record to the evidence.
    say : callable
        Shows a line in the terminal.
    """

    def __init__(self, size: str, seed: int, folder: str, run: FloatRun, emit: Emit, say: Say) -> None:
        self.size, self.seed, self.folder = size, seed, Path(folder)
        self.run, self.emit, self.say = run, emit, say
        self._outcomes: dict[int, Outcome] = {}

    def observe(self, check: Check) -> Ended:
        """Run the experiment of a check if that was not done, write what it says, and let the check look."""
        experiment = check.experiment
        assert experiment is not None
        if self.size not in experiment.sizes:
            known = ", ".join(experiment.sizes)
            return Ended("error", f"--experiment-size: expected one of {known}, got {self.size!r}")
        observation: Observation = check.predicate(self._outcome(check, experiment), self.run)
        found = observation.document()
        if observation.verdict not in VERDICTS:
            expected = ", ".join(VERDICTS)
            return Ended("error", f"verdict: expected one of {expected}, got {observation.verdict!r}")
        self.emit("observation", check=check.id, route=ROUTE, data=found)
        return Ended(observation.verdict, str(found.get("text") or ""))

    def _outcome(self, check: Check, experiment: Experiment) -> Outcome:
        if id(experiment) not in self._outcomes:
            faulthandler.cancel_dump_traceback_later()  # pytest's guard against hangs: this may take hours
            report = Progress(check, self.emit, self.say)
            asked = (self.size, self.seed, self.folder)
            device, dtype = self.run.device, self.run.dtype
            outcome = experiment.run(*asked, device=device, dtype=dtype, report=report)
            for record in outcome.document():
                self._write(record)
            self._outcomes[id(experiment)] = outcome
        return self._outcomes[id(experiment)]

    def _write(self, record: dict[str, object]) -> None:
        kind = record.get("record")
        if kind not in RECORDS:
            raise ValueError(f"record: expected one of {', '.join(RECORDS)}, got {kind!r}")
        self.emit(str(kind), **{name: value for name, value in record.items() if name != "record"})
