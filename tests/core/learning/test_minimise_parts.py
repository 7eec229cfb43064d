"""The parts of certified minimisation: tracks, domains, stretch, losses on balls, pools."""

import math

import pytest
import torch

from fbscore import project
from fbscore.learning import losses
from fbscore.learning.branch_and_bound.box_bounds import BoxBounds
from fbscore.learning.branch_and_bound.box_run import _relative_moves
from fbscore.learning.branch_and_bound.layer_boxes import groups, layer_boxes
from fbscore.learning.branch_and_bound.loss_bounds import Ball, gradient, highest, lowest
from fbscore.learning.branch_and_bound.pool import AGAIN, FINER, HALVE, Pool
from fbscore.learning.branch_and_bound.stretch import growth_rate, stretch
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Pieces, Track
from tests.core.learning.few import DOUBLE, KINDS, between, few

ONE = torch.ones((), dtype=DOUBLE)


def normal(rng, *shape):
    return torch.randn(*shape, generator=rng, dtype=DOUBLE)


def test_tracks_are_affine_and_projected(rng):
    track = Track(normal(rng, 4, 2), normal(rng, 4))
    x = normal(rng, 5, 2)
    assert torch.allclose(track.on(3).values(x), project(track.values(x), 3), rtol=0, atol=1e-14)
    assert torch.equal(track.on(4).values(x), track.values(x))
    assert torch.allclose(track.changes().values(x), track.values(x).diff(dim=-1), rtol=0, atol=1e-14)
    lower, upper = x - 0.5, x + 0.25
    low, high = track.range(lower, upper)
    inner = track.values(between(lower.repeat(50, 1), upper.repeat(50, 1), 250, rng)).reshape(50, 5, 4)
    assert (low - 1e-14 <= inner).all()
    assert (inner <= high + 1e-14).all()
    corners = torch.where(track.coefficients[0] > 0, upper, lower)
    assert torch.allclose(track.values(corners)[:, 0], high[:, 0], rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_controls_are_tracks_times_matrices(kind, rng):
    one = few(rng, kind, (1, 2, 4))
    x = one.inside(3, rng)
    controls = one.admissible.pieces.controls(x, 4)
    W0, (first, second, third) = one.admissible.pieces.W0, controls.tensors
    W = x[:, 0, None, None] * W0
    assert torch.equal(first, W if kind == "alista" else W[:, None].expand(-1, 4, -1, -1))
    assert torch.equal(third, x[:, 3:])
    steps = x[:, 1:3].repeat_interleave(2, 1)
    C = one.admissible.pieces.C
    assert torch.equal(second, steps if C is None else steps[..., None, None] * C)


def test_pieces_refuse_what_does_not_fit(rng):
    pieces = few(rng).admissible.pieces
    one, two, three = pieces.tracks
    with pytest.raises(ValueError, match=r"^kind: expected one of fbs, lista, alista, got 'ista'$"):
        Pieces("ista", one, two, three, pieces.W0)
    with pytest.raises(ValueError, match=r"^C: expected a matrix for lista alone, got lista$"):
        Pieces("lista", one, two, three, pieces.W0)
    with pytest.raises(ValueError, match=r"^first: expected one piece, got 2$"):
        Pieces("alista", Track.of(0, 0, P=3, like=ONE), two, three, pieces.W0)
    with pytest.raises(ValueError, match=r"^second: expected P = 3, got 2$"):
        Pieces("fbs", one, Track.of(0, P=2, like=ONE), three, pieces.W0)
    with pytest.raises(
        ValueError, match=r"^coordinates: expected at least one, each from 0 to 1, got \(2,\)$"
    ):
        Track.of(2, P=2, like=ONE)
    with pytest.raises(ValueError, match=r"^x: expected shape"):
        pieces.controls(torch.zeros(1, 2, dtype=DOUBLE), 2)


def test_groups_are_runs_of_equal_layers(rng):
    pieces = few(rng, "fbs", (1, 2, 1)).admissible.pieces
    assert groups(pieces, 6).counts.tolist() == [3, 3]
    assert groups(pieces, 3).counts.tolist() == [1, 1, 1]
    assert groups(pieces, 1).counts.tolist() == [1]
    assert groups(pieces, 6).each() == [0, 0, 0, 1, 1, 1]


def test_numbers_of_layers_have_their_ranges(rng):
    one = few(rng, "fbs")
    of = groups(one.admissible.pieces, 2)
    found = layer_boxes(
        of, torch.tensor([[0.5, 1.0, 0.0]], dtype=DOUBLE), torch.tensor([[1.0, 2.0, 1.0]], dtype=DOUBLE)
    )
    assert (found.k_low.item(), found.k.item(), found.k_high.item()) == (0.5, 0.75 * 1.5, 2.0)
    assert (found.s_low.item(), found.s.item(), found.s_high.item()) == (0.0, 0.75, 2.0)
    assert found.moves[0].abs().max() == 2.0 - 0.75 * 1.5


def test_weights_move_by_their_share(rng):
    """``|s − s̃| <= ratio s̃`` all over the box, attained: so many times round-off of ``p`` counts."""
    for kind in KINDS:
        one = few(rng, kind, (1, 1, 1))
        of = groups(one.admissible.pieces, 2)
        lower, upper = one.inside(20, rng, corners=0.5), one.admissible.domain.upper
        lower, upper = 0.9 * lower, upper.expand(20, -1)
        ratio = _relative_moves(layer_boxes(of, lower, upper))
        x = torch.cat([between(lower, upper, 20, rng, corners=0.9) for _ in range(200)])
        s, at = layer_boxes(of, x, x).s, layer_boxes(of, lower, upper).s
        found = ((s.reshape(-1, 200, 20) - at[:, None]).abs() / at[:, None]).amax(1)
        assert (found <= ratio * (1 + 1e-14)).all()
        assert (found > 0.9 * ratio).all()


def test_stretch_is_above_the_norms_between_its_nodes(rng):
    for d in (1, 4):
        M = normal(rng, d, d)
        table = stretch(M, 0.25, -1.0, 3.0)
        low = -1.0 + 4.0 * torch.rand(50, generator=rng, dtype=DOUBLE)
        high = torch.minimum(low + 0.1, torch.tensor(3.0, dtype=DOUBLE))
        k = low + (high - low) * torch.linspace(0, 1, 20, dtype=DOUBLE)[:, None]
        exact = torch.linalg.matrix_norm(torch.eye(d, dtype=DOUBLE) - 0.25 * k[..., None, None] * M, ord=2)
        bound = table.over(low, high)
        assert (exact <= bound).all()
        assert (exact.amax(0) > bound - 1e-4).all()
        kappa = torch.linalg.eigvalsh(-0.5 * k[..., None, None] * (M + M.mT)).amax(-1)
        rate = growth_rate(M, low, high)
        assert (kappa <= rate).all()
        assert (kappa.amax(0) > rate - 1e-9).all()


@pytest.mark.parametrize("name", losses.NAMES)
def test_losses_on_balls(name, rng):
    """At random points of the ball, its boundary and the box it is cut with."""
    loss = losses.by_name(name, 0.5)
    x = normal(rng, 300, 3)
    norm = 2.0 * torch.rand(300, generator=rng, dtype=DOUBLE) ** 3
    entries = norm[:, None] * torch.rand(300, 3, generator=rng, dtype=DOUBLE)
    low, high = lowest(loss, x, Ball(norm, entries)), highest(loss, x, norm)
    found = gradient(loss, x, Ball(norm, entries))
    for _ in range(30):
        step = torch.nn.functional.normalize(normal(rng, 300, 3)) * norm[:, None]
        step = torch.clamp(step, -entries, entries)
        value = loss.value(x + step, torch.zeros_like(x))
        assert (low <= value).all()
        assert (value <= high).all()
        if found is None:
            continue
        # The tangent at the centre, and gradients elsewhere.
        base = loss.value(x, torch.zeros_like(x))
        assert (value >= base + (found.value * step).sum(-1) - 1e-12).all()
        y = (x + step).requires_grad_()
        (slope,) = torch.autograd.grad(loss.value(y, torch.zeros_like(y)).sum(), y)
        assert ((slope - found.value).abs() <= found.entries + 1e-12).all()
        assert ((slope - found.value).norm(dim=-1) <= found.radius + 1e-12).all()
    assert (found is None) == (name in ("jump", "open"))


def pool(lower, upper, sizes=None, action=None):
    lower, upper = torch.tensor(lower, dtype=DOUBLE), torch.tensor(upper, dtype=DOUBLE)
    none = torch.zeros(len(lower), dtype=torch.long)
    return Pool(
        lower,
        upper,
        torch.full((len(lower),), -torch.inf, dtype=DOUBLE),
        none,
        upper - lower if sizes is None else torch.tensor(sizes, dtype=DOUBLE),
        none if action is None else torch.tensor(action),
    )


def test_boxes_are_halved_along_the_largest_size():
    found = pool([[0.0, 0.0]], [[1.0, 1.0]], [[1.0, 2.0]]).refined()
    assert found.lower.tolist() == [[0.0, 0.0], [0.0, 0.5]]
    assert found.upper.tolist() == [[1.0, 0.5], [1.0, 1.0]]
    quarters = pool([[0.0, 0.0]], [[1.0, 1.0]], [[1.0, 2.0]]).refined(2)
    assert len(quarters) == 4
    assert (quarters.upper - quarters.lower == 0.5).all()
    assert float((quarters.upper - quarters.lower).prod(-1).sum()) == 1.0


def test_boxes_are_bounded_anew():
    whole = pool([[0.0], [0.0], [0.25]], [[1.0], [1.0], [0.25]], action=[FINER, AGAIN, HALVE])
    assert whole.divisible().tolist() == [True, True, False]
    found = whole.refined()
    assert sorted(found.level.tolist()) == [0, 0, 1]
    assert (found.action == HALVE).all()


def slopes(middle, radius):
    middle, radius = (torch.tensor(x, dtype=DOUBLE) for x in (middle, radius))
    none = torch.zeros(len(middle), dtype=DOUBLE)
    return BoxBounds(none, none, middle, radius, none > 0)


def test_monotone_boxes_shrink_at_the_boundary_and_vanish_inside():
    domain = Domain(torch.zeros(1, dtype=DOUBLE), torch.ones(1, dtype=DOUBLE))
    boxes = pool([[0.0], [0.25], [0.5], [0.0]], [[0.25], [0.5], [1.0], [0.25]])
    by = slopes([[1.0], [1.0], [-1.0], [1.0]], [[0.5], [0.5], [0.5], [1.0]])
    found = boxes.bounded(by, domain, 0)
    assert torch.stack((found.lower, found.upper), 1).squeeze(-1).tolist() == [
        [0.0, 0.0],
        [1.0, 1.0],
        [0.0, 0.25],
    ]
    assert found.action.tolist() == [AGAIN, AGAIN, HALVE]
    limited = Domain(domain.lower, domain.upper, variation=(None, 1.0, None))
    assert len(boxes.bounded(by, limited, 0)) == 4


def test_domains_know_themselves(rng):
    one = few(rng)
    domain, pieces = one.admissible.domain, one.admissible.pieces
    assert domain.closed
    assert domain.bounded
    no = torch.zeros(3, dtype=torch.bool)
    half_open = Domain(domain.lower, domain.upper, closed_upper=no)
    assert not half_open.closed
    x = torch.stack((domain.upper, domain.lower, 0.5 * domain.upper))
    assert domain.contains(x, pieces).tolist() == [True, True, True]
    assert half_open.contains(x, pieces).tolist() == [False, True, True]
    far = Domain(domain.lower, torch.full((3,), math.inf, dtype=DOUBLE), closed_upper=no)
    assert far.closed
    assert not far.bounded


def test_points_move_into_the_set(rng):
    one = few(rng, "lista", (2, 3, 2), variation=(0.5, 0.25, 0.125))
    domain, pieces = one.admissible.domain, one.admissible.pieces
    x = domain.towards(one.inside(200, rng), pieces)
    assert domain.contains(x, pieces).all()
    assert not domain.excludes(x, x, pieces).any()
