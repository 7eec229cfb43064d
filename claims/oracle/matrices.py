r"""Extreme eigenvalues, spectral norms and linear systems: floats (batched LAPACK) and balls (verified).

Ball route for the largest eigenvalue of a symmetric S: Rayleigh quotients bound it from below; from above,
`t` is a bound as soon as all pivots of `t I - S` are positive (Sylvester's law of inertia). Neither needs
separated eigenvalues, so the identity, orthogonal and zero matrices are no special cases.
"""

from typing import Any

import numpy as np
from flint import acb_mat, arb, arb_mat, ctx

from claims.oracle.entrywise import (
    Array,
    ball,
    digits,
    elementwise,
    is_ball,
    matmul,
    norm,
    sqrt,
    to_ball,
    zeros_like,
)

SAFE = 1e70  # entries in [1/SAFE, SAFE] keep their Gram matrix in range


def solve(M: Any, b: Any) -> Array:
    """Solution x (..., d) of M x = b for M (..., d, d), b (..., d); an enclosure in balls.

    Raises
    ------
    numpy.linalg.LinAlgError, ZeroDivisionError
        If M is singular (floats), or cannot be shown to be regular (balls).
    """
    if not is_ball(M, b):
        return np.linalg.solve(M, np.asarray(b)[..., None])[..., 0]
    M, b = to_ball(M), to_ball(b)
    lead, d = np.broadcast_shapes(M.shape[:-2], b.shape[:-1]), b.shape[-1]
    M, b = np.broadcast_to(M, (*lead, d, d)), np.broadcast_to(b, (*lead, d))
    result = zeros_like(b)
    for where in np.ndindex(*lead):
        x = arb_mat(d, d, list(M[where].flat)).solve(arb_mat(d, 1, list(b[where])))
        result[where] = x.entries()
    return result


def spectral_norm(M: Any) -> Array:
    """Largest singular value, (..., m, d) -> (...); 0 for an empty matrix, NaN if not finite."""
    M = np.asarray(M)
    M = M if M.shape[-2] <= M.shape[-1] else np.swapaxes(M, -1, -2)
    if M.shape[-2] == 0:
        return zeros_like(np.sum(M, axis=(-2, -1)))
    if M.shape[-2] == 1:
        return norm(M[..., 0, :])
    if is_ball(M):
        return sqrt(_largest_eigenvalue(matmul(M, np.swapaxes(M, -1, -2))))
    peak = np.max(np.abs(M), axis=(-2, -1))
    scale = np.where((peak > SAFE) | ((peak < 1 / SAFE) & (peak > 0)), peak, 1.0)
    if np.any(scale != 1):
        M = M / scale[..., None, None]
    return scale * np.sqrt(np.maximum(_largest_eigenvalue(np.matmul(M, np.swapaxes(M, -1, -2))), 0))


def smallest_eigenvalue(S: Any) -> Array:
    """Smallest eigenvalue of the symmetric part of S, (..., n, n) -> (...), n >= 1; NaN if not finite."""
    S = np.asarray(S)
    return -_largest_eigenvalue(-(S + np.swapaxes(S, -1, -2)) / 2)


def orthogonal(D: Any) -> Array:
    """The orthogonal matrix that D (..., d, d) stands for: D itself in floats, its polar factor in balls.

    Floats hold few orthogonal matrices exactly. Each Newton-Schulz step X (3 I - X^T X) / 2 keeps the polar
    factor, which is within |X^T X - I| of X. A signed permutation comes back exactly.

    Raises
    ------
    ValueError
        If a ball matrix is not orthogonal up to round-off.
    """
    if not is_ball(D):
        return np.asarray(D)
    X, one = to_ball(D), np.eye(np.shape(D)[-1])
    for _ in range(8):
        defect = matmul(np.swapaxes(X, -1, -2), X) - one
        size = np.asarray(norm(defect.reshape(*defect.shape[:-2], -1)))
        if not np.all(elementwise(lambda e: bool(e < 1e-3), size)):
            raise ValueError("D: expected an orthogonal matrix")
        if np.all(elementwise(lambda e: bool(e.mid() <= e.rad() * 2 or e.is_zero()), size)):
            break
        X = matmul(X, one - defect / 2)
    return X + elementwise(lambda e: arb(0, e.upper()), size)[..., None, None]


def _largest_eigenvalue(S: Array) -> Array:
    """Largest eigenvalue of symmetric matrices."""
    if S.shape[-1] == 1:
        return S[..., 0, 0]
    if not is_ball(S):
        return _float_eigenvalue(S)
    result = zeros_like(S[..., 0, 0])
    for where in np.ndindex(*S.shape[:-2]):
        result[where] = _enclose_eigenvalue(to_ball(S[where]))
    return result


def _float_eigenvalue(S: Array) -> Array:
    if S.shape[-1] == 2:
        a, b, c = S[..., 0, 0], S[..., 0, 1], S[..., 1, 1]
        return (a + c) / 2 + np.hypot((a - c) / 2, b)
    finite = np.all(np.isfinite(S), axis=(-2, -1))
    if np.all(finite):
        return np.linalg.eigvalsh(S)[..., -1]
    values = np.linalg.eigvalsh(np.where(finite[..., None, None], S, 0.0))[..., -1]
    return np.where(finite, values, np.nan)


def _enclose_eigenvalue(S: Array) -> arb:
    """Enclosure of the largest eigenvalue of one symmetric ball matrix (n, n)."""
    goal = ctx.dps
    with digits(goal + 15):
        frobenius = ball(norm(S.reshape(-1)).item()).upper()
        if not frobenius.is_finite():
            return arb.nan()
        if frobenius == 0:
            return arb(0)
        below = _rayleigh(S)
        gap = frobenius * arb(10) ** (-goal - 5)
        while gap < frobenius:
            above = below.upper() + gap
            if _positive_definite(above.upper(), S):
                return below.lower().union(above.upper())
            gap *= 64
        return below.lower().union(frobenius)


def _rayleigh(S: Array) -> arb:
    """A number that is certainly <= the largest eigenvalue and, but for round-off, equal to it."""
    n = len(S)
    best = ball(S[0, 0])
    for k in range(1, n):
        best = best.max(ball(S[k, k]))
    try:
        midpoints = arb_mat(n, n, [ball(e).mid() for e in S.flat])
        values, vectors = acb_mat(midpoints).eig(right=True, algorithm="approx")
    except (ValueError, ZeroDivisionError):
        return best
    top = max(range(n), key=lambda k: float(values[k].real.mid()))
    column = [vectors[i, top] for i in range(n)]
    # the quotient of a complex vector p + iq with a real symmetric S is a mean of those of p and q
    parts = [np.array([e.real.mid() for e in column]), np.array([e.imag.mid() for e in column])]
    weight = sum((ball(part @ part) for part in parts), arb(0))
    if not weight > 0:
        return best
    quotient = sum((ball(part @ (S @ part)) for part in parts), arb(0)) / weight
    return best.max(quotient)


def _positive_definite(t: arb, S: Array) -> bool:
    """Whether t I - S is certainly positive definite, by the pivots of Gaussian elimination."""
    n = len(S)
    rest: list[list[arb]] = [[(t if i == j else arb(0)) - ball(S[i, j]) for j in range(n)] for i in range(n)]
    for k in range(n):
        pivot = rest[k][k]
        if not pivot > 0:
            return False
        for i in range(k + 1, n):
            factor = rest[i][k] / pivot
            for j in range(i, n):
                rest[i][j] -= factor * rest[k][j]
                rest[j][i] = rest[i][j]
    return True
