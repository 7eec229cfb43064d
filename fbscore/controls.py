r"""Piecewise-constant functions on the uniform grid of [0, 1].

``values`` of shape (batch, N, \*shape) are the function that equals ``values[:, n]`` on the cell
``I_n = [n/N, (n+1)/N)`` and, where a shift looks beyond [0, 1], 0.  Norms are those of ``L²(0, 1)``
with the Euclidean (Frobenius) norm on the trailing axes.

Overlaps of cells are rational and are computed in integers; only the values are rounded.
Source of the operators: arXiv:2605.27133 and part (I), IMA J. Numer. Anal. (2025) draf068, section 3
[reconstructed].
"""

import math
from fractions import Fraction

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require, require_cells
from fbscore.shapes import Cells, Scalars

__all__ = ["common_pieces", "distance", "extend", "norm", "project", "shift", "shift_distance"]


def project(values: Cells, cells: int) -> Float[Tensor, "batch {cells} *shape"]:
    r"""``P``: the means over each of ``cells`` cells, for any pair of grids.

    Parameters
    ----------
    values : (batch, N, *shape)
    cells : int
        At least 1; neither a multiple nor a divisor of ``N`` is needed.

    Returns
    -------
    (batch, cells, *shape)
        ``(P v)_j = cells ∫_{I_j} v``, exact where ``v`` is constant on ``I_j``.

    Raises
    ------
    TypeError, ValueError
        ``cells`` is not an int that is at least 1.
    """
    require_cells("cells", cells)
    index, overlap, width = _overlaps(values.shape[1], cells, values.device)
    pieces = values[:, index]
    # Averaging deviations from the first piece keeps a constant exactly constant.
    base = pieces[:, :, :1]
    shares = _with_trailing_axes(overlap, values)
    return base.squeeze(2) + (shares * (pieces - base)).sum(2) / width


def extend(values: Cells, cells: int) -> Float[Tensor, "batch {cells} *shape"]:
    r"""``E_N`` written on a finer grid: every value is repeated.

    Parameters
    ----------
    values : (batch, N, *shape)
    cells : int
        A positive multiple of ``N``.

    Returns
    -------
    (batch, cells, *shape)

    Raises
    ------
    TypeError, ValueError
        ``cells`` is not an int, or not a positive multiple of ``N``.
    """
    require_cells("cells", cells)
    N = values.shape[1]
    require(cells % N == 0, "cells", f"a multiple of N = {N}", cells)
    return values.repeat_interleave(cells // N, dim=1)


def shift(values: Cells, cells: int) -> Cells:
    r"""``S_r`` with ``r = cells / N``: ``(S_r v)(t) = v(t + r)``, 0 where ``t + r`` leaves [0, 1].

    Parameters
    ----------
    values : (batch, N, *shape)
    cells : int
        Any sign and size.

    Returns
    -------
    (batch, N, *shape)
    """
    N = values.shape[1]
    lost = min(abs(cells), N)
    zeros = torch.zeros_like(values[:, :lost])
    kept = (values[:, lost:], zeros) if cells >= 0 else (zeros, values[:, : N - lost])
    return torch.cat(kept, dim=1)


def norm(values: Cells) -> Scalars:
    r"""``L²(0, 1)`` norm, ``√((1/N) Σ_n |v_n|²)``.

    Parameters
    ----------
    values : (batch, N, *shape)

    Returns
    -------
    (batch,)
    """
    return linalg.norm(values.flatten(1)) / math.sqrt(values.shape[1])


def distance(v: Float[Tensor, "batch N *shape"], w: Float[Tensor, "batch M *shape"]) -> Scalars:
    r"""``L²(0, 1)`` distance of two functions, for any pair of grids.

    Parameters
    ----------
    v : (batch, N, *shape)
    w : (batch, M, *shape)

    Returns
    -------
    (batch,)
        Evaluated on the ``N + M`` pieces of the common refinement, not on ``lcm(N, M)`` cells.

    Raises
    ------
    ValueError
        The batches or the trailing shapes differ.
    """
    expected, got = (v.shape[0], *v.shape[2:]), (w.shape[0], *w.shape[2:])
    require(expected == got, "w", f"batch and trailing axes {expected} as in v", got)
    N, M = v.shape[1], w.shape[1]
    if N == M:
        return norm(v - w)
    first, second, lengths = common_pieces(N, M, v.device)
    pieces = v[:, first] - w[:, second]
    shares = _with_trailing_axes(lengths, v) / (N * M)
    return linalg.norm((shares.sqrt() * pieces).flatten(1))


def common_pieces(
    N: int, M: int, device: torch.device
) -> tuple[Int[Tensor, "pieces"], Int[Tensor, "pieces"], Int[Tensor, "pieces"]]:
    r"""The common refinement of two grids, on which functions of either are constant.

    Parameters
    ----------
    N, M : int
        Cells of the two grids.
    device : torch.device

    Returns
    -------
    (pieces,), (pieces,), (pieces,)
        For each of ``N + M`` pieces the cell of the first grid, the cell of the second and the length in
        units of ``1/(N M)``; where grid points coincide a piece has length 0.
    """
    # Cells of the first grid have length M, cells of the second have length N.
    starts = torch.cat((torch.arange(N, device=device) * M, torch.arange(M, device=device) * N))
    starts = starts.sort().values
    lengths = torch.diff(starts, append=starts.new_full((1,), N * M))
    return starts // M, starts // N, lengths


def shift_distance(values: Cells, r: float) -> Scalars:
    r"""``‖S_r v − v‖`` in ``L²(0, 1)`` with zero extension, exact for every real ``r``.

    Between multiples of ``1/N`` the square is linear in ``r``: on each cell a share ``rN − ⌊rN⌋`` meets
    the next value but one.

    Parameters
    ----------
    values : (batch, N, *shape)
    r : float
        In [0, 1].

    Returns
    -------
    (batch,)

    Raises
    ------
    ValueError
        ``r`` lies outside [0, 1] or is NaN.
    """
    require(0.0 <= r <= 1.0, "r", "a shift in [0, 1]", r)
    position = Fraction(r) * values.shape[1]
    k = math.floor(position)
    share = float(position - k)
    here, there = (norm(shift(values, cells) - values) for cells in (k, k + 1))
    return linalg.norm(torch.stack((math.sqrt(1.0 - share) * here, math.sqrt(share) * there), dim=-1))


def _with_trailing_axes(lengths: Int[Tensor, "*n"], values: Cells) -> Float[Tensor, "..."]:
    """Convert to the dtype of ``values``, with axes of size 1 for the trailing axes of ``values``."""
    return lengths.to(values.dtype).reshape(*lengths.shape, *(1 for _ in values.shape[2:]))


def _overlaps(
    source: int, target: int, device: torch.device
) -> tuple[Int[Tensor, "target width"], Int[Tensor, "target width"], int]:
    """Return for each target cell the source cells it meets, the lengths of the overlaps, its own length.

    Lengths are integers in units of ``1 / lcm(source, target)``; every row has the same number of
    entries, those without overlap have length 0.
    """
    divisor = math.gcd(source, target)
    width, size = source // divisor, target // divisor
    start = torch.arange(target, device=device).unsqueeze(-1) * width
    index = start // size + torch.arange((size + width - 2) // size + 1, device=device)
    first = torch.maximum(index * size, start)
    last = torch.minimum((index + 1) * size, start + width)
    return index.clamp(max=source - 1), (last - first).clamp(min=0), width
