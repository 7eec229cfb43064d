"""Networks with constant controls and numbers that arithmetic keeps exact: what corners are made of."""

from __future__ import annotations

import torch

from claims.families import regularizers
from claims.kit.instances import Network
from claims.kit.sampling import Source


def plain(
    source: Source,
    name: str,
    count: int,
    d: int,
    depth: int,
    *,
    gain: float = 0.0,
    data: float = 0.0,
    lam: float = 0.0,
) -> Network:
    """Return networks with constant controls, m = d, τ = 1 and numbers that arithmetic keeps exact.

    ``gain`` ≠ 0: A = I, W = gain·I, so K = gain·I and c = gain·f; ``gain`` = 0: A = 0, W = I, so K = 0 and
    c = f.  ``data`` scales the integer data, ``lam`` is the weight; u0 has integer entries in 16 … 64.
    """
    eye = torch.eye(d, dtype=torch.float64, device=source.device).expand(count, d, d)
    ones = torch.ones(count, depth, dtype=torch.float64, device=source.device)
    W = (eye * gain if gain else eye)[:, None].expand(count, depth, d, d).contiguous()
    f = source.integers(count, d, low=1, high=8) * data
    u0 = source.integers(count, d, low=16, high=64)
    regularizer = regularizers.unit(name, count, d, source.device)
    return Network(regularizer, eye * (1.0 if gain else 0.0), f, u0, W, ones, ones * lam)
