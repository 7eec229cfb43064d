"""The trial behind the rounding model: how much of it is used, and how small a fault still shows.

``python -m tests.kit.rounding_trial [SEEDS]`` prints, for each check and dtype, the largest share of the
rounding that a positive excess took up over all instances that held (1 would be a violation), and the
smallest relative fault 2^-k planted in the subject that the check refutes, as k and in unit round-offs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

import claims.kit.threads  # noqa: F401 - before torch does any work
import fbscore
from claims.kit import catalogue
from claims.kit.claim import Check
from claims.kit.context import DTYPES, FloatRun
from claims.kit.profiles import PROFILES
from claims.kit.rounding import UNIT_ROUNDOFF
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.subject import Subject


def judged(check: Check, route: str, subject: Subject, dtype: str, seed: int) -> tuple[Outcome, float]:
    """Return how a route ended in ``quick``, and the largest share of the rounding that was used."""
    used = [0.0]

    def emit(record: str, **fields: Any) -> None:
        if record == "tally":
            used.append(fields["rounding_used"])

    run = FloatRun(subject, torch.device("cpu"), DTYPES[dtype])
    return run_route(Route(check, route, run, PROFILES["quick"], seed, emit)), max(used)


def faulty(factor: float) -> Subject:
    """Return the subject whose step h, weight of R and cell means are off by a relative ``factor``."""
    right = Subject()

    def step(u: torch.Tensor, n: int, problem: Any, controls: Any) -> torch.Tensor:
        h, f, R, lam = controls.h * (1 + factor), problem.f, problem.regularizer, controls.lam[:, n]
        if isinstance(controls, fbscore.ListaControls):
            return fbscore.lista_step(u, h, f, controls.W1[:, n], controls.W2[:, n], lam, R)
        if isinstance(controls, fbscore.AlistaControls):
            return fbscore.alista_step(u, h, problem.A, f, controls.W, controls.tau[:, n], lam, R)
        return fbscore.fbs_step(u, h, problem.A, f, controls.W[:, n], controls.tau[:, n], lam, R)

    def forward(problem: Any, controls: Any) -> torch.Tensor:
        states = [problem.u0]
        for n in range(controls.N):
            states.append(step(states[-1], n, problem, controls))
        return torch.stack(states, 1)

    def prox(regularizer: Any, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        return right.prox(regularizer, v, a * (1 + factor))

    def project(values: torch.Tensor, cells: int) -> torch.Tensor:
        return right.project(values, cells) * (1 + factor)

    parts: dict[str, Callable[..., torch.Tensor]] = {"forward": forward, "prox": prox, "project": project}
    return replace(right, **parts)


def smallest_fault(check: Check, dtype: str, seed: int) -> int | None:
    """Return the largest even k for which the fault 2^-k is refuted, or None if 2^-4 passes."""
    best = None
    for k in range(4, 56, 2):
        if judged(check, "sampled", faulty(2.0**-k), dtype, seed)[0].verdict != "refuted":
            break
        best = k
    return best


def main() -> None:
    """Print the trial's table."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print(f"{'check':<44} {'dtype':<8} {'share used':>10} {'smallest fault':>15} {'in units of u':>14}")
    for check in (check for check in catalogue.checks() if check.kind == "claim"):
        for dtype, torch_dtype in DTYPES.items():
            shares = [
                judged(check, way, Subject(), dtype, s)[1] for s in seeds for way in ("drawn", "sampled")
            ]
            k = smallest_fault(check, dtype, 0)
            found = "-" if k is None else f"2^-{k}"
            units = "-" if k is None else f"{2.0**-k / UNIT_ROUNDOFF[torch_dtype]:.0f}"
            print(f"{check.name:<44} {dtype:<8} {max(shares):>10.3f} {found:>15} {units:>14}", flush=True)


if __name__ == "__main__":
    main()
