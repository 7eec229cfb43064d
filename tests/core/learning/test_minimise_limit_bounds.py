"""Bounds of the limit's objective over boxes hold at every point, and tighten with the layers."""

import pytest
import torch

from fbscore import Enclosure, Problem
from fbscore.learning import limit_objective
from fbscore.learning.branch_and_bound.limit_model import factors, limit_model
from fbscore.learning.branch_and_bound.limit_radii import box_radius, centre_radii
from fbscore.learning.branch_and_bound.system import system
from fbscore.limit import solve
from tests.core.learning.few import DOUBLE, KINDS, between, few

BOXES, POINTS, ASKED = 30, 5, 1e-10
#: Where no events lead to the limit.
COARSE = 0.05


def model(one, layers=64):
    own = system(one.problem, one.learning, one.admissible.pieces)
    return limit_model(
        own, one.problem, one.learning, one.admissible.pieces, one.admissible.domain, layers, ASKED
    )


def limits(one, x, asked=ASKED):
    """Upper bounds of ``J`` at points."""
    problem, learning = one.repeated(len(x))
    found = limit_objective(
        problem, one.admissible.pieces.controls(x, one.admissible.pieces.cells), learning, asked
    )
    return found.value + found.radius


def boxes(one, size, rng):
    lower, upper = one.admissible.domain.lower, one.admissible.domain.upper
    centre = one.inside(BOXES, rng)
    return torch.maximum(centre - 0.5 * size, lower), torch.minimum(centre + 0.5 * size, upper)


CASES = [
    *((kind, "l1", (1, 2, 2), 2) for kind in KINDS),
    ("fbs", "elastic_net", (2, 1, 1), 0),
    ("fbs", "half_squared_norm", (1, 1, 1), 0),
    ("fbs", "total_variation", (1, 1, 1), 0),
]


@pytest.mark.parametrize(("kind", "name", "pieces", "samples"), CASES)
def test_lower_bounds_hold_all_over_the_box(kind, name, pieces, samples, rng):
    one = few(rng, kind, pieces, name, samples=samples)
    asked = model(one)
    for size in (0.5, 0.05, 0.0):
        lower, upper = boxes(one, size, rng)
        x = between(lower.repeat(POINTS, 1), upper.repeat(POINTS, 1), POINTS * BOXES, rng)
        values = limits(one, x, COARSE if name == "l2" else ASKED).reshape(POINTS, BOXES)
        found = [asked.bounds(lower, upper, level) for level in (0, 2, asked.levels - 1)]
        for each in found:
            assert (each.lower <= values).all()
        # More layers, better bounds: for most boxes.
        assert (found[1].lower >= found[0].lower).double().mean() > 0.5
    # Boxes without extent: more layers are all that helps, unless nothing moves.
    assert (found[0].coarse | (found[0].value - found[0].lower < 1e-6)).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["l1", "elastic_net"])
def test_radii_hold_for_every_point(kind, name, rng):
    """Around the centre's state, and between network and limit of one and the same point."""
    one = few(rng, kind, (1, 2, 2), name)
    net = model(one, 16).nets[0]
    assert net.form is not None
    reached = []
    for size in (0.3, 0.02):
        lower, upper = boxes(one, size, rng)
        here = net.start(lower, upper)
        cells = factors(net, here)
        *_, (last, radii) = centre_radii(net.own, cells, here.boxes, here.layers)
        apart = box_radius(net.own, net.form, cells, here.boxes, here.layers)
        problem, _ = one.repeated(BOXES)
        assert isinstance(problem, Problem)
        pieces = one.admissible.pieces
        centre = solve(problem, pieces.controls(0.5 * (lower + upper), pieces.cells), ASKED)
        for _ in range(3):
            x = between(lower, upper, BOXES, rng)
            exact = solve(problem, pieces.controls(x, pieces.cells), ASKED)
            *_, at = net.start(x, x).layers
            near = (last.after.squeeze(1).mT - exact.value).norm(dim=-1) - exact.radius
            own = (at.after.squeeze(1).mT - exact.value).norm(dim=-1) - exact.radius
            far = (centre.value - exact.value).norm(dim=-1) - exact.radius - centre.radius
            assert (near <= radii.around).all()
            assert (far <= radii.apart).all()
            assert (own <= apart).all()
            reached.append(
                [float((a / b).max()) for a, b in ((near, radii.around), (far, radii.apart), (own, apart))]
            )
        assert (radii.alone <= radii.around).all()
    assert (torch.tensor(reached).amax(0) > 0.1).all()


def test_values_are_those_of_the_limit(rng):
    one = few(rng, "alista", (1, 2, 1))
    x = one.inside(8, rng)
    low, high = model(one).certify(x)
    problem, learning = one.repeated(8)
    found = limit_objective(problem, one.admissible.pieces.controls(x, 2), learning, 1e-6)
    assert (low <= found.value + found.radius).all()
    assert (found.value - found.radius <= high).all()
    assert ((high - low) < 1e-8).all()


def test_an_unknown_value_is_infinite(rng, monkeypatch):
    def unknown(problem, controls, learning, radius):
        return Enclosure(torch.ones(1, dtype=DOUBLE), torch.full((1,), torch.inf, dtype=DOUBLE))

    one = few(rng)
    monkeypatch.setattr("fbscore.learning.branch_and_bound.limit_model.limit_objective", unknown)
    low, high = model(one).certify(one.inside(1, rng))
    assert low.isneginf().all()
    assert high.isposinf().all()
