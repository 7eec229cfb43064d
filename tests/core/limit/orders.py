"""How fast networks approach the limit: `python -m tests.core.limit.orders` prints the observed orders.

The truth is the exact flow for controls on a grid of 512 cells; a network of N = 8 to 128 layers is driven by
their cell means. Per instance the slope of log(max_t error) over -log N is fitted by least squares; the table
has its mean with a 95 % confidence interval (Student), and the same for the certified radius: 4.7 alone where
the controls are the network's, 4.7 + 4.8 else.

* smooth: squares of trigonometric polynomials in t for tau and lam, trigonometric polynomials for W;
* jumps: constant but for three jumps at random times, off the grids of the networks;
* random signs: each of the 512 values of W, tau and lam is one of two, at random: merely bounded;
* alternating: c in u' in -(K u - c) - sigma dR(u) points one way and back, layer by layer, from rest at 0, a
  kink of most R. The limit is driven by the network's own controls, so that only the distance to it is seen,
  not that of the controls.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from claims.oracle.flow import Stuck
from tests.core.limit import comparison
from tests.core.limit.comparison import Case, Measured
from tests.core.limit.draws import Raw, dyadic
from tests.oracle.samples import parameters

FINE = 512
LAYERS = (8, 16, 32, 64, 128)
D, M = 4, 3
WANTED = 0.9  # for smooth controls, of the lower end of the interval

Grid = np.ndarray  # (cells,) times in the middle of cells
Profile = Callable[[np.random.Generator, Grid, int], np.ndarray]  # (cells, values)


def smooth(rng: np.random.Generator, t: Grid, count: int) -> np.ndarray:
    """Trigonometric polynomials of degree 2 and mean 0, at most about 1."""
    angles = 2 * np.pi * np.outer(t, [1, 2])
    basis = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) / [1, 2, 1, 2]
    return basis @ rng.normal(size=(4, count)) / 2


def jumps(rng: np.random.Generator, t: Grid, count: int) -> np.ndarray:
    """Three jumps."""
    index = np.searchsorted(np.sort(rng.random(3)), t)
    return rng.normal(size=(4, count))[index] / 2


def random_signs(rng: np.random.Generator, t: Grid, count: int) -> np.ndarray:
    return rng.choice([-0.5, 0.5], size=(len(t), count))


PROFILES: dict[str, Profile] = {"smooth": smooth, "jumps": jumps, "random signs": random_signs}
ALTERNATING = "alternating"


def instance(seed: int, name: str, profile: str, cells: int) -> Raw:
    """One FBS system; A, f, u0, R and the means of the controls do not depend on the profile."""
    rng = np.random.default_rng([seed, 77])
    A, f = rng.normal(size=(1, M, D)) / np.sqrt(M), 2 * rng.normal(size=(1, M))
    u0, params = rng.normal(size=(1, D)), parameters(rng, name, 1, D)
    W = A[0].T + rng.normal(size=(D, M)) / 2
    change = PROFILES[profile](rng, (np.arange(cells) + 0.5) / cells, D * M + 2)
    tau, lam = (1.0 + change[:, 0] / 2) ** 2, (0.75 + change[:, 1] / 2) ** 2
    values = {"W": W + change[:, 2:].reshape(cells, D, M), "tau": tau, "lam": lam}
    controls = {key: dyadic(x)[None] for key, x in values.items()}
    return Raw(name, "fbs", params, dyadic(A), dyadic(f), dyadic(u0), controls)


def alternating(seed: int, name: str, N: int) -> Raw:
    """c = +-v with entries of v in [1, 3], sigma in [1/2, 1], K constant and moderate, u0 = 0."""
    rng = np.random.default_rng([seed, 78])
    params, v = parameters(rng, name, 1, D), rng.uniform(1, 3, D) * rng.choice([-1, 1], D)
    K, sigma = rng.normal(size=(D, D)) / 2, rng.uniform(0.5, 1.0)
    signs = (-1.0) ** np.arange(N)
    controls = {
        "W1": (signs[:, None] * v)[None, :, :, None],
        "W2": np.tile(K, (1, N, 1, 1)),
        "lam": np.full((1, N), sigma),
    }
    controls = {key: dyadic(x) for key, x in controls.items()}
    return Raw(name, "lista", params, np.zeros((1, 1, D)), np.ones((1, 1)), np.zeros((1, D)), controls)


class Slopes(NamedTuple):
    """Observed orders of one instance, of the error and of the radius; whether all enclosures hold."""

    error: float
    radius: float
    valid: bool


def order(values: list[float]) -> float:
    """Least squares."""
    return float(-np.polyfit(np.log(LAYERS), np.log(values), 1)[0])


def slopes(seed: int, name: str, profile: str) -> Slopes:
    """Of one instance.

    Raises
    ------
    Stuck
        If the oracle cannot solve it.
    """
    found = _own(seed, name) if profile == ALTERNATING else _of_means(seed, name, profile)
    errors, radii = ([float(x[key][0]) for x in found] for key in (0, 1))
    return Slopes(order(errors), order(radii), not any(x.violated.any() for x in found))


def _own(seed: int, name: str) -> list[Measured]:
    raws = [alternating(seed, name, N) for N in LAYERS]
    return [comparison.uniform(_solved(comparison.case(raw, raw)), 1) for raw in raws]


def _of_means(seed: int, name: str, profile: str) -> list[Measured]:
    """One exact flow for all N; that of the means is not needed."""
    raw = instance(seed, name, profile, FINE)
    one = _solved(comparison.case(raw, raw))
    return [comparison.composite(one, N) for N in LAYERS]


def _solved(one: Case) -> Case:
    if one.refused:
        raise Stuck("an instance of the orders")
    return one


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean and the ends of its 95 % confidence interval."""
    mean, n = float(np.mean(values)), len(values)
    half = float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    return mean, mean - half, mean + half


def line(name: str, profile: str, count: int) -> tuple[bool, bool]:
    """Print one line; whether every enclosure holds, and the lower end is as wanted."""
    found, refused = list[Slopes](), 0
    for seed in range(count):
        try:
            found.append(slopes(seed, name, profile))
        except Stuck:
            refused += 1
    error, radius = interval([x.error for x in found]), interval([x.radius for x in found])
    violations = sum(not x.valid for x in found)
    numbers = "".join(f"{mean:8.3f} [{low:6.3f}, {high:6.3f}]" for mean, low, high in (error, radius))
    print(f"{name:<18}{profile:<14}{len(found):>5}{refused:>8}{violations:>7}{numbers}", flush=True)
    return violations == 0, profile != "smooth" or error[1] >= WANTED


def main() -> None:
    """Print the table; exit with 1 if an enclosure is refuted or smooth controls do not give order 0.9."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=["l1", "huber", "linf"], help="regularisers")
    parser.add_argument("--count", type=int, default=60, help="instances of each")
    given = parser.parse_args()
    print(f"{'':<32}{'n':>5}{'refused':>8}{'viol.':>7}{'order of the error':>25}{'of the radius':>25}")
    said = [line(name, profile, given.count) for name in given.names for profile in (*PROFILES, ALTERNATING)]
    raise SystemExit(not all(valid and wanted for valid, wanted in said))


if __name__ == "__main__":
    main()
