"""Faults in the windows of Γ-convergence and in what is concluded from them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from claims import gamma_constants as gamma
from claims.kit.arithmetic import Array, largest
from tests.faults.checks import (
    ATTAINED,
    CLUSTERS,
    MINIMA,
    MINIMISERS,
    ONE_LIMIT,
    PERTURBED,
    RECOVERY,
    SEQUENTIAL,
)
from tests.faults.plants import Fault, changed_constant, scaled, with_functions

_gamma = partial(changed_constant, gamma)
_with = partial(with_functions, gamma)
_windows, _least, _level = gamma.windows, gamma.window_minima, gamma.level


def _of_the_node_before(x: Array) -> Array:
    """Give every node what belongs to the one before."""
    return x[..., [-1, *range(x.shape[-1] - 1)]]


def _largest_in_windows(values: Array, near: Array) -> Array:
    return -_least(-values, near)


def _members_alone(p: Any) -> Any:
    """Add the perturbation to the members and not to the limit."""
    return replace(p.sequence, members=p.sequence.members + p.perturbation[:, None])


def _scaled_terms(bound: str, term: str, factor: float) -> Any:
    return _gamma(bound, lambda terms: scaled(terms, term, factor))


TOO_SMALL = (
    Fault("error of the liminf halved", _scaled_terms("liminf_bound", "error", 0.5), (SEQUENTIAL,)),
    Fault(
        "semicontinuity of F dropped from the liminf",
        _scaled_terms("liminf_bound", "semicontinuity", 0.0),
        (SEQUENTIAL,),
    ),
    Fault("error of the recovery halved", _scaled_terms("recovery_bound", "error", 0.5), (RECOVERY,)),
    Fault(
        "recovery within half of its windows",
        _scaled_terms("recovery_bound", "two windows", 0.5),
        (RECOVERY,),
    ),
    Fault("modulus of G halved", _scaled_terms("perturbed_errors", "modulus", 0.5), (PERTURBED,)),
    Fault(
        "error of the perturbed limit halved", _scaled_terms("perturbed_errors", "error", 0.5), (PERTURBED,)
    ),
    Fault("error of the first limit halved", _scaled_terms("crossed_errors", "first", 0.5), (ONE_LIMIT,)),
    Fault("error of the second limit dropped", _scaled_terms("crossed_errors", "second", 0.0), (ONE_LIMIT,)),
    Fault("once the error for twice", _scaled_terms("cluster_bound", "errors", 0.5), (CLUSTERS,)),
    Fault("slack of the minimisers dropped", _scaled_terms("cluster_bound", "slack", 0.0), (CLUSTERS,)),
    Fault(
        "once the error for twice in the level",
        _with(level=lambda p: _level(p) - p.error),
        (MINIMISERS,),
    ),
    Fault("slack of the level dropped", _with(level=lambda p: _level(p) - p.slack), (MINIMISERS,)),
)

TOO_LARGE = tuple(
    Fault(f"{words} 2 % too large", _scaled_terms(bound, term, 1.02), (check,), "loose")
    for words, bound, term, check in (
        ("error of the liminf", "liminf_bound", "error", SEQUENTIAL),
        ("semicontinuity in the liminf", "liminf_bound", "semicontinuity", SEQUENTIAL),
        ("error of the recovery", "recovery_bound", "error", RECOVERY),
        ("two windows of the recovery", "recovery_bound", "two windows", RECOVERY),
        ("modulus of G", "perturbed_errors", "modulus", PERTURBED),
        ("error of the first limit", "crossed_errors", "first", ONE_LIMIT),
        ("error of the second limit", "crossed_errors", "second", ONE_LIMIT),
        ("errors at cluster points", "cluster_bound", "errors", CLUSTERS),
        ("semicontinuity at cluster points", "cluster_bound", "semicontinuity", CLUSTERS),
        ("slack at cluster points", "cluster_bound", "slack", CLUSTERS),
    )
)

LEFT_SIDES = tuple(
    Fault(f"{words} 2 % too small", _gamma(name, lambda x: 0.98 * x), (check,), "loose")
    for words, name, check in (
        ("distance of the minima", "minima_distance", MINIMA),
        ("gain far out", "outer_gain", ATTAINED),
        ("distance of the minimisers", "minimiser_distances", MINIMISERS),
    )
)

WINDOWS = (
    Fault(
        "windows shifted by one node",
        _gamma("window_minima", _of_the_node_before),
        (RECOVERY, ONE_LIMIT, SEQUENTIAL, CLUSTERS),
    ),
    Fault(
        "largest value of a window for the smallest",
        _with(window_minima=_largest_in_windows),
        (RECOVERY, ONE_LIMIT, SEQUENTIAL, CLUSTERS, PERTURBED),
    ),
    Fault(
        "windows without a radius",
        _with(windows=lambda p, radius: _windows(p, 0 * radius)),
        (SEQUENTIAL, RECOVERY, ONE_LIMIT, PERTURBED, CLUSTERS),
    ),
    Fault(
        "windows of half the radius",
        _with(windows=lambda p, radius: _windows(p, radius / 2)),
        (SEQUENTIAL, RECOVERY, ONE_LIMIT, PERTURBED, CLUSTERS),
    ),
    Fault(
        "limit of the neighbouring node",
        _gamma("limits", _of_the_node_before),
        (SEQUENTIAL, RECOVERY, MINIMA, MINIMISERS),
    ),
    Fault("perturbation of the members alone", _with(perturbed=_members_alone), (PERTURBED,)),
)

MINIMISATION = (
    Fault(
        "minimum of F over everything",
        _with(floors=lambda p, radius: 0 * p.radius - largest(-p.limit)[:, None]),
        (MINIMA, MINIMISERS),
    ),
    Fault("first value for the minimum of a member", _with(minima=lambda p: p.members[:, :, 0]), (MINIMA,)),
    Fault("largest value for the minimum", _with(minima=lambda p: largest(p.members)), (MINIMA, MINIMISERS)),
    Fault(
        "every point counts as a minimiser",
        _gamma("almost_minimisers", lambda chosen: chosen | ~chosen),
        (MINIMISERS, CLUSTERS),
    ),
    Fault(
        "balls of half the radius for F",
        _with(floors=lambda p, radius: gamma.smallest(gamma.limits(p), gamma.balls(p, radius / 2))),
        (MINIMA, ATTAINED),
    ),
)

GAMMA = (*TOO_SMALL, *TOO_LARGE, *LEFT_SIDES, *WINDOWS, *MINIMISATION)
