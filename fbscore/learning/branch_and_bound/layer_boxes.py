r"""What a box of parameters means for the layers: centre, ranges and vertices of their numbers ``k, b, s``.

Layers alike are taken together: a *group* is a run of layers with the same pieces.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias, TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fbscore.learning.branch_and_bound.reach import Numbers
from fbscore.learning.pieces import Pieces, Points, Track

__all__ = ["Groups", "LayerBoxes", "groups", "layer_boxes"]

_torch: Any = torch  # the stubs of unique_consecutive have no types

Vertices: TypeAlias = Float[Tensor, "groups vertices boxes"]


@dataclass(frozen=True, eq=False)
class Groups:
    r"""The layers of a network, grouped.

    Parameters
    ----------
    kind : str
    tracks : three of Track
        With one piece a group.
    counts : (groups,)
        Layers in each group, in order.
    corners : (vertices, 3) of bool
        The vertices of a box of ``v¹, v², v³``: those that do not vary are not moved.
    """

    kind: str
    tracks: tuple[Track, Track, Track]
    counts: Int[Tensor, "groups"]
    corners: Bool[Tensor, "vertices 3"]

    @property
    def layers(self) -> int:
        """``N``."""
        return int(self.counts.sum())

    def each(self) -> list[int]:
        """The group of every layer."""
        return [j for j, count in enumerate(self.counts) for _ in range(int(count))]


@dataclass(frozen=True, eq=False)
class LayerBoxes:
    r"""The numbers of the layers over a batch of boxes.

    Parameters
    ----------
    values, low, high : three of (groups, boxes)
        ``v¹, v², v³``: at the centre, smallest, largest.
    k, b, s : (groups, boxes)
        At the centre.
    k_low, k_high, s_low, s_high : (groups, boxes)
    moves : three of (groups, vertices, boxes)
        ``k − k̃``, ``b − b̃`` and ``s − s̃`` at the vertices of ``v``: norms of multi-affine functions of
        ``v`` are largest there.
    coupled : bool
        Whether ``k = b``.
    """

    values: tuple[Numbers, Numbers, Numbers]
    low: tuple[Numbers, Numbers, Numbers]
    high: tuple[Numbers, Numbers, Numbers]
    k: Numbers
    b: Numbers
    s: Numbers
    k_low: Numbers
    k_high: Numbers
    s_low: Numbers
    s_high: Numbers
    moves: tuple[Vertices, Vertices, Vertices]
    coupled: bool

    @property
    def count(self) -> int:
        """Number of boxes."""
        return self.k.shape[1]

    def largest_k(self) -> Numbers:
        """``sup |k|``."""
        return torch.maximum(self.k_low.abs(), self.k_high.abs())


def groups(pieces: Pieces, cells: int) -> Groups:
    """The groups of a network of ``cells`` layers."""
    tracks = [_spread(track, cells) for track in pieces.on(cells)]
    rows = torch.cat([torch.cat((t.coefficients, t.offset[:, None]), dim=1) for t in tracks], dim=1)
    _, inverse, counts = _torch.unique_consecutive(rows, dim=0, return_inverse=True, return_counts=True)
    first = torch.searchsorted(inverse, torch.arange(len(counts), device=inverse.device))
    chosen = _triple(Track(t.coefficients[first], t.offset[first]) for t in tracks)
    moving = [bool((t.coefficients != 0).any()) for t in chosen]
    corners = list(product(*((False, True) if moves else (False,) for moves in moving)))
    return Groups(pieces.kind, chosen, counts, torch.tensor(corners, device=rows.device))


def layer_boxes(of: Groups, lower: Points, upper: Points) -> LayerBoxes:
    """The numbers of the layers over the boxes [lower, upper]."""
    centre = 0.5 * (lower + upper)
    values = _triple(track.values(centre).mT.contiguous() for track in of.tracks)
    ranges = [track.range(lower, upper) for track in of.tracks]
    low, high = _triple(x.mT.contiguous() for x, _ in ranges), _triple(x.mT.contiguous() for _, x in ranges)
    vertices = _triple(
        torch.where(bits[:, None], top.unsqueeze(1), bottom.unsqueeze(1))
        for bits, bottom, top in zip(of.corners.unbind(-1), low, high, strict=True)
    )
    k, b, s = _numbers(of.kind, *values)
    at = _numbers(of.kind, *vertices)
    moves = _triple(x - y.unsqueeze(1) for x, y in zip(at, (k, b, s), strict=True))
    k_low, k_high, s_low, s_high = at[0].amin(1), at[0].amax(1), at[2].amin(1), at[2].amax(1)
    return LayerBoxes(values, low, high, k, b, s, k_low, k_high, s_low, s_high, moves, of.kind != "lista")


def _numbers(kind: str, first: Tensor, second: Tensor, third: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``k, b, s``."""
    if kind == "lista":
        return second, first, third
    gain = first * second
    return gain, gain, third if kind == "alista" else second * third


def _spread(track: Track, cells: int) -> Track:
    """One piece for every layer."""
    if track.pieces == cells:
        return track
    return Track(track.coefficients.expand(cells, -1), track.offset.expand(cells))


Item = TypeVar("Item")


def _triple(items: Iterable[Item]) -> tuple[Item, Item, Item]:
    first, second, third = items
    return first, second, third
