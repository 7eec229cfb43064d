"""Regularisers in rotated coordinates."""

from dataclasses import replace

import pytest
import torch

from fbscore import Problem
from fbscore.regularizers import L0, L1, L2, ElasticNet, LInf, Rotated, TotalVariation
from tests.core.instances import gaussian, regularizer

TURN = torch.tensor([[[0.6, -0.8], [0.8, 0.6]]], dtype=torch.float64)


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def rotations(batch, d, rng, dtype):
    return torch.linalg.qr(gaussian(batch * d, d, rng).reshape(batch, d, d)).Q.to(dtype)


def test_by_hand():
    R = Rotated(TURN, L1(tensor([1, 1])))
    v = tensor([3, 4])  # D v = (−1.4, 4.8)
    assert R.value(v).item() == pytest.approx(6.2, rel=1e-15)
    torch.testing.assert_close(R.prox(v, tensor(2)), tensor([0.8 * 2.8, 0.6 * 2.8]))
    torch.testing.assert_close(R.minimal_subgradient(v), tensor([0.2, 1.4]))
    assert R.growth()[0].item() == 2**0.5


@pytest.mark.parametrize(
    "name", ["l1", "l2", "linf", "elastic_net", "total_variation", "max_affine", "quadratic"]
)
def test_zeros_and_ties_survive_the_rotation(name, dtype, rng):
    """``D Dᵀ`` is not exactly the identity: taken as it is, ``D u`` is off every kink."""
    inner = regularizer(name, 200, 6, rng, dtype)
    if name in ("l1", "elastic_net"):
        assert isinstance(inner, L1 | ElasticNet)
        inner = replace(inner, weights=inner.weights + 0.25)
    R = Rotated(rotations(200, 6, rng, dtype), inner)
    v, a = gaussian(200, 6, rng).to(dtype), 0.1 + torch.rand(200, generator=rng).to(dtype)
    u = R.prox(v, a)
    eps = torch.finfo(dtype).eps
    C0, C1 = R.growth()
    size = C0 + C1 * u.norm(dim=-1) + v.norm(dim=-1) / a
    assert (R.subdifferential_distance(u, (v - u) / a[:, None]) <= 16 * eps * size).all()
    assert (R.subdifferential_distance(u, R.minimal_subgradient(u)) <= 32 * eps * size).all()
    assert (R.subdifferential_distance(u, R.subgradient(u)) <= 32 * eps * size).all()


def test_the_norm_does_not_see_rotations(rng):
    v, a = gaussian(50, 4, rng), torch.rand(50, generator=rng, dtype=torch.float64)
    R = Rotated(rotations(50, 4, rng, torch.float64), L2())
    torch.testing.assert_close(R.prox(v, a), L2().prox(v, a))
    torch.testing.assert_close(R.minimal_subgradient(v), L2().minimal_subgradient(v))


def test_rotations_compose():
    inner = Rotated(TURN.mT, LInf())
    R = Rotated(TURN, inner)
    torch.testing.assert_close(R.prox(tensor([3, 1]), tensor(1)), tensor([2, 1]))
    moved = R.to(torch.float32).parameters["inner"]
    assert isinstance(moved, Rotated)
    assert moved.D.dtype == torch.float32


def test_a_problem_looks_into_the_inner_one():
    def problem(R):
        return Problem(torch.ones(1, 1, 2).double(), tensor(1).reshape(1, 1), tensor([0, 0]), R)

    R = problem(Rotated(TURN, L1(tensor([1, 1])))).regularizer
    object.__setattr__(R, "inner", L1(torch.ones(1, 2)))
    with pytest.raises(TypeError, match=r"^regularizer\.inner\.weights: expected the dtype of A"):
        problem(R)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("D", "inner", "error", "message"),
    [
        (TURN[0], L2(), ValueError, r"D: expected shape \(batch, d, d\), d >= 1, got \(2, 2\)"),
        (TURN * 1.001, L2(), ValueError, r"D: expected orthogonal matrices, got an entry 0\.002\d* of D D"),
        (TURN * 0.9, L2(), ValueError, r"D: expected orthogonal matrices, got an entry 0\.1899\d* of D D"),
        (TURN * torch.nan, L2(), ValueError, "D: expected finite entries"),
        (TURN, "l2", TypeError, "inner: expected a Regularizer, got str"),
        (TURN, L0(), ValueError, "inner: expected an admissible regulariser, got l0"),
        (TURN, TotalVariation(3), ValueError, "inner: expected parameters for d = 2, got 3"),
        (TURN, L1(tensor([1, 1], [1, 1])), ValueError, r"inner\.weights: expected a batch of 1, got 2"),
        (TURN, L1(torch.ones(1, 2)), TypeError, r"inner\.weights: expected the dtype of D"),
    ],
)
def test_bad_parameters(D, inner, error, message):
    with pytest.raises(error, match=f"^{message}"):
        Rotated(D, inner)
