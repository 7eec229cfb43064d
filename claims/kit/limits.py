r"""The deep-layer limit of an instance, from the oracle: what networks and solvers are compared with.

The limit (2.3) is driven by the network's own controls, constant on its N cells; the oracle solves it
to round-off.  The radius adds the round-off of K, c and σ, which are products of the raw numbers.

Where an instance is decided again, in balls, the states come from `claims.oracle.moreau_yosida` instead: a
route of its own through the prox, in floats, with an estimate of its error (about 1e-8) as the balls' radius.
So the second decision is independent, though not one of 60 digits.  Outside A1 and A3 the limit is
known for −‖u‖₁, ‖u‖₀ and ¼‖u‖⁴ without data alone, in closed forms, which both arithmetics evaluate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from flint import arb

from claims.kit.arithmetic import Array, is_ball, matmul, matvec
from claims.kit.instances import Alista, AnyNetwork, Lista, Regularizer
from claims.oracle import elementary, entrywise, event_driven, moreau_yosida, unforced
from claims.oracle import regularizers as oracle
from claims.oracle.flow import UNIT, Flow, perturbation_bound


class Limit(NamedTuple):
    """The limit at t_0 … t_N, (batch, N+1, d), or at other times; each state within ``radius`` (batch,)."""

    states: Array
    radius: Array


def limit(p: AnyNetwork, times: Sequence[float] | None = None) -> Limit:
    """Return the solution of (2.3) at ``times``, increasing from 0 on; without them, at t_0 … t_N.

    Where the oracle cannot proceed, or the numbers overflow, the radius is infinite: such an instance is
    undecided, never held.
    """
    if p.regularizer.name in unforced.SUPPORTED:
        return _closed_form(p, _times(p, times))
    if is_ball(p.u0):
        states, radius = _smoothed(p.map(lambda x: torch.as_tensor(entrywise.to_float(x))), _times(p, times))
        balls: Any = np.frompyfunc(_ball, 2, 1)(states, radius[:, None, None])
        return Limit(balls, elementary.to_ball(0 * radius))
    found = [torch.as_tensor(x, device=p.u0.device) for x in _solved(p, _times(p, times))]
    return Limit(*found)


def _closed_form(p: AnyNetwork, times: np.ndarray) -> Limit:
    """Return the closed form for an R without A1 or A3 whose limit is known, in either arithmetic."""
    exact, name = is_ball(p.u0), p.regularizer.name
    K, c, sigma, u0 = (x if exact else x.cpu().numpy() for x in (*system(p), p.u0))
    unknown: Any = _ball(0.0, np.inf) if exact else 0.0
    states = np.full((len(u0), len(times), u0.shape[1]), unknown)
    radius = np.full(len(u0), 0.0 if exact else np.inf)
    for i in range(len(u0)):
        try:
            states[i] = unforced.path(name, K[i], c[i], sigma[i], u0[i], times)
        except unforced.Stuck:
            continue
        radius[i] = 0.0 if exact else unforced.radius(name, sigma[i], u0[i])
    if exact:
        return Limit(states, elementary.to_ball(radius))
    return Limit(*(torch.as_tensor(x, device=p.u0.device) for x in (states, radius)))


def _times(p: AnyNetwork, times: Sequence[float] | None) -> np.ndarray:
    return np.linspace(0.0, 1.0, p.depth + 1) if times is None else np.asarray(times, dtype=float)


def _ball(middle: float, radius: float) -> arb:
    return arb(middle, radius)


def answer(p: AnyNetwork, request: float) -> Limit:
    """Return what the oracle answers in the place of a solver, in balls: u(1), with the radius requested."""
    states, radius = _solved(p.map(lambda x: torch.as_tensor(entrywise.to_float(x))), _times(p, None))
    return Limit(elementary.to_ball(states[:, -1]), elementary.to_ball(np.maximum(radius, request)))


def _smoothed(p: AnyNetwork, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return states and errors by the second route, which knows nothing but the prox."""
    batch, d = p.u0.shape
    K, c, sigma = (x.cpu().numpy() for x in system(p))
    name = p.regularizer.name
    states, errors, u0 = np.zeros((batch, len(times), d)), np.full(batch, np.inf), p.u0.cpu().numpy()
    for i in range(batch):
        one = _one(p.regularizer.params, i)
        try:
            found = moreau_yosida.trajectory(name, one, K[i], c[i], sigma[i], u0[i], times[1:])
        except moreau_yosida.Stuck:
            continue
        states[i], errors[i] = np.vstack([u0[i], found.value]), found.error
    return states, errors


def _solved(p: AnyNetwork, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return states (batch, times, d) and radii (batch,), one instance after the other."""
    size, (batch, d), N = p.f.shape[1] + 4, p.u0.shape, p.lam.shape[1]
    K, c, sigma = (x.cpu().numpy() for x in system(p))
    products = [x.cpu().numpy() for x in system(p.map(abs))[:2]]
    states, radius = np.zeros((batch, len(times), d)), np.full(batch, np.inf)
    name, u0 = p.regularizer.name, p.u0.cpu().numpy()
    for i in range(batch):
        one = _one(p.regularizer.params, i)
        if not all(np.isfinite(x[i]).all() for x in (K, c, sigma)):
            continue
        try:
            flow = event_driven.flow(name, one, K[i], c[i], sigma[i], u0[i])
        except event_driven.Stuck:
            continue
        doubt = [size * UNIT * np.linalg.norm(x[i].reshape(N, -1), axis=1) for x in products]
        states[i] = flow.at(times)
        radius[i] = flow.radius + _rounding(flow, name, one, K[i], sigma[i], doubt)
    return states, radius


def _rounding(flow: Flow, name: str, params: Any, K: Any, sigma: Any, doubt: list[Any]) -> float:
    """Return how far the limit moves when K and c move by ``doubt`` and σ by a round-off, (4.5)."""
    c0, c1 = (float(np.max(x)) for x in oracle.growth(name, params))
    weight = UNIT * sigma * (c0 + c1 * (flow.largest_norm() + flow.radius))
    return perturbation_bound(flow, K, doubt[0], doubt[1] + weight, 0.0)


def _one(params: dict[str, Any], i: int) -> dict[str, Any]:
    """Return the parameters of one instance as numpy arrays with a batch axis of 1."""

    def one(value: Any) -> Any:
        if isinstance(value, Regularizer):
            return value.name, _one(value.params, i)
        return value[i : i + 1].cpu().numpy() if isinstance(value, torch.Tensor) else value

    return {name: one(value) for name, value in params.items()}


def system(p: AnyNetwork) -> tuple[Array, Array, Array]:
    """Return K (batch, N, d, d), c (batch, N, d) and σ (batch, N) of the limit system."""
    if isinstance(p, Lista):
        return p.W2, matvec(p.W1, p.f[:, None]), p.lam
    W = p.tau[:, :, None, None] * (p.W[:, None] if isinstance(p, Alista) else p.W)
    sigma = p.lam if isinstance(p, Alista) else p.tau * p.lam
    return matmul(W, p.A[:, None]), matvec(W, p.f[:, None]), sigma
