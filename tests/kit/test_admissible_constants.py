"""Sets of admissible controls: who belongs to them, and how far the others are away."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given

from claims import admissible_constants as constants
from claims import convergence_constants
from claims.families import admissible_sequences, drawn_learning
from claims.families.learning_failures import scalar
from claims.kit.context import BallRun, FloatRun
from claims.kit.convergence_instances import controls
from claims.kit.learning_problems import sets
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

RUN = FloatRun(Subject(), CPU, torch.float64)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def half_open(*weights):
    """0 < λ ≤ 1 and the constants λ in the place of the limit."""
    p = admissible_sequences.half_open(torch.ones(len(weights), dtype=torch.float64))
    first = replace(p.sequence.first, lam=tensor(*weights)[:, None])
    return replace(p, learning=replace(p.learning, sequence=replace(p.sequence, first=first)))


def test_ends_belong_or_not():
    p = half_open(-0.5, 0.0, 0.5, 1.0, 1.5)
    assert constants.outside(p, p.sequence.first).tolist() == [1.0, 1.0, 0.0, 0.0, 1.0]
    closed = replace(p, closed=torch.ones_like(p.closed))
    assert constants.outside(closed, p.sequence.first).tolist() == [1.0, 0.0, 0.0, 0.0, 1.0]


def test_distances_from_a_box():
    assert constants.gaps(half_open(-0.5, 0.0, 1.0, 1.75))[:, 2].tolist() == [0.5, 0.0, 0.0, 0.75]


def test_variation_is_that_of_all_entries():
    values = torch.arange(12.0, dtype=torch.float64).reshape(1, 3, 2, 2)
    assert constants.variation(values).tolist() == [32.0]
    assert constants.variation(values[:, :1]).tolist() == [0.0]
    assert constants.variation(values[..., :0]).tolist() == [0.0]


@pytest.mark.parametrize("cells", [2, 3, 6])
def test_the_distance_from_a_bound_on_the_variation_is_attained(cells):
    """Alternating values, half as large at both ends: the excess over √(kM(4M − 6)) is the distance."""
    wave = torch.tensor([(-1.0) ** i * (1 + (0 < i < cells - 1)) for i in range(cells)], dtype=torch.float64)
    values = 2 * wave[None, :, None].expand(1, cells, 2)
    size = (wave.square().sum() * 2 / cells).sqrt()
    excess = constants.variation(values) - constants.variation(values / 2)
    assert float(excess / (2 * cells * (4 * cells - 6)) ** 0.5) == pytest.approx(float(size))


@pytest.mark.parametrize("seed", range(8))
def test_gaps_are_at_most_the_distance_from_the_nearest_point(seed):
    """The nearest point is the core's; a gap is zero exactly where the control is in the set."""
    _, p = admissible_sequences.volume(Source(seed, CPU), 6)
    theta, gaps = p.sequence.first, constants.gaps(p)
    product = sets(p, theta, [True] * 6, lambda x: x)
    for i, (factor, values) in enumerate(zip(product.factors, controls(theta), strict=True)):
        away = (factor.project(values) - values).flatten(1).norm(dim=1) / values.shape[1] ** 0.5
        assert (gaps[:, i] <= away * (1 + 1e-9) + 1e-12).all()
        assert torch.equal(gaps[:, i] > 0, ~factor.contains(values))


@QUIET
@given(drawn_learning.admissible())
def test_constants_in_both_arithmetics(p):
    theta = p.sequence.first
    agree(constants.gaps, (p,), lambda: (p.ball(),))
    agree(constants.reaches, (p,), lambda: (p.ball(),))
    agree(constants.outside, (p, theta), lambda: (p.ball(), theta.ball()))


@QUIET
@given(drawn_learning.admissible())
def test_the_core_agrees_on_who_is_outside(p):
    for j in range(len(p.sequence.depths)):
        with elementary.digits(60):
            exact = elementary.to_float(BallRun().outside(p.ball(), j))
        assert RUN.outside(p, j).tolist() == exact.tolist()


def test_instances_of_one_batch_may_have_different_ends():
    p = half_open(0.0, 0.0, 1.0, 1.0)
    p.closed[1, 2, 0], p.closed[3, 2, 1] = 1.0, 0.0
    still = replace(p.sequence, scales=0 * p.sequence.scales)
    p = replace(p, learning=replace(p.learning, sequence=still))
    theta = convergence_constants.function(p.sequence, 0)
    assert constants.outside(p, theta).tolist() == [1.0, 0.0, 0.0, 1.0]
    assert RUN.outside(p, 0).tolist() == [1.0, 0.0, 0.0, 1.0]


def test_a_scalar_network_has_the_stated_controls():
    p = scalar(tensor(1.0, 2.0), W=0.5, lam=0.25, f=3.0)
    assert [x.flatten().tolist() for x in controls(p)] == [[0.5, 0.5], [1.0, 1.0], [0.25, 0.25]]
    assert p.f.tolist() == [[3.0], [3.0]]
