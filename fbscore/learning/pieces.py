r"""Controls of a few numbers: each control is a fixed matrix, or 1, times a function with a few pieces.

``x ∈ R^P`` gives every piece of every control by an affine map, ``v_j(x) = offset_j + Σ_i coefficients_ji
x_i``: the sets of controls over which global minimisation is certified.
"""

from dataclasses import dataclass
from math import lcm

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import controls as functions
from fbscore.errors import (
    require,
    require_axes,
    require_cells,
    require_finite,
    require_floating,
    require_instance,
    require_shape,
)
from fbscore.lista import AlistaControls, ListaControls
from fbscore.network import AnyControls
from fbscore.types import Controls

__all__ = ["KINDS", "Pieces", "Points", "Track"]

KINDS = ("fbs", "lista", "alista")

Points = Float[Tensor, "points P"]
Values = Float[Tensor, "points pieces"]


@dataclass(frozen=True, eq=False)
class Track:
    r"""A real function on [0, 1] with equal pieces, affine in ``x``.

    Parameters
    ----------
    coefficients : (pieces, P)
    offset : (pieces,)

    Raises
    ------
    TypeError, ValueError
        Anything but finite tensors of these shapes, of one dtype, on one device.
    """

    coefficients: Float[Tensor, "pieces P"]
    offset: Float[Tensor, "pieces"]

    def __post_init__(self) -> None:
        require_floating(coefficients=self.coefficients, offset=self.offset)
        require_axes("coefficients", self.coefficients, "pieces P", nonempty=("pieces",))
        require_shape("offset", self.offset, pieces=self.pieces)
        require_finite("coefficients", self.coefficients)
        require_finite("offset", self.offset)

    @classmethod
    def of(cls, *coordinates: int, P: int, like: Tensor) -> "Track":
        """Piece ``j`` is ``x_{coordinates[j]}``."""
        require_floating(like=like)
        fits = len(coordinates) > 0 and all(0 <= i < P for i in coordinates)
        require(fits, "coordinates", f"at least one, each from 0 to {P - 1}", coordinates)
        coefficients = torch.eye(P, dtype=like.dtype, device=like.device)[list(coordinates)]
        return cls(coefficients, coefficients.new_zeros(len(coordinates)))

    @classmethod
    def fixed(cls, *values: float, P: int, like: Tensor) -> "Track":
        """Piece ``j`` is ``values[j]``, whatever ``x``."""
        require_floating(like=like)
        offset = like.new_tensor(values)
        return cls(offset.new_zeros(len(values), P), offset)

    @property
    def pieces(self) -> int:
        """Number of pieces."""
        return self.coefficients.shape[0]

    def on(self, cells: int) -> "Track":
        """The means over each of ``cells`` cells, ``P_N``: an affine map again."""
        coefficients = functions.project(self.coefficients.unsqueeze(0), cells).squeeze(0)
        return Track(coefficients, functions.project(self.offset.unsqueeze(0), cells).squeeze(0))

    def values(self, x: Points) -> Values:
        """``v(x)``."""
        return self.offset + x @ self.coefficients.mT

    def range(self, lower: Points, upper: Points) -> tuple[Values, Values]:
        """Smallest and largest value of every piece over boxes of ``x``; attained, piece by piece."""
        up, down = self.coefficients.clamp(min=0.0).mT, self.coefficients.clamp(max=0.0).mT
        return self.offset + lower @ up + upper @ down, self.offset + upper @ up + lower @ down

    def changes(self) -> "Track":
        """The jumps ``v_{j+1} − v_j``."""
        return Track(torch.diff(self.coefficients, dim=0), torch.diff(self.offset))


@dataclass(frozen=True, eq=False)
class Pieces:
    r"""Controls ``θ(x)`` of one kind.

    Parameters
    ----------
    kind : str
        ``"fbs"``: ``W = v¹ W0, τ = v², λ = v³``; ``"alista"``: the same with ``v¹`` of one piece;
        ``"lista"``: ``W¹ = v¹ W0, W² = v² C, λ = v³``.
    first, second, third : Track
        ``v¹, v², v³``, for the same ``P``.
    W0 : (d, m)
    C : (d, d), optional
        For ``"lista"`` alone.

    Raises
    ------
    TypeError, ValueError
        The arguments are not of that kind or do not match.
    """

    kind: str
    first: Track
    second: Track
    third: Track
    W0: Float[Tensor, "d m"]
    C: Float[Tensor, "d d"] | None = None

    def __post_init__(self) -> None:
        require(self.kind in KINDS, "kind", f"one of {', '.join(KINDS)}", repr(self.kind))
        require((self.C is not None) == (self.kind == "lista"), "C", "a matrix for lista alone", self.kind)
        for name, track in zip(("first", "second", "third"), self.tracks, strict=True):
            require_instance(name, track, Track, "a Track")
        require_floating(
            W0=self.W0, first=self.first.offset, second=self.second.offset, third=self.third.offset
        )
        require_axes("W0", self.W0, "d m", nonempty=("d",))
        require_finite("W0", self.W0)
        if self.C is not None:
            require_floating(W0=self.W0, C=self.C)
            require_shape("C", self.C, d=self.W0.shape[0], columns=self.W0.shape[0])
            require_finite("C", self.C)
        for name, track in zip(("second", "third"), self.tracks[1:], strict=True):
            require(track.coefficients.shape[1] == self.P, name, f"P = {self.P}", track.coefficients.shape[1])
        require(self.kind != "alista" or self.first.pieces == 1, "first", "one piece", self.first.pieces)

    @property
    def tracks(self) -> tuple[Track, Track, Track]:
        """The three scalar functions."""
        return self.first, self.second, self.third

    @property
    def P(self) -> int:
        """Number of parameters."""
        return self.first.coefficients.shape[1]

    @property
    def cells(self) -> int:
        """Cells of the coarsest grid on which all controls are constant on every cell."""
        return lcm(*(track.pieces for track in self.tracks))

    def on(self, cells: int) -> tuple[Track, Track, Track]:
        """The three scalar functions on ``cells`` cells; the first of ALISTA has one."""
        require_cells("cells", cells)
        first = self.first if self.kind == "alista" else self.first.on(cells)
        return first, self.second.on(cells), self.third.on(cells)

    def controls(self, x: Points, cells: int) -> AnyControls:
        r"""``P_N θ(x)``.

        Parameters
        ----------
        x : (points, P)
        cells : int
            ``N``.

        Returns
        -------
        Controls, ListaControls or AlistaControls
            A batch of ``points``.

        Raises
        ------
        TypeError, ValueError
            ``x`` has another shape, or gives a negative step or weight.
        """
        require_shape("x", x, points=x.shape[0], P=self.P)
        first, second, third = (track.values(x) for track in self.on(cells))
        if self.kind == "alista":
            return AlistaControls(first[:, :, None] * self.W0, second, third)
        W = first[:, :, None, None] * self.W0
        if self.C is not None:
            return ListaControls(W, second[:, :, None, None] * self.C, third)
        return Controls(W, second, third)
