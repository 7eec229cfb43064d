r"""The gradient of the averaged loss over boxes of parameters: the adjoint run with radii.

Along a segment from the centre the loss is Lipschitz, and its derivative is almost everywhere that of the chain
rule with slopes ``D_n`` of the prox that `fbscore.learning.branch_and_bound.kinks` encloses.  With the adjoint
states ``a_N = ∇ℓ``, ``b_n = D_n a_{n+1}``, ``a_n = (I − hkM)ᵀ b_n`` the derivative with respect to a number ``v``
of layer ``n`` is ``−h⟨b_n, y⟩``, ``y = ∂(kMu_n − bq + sp)/∂v``.  What is enclosed is ``a_n``, within ``δ_n`` of a
centre:

    ``δ_n = ρ_n ‖D_n (a_{n+1} − ã_{n+1}) + (D_n − D̃_n) ã_{n+1}‖ + h |k − k̃| ‖Mᵀ b̃_n‖``,

and the same entry by entry.  A convex loss lies above its tangent at the centre: for a lower bound ``a_N`` may stay
the gradient there, and only the derivatives themselves see it vary over the box.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.learning.branch_and_bound.box_run import Layer
from fbscore.learning.branch_and_bound.factors import Factor, factors
from fbscore.learning.branch_and_bound.kinks import Kinked
from fbscore.learning.branch_and_bound.layer_boxes import Groups, LayerBoxes
from fbscore.learning.branch_and_bound.loss_bounds import Gradient
from fbscore.learning.branch_and_bound.reach import Radii, Reach, Spread, States
from fbscore.learning.branch_and_bound.system import System

__all__ = ["SlopeBounds", "slope_bounds"]

Derivatives = Float[Tensor, "boxes P"]


class SlopeBounds(NamedTuple):
    """Every derivative with respect to ``x`` over the box is within ``radius`` of ``middle``; those of the tangent
    of the loss at the centre, and of the penalties, are within ``tangent_radius``."""

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
        Of the loss at the last states.

    Returns
    -------
    SlopeBounds
    """
    h, unit = 1.0 / len(layers), own.unit
    adjoint, bend = end.value, Reach(end.radius, end.entries)
    delta = Reach.ball(end.noise, adjoint)
    found = adjoint.new_zeros(3, adjoint.shape[0], boxes.k.shape[1], 3)
    lost = (adjoint.shape[-1] + adjoint.shape[1] + len(layers) + 32) * unit
    up = 1.0 + 32 * unit
    for layer in reversed(layers):
        j, D = layer.group, layer.slopes
        assert D is not None
        back, slack = D.middle * adjoint, D.radius * adjoint.abs()
        size = linalg.norm(back)
        kept = delta.scaled(D.largest)
        delta, bend = kept.plus(linalg.norm(slack), slack).tight(), bend.scaled(D.largest).tight()
        k, wide = boxes.k[:, j, None, None], boxes.moves[0][:, j].abs().amax(-1)[:, None]
        pulled = back @ own.M
        for i, y in enumerate(factors(own, form, of.kind, boxes, layer, back, pulled)):
            found[0, :, j, i] -= h * (back * y.centre).sum(-1).mean(1)
            off = _off(y, slack, kept, delta) + lost * size * linalg.norm(y.centre)
            found[1, :, j, i] += h * off.mean(1)
            found[2, :, j, i] += h * bend.along(y.centre.abs() + y.off).mean(1)
        noise = lost * ((1.0 + h * k.squeeze(-1).abs() * own.M_size) * (size + linalg.norm(adjoint)))
        move = (h * wide * linalg.norm(pulled) + noise, h * wide[..., None] * pulled.abs() + noise[..., None])
        delta = spread.back(delta, j).plus(*move).tight().scaled(up)
        bend = spread.back(bend, j).tight().scaled(up)
        adjoint = back - h * k * pulled
    tracks = [track.coefficients for track in of.tracks]
    up = 1.0 + 64 * unit * (len(of.counts) + 8)
    middle, tangent, bent = (
        sum((part[..., i] @ x for i, x in enumerate(chain)), torch.zeros_like(part[:, 0, :1]))
        for part, chain in zip(found, (tracks, [x.abs() for x in tracks], [x.abs() for x in tracks]), strict=True)
    )
    return SlopeBounds(middle, up * (tangent + bent), up * tangent)


def _off(y: Factor, slack: States, kept: Reach, delta: Reach) -> Radii:
    r"""A bound on ``|⟨b, y⟩ − ⟨b̃, ỹ⟩|``.

    ``b − b̃ = D(a − ã) + (D − D̃)ã``, the first within ``kept``, both within ``delta``.
    """
    return kept.along(y.centre) + (slack * y.centre.abs()).sum(-1) + y.along + delta.along(y.off)
