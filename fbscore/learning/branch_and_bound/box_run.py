r"""One run at the centre of each box, and how far any other parameter of the box moves its states.

With ``u`` the run at the centre ``x̃`` and ``v`` that of ``x`` in the box,

    ``‖v_{n+1} − u_{n+1}‖ <= ρ_n ‖v_n − u_n‖ + h ‖(k − k̃)Mu_n − (b − b̃)q + (s − s̃)p_{n+1}‖``

with ``ρ_n = sup ‖I − hkM‖₂`` over the box and ``p_{n+1} ∈ ∂R(u_{n+1})`` the subgradient that the prox of the
centre used: ``u_{n+1}`` is also the prox with weight ``hs`` of its argument plus ``h(s − s̃)p_{n+1}``.
That is constant 4.5 with its data term and its weight term under one norm, where they may cancel: at a rest
point they do if ``τ`` alone moves.  The norm is a convex function of one that is multi-affine in the
parameters of the layer, so that it is largest at a vertex.  Every layer adds its round-off.

Where the prox acts entry by entry the same holds entry by entry, and an entry that rests at 0 all over the
box has no radius at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.learning.branch_and_bound.kinks import Kinked, Slopes, range_around, slopes
from fbscore.learning.branch_and_bound.layer_boxes import LayerBoxes
from fbscore.learning.branch_and_bound.reach import Numbers, Radii, Reach, Spread, States, apply, length
from fbscore.learning.branch_and_bound.system import System
from fbscore.limit.rounding import layer_round_off
from fbscore.regularizers.base import Regularizer
from fbscore.samples import prox
from fbscore.shapes import Scalars

__all__ = ["Layer", "Moves", "resolvent", "run"]


@dataclass(frozen=True, eq=False)
class Moves:
    r"""``sup`` over the vertices: ``data`` of ``(k − k̃)Mu_n − (b − b̃)q``, ``whole`` with ``(s −
    s̃)p_{n+1}``."""

    data: Reach
    whole: Reach


@dataclass(frozen=True, eq=False)
class Layer:
    r"""One layer of the run, and radii that hold all over the box.

    Parameters
    ----------
    group : int
        Which group the layer belongs to.
    before, after : (d, samples, boxes)
        ``u_n`` and ``u_{n+1}`` of the centre.
    product : (d, samples, boxes)
        ``Mu_n``.
    explicit : (d, samples, boxes)
        ``u_n − h(kMu_n − bq)``, what the prox is taken of.
    subgradient : (d, samples, boxes)
        ``p_{n+1}``; 0 where ``s = 0`` at the centre.
    before_reach, after_reach : Reach
        Of ``u_n`` and ``u_{n+1}``.
    moves : Moves
    slopes : Slopes or None
        Of the prox, where it acts entry by entry.
    noise : (samples, boxes)
        Round-off of the layer.
    error : (samples, boxes)
        How far round-off may have taken ``u_{n+1}`` of the centre from the exact one.
    """

    group: int
    before: States
    after: States
    product: States
    explicit: States
    subgradient: States
    before_reach: Reach
    after_reach: Reach
    moves: Moves
    slopes: Slopes | None
    noise: Radii
    error: Radii


def run(
    own: System, form: Kinked | None, boxes: LayerBoxes, order: list[int], spread: Spread
) -> Iterator[Layer]:
    r"""The layers, one after the other.

    Parameters
    ----------
    own : System
    form : Kinked or None
        Of its regulariser.
    boxes : LayerBoxes
    order : list of int
        The group of every layer.
    spread : Spread
        For layers of this length.

    Yields
    ------
    Layer
    """
    h, R, up = 1.0 / len(order), own.repeated(boxes.count), 1.0 + 32 * own.unit
    doubt = 1.0 + 2.0 * _relative_moves(boxes)
    u = own.u0.expand(-1, -1, boxes.count).contiguous()
    reach, error = Reach(torch.zeros_like(u[0]), torch.zeros_like(u)), torch.zeros_like(u[0])
    size = length(u)
    for j in order:
        product, weight = apply(own.M, u), h * boxes.s[j]
        v = u - (h * boxes.k[j]) * product + (h * boxes.b[j]) * own.q
        after = resolvent(R, v, weight)
        p = torch.where(weight > 0, (v - after) / torch.where(weight > 0, weight, 1.0), 0.0)
        after_size = length(after)
        noise = _noise(own, boxes, j, h, size, after_size)
        moves = _moves(own, boxes, j, product, p)
        spreading = spread.over(reach, j)
        argument = _added(spreading, moves.data, h, noise)
        result = _added(spreading, moves.whole, h, doubt[j] * noise)
        after_reach, slope = _through_coupling(result), None
        if form is not None:
            weights = h * boxes.s_low[j], h * boxes.s_high[j]
            after_reach, slope = _through_prox(form, v, after, weights, argument.scaled(up), result, noise)
        after_reach = after_reach.scaled(up)
        error = up * (spread.rho[j] * error + noise)
        yield Layer(j, u, after, product, v, p, reach, after_reach, moves, slope, noise, error)
        u, reach, size = after, after_reach, after_size


def _through_coupling(result: Reach) -> Reach:
    """A prox that couples the entries keeps distances, not the distances of single entries."""
    return Reach(result.norm, result.norm.expand_as(result.entries))


def _through_prox(
    form: Kinked,
    v: States,
    after: States,
    weights: tuple[Scalars, Scalars],
    argument: Reach,
    result: Reach,
    noise: Radii,
) -> tuple[Reach, Slopes]:
    """What a prox that acts entry by entry leaves of radii: by its slopes, and by its monotony."""
    argument = argument.tight()
    slope = slopes(form, v, argument.entries, weights)
    found = range_around(form, v, argument.entries, weights, after) + noise * ~slope.resting
    entries = torch.minimum(result.tight().entries * slope.largest, found)
    return Reach(slope.largest.amax(0) * result.norm, entries).tight(), slope


def resolvent(R: Regularizer, v: States, weight: Scalars) -> States:
    """The prox of states laid out with the boxes last."""
    return prox(R, v.permute(2, 1, 0), weight).permute(2, 1, 0).contiguous()


def _moves(own: System, boxes: LayerBoxes, j: int, product: States, p: States) -> Moves:
    """The moves at the vertices, (vertices, d, samples, boxes)."""
    k, b, s = (move[j][:, None, None] for move in boxes.moves)
    data = k * (product - own.q) if boxes.coupled else k * product - b * own.q
    return Moves(_largest(data), _largest(data + s * p))


def _largest(vertices: Float[Tensor, "vertices d samples boxes"]) -> Reach:
    """Over the vertices."""
    return Reach((vertices * vertices).sum(1).amax(0).sqrt(), vertices.abs().amax(0))


def _added(reach: Reach, move: Reach, h: float, noise: Radii) -> Reach:
    return Reach(reach.norm + h * move.norm + noise, reach.entries + h * move.entries + noise)


def _relative_moves(boxes: LayerBoxes) -> Numbers:
    """``sup |s − s̃| / s̃``: by so much round-off of ``hs p`` counts; at most 3 for products of two."""
    move = boxes.moves[2].abs().amax(1)
    return torch.where(move > 0, move / boxes.s, 0.0)


def _noise(own: System, boxes: LayerBoxes, j: int, h: float, before: Radii, after: Radii) -> Radii:
    """Round-off of a layer, products of matrices and of numbers included."""
    C0, C1 = own.growth
    explicit = (h * own.M_size * boxes.k[j].abs()) * before + (h * boxes.b[j].abs()) * own.q_size
    implicit = (h * boxes.s[j]) * (C0 + C1 * after)
    return layer_round_off(before.dtype, own.operations + 8, before + explicit + implicit) + own.floor
