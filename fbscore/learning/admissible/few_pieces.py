"""Controls of a few numbers that lie in a box."""

from dataclasses import dataclass, replace
from math import lcm
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore import controls as functions
from fbscore.errors import require, require_cells, require_floating, require_instance, require_shape
from fbscore.learning.admissible.base import Admissible
from fbscore.learning.controls import parts, require_controls
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Pieces, Points
from fbscore.lista import AlistaControls, ListaControls
from fbscore.network import AnyControls
from fbscore.shapes import Flags
from fbscore.types import Controls

__all__ = ["FewPieces"]

KINDS = {"fbs": Controls, "lista": ListaControls, "alista": AlistaControls}

#: Units in the last place by which a parameter that is read off controls may be off.
UNITS = 4


@dataclass(frozen=True, eq=False)
class FewPieces(Admissible[AnyControls]):
    r"""``{θ(x) : x ∈ domain}``, the same set for every instance; what global minimisation is certified over.

    Parameters
    ----------
    pieces : Pieces
        The map ``x -> θ(x)``, in which every parameter is in use.
    domain : Domain
        A box of parameters, with or without bounds on the variation.

    Raises
    ------
    TypeError, ValueError
        Anything else.
    """

    pieces: Pieces
    domain: Domain

    def __post_init__(self) -> None:
        require_instance("pieces", self.pieces, Pieces, "Pieces")
        require_instance("domain", self.domain, Domain, "a Domain")
        require_floating(**{"pieces.W0": self.pieces.W0, "domain.lower": self.domain.lower})
        require_shape("domain.lower", self.domain.lower, P=self.pieces.P)
        used = torch.stack([(w * c * c).sum(0) for w, c in self._designs()]).sum(0) > 0
        require(bool(used.all()), "pieces", "every parameter in use", f"{int((~used).sum())} that are not")

    @property
    def cells(self) -> int | None:
        """Cells on which all controls are constant."""
        return self.pieces.cells

    def controls(self, x: Points) -> AnyControls:
        """``θ(x)``, a batch of points (points, P); differentiable."""
        return self.pieces.controls(x, self.pieces.cells)

    def parameters(self, controls: AnyControls) -> Points:
        """The ``x ∈ R^P`` whose controls are nearest to the given ones, (batch, P)."""
        self._require_like(controls)
        self._require_separate()
        top = bottom = torch.zeros_like(self.domain.lower)
        tracks = zip(self._scalars(controls), self.pieces.tracks, self._designs(), strict=True)
        for scalars, track, (weight, coefficients) in tracks:
            top = top + (scalars - track.offset) @ (weight * coefficients)
            bottom = bottom + (weight * coefficients * coefficients).sum(0)
        return top / bottom

    def contains(self, member: AnyControls) -> Flags:
        """Whether some ``x`` in the domain gives these controls, bit for bit, with the arithmetic here."""
        near = self.parameters(member)
        steps = [near]
        for _ in range(UNITS):
            below = torch.nextafter(steps[0], steps[0].new_tensor(-torch.inf))
            above = torch.nextafter(steps[-1], steps[-1].new_tensor(torch.inf))
            steps = [below, *steps, above]
        agree = torch.stack([self._agreement(x, member) for x in steps])
        x = torch.stack(steps).gather(0, agree.byte().argmax(0, keepdim=True)).squeeze(0)
        return self._agreement(x, member).all(-1) & self.domain.contains(x, self.pieces)

    def project(self, member: AnyControls) -> AnyControls:
        """Every parameter clipped to its bounds: the pieces of different parameters are orthogonal."""
        self._require_closed()
        if any(bound is not None for bound in self.domain.variation):
            raise NotImplementedError("domain: expected no bound on the variation, got one")
        x = self.parameters(member)
        return self.controls(torch.minimum(torch.maximum(x, self.domain.lower), self.domain.upper))

    def projected(self, cells: int) -> "FewPieces":
        """The same domain with the projected map, which is affine again; bounds on the variation stay off.

        Raises
        ------
        NotImplementedError
            The grid gets coarser and there are bounds on the variation, which belong to the finer one.
        """
        require_cells("cells", cells)
        if cells % self.pieces.cells == 0:
            return self
        if any(bound is not None for bound in self.domain.variation):
            reason = "the bound on the variation is one of the finer functions"
            raise NotImplementedError(f"cells: expected a multiple of {self.cells}, got {cells}: {reason}")
        first, second, third = self.pieces.on(cells)
        return FewPieces(replace(self.pieces, first=first, second=second, third=third), self.domain)

    def within(self, other: Admissible[Any]) -> bool:
        """For one and the same map, whether the domain is part of the other's."""
        if not isinstance(other, FewPieces) or not self._same_map(other):
            raise self._incomparable(other)
        mine, yours = self.domain, other.domain
        low, high = mine.lower == yours.lower, mine.upper == yours.upper
        above = (mine.lower > yours.lower) | (low & (yours.closed_lower | ~mine.closed_lower))
        below = (mine.upper < yours.upper) | (high & (yours.closed_upper | ~mine.closed_upper))
        bounds = zip(mine.variation, yours.variation, strict=True)
        varies = all(b is None or (a is not None and a <= b) for a, b in bounds)
        inside = bool((above & below).all())
        if not (inside and varies):
            self._require_separate()  # else other parameters may give the same controls
            if inside:
                raise NotImplementedError("domain: expected bounds on the variation in order, got others")
        return inside and varies

    @property
    def bounded(self) -> bool:
        """As the box of parameters."""
        return self.domain.bounded

    @property
    def closed(self) -> bool:
        """As the box of parameters: the image of a closed one under an affine map is closed."""
        return self.domain.closed

    @property
    def equicontinuous(self) -> bool:
        """If bounded: of finite dimension."""
        return self.domain.bounded

    def _matrices(self) -> tuple[Tensor, Tensor, Tensor]:
        one = self.pieces.W0.new_ones(())
        return self.pieces.W0, one if self.pieces.C is None else self.pieces.C, one

    def _designs(self) -> list[tuple[Tensor, Tensor]]:
        """For each control the weight of a piece in squares of distances, and the coefficients."""
        sizes = [(M * M).sum() for M in self._matrices()]
        tracks = zip(sizes, self.pieces.tracks, strict=True)
        return [(size / track.pieces, track.coefficients) for size, track in tracks]

    def _scalars(self, controls: AnyControls) -> list[Float[Tensor, "batch pieces"]]:
        """The nearest scalar functions with the tracks' pieces."""
        found: list[Tensor] = []
        for part, M, track in zip(parts(controls), self._matrices(), self.pieces.tracks, strict=True):
            means = functions.project(part, track.pieces)
            size = (M * M).sum()
            share = (means * M).flatten(2).sum(-1) if M.ndim else means
            found.append(share / torch.where(size > 0, size, 1.0))
        return found

    def _agreement(self, x: Points, controls: AnyControls) -> Bool[Tensor, "batch P"]:
        """Whether the pieces that a parameter enters are as given, bit for bit; fixed ones count for all."""
        found = torch.ones_like(x, dtype=torch.bool)
        for given, M, track in zip(parts(controls), self._matrices(), self.pieces.tracks, strict=True):
            values = track.values(x)
            mine = values[:, :, None, None] * M if M.ndim else values
            cells = lcm(track.pieces, given.shape[1])
            differ = functions.extend(given, cells) != functions.extend(mine, cells)
            differ = differ.reshape(len(x), track.pieces, -1).any(-1)
            enters = (track.coefficients != 0) | (track.coefficients == 0).all(-1, keepdim=True)
            found &= ~(differ[:, :, None] & enters).any(1)
        return found

    def _same_map(self, other: "FewPieces") -> bool:
        mine, yours = self.pieces, other.pieces
        if mine.kind != yours.kind or mine.P != yours.P:
            return False
        matrices = zip(self._matrices(), other._matrices(), strict=True)
        if not all(a.shape == b.shape and torch.equal(a, b) for a, b in matrices):
            return False
        cells = lcm(mine.cells, yours.cells)
        return all(
            torch.equal(a.coefficients, b.coefficients) and torch.equal(a.offset, b.offset)
            for a, b in zip(mine.on(cells), yours.on(cells), strict=True)
        )

    def _require_separate(self) -> None:
        """Require that no piece depends on two parameters."""
        most = max(int((track.coefficients != 0).sum(-1).max()) for track in self.pieces.tracks)
        if most > 1:
            raise NotImplementedError(f"pieces: expected at most one parameter in a piece, got {most}")

    def _require_like(self, controls: AnyControls) -> None:
        require_controls("controls", controls)
        kind = KINDS[self.pieces.kind]
        same = type(controls) is kind
        require(same, "controls", kind.__name__, type(controls).__name__, TypeError)
        require_floating(**{"pieces.W0": self.pieces.W0, "controls": controls.tensors[0]})
        expected, got = tuple(self.pieces.W0.shape), (controls.d, controls.m)
        require(got == expected, "controls", f"(d, m) = {expected}", got)
