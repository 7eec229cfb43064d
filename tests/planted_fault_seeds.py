"""Whether the planted faults are caught by luck: each is judged again under several seeds.

``python -m tests.planted_fault_seeds`` takes the seeds 1 to 5, or those that are named; it prints a line a
seed and exits with 1 if a check missed a fault that it promises to catch.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from claims.kit import catalogue
from tests.planted_faults import FAULTS, verdicts


def missed(task: tuple[int, int]) -> list[str]:
    """Return "fault: check says verdict" for every check that does not say what it promises under a seed."""
    index, seed = task
    fault = FAULTS[index]
    checks = [check for check in catalogue.checks() if check.name in fault.caught_by]
    outcomes = verdicts(fault, checks, seed)
    return [
        f"{fault.name}: {name} says {outcome.verdict}, expected {fault.verdict}"
        for name, outcome in outcomes.items()
        if outcome.verdict != fault.verdict
    ]


def main(arguments: list[str] | None = None) -> int:
    """Judge every fault under every seed on all cores; return 1 if one was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted_fault_seeds", description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 2, 3, 4, 5], help="1 2 3 4 5 by default")
    seeds: list[int] = parser.parse_args(arguments).seeds
    tasks = [(index, seed) for seed in seeds for index in range(len(FAULTS))]
    total = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(missed, tasks, chunksize=4)
        for seed in seeds:
            found = [line for _ in FAULTS for line in next(results)]
            total += len(found)
            print(f"seed {seed}: {len(FAULTS)} faults, {len(found)} missed", *found, sep="\n  ", flush=True)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
