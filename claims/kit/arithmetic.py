r"""One small vocabulary for both arithmetics in which a claim is judged.

An *array* is a float64 ``torch.Tensor`` (batches, any device) or a numpy object array of ``flint.arb``
(one instance, in ball arithmetic).  Constants and predicates are written once, with operators and these
functions; the same code then judges a batch in floating point and re-decides a single instance at 60 digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch

from claims.oracle import elementary

Array = Any


def is_ball(x: Array) -> bool:
    """Return whether ``x`` lives in ball arithmetic."""
    return isinstance(x, np.ndarray)


def sqrt(x: Array) -> Array:
    """Return the elementwise square root; tiny negatives that round-off leaves count as zero."""
    return elementary.sqrt(x) if is_ball(x) else x.clamp(min=0).sqrt()


def cube_root(x: Array) -> Array:
    """Return the elementwise cube root; as for `sqrt`, tiny negatives count as zero."""
    return elementary.cube_root(x) if is_ball(x) else x.clamp(min=0) ** (1 / 3)


def exp(x: Array) -> Array:
    """Return the elementwise exponential."""
    return elementary.exp(x) if is_ball(x) else x.exp()


def maximum(x: Array, y: Array) -> Array:
    """Return the elementwise maximum of two arrays of one shape, or of an array and a number."""
    if is_ball(x):
        return elementary.maximum(x, y)
    return torch.maximum(x, torch.as_tensor(y, dtype=x.dtype, device=x.device))


def minimum(x: Array, y: Array) -> Array:
    """Return the elementwise minimum of two arrays of one shape, or of an array and a number."""
    return -maximum(-x, -y)


def largest(x: Array) -> Array:
    """Return the maximum over the last axis."""
    return elementary.largest(x) if is_ball(x) else x.amax(-1)


def norm(x: Array) -> Array:
    """Return the Euclidean norm over the last axis."""
    return elementary.norm(x) if is_ball(x) else cast(Array, torch.linalg.vector_norm(x, dim=-1))


def frobenius(matrix: Array) -> Array:
    """Return the Frobenius norm over the last two axes."""
    return norm(matrix.reshape(*matrix.shape[:-2], matrix.shape[-2] * matrix.shape[-1]))


def spectral_norm(matrix: Array) -> Array:
    """Return the largest singular value over the last two axes, through the smaller Gram matrix."""
    if is_ball(matrix):
        return elementary.spectral_norm(matrix)
    if min(matrix.shape[-2:]) <= 1:
        return frobenius(matrix)
    transposed = matrix.mT
    gram = matrix @ transposed if matrix.shape[-2] <= matrix.shape[-1] else transposed @ matrix
    if gram.shape[-1] == 2:  # closed form: ten times faster than a factorisation
        half_trace = (gram[..., 0, 0] + gram[..., 1, 1]) / 2
        half_gap = (gram[..., 0, 0] - gram[..., 1, 1]) / 2
        return (half_trace + torch.hypot(half_gap, gram[..., 0, 1])).sqrt()
    return cast(Array, torch.linalg.eigvalsh(gram))[..., -1].clamp(min=0).sqrt()


def matvec(matrix: Array, vector: Array) -> Array:
    """Return ``matrix @ vector`` over the last axes, leading axes broadcast."""
    if matrix.shape[-1] == 0:
        return zeros(matrix, (*matrix.shape[:-2], matrix.shape[-2]))
    return (matrix @ vector[..., None])[..., 0]


def matmul(left: Array, right: Array) -> Array:
    """Return ``left @ right``; an empty inner axis gives zeros in both arithmetics."""
    if left.shape[-1] == 0:
        leading = np.broadcast_shapes(tuple(left.shape[:-2]), tuple(right.shape[:-2]))
        return zeros(left, (*leading, left.shape[-2], right.shape[-1]))
    return left @ right


def zeros(like: Array, shape: Sequence[int]) -> Array:
    """Return zeros of ``shape`` in the arithmetic (and on the device) of ``like``."""
    if is_ball(like):
        return elementary.to_ball(np.zeros(tuple(shape)))
    return torch.zeros(tuple(shape), dtype=like.dtype, device=like.device)


def identity(like: Array, size: int) -> Array:
    """Return the identity matrix of ``size`` in the arithmetic of ``like``."""
    if is_ball(like):
        return elementary.to_ball(np.eye(size))
    return torch.eye(size, dtype=like.dtype, device=like.device)


def constant(like: Array, values: Any) -> Array:
    """Return ``values`` (nested floats, taken exactly) in the arithmetic and on the device of ``like``."""
    if is_ball(like):
        return elementary.to_ball(np.asarray(values, dtype=float))
    return torch.as_tensor(values, dtype=like.dtype, device=like.device)


def stack(arrays: Sequence[Array], axis: int) -> Array:
    """Return the arrays joined along a new axis."""
    return cast(Array, np.stack(arrays, axis)) if is_ball(arrays[0]) else torch.stack(list(arrays), axis)


def where(condition: Array, x: Array, y: Array) -> Array:
    """Return ``x`` where the (exact) ``condition`` holds, else ``y``."""
    return cast(Array, np.where(condition, x, y)) if is_ball(x) else torch.where(condition, x, y)


def accumulate(factors: Array, start: Array, increments: Array) -> Array:
    r"""Return ``b`` with ``b_0 = start`` and ``b_{n+1} = factors_n b_n + increments_n``.

    Parameters
    ----------
    factors, increments : (batch, N)
    start : (batch,)

    Returns
    -------
    (batch, N + 1)
    """
    values = [start]
    for n in range(factors.shape[1]):
        values.append(factors[:, n] * values[-1] + increments[:, n])
    return stack(values, 1)
