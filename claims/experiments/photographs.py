r"""Patches of the photographs that ship in scikit-image's wheel, in an orthonormal DCT basis.

Grey values in [0, 1]; the mean of a patch is removed, so its constant coefficient is 0.  The basis is the
two-dimensional DCT-II: N. Ahmed, T. Natarajan, K. R. Rao, IEEE Trans. Computers C-23 (1974) 90-93.
"""

from __future__ import annotations

import functools
import importlib.util

import numpy as np
import torch
from scipy import fft

__all__ = ["MISSING", "TRAINING", "VALIDATION", "available", "coefficients", "dct_basis", "patches"]

#: Different photographs: no patch to validate on is seen in training.
TRAINING = ("camera", "coins", "astronaut", "brick", "grass")
VALIDATION = ("coffee", "chelsea", "moon", "gravel")

MISSING = "not run: scikit-image is not installed (extra 'data')"

#: Rec. 709 luma of red, green and blue.
LUMA = np.array([0.2125, 0.7154, 0.0721])


def available() -> bool:
    """Return whether scikit-image is installed."""
    return importlib.util.find_spec("skimage") is not None


@functools.cache
def photograph(name: str) -> torch.Tensor:
    """Return one photograph as grey values in [0, 1], (rows, columns)."""
    from skimage import data  # an optional dependency

    image = np.asarray(getattr(data, name)(), dtype=float) / 255.0
    return torch.from_numpy(image @ LUMA if image.ndim == 3 else image)


def patches(names: tuple[str, ...], count: int, side: int, generator: torch.Generator) -> torch.Tensor:
    """Return square patches (count, side, side) at random places of random photographs."""
    images = [photograph(name) for name in names]
    which = torch.randint(len(images), (count,), generator=generator)
    places = torch.rand(count, 2, generator=generator, dtype=torch.float64)
    found: list[torch.Tensor] = []
    for i, (y, x) in zip(which.tolist(), places.tolist(), strict=True):
        rows, columns = images[i].shape
        top, left = int(y * (rows - side + 1)), int(x * (columns - side + 1))
        found.append(images[i][top : top + side, left : left + side])
    return torch.stack(found)


def dct_basis(side: int) -> torch.Tensor:
    """Return the orthogonal matrix (side², side²) that takes a patch, row by row, to its coefficients."""
    one = np.asarray(fft.dct(np.eye(side), axis=0, norm="ortho"))
    return torch.from_numpy(np.kron(one, one))


def coefficients(blocks: torch.Tensor) -> torch.Tensor:
    """Return the coefficients (count, side²) of patches without their means."""
    centred = blocks - blocks.mean((1, 2), keepdim=True)
    return centred.flatten(1) @ dct_basis(blocks.shape[1]).mT
