"""Certified minima: closed forms, planted minimisers, many points, budgets."""

from itertools import pairwise

import pytest
import torch

from fbscore.learning.minimise import Budget, Progress
from tests.core.learning.few import DOUBLE, KINDS, few, in_double, weight_alone
from tests.core.learning.judged import GAP, breaches, draw, least_weight, planted, run


@pytest.mark.parametrize("cells", [1, 8, None])
def test_one_weight_has_a_closed_form(cells, rng):
    """``u(1) = max(u0 − λ, 0)``, λ in [0, 2]: for the label 1/k at 1 − 1/k, for 0 on all of [1, 2]."""
    for label, gamma in ((0.5, 0.0), (0.25, 0.0), (0.125, 0.0), (0.0, 0.0), (0.5, 0.25), (-0.5, 0.1)):
        found = run(
            weight_alone(label=label, gamma=gamma), cells, Budget(gap=1e-3 if cells is None else 1e-5)
        )
        value, at = least_weight(1.0, label, gamma, 2.0)
        assert found.stopped == "gap"
        assert found.minimum.lower <= value <= found.minimum.upper
        assert found.gap <= 1e-3
        assert found.attained
        assert found.cover.contains(torch.tensor([[at]], dtype=DOUBLE)).all()
        if label == gamma == 0.0:
            every = torch.linspace(1.0, 2.0, 101, dtype=DOUBLE)[:, None]
            assert found.cover.contains(every).all()


def test_random_weights_have_closed_forms(rng):
    for _ in range(15):
        u0, label, gamma, upper = (float(x) for x in torch.rand(4, generator=rng, dtype=DOUBLE) * 2.0)
        one = weight_alone(u0, label, upper, gamma=gamma)
        value, at = least_weight(u0, label, gamma, upper)
        for cells in (1, 3):
            found = run(one, cells, Budget(gap=1e-6))
            assert found.minimum.lower <= value <= found.minimum.upper
            assert found.gap <= 1e-6
            assert found.cover.contains(torch.tensor([[at]], dtype=DOUBLE)).all()


def test_random_problems_are_enclosed(rng):
    """No point of the set is below the enclosure, and the incumbent is what it says."""
    for n in range(24):
        one, cells = draw(rng), (1, 2, 4)[n % 3]
        found = run(one, cells, Budget(gap=GAP, evaluations=30000))
        assert breaches(one, cells, found, rng, 500) == []
        assert found.gap <= GAP or found.stopped == "evaluations"


@pytest.mark.parametrize("kind", KINDS)
def test_planted_minimisers_stay_in_the_cover(kind, rng):
    """The label is what some parameters reach: the minimum is 0 there."""
    for n in range(4):
        one, x = planted(rng, kind, (1, 1, 1), 4, samples=2 * (n % 2), name=("l1", "l2")[n // 2])
        found = run(one, 4, Budget(gap=1e-3, evaluations=20000))
        assert found.minimum.lower <= 1e-20
        assert found.cover.contains(x).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("expanding", [False, True])
def test_limits_are_enclosed(kind, expanding, rng):
    one = few(rng, kind, (1, 1, 1 + (kind == "alista")), d=2, expanding=expanding)
    found = run(one, None, Budget(gap=0.05, evaluations=10000), layers=64)
    assert breaches(one, None, found, rng, 200) == []
    assert found.gap <= 0.05 or found.stopped == "evaluations"
    assert found.incumbent is not None
    assert found.incumbent.value.upper - found.incumbent.value.lower < 1e-7


def test_variation_in_time_is_bounded(rng):
    """Against points of the set; with no variation allowed the minimum is that of constant controls."""
    bound = (None, 0.3, 0.1)
    one = few(rng, "fbs", (1, 2, 2), variation=bound)
    found = run(one, 4, Budget(gap=2e-2, evaluations=100000))
    assert breaches(one, 4, found, rng) == []
    assert found.incumbent is not None
    x = found.incumbent.x
    assert abs(float(x[2] - x[1])) <= 0.3
    assert abs(float(x[4] - x[3])) <= 0.1
    rng.manual_seed(1)
    free = few(rng, "fbs", (1, 2, 1))
    rng.manual_seed(1)
    still = few(rng, "fbs", (1, 2, 1), variation=(None, 0.0, None))
    rng.manual_seed(1)
    constant = few(rng, "fbs", (1, 1, 1))
    budget = Budget(gap=5e-3, evaluations=100000)
    least, rest, same = (run(each, 4, budget).minimum for each in (free, still, constant))
    assert least.lower <= rest.upper
    assert rest.lower <= same.upper
    assert same.lower <= rest.upper


def test_a_box_without_members_is_dropped(rng):
    """Only if every point of it varies too much."""
    one = few(rng, "fbs", (1, 2, 1), variation=(None, 0.25, None))
    domain, pieces = one.admissible.domain, one.admissible.pieces
    lower = torch.tensor([[0.0, 0.0, 0.75, 0.0], [0.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.5, 0.0]], dtype=DOUBLE)
    upper = torch.tensor([[1.0, 0.25, 1.0, 1.0], [1.0, 0.25, 1.0, 1.0], [1.0, 1.0, 0.5, 1.0]], dtype=DOUBLE)
    # Jumps from 1/4 to 3/4; from 1/4 to 1/2, which is allowed; from 1 to 1/2.
    assert domain.excludes(lower, upper, pieces).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        ({"evaluations": 2000}, "evaluations"),
        ({"seconds": 1e-3}, "time"),
        ({"boxes": 200}, "boxes"),
        ({"gap": 0.5}, "gap"),
    ],
)
def test_whatever_comes_first_stops(budget, reason, rng):
    one = few(rng, "lista", (2, 2, 1), "l2", weights=(0.0, 0.0, 0.0))
    found = run(one, 4, Budget(**({"gap": 1e-9} | budget)))
    assert found.stopped == reason
    assert found.message.startswith("closed" if reason == "gap" else "gap not closed")
    assert breaches(one, 4, found, rng) == []


def test_narrow_covers_can_be_asked_for():
    found = run(weight_alone(label=0.5), 2, Budget(gap=1e-2, width=1e-3))
    assert found.stopped == "gap"
    assert (found.cover.upper - found.cover.lower).max() <= 1e-3
    assert found.cover.contains(torch.tensor([[0.5]], dtype=DOUBLE)).all()
    assert (found.cover.lower - 0.5).abs().max() < 0.1


def test_boxes_that_cannot_be_halved_stop_the_search():
    """``|0.7 − λ|``: what round-off leaves open is more than the gap that is asked for."""
    found = run(weight_alone(label=0.3, loss="p=1"), 1, Budget(gap=1e-18))
    assert found.stopped == "precision"
    assert "the boxes left cannot be halved" in found.message
    assert found.minimum.lower <= 0.0 <= found.minimum.upper < 1e-13
    assert found.cover.contains(torch.tensor([[0.7]], dtype=DOUBLE)).all()
    # Every box that is in the way is one number, or two next to each other.
    gaps = torch.nextafter(found.cover.lower, found.cover.upper + 1.0) >= found.cover.upper
    assert gaps.all()


def test_a_jump_of_the_loss_is_enclosed():
    """0 for ``λ >= 1/2``, attained at the jump itself."""
    found = run(weight_alone(u0=1.0, loss="jump", label=0.0), 1, Budget(gap=1e-3))
    assert found.stopped == "gap"
    assert found.minimum.lower == found.minimum.upper == 0.0


def test_progress_is_reported(rng):
    seen = []
    found = run(few(rng), 2, Budget(gap=1e-2), progress=seen.append)
    assert all(isinstance(x, Progress) for x in seen)
    assert [x.evaluations for x in seen] == sorted(x.evaluations for x in seen)
    assert all(a.lower <= b.lower and a.upper >= b.upper for a, b in pairwise(seen))
    assert (seen[-1].lower, seen[-1].upper) == (found.minimum.lower, found.minimum.upper)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtypes_and_devices(dtype, device, rng):
    one = few(rng, "alista", dtype=dtype)
    found = run(one, 3, Budget(gap=2e-2))
    assert found.stopped == "gap"
    assert found.incumbent is not None
    assert found.incumbent.x.dtype == dtype
    assert found.cover.lower.device == one.problem.device
    # In float64 float32's numbers have the values that it encloses.
    wide = in_double(one)
    assert float(wide.objective(wide.inside(2000, rng), 3).min()) >= found.minimum.lower
    value = float(wide.objective(found.incumbent.x.double()[None], 3))
    assert found.incumbent.value.lower <= value <= found.incumbent.value.upper
    assert found.incumbent.value.upper - found.incumbent.value.lower < 4e4 * torch.finfo(dtype).eps
