"""Limit systems for the flows: random, integer (ties), from rest, gradient flows, without K, in turn."""

from typing import Any

import numpy as np

from claims.oracle import regularizers
from claims.oracle.flow import Flow
from claims.oracle.network import affine
from tests.oracle.samples import parameters

System = tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # params, K, c, sigma, u0


def system(seed: int, name: str, d: int, cells: int = 4) -> System:
    """One instance; sigma is zero on some cells, some parameters have ties."""
    rng = np.random.default_rng([seed, 20])
    K, c = rng.normal(size=(cells, d, d)) * 3 / np.sqrt(d), rng.normal(size=(cells, d)) * 2
    sigma, u0 = rng.random(cells) * 2, rng.normal(size=d)
    if seed % 5 == 1:
        K, c, u0 = (rng.integers(-2, 3, size=x.shape).astype(float) for x in (K, c, u0))
        sigma = rng.integers(0, 3, size=cells).astype(float)
    elif seed % 5 == 2:
        u0, c = np.zeros(d), c * rng.choice([0.1, 0.5, 1.0], size=(cells, 1))
    elif seed % 5 == 3:
        A = rng.normal(size=(max(1, d // 2), d))
        K, c = (
            np.repeat((A.T @ A)[None], cells, axis=0),
            np.repeat((A.T @ (A @ u0[::-1]))[None], cells, axis=0),
        )
    elif seed % 5 == 4:
        K, c, u0 = 0 * K, np.round(c * 2) / 2, np.round(u0 * 2) / 2
    sigma[rng.random(cells) < 0.1] = 0.0
    params = parameters(rng, name, 1, d)
    if name == "max_affine":  # integers: ties are exact
        slopes = rng.integers(-2, 3, size=(1, 4, d)).astype(float)
        params = {"slopes": np.concatenate([slopes, -slopes[:, :1]], axis=1)}
    return params, K, c, sigma, u0


def velocity(flow: Flow, t: np.ndarray) -> np.ndarray:
    """Derivative (T, d) of the trajectory at times (T,) inside its intervals."""
    i = np.clip(np.searchsorted(flow.times, t, side="right") - 1, 0, len(flow.times) - 2)
    length = flow.times[i + 1] - flow.times[i]
    s, k = (t - flow.times[i]) / length, np.arange(1, flow.coefficients.shape[1])
    terms = flow.coefficients[i, 1:] * (k * s[:, None] ** (k - 1))[..., None]
    return np.sum(terms, axis=1) / length[:, None]


def residual(name: str, instance: System, flow: Flow, t: np.ndarray) -> np.ndarray:
    """Distance (T,) of -u' - K u + c to sigma dR(u), from the definition of dR."""
    params, K, c, sigma, _ = instance
    cell, u = np.minimum((t * len(sigma)).astype(int), len(sigma) - 1), flow.at(t)
    left = -velocity(flow, t) - np.einsum("tij,tj->ti", K[cell], u) + c[cell]
    at = sigma[cell][None]
    return regularizers.distance_to_subdifferential(name, params, u[None], left[None], at)[0]


def fine_network(name: str, instance: System, depth: int) -> np.ndarray:
    """Last state (d,) of the implicit scheme with `depth` layers."""
    params, K, c, sigma, u0 = instance
    K, c, sigma = (np.repeat(x, depth // len(sigma), axis=0)[None] for x in (K, c, sigma))
    return affine(name, params, u0[None], K, c, sigma)[0, -1]
