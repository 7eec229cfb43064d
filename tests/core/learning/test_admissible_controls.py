"""Products, finite sets and few pieces: sets of controls, nearest ones by brute force, images."""

import itertools
from dataclasses import replace

import pytest
import torch

from fbscore import Controls
from fbscore.learning import control_distance, extend_controls, parts, project_controls
from fbscore.learning.admissible import Box, FewPieces, Finite, Lipschitz, NormBall, Product, TotalVariation
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Pieces, Track
from fbscore.regularizers import L2
from tests.core.limit.networks import KINDS, network

BATCH, N, M, D = 3, 4, 2, 3


def t(*values):
    return torch.tensor(values, dtype=torch.float64)


def draw(kind, rng, N=N):
    return network(L2(), kind, BATCH, N, M, D, rng)[1]


def box(low, high, *shape, cells=None):
    lower, upper = (torch.full((1, 1, *shape), x, dtype=torch.float64) for x in (low, high))
    return Box(lower, upper, cells=cells)


def product(kind, cells=None):
    first = NormBall(t(1.0), cells)
    second = NormBall(t(0.75), cells) if kind == "lista" else box(0.25, 1.0, cells=cells)
    return Product(first, second, TotalVariation(t(0.5), box(0.0, 0.75, cells=cells)))


@pytest.mark.parametrize("kind", KINDS)
def test_factors_are_projected_by_themselves(kind, rng):
    theta, controls = product(kind), draw(kind, rng)
    found = theta.project(controls)
    assert type(found) is type(controls)
    assert theta.contains(found).all()
    for factor, got, given in zip(theta.factors, parts(found), parts(controls), strict=True):
        assert torch.equal(got, factor.project(given))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_every_factor_counts(kind, which, rng):
    theta = product(kind)
    inside = theta.project(draw(kind, rng))
    names = list(inside.__dataclass_fields__)
    outside = replace(inside, **{names[which]: getattr(inside, names[which]) + 9.0})
    assert not theta.contains(outside).any()


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_products(kind, rng):
    theta = product(kind)
    image = theta.projected(2)
    assert image.cells == 2
    assert image.is_projection_of(theta)
    assert image.extends_into(theta)
    assert not replace(image, first=NormBall(t(0.5), 2)).is_projection_of(theta)
    assert not replace(image, third=TotalVariation(t(0.75), box(0.0, 0.75, cells=2))).extends_into(theta)
    members = theta.project(draw(kind, rng))
    assert image.contains(image.project(project_controls(members, 2))).all()


def test_conditions_of_products():
    free, ball = box(0.0, 1.0), NormBall(t(1.0))
    steady = Lipschitz(t(1.0), box(0.0, 1.0))
    assert not Product(ball, steady, steady).bounded
    assert not Product(steady, free, steady).equicontinuous
    assert Product(steady, steady, steady).equicontinuous
    assert not Product(steady, steady, replace(free, upper_open=True)).closed
    assert Product(steady, steady, free).bounded


def finite(kind, rng, count=5):
    return Finite(tuple(draw(kind, rng) for _ in range(count)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_of_finitely_many(kind, rng):
    theta, controls = finite(kind, rng), draw(kind, rng, N=6)
    found = theta.project(controls)
    assert theta.contains(found).all()
    assert not theta.contains(controls).any()
    for i in range(BATCH):
        # by the definition of the norm, on a grid of 12 cells
        squares = [
            sum(
                ((extend_controls_part(a, i) - extend_controls_part(b, i)) ** 2).sum().item() / 12
                for a, b in zip(parts(mine), parts(controls), strict=True)
            )
            for mine in theta.members
        ]
        best = theta.members[squares.index(min(squares))]
        assert all(torch.equal(a[i], b[i]) for a, b in zip(found.tensors, best.tensors, strict=True))


def extend_controls_part(x, i):
    return x[i].repeat_interleave(12 // x.shape[1], dim=0)


def test_members_are_functions_and_differ_between_instances(rng):
    theta = finite("fbs", rng, 2)
    first, second = theta.members
    assert theta.contains(extend_controls(first, 3 * N)).all()
    mixed = Controls(*(torch.cat((a[:1], b[1:])) for a, b in zip(first.tensors, second.tensors, strict=True)))
    assert theta.contains(mixed).all()
    assert theta.contains(replace(mixed, lam=first.lam)).tolist() == [True, False, False]


def test_images_of_finite_sets(rng):
    theta = finite("alista", rng)
    image = theta.projected(2)
    assert image.is_projection_of(theta)
    assert not Finite(image.members[:4]).is_projection_of(theta)
    assert not Finite((*image.members, draw("alista", rng, 2))).is_projection_of(theta)
    assert not image.extends_into(theta)
    steady = Finite(tuple(extend_controls(mine, N) for mine in image.members))
    assert Finite(image.members).extends_into(steady)
    assert (theta.bounded, theta.closed, theta.equicontinuous, theta.cells) == (True, True, True, N)
    one = Product(NormBall(t(9.0)), box(0.0, 2.0), box(0.0, 1.0))
    assert theta.within(one)
    assert not theta.within(replace(one, second=box(0.0, 0.5)))


W0 = torch.tensor([[1.0, -2.0], [0.0, 0.5], [1.0, 1.0]], dtype=torch.float64)
C = torch.tensor([[1.0, 0.0, 0.5], [0.0, 2.0, 0.0], [-1.0, 0.0, 1.0]], dtype=torch.float64)


def few(kind, **domain):
    """``w`` of one piece, ``τ`` of two, one of them twice the other, and ``λ`` of two, one of them fixed."""
    second = Track(t([0.0, 1.0, 0.0], [0.0, 2.0, 0.0]), t(0.0, 0.0))
    third = Track(t([0.0, 0.0, 1.0], [0.0, 0.0, 0.0]), t(0.0, 0.25))
    pieces = Pieces(kind, Track.of(0, P=3, like=W0), second, third, W0, C if kind == "lista" else None)
    return FewPieces(pieces, Domain(t(-1.0, 0.0, 0.0), t(1.0, 0.75, 0.5), **domain))


@pytest.mark.parametrize("kind", KINDS)
def test_few_pieces_contain_their_images(kind, rng):
    theta = few(kind)
    x = theta.domain.lower + torch.rand(50, 3, generator=rng).double() * (
        theta.domain.upper - theta.domain.lower
    )
    x = torch.cat((x, theta.domain.lower[None], theta.domain.upper[None]))
    found = theta.controls(x)
    assert found.N == theta.cells == 2
    assert theta.contains(found).all()
    assert theta.contains(extend_controls(found, 6)).all()
    torch.testing.assert_close(theta.parameters(found), x, rtol=1e-14, atol=1e-15)
    assert not theta.contains(replace(found, lam=found.lam * (1 + 1e-12) + 1e-9)).any()
    beyond = theta.controls(x + t(2.0, 0.0, 0.0))
    assert theta.contains(beyond).tolist() == (x[:, 0] + 2.0 <= 1.0).tolist()
    assert theta.contains(few(kind).controls(t([0.0, 0.0, 0.0]))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_of_few_pieces(kind, rng):
    """Against all points of a grid of parameters, and points close to the one found."""
    theta, controls = few(kind), draw(kind, rng)
    found = theta.project(controls)
    assert theta.contains(found).all()
    best = control_distance(found, controls)
    low, high = theta.domain.lower, theta.domain.upper
    x = torch.minimum(torch.maximum(theta.parameters(controls), low), high)
    steps = [-0.3, -1e-3, 0.0, 1e-3, 0.3]
    for step in itertools.product(steps, repeat=3):
        other = torch.minimum(torch.maximum(x + t(*step), low), high)
        assert (control_distance(theta.controls(other), controls) >= best - 1e-12).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_may_enter_several_controls(kind, rng):
    """``v¹ = ½ + x``, ``v² = ¼ + x``, ``v³ = x, 2x``: the nearest ``x`` by a parabola."""
    tracks = Track(t([1.0]), t(0.5)), Track(t([1.0]), t(0.25)), Track(t([1.0], [2.0]), t(0.0, 0.0))
    first, second, third = tracks
    pieces = Pieces(kind, first, second, third, W0, C if kind == "lista" else None)
    theta, controls = FewPieces(pieces, Domain(t(0.0), t(9.0))), draw(kind, rng)

    def square(x):
        return control_distance(theta.controls(t([x]).expand(BATCH, 1)), controls) ** 2

    here, middle, there = square(0.0), square(1.0), square(2.0)
    lowest = 1.0 + 0.5 * (here - there) / (here - 2 * middle + there)
    torch.testing.assert_close(theta.parameters(controls).squeeze(1), lowest, rtol=1e-11, atol=1e-11)
    assert theta.contains(theta.project(controls)).all()


def test_images_and_conditions_of_few_pieces():
    theta = few("fbs")
    assert theta.projected(4) is theta
    image = theta.projected(1)
    assert image.cells == 1
    assert image.is_projection_of(theta)
    assert theta.is_projection_of(theta)
    averaged = image.controls(t([0.5, 0.5, 0.25]))
    assert [part.item() for part in parts(averaged)[1:]] == [0.75, 0.25]
    assert (theta.bounded, theta.closed, theta.equicontinuous) == (True, True, True)
    flags = torch.tensor([True, True, False])
    left_out = few("fbs", closed_upper=flags)
    assert not left_out.closed
    assert left_out.within(theta)
    assert not theta.within(left_out)
    assert theta.contains(theta.controls(t([0.5, 0.5, 0.5]))).all()
    assert not left_out.contains(theta.controls(t([0.5, 0.5, 0.5]))).any()
    varies = few("fbs", variation=(None, 0.25, None))
    assert varies.contains(theta.controls(t([0.5, 0.125, 0.5], [0.5, 0.375, 0.5]))).tolist() == [True, False]
    assert varies.within(theta)
    endless = FewPieces(theta.pieces, Domain(t(0.0, 0.0, 0.0), t(1.0, torch.inf, 1.0)))
    assert not endless.bounded
    assert not endless.equicontinuous


def test_what_is_not_known_is_not_invented():
    theta, lista = few("fbs"), few("lista")
    controls = theta.controls(t([0.5, 0.5, 0.25]))
    mixed = few("fbs").projected(1)
    together = Pieces("fbs", mixed.pieces.first, Track(t([0.0, 1.0, 1.0]), t(0.0)), mixed.pieces.third, W0)
    with pytest.raises(NotImplementedError, match="pieces: expected at most one parameter in a piece, got 2"):
        FewPieces(together, theta.domain).contains(project_controls(controls, 1))
    with pytest.raises(NotImplementedError, match="domain: expected no bound on the variation, got one"):
        few("fbs", variation=(None, 0.25, None)).project(controls)
    with pytest.raises(NotImplementedError, match="the bound on the variation is one of the finer functions"):
        few("fbs", variation=(None, 0.25, None)).projected(1)
    with pytest.raises(NotImplementedError, match="other: expected a set that a FewPieces can be compared"):
        theta.within(lista)
