r"""The gradient of the averaged loss over boxes of parameters: the adjoint run with radii.

Along a segment from the centre the loss is Lipschitz, and its derivative is almost everywhere that of the
chain rule with slopes ``D_n`` of the prox that `fbscore.learning.branch_and_bound.kinks` encloses.  With
the adjoint states ``a_N = ∇ℓ``, ``b_n = D_n a_{n+1}``, ``a_n = (I − hkM)ᵀ b_n`` the derivative with respect
to a number ``v`` of layer ``n`` is ``−h⟨b_n, y⟩``, ``y = ∂(kMu_n − bq + sp)/∂v``.  What is enclosed is
``a_n``, within ``δ_n`` of a centre:

    ``δ_n = ρ_n ‖D_n (a_{n+1} − ã_{n+1}) + (D_n − D̃_n) ã_{n+1}‖ + h |k − k̃| ‖Mᵀ b̃_n‖``,

and the same entry by entry.  A convex loss lies above its tangent at the centre: for a lower bound ``a_N``
may stay the gradient there, and only the derivatives themselves see it vary over the box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.learning.branch_and_bound.box_run import Layer
from fbscore.learning.branch_and_bound.factors import Adjoint, Sizes, factors, number_sizes
from fbscore.learning.branch_and_bound.kinks import Kinked
from fbscore.learning.branch_and_bound.layer_boxes import Groups, LayerBoxes
from fbscore.learning.branch_and_bound.loss_bounds import Gradient
from fbscore.learning.branch_and_bound.reach import Radii, Reach, Spread, States, apply, length
from fbscore.learning.branch_and_bound.system import System

__all__ = ["SlopeBounds", "slope_bounds"]

Derivatives = Float[Tensor, "boxes P"]


class SlopeBounds(NamedTuple):
    """Every derivative with respect to ``x`` over the box is within ``radius`` of ``middle``; those of the
    tangent of the loss at the centre, and of the penalties, are within ``tangent_radius``."""

    middle: Derivatives
    radius: Derivatives
    tangent_radius: Derivatives


def slope_bounds(
    own: System,
    form: Kinked,
    of: Groups,
    boxes: LayerBoxes,
    spread: Spread,
    layers: Sequence[Layer],
    end: Gradient,
) -> SlopeBounds:
    r"""Enclose the gradient of the mean over the samples of the loss.

    Parameters
    ----------
    own : System
    form : Kinked
        Of its regulariser.
    of : Groups
    boxes : LayerBoxes
    spread : Spread
    layers : sequence of Layer
        All layers of the run.
    end : Gradient
        Of the loss at the last states, with the boxes last.

    Returns
    -------
    SlopeBounds
    """
    found = end.value.new_zeros(3, 3, boxes.k.shape[0], boxes.count)
    d, samples, _ = end.value.shape
    lost = (d + samples + len(layers) + 32) * own.unit
    run = _Back(own, form, of.kind, boxes, spread, number_sizes(boxes), 1.0 / len(layers), lost, found)
    at = _At(end.value, Reach(end.noise, end.noise.expand_as(end.value)), Reach(end.radius, end.entries))
    for layer in reversed(layers):
        at = run.through(layer, at)
    coefficients = [track.coefficients for track in of.tracks]
    return _of_parameters(found, coefficients, 1.0 + 64 * own.unit * (len(of.counts) + 8))


class _At(NamedTuple):
    """The adjoint state of the centre, how far that of any other point is, and what the loss bends of it."""

    adjoint: States
    delta: Reach
    bend: Reach


@dataclass(frozen=True, eq=False)
class _Back:
    """The adjoint run: what all layers share, and the derivatives with respect to their numbers so far."""

    own: System
    form: Kinked
    kind: str
    boxes: LayerBoxes
    spread: Spread
    sizes: Sizes
    h: float
    lost: float
    found: Float[Tensor, "3 3 groups boxes"]

    def through(self, layer: Layer, at: _At) -> _At:
        """One layer back; its derivatives are added."""
        own, j, D, h = self.own, layer.group, layer.slopes, self.h
        assert D is not None
        back, slack = D.middle * at.adjoint, D.radius * at.adjoint.abs()
        most = D.largest.amax(0)
        kept = Reach(most * at.delta.norm, D.largest * at.delta.entries)
        delta = Reach(kept.norm + length(slack), kept.entries + slack).tight()
        bend = Reach(most * at.bend.norm, D.largest * at.bend.entries).tight()
        pulled, size = apply(own.M.mT, back), back.abs()
        grown = 1.0 + h * self.boxes.k[j].abs() * own.M_size
        noise = self.lost * (grown * (size + at.adjoint.abs()).sum(0)) + own.floor
        of_layer = factors(
            own, self.form, self.kind, self.boxes, self.sizes, layer, Adjoint(back, pulled, size)
        )
        for i, y in enumerate(of_layer):
            modulus = y.centre.abs()
            off = kept.along(modulus) + (slack * modulus).sum(0) + y.along + delta.along(y.off)
            self.found[0, i, j] -= h * y.product.mean(0)
            self.found[1, i, j] += h * (off + noise * length(y.centre)).mean(0)
            self.found[2, i, j] += h * bend.along(modulus + y.off).mean(0)
        return self._before(j, _At(back, delta, bend), pulled, noise)

    def _before(self, j: int, at: _At, pulled: States, noise: Radii) -> _At:
        """Through ``(I − hkM)ᵀ``."""
        move, up = self.h * self.boxes.moves[0][j].abs().amax(0), 1.0 + 32 * self.own.unit
        norm, entries = self.spread.back(at.delta, j)
        delta = Reach(norm + move * length(pulled) + noise, entries + move * pulled.abs() + noise)
        bend = self.spread.back(at.bend, j).tight().scaled(up)
        return _At(at.adjoint - (self.h * self.boxes.k[j]) * pulled, delta.tight().scaled(up), bend)


def _of_parameters(
    found: Float[Tensor, "3 3 groups boxes"], tracks: Sequence[Float[Tensor, "groups P"]], up: float
) -> SlopeBounds:
    """From derivatives with respect to the numbers of the groups to those with respect to ``x``."""
    none = torch.zeros_like(found[0, 0].mT @ tracks[0])
    middle = sum((x.mT @ track for x, track in zip(found[0], tracks, strict=True)), none)
    tangent = sum((x.mT @ track.abs() for x, track in zip(found[1], tracks, strict=True)), none)
    bent = sum((x.mT @ track.abs() for x, track in zip(found[2], tracks, strict=True)), none)
    return SlopeBounds(middle, up * (tangent + bent), up * tangent)
