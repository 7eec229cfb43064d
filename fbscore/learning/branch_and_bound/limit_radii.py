r"""How far the deep-layer limit is from the network's states, for all parameters of a box at once.

*From the centre*: with ``û`` the interpolant of the centre's states, ``v`` the limit of any ``x`` in the
box and ``e = û − v``, on a cell of length ``h``, ``t = t_n + ςh``,

    ``½(‖e‖²)' <= κ‖e‖² + s (1 − ς) D_n + ‖e‖ (‖(k − k̃)Mu_n − (b − b̃)q + (s − s̃)p_{n+1}‖ + ς |k|
    ‖M(u_{n+1} − u_n)‖)``

with ``κ, k, s`` of ``x`` and the Bregman gap ``D_n`` of the centre: constants 4.7 and 4.5 in one.

*From the limit of the centre*: constant 4.5 in the limit, with the states and subgradients of that limit
within the certificate 4.7 of the network's.

*From the network of the same x*: the same without the move, but with gaps and steps that hold all over the
box. For regularisers known entry by entry the gap of an entry is 0 but where it may leave its sign or
reach 0 in this layer, and then it moves by ``O(h)``.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from fbscore.learning.branch_and_bound.box_run import Layer
from fbscore.learning.branch_and_bound.kinks import Kinked
from fbscore.learning.branch_and_bound.layer_boxes import LayerBoxes
from fbscore.learning.branch_and_bound.reach import Numbers, Radii, States, apply, length
from fbscore.learning.branch_and_bound.system import System
from fbscore.limit.moments import moments
from fbscore.limit.rounding import layer_round_off

__all__ = ["Cells", "Radii3", "box_radius", "centre_radii"]


class Cells:
    r"""The factors of a layer of length ``h`` in each group: what grows, and how gap, step and move enter."""

    def __init__(self, kappa: Numbers, boxes: LayerBoxes, h: float) -> None:
        zeroth, first, _ = moments(2.0 * h * kappa.double())
        self.h = h
        self.growth = torch.exp(2.0 * h * kappa.double()).to(kappa)
        self.gap = (2.0 * h * (zeroth - first)).to(kappa) * boxes.s_high
        zeroth, first, _ = moments(h * kappa.double())
        self.move = (h * zeroth).to(kappa)
        self.k, self.s = boxes.largest_k(), boxes.s_high
        self.step = (h * first).to(kappa) * self.k
        self.most = self.growth.clamp(min=1.0)

    def advance(self, j: int, start: Radii, gap: Radii, step: Radii, move: Radii | None = None) -> Radii:
        """The radius at the end of a layer of group ``j`` from that at its start."""
        after = torch.sqrt(self.growth[j] * start * start + self.gap[j] * gap) + self.step[j] * step
        return after if move is None else after + self.move[j] * move

    def within(self, j: int, start: Radii, gap: Radii, step: Radii) -> Radii:
        """A bound on the radius throughout a layer, without a move."""
        squares = self.most[j] * (start * start + 2.0 * self.h * self.s[j] * gap)
        return torch.sqrt(squares) + torch.sqrt(self.most[j]) * self.h * self.k[j] * step

    def push(self, j: int, start: Radii, move: Radii) -> Radii:
        """The radius at the end of a layer that only a move adds to."""
        return torch.sqrt(self.growth[j]) * start + self.move[j] * move


class Radii3(NamedTuple):
    r"""Radii at the end, each (samples, boxes).

    ``around``: of the limits of the box around the network's state at the centre; ``alone``: what of it is no
    matter of the box; ``apart``: of the limits of the box around that of the centre.
    """

    around: Radii
    alone: Radii
    apart: Radii


def centre_radii(
    own: System, cells: Cells, boxes: LayerBoxes, layers: Iterable[Layer]
) -> Iterator[tuple[Layer, Radii3]]:
    r"""Radii after every layer.

    Parameters
    ----------
    own : System
    cells : Cells
    boxes : LayerBoxes
    layers : iterable of Layer

    Yields
    ------
    Layer, Radii3
    """
    up, (C0, C1) = 1.0 + 64 * own.unit, own.growth
    of_each = torch.vmap(own.repeated(boxes.count).value, in_dims=1, out_dims=0)
    none = own.u0.new_zeros(own.u0.shape[1], boxes.count)
    radii = Radii3(none, none, none)
    before = of_each(own.u0.expand(-1, -1, boxes.count).permute(2, 1, 0))
    wide_k, wide_s = (move.abs().amax(1) for move in (boxes.moves[0], boxes.moves[2]))
    for layer in layers:
        j, noise = layer.group, layer.noise
        step, s = layer.after - layer.before, boxes.s[j]
        after = of_each(layer.after.permute(2, 1, 0))
        gap = torch.relu(before - after + (layer.subgradient * step).sum(0))
        x, y, size = (length(vectors) for vectors in (layer.before, layer.after, step))
        largest = C0 + C1 * torch.maximum(x, y)
        lost = layer_round_off(none.dtype, own.operations, largest * (x + y))
        # The quotient p is known to 2 noise/(hs) only.
        gap = gap + torch.where(s > 0, lost + 2.0 * noise * (largest + size / (cells.h * s)), 0.0)
        change = length(apply(own.M, step)) + 8 * own.operations * own.unit * own.M_size * size + own.floor
        within = cells.within(j, radii.alone, gap, change) + 3.0 * noise
        move = layer.moves.data.norm + wide_k[j] * (change + own.M_norm * within)
        move = move + wide_s[j] * (largest + C1 * within)
        radii = Radii3(
            up * (cells.advance(j, radii.around, gap, change, layer.moves.whole.norm) + 8.0 * noise),
            up * (cells.advance(j, radii.alone, gap, change) + 3.0 * noise),
            up * cells.push(j, radii.apart, move),
        )
        yield layer, radii
        before = after


def box_radius(own: System, form: Kinked, cells: Cells, boxes: LayerBoxes, layers: Iterable[Layer]) -> Radii:
    r"""``sup_x ‖u_N(x) − v(1; x)‖`` over each box.

    Parameters
    ----------
    own : System
    form : Kinked
    cells : Cells
    boxes : LayerBoxes
    layers : iterable of Layer

    Returns
    -------
    (samples, boxes)
    """
    up, bend = 1.0 + 64 * own.unit, float(form.r.max())
    radius = own.u0.new_zeros(own.u0.shape[1], boxes.count)
    zero, sign = own.u0 == 0, own.u0.sign()
    for layer in layers:
        D = layer.slopes
        assert D is not None
        size, change = _steps(own, form, boxes, layer, cells.h, zero & D.resting)
        kept = zero | (D.active & (D.sign == sign) & (sign != 0))
        gap = _gaps(own, form, boxes, layer, cells.h, kept) + 0.5 * bend * size.square()
        radius = up * cells.advance(layer.group, radius, gap, change)
        zero = D.resting
        known = layer.after.abs() > layer.after_reach.entries
        sign = torch.where(known, layer.after.sign(), torch.where(D.active & (form.w > 0), D.sign, 0.0))
    return radius


def _steps(
    own: System, form: Kinked, boxes: LayerBoxes, layer: Layer, h: float, still: Tensor
) -> tuple[Radii, Radii]:
    """Bounds on ``‖u_{n+1} − u_n‖`` and ``‖M(u_{n+1} − u_n)‖``, all over the box.

    A step is ``−h(kMu_n − bq + sp)``; ``p_i`` is the same all over the box where the entry is active.
    """
    D = layer.slopes
    assert D is not None
    turned = torch.where(D.active, form.r * layer.after_reach.entries, 2.0 * form.w)
    moved = layer.moves.whole.entries + _pull(own, boxes, layer) + boxes.s_high[layer.group] * turned
    off = length(torch.where(still, 0.0, h * moved + 4.0 * layer.noise))
    step = layer.after - layer.before
    return length(step) + off + own.floor, length(apply(own.M, step)) + own.M_norm * off + own.floor


def _gaps(own: System, form: Kinked, boxes: LayerBoxes, layer: Layer, h: float, kept: Tensor) -> Radii:
    """A bound on the gap of ``Σ w_i |u_i|``, all over the box."""
    reach = h * (layer.moves.data.entries + _pull(own, boxes, layer)) + layer.noise
    near = (layer.explicit - layer.before).abs() + reach + h * boxes.s_high[layer.group] * form.w
    size = torch.minimum(layer.before.abs() + layer.before_reach.entries, near)
    return (2.0 * form.w * torch.where(kept, 0.0, size)).sum(0)


def _pull(own: System, boxes: LayerBoxes, layer: Layer) -> States:
    """A bound on the entries of ``kM(v_n − u_n)``."""
    reach = layer.before_reach
    turned = torch.minimum(apply(own.M.abs(), reach.entries), own.M_norm * reach.norm)
    return boxes.largest_k()[layer.group] * turned
