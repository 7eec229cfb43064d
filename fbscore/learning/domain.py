r"""Sets of parameters: boxes, closed or not, with bounds on the variation in time of the controls."""

from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore.errors import require, require_floating, require_instance, require_shape
from fbscore.learning.parameters import require_number
from fbscore.learning.pieces import Pieces, Points, Track

__all__ = ["Domain", "Side"]

Side: TypeAlias = Bool[Tensor, "P"]


@dataclass(frozen=True, eq=False)
class Domain:
    r"""``{x : lower <= x <= upper, Var(θ_i(x)) <= variation_i}``, some of the inequalities strict.

    Parameters
    ----------
    lower, upper : (P,)
        Infinite where there is no bound.
    closed_lower, closed_upper : (P,) of bool, optional
        False where the bound itself is left out; all True by default.
    variation : three of float or None
        Bounds ``>= 0`` on the total variation on (0, 1) of each control, summed over its entries.

    Raises
    ------
    TypeError, ValueError
        The tensors do not match or are NaN, the box is empty, or a variation is negative or NaN.
    """

    lower: Float[Tensor, "P"]
    upper: Float[Tensor, "P"]
    closed_lower: Side = field(default=None)  # type: ignore[assignment]
    closed_upper: Side = field(default=None)  # type: ignore[assignment]
    variation: tuple[float | None, float | None, float | None] = (None, None, None)

    def __post_init__(self) -> None:
        require_floating(lower=self.lower, upper=self.upper)
        require(self.lower.ndim == 1, "lower", "shape (P,)", tuple(self.lower.shape))
        require_shape("upper", self.upper, P=self.P)
        for name, bound in (("lower", self.lower), ("upper", self.upper)):
            require(not bool(bound.isnan().any()), name, "no NaN", "NaN")
            flags: object = getattr(self, f"closed_{name}")
            if flags is None:
                object.__setattr__(self, f"closed_{name}", torch.ones_like(bound, dtype=torch.bool))
                continue
            fits = isinstance(flags, Tensor) and flags.dtype == torch.bool and flags.shape == bound.shape
            require(fits, f"closed_{name}", f"{self.P} flags", flags)
        self._require_variation()
        empty = (self.lower > self.upper) | (
            (self.lower == self.upper) & ~(self.closed_lower & self.closed_upper)
        )
        empty |= (self.lower == torch.inf) | (self.upper == -torch.inf)
        where = [int(i) for i in empty.nonzero()]
        require(not where, "domain", "a set that is not empty", f"none for x_i, i in {where}")

    def _require_variation(self) -> None:
        expected = "a tuple of three bounds or None"
        require_instance("variation", self.variation, tuple, expected)
        require(len(self.variation) == 3, "variation", expected, f"{len(self.variation)} of them")
        for bound in self.variation:
            if bound is not None:
                require_number("variation", bound)
                require(bound >= 0.0, "variation", "bounds >= 0", bound)

    @property
    def P(self) -> int:
        """Number of parameters."""
        return self.lower.shape[0]

    @property
    def closed(self) -> bool:
        """Whether the set is closed."""
        left_out = (~self.closed_lower & self.lower.isfinite()) | (~self.closed_upper & self.upper.isfinite())
        return not bool(left_out.any())

    @property
    def bounded(self) -> bool:
        """Whether the box is bounded."""
        return bool((self.lower.isfinite() & self.upper.isfinite()).all())

    def contains(self, x: Points, pieces: Pieces) -> Bool[Tensor, "points"]:
        """Whether each point is in the set: without tolerance, as `fbscore.learning.admissible` decides
        it."""
        above = torch.where(self.closed_lower, x >= self.lower, x > self.lower)
        below = torch.where(self.closed_upper, x <= self.upper, x < self.upper)
        inside = (above & below).all(-1)
        for bound, used in self._variations(pieces):
            inside &= used.of(x) <= bound
        return inside

    def excludes(self, lower: Points, upper: Points, pieces: Pieces) -> Bool[Tensor, "points"]:
        """Whether each box certainly lacks a point of the set: the variation is too large all over it."""
        out = torch.zeros_like(lower[:, 0], dtype=torch.bool)
        for bound, used in self._variations(pieces):
            slack = _slack(used.track)
            size = used.size * torch.maximum(lower.abs(), upper.abs()).sum(-1)
            out |= used.least(lower, upper) > bound * (1.0 + slack) + slack * size
        return out

    def towards(self, x: Points, pieces: Pieces) -> Points:
        """Points nearer to the set: drawn to the mean of the pieces where the variation is too large.

        Of coordinates that serve two controls the last one decides; `contains` says what has come of it.
        """
        x = torch.minimum(torch.maximum(x, self.lower), self.upper)
        for bound, used in self._variations(pieces):
            size = used.of(x)
            share = torch.where(size > bound, bound / size * (1.0 - 4 * _slack(used.track)), 1.0)
            mask = used.coordinates
            mean = (x * mask).sum(-1, keepdim=True) / mask.sum().clamp(min=1)
            x = torch.where(mask, mean + share.unsqueeze(-1) * (x - mean), x)
        return x

    def restricted(self) -> Side:
        """The coordinates that a bound on the variation may concern: all of them if there is one."""
        limited = any(bound is not None for bound in self.variation)
        return torch.full_like(self.closed_lower, limited)

    def _variations(self, pieces: Pieces) -> list[tuple[float, "_Variation"]]:
        one = pieces.W0.new_ones(1)
        matrices = (pieces.W0.flatten(), one if pieces.C is None else pieces.C.flatten(), one)
        found = zip(self.variation, pieces.tracks, matrices, strict=True)
        return [
            (bound, _Variation(track, matrix))
            for bound, track, matrix in found
            if bound is not None and track.pieces > 1  # constants have no variation
        ]


@dataclass(frozen=True, eq=False)
class _Variation:
    """The total variation on (0, 1) of a track times a matrix, summed over the entries."""

    track: Track
    matrix: Float[Tensor, "entries"]

    def of(self, x: Points) -> Float[Tensor, "points"]:
        # As `fbscore.learning.admissible` computes it, so that both decide alike.
        values = self.track.values(x)[:, :, None] * self.matrix
        return values.diff(dim=1).abs().flatten(1).sum(-1)

    @property
    def size(self) -> float:
        return float(self.matrix.abs().sum())

    def least(self, lower: Points, upper: Points) -> Float[Tensor, "points"]:
        """A lower bound over boxes: the least of every jump."""
        low, high = self.track.changes().range(lower, upper)
        return self.size * torch.relu(torch.maximum(low, -high)).sum(-1)

    @property
    def coordinates(self) -> Side:
        return (self.track.coefficients != 0).any(0)


def _slack(track: Track) -> float:
    """Relative round-off of a variation."""
    return (track.pieces + track.coefficients.shape[1] + 16) * torch.finfo(track.offset.dtype).eps
