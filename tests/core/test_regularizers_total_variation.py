"""Total variation."""

import itertools

import numpy as np
import pytest
import scipy.optimize
import torch

from fbscore.regularizers import TotalVariation


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize(
    ("a", "expected"),
    [
        (0.0, [0.0, 3.0, 1.0]),
        (0.5, [0.5, 2.0, 1.5]),
        (0.75, [0.75, 1.625, 1.625]),
        (1.25, [1.25, 1.375, 1.375]),
        (4 / 3, [4 / 3] * 3),
        (100.0, [4 / 3] * 3),
    ],
)
def test_prox_by_hand(a, expected):
    assert TotalVariation(3).prox(tensor([0, 3, 1]), tensor(a)).tolist() == [
        pytest.approx(expected, rel=1e-15)
    ]


def test_entries_of_a_plateau_are_equal(dtype, rng):
    """Else the subdifferential at the result is a face of lower dimension, far from ``(v − u)/a``."""
    v, a = torch.randn(200, 64, generator=rng, dtype=dtype), torch.rand(200, generator=rng, dtype=dtype)
    R = TotalVariation(64)
    u = R.prox(v, a)
    assert (u.diff(dim=-1) == 0).float().mean() > 0.3
    assert R.subdifferential_distance(u, (v - u) / a[:, None]).median() <= 16 * torch.finfo(dtype).eps


def test_a_constant_stays_exactly_constant():
    v = torch.full((1, 7), 0.1, dtype=torch.float64)
    assert torch.equal(TotalVariation(7).prox(v, tensor(0.3)), v)
    assert torch.equal(TotalVariation(7).prox(v, tensor(0.0)), v)


def test_subdifferential_by_hand():
    R, u = TotalVariation(4), tensor([1, 2, 2, 0])
    # s = (1, free, -1): p = (-1, 1 - s, s + 1, -1)
    assert R.value(u).item() == 3.0
    assert R.minimal_subgradient(u).tolist() == [[-1.0, 1.0, 1.0, -1.0]]
    assert R.subgradient(u).tolist() == [[-1.0, 2.0, 0.0, -1.0]]
    assert R.contains(u, tensor([-1, 0, 2, -1]), 0.0).all()
    assert R.subdifferential_distance(u, tensor([-1, -1, 3, 2])).item() == pytest.approx(11**0.5, rel=1e-15)
    assert R.growth()[0].item() == 10**0.5


def test_one_entry_has_no_variation():
    R, u = TotalVariation(1), tensor([5], [0])
    assert R.value(u).tolist() == [0.0, 0.0]
    assert R.subgradient(u).tolist() == R.minimal_subgradient(u).tolist() == [[0.0], [0.0]]
    assert R.subdifferential_distance(u, tensor([2], [0])).tolist() == [2.0, 0.0]
    assert [C.item() for C in R.growth()] == [0.0, 0.0]


@pytest.mark.parametrize("u", [(0, *rest) for rest in itertools.product((-1, 0, 1), repeat=3)], ids=str)
def test_subdifferential_against_a_bounded_least_squares_solver(u):
    """``s`` is free within plateaus: distance, projection of 0 and longest vertex by brute force."""
    R, state, numbers = TotalVariation(4), tensor(u), np.random.default_rng(0)
    sign = np.sign(np.diff(u))
    free = sign == 0
    D = np.diff(np.eye(4), axis=0)  # p = Dᵀ s
    p = numbers.standard_normal(4) * 2

    def nearest(target):
        rest = target - D[~free].T @ sign[~free]
        if not free.any():
            return np.linalg.norm(rest)
        s = scipy.optimize.lsq_linear(D[free].T, rest, bounds=(-1, 1), method="bvls", tol=1e-14).x
        return np.linalg.norm(rest - D[free].T @ s)

    assert R.subdifferential_distance(state, tensor(p.tolist())).item() == pytest.approx(
        nearest(p), rel=1e-12
    )
    minimal, extreme = R.minimal_subgradient(state), R.subgradient(state)
    assert minimal.norm().item() == pytest.approx(nearest(np.zeros(4)), abs=1e-12)
    vertices = []
    for choice in itertools.product((-1.0, 1.0), repeat=int(free.sum())):
        s = sign.copy()
        s[free] = choice
        vertices.append(np.linalg.norm(D.T @ s))
    assert extreme.norm().item() == pytest.approx(max(vertices), rel=1e-14)
    assert R.contains(state.repeat(2, 1), torch.cat((minimal, extreme)), 1e-15).all()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        (0, ValueError, "size: expected a size of at least 1, got 0"),
        (1.5, TypeError, "size: expected an int, got float"),
        (True, TypeError, "size: expected an int, got bool"),
    ],
)
def test_bad_size(size, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        TotalVariation(size)
