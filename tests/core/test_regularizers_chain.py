"""The prox of weighted differences: against rational arithmetic, quadratic programming, published code."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
import scipy.optimize
import torch

from fbscore.regularizers.chain import chain_prox, plateaus


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def solve_exactly(v: list[Fraction], w: list[Fraction]) -> list[Fraction]:
    """The point that satisfies the optimality conditions, among those of all patterns of jumps."""
    for signs in product((-1, 0, 1), repeat=len(w)):
        bounds = [0, *(i + 1 for i, s in enumerate(signs) if s), len(v)]
        pull = [Fraction(0), *(s * x for s, x in zip(signs, w, strict=True)), Fraction(0)]
        u: list[Fraction] = []
        for left, right in pairwise(bounds):
            level = (sum(v[left:right]) + pull[right] - pull[left]) / (right - left)
            u += [level] * (right - left)
        dual = [sum(u[: i + 1]) - sum(v[: i + 1]) for i in range(len(w))]
        jumps = [y - x for x, y in pairwise(u)]
        agree = all((j > 0) - (j < 0) == s for j, s in zip(jumps, signs, strict=True))
        if agree and all(abs(z) <= x for z, x in zip(dual, w, strict=True)):
            return u
    raise AssertionError("no pattern is optimal")


@pytest.mark.parametrize("d", [2, 3, 5])
def test_against_exact_arithmetic(d, dtype):
    numbers = np.random.default_rng(d)
    v = numbers.standard_normal((40, d)) * 10.0 ** numbers.uniform(-3, 3, (40, 1))
    v[:10] = numbers.integers(-3, 4, (10, d))
    w = np.abs(v[:, :1]) * numbers.uniform(0, 1.5, (40, d - 1))
    w[:10] = numbers.integers(0, 5, (10, d - 1)) / 2
    given = torch.tensor(v).to(dtype), torch.tensor(w).to(dtype)
    u = chain_prox(*given)
    for i in range(40):
        rational = [[Fraction(float(x)) for x in row[i]] for row in given]
        exact = np.array([float(x) for x in solve_exactly(*rational)])
        error = np.abs(u[i].double().numpy() - exact).max()
        assert error <= 3 * torch.finfo(dtype).eps * np.abs(v[i]).max()
        # Where the exact solution ties, so does ours; in float64 its gaps are above round-off.
        assert torch.equal(u[i].diff() == 0, torch.tensor(np.diff(exact) == 0))


@pytest.mark.parametrize("d", [8, 20, 64])
def test_against_the_dual_quadratic_programme(d):
    """The dual variables ``z`` minimise ``‖v − Dᵀ z‖`` over the box ``|z_i| <= w_i``."""
    numbers = np.random.default_rng(d)
    D = np.diff(np.eye(d), axis=0)
    for _ in range(10):
        v, w = numbers.standard_normal(d), numbers.uniform(0.1, 2.0, d - 1)
        z = scipy.optimize.lsq_linear(D.T, v, bounds=(-w, w), method="bvls", tol=1e-14).x
        u = chain_prox(torch.tensor(v[None]), torch.tensor(w[None]))[0].numpy()
        np.testing.assert_allclose(u, v - D.T @ z, atol=1e-12)


def test_against_chambolle():
    restoration = pytest.importorskip("skimage.restoration")
    v = np.random.default_rng(0).standard_normal(12)
    found = restoration.denoise_tv_chambolle(v, weight=0.4, eps=0.0, max_num_iter=20_000)
    u = chain_prox(torch.tensor(v[None]), torch.full((1, 11), 0.4, dtype=torch.float64))[0].numpy()
    np.testing.assert_allclose(u, found, atol=1e-3)


def test_no_edges_and_no_weights():
    v = tensor([1, 4, 2])
    assert torch.equal(chain_prox(v[:, :1], v[:, :0]), v[:, :1])
    assert torch.equal(chain_prox(v, tensor([0, 0])), v)
    assert chain_prox(v, tensor([0, 0.5])).tolist() == [[1.0, 3.5, 2.5]]
    assert chain_prox(v, tensor([1e300, 1e300])).tolist() == [[pytest.approx(7 / 3, rel=1e-15)] * 3]


def test_levels_that_round_off_turns_keep_their_order(dtype, rng):
    """Two levels an ulp apart: the second pass may not make a jump up out of a jump down."""
    eps = torch.finfo(dtype).eps
    steps = torch.randint(-2, 3, (4000, 7), generator=rng).to(dtype) * eps
    v = 1.0 + steps.cumsum(-1)
    a = eps * torch.rand(4000, 1, generator=rng).to(dtype)
    u = chain_prox(v, a.expand(-1, 6))
    dual = (u.double() - v.double()).cumsum(-1)[:, :-1]
    assert (dual.abs() <= a.double() + 8 * eps).all()
    assert (u.amax(-1) <= v.amax(-1)).all()
    assert (u.amin(-1) >= v.amin(-1)).all()


def test_plateaus():
    first, last = plateaus(tensor([3, 3, 1, 2, 2, 2]))
    assert first.tolist() == [[0, 0, 2, 3, 3, 3]]
    assert last.tolist() == [[1, 1, 2, 5, 5, 5]]
