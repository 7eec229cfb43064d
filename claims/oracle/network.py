r"""The forward recursion of an FBS network from raw arrays, in floats or balls.

u_{n+1} = prox_{h tau_n lam_n R}(u_n - h tau_n W_n (A u_n - f)), h = 1/N (X. Lin, C. Wu, arXiv:2605.27133,
(2.2) [reconstructed]).
"""

from typing import Any

import numpy as np

from claims.oracle.elementary import Array, matvec, zeros_like
from claims.oracle.parameters import Params, one_kind
from claims.oracle.prox import proximal_map


def forward(name: str, params: Params, A: Any, f: Any, u0: Any, W: Any, tau: Any, lam: Any) -> Array:
    """States (batch, N+1, d).

    Parameters
    ----------
    name, params
        The regulariser; array parameters (batch, ...).
    A, f, u0
        (batch, m, d), (batch, m), (batch, d).
    W, tau, lam
        (batch, N, d, m), (batch, N), (batch, N), with tau, lam >= 0. One ball array makes all of it balls.
    """
    params, (A, f, u0, W, tau, lam) = one_kind(params, A, f, u0, W, tau, lam)
    apply, N = proximal_map(name, params), tau.shape[1]
    states = zeros_like(np.broadcast_to(u0[:, None, :], (len(u0), N + 1, u0.shape[-1])))
    states[:, 0] = u0
    for n in range(N):
        u, step = states[:, n], tau[:, n] / N
        residual = matvec(A, u) - f
        states[:, n + 1] = apply(u - step[:, None] * matvec(W[:, n], residual), step * lam[:, n])
    return states


def affine(name: str, params: Params, u0: Any, K: Any, c: Any, sigma: Any) -> Array:
    """States (batch, N+1, d) of u_{n+1} = prox_{h sigma_n R}(u_n - h (K_n u_n - c_n)), h = 1/N.

    LISTA, (2.6), with K = W2, c = W1 f, sigma = lam; ALISTA with K = tau W A, c = tau W f, sigma = lam
    (X. Lin, C. Wu, arXiv:2605.27133, section 2.2 [reconstructed]).

    Parameters
    ----------
    name, params
        The regulariser; array parameters (batch, ...).
    u0, K, c, sigma
        (batch, d), (batch, N, d, d), (batch, N, d), (batch, N). One ball array makes all of it balls.
    """
    params, (u0, K, c, sigma) = one_kind(params, u0, K, c, sigma)
    apply, N = proximal_map(name, params), sigma.shape[1]
    states = zeros_like(np.broadcast_to(u0[:, None, :], (len(u0), N + 1, u0.shape[-1])))
    states[:, 0] = u0
    for n in range(N):
        u = states[:, n]
        states[:, n + 1] = apply(u - (matvec(K[:, n], u) - c[:, n]) / N, sigma[:, n] / N)
    return states
