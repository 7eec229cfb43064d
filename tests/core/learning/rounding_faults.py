"""Faults of single runs, round-off and growth among them, and the checks that notice."""

import math
from dataclasses import replace

import torch

from fbscore import Enclosure, forward
from fbscore.learning.branch_and_bound import box_run, limit_model, models
from fbscore.learning.branch_and_bound.box_bounds import Ends
from fbscore.learning.branch_and_bound.limit_model import limit_model as limit_model_of
from fbscore.learning.branch_and_bound.system import system
from fbscore.learning.pieces import Track
from tests.core.learning.few import DOUBLE, Few, between, few, in_double, weight_alone

# ---------------------------------------------------------------- checks: True if nothing is wrong


def draws():
    return torch.Generator().manual_seed(7)


def limit_of(one: Few, layers: int, radius: float):
    """The limit as the search sees it."""
    pieces = one.admissible.pieces
    own = system(one.problem, one.learning, pieces)
    return limit_model_of(own, one.problem, one.learning, pieces, one.admissible.domain, layers, radius)


def expanding_limits_are_below():
    """Bounds of limits that grow, over boxes without and with extent."""
    rng, ok = draws(), True
    for kind in ("fbs", "lista"):
        one = few(rng, kind, (1, 1, 1), weights=(0.0, 0.0, 0.0), expanding=True)
        made = limit_of(one, 16, 1e-9)
        for size in (0.0, 0.05):
            x = one.inside(60, rng)
            upper = torch.minimum(x + size, one.admissible.domain.upper)
            high = made.certify(between(x, upper, 60, rng))[1]
            ok &= all(bool((made.bounds(x, upper, level).lower <= high).all()) for level in (0, 1))
    return ok


def ends_stay_within_reach():
    """Every entry of the last state, at many points of the set."""
    rng, ok = draws(), True
    for name in ("l2", "linf"):
        for kind in ("fbs", "alista"):
            one = few(rng, kind, (1, 1, 1), name)
            lower, upper = (
                x[None] for x in (one.admissible.domain.upper * 0.25, one.admissible.domain.upper)
            )
            *_, last = one.model(1).net.start(lower, upper).layers
            x = torch.cat((0.5 * (lower + upper), between(lower, upper.expand(300, -1), 300, rng)))
            problem, _ = one.repeated(len(x))
            ends = forward(problem, one.admissible.pieces.controls(x, 1))[:, -1]
            moved = (ends[1:] - ends[0]).abs().amax(0)
            ok &= bool((moved <= last.after_reach.entries[:, 0, 0] * (1 + 1e-12)).all())
    return ok


def errors_are_enclosed():
    """States of float32 runs against the float64 runs of the same numbers, layer by layer."""
    rng, ok = draws(), True
    for name in ("l1", "l2", "linf"):
        one = few(rng, "lista", name=name, d=4, dtype=torch.float32)
        x = one.inside(50, rng)
        exact = in_double(one).model(16).net.start(x.double(), x.double()).layers
        for layer, wide in zip(one.model(16).net.start(x, x).layers, exact, strict=True):
            off = (layer.after.double() - wide.after).norm(dim=0)
            ok &= bool((off <= layer.error.double()).all())
    return ok


def tangents_know_their_round_off():
    """Labels that the exact last states meet: the computed ones miss them by round-off, which is no loss."""
    rng, ok = draws(), True
    for _ in range(8):
        one = few(rng, loss="p=1", weights=(0.0, 0.0, 0.0), dtype=torch.float32)
        x = one.inside(1, rng, corners=0.0)
        *_, last = in_double(one).model(16).net.start(x.double(), x.double()).layers
        label = last.after.permute(2, 1, 0).reshape(one.learning.labels.shape).float().contiguous()
        one = replace(one, learning=replace(one.learning, labels=label))
        exact = in_double(one).objective(x.double(), 16)
        ok &= bool((one.model(16).bounds(x, x, 0).lower.double() <= exact).all())
    return ok


def values_of_limits_are_enclosed():
    """``u' = −u − λ sign u``: ``u(1) = max((1 + λ)/e − λ, 0)``, to within a radius that is asked for."""
    one = weight_alone(R="l2", label=0.5, upper=0.5)
    pieces = one.admissible.pieces
    first = Track.fixed(1.0, P=1, like=pieces.W0)
    made = limit_of(replace(one, admissible=_with(one, replace(pieces, first=first))), 16, 1e-2)
    lam = torch.linspace(0.0, 0.5, 9, dtype=DOUBLE)
    exact = (torch.relu((1.0 + lam) / math.e - lam) - 0.5) ** 2
    low, high = made.certify(lam[:, None])
    return bool((low <= exact).all()) and bool((exact <= high).all())


def _with(one, pieces):
    return replace(one.admissible, pieces=pieces)


# ---------------------------------------------------------------- faults


def no_growth(patch):
    """Limits are taken to be nonexpansive: κ is never above 0."""
    rate = limit_model.growth_rate
    patch.setattr(limit_model, "growth_rate", lambda M, low, high: rate(M, low, high).clamp(max=0.0))


def coupled_entries(patch):
    """A prox that couples the entries is taken to move none further than that of its argument."""
    patch.setattr(box_run, "_through_coupling", lambda result: result)


def exact_layers(patch):
    """Layers have no round-off."""
    noise = box_run._noise
    patch.setattr(box_run, "_noise", lambda *x: 0.0 * noise(*x))


def exact_ends(patch):
    """The tangent is taken at the computed state as if it were the exact one."""
    ends = models.Net.ends

    def exact(self, last):
        found = ends(self, last)
        return Ends(found.difference, found.ball, 0.0 * found.error)

    patch.setattr(models.Net, "ends", exact)


def exact_limits(patch):
    """The radius of the limit is left out of the enclosure of a value."""
    value = limit_model.limit_objective

    def exact(*x):
        found = value(*x)
        return Enclosure(found.value, 0.0 * found.radius)

    patch.setattr(limit_model, "limit_objective", exact)


ROUNDING = [
    (no_growth, expanding_limits_are_below),
    (coupled_entries, ends_stay_within_reach),
    (exact_layers, errors_are_enclosed),
    (exact_layers, tangents_know_their_round_off),
    (exact_ends, tangents_know_their_round_off),
    (exact_limits, values_of_limits_are_enclosed),
]
