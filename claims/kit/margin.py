r"""Margins: both sides of an inequality with two uncertainties, and the decision they allow.

With excess = left − right an instance is

* **held** if excess ≤ rounding − certified,
* **violated** if excess > rounding + certified,
* **undecided** otherwise.

``rounding`` forgives round-off; ``certified`` is the radius of something enclosed and forgives nothing: what
it leaves open is undecided, never held.  A held instance is also **tied** where |excess| ≤ rounding although
the sides stand out of the round-off: sharp inequalities tie exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from claims.kit.arithmetic import Array, is_ball, norm, zeros
from claims.kit.series import Series

#: A term of a bound counts as sharp where it reaches this share of it, alone; the bound with the term times
#: this factor must then be refuted.
SHARP = 0.99


#: A ball that is wider than this, relative to its size, decides nothing that float64 did not.
RESOLUTION = 2.0**-60


@dataclass(frozen=True)
class Margin:
    """Both sides of an inequality, for every instance and position.

    Shapes: ``left``, each of ``terms``, ``rounding`` and ``certified`` are (batch,) or (batch, positions);
    the right side is the sum of the terms.  ``series`` decides nothing: a claim of convergence hands over
    what its rate is measured from.
    """

    left: Array
    terms: Mapping[str, Array]
    rounding: Array
    certified: Array
    series: Series | None = None

    @property
    def right(self) -> Array:
        """Sum of the terms."""
        values = list(self.terms.values())
        return sum(values[1:], start=values[0])


@dataclass(frozen=True)
class Decision:
    """What margins decide; every field has the shape (batch,).

    ``ratio`` is the largest left/right over positions whose right side exceeds the uncertainty (NaN where
    there is none); what exceeds 1 by round-off alone counts as 1.  ``alone``, ``alone_ratio`` and ``refuted``
    tell for each term whether it makes up the right side at some position, the largest ratio there, and
    whether the bound with that term times `SHARP` is violated there.  ``used`` is the largest share of the
    rounding that a positive excess takes up: 1 is as much as the model allows.
    """

    held: torch.Tensor
    tied: torch.Tensor
    violated: torch.Tensor
    undecided: torch.Tensor
    ratio: torch.Tensor
    alone: dict[str, torch.Tensor]
    alone_ratio: dict[str, torch.Tensor]
    refuted: dict[str, torch.Tensor]
    used: torch.Tensor


def at_most(
    left: Array,
    right: Array | Mapping[str, Array],
    rounding: Array,
    certified: Array | None = None,
    series: Series | None = None,
) -> Margin:
    """Return the margin of ``left <= right``.

    Parameters
    ----------
    left : (batch,) or (batch, positions)
    right : array of that shape, or the named terms whose sum it is
    rounding : array of that shape
        From `claims.kit.rounding`.
    certified : array of that shape, optional
        Radius of what was enclosed; 0 if nothing was.
    series : Series, optional
        The gap of every instance at several depths, for the evidence; its first axis is that of ``left``.

    Raises
    ------
    ValueError
        If a shape is another one.
    """
    terms = dict(cast("Mapping[str, Array]", right)) if isinstance(right, Mapping) else {"right": right}
    certified = zeros(left, left.shape) if certified is None else certified
    given: dict[str, Array] = {
        "rounding": rounding,
        "certified": certified,
        **{f"term {k}": v for k, v in terms.items()},
    }
    for name, value in given.items():
        if tuple(value.shape) not in (tuple(left.shape), tuple(left.shape[:1])):
            wanted = f"the shape of left, {tuple(left.shape)}, or one number an instance"
            raise ValueError(f"{name}: expected {wanted}, got {tuple(value.shape)}")
    if series is not None and (got := int(series.gap.shape[0])) != int(left.shape[0]):
        raise ValueError(f"series: expected {left.shape[0]} instances, as left has, got {got}")
    return Margin(left, terms, rounding, certified, series)


def equals(value: Array, expected: Array, rounding: Array, certified: Array | None = None) -> Margin:
    """Return the margin of ``value = expected``: their distance over the last axis is at most zero."""
    gap = norm(value - expected)
    return at_most(gap, {"zero": zeros(gap, gap.shape)}, rounding, certified)


def encloses(
    center: Array, radius: Array, value: Array, rounding: Array, certified: Array | None = None
) -> Margin:
    """Return the margin of ``|value - center| <= radius``, for an enclosure that claims to hold ``value``.

    ``certified`` is the uncertainty of ``value`` itself.
    """
    return at_most(abs(value - center), {"radius": radius}, rounding, certified)


def attained(value: Array, bound: Array, rounding: Array, certified: Array | None = None) -> Margin:
    """Return the margin of ``value >= bound``: a supremum that is claimed to be reached."""
    return at_most(bound, {"value": value}, rounding, certified)


def positions(x: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Return ``x``, of ``shape`` or with one number an instance, as (batch, positions)."""
    aligned = x.reshape(*x.shape, *(1 for _ in shape[x.dim() :]))
    return aligned.expand(shape).reshape(shape[0], math.prod(shape[1:]))


def decide(margin: Margin) -> Decision:
    """Decide every instance of a batch; NaN anywhere is a violation, for no bound allows it."""
    if is_ball(margin.left):
        raise TypeError("margin: expected float64 tensors, got ball arithmetic (use decide_ball)")
    shape = margin.left.shape
    left = positions(margin.left, shape)
    terms = {name: positions(term, shape) for name, term in margin.terms.items()}
    rounding, certified = positions(margin.rounding, shape), positions(margin.certified, shape)
    rounding = torch.where(rounding.isinf(), 0.0, rounding)  # an overflow is not round-off
    right = sum(list(terms.values())[1:], start=next(iter(terms.values())))
    excess = left - right
    violated = (~(excess <= rounding + certified)).any(1)
    held = (excess <= rounding - certified).all(1) & ~violated
    stands_out = right > rounding + certified
    tied = held & ((excess.abs() <= rounding) & stands_out).any(1)
    ratio = torch.where(stands_out, left / right, torch.nan)
    ratio = torch.where(excess <= rounding, ratio.clamp(max=1.0), ratio)
    alone: dict[str, torch.Tensor] = {}
    alone_ratio: dict[str, torch.Tensor] = {}
    refuted: dict[str, torch.Tensor] = {}
    for name, term in terms.items():
        single = stands_out & (right - term <= rounding)
        lowered = excess + (1 - SHARP) * term > rounding + certified
        alone[name] = single.any(1)
        alone_ratio[name] = _largest(torch.where(single, ratio, torch.nan))
        refuted[name] = (single & lowered).any(1)
    used = torch.where(rounding > 0, excess.clamp(min=0) / rounding, 0.0).amax(1)
    return Decision(
        held, tied, violated, ~held & ~violated, _largest(ratio), alone, alone_ratio, refuted, used
    )


def _largest(values: torch.Tensor) -> torch.Tensor:
    """Return the largest number along axis 1; NaN where there is none."""
    best = torch.where(values.isnan(), -torch.inf, values).amax(1)
    return torch.where(best.isneginf(), torch.nan, best)


def decide_ball(margin: Margin) -> str:
    """Decide a margin in ball arithmetic, all positions together.

    Returns
    -------
    str
        ``violated`` if at some position left > right for certain; ``held`` if at every position
        left ≤ right for certain; ``tied`` if neither and every open position contains an exact tie within
        less than float64 resolves; ``undecided`` if a ball came out wider than that.
    """
    left = margin.left.reshape(-1)
    right = np.broadcast_to(margin.right, margin.left.shape).reshape(
        -1
    )  # one number for all positions, or each
    excess = [(x - y, abs(x) + abs(y)) for x, y in zip(left, right, strict=True)]
    if any(bool(gap > 0) for gap, _ in excess):
        return "violated"
    still_open = [(gap, size) for gap, size in excess if not gap <= 0]
    if any(gap.is_nan() for gap, _ in still_open):
        return "undecided"
    if any(gap.rad() > RESOLUTION * (1 + size.mid()) for gap, size in still_open):
        return "undecided"
    return "tied" if still_open else "held"
