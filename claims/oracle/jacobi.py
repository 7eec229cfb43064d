r"""One-sided Jacobi rotations: M V = B with V orthogonal and the columns of B orthogonal.

Columns that are already orthogonal are never mixed, so small singular values keep their digits (the
eigenvalues of M^T M would lose half of them).

References
----------
M. R. Hestenes, J. Soc. Indust. Appl. Math. 6 (1958) 51-90; J. Demmel, K. Veselic, SIAM J. Matrix Anal.
Appl. 13 (1992) 1204-1245: the accuracy.
"""

import numpy as np
from flint import arb, ctx

from claims.oracle.elementary import Array, ball, midpoint, to_ball, total

SWEEPS = 40  # far more than are needed: convergence is quadratic


def rotated(M: Array) -> tuple[Array, Array]:
    """B and orthogonal V with M V = B, the columns of B orthogonal; floats (..., m, k)."""
    lead, (m, k) = M.shape[:-2], M.shape[-2:]
    peak = np.max(np.abs(M), axis=(-2, -1), keepdims=True, initial=0.0)
    scale = np.ldexp(1.0, np.frexp(np.where(np.isfinite(peak), peak, 1.0))[1])
    both = np.concatenate([M / scale, np.broadcast_to(np.eye(k), (*lead, k, k))], axis=-2)
    both = np.ascontiguousarray(np.moveaxis(both, -1, 0))  # columns first: (k, ..., m + k)
    for _ in range(SWEEPS):
        moved = False
        for p in range(k - 1):
            for q in range(p + 1, k):
                x, y = both[p, ..., :m], both[q, ..., :m]
                alpha, beta, gamma = (np.einsum("...i,...i", *pair) for pair in ((x, x), (y, y), (x, y)))
                turned = np.abs(gamma) > 2.0**-50 * np.sqrt(alpha * beta)
                if not np.any(turned):
                    continue
                moved = True
                c, s = _rotation(alpha, beta, np.where(turned, gamma, 0.0))
                both[p], both[q] = c * both[p] - s * both[q], s * both[p] + c * both[q]
        if not moved:
            break
    both = np.moveaxis(both, 0, -1)
    return both[..., :m, :] * scale, both[..., m:, :]


def _rotation(alpha: Array, beta: Array, gamma: Array) -> tuple[Array, Array]:
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        zeta = (beta - alpha) / (2 * np.where(gamma == 0, 1.0, gamma))
        t = np.where(zeta >= 0, 1.0, -1.0) / (np.abs(zeta) + np.hypot(1.0, zeta))
    t = np.where(gamma == 0, 0.0, t)
    c = 1 / np.sqrt(1 + t * t)
    return c[..., None], (c * t)[..., None]


def precise(M: Array) -> tuple[Array, Array]:
    """B and V for one exact ball matrix (m, k): V orthogonal up to the round-off of the digits in force."""
    m, k = M.shape
    columns = [np.concatenate([M[:, i], to_ball(np.eye(k)[i])]) for i in range(k)]
    small = arb(10) ** (-ctx.dps + 8)
    for _ in range(SWEEPS):
        moved = False
        for p in range(k - 1):
            for q in range(p + 1, k):
                x, y = columns[p], columns[q]
                alpha, beta, gamma = (
                    _product(*pair) for pair in ((x[:m],) * 2, (y[:m],) * 2, (x[:m], y[:m]))
                )
                if not abs(gamma) > small * (alpha * beta).sqrt():
                    continue
                moved = True
                zeta = (beta - alpha) / (2 * gamma)
                t = (1 if zeta >= 0 else -1) / (abs(zeta) + (1 + zeta * zeta).sqrt())
                c = 1 / (1 + t * t).sqrt()
                columns[p], columns[q] = midpoint(c * x - c * t * y), midpoint(c * t * x + c * y)
        if not moved:
            break
    both = np.stack(columns, axis=-1)
    return both[:m], both[m:]


def _product(x: Array, y: Array) -> arb:
    return ball(total(x * y).item()).mid()
