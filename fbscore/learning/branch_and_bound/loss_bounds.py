r"""The least a loss can be on a ball, and how its gradient varies there.

``difference`` (\*leading, d) is ``u − u*`` at the centre of the ball.
"""

from functools import singledispatch
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.learning.losses import Huber, Loss, Power

__all__ = ["Ball", "Gradient", "gradient", "highest", "lowest"]

Vectors = Float[Tensor, "*leading d"]
Numbers = Float[Tensor, "*leading"]


class Ball(NamedTuple):
    r"""A ball of radius ``norm`` (\*leading) cut with a box of half-widths ``entries`` (\*leading, d)."""

    norm: Numbers
    entries: Vectors

    @classmethod
    def of(cls, norm: Numbers, like: Vectors) -> "Ball":
        """A ball alone."""
        return cls(norm, norm.unsqueeze(-1).expand_as(like))


class Gradient(NamedTuple):
    r"""A subgradient ``g`` at the centre, up to ``noise``, and bounds on ``g' − g`` on the ball.

    ``g'`` is any gradient there, at kinks any limit of gradients; its norm differs by at most ``radius``,
    its entries by at most ``entries``.  Losses with a gradient are convex.
    """

    value: Vectors
    radius: Numbers
    entries: Vectors
    noise: Numbers

    def boxes_last(self) -> "Gradient":
        """Laid out as the states of a run are."""
        value, entries = (x.permute(2, 1, 0).contiguous() for x in (self.value, self.entries))
        return Gradient(value, self.radius.mT.contiguous(), entries, self.noise.mT.contiguous())


def lowest(loss: Loss, difference: Vectors, ball: Ball) -> Numbers:
    r"""A lower bound of the loss on the ball: not negative, rounded down; NaN where the centre is."""
    relative = _relative(difference)
    # Round-off of a norm, which the difference of two large numbers would show.
    wide = ball.norm + relative * linalg.norm(difference)
    grown = Ball((1.0 + relative) * wide, (1.0 + relative) * (ball.entries + relative * difference.abs()))
    return (1.0 - relative) * torch.relu(_lowest(loss, difference, grown, _value(loss, difference)))


def highest(loss: Loss, difference: Vectors, radius: Numbers) -> Numbers:
    r"""An upper bound of the loss on a ball, rounded up."""
    grown = (1.0 + _relative(difference)) * loss.modulus(difference, radius)
    return (1.0 + _relative(difference)) * (_value(loss, difference) + grown)


@singledispatch
def _lowest(loss: Loss, difference: Vectors, ball: Ball, value: Numbers) -> Numbers:
    """The value minus its modulus, which every loss has."""
    return value - (1.0 + _relative(difference)) * loss.modulus(difference, ball.norm)


@_lowest.register
def _(loss: Power, difference: Vectors, ball: Ball, value: Numbers) -> Numbers:
    r"""The best of ``(‖x‖_p − c norm)₊^p``, ``Σ (|x_i| − entries_i)₊^p`` and the tangent."""
    ratio = difference.shape[-1] ** max(0.0, 1.0 / loss.p - 0.5)
    whole = torch.relu(value ** (1.0 / loss.p) - ratio * ball.norm) ** loss.p
    each = (torch.relu(difference.abs() - ball.entries) ** loss.p).sum(-1)
    slope = loss.p * difference.abs() ** (loss.p - 1.0)
    return torch.maximum(torch.maximum(whole, each), value - _along(slope, ball))


@_lowest.register
def _(loss: Huber, difference: Vectors, ball: Ball, value: Numbers) -> Numbers:
    """The better one of the tangent and the entries one by one."""
    each = _value(loss, torch.relu(difference.abs() - ball.entries))
    return torch.maximum(each, value - _along(_huber_slope(loss, difference), ball))


def _along(slope: Vectors, ball: Ball) -> Numbers:
    """The largest decrease of a linear function on the ball."""
    return torch.minimum(linalg.norm(slope) * ball.norm, (slope.abs() * ball.entries).sum(-1))


@singledispatch
def gradient(loss: Loss, difference: Vectors, reach: Ball) -> Gradient | None:
    """The gradient and how it varies within ``reach``; ``None`` for a loss that may have none."""
    return None


@gradient.register
def _(loss: Power, difference: Vectors, reach: Ball) -> Gradient | None:
    p, size, off = loss.p, difference.abs(), reach.entries
    if p == 1.0:
        flips = torch.where(size > off, 0.0, 1.0 + difference.sign().abs())
        return Gradient(difference.sign(), linalg.norm(flips), flips, torch.zeros_like(reach.norm))
    value = p * size ** (p - 1.0) * difference.sign()
    if p >= 2.0:
        # Lipschitz, entry by entry: p(p − 1) times the largest |x_i|^{p−2}.
        steep = p * (p - 1.0) * (size + off) ** (p - 2.0)
        return _raised(value, steep.amax(-1) * reach.norm, steep * off)
    # |x|^{p−1} sign x is Hölder continuous with the constant 2^{2−p}, and Lipschitz away from 0.
    hoelder = p * 2.0 ** (2.0 - p) * off ** (p - 1.0)
    smooth = p * (p - 1.0) * torch.relu(size - off) ** (p - 2.0) * off
    entries = torch.where(size > off, torch.minimum(smooth, hoelder), hoelder)
    return _raised(value, linalg.norm(entries), entries)


@gradient.register
def _(loss: Huber, difference: Vectors, reach: Ball) -> Gradient | None:
    w = _width(loss, difference)
    entries = torch.where(difference.abs() - reach.entries >= w, 0.0, reach.entries / w)
    return _raised(
        _huber_slope(loss, difference), torch.minimum(linalg.norm(entries), reach.norm / w), entries
    )


def _huber_slope(loss: Huber, difference: Vectors) -> Vectors:
    return (difference / _width(loss, difference)).clamp(-1.0, 1.0)


def _width(loss: Huber, like: Tensor) -> Tensor:
    """The width of a problem that is alone in its batch."""
    return torch.as_tensor(loss.width, dtype=like.dtype, device=like.device).reshape(())


def _raised(value: Vectors, radius: Numbers, entries: Vectors) -> Gradient:
    relative = _relative(value)
    noise = relative * linalg.norm(value)
    return Gradient(value, (1.0 + relative) * radius, (1.0 + relative) * entries, noise)


def _value(loss: Loss, difference: Vectors) -> Numbers:
    return loss.value(difference, torch.zeros_like(difference))


def _relative(difference: Vectors) -> float:
    """Relative round-off of a loss, of its modulus and of its gradient."""
    return (4 * difference.shape[-1] + 32) * torch.finfo(difference.dtype).eps
