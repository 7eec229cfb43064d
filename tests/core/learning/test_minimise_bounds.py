"""Bounds over boxes hold at every point of the box, and are reached."""

import pytest
import torch

from tests.core.instances import ADMISSIBLE
from tests.core.learning.few import DOUBLE, KINDS, LOSSES, PENALTIES, between, few, in_double

SIZES = (0.7, 0.05, 0.0)
CELLS = 4
BOXES, POINTS = 60, 20

#: Kind, regulariser, loss, penalties, pieces, samples.
CASES = [
    *((kind, "l1", "p=2", ("s^2",) * 3, (2, 1, 2) if kind != "alista" else (1, 2, 2), 2) for kind in KINDS),
    *(("fbs", name, "p=2", ("s^2",) * 3, (1, 1, 1), 0) for name in ADMISSIBLE if name != "l1"),
    *((kind, name, "p=1", ("s^2",) * 3, (1, 1, 1), 2) for kind in KINDS for name in ("l2", "linf")),
    *(("fbs", "l1", loss, ("s^2",) * 3, (1, 1, 2), 2) for loss in LOSSES if loss != "p=2"),
    *(("alista", "elastic_net", "huber", (name,) * 3, (1, 1, 1), 0) for name in ("s", "kinked")),
    *(("fbs", "l1", "p=1", (name,) * 3, (1, 1, 1), 0) for name in ("jump", "spike")),
    *(("fbs", "l1", loss, ("s",) * 3, (1, 1, 1), 0) for loss in ("jump", "open")),
]


def boxes(one, size, rng):
    """Boxes in the domain, some at its boundary, some of their edges without length."""
    lower, upper = one.admissible.domain.lower, one.admissible.domain.upper
    centre = one.inside(BOXES, rng)
    half = 0.5 * size * (upper - lower) * (torch.rand(BOXES, one.P, generator=rng) < 0.9).to(DOUBLE)
    return torch.maximum(centre - half, lower), torch.minimum(centre + half, upper)


def drops(one, cells, lower, upper, rng):
    """Values at points of the boxes, the bounds, and values at the centres from above."""
    model = one.model(cells)
    x = between(lower.repeat(POINTS, 1), upper.repeat(POINTS, 1), POINTS * len(lower), rng)
    values = one.objective(x, cells).reshape(POINTS, -1)
    return values, model.bounds(lower, upper, 0), model.certify(0.5 * (lower + upper))[1]


@pytest.mark.parametrize("expanding", [False, True])
@pytest.mark.parametrize(("kind", "name", "loss", "names", "pieces", "samples"), CASES)
def test_lower_bounds_hold_all_over_the_box(kind, name, loss, names, pieces, samples, expanding, rng):
    ratios = []
    for size in SIZES:
        d = 4 if name == "nuclear" else 3  # two by two
        weights = (0.1, 0.2, 0.3)
        one = few(rng, kind, pieces, name, loss, names, weights, d, samples=samples, expanding=expanding)
        lower, upper = boxes(one, size, rng)
        values, found, at_centre = drops(one, CELLS, lower, upper, rng)
        assert (found.lower <= values).all()
        assert found.lower.isfinite().all()
        ratios.append(((at_centre - values) / (at_centre - found.lower).clamp(min=1e-12)).max())
    # Not vacuous: some box uses a good part of what its bound allows.
    assert max(ratios) > (0.2 if loss not in ("jump", "open") else -1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("expanding", [False, True])
def test_derivatives_are_enclosed(kind, loss, expanding, rng):
    """By differentiating the core's own network; at a kink torch takes one of the limits."""
    pieces = (1, 2, 2) if kind == "alista" else (2, 2, 1)
    for name, penalty in zip(("l1", "elastic_net", "half_squared_norm"), ("s", "s^2", "kinked"), strict=True):
        one = few(rng, kind, pieces, name, loss, (penalty,) * 3, samples=2, expanding=expanding)
        lower, upper = boxes(one, 0.1, rng)
        found = one.model(CELLS).bounds(lower, upper, 0)
        for _ in range(3):
            x = between(lower, upper, BOXES, rng, corners=0.0).requires_grad_()
            (slope,) = torch.autograd.grad(one.objective(x, CELLS).sum(), x)
            assert ((slope - found.middle).abs() <= found.radius + 1e-12).all()
    # Not vacuous: some signs are known.
    assert (found.radius < found.middle.abs()).any()


def test_small_boxes_reach_their_bounds(rng):
    """The slope along a diagonal is the sum of the derivatives: nothing is lost to first order."""
    best = 0.0
    for kind in KINDS:
        one = few(rng, kind, (1, 1, 1))
        lower, upper = boxes(one, 1e-4, rng)
        values, found, at_centre = drops(one, CELLS, lower, upper, rng)
        best = max(best, float(((at_centre - values) / (at_centre - found.lower)).max()))
    assert 0.98 < best <= 1.0


def test_one_weight_is_bounded_exactly(rng):
    """For a half-line of weights on which the last state falls by what the weight grows."""
    one = few(rng, "alista", (1, 1, 1), d=1, m=1, loss="p=1", weights=(0.0, 0.0, 0.0))
    lower = torch.tensor([[0.0, 0.0, 0.1]], dtype=DOUBLE)
    upper = torch.tensor([[0.0, 0.0, 0.2]], dtype=DOUBLE)
    values, found, at_centre = drops(one, CELLS, lower, upper, rng)
    assert (at_centre - values).max() / (at_centre - found.lower) > 0.9


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_at_points_are_enclosed(dtype, device, rng):
    """Against the same numbers in float64, and against the core's network in the dtype itself."""
    for kind in KINDS:
        one = few(rng, kind, samples=2, dtype=dtype)
        x = one.inside(50, rng)
        low, high = one.model(CELLS).certify(x)
        exact = in_double(one)
        value = exact.objective(x.double(), CELLS)
        assert (low.double() <= value).all()
        assert (value <= high.double()).all()
        assert ((high - low) < 4e4 * torch.finfo(dtype).eps * (1.0 + high)).all()


def test_layers_need_not_fit_the_pieces(rng):
    """Two pieces on three layers: the middle one is the mean of both, and so are its bounds."""
    one = few(rng, "fbs", (2, 1, 2))
    lower, upper = boxes(one, 0.2, rng)
    values, found, _ = drops(one, 3, lower, upper, rng)
    assert (found.lower <= values).all()


def test_overflow_leaves_the_bound_open(rng):
    """Where a run overflows nothing is known: no NaN, no bound but -inf."""
    one = few(rng, "fbs")
    huge = torch.full((1, 3), 1e200, dtype=DOUBLE)
    found = one.model(CELLS).bounds(torch.zeros_like(huge), huge, 0)
    assert (found.lower == -torch.inf).all()
    assert found.radius.isinf().all()
    assert not found.middle.isnan().any()


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_are_bounded_alone(name, rng):
    one = few(rng, "lista", (2, 2, 2), names=(name,) * 3, weights=(1.0, 2.0, 3.0), loss="p=2")
    lower, upper = boxes(one, 0.3, rng)
    model = one.model(4)
    here = model.net.start(lower, upper)
    x = between(lower.repeat(POINTS, 1), upper.repeat(POINTS, 1), POINTS * BOXES, rng)
    at = model.net.start(x, x).penalty
    assert (here.penalty.least <= at.upper.reshape(POINTS, -1)).all()
    assert (at.lower <= at.upper).all()
