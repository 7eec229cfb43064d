r"""Boxes of parameters as `fbscore` types, made from raw data for a subject, and what it answers.

A subject is asked one instance after the other.  The parameters are the factors whose ends differ, control
by control and piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from claims import convergence_constants
from claims.kit.arithmetic import Array
from claims.kit.box_instances import BoxProblem
from claims.kit.convergence_instances import CONTROLS, controls
from claims.kit.instances import Alista, AnyNetwork, Lista
from fbscore.learning import admissible
from fbscore.learning import controls as functions
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Pieces, Track

Given = Callable[[torch.Tensor], torch.Tensor]


class Found(NamedTuple):
    """An enclosed minimum of every instance, from ``lower`` to ``upper``, each (batch,).

    ``x`` (batch, 3, pieces) is the best point, where the objective lies between ``least`` and ``most``;
    ``off`` how far its controls are from θ(x), the largest entry; ``closed`` is 1 where the gap that was
    asked for was reached.  ``cover`` (batch, boxes, 2, 3, pieces) are the ends of boxes that hold all
    minimisers, some of them repeated.
    """

    lower: Array
    upper: Array
    x: Array
    least: Array
    most: Array
    off: Array
    closed: Array
    cover: Array

    @property
    def middle(self) -> Array:
        """The middle of the enclosure, (batch,)."""
        return (self.lower + self.upper) / 2

    @property
    def width(self) -> Array:
        """How wide it is, (batch,)."""
        return self.upper - self.lower

    @property
    def radius(self) -> Array:
        """Half of its width, (batch,)."""
        return self.width / 2


def free(p: BoxProblem) -> torch.Tensor:
    """Return which factors of a batch of one are parameters, (3, pieces)."""
    own = p.low[0] < p.high[0]
    if isinstance(p.problem.sequence.first, Alista):
        own[0, 1:] = False
    return own


def few_pieces(p: BoxProblem, given: Given) -> admissible.FewPieces:
    """Return Θ of a batch of one."""
    first, chosen = p.problem.sequence.first, free(p)
    one, two, three = (_track(p, i, chosen, given) for i in range(3))
    kind = "lista" if isinstance(first, Lista) else "alista" if isinstance(first, Alista) else "fbs"
    W0, C = _matrices(first)
    pieces = Pieces(kind, one, two, three, given(W0), None if C is None else given(C))
    bounds = [_bound(p, i, given) for i in range(3)]
    domain = Domain(
        given(p.low[0][chosen]), given(p.high[0][chosen]), variation=(bounds[0], bounds[1], bounds[2])
    )
    return admissible.FewPieces(pieces, domain)


def _matrices(first: AnyNetwork) -> tuple[torch.Tensor, torch.Tensor | None]:
    if isinstance(first, Lista):
        return first.W1[0, 0], first.W2[0, 0]
    return (first.W[0] if isinstance(first, Alista) else first.W[0, 0]), None


def _units(first: AnyNetwork) -> list[float]:
    """Return what the factors are multiplied by, for those of a matrix 1."""
    values = [getattr(first, name) for name in CONTROLS[type(first)]]
    return [float(x[0, 0]) if x.dim() == 2 else 1.0 for x in values]


def _track(p: BoxProblem, i: int, chosen: torch.Tensor, given: Given) -> Track:
    first, unit = p.problem.sequence.first, _units(p.problem.sequence.first)[i]
    pieces = 1 if i == 0 and isinstance(first, Alista) else p.pieces
    places = chosen.flatten().cumsum(0).reshape(chosen.shape) - 1
    coefficients = p.low.new_zeros(pieces, int(chosen.sum()))
    offset = p.low.new_zeros(pieces)
    for j in range(pieces):
        if chosen[i, j]:
            coefficients[j, places[i, j]] = unit
        else:
            offset[j] = unit * p.low[0, i, j]
    return Track(given(coefficients), given(offset))


def _bound(p: BoxProblem, i: int, given: Given) -> float | None:
    """Return the bound on a control's variation, summed up over its entries; None if the box implies it."""
    low, high = p.low[0, i], p.high[0, i]
    jumps = torch.maximum(high[1:] - low[:-1], high[:-1] - low[1:])
    if float(jumps.clamp(min=0).sum()) <= float(p.variation[0, i]):
        return None
    first = p.problem.sequence.first
    size = given(abs(getattr(first, CONTROLS[type(first)][i])[0]).sum())
    return float(size * given(p.variation[0, i]))


# ---------------------------------------------------------------- answers


def found(p: BoxProblem, answer: Any, cells: int | None) -> Found:
    """Return what a subject answers of a batch of one; values and ``off`` are NaN if it has found no point.

    Raises
    ------
    AttributeError, TypeError
        If the answer is no minimum.
    """
    x, best = p.low.clone(), answer.incumbent
    chosen, like = free(p), p.low
    if best is not None:
        x[0][chosen] = best.x.detach().to(like)
    if isinstance(p.problem.sequence.first, Alista):
        x[:, 0] = x[:, 0, :1]
    boxes = [_boxes(p, ends, chosen) for ends in (answer.cover.lower, answer.cover.upper)]
    numbers = (answer.minimum.lower, answer.minimum.upper, *_own(best))
    lower, upper, least, most = (like.new_tensor([float(number)]) for number in numbers)
    closed = like.new_tensor([float(answer.stopped == "gap")])
    off = like.new_tensor([torch.nan if best is None else _off(p, x, best.controls, cells)])
    return Found(lower, upper, x, least, most, off, closed, torch.stack(boxes, 1)[None])


def _own(best: Any) -> tuple[float, float]:
    return (torch.nan, torch.nan) if best is None else (best.value.lower, best.value.upper)


def _boxes(p: BoxProblem, ends: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    placed = p.low[0].expand(len(ends), *p.low.shape[1:]).clone()
    placed[:, chosen] = ends.detach().to(placed)
    return placed


def _off(p: BoxProblem, x: torch.Tensor, theirs: Any, cells: int | None) -> float:
    theta = p.at(x)
    own = theta if cells is None else convergence_constants.network(theta, cells)
    pairs = zip(controls(own), functions.parts(theirs), strict=True)
    apart = [_apart(mine, other.detach().to(mine)) for mine, other in pairs]
    return max(apart)


def _apart(mine: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference of two controls; NaN if they are of different shapes."""
    if mine.numel() == 0:
        return 0.0
    return float((mine - other).abs().max()) if mine.shape == other.shape else torch.nan


def joined(answers: list[Found]) -> Found:
    """Return the answers of several instances as one; of fewer boxes the last one is repeated."""
    most = max(one.cover.shape[1] for one in answers)
    covers = [one.cover[:, [min(i, one.cover.shape[1] - 1) for i in range(most)]] for one in answers]
    names = [name for name in Found._fields if name != "cover"]
    parts = {name: torch.cat([getattr(one, name) for one in answers]) for name in names}
    return Found(**parts, cover=torch.cat(covers))
