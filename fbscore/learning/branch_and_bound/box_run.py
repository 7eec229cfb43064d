r"""One run at the centre of each box, and how far any other parameter of the box moves its states.

With ``u`` the run at the centre ``x̃`` and ``v`` that of ``x`` in the box,

    ``‖v_{n+1} − u_{n+1}‖ <= ρ_n ‖v_n − u_n‖ + h ‖(k − k̃)Mu_n − (b − b̃)q + (s − s̃)p_{n+1}‖``

with ``ρ_n = sup ‖I − hkM‖₂`` over the box and ``p_{n+1} ∈ ∂R(u_{n+1})`` the subgradient that the prox of the
centre used: ``u_{n+1}`` is also the prox with weight ``hs`` of its argument plus ``h(s − s̃)p_{n+1}``.  That is
constant 4.5 with its data term and its weight term under one norm, where they may cancel: at a rest point
they do if ``τ`` alone moves.  The norm is a convex function of one that is multi-affine in the parameters of
the layer, so that it is largest at a vertex.  Every layer adds its round-off.

Where the prox acts entry by entry the same holds entry by entry, and an entry that rests at 0 all over the box
has no radius at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.learning.branch_and_bound.kinks import Kinked, Slopes, range_around, slopes
from fbscore.learning.branch_and_bound.layer_boxes import LayerBoxes
from fbscore.learning.branch_and_bound.reach import Radii, Reach, Spread, States
from fbscore.learning.branch_and_bound.system import System
from fbscore.limit.rounding import layer_round_off
from fbscore.samples import prox

__all__ = ["Layer", "Moves", "run"]

Numbers = Float[Tensor, "boxes groups"]


@dataclass(frozen=True, eq=False)
class Moves:
    r"""``sup`` over the vertices, as norms (boxes, samples) and entry by entry (boxes, samples, d).

    ``data`` is ``(k − k̃)Mu_n − (b − b̃)q``, ``whole`` the same with ``(s − s̃)p_{n+1}``.
    """

    data: Reach
    whole: Reach


@dataclass(frozen=True, eq=False)
class Layer:
    r"""One layer of the run, and radii that hold all over the box.

    Parameters
    ----------
    group : int
        Which group the layer belongs to.
    before, after : (boxes, samples, d)
        ``u_n`` and ``u_{n+1}`` of the centre.
    product : (boxes, samples, d)
        ``Mu_n``.
    explicit : (boxes, samples, d)
        ``u_n − h(kMu_n − bq)``, what the prox is taken of.
    subgradient : (boxes, samples, d)
        ``p_{n+1}``; 0 where ``s = 0`` at the centre.
    before_reach, after_reach : Reach
        Of ``u_n`` and ``u_{n+1}``.
    moves : Moves
    slopes : Slopes or None
        Of the prox, where it acts entry by entry.
    noise : (boxes, samples)
        Round-off of the layer.
    error : (boxes, samples)
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
    h, count, up = 1.0 / len(order), boxes.k.shape[0], 1.0 + 32 * own.unit
    R, doubt = own.repeated(count), 1.0 + 2.0 * _relative_moves(boxes)
    u = own.u0.expand(count, -1, -1)
    reach, error = Reach.none(u), torch.zeros_like(u[..., 0])
    for j in order:
        s = boxes.s[:, j]
        product = u @ own.M.mT
        v = u - h * (boxes.k[:, j, None, None] * product - boxes.b[:, j, None, None] * own.q)
        after = prox(R, v, h * s)
        weight = (h * s)[:, None, None]
        p = torch.where(weight > 0, (v - after) / torch.where(weight > 0, weight, 1.0), 0.0)
        noise = _noise(own, u, after, h * boxes.k[:, j], h * boxes.b[:, j], h * s)
        moves = _moves(own, boxes, j, product, p)
        spreading = spread.over(reach, j)
        raw, D = _added(spreading, moves.whole, h, doubt[:, j, None] * noise), None
        if form is not None:
            weights = h * boxes.s_low[:, j], h * boxes.s_high[:, j]
            argument = _added(spreading, moves.data, h, noise).tight().scaled(up)
            D = slopes(form, v, argument.entries, weights)
            raw = raw.tight().scaled(D.largest)
            found = range_around(form, v, argument.entries, weights, after) + noise.unsqueeze(-1) * ~D.resting
            raw = Reach(raw.norm, torch.minimum(raw.entries, found)).tight()
        after_reach = raw.scaled(up) if form is not None else Reach.ball(raw.norm, v).scaled(up)
        error = up * (spread.rho[:, j, None] * error + noise)
        yield Layer(j, u, after, product, v, p, reach, after_reach, moves, D, noise, error)
        u, reach = after, after_reach


def _moves(own: System, boxes: LayerBoxes, j: int, product: States, p: States) -> Moves:
    """The moves at the vertices, (boxes, samples, vertices, d)."""
    k, b, s = (move[:, j, None, :, None] for move in boxes.moves)
    if boxes.coupled:
        data = k * (product - own.q).unsqueeze(2)
    else:
        data = k * product.unsqueeze(2) - b * own.q.unsqueeze(1)
    return Moves(_largest(data), _largest(data + s * p.unsqueeze(2)))


def _largest(vertices: Float[Tensor, "boxes samples vertices d"]) -> Reach:
    """Over the vertices."""
    length = vertices.square().sum(-1).amax(-1).sqrt()
    return Reach(length, vertices.abs().amax(2))


def _added(reach: Reach, move: Reach, h: float, noise: Radii) -> Reach:
    return reach.plus(h * move.norm + noise, h * move.entries + noise.unsqueeze(-1))


def _relative_moves(boxes: LayerBoxes) -> Numbers:
    """``sup |s − s̃| / s̃``: by so much round-off of ``hs p`` counts; at most 3 for products of two."""
    move = boxes.moves[2].abs().amax(-1)
    return torch.where(move > 0, move / boxes.s, 0.0)


def _noise(own: System, u: States, after: States, hk: Tensor, hb: Tensor, hs: Tensor) -> Radii:
    """Round-off of a layer, products of matrices and of numbers included."""
    C0, C1 = own.growth
    before = linalg.norm(u)
    explicit = (hk.abs() * own.M_size).unsqueeze(-1) * before + hb.abs().unsqueeze(-1) * own.q_size
    implicit = hs.unsqueeze(-1) * (C0 + C1 * linalg.norm(after))
    return layer_round_off(u.dtype, own.operations + 8, before + explicit + implicit)
