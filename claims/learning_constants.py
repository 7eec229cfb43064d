r"""Learning problems from the raw data: losses, penalties, objectives, and how far a change may move them.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes
from `fbscore`.  A loss is a function of x = u − u*.  How much it may rise when u moves by e in the Euclidean
norm is measured from one number, the place X of the loss at u: by (X + ce)^p − X^p for Σ|x_i|^p, X being the
p-norm of x.  Steps add up, rise(X, a + b) = rise(X, a) + rise(X + a, b), and a loss falls by no more than it
rises.  The proofs are in ``docs/mathematics.md``, section 10; (2.8) … (2.11) are *reconstructed*.

Shapes: x (batch, …, d), such as (batch, samples, d); ``width`` (batch,), the parameter of the loss; places,
steps and rises (batch, …).  Norms of controls (batch, 3), in the order of
`claims.kit.convergence_instances.CONTROLS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from claims import grid_constants
from claims.kit.arithmetic import (
    Array,
    constant,
    cube_root,
    is_ball,
    maximum,
    minimum,
    norm,
    sqrt,
    stack,
    where,
)
from claims.kit.convergence_instances import LearningSequence, controls
from claims.kit.instances import AnyNetwork
from claims.oracle import elementary
from claims.sequence_constants import power

#: Twice the exponents p of the losses Σ|x_i|^p.
POWERS: dict[str, int] = {"p=1": 2, "p=3/2": 3, "p=2": 4, "p=3": 6}

#: Losses that are continuous (A4), and penalties that are locally Lipschitz (A5).
LOSSES = (*POWERS, "huber")
PENALTIES = ("s", "s^2", "kinked")

#: What is not, for negative controls: all of these are ascribed the modulus of a 1-Lipschitz function.
DISCONTINUOUS_LOSSES = ("jump", "open")
DISCONTINUOUS_PENALTIES = ("jump", "spike")


def positive(x: Array) -> Array:
    """Return 1 where x > 0, else 0; a ball that does not decide gives the ball of both."""
    nothing = 0 * x
    if not is_ball(x):
        return where(x > 0, nothing + 1, nothing)
    decided = np.where(x > 0, nothing + 1, nothing)
    return np.where((x > 0) | (x <= 0), decided, elementary.union(nothing, nothing + 1))


def _aligned(width: Array, like: Array) -> Array:
    """Return one number an instance with as many axes as ``like``."""
    return width.reshape(width.shape[0], *(1 for _ in like.shape[1:]))


# ---------------------------------------------------------------- losses


def loss(name: str, width: Array, x: Array) -> Array:
    """Return the loss of x = u − u*.

    Σ|x_i|^p for ``p=…``; Σ h_w(x_i) for ``huber``, h_w(s) = s²/(2w) up to w and \\|s\\| − w/2 beyond;
    ``jump``: 1 where x_1 > w, else 0; ``open``: x_1 where that is positive, else 1.
    """
    if name in POWERS:
        return power(abs(x), POWERS[name]).sum(-1)
    if name == "huber":
        size, w = abs(x), _aligned(width, x)
        inner = minimum(size, w)
        return (inner * (size - inner / 2) / w).sum(-1)
    first = x[..., 0]
    if name == "jump":
        return positive(first - _aligned(width, first))
    return 1 + positive(first) * (first - 1)


def place(name: str, width: Array, x: Array) -> Array:
    """Return X: the p-norm of x; for ``huber`` the norm of x with its entries cut off at ±w; else 0."""
    if name == "huber":
        return norm(minimum(abs(x), _aligned(width, x)))
    if name not in POWERS:
        return 0 * x[..., 0]
    total = loss(name, width, x)
    roots: dict[int, Callable[[Array], Array]] = {3: lambda s: cube_root(s * s), 4: sqrt, 6: cube_root}
    return roots.get(POWERS[name], lambda s: s)(total)


def stretch(name: str, like: Array, d: int) -> Array:
    """Return c = d^{1/p − 1/2}, the largest p-norm on the unit sphere of R^d, as one number; 1 if p ≥ 2."""
    number = constant(like, float(d))
    roots: dict[str, Callable[[Array], Array]] = {"p=1": sqrt, "p=3/2": lambda s: sqrt(cube_root(s))}
    return roots[name](number) if name in roots else 0 * number + 1


def rise(name: str, width: Array, d: int, X: Array, e: Array) -> Array:
    """Return by how much the loss may rise from the place X to X + e, without cancellation.

    (X + e)^p − X^p; for ``huber`` H(X + e) − H(X), H(s) = s²/(2w) up to w√d and of slope √d beyond; e for
    what is ascribed a Lipschitz constant.
    """
    if name == "p=2":
        return e * (2 * X + e)
    if name == "p=3":
        return e * (3 * X * (X + e) + e * e)
    if name == "p=3/2":
        a, b = sqrt(X + e), sqrt(X)
        both = a + b  # 0 only where X and e are
        return e * (a + b * b / where(both > 0, both, both + 1))
    if name == "huber":
        w, slope = _aligned(width, X), math.sqrt(d) if not is_ball(X) else sqrt(constant(X, float(d)))
        curved = minimum(e, maximum(w * slope - X, 0.0))
        return curved * (2 * X + curved) / (2 * w) + slope * (e - curved)
    return e


def rises(name: str, width: Array, x: Array, steps: Sequence[Array]) -> list[Array]:
    """Return by how much the loss may rise in each of successive steps that u takes, away from u*."""
    d, X = x.shape[-1], place(name, width, x)
    found: list[Array] = []
    for step in steps:
        e = stretch(name, x, d) * step
        found.append(rise(name, width, d, X, e))
        X = X + e
    return found


# ---------------------------------------------------------------- penalties


def penalty(name: str, s: Array) -> Array:
    """Return r(s): s, s² or |s − 1|; ``jump``: 1 where s > 1/2, else 0; ``spike``: s, but 1 at 0."""
    if name == "s":
        return s
    if name == "s^2":
        return s * s
    if name == "kinked":
        return abs(s - 1)
    return positive(s - 0.5) if name == "jump" else 1 + positive(s) * (s - 1)


def penalty_rise(name: str, s: Array, e: Array) -> Array:
    """Return by how much r may change from s to anywhere within e of it: e(2s + e) for s², else e."""
    return e * (2 * s + e) if name == "s^2" else e


def penalty_rises(p: LearningSequence, s: Array, steps: Sequence[Array]) -> list[Array]:
    """Return by how much Σ weights·r may change in successive steps of the norms s, (batch, 3) → (batch,)."""
    found: list[Array] = []
    for step in steps:
        each = (penalty_rise(name, s[:, i], step[:, i]) for i, name in enumerate(p.penalties))
        found.append((p.weights * stack(list(each), 1)).sum(1))
        s = s + step
    return found


# ---------------------------------------------------------------- objectives


def norms(p: AnyNetwork) -> Array:
    """Return the norms (1/N Σ|v_n|²)^{1/2} of the three controls, Frobenius for matrices, (batch, 3)."""
    flat = (values.reshape(*values.shape[:2], math.prod(values.shape[2:])) for values in controls(p))
    return stack([grid_constants.l2_norm(values) for values in flat], 1)


def mean(x: Array) -> Array:
    """Return the mean over the samples, (batch,) of x (batch, samples)."""
    return x.sum(1) / x.shape[1]


def losses(p: LearningSequence, ends: Array) -> Array:
    """Return the losses (batch, samples) of the states ``ends`` (batch, samples, d)."""
    return loss(p.loss, p.width, ends - p.labels)


def penalties(p: LearningSequence, s: Array) -> Array:
    """Return Σ weights·r(s) of norms s (batch, 3)."""
    each = [penalty(name, s[:, i]) for i, name in enumerate(p.penalties)]
    return (p.weights * stack(each, 1)).sum(1)


def objective(p: LearningSequence, network: AnyNetwork, ends: Array) -> Array:
    """Return the mean loss of the states at the end (batch, samples, d) plus the penalties, (batch,).

    With the states u_N of a network this is (2.10), (2.8), with those of the limit at t = 1 (2.11), (2.9);
    with several samples (2.4), (2.5).
    """
    return mean(losses(p, ends)) + penalties(p, norms(network))
