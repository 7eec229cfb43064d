r"""What the derivatives of a layer with respect to ``v¹, v², v³`` are taken along.

``y = ∂(kMu − bq + sp)/∂v`` with ``z = Mu − q``: FBS ``τz, wz + λp, τp``, ALISTA ``τz, wz, p``, LISTA
``−q, Mu, p``.
"""

from typing import NamedTuple

import torch

from fbscore.learning.branch_and_bound.box_run import Layer
from fbscore.learning.branch_and_bound.kinks import Kinked
from fbscore.learning.branch_and_bound.layer_boxes import LayerBoxes
from fbscore.learning.branch_and_bound.reach import Numbers, Radii, States, apply
from fbscore.learning.branch_and_bound.system import System
from fbscore.shapes import Scalars

__all__ = ["Adjoint", "Factor", "Sizes", "factors", "number_sizes"]


class Adjoint(NamedTuple):
    """``b̃``, ``Mᵀb̃`` and ``|b̃|`` of the centre."""

    back: States
    pulled: States
    size: States


class Factor(NamedTuple):
    r"""``y`` of the centre, of any other point of the box, and along the adjoint.

    ``|y_i − ỹ_i| <= off_i`` all over the box where the prox does not rest; ``product`` is ``⟨b̃, ỹ⟩`` and
    ``along`` no less than ``|⟨b̃, y − ỹ⟩|``.
    """

    centre: States
    off: States
    product: Radii
    along: Radii

    def times(self, at: Scalars, most: Scalars, wide: Scalars) -> "Factor":
        """``v y`` with ``v`` within ``wide`` of ``at`` and at most ``most`` in modulus."""
        return Factor(
            at * self.centre,
            most * self.off + wide * self.centre.abs(),
            at * self.product,
            most * self.along + wide * self.product.abs(),
        )

    def plus(self, other: "Factor") -> "Factor":
        """The sum."""
        return Factor(*(x + y for x, y in zip(self, other, strict=True)))


class Sizes(NamedTuple):
    """The largest ``|v|`` and the largest ``|v − ṽ|`` of ``v¹, v², v³``, each (groups, boxes)."""

    most: tuple[Numbers, ...]
    wide: tuple[Numbers, ...]


def number_sizes(boxes: LayerBoxes) -> Sizes:
    """Of the numbers of the layers."""
    ends = list(zip(boxes.values, boxes.low, boxes.high, strict=True))
    most = tuple(torch.maximum(low.abs(), high.abs()) for _, low, high in ends)
    return Sizes(most, tuple(torch.maximum(high - at, at - low) for at, low, high in ends))


def factors(
    own: System, form: Kinked, kind: str, boxes: LayerBoxes, sizes: Sizes, layer: Layer, adjoint: Adjoint
) -> tuple[Factor, Factor, Factor]:
    """``y`` for ``v¹, v², v³``."""
    p, j = _subgradient(form, layer, adjoint), layer.group
    if kind == "lista":
        zero = torch.zeros_like(layer.product)
        constant = -own.q.expand_as(zero)
        data = Factor(constant, zero, (adjoint.back * constant).sum(0), zero[0])
        return data, _along(own, layer, adjoint, layer.product), p
    z = _along(own, layer, adjoint, layer.product - own.q)
    (w, tau, lam), most, wide = boxes.values, sizes.most, sizes.wide
    first, second = z.times(tau[j], most[1][j], wide[1][j]), z.times(w[j], most[0][j], wide[0][j])
    if kind == "alista":
        return first, second, p
    more = p.times(lam[j], most[2][j], wide[2][j])
    return first, second.plus(more), p.times(tau[j], most[1][j], wide[1][j])


def _along(own: System, layer: Layer, adjoint: Adjoint, y: States) -> Factor:
    """``Mu``, or that plus a constant: ``⟨b, Mδ⟩ = ⟨Mᵀb, δ⟩``, which is small where the layers contract."""
    reach = layer.before_reach
    off = torch.minimum(apply(own.M.abs(), reach.entries), own.M_norm * reach.norm)
    return Factor(y, off, (adjoint.back * y).sum(0), reach.along(adjoint.pulled))


def _subgradient(form: Kinked, layer: Layer, adjoint: Adjoint) -> Factor:
    """``p``, of which the centre leaves ``w_i sign`` out where the sign is not certain."""
    D = layer.slopes
    assert D is not None
    centre = form.w * D.sign + form.r * layer.after
    off = form.r * layer.after_reach.entries + form.w * ((D.sign == 0) & ~D.resting)
    return Factor(centre, off, (adjoint.back * centre).sum(0), (adjoint.size * off).sum(0))
