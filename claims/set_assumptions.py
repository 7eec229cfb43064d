r"""Assumptions on finite sets Θ of controls and on their projections Θ^N, and those on every member of Θ.

As in `claims.assumptions`, a predicate reads the raw data of a batch and returns one truth value an instance.
Whether two controls are equal is decided exactly, see `claims.argmin_constants`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from claims import admissible_constants, argmin_constants, assumptions, convergence_constants, limit_constants
from claims.kit.claim import Assumption
from claims.kit.compact_instances import CompactSequence
from claims.kit.convergence_instances import ControlSequence, LearningSequence, controls
from claims.kit.image_instances import ImageProblem
from claims.kit.instances import AnyNetwork


def learning(p: Any) -> LearningSequence:
    """Return the learning problem behind an instance, its members those of Θ."""
    return p.learning if hasattr(p, "learning") else p.problem


def on_the_problem(assumption: Assumption) -> Assumption:
    """Return the assumption, decided on the learning problem behind an instance."""
    return replace(assumption, predicate=lambda p: assumption.predicate(learning(p)))


def _moderate(p: Any) -> torch.Tensor:
    sequence = learning(p).sequence
    found = [
        limit_constants.stretch(convergence_constants.function(sequence, j)) <= 2.0**10
        for j in range(len(sequence.frequencies))
    ]
    return torch.stack(found).all(0)


def _members(p: Any) -> torch.Tensor:
    """Decide τ, λ ≥ 0 for every member of Θ and of Θ^N."""
    verdict = assumptions.MEMBERS.predicate(learning(p))
    return verdict & assumptions.MEMBERS.predicate(p.images) if isinstance(p, ImageProblem) else verdict


def _onto(relation: torch.Tensor) -> torch.Tensor:
    """Return whether every member of Θ^N, axis 1, is related to one of Θ, axis 2, (batch,)."""
    return (relation > 0).any(2).all(1)


def _at_every_depth(p: ImageProblem, decide: Callable[[ImageProblem, int], torch.Tensor]) -> torch.Tensor:
    return torch.stack([decide(p, cells) for cells in p.layers]).all(0)


def _image(p: ImageProblem) -> torch.Tensor:
    """Decide Θ^N = P_N(Θ), both ways."""

    def both(p: ImageProblem, cells: int) -> torch.Tensor:
        fibres = argmin_constants.fibres(p, cells)
        return _onto(fibres) & _onto(fibres.mT)

    return _at_every_depth(p, both)


def _extended(p: ImageProblem) -> torch.Tensor:
    return _at_every_depth(p, lambda p, cells: _onto(argmin_constants.members(p, cells)))


def _equicontinuous(p: ImageProblem) -> torch.Tensor:
    bounded = argmin_constants.sizes(p.sequence) <= p.bound
    varies = argmin_constants.variations(p.sequence) <= p.variation
    return (bounded & varies).all(1)


A1, A2, A3, A4, A5, BOUNDED, CLOSED = (
    on_the_problem(assumption)
    for assumption in (
        assumptions.A1,
        assumptions.A2,
        assumptions.A3,
        assumptions.A4,
        assumptions.A5,
        assumptions.BOUNDED,
        assumptions.CLOSED,
    )
)
MODERATE = replace(
    assumptions.MODERATE,
    text="no limit in Θ stretches distances over 2^10 times (not of the theorem: so far the oracle is sure)",
    predicate=_moderate,
)
MEMBERS = Assumption(
    "members",
    "every member of Θ and Θ^N has steps and weights τ, λ ≥ 0",
    _members,
    "oscillations larger than θ",
    untestable=assumptions.MEMBERS.untestable,
)
IMAGE = Assumption(
    "image",
    "Θ^N = P_N(Θ) for every depth N",
    _image,
    "Θ^N with controls that are no projection from Θ, or without some that are",
)
EXTENDED = Assumption(
    "extended",
    "E_N(Θ^N) ⊂ Θ for every depth N",
    _extended,
    "λ = a t, whose extensions are steps; ½ + a r_1, of which the network sees ½",
)
EQUICONTINUOUS = Assumption(
    "equi-continuous",
    "Θ is equi-continuous in L²: its members are bounded by M and have total variation at most V",
    _equicontinuous,
    "Rademacher functions, whose variation grows without bound",
)


# ---------------------------------------------------------------- sequences of controls, for existence


def _sequence(p: Any) -> ControlSequence:
    return p if isinstance(p, ControlSequence) else p.sequence


def _convergent(p: Any) -> torch.Tensor:
    """Decide ‖θ^k − θ‖ ≤ rate_k and rate_k ≤ rate_1 k^{-1/8} for every member and control."""
    p = _sequence(p)
    fall = p.rates.new_tensor([k**-0.125 for k in range(1, len(p.depths) + 1)])
    near = convergence_constants.distances(p) <= p.rates
    falling = p.rates <= p.rates[:, :1] * fall[:, None]
    return (near & falling).flatten(1).all(1)


def _between(p: Any) -> torch.Tensor:
    """Decide that the last member θ + s(ϑ − θ) lies between the others."""
    points, last = _sequence(p).scales[:, :-1], _sequence(p).scales[:, -1]
    along = not any(_sequence(p).frequencies)
    return (points.amin(1) <= last) & (last <= points.amax(1)) & along


CONVERGENT = Assumption(
    "convergent",
    "θ^k → θ: the distances in L² are at most the stated rates, which fall at least as k^-1/8",
    _convergent,
    "θ + s r_k(ϑ − θ) with Rademacher functions r_k, which converge weakly only",
)
BETWEEN = Assumption(
    "bounded",
    "Θ^N is bounded: here the part of a line that finitely many of its members cover",
    _between,
    "λ ≥ 0 without an upper end: no finite net covers it",
)


# ---------------------------------------------------------------- sets of functions, for the limit


def _functions(p: CompactSequence) -> list[AnyNetwork]:
    """Return θ and the members of the sequence."""
    members = [convergence_constants.function(p.sequence, j) for j in range(len(p.sequence.depths))]
    return [p.sequence.first, *members]


def _in_the_boxes(p: CompactSequence) -> torch.Tensor:
    found = [
        ((p.low[:, i, None] <= entries) & (entries <= p.high[:, i, None])).all(1)
        for theta in _functions(p)
        for i, entries in enumerate(x.flatten(1) for x in controls(theta))
    ]
    return torch.stack(found).all(0)


def _varies_little(p: CompactSequence) -> torch.Tensor:
    found = [
        admissible_constants.variation(values) <= p.variation[:, i]
        for theta in _functions(p)
        for i, values in enumerate(controls(theta))
    ]
    return torch.stack(found).all(0)


IN_BOXES = Assumption(
    "bounded",
    "Θ is bounded in L^∞: its members, and their limits, have entries between low and high",
    _in_the_boxes,
    "controls beyond the bounds",
)
VARIES_LITTLE = Assumption(
    "equi-continuous",
    "Θ is equi-continuous in L²: its members have total variation at most V",
    _varies_little,
    "Rademacher functions, whose variation grows without bound",
)
