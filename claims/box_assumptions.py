r"""Assumptions on boxes of a few parameters, over which minima are enclosed.

As in `claims.assumptions`, a predicate reads the raw data of a batch and returns one truth value an instance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from claims import box_constants, set_assumptions
from claims.data_assumptions import APPROACHING
from claims.kit.box_instances import BoxProblem
from claims.kit.claim import Assumption
from claims.kit.instances import Lista

__all__ = ["APPROACHING", "BOX", "MEMBERS", "MODERATE"]

#: How much a limit in a box may stretch distances at most.
STRETCH = 2.0**6


def _box(p: Any) -> BoxProblem:
    return p if isinstance(p, BoxProblem) else p.box


def _compact(p: Any) -> torch.Tensor:
    """Decide that low ≤ high are finite, and that the point that is given lies between them."""
    p = _box(p)
    finite = p.low.isfinite() & p.high.isfinite()
    inside = (p.low <= p.known) & (p.known <= p.high)
    varies = (box_constants.variation(p.known) <= p.variation).all(1)
    return (finite & inside).flatten(1).all(1) & varies


def _members(p: Any) -> torch.Tensor:
    """Decide that the least factors, and the unit controls, make steps and weights τ, λ ≥ 0."""
    p = _box(p)
    first = p.problem.sequence.first
    names = (2,) if isinstance(first, Lista) else (1, 2)
    units = [first.lam] if isinstance(first, Lista) else [first.tau, first.lam]
    verdict = torch.stack([(p.low[:, i] >= 0).all(1) for i in names]).all(0)
    return verdict & torch.stack([(x >= 0).all(1) for x in units]).all(0)


def _moderate(p: Any) -> torch.Tensor:
    p = _box(p)
    stretch = box_constants.stretches(p)
    return (stretch.reshape(p.size, p.problem.samples) <= STRETCH).all(1)


BOX = Assumption(
    "box",
    "Θ is nonempty, bounded, closed and equi-continuous: finitely many parameters, each in a closed interval",
    _compact,
    "intervals without an end",
    untestable="the form of Θ whose minima can be enclosed; what other sets may lack see closed and bounded",
)
MEMBERS = Assumption(
    "members", "every member of Θ has steps and weights τ, λ ≥ 0", _members, "factors below 0"
)
MODERATE = replace(
    set_assumptions.MODERATE,
    text="no limit in Θ stretches distances over 2^6 times (not of the theorem: so far minima are enclosed)",
    predicate=_moderate,
)
