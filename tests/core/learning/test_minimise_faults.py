"""Faults planted by hand in certified minimisation: each must turn a named check red, green without it."""

from dataclasses import replace

import pytest
import torch

from fbscore.learning.admissible import FewPieces
from fbscore.learning.branch_and_bound import box_run, limit_model, limit_radii, penalty_bounds
from fbscore.learning.branch_and_bound.box_bounds import BoxBounds
from fbscore.learning.branch_and_bound.incumbent import Hunt
from fbscore.learning.branch_and_bound.limit_model import limit_model as limit_model_of
from fbscore.learning.branch_and_bound.pool import Pool
from fbscore.learning.branch_and_bound.reach import Reach
from fbscore.learning.branch_and_bound.stretch import Stretch
from fbscore.learning.branch_and_bound.system import system
from fbscore.learning.domain import Domain
from fbscore.learning.minimise import Budget
from tests.core.learning.few import DOUBLE, between, few, weight_alone
from tests.core.learning.judged import breaches, planted, run
from tests.core.learning.rounding_faults import ROUNDING


def rng(seed=7):
    return torch.Generator().manual_seed(seed)


# ---------------------------------------------------------------- checks: True if nothing is wrong


def bounds_hold():
    """Lower bounds against points of the boxes; without a loss of the values' bound alone."""
    draws, ok = rng(), True
    for name in ("l1", "l2"):
        for kind in ("fbs", "lista"):
            one = few(draws, kind, name=name)
            lower = one.inside(300, draws)
            upper = torch.minimum(lower + 0.03, one.admissible.domain.upper)
            found = one.model(4).bounds(lower, upper, 0)
            for _ in range(15):
                ok &= bool((found.lower <= one.objective(between(lower, upper, 300, draws, 0.8), 4)).all())
    return ok


def minima_are_enclosed():
    """No point below the enclosure, the incumbent in the set, planted minimisers in the cover."""
    draws, ok = rng(), True
    for n in range(3):
        one = few(draws, "fbs", (1, 2, 1), variation=(None, 0.2, None), d=2)
        ok &= not breaches(one, 4, run(one, 4, Budget(gap=2e-2, evaluations=4000)), draws)
        one, x = planted(draws, "alista", (1, 1, 1), 4, name=("l1", "l2", "l1")[n])
        found = run(one, 4, Budget(gap=1e-3, evaluations=4000))
        ok &= not breaches(one, 4, found, draws) and bool(found.cover.contains(x).all())
    return ok


def incumbents_are_members():
    """The minimiser without the bound on the variation is far out of the set."""
    draws = rng()
    one, _ = planted(draws, "fbs", (1, 2, 1), 4, torch.tensor([[0.9, 0.2, 1.8, 0.3]], dtype=DOUBLE), d=2)
    limited = replace(one.admissible.domain, variation=(None, 0.2, None))
    one = replace(one, admissible=FewPieces(one.admissible.pieces, limited))
    return not breaches(one, 4, run(one, 4, Budget(gap=2e-2, evaluations=4000)), draws)


def variation_is_used_up():
    """The minimiser varies as much as it may: the centres of most boxes around it vary more."""
    draws, ok = rng(3), True
    for _ in range(3):
        at = torch.tensor([[0.9, 0.55, 0.75, 0.3]], dtype=DOUBLE)
        one, x = planted(draws, "fbs", (1, 2, 1), 4, at, d=2, variation=(None, 0.2000001, None))
        found = run(one, 4, Budget(gap=1e-3, width=0.1, evaluations=10000))
        ok &= found.minimum.lower <= 1e-20 and bool(found.cover.contains(x).all())
    return ok


def unknown_boxes_stay():
    """A box of which nothing is known, or whose bound is NaN, may hold a minimiser."""
    x = torch.zeros(3, 1, dtype=DOUBLE)
    bound = torch.tensor([torch.nan, -torch.inf, 2.0], dtype=DOUBLE)
    none = torch.zeros(3, dtype=torch.long)
    kept = Pool(x, x + 1.0, bound, none, x + 1.0, none).surviving(1.0)
    infinite = torch.full_like(x, torch.inf)
    domain = Domain(x[0], x[0] + 1.0)
    by = BoxBounds(bound, bound, 0.0 * x, infinite, none > 0)
    again = Pool(x, x + 1.0, torch.full_like(bound, -torch.inf), none, x + 1.0, none).bounded(by, domain, 0)
    return len(kept) == 2 and again.bound.tolist() == [-torch.inf, -torch.inf, 2.0]


def limits_are_below():
    """Bounds of the limit over boxes without extent, where nothing but the distance of the network counts."""
    draws, ok = rng(), True
    for kind in ("fbs", "alista"):
        one = few(draws, kind, (1, 1, 2) if kind == "alista" else (1, 2, 1), loss="p=2")
        own = system(one.problem, one.learning, one.admissible.pieces)
        made = limit_model_of(
            own, one.problem, one.learning, one.admissible.pieces, one.admissible.domain, 16, 1e-9
        )
        x = one.inside(60, draws)
        high = made.certify(x)[1]
        ok &= bool((made.bounds(x, x, 0).lower <= high).all())
        lower, upper = x, torch.minimum(x + 0.05, one.admissible.domain.upper)
        at = made.certify(between(lower, upper, 60, draws))[1]
        ok &= all(bool((made.bounds(lower, upper, level).lower <= at).all()) for level in range(made.levels))
    return ok


def bounds_left_out_are_not_attained():
    found = run(weight_alone(upper=0.5, closed_upper=torch.zeros(1, dtype=torch.bool)), 1, Budget(gap=1e-3))
    return not found.attained and found.incumbent is not None and float(found.incumbent.x) < 0.5


# ---------------------------------------------------------------- faults


def early(patch):
    """A box is dropped before its bound exceeds the upper one."""
    patch.setattr(
        Pool, "surviving", lambda self, upper: self.take(~(self.bound > upper - 0.2 * abs(upper) - 0.01))
    )


def forgetful(patch):
    """One of the two halves of a box gets lost."""
    halved = Pool._halved
    patch.setattr(Pool, "_halved", lambda self: halved(self).take(slice(0, len(self))))


def halved_moves(patch):
    """The Lipschitz constant with respect to the parameters is halved."""
    largest = box_run._largest
    patch.setattr(box_run, "_largest", lambda vertices: largest(vertices).scaled(0.5))


def centred_stretch(patch):
    """States are not stretched by the layers that follow."""
    over = Stretch.over
    patch.setattr(Stretch, "over", lambda self, low, high: 0.5 * over(self, low, high))


def no_tangent(patch):
    """Derivatives are taken for constant all over the box."""
    monotone = Pool.monotone

    def certain(self, by, domain):
        exact = torch.where(by.radius.isfinite(), 0.0, by.radius)
        return monotone(self, BoxBounds(by.lower, by.value, by.middle, exact, by.coarse), domain)

    patch.setattr(Pool, "monotone", certain)


def careless(patch):
    """Incumbents are not asked whether they vary too much."""
    patch.setattr(Domain, "towards", lambda self, x, pieces: x.clamp(self.lower, self.upper))
    patch.setattr(Hunt, "_inside", lambda self, x: torch.ones_like(x[:, 0], dtype=torch.bool))


def dropping_nan(patch):
    """``bound <= upper`` keeps a box: NaN does not."""
    patch.setattr(Pool, "surviving", lambda self, upper: self.take(self.bound <= upper))


def nan_as_bound(patch):
    """A bound that is not a number is taken for a large one."""
    bounded = Pool.bounded

    def filled(self, by, domain, finest):
        lower = by.lower.nan_to_num(nan=torch.inf)
        return bounded(self, BoxBounds(lower, by.value, by.middle, by.radius, by.coarse), domain, finest)

    patch.setattr(Pool, "bounded", filled)


def no_certificate(patch):
    """The distance of network and limit is ignored, from the centre's gaps and steps."""
    advance = limit_radii.Cells.advance

    def moved(self, j, start, gap, step, move=None):
        return advance(self, j, start, 0.0 * gap, 0.0 * step, move)

    patch.setattr(limit_radii.Cells, "advance", moved)


def no_distance(patch):
    """The distance of network and limit is ignored in the mean-value bound."""
    radius = limit_model.box_radius
    patch.setattr(limit_model, "box_radius", lambda *x: 0.0 * radius(*x))


def no_limit_radius(patch):
    """The ball around the limit of the centre has no radius."""
    patch.setattr(limit_radii.Cells, "push", lambda self, j, start, move: 0.0 * move)


def wide_excludes(patch):
    """A box is dropped because its centre varies too much."""

    def centre(self, lower, upper, pieces):
        return ~self.contains(0.5 * (lower + upper), pieces)

    patch.setattr(Domain, "excludes", centre)


def generous(patch):
    """Penalties at the largest norm of the box instead of the smallest."""
    norm = penalty_bounds._norm
    patch.setattr(penalty_bounds, "_norm", lambda *x: norm(*x)._replace(low=norm(*x).high))


def closed_for_open(patch):
    """Bounds that are left out count as part of the set."""

    def contains(self, x, pieces):
        return ((x >= self.lower) & (x <= self.upper)).all(-1)

    patch.setattr(Domain, "contains", contains)


def resting_too_soon(patch):
    """Entries are taken to rest where only the centre's certainly do."""
    tight = Reach.tight
    patch.setattr(Reach, "tight", lambda self: Reach(tight(self).norm, 0.3 * tight(self).entries))


CAUGHT = [
    (early, minima_are_enclosed),
    (forgetful, minima_are_enclosed),
    (halved_moves, bounds_hold),
    (centred_stretch, bounds_hold),
    (no_tangent, minima_are_enclosed),
    (careless, incumbents_are_members),
    (dropping_nan, unknown_boxes_stay),
    (nan_as_bound, unknown_boxes_stay),
    (no_certificate, limits_are_below),
    (no_distance, limits_are_below),
    (no_limit_radius, limits_are_below),
    (wide_excludes, variation_is_used_up),
    (generous, bounds_hold),
    (closed_for_open, bounds_left_out_are_not_attained),
    (resting_too_soon, bounds_hold),
    *ROUNDING,
]


@pytest.mark.parametrize("check", dict.fromkeys(check for _, check in CAUGHT))
def test_without_a_fault_the_check_is_green(check):
    assert check()


@pytest.mark.parametrize(("fault", "check"), CAUGHT, ids=[fault.__name__ for fault, _ in CAUGHT])
def test_each_fault_is_caught(fault, check, monkeypatch):
    fault(monkeypatch)
    assert not check()
