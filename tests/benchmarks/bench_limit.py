"""CPU time of solving the limit system: `python -m tests.benchmarks.bench_limit` prints it.

Nothing is asserted. Random FBS systems with d = 8 and 4 pieces, as in the comparison with the oracle.
Milliseconds of CPU an instance, after one run that does not count: the median and the mean over single
instances; over batches, of the time of a batch over its size. The ratios are of means: the oracle's time, and
that of a batch of one, over this one.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import claims.kit.threads  # noqa: F401 - before torch does any work
from claims.oracle import event_driven
from fbscore.limit import solve
from tests.core.limit.draws import Raw, draw

D, PIECES, SEED = 8, 4, 20261120


class Task(NamedTuple):
    """A regulariser, the radius to reach, and the batches to try."""

    name: str
    radius: float
    batches: tuple[int, ...]


TASKS = (Task("l1", 1e-4, (1, 1024)), Task("l1", 1e-6, (1, 1024)), Task("linf", 1e-3, (1, 64)))


class Times(NamedTuple):
    """Milliseconds of CPU an instance."""

    median: float
    mean: float


def measured(runs: Sequence[Callable[[], Any]], instances: int) -> Times:
    """Of runs of so many instances each."""
    runs[0]()
    times = list[float]()
    for run in runs:
        start = time.process_time()
        run()
        times.append(1e3 * (time.process_time() - start) / instances)
    return Times(float(np.median(times)), float(np.mean(times)))


def systems(name: str, batch: int) -> Raw:
    """FBS systems; the same first ones whatever the batch."""
    rng = np.random.default_rng(SEED)
    parts = [draw(rng, name, "fbs", 64, D, PIECES) for _ in range(-(-batch // 64))]
    whole = parts[0]
    return whole.take(slice(batch)) if len(parts) == 1 else joined(parts).take(slice(batch))


def joined(parts: list[Raw]) -> Raw:
    """One batch; `m` is drawn with each part, so rows of zeros are appended to A, f and columns to W."""
    m = max(part.A.shape[1] for part in parts)
    wide = [_widened(part, m) for part in parts]
    first = wide[0]
    A, f, u0 = (np.concatenate([getattr(part, key) for part in wide]) for key in ("A", "f", "u0"))
    params = {key: np.concatenate([part.params[key] for part in wide]) for key in first.params}
    controls = {key: np.concatenate([part.controls[key] for part in wide]) for key in first.controls}
    return Raw(first.name, first.kind, params, A, f, u0, controls)


def _widened(part: Raw, m: int) -> Raw:
    more = m - part.A.shape[1]
    W = np.pad(part.controls["W"], ((0, 0), (0, 0), (0, 0), (0, more)))
    A, f = np.pad(part.A, ((0, 0), (0, more), (0, 0))), np.pad(part.f, ((0, 0), (0, more)))
    return Raw(part.name, part.kind, part.params, A, f, part.u0, part.controls | {"W": W})


def oracle_times(name: str, count: int) -> Times:
    """Of the oracle, over `count` instances."""
    return measured([partial(event_driven.flow, *one) for one in systems(name, count).systems()], 1)


def core_times(task: Task, batch: int, repeats: int) -> tuple[Times, float]:
    """Of `solve`, and the share of the requests that it met."""
    whole = systems(task.name, repeats if batch == 1 else batch)
    rows = [slice(i, i + 1) for i in range(repeats)] if batch == 1 else [slice(batch)] * max(1, repeats // 8)
    parts = [whole.take(row) for row in rows]
    runs = [partial(solve, part.problem(), part.core_controls(), task.radius) for part in parts]
    met = np.mean([float(run().met.double().mean()) for run in runs])
    return measured(runs, batch), float(met)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=40, help="single instances; an eighth of it batches")
    repeats = parser.parse_args().repeats
    heads = ("median ms", "mean ms", "met", "oracle / it", "1 / it")
    print(f"{'regulariser':<12}{'radius':>8}{'batch':>7}" + "".join(f"{head:>13}" for head in heads))
    oracle = {name: oracle_times(name, repeats) for name in dict.fromkeys(task.name for task in TASKS)}
    for name, its in oracle.items():
        print(f"{name:<12}{'oracle':>8}{1:>7}{its.median:>13.3f}{its.mean:>13.3f}")
    for task in TASKS:
        single = 0.0
        for batch in task.batches:
            its, met = core_times(task, batch, repeats)
            single = its.mean if batch == 1 else single
            ratios = f"{oracle[task.name].mean / its.mean:>13.2f}{single / its.mean:>13.2f}"
            line = f"{task.name:<12}{task.radius:>8.0e}{batch:>7}{its.median:>13.3f}{its.mean:>13.3f}"
            print(line + f"{met:>13.1%}{ratios}", flush=True)


if __name__ == "__main__":
    main()
