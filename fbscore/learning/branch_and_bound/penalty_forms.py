r"""What is known in closed form of the package's own penalties: minima, inverses, gradients.

A name is free text: a penalty has a form only if it is one of `penalties.by_name` itself, with the same
functions.  Of any other one no more is known than its modulus.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.learning.branch_and_bound.box_slopes import SlopeBounds
from fbscore.learning.penalties import NAMES, Penalty, by_name

__all__ = ["Form", "Norm", "Radial", "form_of"]

Numbers = Float[Tensor, "boxes"]
Slopes = Float[Tensor, "boxes P"]


class Norm(NamedTuple):
    """A norm at the centre and its range."""

    value: Numbers
    low: Numbers
    high: Numbers


class Radial(NamedTuple):
    r"""The gradient of ``‖θ_i‖²/2`` with respect to ``x`` is within ``half`` of ``numerator``; the norm's is
    at most ``most`` in modulus."""

    norm: Norm
    numerator: Slopes
    half: Slopes
    most: Float[Tensor, "P"]

    def range(self) -> tuple[Slopes, Slopes]:
        """Of the gradient of the norm: numerators over norms."""
        ends = (self.numerator - self.half, self.numerator + self.half)
        bounds = (self.norm.low, self.norm.high)
        stacked = torch.stack([end / bound.unsqueeze(-1) for end in ends for bound in bounds])
        known = (self.norm.low > 0).unsqueeze(-1)
        least = torch.where(known, torch.maximum(stacked.amin(0), -self.most), -self.most)
        return least, torch.where(known, torch.minimum(stacked.amax(0), self.most), self.most)


class Form(NamedTuple):
    r"""A penalty ``r >= 0`` in closed form.

    ``least(low, high)``: its infimum on [low, high]; ``inverse(value)``: the largest ``s`` with
    ``r(s) <= value``; ``slopes``: its gradient with respect to ``x``, ``None`` where there may be none.
    """

    least: Callable[[Numbers, Numbers], Numbers]
    inverse: Callable[[float], float]
    slopes: Callable[[Radial], SlopeBounds] | None


def form_of(penalty: Penalty) -> Form | None:
    """The closed form of a penalty, ``None`` for any but those of `penalties.by_name`."""
    own = penalty.name in NAMES and penalty == by_name(penalty.name)
    return _FORMS[penalty.name] if own else None


def _at_low(name: str) -> Callable[[Numbers, Numbers], Numbers]:
    """The infimum of an increasing penalty."""
    return lambda low, high: by_name(name).value(low)


def _least_kinked(low: Numbers, high: Numbers) -> Numbers:
    return torch.relu(torch.maximum(low - 1.0, 1.0 - high))


def _least_spike(low: Numbers, high: Numbers) -> Numbers:
    """The jump lies above the rest, whose infimum at 0 is not attained."""
    return torch.where(high > 0, low, 1.0)


def _itself(value: float) -> float:
    return value


def _inverse_kinked(value: float) -> float:
    return 1.0 + value


def _unbounded(value: float) -> float:
    return math.inf


def _slopes_same(of: Radial) -> SlopeBounds:
    """Convex: above its tangents."""
    low, high = of.range()
    at = of.norm.value.unsqueeze(-1)
    middle = torch.where(at > 0, of.numerator / torch.where(at > 0, at, 1.0), 0.0)
    return SlopeBounds(middle, torch.maximum(high - middle, middle - low), torch.zeros_like(of.half))


def _slopes_square(of: Radial) -> SlopeBounds:
    """Convex: above its tangents."""
    return SlopeBounds(2.0 * of.numerator, 2.0 * of.half, torch.zeros_like(of.half))


def _slopes_kinked(of: Radial) -> SlopeBounds:
    low, high = of.range()
    largest = torch.maximum(low.abs(), high.abs())
    beyond, within = (of.norm.low > 1.0).unsqueeze(-1), (of.norm.high < 1.0).unsqueeze(-1)
    low, high = (
        torch.where(beyond, low, torch.where(within, -high, -largest)),
        torch.where(beyond, high, torch.where(within, -low, largest)),
    )
    return SlopeBounds(0.5 * (low + high), 0.5 * (high - low), 0.5 * (high - low))


_FORMS: dict[str, Form] = {
    "s": Form(_at_low("s"), _itself, _slopes_same),
    "s^2": Form(_at_low("s^2"), math.sqrt, _slopes_square),
    "kinked": Form(_least_kinked, _inverse_kinked, _slopes_kinked),
    "jump": Form(_at_low("jump"), _unbounded, None),
    "spike": Form(_least_spike, _itself, None),
}
