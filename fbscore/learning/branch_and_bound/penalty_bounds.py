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
from fbscore.learning.objective import Learning
from fbscore.learning.penalties import Penalty
from fbscore.learning.pieces import Pieces

__all__ = ["PenaltyBounds", "penalty_bounds", "sizes"]

Numbers = Float[Tensor, "boxes"]
Slopes = Float[Tensor, "boxes P"]

INCREASING = ("s", "s^2", "jump")


class PenaltyBounds(NamedTuple):
    r"""``α r_W + β r_τ + γ r_λ``.

    ``least`` over each box, ``lower`` and ``upper`` at its centre, up to round-off; ``slopes`` over the box,
    ``None`` where a penalty has no gradient.
    """

    least: Numbers
    lower: Numbers
    upper: Numbers
    slopes: SlopeBounds | None


class _Norm(NamedTuple):
    """A norm at the centre and its range."""

    value: Numbers
    low: Numbers
    high: Numbers


def sizes(pieces: Pieces) -> tuple[float, float, float]:
    """``F_i``."""
    first = float(linalg.norm(pieces.W0.flatten()))
    return first, 1.0 if pieces.C is None else float(linalg.norm(pieces.C.flatten())), 1.0


def penalty_bounds(
    learning: Learning, of: Groups, boxes: LayerBoxes, F: tuple[float, float, float]
) -> PenaltyBounds:
    """Bound the sum of the weighted penalties."""
    zero = torch.zeros_like(boxes.k[0])
    least, lower, upper = zero, zero, zero
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
        norm = _norm(share, at, low, high, F[i])
        off = penalty.modulus(norm.value, relative * norm.value)
        value = penalty.value(norm.value)
        least = least + weight * _least(penalty, norm, relative)
        lower = lower + weight * (value - off)
        upper = upper + weight * (value + off)
        found = _slopes(penalty, norm, share, (at, 0.5 * (high - low)), of.tracks[i].coefficients, F[i])
        if found is None or slopes is None:
            slopes = None
        else:
            slopes = SlopeBounds(*(x + weight * y for x, y in zip(slopes, found, strict=True)))
    if slopes is not None:
        lost = relative * (slopes.middle.abs() + slopes.radius)
        slopes = SlopeBounds(slopes.middle, slopes.radius + lost, slopes.tangent_radius + lost)
    return PenaltyBounds((1.0 - relative) * least, lower, (1.0 + relative) * upper, slopes)


def _norm(share: Tensor, value: Tensor, low: Tensor, high: Tensor, F: float) -> _Norm:
    """Square means of the values of least and of largest modulus."""
    nearest = torch.relu(torch.maximum(low, -high))
    farthest = torch.maximum(low.abs(), high.abs())
    at, near, far = (F * linalg.norm(share.sqrt() * x) for x in (value, nearest, farthest))
    return _Norm(at, near, far)


def _least(penalty: Penalty, norm: _Norm, relative: float) -> Numbers:
    """Of ``r`` over the range of the norm: closed forms where they are known, else from the modulus."""
    low, high = (1.0 - relative) * norm.low, (1.0 + relative) * norm.high
    if penalty.name in INCREASING:
        return penalty.value(low)
    if penalty.name == "kinked":
        return torch.relu(torch.maximum(low - 1.0, 1.0 - high))
    if penalty.name == "spike":
        # The jump lies above the rest, whose infimum at 0 is not attained.
        return torch.where(high > 0, low, 1.0)
    middle = 0.5 * (low + high)
    return penalty.value(middle) - penalty.modulus(middle, (1.0 + relative) * 0.5 * (high - low))


def _slopes(
    penalty: Penalty,
    norm: _Norm,
    share: Tensor,
    values: tuple[Tensor, Tensor],
    coefficients: Tensor,
    F: float,
) -> SlopeBounds | None:
    """The gradient of ``r(‖θ_i‖)`` with respect to ``x``; the convex ones lie above their tangents."""
    if penalty.name not in ("s", "s^2", "kinked"):
        return None
    weighted = F * F * share.unsqueeze(-1) * coefficients
    # Of half the square of the norm.
    numerator, half = values[0] @ weighted, values[1] @ weighted.abs()
    if penalty.name == "s^2":
        return SlopeBounds(2.0 * numerator, 2.0 * half, torch.zeros_like(half))
    most = F * linalg.norm((share.sqrt().unsqueeze(-1) * coefficients).mT)
    low, high = _quotients(numerator - half, numerator + half, norm, most)
    if penalty.name == "s":
        at = norm.value.unsqueeze(-1)
        middle = torch.where(at > 0, numerator / torch.where(at > 0, at, 1.0), 0.0)
        return SlopeBounds(middle, torch.maximum(high - middle, middle - low), torch.zeros_like(half))
    largest = torch.maximum(low.abs(), high.abs())
    beyond, within = (norm.low > 1.0).unsqueeze(-1), (norm.high < 1.0).unsqueeze(-1)
    low, high = (
        torch.where(beyond, low, torch.where(within, -high, -largest)),
        torch.where(beyond, high, torch.where(within, -low, largest)),
    )
    return SlopeBounds(0.5 * (low + high), 0.5 * (high - low), 0.5 * (high - low))


def _quotients(low: Slopes, high: Slopes, norm: _Norm, most: Tensor) -> tuple[Slopes, Slopes]:
    """The range of the gradient of the norm: numerators over norms, and at most ``most`` in modulus."""
    stacked = torch.stack(
        [end / bound.unsqueeze(-1) for end in (low, high) for bound in (norm.low, norm.high)]
    )
    known = (norm.low > 0).unsqueeze(-1)
    least = torch.where(known, torch.maximum(stacked.amin(0), -most), -most)
    return least, torch.where(known, torch.minimum(stacked.amax(0), most), most)
