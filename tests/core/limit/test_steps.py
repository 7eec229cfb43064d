"""The terms of a layer by hand, and the step that they make."""

import math

import pytest
import torch

from fbscore.limit.cells import cells_of, weights
from fbscore.limit.curvature import curvature
from fbscore.limit.steps import (
    Block,
    LayerSteps,
    advance,
    gap,
    noise,
    reached_within,
    residual,
    values_along,
)
from fbscore.lista import ListaControls
from fbscore.regularizers import L1, ElasticNet, Regularizer
from fbscore.types import Problem
from tests.core.instances import ADMISSIBLE, gaussian, regularizer


def column(*values):
    return torch.tensor(values, dtype=torch.float64)[None, :, None]


def layer(R: Regularizer, before: float, after: float, K: float, c: float, sigma: float):
    """One layer of length ½ in one dimension."""
    one = torch.ones(1, 1, dtype=torch.float64)
    problem = Problem(one[..., None], one, one, R)
    controls = ListaControls(c * one[..., None, None], K * one[..., None, None], sigma * one)
    curved = curvature(R, problem.u0)
    path = column(before, after)
    block = Block(path[:, None, :1], path[:, None, 1:], 0.5)
    values = values_along(R, path, (1, 1))
    cells = cells_of(controls, problem, slice(0, 1), curved)
    return cells, block, values, curved


def l1(weight=1.0):
    return L1(torch.full((1, 1), weight, dtype=torch.float64))


def test_the_gap_of_a_crossing():
    """From 1 to −1 with ``p = −1``: ``D̂ = |û| + û`` is a hinge, 2 at the beginning, 0 from half-way on."""
    # −1 = 1 − ½(Ku − c + σp): Ku − c = 5 for σ = 1 and p = −1.
    found = gap(*layer(l1(), 1.0, -1.0, K=5.0, c=0.0, sigma=1.0))
    assert (found.first.item(), found.middle.item()) == pytest.approx((0.5 * 2.0, 0.0), abs=1e-14)


def test_no_gap_on_one_side():
    found = gap(*layer(l1(), 3.0, 2.0, K=0.0, c=-1.0, sigma=1.0))
    assert (found.first.item(), found.middle.item()) == pytest.approx((0.0, 0.0), abs=1e-14)


def test_no_gap_without_a_weight():
    found = gap(*layer(l1(), 1.0, -1.0, K=4.0, c=0.0, sigma=0.0))
    assert (found.first.item(), found.middle.item()) == (0.0, 0.0)


def test_the_quadratic_part_has_no_gap():
    """``R = |u| + 2u²``, from 3 to 1 with ``p = 1 + 4``: nothing is left; ``r`` has ``−σQΔ`` and ``KΔ``."""
    R = ElasticNet(torch.ones(1, 1).double(), torch.full((1,), 4.0).double())
    cells, block, values, curved = layer(R, 3.0, 1.0, K=-2.0, c=-7.5, sigma=0.5)
    # 1 = 3 − ½(−6 + 7.5 + ½·5)
    found = gap(cells, block, values, curved)
    assert (found.first.item(), found.middle.item()) == pytest.approx((0.0, 0.0), abs=1e-14)
    r = residual(cells, block)
    assert (r.first.abs().item(), r.last.abs().item()) == pytest.approx((4.0, 4.0), rel=1e-14)
    assert r.first.item() * r.last.item() > 0.0
    assert cells.rates[0, 0, 0].item() == pytest.approx(2.0 - 2.0, abs=1e-12)


def test_the_rest_has_the_gap_of_a_crossing():
    """``R = |u| + 2u²``, from 3 to −1 with ``p = −1 − 4``: ``D̂ = |û| + û`` is 6, 2 half-way; ``hσ = ¼``."""
    R = ElasticNet(torch.ones(1, 1).double(), torch.full((1,), 4.0).double())
    # −1 = 3 − ½(10.5 − ½·5)
    found = gap(*layer(R, 3.0, -1.0, K=3.5, c=0.0, sigma=0.5))
    assert (found.first.item(), found.middle.item()) == pytest.approx((1.5, 0.5), rel=1e-14)


def test_noise_by_hand():
    R = l1(3.0)
    cells, block, _, _ = layer(R, 2.0, 1.0, K=4.0, c=5.0, sigma=0.25)
    unit = 2.0**-53 * (1 + 1 + 8)
    xi = unit * (2.0 + 0.5 * (4.0 * 2.0 + 5.0) + 0.5 * 0.25 * 3.0)
    found = noise(cells, block, R, 1, torch.float64)
    assert found.jump.item() == pytest.approx((2.0 + 0.5 * 4.0) * xi, rel=1e-12, abs=0)
    weight = 0.5 * 0.25 * 3.0
    expected = 2.0 * (weight + 1.0) * xi + unit * weight * 3.0
    assert found.gap.item() == pytest.approx(expected, rel=1e-12, abs=0)
    assert found.smooth().gap.item() == 0.0
    assert found.smooth().jump.item() == found.jump.item()


@pytest.mark.parametrize("name", ADMISSIBLE)
def test_values_along_a_path(name, device, dtype, rng):
    R = regularizer(name, 3, 4, rng, dtype, device)
    path = torch.stack([gaussian(3, 4, rng) for _ in range(5)], dim=1).to(device, dtype)
    before, middle, after = (x.flatten(1, 2) for x in values_along(R, path, (2, 2)))
    assert before.dtype == torch.float64
    for n in range(4):
        expected = (
            R.value(path[:, n]),
            R.value(0.5 * (path[:, n] + path[:, n + 1])),
            R.value(path[:, n + 1]),
        )
        for found, value in zip((before, middle, after), expected, strict=True):
            torch.testing.assert_close(
                found[:, n], value.double(), rtol=1e-5 if dtype == torch.float32 else 1e-12, atol=1e-6
            )


def test_the_best_way_is_taken():
    """First the direct way, ``√(4·9 + 1) + 0.5``, then the relaxed one, ``√(2E² + 3)``; a jump each."""
    step = LayerSteps(
        growth=torch.tensor([[[4.0, 9.0], [8.0, 2.0]]]).double(),
        source=torch.tensor([[[1.0, 1.0], [0.0, 3.0]]]).double(),
        drift=torch.tensor([[0.5, 0.0]]).double(),
        jump=torch.tensor([[0.25, 0.125]]).double(),
    )
    first = math.sqrt(37.0) + 0.75
    second = math.sqrt(2.0 * first**2 + 3.0) + 0.125
    found = advance(torch.tensor([3.0]).double(), step)
    assert found[0].tolist() == pytest.approx([first, second], rel=1e-14)
    starts = torch.tensor([[3.0, first]]).double()
    torch.testing.assert_close(reached_within(starts, step), found)


def test_weights_of_a_layer_without_rates():
    """``κ = 0``: half of the gap at the beginning if it is linear, half of the drift at the end."""
    w = weights(torch.zeros(1, 1, 2).double(), 0.5)
    assert w.gap[0, 0, 0].tolist() == pytest.approx([0.5, 1.0, 2.0], rel=1e-14)
    assert w.drift[0, 0].tolist() == pytest.approx([0.125, 0.25, 0.125], rel=1e-14)
    assert w.squares[0, 0, 1].tolist() == pytest.approx([1 / 12, 1 / 12, 1 / 12], rel=1e-14)
