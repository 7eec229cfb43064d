r"""The penalties of the controls over boxes of parameters, and their gradients.

``‖θ_i‖ = F_i (mean over the layers of v_i²)^{1/2}`` with ``F_i`` the Frobenius norm of the fixed matrix.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.learning.branch_and_bound.box_slopes import SlopeBounds
from fbscore.learning.branch_and_bound.layer_boxes import Groups, LayerBoxes
from fbscore.learning.branch_and_bound.penalty_forms import Form, Norm, Radial, form_of
from fbscore.learning.objective import Learning
from fbscore.learning.penalties import Penalty
from fbscore.learning.pieces import Pieces

__all__ = ["PenaltyBounds", "penalty_bounds", "sizes"]

Numbers = Float[Tensor, "boxes"]


class PenaltyBounds(NamedTuple):
    r"""``α r_W + β r_τ + γ r_λ``.

    ``least`` over each box, ``lower`` and ``upper`` at its centre, up to round-off; ``slopes`` over the box,
    ``None`` where a penalty has no gradient.
    """

    least: Numbers
    lower: Numbers
    upper: Numbers
    slopes: SlopeBounds | None


def sizes(pieces: Pieces) -> tuple[float, float, float]:
    """``F_i``."""
    first = float(linalg.norm(pieces.W0.flatten()))
    return first, 1.0 if pieces.C is None else float(linalg.norm(pieces.C.flatten())), 1.0


def penalty_bounds(
    learning: Learning, of: Groups, boxes: LayerBoxes, F: tuple[float, float, float]
) -> PenaltyBounds:
    """Bound the sum of the weighted penalties."""
    zero = torch.zeros_like(boxes.k[0])
    least, lower, upper, size = zero, zero, zero, zero
    P = of.tracks[0].coefficients.shape[1]
    none = zero.unsqueeze(-1).expand(-1, P)
    slopes: SlopeBounds | None = SlopeBounds(none, none, none)
    share = of.counts.to(zero) / of.layers
    relative = 64 * torch.finfo(zero.dtype).eps * (len(share) + 8)
    for i, penalty in enumerate(learning.penalties):
        weight = float(learning.weights[0, i])
        if weight == 0.0:
            continue
        at, low, high = (x[i].mT for x in (boxes.values, boxes.low, boxes.high))
        form, norm = form_of(penalty), _norm(share, at, low, high, F[i])
        off = penalty.modulus(norm.value, relative * norm.value)
        value = penalty.value(norm.value)
        lowest = _least(penalty, form, norm, relative)
        least = least + weight * (lowest - relative * lowest.abs())
        lower = lower + weight * (value - off)
        upper = upper + weight * (value + off)
        size = size + weight * (value.abs() + off)
        found = _slopes(form, norm, share, (at, 0.5 * (high - low)), of.tracks[i].coefficients, F[i])
        if found is None or slopes is None:
            slopes = None
        else:
            slopes = SlopeBounds(*(x + weight * y for x, y in zip(slopes, found, strict=True)))
    if slopes is not None:
        lost = relative * (slopes.middle.abs() + slopes.radius)
        slopes = SlopeBounds(slopes.middle, slopes.radius + lost, slopes.tangent_radius + lost)
    return PenaltyBounds(least, lower - relative * size, upper + relative * size, slopes)


def _norm(share: Tensor, value: Tensor, low: Tensor, high: Tensor, F: float) -> Norm:
    """Square means of the values of least and of largest modulus."""
    nearest = torch.relu(torch.maximum(low, -high))
    farthest = torch.maximum(low.abs(), high.abs())
    at, near, far = (F * linalg.norm(share.sqrt() * x) for x in (value, nearest, farthest))
    return Norm(at, near, far)


def _least(penalty: Penalty, form: Form | None, norm: Norm, relative: float) -> Numbers:
    """Of ``r`` over the range of the norm: in closed form where there is one, else from the modulus."""
    low, high = (1.0 - relative) * norm.low, (1.0 + relative) * norm.high
    if form is not None:
        return form.least(low, high)
    middle = 0.5 * (low + high)
    value, off = penalty.value(middle), penalty.modulus(middle, (1.0 + relative) * 0.5 * (high - low))
    return value - off - relative * (value.abs() + off)


def _slopes(
    form: Form | None,
    norm: Norm,
    share: Tensor,
    values: tuple[Tensor, Tensor],
    coefficients: Tensor,
    F: float,
) -> SlopeBounds | None:
    """The gradient of ``r(‖θ_i‖)`` with respect to ``x``, from values at the centre and half their ranges."""
    if form is None or form.slopes is None:
        return None
    weighted = F * F * share.unsqueeze(-1) * coefficients
    most = F * linalg.norm((share.sqrt().unsqueeze(-1) * coefficients).mT)
    return form.slopes(Radial(norm, values[0] @ weighted, values[1] @ weighted.abs(), most))
