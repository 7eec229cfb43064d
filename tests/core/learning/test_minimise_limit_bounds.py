"""Bounds of the limit's objective over boxes hold at every point, and tighten with the layers."""

import math

import pytest
import torch

from fbscore import Enclosure, Problem
from fbscore.learning import limit_objective
from fbscore.learning.branch_and_bound.limit_model import cells_of, limit_model
from fbscore.learning.branch_and_bound.limit_radii import Cells, box_radius, centre_radii
from fbscore.learning.branch_and_bound.system import system
from fbscore.limit import solve
from tests.core.learning.few import DOUBLE, KINDS, between, few

BOXES, POINTS, ASKED = 30, 5, 1e-10
#: Where no events lead to the limit, and where those of an expanding one are known to less.
COARSE = {"l2": 0.05, "linf": 0.05, "group_lasso": 0.05, "total_variation": 1e-6}


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


EVENTS = [
    *((kind, "l1", (1, 2, 2), 2) for kind in KINDS),
    ("fbs", "elastic_net", (2, 1, 1), 0),
    ("fbs", "half_squared_norm", (1, 1, 1), 0),
    ("fbs", "total_variation", (1, 1, 1), 0),
]
CASES = [
    *((*case, expanding) for case in EVENTS for expanding in (False, True)),
    *(("fbs", name, (1, 1, 1), 0, False) for name in ("l2", "linf", "group_lasso")),
]


@pytest.mark.parametrize(("kind", "name", "pieces", "samples", "expanding"), CASES)
def test_lower_bounds_hold_all_over_the_box(kind, name, pieces, samples, expanding, rng):
    one = few(rng, kind, pieces, name, samples=samples, expanding=expanding)
    asked = model(one)
    for size in (0.5, 0.05, 0.0):
        lower, upper = boxes(one, size, rng)
        x = between(lower.repeat(POINTS, 1), upper.repeat(POINTS, 1), POINTS * BOXES, rng)
        values = limits(one, x, COARSE.get(name, ASKED)).reshape(POINTS, BOXES)
        found = [asked.bounds(lower, upper, level) for level in {0, 1, asked.levels - 1}]
        for each in found:
            assert (each.lower <= values).all()
        # More layers, better bounds: for most boxes.
        assert (found[1].lower >= found[0].lower).double().mean() > 0.5
    # Boxes without extent: more layers are all that helps, unless nothing moves.
    assert (found[0].coarse | (found[0].value - found[0].lower < 1e-6)).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["l1", "elastic_net"])
@pytest.mark.parametrize("expanding", [False, True])
def test_radii_hold_for_every_point(kind, name, expanding, rng):
    """Around the centre's state, and between network and limit of one and the same point."""
    one = few(rng, kind, (1, 2, 2), name, expanding=expanding)
    net = model(one, 16).nets[0]
    assert net.form is not None
    reached = []
    for size in (0.3, 0.02):
        lower, upper = boxes(one, size, rng)
        here = net.start(lower, upper)
        cells = cells_of(net, here)
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


@pytest.mark.parametrize("kappa", [-0.7, 0.0, 1.3])
@pytest.mark.parametrize("start", [0.0, 0.4])
def test_radii_are_the_solutions_of_their_inequality(kappa, start):
    """``½(r²)' = κr² + s(1 − ς)D`` for gaps, ``r' = κr + |k|ςc`` for steps, ``r' = κr + m`` for moves."""
    one = few(torch.Generator().manual_seed(0), "fbs")
    x = torch.tensor([[0.5, 1.5, 0.75]], dtype=DOUBLE)
    here = model(one, 16).nets[0].start(x, x)
    h, rate = 0.5, torch.full((1, 1), kappa, dtype=DOUBLE)
    cells = Cells(rate, here.boxes, h)
    k, s = 0.5 * 1.5, 1.5 * 0.75
    sigma = torch.linspace(0.0, 1.0, 20001, dtype=DOUBLE)
    mean = lambda y: float(torch.trapezoid(y, sigma))  # noqa: E731
    rest = h * (1.0 - sigma) * kappa
    gap, other = torch.tensor([[0.3]], dtype=DOUBLE), torch.zeros(1, 1, dtype=DOUBLE)
    first = torch.full((1, 1), start, dtype=DOUBLE)
    grown = math.exp(h * kappa) * start
    by_gap = math.sqrt(grown**2 + 2.0 * h * s * 0.3 * mean((2.0 * rest).exp() * (1.0 - sigma)))
    by_step, by_move = (h * 0.3 * mean(rest.exp() * y) for y in (k * sigma, sigma**0))
    assert float(cells.advance(0, first, gap, other)) == pytest.approx(by_gap, rel=1e-7)
    assert float(cells.advance(0, first, other, gap)) == pytest.approx(grown + by_step, rel=1e-7)
    assert float(cells.advance(0, first, other, other, gap)) == pytest.approx(grown + by_move, rel=1e-7)
    assert float(cells.push(0, first, gap)) == pytest.approx(grown + by_move, rel=1e-7)
    # Throughout the layer, not only at its end.
    for end in (0.25, 0.5, 1.0):
        share = sigma * end
        spread = torch.exp(2.0 * h * kappa * (end - share)) * (1.0 - share)
        square = math.exp(2.0 * h * end * kappa) * start**2 + 2.0 * h * s * 0.3 * end * mean(spread)
        assert math.sqrt(square) <= float(cells.within(0, first, gap, other)) + 1e-9


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
