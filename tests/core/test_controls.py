"""Projection, extension, shift and norms against exact rational arithmetic and brute-force fine grids."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fbscore.controls import common_pieces, distance, extend, norm, project, shift, shift_distance

QUIET = settings(database=None, deadline=None, max_examples=80)
GRIDS = st.integers(1, 12)
SHAPES = [(), (3,), (2, 3), (4, 0)]


def random(batch, N, *shape, seed=11, dtype=torch.float64):
    return torch.randn(
        batch, N, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    ).to(dtype)


def exact_means(values, cells):
    """Cell means of a list of numbers, in rational arithmetic."""
    N = len(values)
    means = []
    for j in range(cells):
        low, high = Fraction(j, cells), Fraction(j + 1, cells)
        overlaps = [
            max(Fraction(0), min(high, Fraction(i + 1, N)) - max(low, Fraction(i, N))) for i in range(N)
        ]
        means.append(sum(cells * length * Fraction(v) for length, v in zip(overlaps, values, strict=True)))
    return means


@QUIET
@given(N=GRIDS, cells=GRIDS, data=st.data())
def test_project_is_the_exact_mean(N, cells, data):
    values = data.draw(st.lists(st.floats(-100, 100), min_size=N, max_size=N))
    projected = project(torch.tensor([values], dtype=torch.float64), cells)[0].tolist()
    largest = max(map(abs, values))
    for got, expected in zip(projected, exact_means(values, cells), strict=True):
        assert abs(Fraction(got) - expected) <= 8 * 2.0**-52 * largest + 5e-323


@QUIET
@given(N=GRIDS, cells=st.integers(1, 500), shape=st.sampled_from(SHAPES))
def test_project_after_extend_is_the_identity_bit_for_bit(N, cells, shape):
    v = random(2, N, *shape)
    assert torch.equal(project(extend(v, N * cells), N), v)
    assert torch.equal(project(v, N), v)
    assert torch.equal(project(v, N * cells), extend(v, N * cells))


@pytest.mark.parametrize("cells", [1, 3, 7, 16])
def test_project_keeps_constants_bit_for_bit(cells, dtype, device):
    v = torch.full((2, 10, 3), 0.1, dtype=dtype, device=device)
    assert torch.equal(project(v, cells), v[:, :1].expand(2, cells, 3))


@QUIET
@given(N=GRIDS, cells=GRIDS, shape=st.sampled_from(SHAPES))
def test_project_is_nonexpansive_and_extend_an_isometry(N, cells, shape):
    v = random(4, N, *shape)
    assert (norm(project(v, cells)) <= norm(v) * (1 + 1e-14)).all()
    torch.testing.assert_close(norm(extend(v, N * cells)), norm(v), rtol=1e-14, atol=0)


@QUIET
@given(N=GRIDS, cells=GRIDS)
def test_project_is_orthogonal(N, cells):
    """``v − P v`` is orthogonal to what is constant on the cells: Pythagoras."""
    v = random(4, N, 2)
    p = project(v, cells)
    torch.testing.assert_close(distance(v, p) ** 2 + norm(p) ** 2, norm(v) ** 2, rtol=1e-13, atol=1e-28)


def test_project_by_hand(device):
    v = torch.tensor([[0.0, 6.0, 12.0]], device=device)
    assert project(v, 2).tolist() == [[2.0, 10.0]]
    assert project(v, 1).tolist() == [[6.0]]
    assert project(v[:, :2], 3).tolist() == [[0.0, 3.0, 6.0]]


def test_rademacher_functions_have_mean_zero_below_their_grid():
    r3 = torch.tensor([[1.0, -1.0] * 4])
    assert not project(r3, 4).any()
    assert torch.equal(project(r3, 16), extend(r3, 16))


@QUIET
@given(N=GRIDS, cells=st.integers(-15, 15), shape=st.sampled_from(SHAPES))
def test_shift_moves_values_and_fills_with_zeros(N, cells, shape):
    v = random(2, N, *shape)
    shifted = shift(v, cells)
    assert shifted.shape == v.shape
    for n in range(N):
        inside = 0 <= n + cells < N
        assert torch.equal(shifted[:, n], v[:, n + cells] if inside else torch.zeros_like(v[:, 0]))


@pytest.mark.parametrize("shape", SHAPES)
def test_norm_is_the_integral(shape, dtype, device):
    v = random(3, 5, *shape, dtype=dtype).to(device)
    expected = [math.sqrt(math.fsum(x * x for x in row) / 5) for row in v.reshape(3, -1).tolist()]
    assert norm(v).dtype == dtype
    torch.testing.assert_close(norm(v).cpu().double(), torch.tensor(expected).double(), rtol=1e-6, atol=0)


def test_norm_of_one_is_one(dtype):
    for N in range(1, 30):
        assert norm(torch.ones(1, N, dtype=dtype)).item() == 1.0


@QUIET
@given(N=GRIDS, M=GRIDS, shape=st.sampled_from(SHAPES))
def test_distance_on_the_common_refinement(N, M, shape):
    v, w = random(3, N, *shape), random(3, M, *shape, seed=12)
    fine = math.lcm(N, M)
    expected = norm(extend(v, fine) - extend(w, fine))
    torch.testing.assert_close(distance(v, w), expected, rtol=1e-14, atol=0)
    torch.testing.assert_close(distance(w, v), expected, rtol=1e-14, atol=0)


def test_distance_by_hand(device):
    v, w = torch.tensor([[1.0, 0.0]], device=device), torch.tensor([[1.0, 0.0, 0.0]], device=device)
    assert distance(v, w).item() == pytest.approx((1 / 6) ** 0.5, rel=1e-6)


@QUIET
@given(N=GRIDS, M=GRIDS)
def test_common_pieces_cover_the_interval_once(N, M):
    first, second, lengths = (x.tolist() for x in common_pieces(N, M, torch.device("cpu")))
    assert sum(lengths) == N * M
    start = 0
    for i, j, length in zip(first, second, lengths, strict=True):
        if length > 0:
            middle = Fraction(2 * start + length, 2 * N * M)
            assert (i, j) == (math.floor(middle * N), math.floor(middle * M))
        start += length


@pytest.mark.usefixtures("unchecked")
def test_distance_refuses_other_shapes():
    with pytest.raises(
        ValueError, match=r"^w: expected batch and trailing axes \(2, 3\) as in v, got \(2, 4\)$"
    ):
        distance(random(2, 5, 3), random(2, 5, 4))
    with pytest.raises(ValueError, match=r"^w: expected batch and trailing axes \(2,\) as in v, got \(1,\)$"):
        distance(random(2, 5), random(1, 5))


@QUIET
@given(N=st.integers(1, 8), numerator=st.integers(0, 60), shape=st.sampled_from(SHAPES))
def test_shift_distance_against_a_fine_grid(N, numerator, shape):
    """On a grid of ``60 N`` cells the shift by ``numerator/60`` is one by whole cells."""
    v = random(2, N, *shape)
    fine = extend(v, 60 * N)
    expected = norm(shift(fine, numerator * N) - fine)
    torch.testing.assert_close(shift_distance(v, numerator / 60), expected, rtol=1e-13, atol=1e-13)


@QUIET
@given(N=st.integers(1, 8), r=st.floats(0.0, 1.0))
def test_shift_distance_against_the_integral(N, r):
    """The integral over the pieces on which neither ``v(t)`` nor ``v(t + r)`` jumps, in exact rationals."""
    values = random(1, N)[0].tolist()
    exact = Fraction(r)
    jumps = {Fraction(n, N) for n in range(N + 1)}
    breaks = sorted(jumps | {t - exact for t in jumps if t > exact})
    total = Fraction(0)
    for low, high in pairwise(breaks):
        middle = (low + high) / 2
        there = middle + exact
        ahead = Fraction(values[int(there * N)]) if there < 1 else Fraction(0)
        total += (high - low) * (ahead - Fraction(values[int(middle * N)])) ** 2
    assert shift_distance(torch.tensor([values], dtype=torch.float64), r).item() == pytest.approx(
        math.sqrt(total), rel=1e-12, abs=1e-150
    )


def test_shift_distance_of_a_jump_in_a_cell(dtype, device):
    """``χ_[0,1)``: a shift by ``r`` loses a piece of length ``r``."""
    one = torch.ones(1, 4, dtype=dtype, device=device)
    for r in [0.0, 0.1, 0.25, 0.9, 1.0]:
        assert shift_distance(one, r).item() == pytest.approx(math.sqrt(r), rel=1e-6)


def test_functions_are_differentiable():
    v = random(2, 6, 3).requires_grad_()
    total = norm(project(v, 4)) + distance(v, project(v, 4)) + shift_distance(v, 0.3) + norm(extend(v, 12))
    total.sum().backward()
    assert v.grad is not None
    assert v.grad.isfinite().all()


@pytest.mark.parametrize("batch", [0, 2])
def test_empty_batches(batch, dtype, device):
    v = torch.ones(batch, 3, 2, dtype=dtype, device=device)
    assert project(v, 5).shape == (batch, 5, 2)
    assert extend(v, 6).shape == (batch, 6, 2)
    assert distance(v, project(v, 5)).shape == shift_distance(v, 0.5).shape == norm(v).shape == (batch,)
    assert shift(v, 1).device.type == device.type


@pytest.mark.parametrize("operator", [project, extend])
@pytest.mark.parametrize("cells", [0, -1])
def test_cells_are_at_least_one(operator, cells):
    with pytest.raises(ValueError, match=f"^cells: expected at least 1 cell, got {cells}$"):
        operator(random(1, 4), cells)


@pytest.mark.parametrize("cells", [2, 6])
def test_extend_needs_a_multiple(cells):
    with pytest.raises(ValueError, match=f"^cells: expected a multiple of N = 4, got {cells}$"):
        extend(random(1, 4), cells)


@pytest.mark.parametrize("r", [-0.1, 1.5, math.nan, math.inf])
def test_shift_distance_needs_a_shift_in_the_interval(r):
    with pytest.raises(ValueError, match=r"^r: expected a shift in \[0, 1\], got "):
        shift_distance(random(1, 4), r)
