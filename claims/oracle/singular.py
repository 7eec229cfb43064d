r"""The nuclear norm of a state that is a matrix, row by row, by Jacobi rotations M V = B (see `jacobi`).

Balls: the rotations run with twice the digits on midpoints, and what comes out is enclosed: the prox and the
value by `certificate.error` and by duality, rigorously; subgradients by the perturbation of singular spaces,
|d(U V^T)| <= 4 |dM| / (least singular value), at a rank decided at 40 of 60 digits (a decision, not a proof).
A wider ball that leaves the rank open gets every subgradient.

The rank at u in floats is that of the very numbers of u: singular values below round-off are settled by exact
rational elimination. If they do count, their directions are noise, and the distance is the largest one that
any directions could give.
"""

import numpy as np
from flint import arb, ctx, fmpq, fmpq_mat

from claims.oracle import certificate, jacobi
from claims.oracle.elementary import (
    Array,
    ball,
    is_ball,
    largest,
    matmul,
    maximum,
    midpoint,
    norm,
    spectral_norm,
    sqrt,
    total,
    vanishing,
    zeros_like,
)

NOISE = 32 * 2.0**-53  # times the larger side and the largest singular value: below, it may be round-off


def value(shape: tuple[int, int], u: Array) -> Array:
    """Sum of the singular values, (..., rows * columns) -> (...)."""
    M = _tall(shape, u)
    if not is_ball(u):
        return np.sum(norm(np.swapaxes(jacobi.rotated(M)[0], -1, -2)), axis=-1)
    result = zeros_like(u[..., 0])
    for where in np.ndindex(*result.shape):
        result[where] = _enclosed_value(M[where])
    return result


def prox(shape: tuple[int, int], v: Array, a: Array) -> Array:
    """Sum of max(0, 1 - a / |b_i|) b_i v_i^T over the orthogonal columns b_i of M V."""
    lead = np.broadcast_shapes(v.shape[:-1], a.shape)
    v, a = np.broadcast_to(v, (*lead, v.shape[-1])), np.broadcast_to(a, lead)
    M = _tall(shape, v)
    if not is_ball(v):
        B, V = jacobi.rotated(M)
        size = norm(np.swapaxes(B, -1, -2))
        kept = np.maximum(size - a[..., None], 0.0) / np.where(size > 0, size, 1.0)
        return _flat(shape, np.matmul(B * kept[..., None, :], np.swapaxes(V, -1, -2)))
    result = zeros_like(M)
    for where in np.ndindex(*lead):
        result[where] = _enclosed_prox(M[where], ball(a[where]))
    return _flat(shape, result)


def minimal_subgradient(shape: tuple[int, int], u: Array) -> Array:
    """U V^T over the positive singular values; where these are noise, along as many directions."""
    M = _tall(shape, vanishing(u))
    if is_ball(u):
        result = zeros_like(M)
        for where in np.ndindex(*M.shape[:-2]):
            U, V, slack = _enclosed_spaces(M[where])
            polar = matmul(U, V.T)
            result[where] = zeros_like(polar) + arb(0, 1) if slack is None else polar + arb(0, slack)
        return _flat(shape, result)
    U, V, size = _ordered(M)
    for k in range(1, U.shape[-1]):  # noise may have left the directions of noise far from orthogonal
        for _ in range(2):
            along = np.einsum("...mi,...m->...i", U[..., :k], U[..., k])
            U[..., k] -= np.einsum("...mi,...i->...m", U[..., :k], along)
            height = norm(U[..., k])
            U[..., k] /= np.where(height > 0, height, 1.0)[..., None]
    kept = np.arange(U.shape[-1]) < _exact_rank(M, size)[..., None]
    return _flat(shape, np.matmul(U * kept[..., None, :], np.swapaxes(V, -1, -2)))


def distance(shape: tuple[int, int], u: Array, s: Array, sigma: Array) -> Array:
    """Distance of s (..., d) to sigma (...) {U V^T + Z : Z between the null spaces, |Z| <= 1}."""
    lead = np.broadcast_shapes(u.shape[:-1], s.shape[:-1], sigma.shape)
    u, s = (np.broadcast_to(x, (*lead, u.shape[-1])) for x in (u, s))
    M, S, sigma = _tall(shape, vanishing(u)), _tall(shape, s), np.broadcast_to(sigma, lead)
    if is_ball(u):
        result = zeros_like(sigma)
        for where in np.ndindex(*lead):
            result[where] = _enclosed_distance(M[where], S[where], ball(sigma[where]))
        return result
    U, V, size = _ordered(M)
    sure = size > NOISE * max(shape) * size[..., :1]
    U, V = U * sure[..., None, :], V * sure[..., None, :]
    outside, null = _split(U, V, S, sigma)
    beyond = norm(np.swapaxes(jacobi.rotated(null)[0], -1, -2))
    rank, each = np.sum(sure, axis=-1)[..., None], sigma[..., None]
    noisy = _exact_rank(M, size)[..., None] > rank
    opposite = -np.sort(-beyond, axis=-1) + np.where(
        np.arange(size.shape[-1]) < size.shape[-1] - rank, each, 0
    )
    excess = np.where(noisy, opposite, np.maximum(beyond - each, 0.0))
    return np.hypot(norm(outside.reshape(*lead, -1)), norm(excess))


def _split(U: Array, V: Array, S: Array, sigma: Array) -> tuple[Array, Array]:
    """S less sigma U V^T without the part between the null spaces, and that part."""
    right = S - matmul(U, matmul(np.swapaxes(U, -1, -2), S))
    null = right - matmul(matmul(right, V), np.swapaxes(V, -1, -2))
    return S - null - sigma[..., None, None] * matmul(U, np.swapaxes(V, -1, -2)), null


def _tall(shape: tuple[int, int], u: Array) -> Array:
    M = u.reshape(*u.shape[:-1], *shape)
    return np.swapaxes(M, -1, -2) if shape[0] < shape[1] else M


def _flat(shape: tuple[int, int], M: Array) -> Array:
    M = np.swapaxes(M, -1, -2) if shape[0] < shape[1] else M
    return M.reshape(*M.shape[:-2], shape[0] * shape[1])


def _ordered(M: Array) -> tuple[Array, Array, Array]:
    """U, V, and the singular values, largest first; columns of U at singular value 0 are 0."""
    B, V = jacobi.rotated(M)
    size = norm(np.swapaxes(B, -1, -2))
    order = np.argsort(-size, axis=-1, kind="stable")
    B, V = (np.take_along_axis(X, order[..., None, :], axis=-1) for X in (B, V))
    size = np.take_along_axis(size, order, axis=-1)
    return B / np.where(size > 0, size, 1.0)[..., None, :], V, size


def _exact_rank(M: Array, size: Array) -> Array:
    """Rank of the very numbers in M (..., m, k), whose singular values are `size` up to round-off."""
    rank = np.sum(size > NOISE * max(M.shape[-2:]) * size[..., :1], axis=-1)
    unsure = (rank < M.shape[-1]) & (size[..., 0] > 0)
    for where in zip(*np.nonzero(unsure), strict=True):
        entries = [fmpq(*float(x).as_integer_ratio()) for x in M[where].flat]
        rank[where] = fmpq_mat(M.shape[-2], M.shape[-1], entries).rank()
    return rank


def _frobenius(M: Array) -> arb:
    return ball(norm(M.reshape(-1)).item())


def _gram_bound(X: Array) -> arb:
    """Bound of the largest singular value of a matrix with nearly orthonormal columns: row sums of X^T X."""
    return ball(sqrt(largest(total(abs(matmul(X.T, X))))).item())


def _enclosed_value(M: Array) -> arb:
    """Between <Z, M> / |Z| for Z = U V^T, and the sum over M V V^T and the rest of M."""
    with certificate.doubled():
        B, V = jacobi.precise(midpoint(M))
        B = matmul(M, V)
        size, rest = norm(B.T), M - matmul(B, V.T)
        plain = midpoint(norm(midpoint(B).T))
        upper = ball(total(size * norm(V.T)).item()) + _frobenius(rest) * arb(M.shape[1]).sqrt()
        least = arb(10) ** (-ctx.dps // 2) * largest(plain).item()
        clear = [i for i in range(len(size)) if plain[i] > least]
        if not clear:
            return upper.union(arb(0))
        U, V = midpoint(B[:, clear] / plain[clear]), V[:, clear]
        inner = ball(total((matmul(U, V.T) * M).reshape(-1)).item())
        lower = (inner / (_gram_bound(U) * _gram_bound(V))).lower()
    return upper.upper().union(lower.min(upper.lower()).max(0))


def _enclosed_prox(M: Array, a: arb) -> Array:
    """The rotations' answer at the midpoints, and the error that duality leaves to it."""
    if ball(spectral_norm(M)) < a:
        return zeros_like(M)
    step = a.mid()
    with certificate.doubled():
        B, V = jacobi.precise(midpoint(M))
        size = midpoint(norm(B.T))
        kept = np.array([(1 - step / x).mid().max(0) if x > 0 else arb(0) for x in size], dtype=object)
        turned = np.array([1 / x.max(step) if x.max(step) > 0 else arb(0) for x in size], dtype=object)
        q = midpoint(matmul(B * kept, V.T))
        polar = midpoint(B * turned)  # U times min(1, |b_i| / a): the dual is polar V^T, at most 1 in norm
        polar = polar / maximum(np.asarray(_gram_bound(polar) * _gram_bound(V), dtype=object), 1.0)
        dual = matmul(polar, V.T)
        rest = q - matmul(B * kept, V.T)
        above = ball(total(norm((B * kept).T) * norm(V.T)).item()) + _frobenius(rest) * arb(M.shape[1]).sqrt()
        gap = above - ball(total((dual * q).reshape(-1)).item())
        error = certificate.error(*(x.reshape(-1) for x in (M, a * dual, q)), gap=a * gap)
    return q + arb(0, error)


def _enclosed_spaces(M: Array) -> tuple[Array, Array, arb | None]:
    """U, V, and how far U V^T may be off; None where the ball leaves the rank open."""
    goal = arb(10) ** (-(2 * ctx.dps) // 3)
    spread = _frobenius(M - midpoint(M)).upper()
    with certificate.doubled():
        B, V = jacobi.precise(midpoint(M))
        size = midpoint(norm(B.T))
        top = largest(size).item()
        clear = [i for i in range(len(size)) if size[i] > goal * top]
        least = top
        for i in clear:
            least = least.min(size[i]).mid()
        if not clear:
            return B[:, []], V[:, []], arb(0) if spread == 0 else None
        decided = (len(clear) == len(size) or spread <= goal * top) and spread < least / 4
        slack = (4 * spread / least + arb(10) ** (-ctx.dps // 2)).upper() if decided else None
        return midpoint(B[:, clear] / size[clear]), V[:, clear], slack


def _enclosed_distance(M: Array, S: Array, sigma: arb) -> arb:
    U, V, slack = _enclosed_spaces(M)
    size = _frobenius(S)
    if slack is None:
        return (size + sigma * arb(min(S.shape)).sqrt()).upper().union(arb(0))
    outside, null = _split(U, V, S, np.asarray(sigma, dtype=object))
    beyond = _frobenius(_enclosed_prox(null, sigma)) if U.shape[1] < S.shape[1] else arb(0)
    result = ball(norm(np.array([_frobenius(outside), beyond], dtype=object)).item())
    return result + arb(0, (2 * sigma * arb(S.shape[1]).sqrt() * slack + 2 * size * slack).upper())
