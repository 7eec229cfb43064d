r"""How far `fbscore`'s regularisers are from the oracle: `python -m tests.oracle.prox_table` prints it.

Unit: unit round-off of the dtype * d * scale. The scale is ||v|| + a (C0 + C1 ||p||) for p = prox_{aR}(v),
and at that p max(R(p), C1 ||p||^2 / 2) for the value, C0 + C1 ||p|| for the minimal subgradient, and ||q||
+ C0 + C1 ||p|| for the distance of q to dR(p). Without growth constants: ||v||, |R(p)|, the norm of the
subgradient. `max_affine` and `rotated` have C0 ||p|| for the value; they and `nuclear` are compared at v
instead of p, apart from the prox (see AT_THE_ARGUMENT). The oracle runs in float64 on the very same numbers.
"""

from typing import Any

import numpy as np
import torch

from claims.oracle import elementary as el
from claims.oracle import prox as oracle
from claims.oracle import regularizers
from fbscore.regularizers import Regularizer, by_name
from tests.oracle.samples import CONVEX, GROWING, NAMES, each, parameters, vectors

THRESHOLD = 8.0  # units, for every regulariser, quantity, dtype, dimension and scale
Instances = tuple[dict[str, Any], np.ndarray, np.ndarray]

DEGREES = {"l0": 2.0, "half_power": 1.5, "quadratic": 0.0, "half_squared_norm": 0.0, "quartic": -2.0}
LENGTHS = {"center", "width", "half_width"}  # parameters that scale with u
# The oracle judges the very u it is given, the core forgives round-off in it: beside a kink they differ.
AT_THE_ARGUMENT = ("max_affine", "nuclear", "rotated")
CURVED = (
    "huber",
    "group_lasso",
)  # inside `rotated`, whose subgradients are those of some point close to u
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
    degree = DEGREES.get(name, 1.0)
    a = rng.choice([0.0, 0.25, 0.5, 1.0, 2.0, 1e-3, 1e3], size=BATCH)
    a *= np.where(rng.random(BATCH) < 0.5, 1.0, rng.random(BATCH)) * np.max(np.abs(v), axis=-1) ** abs(degree)
    reach = {"quartic": 0.25, "rotated": 0.0}.get(name, 1.0) * (4 if dtype == torch.float64 else 1)
    exponent = (rng.choice([0, 0, 0, 40, -40, 10, -10], size=BATCH) * reach).astype(int)
    v, a = np.ldexp(v, exponent[:, None]), np.ldexp(a, (degree * exponent).astype(int))
    for key in LENGTHS.intersection(params):
        params[key] = np.ldexp(params[key], exponent[(...,) + (None,) * (params[key].ndim - 1)])
    if name == "box_indicator":
        a = np.where(a == 0, 1.0, a)  # at a = 0 the argument may be outside, where R is inf
    kind = np.float64 if dtype == torch.float64 else np.float32
    rounded = each(params, lambda x: x.astype(kind).astype(float))
    return rounded, v.astype(kind).astype(float), a.astype(kind).astype(float)


def build(name: str, params: dict[str, Any], dtype: torch.dtype) -> Regularizer:
    """The regulariser of the core with these parameters."""
    tensors = each(params, lambda x: torch.tensor(x, dtype=dtype))
    if name == "rotated":
        inner, within = params["inner"]
        tensors["inner"] = build(inner, within, dtype)
    return by_name(name, **tensors)


def differences(name: str, dtype: torch.dtype, d: int, seed: int) -> dict[str, np.ndarray]:
    """Differences in units, one per instance, for each quantity."""
    params, v, a = instances(name, dtype, d, seed)
    core = build(name, params, dtype)
    v_, a_ = torch.tensor(v, dtype=dtype), torch.tensor(a, dtype=dtype)
    p_ = core.prox(v_, a_)
    found = {"prox": _prox_gap(name, params, v, a, as_float(p_))}
    u_ = v_ if name in AT_THE_ARGUMENT else p_
    u = as_float(u_)
    value, subgradient = (
        regularizers.value(name, params, u),
        regularizers.minimal_subgradient(name, params, u),
    )
    C0, C1 = growth(name, params, d)
    size = el.norm(u)
    here = C0 + C1 * size if name in GROWING else el.norm(subgradient)
    terms = C0 * size if name in ("max_affine", "rotated") else C1 * size * size / 2
    found["value"] = _gap(as_float(core.value(u_)), value, np.maximum(np.abs(value), terms))
    if name == "rotated" and params["inner"][0] in CURVED:
        return _in_units(found, dtype, d)
    apart = ~beside_a_kink(name, params, u, 0 * u, dtype)
    found["subgradient"] = apart * _gap(as_float(core.minimal_subgradient(u_)), subgradient, here)
    if name in CONVEX:  # at subgradients up to round-off, where the distance is 0, and anywhere
        used = (v_ - p_) / torch.where(a_ > 0, a_, 1.0)[:, None]
        q_ = torch.where(torch.arange(len(a))[:, None] % 2 == 0, used, v_.flip(0))
        q = as_float(q_)
        distance = regularizers.distance_to_subdifferential(name, params, u, q, np.ones(1))
        theirs = as_float(core.subdifferential_distance(u_, q_))
        apart = ~beside_a_kink(name, params, u, q, dtype)
        found["distance"] = apart * _gap(theirs, distance, el.norm(q) + here)
    return _in_units(found, dtype, d)


def _in_units(found: dict[str, np.ndarray], dtype: torch.dtype, d: int) -> dict[str, np.ndarray]:
    return {quantity: gap / (torch.finfo(dtype).eps / 2 * d) for quantity, gap in found.items()}


def growth(name: str, params: dict[str, Any], d: int) -> tuple[np.ndarray, np.ndarray]:
    """The constants of the scales."""
    if name in GROWING:
        return regularizers.growth(name, params)
    return np.full(1, d**0.5 if name == "negative_l1" else 0.0), np.zeros(1)


def _prox_gap(name: str, params: dict[str, Any], v: np.ndarray, a: np.ndarray, p: np.ndarray) -> np.ndarray:
    C0, C1 = growth(name, params, v.shape[-1])
    gap = _gap(p, oracle.prox(name, params, v, a), el.norm(v) + a * (C0 + C1 * el.norm(p)))
    return np.where(ties(name, params, v, a), 0.0, gap)


def ties(name: str, params: dict[str, Any], v: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Where the prox jumps within round-off, so that both sides are right."""
    if name == "double_well":  # an exact tie counts: there both sides take the well above
        apart = np.abs(2 * v - params["center"])
        return np.any((apart > 0) & (apart <= 1e-6 * params["center"]), axis=-1)
    if name not in ("l0", "half_power"):
        return np.zeros(len(v), dtype=bool)
    edge = v * v / 2 if name == "l0" else (np.abs(v) / 1.5) ** 1.5
    near = np.isclose(edge, a[:, None], rtol=1e-6, atol=0)
    return np.any(near, axis=-1)


def beside_a_kink(
    name: str, params: dict[str, Any], u: np.ndarray, q: np.ndarray, dtype: torch.dtype
) -> np.ndarray:
    """Where u is so near a kink of `max_affine` or `rotated`, not on it, that the core may take it for one.

    For `rotated` the core moves u towards the subgradient q that it is asked about.
    """
    if name == "rotated":
        w = el.matvec(params["D"], u)
        size = np.max(np.abs(w), axis=-1, keepdims=True)
        inner = params["inner"][0]
        gaps = {"linf": size - np.abs(w), "total_variation": np.abs(np.diff(w))}.get(inner, np.abs(w))
    elif name == "max_affine":
        heights = el.matvec(params["slopes"], u) / np.max(el.norm(params["slopes"]), axis=-1)[:, None]
        gaps = np.max(heights, axis=-1, keepdims=True) - heights
    else:
        return np.zeros(len(u), dtype=bool)
    unit = torch.finfo(dtype).eps
    part = 4 * unit**0.5 * (1 + el.norm(q)) if name == "rotated" else 256 * unit
    near = (part * el.norm(u))[:, None]
    return np.any((gaps > 0) & (gaps <= near), axis=-1)


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
