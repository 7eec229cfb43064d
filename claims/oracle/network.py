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
