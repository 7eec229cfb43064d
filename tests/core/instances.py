"""Regularisers to test on, their values and subgradients written out in numpy, one at a time.

The subgradients come from the definition of each subdifferential as a set: random elements of it.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from fbscore.regularizers import Regularizer, by_name

ADMISSIBLE = (
    "l1",
    "l2",
    "group_lasso",
    "half_squared_norm",
    "quadratic",
    "linf",
    "elastic_net",
    "huber",
    "total_variation",
    "max_affine",
    "nuclear",
    "rotated",
)
CONVEX = (*ADMISSIBLE, "shifted_l1")  # of linear growth
EVERY = (*CONVEX, "l0", "half_power", "negative_l1", "double_well", "box_indicator", "quartic")
GROUPS = 2
SLOPES = 5

Array = np.ndarray
Parameters = dict[str, Any]


def regularizer(
    name: str,
    batch: int,
    d: int,
    rng: torch.Generator,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Regularizer:
    """A random regulariser; some weights are 0, ``Q`` has rank at most ``d − 1`` for ``d >= 2``."""
    if name == "rotated":
        D = torch.linalg.qr(torch.randn(batch, d, d, generator=rng, dtype=torch.float64)).Q
        weight = 0.25 + torch.rand(batch, d, generator=rng, dtype=torch.float64)
        inner = by_name("l1", weights=weight.to(device, dtype))
        return by_name(name, D=D.to(device, dtype), inner=inner)
    parameters: dict[str, torch.Tensor | tuple[int, ...] | int] = {}
    if name in ("l1", "elastic_net"):
        parameters["weights"] = weights(batch, d, rng)
    elif name == "group_lasso":
        parameters["weights"] = weights(batch, GROUPS, rng)
        parameters["groups"] = tuple(i % GROUPS for i in range(d))
    elif name == "quadratic":
        # Multiples of 1/16: products and sums are exact, so that Q is semidefinite without round-off.
        factor = (
            16.0 * torch.randn(batch, d, max(1, d - 1), generator=rng, dtype=torch.float64)
        ).round() / 16.0
        parameters["Q"] = factor @ factor.mT
    elif name == "shifted_l1":
        parameters["center"] = gaussian(batch, d, rng)
    elif name == "double_well":
        parameters["center"] = torch.randint(1, 4, (batch, d), generator=rng).double()
    elif name == "max_affine":
        parameters["slopes"] = slopes(batch, d, rng)
    elif name == "nuclear":
        parameters["rows"] = max(n for n in range(1, d + 1) if d % n == 0 and n * n <= d)
        parameters["columns"] = d // parameters["rows"]
    elif name == "box_indicator":
        parameters["half_width"] = torch.randint(1, 3, (batch,), generator=rng).double()
    if name in ("huber", "total_variation"):
        parameters["size"] = d
    if name == "huber":
        parameters["width"] = 0.25 + torch.rand(batch, generator=rng, dtype=torch.float64)
    if name == "elastic_net":
        parameters["ridge"] = weights(batch, 1, rng).squeeze(1)
    moved = {k: x.to(device, dtype) if isinstance(x, torch.Tensor) else x for k, x in parameters.items()}
    return by_name(name, **moved)


def gaussian(batch: int, d: int, rng: torch.Generator) -> torch.Tensor:
    return torch.randn(batch, d, generator=rng, dtype=torch.float64)


def weights(batch: int, size: int, rng: torch.Generator) -> torch.Tensor:
    """Uniform on [0, 2], a fifth of them 0."""
    w = 2.0 * torch.rand(batch, size, generator=rng, dtype=torch.float64)
    return torch.where(torch.rand(batch, size, generator=rng) < 0.2, 0.0, w)


def slopes(batch: int, d: int, rng: torch.Generator) -> torch.Tensor:
    """Multiples of 1/8 of sum 0, one of them twice: products with small integers are exact."""
    free = torch.randint(-12, 13, (batch, SLOPES - 1, d), generator=rng).double() / 8.0
    free[:, 1] = free[:, 0]
    return torch.cat((free, -free.sum(1, keepdim=True)), dim=1)


def one_of(R: Regularizer, i: int) -> Regularizer:
    """The regulariser of instance ``i`` alone."""
    taken: dict[str, Any] = {}
    for name, x in R.parameters.items():
        if isinstance(x, torch.Tensor):
            taken[name] = x[i : i + 1]
        else:
            taken[name] = one_of(x, i) if isinstance(x, Regularizer) else x
    return by_name(R.name, **taken)


def states(R: Regularizer, batch: int, d: int, rng: torch.Generator) -> torch.Tensor:
    """Small integers: many zeros, many ties; the first instance is 0.  On a center, offsets from it.

    Of a rotated regulariser, the states whose rotation they are up to round-off.
    """
    u = torch.randint(-2, 3, (batch, d), generator=rng).to(torch.float64)
    u[:1] = 0.0
    center, D = R.parameters.get("center"), R.parameters.get("D")
    if isinstance(D, torch.Tensor):
        return (D.cpu().double().mT @ u.unsqueeze(-1)).squeeze(-1)
    return u + center.cpu() if R.name == "shifted_l1" and isinstance(center, torch.Tensor) else u


def parameters_of(R: Regularizer, instance: int) -> Parameters:
    """The parameters of one instance as numpy arrays; an inner regulariser as its name and parameters."""
    found: Parameters = {}
    for name, x in R.parameters.items():
        if isinstance(x, torch.Tensor):
            found[name] = x[instance].cpu().double().numpy()
        elif isinstance(x, Regularizer):
            found[name] = (x.name, parameters_of(x, instance))
        else:
            found[name] = np.array(x)
    return found


VALUES: dict[str, Callable[[Parameters, Array], float]] = {
    "l1": lambda p, u: float(sum(w * abs(x) for w, x in zip(p["weights"], u, strict=True))),
    "l2": lambda p, u: float(np.sqrt(np.dot(u, u))),
    "group_lasso": lambda p, u: float(
        sum(w * np.sqrt(np.sum(u[p["groups"] == g] ** 2)) for g, w in enumerate(p["weights"]))
    ),
    "half_squared_norm": lambda p, u: float(np.dot(u, u) / 2),
    "quadratic": lambda p, u: float(u @ p["Q"] @ u / 2),
    "linf": lambda p, u: float(max(abs(u))),
    "l0": lambda p, u: float(sum(x != 0 for x in u)),
    "half_power": lambda p, u: float(sum(abs(x) ** 0.5 for x in u)),
    "shifted_l1": lambda p, u: float(sum(abs(x - b) for x, b in zip(u, p["center"], strict=True))),
    "elastic_net": lambda p, u: VALUES["l1"](p, u) + float(p["ridge"] * np.dot(u, u) / 2),
    "huber": lambda p, u: float(sum(huber(x, p["width"]) for x in u)),
    "total_variation": lambda p, u: float(sum(abs(y - x) for x, y in pairwise(u))),
    "max_affine": lambda p, u: float(max(np.dot(a, u) for a in p["slopes"])),
    "nuclear": lambda p, u: float(np.linalg.norm(u.reshape(p["rows"], p["columns"]), "nuc")),
    "rotated": lambda p, u: VALUES[p["inner"][0]](p["inner"][1], p["D"] @ u),
    "negative_l1": lambda p, u: -float(sum(abs(x) for x in u)),
    "double_well": lambda p, u: float(
        sum(min(abs(x), abs(x - b)) for x, b in zip(u, p["center"], strict=True))
    ),
    "box_indicator": lambda p, u: 0.0 if max(abs(u)) <= p["half_width"] else np.inf,
    "quartic": lambda p, u: float(np.dot(u, u) ** 2 / 4),
}


def huber(x: float, width: float) -> float:
    """The least value of ``|y| + (x − y)² / (2 width)`` over ``y``."""
    y = np.sign(x) * max(abs(x) - width, 0.0)
    return abs(y) + (x - y) ** 2 / (2 * width)


def some_subgradients(name: str, p: Parameters, u: Array, count: int, rng: np.random.Generator) -> Array:
    """``count`` random elements of ``∂R(u)``, (count, d); extreme ones among them."""
    if name == "l1":
        return p["weights"] * signs(u, count, rng)
    if name == "shifted_l1":
        return signs(u - p["center"], count, rng)
    if name == "l2":
        return ball_or_unit(u, count, rng)
    if name == "group_lasso":
        out = np.zeros((count, len(u)))
        for g, w in enumerate(p["weights"]):
            members = p["groups"] == g
            if members.any():
                out[:, members] = w * ball_or_unit(u[members], count, rng)
        return out
    if name == "linf":
        return face_of_the_l1_ball(u, count, rng)
    if name == "elastic_net":
        return p["weights"] * signs(u, count, rng) + p["ridge"] * u
    if name == "huber":
        return np.tile(np.clip(u / p["width"], -1.0, 1.0), (count, 1))
    if name == "total_variation":
        return -np.diff(signs(np.diff(u), count, rng), axis=1, prepend=0.0, append=0.0)
    if name == "max_affine":
        return hull_of_the_active(p["slopes"], u, count, rng)
    if name == "nuclear":
        return singular(u.reshape(p["rows"], p["columns"]), count, rng)
    if name == "rotated":
        inner, parameters = p["inner"]
        return some_subgradients(inner, parameters, np.round(p["D"] @ u), count, rng) @ p["D"]
    Q = p["Q"] if name == "quadratic" else np.eye(len(u))
    return np.tile(Q @ u, (count, 1))


def signs(u: Array, count: int, rng: np.random.Generator) -> Array:
    free = np.clip(rng.uniform(-1.3, 1.3, (count, len(u))), -1.0, 1.0)
    return np.where(u == 0, free, np.sign(u))


def ball_or_unit(u: Array, count: int, rng: np.random.Generator) -> Array:
    if u.any():
        return np.tile(u / np.sqrt(np.dot(u, u)), (count, 1))
    direction = rng.standard_normal((count, len(u)))
    direction /= np.sqrt((direction**2).sum(1, keepdims=True))
    return direction * np.clip(rng.uniform(0.0, 1.3, (count, 1)), 0.0, 1.0)


def face_of_the_l1_ball(u: Array, count: int, rng: np.random.Generator) -> Array:
    top = np.flatnonzero(abs(u) == abs(u).max())
    shares = rng.dirichlet(np.full(len(top), 0.3), count)
    out = np.zeros((count, len(u)))
    if u.any():
        out[:, top] = np.sign(u[top]) * shares
    else:
        out[:, top] = rng.choice([-1.0, 1.0], (count, len(top))) * shares
        out *= np.clip(rng.uniform(0.0, 1.3, (count, 1)), 0.0, 1.0)
    return out


def hull_of_the_active(slopes: Array, u: Array, count: int, rng: np.random.Generator) -> Array:
    heights = slopes @ u
    active = slopes[heights == heights.max()]
    return rng.dirichlet(np.full(len(active), 0.3), count) @ active


def singular(U: Array, count: int, rng: np.random.Generator) -> Array:
    """``X Yᵀ + W`` with ``W`` between the complements of the ranges, of norm at most 1."""
    X, sigma, Yt = np.linalg.svd(U)
    r = int((sigma > 1e-9).sum())
    free = rng.standard_normal((count, U.shape[0] - r, U.shape[1] - r))
    if free.size:
        free /= np.linalg.norm(free, 2, axis=(1, 2), keepdims=True)
        free *= np.clip(rng.uniform(0.0, 1.3, (count, 1, 1)), 0.0, 1.0)
    return (X[:, :r] @ Yt[:r] + X[:, r:] @ free @ Yt[r:]).reshape(count, -1)
