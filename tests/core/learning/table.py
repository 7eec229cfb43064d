"""What certified minimisation costs: `python -m tests.core.learning.table` prints it.

For 1, 2, 3, 4 and 6 parameters (λ; w, λ; w, τ, λ; the same with two pieces of λ; with two pieces of each),
networks of 8, 32 and 128 layers and the limit: random problems with d = 3, m = 2, R = ‖·‖₁ with weights, the
squared error and penalties 0.05 s². Each line is the median over the seeds, and the worst in brackets:
boxes bounded, boxes in the cover, CPU seconds, and the gap. With `--check n` it judges n random problems of
all kinds from outside instead: by points of the set, by closed forms, and the incumbent by the core's own
network.
"""

import argparse
import time
from collections import Counter

import torch

from fbscore.learning.minimise import Budget, Minimum
from tests.core.learning.few import KINDS, Few, few, weight_alone
from tests.core.learning.judged import breaches, draw, least_weight, run

PIECES = {1: (0, 0, 1), 2: (1, 0, 1), 3: (1, 1, 1), 4: (1, 1, 2), 6: (2, 2, 2)}
CELLS = (8, 32, 128, None)


def problem(P: int, seed: int, name: str) -> Few:
    """A random problem with ``P`` parameters."""
    rng = torch.Generator().manual_seed(1000 * P + seed)
    return few(rng, KINDS[0], PIECES[P], name)


def timed(one: Few, cells: int | None, budget: Budget) -> tuple[Minimum, float]:
    """A minimum and its CPU seconds."""
    start = time.process_time()
    found = run(one, cells, budget)
    return found, time.process_time() - start


def spread(values: list[float], form: str) -> str:
    """Median and largest."""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:{form}} [{ordered[-1]:{form}}]"


def line(P: int, cells: int | None, seeds: int, name: str, budget: Budget) -> str:
    """One line of the table."""
    found = [timed(problem(P, seed, name), cells, budget) for seed in range(seeds)]
    minima = [x for x, _ in found]
    stops = ", ".join(f"{n} {key}" for key, n in Counter(x.stopped for x in minima).items())
    boxes = spread([float(x.evaluations) for x in minima], ".0f")
    cover = spread([float(len(x.cover)) for x in minima], ".0f")
    seconds = spread([x for _, x in found], ".2f")
    gap = spread([x.gap for x in minima], ".1e")
    return f"{P:>3}{cells or 'limit':>7}  {boxes:<19}{cover:<17}{seconds:<16}{gap:<20}{stops}"


def check(count: int, seed: int) -> int:
    """Judge random problems; return how many are wrong."""
    rng, wrong, stops = torch.Generator().manual_seed(seed), 0, Counter[str]()
    for n in range(count):
        one, cells = draw(rng), (1, 2, 4, 8, 16)[n % 5]
        if n % 10 == 9 and one.problem.regularizer.name not in ("l2", "linf"):
            cells = None
        found = run(one, cells, Budget(gap=1e-2, evaluations=30000))
        said = breaches(one, cells, found, rng, 500)
        stops[found.stopped] += 1
        if n % 4 == 0:
            u0, label, gamma, upper = (
                float(x) for x in 2.0 * torch.rand(4, generator=rng, dtype=torch.float64)
            )
            value, at = least_weight(u0, label, gamma, upper)
            closed = run(
                weight_alone(u0, label, upper, gamma=gamma), cells, Budget(gap=1e-3, evaluations=30000)
            )
            inside = closed.cover.contains(torch.tensor([[at]], dtype=torch.float64)).all()
            if not closed.minimum.lower <= value <= closed.minimum.upper or not inside:
                said.append(f"the closed form {value} at {at} is not enclosed")
        wrong += bool(said)
        if said:
            print(n, cells, one, said)
    print(f"{count} problems, {wrong} wrong; stopped by", dict(stops))
    return wrong


def main() -> None:
    """Print the table, or judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--gap", type=float, default=1e-2)
    parser.add_argument("--evaluations", type=int, default=300000)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--regularizer", default="l1")
    parser.add_argument("--parameters", type=int, nargs="*", default=list(PIECES))
    parser.add_argument("--check", type=int, default=0, help="random problems to judge instead")
    given = parser.parse_args()
    if given.check:
        raise SystemExit(check(given.check, given.seeds) > 0)
    budget = Budget(gap=given.gap, evaluations=given.evaluations, seconds=given.seconds)
    print(f"  P layers  {'boxes':<19}{'cover':<17}{'CPU s':<16}{'gap':<20}stopped by")
    for P in given.parameters:
        for cells in CELLS:
            print(line(P, cells, given.seeds, given.regularizer, budget), flush=True)


if __name__ == "__main__":
    main()
