r"""Real input: 8×8 patches of the photographs in scikit-image, in a DCT basis, under random measurements.

A patch of 64 grey values, its mean removed, is transformed by the orthonormal 2-D DCT-II: the label ``u*``,
nearly sparse.  It is measured by m = 16 or 32 random rows: gaussian, or rows of a random orthogonal matrix.
"""

from __future__ import annotations

import functools
import importlib.util

import numpy as np
import torch
from scipy import fft

from claims.families import profiles, regularizers
from claims.kit.instances import Network
from claims.kit.sampling import Source

SIDE = 8
NAMES = ("camera", "coins", "page", "text", "moon", "brick", "grass", "gravel")


def available() -> bool:
    """Return whether scikit-image is installed."""
    return importlib.util.find_spec("skimage") is not None


def not_run() -> tuple[tuple[str, str], ...]:
    """Return the stratum and the reason, where it cannot run."""
    return () if available() else (("photographs", "scikit-image is not installed (extra 'data')"),)


@functools.cache
def patches() -> torch.Tensor:
    """Return all patches of the photographs at hand as DCT coefficients, float64 (count, 64)."""
    from skimage import data  # an optional dependency

    found: list[np.ndarray] = []
    for name in NAMES:
        try:
            image = np.asarray(getattr(data, name)(), dtype=float) / 255.0
        except (AttributeError, OSError, ModuleNotFoundError):  # not in this version's wheel, and no download
            continue
        rows, columns = (size // SIDE for size in image.shape[:2])
        cropped = image[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE)
        blocks = cropped.swapaxes(1, 2).reshape(-1, SIDE, SIDE)
        centred = blocks - blocks.mean((1, 2), keepdims=True)
        found.append(np.asarray(fft.dctn(centred, axes=(1, 2), norm="ortho")).reshape(-1, SIDE * SIDE))
    return torch.from_numpy(np.concatenate(found))


def measurement(source: Source, batch: int, m: int, d: int) -> torch.Tensor:
    """Return random measurement matrices (batch, m, d): gaussian, or m rows of an orthogonal matrix."""
    if source.choice((True, False)):
        return source.normal(batch, m, d) / m**0.5
    return torch.linalg.qr(source.normal(batch, d, d)).Q[:, :m]


def networks(source: Source, batch: int, depth: int = 4) -> Network:
    """Return ISTA-like networks on random patches: W = A^T, u0 = 0 or A^T f, R = ‖·‖₁."""
    d, m = SIDE * SIDE, source.choice((16, 32))
    everything = patches()
    chosen = source.integers(batch, low=0, high=len(everything) - 1).long().cpu()
    label = everything[chosen].to(source.device)
    A = measurement(source, batch, m, d)
    f = (A @ label[:, :, None])[:, :, 0]
    u0 = (A.mT @ f[:, :, None])[:, :, 0] * source.choice((0.0, 1.0))
    tau, lam = (profiles.profile(source, "smooth", batch, depth) for _ in range(2))
    W = A.mT[:, None].expand(batch, depth, d, m).contiguous()
    return Network(regularizers.unit("l1", batch, d, source.device), A, f, u0, W, tau, lam / 8)
