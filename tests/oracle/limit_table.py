"""The two routes to the limit system against each other: `python -m tests.oracle.limit_table` prints it.

Route 1, with a certified radius: `event_driven`, for the group norms `group_flow`. Route 2, with an error
estimate: `moreau_yosida`, which knows only the prox. Per regulariser: instances (and how many were refused),
the largest difference of u(1) / (radius + error), which must not exceed 1, and the distributions of the
difference, of the radius and of the error; CPU milliseconds of each route, in the median.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from claims.oracle import event_driven, group_flow, moreau_yosida
from claims.oracle.flow import Flow, Stuck
from tests.oracle.limit_samples import SUPPORTED, Instance, instances

QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
SMALLEST = 1e-300  # 0 / 0 is 0


class Comparison(NamedTuple):
    """One instance: |u(1) - u(1)| of the two routes, what each says of its own error, CPU seconds of each."""

    difference: float
    radius: float
    error: float
    exact_seconds: float
    smooth_seconds: float

    @property
    def ratio(self) -> float:
        """The difference in units of what both routes admit; NaN counts as infinite."""
        ratio = self.difference / max(self.radius + self.error, SMALLEST)
        return ratio if ratio == ratio else np.inf


def exact_route(name: str) -> Callable[..., Flow] | None:
    """The solver with a certified radius for a regulariser, if there is one."""
    if name in group_flow.SUPPORTED:
        return group_flow.flow
    return event_driven.flow if name in event_driven.SUPPORTED else None


def compare(one: Instance) -> Comparison:
    """Both routes on one instance.

    Raises
    ------
    Stuck
        If either cannot solve it.
    """
    route = exact_route(one.name)
    assert route is not None, one.name
    exact, exact_seconds = _timed(route, one)
    smooth, smooth_seconds = _timed(moreau_yosida.flow, one)
    difference = float(np.linalg.norm(exact.states[-1] - smooth.value))
    return Comparison(difference, exact.radius, smooth.error, exact_seconds, smooth_seconds)


def _timed(route: Callable[..., Any], one: Instance) -> tuple[Any, float]:
    start = time.process_time()
    return route(*one.system), time.process_time() - start


def row(name: str, seed: int, count: int) -> tuple[list[Comparison], list[str]]:
    """Comparisons, and messages of the instances that were refused."""
    found: list[Comparison] = []
    refused: list[str] = []
    for i, one in enumerate(instances(seed, name, count)):
        try:
            found.append(compare(one))
        except Stuck as trouble:
            refused.append(f"{name} {i}: {trouble}")
            continue
        if found[-1].ratio > 1:
            refused.append(f"{name} {i}: {found[-1]}")
    return found, refused


def _distribution(values: list[float]) -> str:
    return " ".join(f"{x:8.1e}" for x in np.quantile(values, QUANTILES))


def show(name: str, found: list[Comparison], refused: int) -> None:
    """Print the lines of one regulariser."""
    times = [1e3 * float(np.median([getattr(x, key) for x in found])) for key in Comparison._fields[3:]]
    worst = max(x.ratio for x in found)
    head = f"{name:<18}{len(found):>5}{refused:>8}{worst:>9.3f}"
    print(
        f"{head}  difference {_distribution([x.difference for x in found])}{times[0]:>8.1f}{times[1]:>8.1f}"
    )
    for key in ("radius", "error"):
        print(f"{'':<40}  {key:<10} {_distribution([getattr(x, key) for x in found])}")


def main() -> None:
    """Print the table; exit with 1 if a difference is larger than both routes admit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=SUPPORTED, help="regularisers, all by default")
    parser.add_argument("--count", type=int, default=30, help="instances of each")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    quantiles = " ".join(f"{q:8.0%}" for q in QUANTILES)
    print(f"{'regulariser':<18}{'n':>5}{'stuck':>8}{'ratio':>9}{'':13}{quantiles}{'ms 1':>8}{'ms 2':>8}")
    notes: list[str] = []
    for name in given.names:
        if exact_route(name) is None:
            print(f"{name:<18}    -  (no route 1)")
            continue
        found, refused = row(name, given.seed, given.count)
        notes += refused
        if found:
            show(name, found, given.count - len(found))
    print("\n".join(notes))
    raise SystemExit(any("Comparison" in note for note in notes))


if __name__ == "__main__":
    main()
