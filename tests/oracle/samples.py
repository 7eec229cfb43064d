"""Raw regularisers and vectors for the tests of the oracles; plain definitions of R to judge them by."""

from collections.abc import Callable
from typing import Any

import numpy as np

from claims.oracle.elementary import to_ball
from claims.oracle.parameters import STATIC

GROWING = (  # convex, finite, with a linear bound of the subdifferential
    "l1",
    "l2",
    "group_lasso",
    "half_squared_norm",
    "quadratic",
    "linf",
    "shifted_l1",
    "elastic_net",
    "huber",
    "total_variation",
    "max_affine",
    "nuclear",
    "rotated",
)
CONVEX = (*GROWING, "box_indicator", "quartic")
NAMES = (*CONVEX, "l0", "half_power", "negative_l1", "double_well")

# R(u) of one vector u and one instance's parameters, straight from the definition
PLAIN: dict[str, Callable[[dict[str, Any], np.ndarray], float]] = {
    "l1": lambda p, u: sum(w * abs(x) for w, x in zip(p["weights"], u, strict=True)),
    "l2": lambda p, u: float(np.linalg.norm(u)),
    "group_lasso": lambda p, u: sum(
        w * float(np.linalg.norm([x for x, label in zip(u, p["groups"], strict=True) if label == g]))
        for g, w in enumerate(p["weights"])
    ),
    "half_squared_norm": lambda p, u: 0.5 * float(u @ u),
    "quadratic": lambda p, u: 0.5 * float(u @ p["Q"] @ u),
    "linf": lambda p, u: float(np.max(np.abs(u))),
    "l0": lambda p, u: float(np.count_nonzero(u)),
    "half_power": lambda p, u: float(np.sum(np.sqrt(np.abs(u)))),
    "shifted_l1": lambda p, u: float(np.sum(np.abs(u - p["center"]))),
    "elastic_net": lambda p, u: float(p["weights"] @ np.abs(u) + p["ridge"] * (u @ u) / 2),
    "huber": lambda p, u: sum(
        x * x / (2 * p["width"]) if abs(x) <= p["width"] else abs(x) - p["width"] / 2 for x in u
    ),
    "total_variation": lambda p, u: float(np.sum(np.abs(np.diff(u)))),
    "max_affine": lambda p, u: max(float(a @ u) for a in p["slopes"]),
    "nuclear": lambda p, u: float(np.linalg.norm(u.reshape(p["rows"], p["columns"]), ord="nuc")),
    "rotated": lambda p, u: PLAIN[p["inner"][0]](p["inner"][1], p["D"] @ u),
    "negative_l1": lambda p, u: -float(np.sum(np.abs(u))),
    "double_well": lambda p, u: float(np.sum(np.minimum(np.abs(u), np.abs(u - p["center"])))),
    "box_indicator": lambda p, u: 0.0 if np.max(np.abs(u)) <= p["half_width"] else np.inf,
    "quartic": lambda p, u: float(u @ u) ** 2 / 4,
}


def parameters(rng: np.random.Generator, name: str, batch: int, d: int) -> dict[str, Any]:
    """Random parameters; some weights are zero, Q has rank at most 2, some centers are zero."""
    if name == "l1":
        return {"weights": rng.random((batch, d)) * (rng.random((batch, d)) < 0.8)}
    if name == "group_lasso":
        groups = tuple(i * min(d, 3) // d for i in range(d))[::-1]
        return {"weights": rng.random((batch, max(groups) + 1)) * 2, "groups": groups}
    if name == "quadratic":
        factor = rng.normal(size=(batch, d, min(d, 2)))
        Q = np.matmul(factor, np.swapaxes(factor, -1, -2))
        return {"Q": (Q + np.swapaxes(Q, -1, -2)) / 2}
    if name == "shifted_l1":
        return {"center": rng.normal(size=(batch, d)) * (rng.random((batch, d)) < 0.7)}
    return _further(rng, name, batch, d)


def _further(rng: np.random.Generator, name: str, batch: int, d: int) -> dict[str, Any]:
    match name:
        case "elastic_net":
            weights = parameters(rng, "l1", batch, d)["weights"]
            return {"weights": weights, "ridge": rng.random(batch) * 2 * (rng.random(batch) < 0.8)}
        case "huber":
            return {"width": rng.choice([0.25, 1.0, 3.0], size=batch) * (0.5 + rng.random(batch)), "size": d}
        case "total_variation":
            return {"size": d}
        case "max_affine":
            return {"slopes": slopes(rng, batch, d)}
        case "nuclear":
            return dict(zip(("rows", "columns"), sides(d), strict=True))
        case "rotated":
            inner = str(rng.choice(["l1", "group_lasso", "linf", "huber", "total_variation"]))
            return {"D": rotations(rng, batch, d), "inner": (inner, parameters(rng, inner, batch, d))}
        case "double_well":
            return {"center": rng.choice([0.5, 1.0, 2.0, 3.0], size=(batch, d))}
        case "box_indicator":
            return {"half_width": rng.choice([0.25, 0.5, 1.5], size=batch)}
        case _:
            return {}


def slopes(rng: np.random.Generator, batch: int, d: int, k: int = 5) -> np.ndarray:
    """Slopes of a maximum, 0 in their hull: random, integers (ties), repeated, collinear, in turn."""
    a = rng.normal(size=(batch, k, d))
    a[1::4] = rng.integers(-2, 3, size=a[1::4].shape)
    a[2::4, 1] = a[2::4, 0]
    a[3::4, 2] = (a[3::4, 0] + a[3::4, 1]) / 2
    a[:, -1] = -a[:, 0] * rng.choice([0.5, 1.0, 2.0], size=(batch, 1))
    return a


def rotations(rng: np.random.Generator, batch: int, d: int) -> np.ndarray:
    """Orthogonal matrices up to round-off, signed permutations (exact) every other time."""
    Q = np.linalg.qr(rng.normal(size=(batch, d, d)))[0]
    for k in range(0, batch, 2):
        Q[k] = np.eye(d)[rng.permutation(d)] * rng.choice([-1.0, 1.0], size=d)
    return Q


def sides(d: int) -> tuple[int, int]:
    """Rows and columns of a matrix of d entries, as square as can be, wide."""
    rows = max(r for r in range(1, d + 1) if d % r == 0 and r * r <= d)
    return rows, d // rows


def each(params: dict[str, Any], transform: Callable[[np.ndarray], Any]) -> dict[str, Any]:
    """Parameters with `transform` applied to all arrays, those of an inner regulariser too."""
    changed: dict[str, Any] = {k: x if k in (*STATIC, "inner") else transform(x) for k, x in params.items()}
    if "inner" in params:
        changed["inner"] = params["inner"][0], each(params["inner"][1], transform)
    return changed


def one(params: dict[str, Any], k: int) -> dict[str, Any]:
    """Parameters of instance k without the batch axis."""
    return each(params, lambda x: x[k])


def vectors(rng: np.random.Generator, batch: int, d: int) -> np.ndarray:
    """Normal, small integers (ties), sparse, zero, and equal entries of either sign, in turn."""
    v = rng.normal(size=(batch, d)) * 2
    v[1::5] = rng.integers(-2, 3, size=v[1::5].shape)
    v[2::5] *= rng.random(v[2::5].shape) < 0.5
    v[3::10] = 0.0
    v[4::5] = rng.choice([-1.5, 1.5], size=v[4::5].shape)
    return v


def weights(rng: np.random.Generator, batch: int) -> np.ndarray:
    """Steps a >= 0, zero and quarters among them."""
    a = rng.random(batch) * 2
    a[::7] = 0.0
    a[1::3] = rng.integers(0, 9, size=a[1::3].shape) / 4
    return a


def widened(rng: np.random.Generator, x: np.ndarray, size: float) -> np.ndarray:
    """Balls around x, each with a radius of its own up to `size`; some are exact."""
    radii = size * rng.random(x.shape) * (rng.random(x.shape) < 0.8)
    return to_ball(x) + np.frompyfunc(_symmetric, 1, 1)(radii)


def _symmetric(radius: float) -> Any:
    return to_ball(0.0).item().union(to_ball(radius).item()) - to_ball(radius).item() / 2


def inside(enclosure: Any, x: Any, slack: float = 0.0) -> np.ndarray:
    """Whether balls, widened by `slack`, contain the numbers x."""
    test = np.frompyfunc(lambda e, t: bool(abs(e - t) <= slack or (e - t).overlaps(_wide(slack))), 2, 1)
    return np.asarray(test(to_ball(enclosure), to_ball(x)), dtype=bool)


def _wide(slack: float) -> Any:
    return to_ball(-slack).item().union(to_ball(slack).item())
