"""`fbscore.limit` against the exact flow: `python -m tests.core.limit.table` prints it.

Per regulariser and quantity: instances, violations (the error is larger than the certified radius plus the
oracle's), and the median, the 90 % quantile and the largest of error / (radius + radius of the oracle). The
quantities are those of `tests.core.limit.comparison`: constant 4.7 at t = 1, at the t_n where the ratio is
largest and for all t, with 8 to 256 layers; 4.8 between the limits of theta and of its means, from the
products and from the factors; 4.7 for the network of the means, and 4.7 + 4.8 for the same; the solvers.
`met` is the share of instances in which a solver reached the radius that was asked for.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np

from claims.oracle.flow import growth_rate
from tests.core.limit import comparison
from tests.core.limit.comparison import Case, Measured
from tests.core.limit.draws import KINDS, NAMES, draw

BATCH = 32
LAYERS = (8, 16, 32, 64, 128, 256)
COARSE = (1, 2, 3, 4, 5)
SMALL, FINE = 1e-3, 1e-4
DEEPEST = {"max_affine": 2**10}  # layers that `refine` may take here: a prox of that one takes a millisecond
OTHERWISE = 2**14
REFINED = 0.1  # share of the instances that plain refinement is tried on

Rows = dict[str, list[Measured]]


def cases(name: str, seed: int, count: int) -> Iterator[tuple[Case, int]]:
    """Batches of each kind in turn, with the number of layers to judge."""
    rng = np.random.default_rng([seed, NAMES.index(name)])
    for n in range(-(-count // BATCH)):
        raw = draw(rng, name, KINDS[n % len(KINDS)], BATCH)
        layers = int(rng.choice(LAYERS))
        yield comparison.case(raw, int(rng.choice(COARSE))), layers


def measure(one: Case, layers: int, refined: bool) -> dict[str, Measured]:
    """All quantities of one batch."""
    factor = max(1, layers // one.raw.cells)
    found: dict[str, Measured] = {}
    found["4.7 at 1"], found["4.7 at t_n"] = comparison.network(one, factor)
    found["4.7 at 1, refining"] = comparison.final(one, factor)
    found["4.7 all t"] = comparison.uniform(one, factor)
    below = comparison.shallow(one, max(1, layers // one.coarse.cells))
    names = {"control error": "4.8", "factored": "4.8 factors", "projected": "4.7 of means"}
    found |= {names.get(key, "4.7 + 4.8"): x for key, x in below.items()}
    if comparison.served_by_events(one):
        found["events"] = comparison.events(one)
        found[f"solve {FINE:g}"] = comparison.solved(one, FINE)
    if refined:
        found[f"refine {SMALL:g}"] = comparison.solved(
            one, SMALL, "refine", DEEPEST.get(one.raw.name, OTHERWISE)
        )
    return found


def strata(one: Case) -> Counter[str]:
    """How many instances are of which sort."""
    K, _, sigma = one.raw.operators()
    kappa = np.array([growth_rate(x) for x in K])
    states = [flow.states[1:] for flow in one.flows]
    return Counter(
        {
            "expanding": int((kappa > 1e-9).any(axis=1).sum()),
            "contracting": int((kappa < -1e-9).any(axis=1).sum()),
            "sigma = 0 on a cell": int((sigma == 0).any(axis=1).sum()),
            "a coordinate at 0": sum(bool((x == 0).any()) for x in states),
            "several cells": one.raw.batch * (one.raw.cells > 1),
            "refused by the oracle": one.refused,
        }
    )


def row(label: str, found: list[Measured]) -> tuple[str, int]:
    """One line, and its violations."""
    ratio = np.concatenate([x.ratio for x in found])
    radius = np.concatenate([x.radius for x in found])
    violations, asked = (
        int((ratio > 1).sum()),
        float(label.split()[-1]) if label[:2] in ("so", "re") else np.inf,
    )
    met = np.mean(radius <= asked) if asked < np.inf else np.mean(np.isfinite(radius))
    quantiles = "".join(f"{x:9.3f}" for x in np.quantile(ratio, (0.5, 0.9, 1.0)))
    return (
        f"  {label:<22}{len(ratio):>6}{violations:>7}{quantiles}{np.median(radius):11.1e}{met:7.1%}",
        violations,
    )


def one_regularizer(name: str, seed: int, count: int) -> int:
    """Print its lines; return the violations."""
    start, rows, sorts = time.process_time(), Rows(), Counter[str]()
    for n, (one, layers) in enumerate(cases(name, seed, count)):
        refined = n % round(1 / REFINED) in (0, 5)
        for label, found in measure(one, layers, refined).items():
            rows.setdefault(label, []).append(found)
        sorts += strata(one)
    seconds = time.process_time() - start
    print(f"{name} ({seconds:.0f} s CPU; " + ", ".join(f"{n} {key}" for key, n in sorts.items()) + ")")
    lines = [row(label, found) for label, found in rows.items()]
    print("\n".join(line for line, _ in lines), flush=True)
    return sum(violations for _, violations in lines)


def main() -> None:
    """Print the table; exit with 1 if an enclosure is refuted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES, help="regularisers, all by default")
    parser.add_argument("--count", type=int, default=1000, help="instances of each, at least")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"  {'quantity':<22}{'n':>6}{'viol.':>7}{'median':>9}{'90 %':>9}{'largest':>9}{'radius':>11}   met")
    violations = sum(one_regularizer(name, given.seed, given.count) for name in given.names)
    print(f"{violations} violations")
    raise SystemExit(violations > 0)


if __name__ == "__main__":
    main()
