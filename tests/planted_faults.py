"""Faults planted in the core, and in the constants that judge it, each with the checks that must turn red.

``python -m tests.planted_faults`` runs every check against every fault in ``quick`` and prints who caught
what.  The faults are in `tests.faults`.
"""

from __future__ import annotations

import sys

import pytest
import torch

import claims.kit.threads  # noqa: F401 - before torch does any work
from claims.kit import catalogue
from claims.kit.claim import Check
from claims.kit.context import FloatRun
from claims.kit.profiles import PROFILES
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.subject import Subject
from tests.faults.argmin import ARGMIN
from tests.faults.boxes import BOXES
from tests.faults.constants import CONSTANTS
from tests.faults.convergence import CONVERGENCE
from tests.faults.existence import EXISTENCE
from tests.faults.gamma import GAMMA
from tests.faults.grids import GRIDS
from tests.faults.limits import LIMITS
from tests.faults.network import NETWORK
from tests.faults.objectives import OBJECTIVE
from tests.faults.plants import Fault
from tests.faults.prox import PROX
from tests.faults.samples import SAMPLES
from tests.faults.sequences import SEQUENCES
from tests.faults.stability import STABILITY
from tests.faults.training_stability import TRAINING

FAULTS = (
    *(*NETWORK, *PROX, *GRIDS, *CONSTANTS, *SEQUENCES, *SAMPLES, *LIMITS),
    *(*OBJECTIVE, *GAMMA, *STABILITY, *CONVERGENCE, *TRAINING),
    *(*EXISTENCE, *ARGMIN, *BOXES),
)


def judge(check: Check, subject: Subject, seed: int = 1) -> Outcome:
    """Carry out the sampled route of a check in ``quick`` against a subject."""
    run = FloatRun(subject, torch.device("cpu"), torch.float64)
    return run_route(Route(check, "sampled", run, PROFILES["quick"], seed, lambda *record, **fields: None))


def verdicts(fault: Fault, checks: list[Check], seed: int = 1) -> dict[str, Outcome]:
    """Plant a fault, carry out the checks, take the fault out again."""
    with pytest.MonkeyPatch.context() as patch:
        subject = fault.plant(patch)
        return {check.name: judge(check, subject, seed) for check in checks}


def main() -> int:
    """Print fault → checks that caught it; return 1 if a fault survived."""
    checks = [check for check in catalogue.checks() if check.kind == "claim"]
    survived = 0
    for fault in FAULTS:
        caught = [name for name, outcome in verdicts(fault, checks).items() if outcome.verdict != "holds"]
        missed = [name for name in fault.caught_by if name not in caught]
        survived += bool(missed or not caught)
        print(
            f"{fault.name}: caught by {', '.join(caught) or 'NOBODY'}"
            + (f"; MISSED BY {', '.join(missed)}" if missed else "")
        )
    print(f"{len(FAULTS)} faults, {survived} not caught as promised")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
