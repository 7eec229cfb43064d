"""Regularisers to test on, their values and subgradients written out in numpy, one at a time.

The subgradients come from the definition of each subdifferential as a set: random elements of it.
"""

from collections.abc import Callable

import numpy as np
import torch

from fbscore.regularizers import Regularizer, by_name

ADMISSIBLE = ("l1", "l2", "group_lasso", "half_squared_norm", "quadratic", "linf")
CONVEX = (*ADMISSIBLE, "shifted_l1")
EVERY = (*CONVEX, "l0", "half_power")
GROUPS = 2

Array = np.ndarray
Parameters = dict[str, Array]


def regularizer(
    name: str,
    batch: int,
    d: int,
    rng: torch.Generator,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Regularizer:
    """A random regulariser; some weights are 0, ``Q`` has rank at most ``d − 1`` for ``d >= 2``."""
    parameters: dict[str, torch.Tensor | tuple[int, ...]] = {}
    if name == "l1":
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
    moved = {k: x.to(device, dtype) if isinstance(x, torch.Tensor) else x for k, x in parameters.items()}
    return by_name(name, **moved)


def gaussian(batch: int, d: int, rng: torch.Generator) -> torch.Tensor:
    return torch.randn(batch, d, generator=rng, dtype=torch.float64)


def weights(batch: int, size: int, rng: torch.Generator) -> torch.Tensor:
    """Uniform on [0, 2], a fifth of them 0."""
    w = 2.0 * torch.rand(batch, size, generator=rng, dtype=torch.float64)
    return torch.where(torch.rand(batch, size, generator=rng) < 0.2, 0.0, w)


def states(R: Regularizer, batch: int, d: int, rng: torch.Generator) -> torch.Tensor:
    """Small integers: many zeros, many ties; the first instance is 0.  On a center, offsets from it."""
    u = torch.randint(-2, 3, (batch, d), generator=rng).to(torch.float64)
    u[:1] = 0.0
    center = R.parameters.get("center")
    return u + center.cpu() if isinstance(center, torch.Tensor) else u


def parameters_of(R: Regularizer, instance: int) -> Parameters:
    """The parameters of one instance as numpy arrays."""
    return {
        name: x[instance].cpu().double().numpy() if isinstance(x, torch.Tensor) else np.array(x)
        for name, x in R.parameters.items()
    }


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
}


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
