"""Random measurement matrices A, and the controls W that go with them."""

from __future__ import annotations

import torch

from claims.kit.sampling import Source

MEASUREMENTS = ("gaussian", "rank-deficient", "ill-conditioned", "orthogonal", "zero")
CONTROLS = ("transpose", "near the transpose", "far from it", "its negative")


def measurement(source: Source, kind: str, batch: int, m: int, d: int) -> torch.Tensor:
    """Return A (batch, m, d) of spectral norm about 1, or 0."""
    A = source.normal(batch, m, d) / max(m, d, 1) ** 0.5
    if kind == "zero":
        return A * 0
    if kind == "rank-deficient" and m:
        return A[:, :, :1] * source.normal(batch, 1, d) + (
            A[:, :, 1:2] * source.normal(batch, 1, d) if min(m, d) > 2 else 0
        )
    if kind == "ill-conditioned" and m:
        count = min(m, d)
        decay = torch.exp2(-torch.arange(count, device=source.device, dtype=torch.float64) * 12 / count)
        return A * (decay[:, None] if m <= d else decay)
    if kind == "orthogonal" and m:
        tall = A if m >= d else A.mT
        factor = torch.linalg.qr(tall).Q
        return factor if m >= d else factor.mT
    return A


def control(source: Source, kind: str, A: torch.Tensor) -> torch.Tensor:
    """Return W (batch, d, m) near or far from the transpose of A."""
    transposed = A.mT
    other = source.normal(*transposed.shape) / max(*transposed.shape[1:], 1) ** 0.5
    return {
        "transpose": transposed,
        "near the transpose": transposed + other / 8,
        "far from it": other,
        "its negative": -transposed,
    }[kind]
