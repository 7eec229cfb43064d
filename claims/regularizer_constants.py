r"""What the judge knows of a regulariser: R, its subgradients, its prox and the constants of A3.

The oracle is asked, on float64 tensors (batches) and in ball arithmetic (one instance), see
`claims.kit.arithmetic`; nothing comes from `fbscore`.

Shapes: ``u``, ``v``, ``p``, ``q`` (batch, d); ``a``, ``b`` (batch,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from claims.kit.arithmetic import Array, is_ball, norm, zeros
from claims.kit.instances import Regularizer
from claims.oracle import prox as oracle_prox
from claims.oracle import regularizers as oracle


def plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a regulariser, those of one inside it too, as numpy arrays."""

    def converted(value: Any) -> Any:
        if isinstance(value, Regularizer):
            return value.name, plain(value.params)
        return value.cpu().numpy() if isinstance(value, torch.Tensor) else value

    return {name: converted(value) for name, value in params.items()}


def _asked(function: Callable[..., Any], regularizer: Regularizer, *arrays: Array) -> Array:
    """Return what an oracle says of a regulariser, in the arithmetic of the arrays."""
    if is_ball(arrays[0]):
        return function(regularizer.name, regularizer.params, *arrays)
    params = plain(regularizer.params)
    # A subject's float32 run may overflow; the answer then is infinite or NaN, which the margin judges.
    with np.errstate(over="ignore", invalid="ignore"):
        answer = function(regularizer.name, params, *(x.cpu().numpy() for x in arrays))
    return torch.as_tensor(answer, dtype=torch.float64, device=arrays[0].device)


def value(regularizer: Regularizer, u: Array) -> Array:
    """Return R(u): (batch,), or (batch, K) for ``u`` of shape (batch, K, d)."""
    return _asked(oracle.value, regularizer, u)


def minimal_subgradient(regularizer: Regularizer, u: Array) -> Array:
    """Return the norm of the minimal-norm subgradient at u: (batch,) or (batch, K)."""
    return norm(_asked(oracle.minimal_subgradient, regularizer, u))


def distance_to_subdifferential(regularizer: Regularizer, u: Array, s: Array, sigma: Array) -> Array:
    """Return dist(s, sigma ∂R(u)): (batch,) or (batch, K)."""
    return _asked(oracle.distance_to_subdifferential, regularizer, u, s, sigma)


def resolvent(regularizer: Regularizer, v: Array, a: Array) -> Array:
    """Return the oracle's prox_{aR}(v): v (batch, d) or (batch, K, d), a (batch,) or (batch, K)."""
    return _asked(oracle_prox.prox, regularizer, v, a)


# ---------------------------------------------------------------- the constants of A3


#: (C0, C1) that a convex R without A3 is ascribed: those of ¼‖u‖⁴ on the unit ball, of the inside of a box.
ASCRIBED = {"quartic": (0.0, 1.0), "box_indicator": (0.0, 0.0)}


def growth(regularizer: Regularizer, like: Array) -> tuple[Array, Array]:
    """Return (C0, C1) of A3, each (batch,), in the arithmetic of ``like`` (batch, …); see `ASCRIBED`."""
    none = zeros(like, (like.shape[0],))
    if not oracle.CONVEX[regularizer.name]:
        return none, none
    if regularizer.name in ASCRIBED:
        c0, c1 = ASCRIBED[regularizer.name]
        return none + c0, none + c1
    c0, c1 = (_asked(lambda n, p, _, i=i: oracle.growth(n, p)[i], regularizer, none) for i in (0, 1))
    return none + c0, none + c1


def has_growth(regularizer: Regularizer) -> bool:
    """Return whether A3 holds with the constants of `growth`: R is convex, and they are no ascribed ones."""
    return oracle.CONVEX[regularizer.name] and regularizer.name not in ASCRIBED


# ---------------------------------------------------------------- the proximal energy


def proximal_energy_gap(regularizer: Regularizer, v: Array, b: Array, p: Array, q: Array) -> Array:
    r"""Return Φ_b(p) − Φ_b(q), Φ_b(u) = ½‖u − v‖² + bR(u), (3.1).

    The squares are differenced without cancellation.
    """
    squares = ((p - q) * (p + q - 2 * v)).sum(-1) / 2
    return squares + b * (value(regularizer, p) - value(regularizer, q))
