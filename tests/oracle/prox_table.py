r"""How far `fbscore`'s regularisers are from the oracle: `python -m tests.oracle.prox_table` prints it.

Unit: unit round-off of the dtype * d * scale. The scale is ||v|| + a (C0 + C1 ||p||) for p = prox_{aR}(v),
and at that p max(R(p), C1 ||p||^2 / 2) for the value, C0 + C1 ||p|| for the minimal subgradient, and ||q||
+ C0 + C1 ||p|| for the distance of q to dR(p). For `l0` and `half_power`, which have no growth constants:
||v||, R(p), the norm of the subgradient. The oracle runs in float64 on the very same numbers.
"""

from typing import Any

import numpy as np
import torch

from claims.oracle import elementary as el
from claims.oracle import prox as oracle
from claims.oracle import regularizers
from fbscore.regularizers import Regularizer, by_name
from tests.oracle.samples import CONVEX, NAMES, parameters, vectors

THRESHOLD = 8.0  # units, for every regulariser, quantity, dtype, dimension and scale
Instances = tuple[dict[str, Any], np.ndarray, np.ndarray]

DTYPES = (torch.float64, torch.float32)
DIMENSIONS = (1, 2, 3, 5, 10, 50)
QUANTITIES = ("prox", "value", "subgradient", "distance")
BATCH = 600


def instances(
    name: str, dtype: torch.dtype, d: int, seed: int
) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Parameters, vectors and steps, representable in `dtype`: random, ties, zeros, a = 0, huge and tiny."""
    rng = np.random.default_rng(seed)
    params, v = parameters(rng, name, BATCH, d), vectors(rng, BATCH, d)
    degree = {"l0": 2.0, "half_power": 1.5, "quadratic": 0.0, "half_squared_norm": 0.0}.get(name, 1.0)
    a = rng.choice([0.0, 0.25, 0.5, 1.0, 2.0, 1e-3, 1e3], size=BATCH)
    a *= np.where(rng.random(BATCH) < 0.5, 1.0, rng.random(BATCH)) * np.max(np.abs(v), axis=-1) ** degree
    exponent = rng.choice([0, 0, 0, 40, -40, 10, -10], size=BATCH) * (4 if dtype == torch.float64 else 1)
    v, a = np.ldexp(v, exponent[:, None]), np.ldexp(a, (degree * exponent).astype(int))
    if name == "shifted_l1":
        params["center"] = np.ldexp(params["center"], exponent[:, None])
    kind = np.float64 if dtype == torch.float64 else np.float32
    rounded = {k: x if k == "groups" else x.astype(kind).astype(float) for k, x in params.items()}
    return rounded, v.astype(kind).astype(float), a.astype(kind).astype(float)


def build(name: str, params: dict[str, Any], dtype: torch.dtype) -> Regularizer:
    """The regulariser of the core with these parameters."""
    tensors = {k: x if k == "groups" else torch.tensor(x, dtype=dtype) for k, x in params.items()}
    return by_name(name, **tensors)


def differences(name: str, dtype: torch.dtype, d: int, seed: int) -> dict[str, np.ndarray]:
    """Differences in units, one per instance, for each quantity."""
    params, v, a = instances(name, dtype, d, seed)
    core = by_name(
        name, **{k: x if k == "groups" else torch.tensor(x, dtype=dtype) for k, x in params.items()}
    )
    v_, a_ = torch.tensor(v, dtype=dtype), torch.tensor(a, dtype=dtype)
    p_ = core.prox(v_, a_)
    p = as_float(p_)
    C0, C1 = regularizers.growth(name, params) if name in CONVEX else (np.zeros(1), np.zeros(1))
    here, size = C0 + C1 * el.norm(p), el.norm(p)
    value, subgradient = (
        regularizers.value(name, params, p),
        regularizers.minimal_subgradient(name, params, p),
    )
    prox_gap = _gap(p, oracle.prox(name, params, v, a), el.norm(v) + a * here)
    found = {
        "prox": np.where(ties(name, v, a), 0.0, prox_gap),
        "value": _gap(as_float(core.value(p_)), value, np.maximum(value, C1 * size * size / 2)),
        "subgradient": _gap(
            as_float(core.minimal_subgradient(p_)),
            subgradient,
            here if name in CONVEX else el.norm(subgradient),
        ),
    }
    if name in CONVEX:  # at subgradients up to round-off, where the distance is 0, and anywhere
        used = (v_ - p_) / torch.where(a_ > 0, a_, 1.0)[:, None]
        q_ = torch.where(torch.arange(len(a))[:, None] % 2 == 0, used, v_.flip(0))
        q = as_float(q_)
        distance = regularizers.distance_to_subdifferential(name, params, p, q, np.ones(1))
        theirs = as_float(core.subdifferential_distance(p_, q_))
        found["distance"] = _gap(theirs, distance, el.norm(q) + here)
    return {quantity: gap / (torch.finfo(dtype).eps / 2 * d) for quantity, gap in found.items()}


def ties(name: str, v: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Where `l0` or `half_power` jumps within round-off, so that both sides are right."""
    if name in CONVEX:
        return np.zeros(len(v), dtype=bool)
    edge = v * v / 2 if name == "l0" else (np.abs(v) / 1.5) ** 1.5
    near = np.isclose(edge, a[:, None], rtol=1e-6, atol=0)
    return np.any(near, axis=-1)


def worst(name: str, dtype: torch.dtype, seeds: int = 3) -> dict[str, float]:
    """Largest difference in units over all dimensions and `seeds` batches of each."""
    result: dict[str, float] = {}
    for d in DIMENSIONS:
        for seed in range(seeds):
            for quantity, gap in differences(name, dtype, d, seed).items():
                result[quantity] = max(result.get(quantity, 0.0), float(np.max(gap)))
    return result


def as_float(x: torch.Tensor) -> np.ndarray:
    """The tensor's numbers as float64."""
    return x.to(torch.float64).numpy()


def _gap(x: np.ndarray, y: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Relative difference, Euclidean for vectors; 0/0 is 0, x/0 and NaN are inf."""
    gap = np.abs(x - y) if x.ndim == 1 else el.norm(x - y)
    size = np.broadcast_to(scale, gap.shape)
    ratio = gap / np.where(size > 0, size, 1.0)
    return np.where(np.isnan(gap) | ((size == 0) & (gap > 0)), np.inf, ratio)


def main() -> None:
    """Print the largest differences, in units."""
    print(f"{'regulariser':<18} {'dtype':<8}" + "".join(f"{quantity:>12}" for quantity in QUANTITIES))
    for name in NAMES:
        for dtype in DTYPES:
            row = worst(name, dtype)
            cells = "".join(f"{row[q]:12.3f}" if q in row else f"{'-':>12}" for q in QUANTITIES)
            print(f"{name:<18} {str(dtype).removeprefix('torch.'):<8}{cells}")


if __name__ == "__main__":
    main()
