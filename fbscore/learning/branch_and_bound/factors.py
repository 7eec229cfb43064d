r"""What the derivatives of a layer with respect to ``v¹, v², v³`` are taken along.

``y = ∂(kMu − bq + sp)/∂v``: FBS ``τz, wz + λp, τp``, ALISTA ``τz, wz, p``, LISTA ``−q, Mu, p``, ``z = Mu − q``.
"""

from typing import NamedTuple

import torch

from fbscore.learning.branch_and_bound.box_run import Layer
from fbscore.learning.branch_and_bound.kinks import Kinked
from fbscore.learning.branch_and_bound.layer_boxes import LayerBoxes
from fbscore.learning.branch_and_bound.reach import Radii, Reach, States
from fbscore.learning.branch_and_bound.system import System

__all__ = ["Factor", "Part", "factors"]


class Part(NamedTuple):
    r"""One of the vectors ``z`` or ``p`` that factors are made of.

    ``centre``; ``off`` with ``|y_i − ỹ_i| <= off_i`` all over the box where the prox does not rest; ``along``
    (boxes, samples), no less than ``|⟨b̃, y − ỹ⟩|`` for the adjoint ``b̃`` of the centre.
    """

    centre: States
    off: States
    along: Radii


class Factor(NamedTuple):
    """``y``, as sums of parts times numbers of the layer (all of them (boxes, 1, 1))."""

    centre: States
    off: States
    along: Radii


def parts(own: System, form: Kinked, layer: Layer, back: States, pulled: States) -> tuple[Part, Part]:
    """``Mu`` and ``p``."""
    D, reach = layer.slopes, layer.before_reach
    assert D is not None
    turned = torch.minimum(reach.entries @ own.M.abs().mT, own.M_norm * reach.norm.unsqueeze(-1))
    # ⟨b, Mδ⟩ = ⟨Mᵀb, δ⟩, which is small where the layers contract.
    product = Part(layer.product, turned, reach.along(pulled))
    # Where the sign is not certain the centre leaves w_i sign out.
    off = form.r * layer.after_reach.entries + form.w * ((D.sign == 0) & ~D.resting)
    p = Part(form.w * D.sign + form.r * layer.after, off, (back.abs() * off).sum(-1))
    return product, p


def factors(
    own: System, form: Kinked, kind: str, boxes: LayerBoxes, layer: Layer, back: States, pulled: States
) -> tuple[Factor, Factor, Factor]:
    """``y`` for ``v¹, v², v³``."""
    j = layer.group
    product, p = parts(own, form, layer, back, pulled)
    if kind == "lista":
        constant = -own.q.expand_as(layer.product)
        zero = torch.zeros_like(constant)
        return Factor(constant, zero, zero[..., 0]), Factor(*product), Factor(*p)
    z = product._replace(centre=layer.product - own.q)

    def times(i: int, y: Part) -> Factor:
        at, low, high = (x[i][:, j, None, None] for x in (boxes.values, boxes.low, boxes.high))
        most, wide = torch.maximum(low.abs(), high.abs()), torch.maximum(high - at, at - low)
        along = (back * y.centre).sum(-1).abs()
        return Factor(
            at * y.centre,
            most * y.off + wide * y.centre.abs(),
            most.squeeze(-1) * y.along + wide.squeeze(-1) * along,
        )

    first, second = times(1, z), times(0, z)
    if kind == "alista":
        return first, second, Factor(*p)
    more = times(2, p)
    return first, Factor(*(x + y for x, y in zip(second, more, strict=True))), times(1, p)
