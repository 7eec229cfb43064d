"""Sets of functions: members, nearest points certified by linear programmes, images, conditions."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from fbscore import extend, norm, project
from fbscore.learning.admissible import Box, Lipschitz, NormBall, TotalVariation

BATCH, N = 12, 6


def t(*values):
    return torch.tensor(values, dtype=torch.float64)


def box(low=-0.5, high=0.75, cells=None, shape=(), **flags):
    lower, upper = (torch.full((1, 1, *shape), x, dtype=torch.float64) for x in (low, high))
    return Box(lower, upper, **flags, cells=cells)


def draw(rng, *shape):
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


SETS = {
    "box": lambda cells: box(cells=cells),
    "ball": lambda cells: NormBall(t(0.5), cells),
    "variation": lambda cells: TotalVariation(t(0.75), box(cells=cells)),
    "lipschitz": lambda cells: Lipschitz(t(2.0), box(cells=cells)),
}


def constraints(name, cells):
    """``G z <= g`` for real functions on ``cells`` cells, with slack variables behind them."""
    D = np.diff(np.eye(cells), axis=0)
    if name == "lipschitz":
        return np.vstack((D, -D)), np.full(2 * len(D), 2.0 / cells)
    if name == "variation":
        # s >= |Dz|, sum of s <= V
        one, zero = np.eye(len(D)), np.zeros((1, cells))
        G = np.vstack((np.hstack((D, -one)), np.hstack((-D, -one)), np.hstack((zero, one.sum(0)[None]))))
        return G, np.concatenate((np.zeros(2 * len(D)), [0.75]))
    return np.zeros((1, cells)), np.zeros(1)


@pytest.mark.parametrize("name", ["box", "variation", "lipschitz"])
@pytest.mark.parametrize("cells", [2, 3, N])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_projections_are_nearest(name, cells, scale, rng):
    """No member ``z`` has ``⟨v − p, z − p⟩ > 0``: the largest is found by a linear programme."""
    theta, v = SETS[name](cells), scale * draw(rng, BATCH, cells)
    p = theta.project(v)
    assert theta.contains(p).all()
    G, g = constraints(name, cells)
    slack = G.shape[1] - cells
    bounds = [(-0.5, 0.75)] * cells + [(0, None)] * slack
    for i in range(BATCH):
        normal = np.concatenate(((v - p)[i].numpy(), np.zeros(slack)))
        found = linprog(-normal, A_ub=G, b_ub=g, bounds=bounds)
        assert -found.fun <= float(((v - p) * p)[i].sum()) + 1e-9 * scale


def test_the_nearest_point_of_a_ball(rng):
    theta, v = NormBall(t(0.5)), draw(rng, BATCH, N, 2, 3)
    p = theta.project(v)
    assert theta.contains(p).all()
    # 1/N counts: the norm is that of L2, not of the sequence
    torch.testing.assert_close(p, v * (0.5 / norm(v)).reshape(-1, 1, 1, 1), rtol=1e-14, atol=0)
    assert torch.equal(theta.project(v / 100), v / 100)


@pytest.mark.parametrize("name", SETS)
def test_members_are_their_own_nearest_points(name, rng):
    theta = SETS[name](N)
    p = theta.project(draw(rng, BATCH, N))
    assert theta.contains(p).all()
    torch.testing.assert_close(theta.project(p), p, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_what_is_orthogonal_to_the_grid_does_not_matter(name, rng):
    theta, v = SETS[name](3), draw(rng, BATCH, 12)
    torch.testing.assert_close(theta.project(v), theta.project(project(v, 3)), rtol=0, atol=1e-13)


def test_matrices_vary_by_the_sum_of_their_entries(rng):
    """The nearest point separates into the entries once the multiplier is known: the KKT conditions."""
    theta = TotalVariation(t(2.0), box(-9.0, 9.0, shape=(2, 2)))
    v = draw(rng, BATCH, N, 2, 2)
    p = theta.project(v)
    assert theta.contains(p).all()
    each = p.diff(dim=1).abs().sum(1)
    torch.testing.assert_close(each.sum((1, 2)), t(2.0).expand(BATCH), rtol=1e-12, atol=0)
    alone = TotalVariation(t(1.0), box(-9.0, 9.0))
    for i, j in ((0, 0), (1, 0)):
        entry = replace(alone, limit=each[:, i, j])
        torch.testing.assert_close(entry.project(v[..., i, j]), p[..., i, j], rtol=0, atol=1e-7)


def test_members_by_hand():
    v = t([[0.0, 0.5, 0.25], [0.0, 0.25, 0.0]]).squeeze(0)
    assert box().contains(v).tolist() == [True, True]
    assert box(high=0.5).contains(v).tolist() == [True, True]
    assert box(high=0.5, upper_open=True).contains(v).tolist() == [False, True]
    assert box(0.0, lower_open=True).contains(v).tolist() == [False, False]
    assert TotalVariation(t(0.75), box()).contains(v).tolist() == [True, True]
    assert TotalVariation(t(0.7499999), box()).contains(v).tolist() == [False, True]
    assert NormBall(t(0.32275)).contains(v).tolist() == [True, True]  # the root of 5/48 is 0.322748...
    assert NormBall(t(0.32274)).contains(v).tolist() == [False, True]
    assert Lipschitz(t(1.5), box(cells=3)).contains(v).tolist() == [True, True]
    assert Lipschitz(t(1.4999999), box(cells=3)).contains(v).tolist() == [False, True]
    assert Lipschitz(t(9.0), box()).contains(torch.cat((v, t([0.5] * 3)))).tolist() == [False, False, True]


def test_each_instance_has_its_own_set():
    v = t([0.5, 0.5], [0.5, 0.5])
    low, high = torch.zeros(2, 1).double(), t([0.25], [1.0])
    assert Box(low, high).contains(v).tolist() == [False, True]
    assert NormBall(t(0.5, 0.25)).contains(v).tolist() == [True, False]
    w = t([0.0, 0.5], [0.0, 0.5])
    assert TotalVariation(t(0.25, 0.5), box()).contains(w).tolist() == [False, True]
    assert Lipschitz(t(0.9, 1.0), box(cells=2)).contains(w).tolist() == [False, True]


@pytest.mark.parametrize("name", SETS)
def test_members_on_cells_are_constant_on_them(name):
    theta = SETS[name](2)
    assert theta.contains(t([0.25, 0.25, 0.125, 0.125])).all()
    assert not theta.contains(t([0.25, 0.125, 0.125, 0.125])).any()
    assert not theta.contains(t([0.25, 0.125, 0.125])).any()
    assert theta.contains(t([0.25, 0.25, 0.25])).all()
    assert theta.contains(t([0.25])).all()


@pytest.mark.parametrize("name", ["box", "ball", "variation"])
@pytest.mark.parametrize(("own", "cells"), [(None, 4), (12, 4), (12, 1), (None, 1)])
def test_images_are_what_projections_fill(name, own, cells, rng):
    theta = SETS[name](own)
    image = theta.projected(cells)
    assert image.cells == cells
    members = theta.project(draw(rng, BATCH, 12))
    shrunk = members * (1 - 1e-12)  # means and norms are rounded
    assert image.contains(project(shrunk, cells)).all()
    back = image.project(draw(rng, BATCH, cells)) * (1 - 1e-12)
    assert theta.contains(extend(back, 12)).all()
    assert image.is_projection_of(theta)
    assert image.extends_into(theta)


@pytest.mark.parametrize("name", SETS)
def test_a_finer_grid_changes_nothing(name):
    theta = SETS[name](3)
    assert theta.projected(6).cells == 3
    assert theta.is_projection_of(theta)


@pytest.mark.parametrize("name", ["box", "ball", "variation"])
def test_cells_that_overlap(name):
    with pytest.raises(NotImplementedError, match="cells: expected a multiple or divisor of 3, got 2"):
        SETS[name](3).projected(2)


def test_bounds_that_depend_on_time_are_averaged(rng):
    low, high = t([0.0, 1.0, 0.0]), t([0.0, 2.0, 3.0])
    theta = Box(low, high)
    image = theta.projected(2)
    assert image.lower.tolist() == [[pytest.approx(1 / 3), pytest.approx(1 / 3)]]
    assert image.upper.tolist() == [[pytest.approx(2 / 3), pytest.approx(8 / 3)]]
    assert image.is_projection_of(theta)
    assert not image.extends_into(theta)  # 1/3 is not between the bounds 0 and 0 on the first cell
    assert theta.contains(t([0.0, 1.5, 3.0])).all()
    assert not theta.contains(t([0.0, 1.5])).any()
    assert torch.equal(theta.project(t([5.0, 5.0, 5.0])), high)
    open_above = Box(low, t([math.inf, 2.0, 3.0]))
    assert open_above.projected(2).upper.tolist() == [[math.inf, pytest.approx(8 / 3)]]
    assert Box(t([-math.inf, 0.0]), t([0.0, 0.0])).projected(1).lower.tolist() == [[-math.inf]]


def test_lipschitz_means_do_not_fill_the_sequences():
    """``0, V/N, 0``: a discrete member that no Lipschitz function projects to."""
    continuous, discrete = Lipschitz(t(2.0), box()), Lipschitz(t(2.0), box(cells=4))
    assert discrete.contains(t([0.0, 0.5, 0.0, 0.0])).all()
    with pytest.raises(NotImplementedError, match="means of Lipschitz functions are not all the sequences"):
        discrete.is_projection_of(continuous)
    assert not discrete.extends_into(continuous)
    assert Lipschitz(t(2.0), box(cells=1)).is_projection_of(continuous)
    assert Lipschitz(t(2.0), box(cells=1)).extends_into(continuous)
    assert Lipschitz(t(0.0), box(cells=4)).is_projection_of(Lipschitz(t(0.0), box()))
    assert continuous.within(Lipschitz(t(2.5), box()))
    assert not continuous.within(Lipschitz(t(1.5), box()))
    assert discrete.within(Lipschitz(t(4.0), box(cells=8)))
    assert not discrete.within(Lipschitz(t(3.9), box(cells=8)))


def test_wrong_projections_are_told_both_ways():
    half, whole = box(0.0, 0.5, 2), box(0.0, 1.0)
    assert not half.is_projection_of(whole)
    assert half.extends_into(whole)
    assert not replace(whole, cells=2).is_projection_of(box(0.0, 0.5))
    assert not replace(whole, cells=2).extends_into(box(0.0, 0.5))
    assert not NormBall(t(0.5), 2).is_projection_of(NormBall(t(1.0)))
    small, large = (TotalVariation(t(V), box(cells=2)) for V in (0.5, 1.0))
    assert not small.is_projection_of(TotalVariation(t(1.0), box()))
    assert not large.extends_into(TotalVariation(t(0.5), box()))
    # one cell has no variation, and two cells none above the width
    assert replace(small, box=box(cells=1)).is_projection_of(TotalVariation(t(1.0), box()))
    assert TotalVariation(t(2.0), box(cells=2)).within(TotalVariation(t(1.25), box(cells=2)))
    assert not TotalVariation(t(2.0), box(cells=3)).within(TotalVariation(t(1.25), box(cells=3)))


def test_open_bounds():
    closed, left_out = box(0.0, 0.5), box(0.0, 0.5, upper_open=True)
    assert left_out.within(closed)
    assert not closed.within(left_out)
    assert left_out.within(left_out)
    assert not left_out.projected(2).is_projection_of(closed)
    assert left_out.projected(2).is_projection_of(left_out)
    with pytest.raises(ValueError, match="project: expected a closed set, which has nearest points"):
        left_out.project(t([0.25]))
    with pytest.raises(ValueError, match="project: expected a closed set"):
        TotalVariation(t(1.0), left_out).project(t([0.25]))


@pytest.mark.parametrize(
    ("theta", "bounded", "closed", "equicontinuous"),
    [
        (box(), True, True, False),
        (box(cells=4), True, True, True),
        (box(0.5, 0.5), True, True, True),
        (box(0.0, math.inf), False, True, False),
        (box(0.0, math.inf, cells=1), False, True, False),
        (box(0.0, math.inf, upper_open=True), False, True, False),
        (box(upper_open=True, cells=1), True, False, True),
        (NormBall(t(1.0)), False, True, False),
        (NormBall(t(1.0), 4), True, True, True),
        (NormBall(t(0.0)), True, True, True),
        (TotalVariation(t(1.0), box()), True, True, True),
        (TotalVariation(t(1.0), box(0.0, math.inf)), False, True, False),
        (TotalVariation(t(1.0), box(upper_open=True)), True, False, True),
        (Lipschitz(t(1.0), box()), True, True, True),
        (Lipschitz(t(1.0), box(-math.inf)), False, True, False),
        (Lipschitz(t(1.0), box(lower_open=True, cells=3)), True, False, True),
    ],
)
def test_conditions(theta, bounded, closed, equicontinuous):
    assert (theta.bounded, theta.closed, theta.equicontinuous) == (bounded, closed, equicontinuous)
