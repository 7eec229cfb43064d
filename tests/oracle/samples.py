"""Raw regularisers and vectors for the tests of the oracles; plain definitions of R to judge them by."""

from collections.abc import Callable
from typing import Any

import numpy as np

from claims.oracle.elementary import to_ball

CONVEX = ("l1", "l2", "group_lasso", "half_squared_norm", "quadratic", "linf", "shifted_l1")
NAMES = (*CONVEX, "l0", "half_power")

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
    return {}


def one(params: dict[str, Any], k: int) -> dict[str, Any]:
    """Parameters of instance k without the batch axis."""
    return {key: x if key == "groups" else x[k] for key, x in params.items()}


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
