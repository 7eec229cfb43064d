"""Samplers of training problems whose data move: the stated distributions, and what attains the bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch

from claims.families import finite_problems, systems
from claims.families.perturbed_problems import (
    corners,
    corners_of_limits,
    driven,
    first_and_last,
    in_turn,
    labelled,
    moving,
    on_a_segment,
    started,
    volume,
)
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.sampling import Batch, Sampler, Source, portions
from claims.learning_constants import LOSSES

DISTRIBUTION = (
    f"{finite_problems.DISTRIBUTION} But Θ has 2 to 5 members. The data are moved in u0, f or the labels "
    "alone, in all of them by a gaussian relative change of size 2^-k, k in 0…8 (labels by an absolute one), "
    "or to data drawn afresh; of the way there the problems go the shares 4^-k, k in 0…3, or 1, 1/2, 1/4, "
    "1/8, or 3^-k. Corners in which one term of the modulus stands alone, with samples of three sizes, 0 "
    "among them, and two members on both sides of the label; members that are all minimisers; the same data."
)

FEWER = "Here θ has 1 or 2 cells; 2 or 3 members, 1 or 2 samples and two shares."

#: Of problems whose limits are solved.
SMALL: dict[str, tuple[int, ...]] = {"depths": (1,), "sizes": (2, 2, 3), "counts": (1, 1, 2), "cells": (1, 2)}


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, problem = volume(source, count)
        yield Batch(problem, family, independent=True)
    for family, problem, terms in corners(source):
        yield Batch(problem, family, independent=False, attains=terms)


def problems() -> Sampler:
    """Return the sampler of training problems whose data move."""
    return Sampler(DISTRIBUTION, draw)


def draw_with_limits(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws of up to three members, then the corners."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, problem = volume(source, count, **SMALL)
        yield Batch(first_and_last(problem), family, independent=True)
    for family, problem, terms in corners_of_limits(source):
        yield Batch(first_and_last(problem), family, independent=False, attains=terms)


def problems_with_limits() -> Sampler:
    """Return the sampler of smaller problems, whose limits are solved."""
    return Sampler(f"{DISTRIBUTION} {FEWER}", draw_with_limits)


# ---------------------------------------------------------------- on a segment


def draw_on_segments(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws whose members lie on a segment, then those that attain the bound."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, problem = volume(source, count)
        yield Batch(on_a_segment(problem), family, independent=True)
    for system in systems.MAKERS:
        family, problem, terms = in_turn(source, system)
        yield Batch(problem, family, independent=False, attains=terms)


def draw_limits_on_segments(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` smaller ones, then one that attains the bound."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, problem = volume(source, count, **SMALL)
        yield Batch(on_a_segment(first_and_last(problem)), family, independent=True)
    family, problem, terms = in_turn(source, source.choice(systems.MAKERS))
    yield Batch(problem, family, independent=False, attains=terms)


def problems_on_segments() -> Sampler:
    """Return the sampler of training problems whose members lie between θ and ϑ."""
    return Sampler(f"{DISTRIBUTION} The members do not oscillate, s_j ≥ 0.", draw_on_segments)


def limits_on_segments() -> Sampler:
    """Return the sampler of smaller ones, whose limits are solved."""
    return Sampler(f"{DISTRIBUTION} The members do not oscillate, s_j ≥ 0. {FEWER}", draw_limits_on_segments)


# ---------------------------------------------------------------- one of the data alone


#: Corners in which one of the data moves alone.
ALONE = {"u0": started, "f": driven, "labels": labelled}


def draw_alone(source: Source, size: int, name: str, *, small: bool = False) -> Iterator[Batch]:
    """Yield ``size`` independent draws in which one of the data moves, then those that attain the bound."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, problem = volume(source, count, **(SMALL if small else {}))
        problem = first_and_last(problem) if small else problem
        yield Batch(moving(problem, name), f"{family}, {name} alone", independent=True)
    for system in (source.choice(systems.MAKERS),) if small else systems.MAKERS:
        family, problem, terms = ALONE[name](source, system, source.choice(LOSSES))
        found = first_and_last(problem)
        yield Batch(found, family, independent=False, attains=terms)
        yield Batch(with_jumps(found), "corner: penalties that jump", independent=False)


def with_jumps(p: PerturbedProblem) -> PerturbedProblem:
    """Return the problem with penalties that are not continuous (A5), the same in all its objectives."""
    weights = torch.ones_like(p.problem.weights)
    return replace(p, problem=replace(p.problem, penalties=("jump", "spike", "spike"), weights=weights))


def alone_moved(name: str, *, small: bool = False) -> Sampler:
    """Return the sampler of training problems in which one of the data moves; smaller ones for the limit."""
    fewer = f" {FEWER}" if small else ""
    words = f"{DISTRIBUTION} Only {name} moves; corners with penalties that jump.{fewer}"
    return Sampler(words, partial(draw_alone, name=name, small=small))
