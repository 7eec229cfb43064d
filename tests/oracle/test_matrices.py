"""Spectral norms, eigenvalues and linear systems, floats and balls."""

import numpy as np
import pytest
from flint import arb
from scipy.stats import ortho_group

from claims.oracle import elementary as el
from tests.oracle.samples import inside

SHAPES = [(1, 1), (1, 4), (4, 1), (2, 2), (2, 5), (3, 3), (5, 3), (8, 16)]


def norm2(M: np.ndarray) -> np.ndarray:
    return np.linalg.norm(M, 2, axis=(-2, -1))


@pytest.mark.parametrize("shape", [*SHAPES, (64, 64), (64, 16)])
@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e200])
def test_float_spectral_norm_against_singular_values(shape: tuple[int, int], scale: float) -> None:
    rng = np.random.default_rng(3)
    M = scale * rng.normal(size=(7, *shape))
    assert np.allclose(el.spectral_norm(M), norm2(M), rtol=1e-13, atol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_ball_spectral_norm_against_floats(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    M = rng.normal(size=(3, *shape))
    with el.digits():
        result = el.spectral_norm(el.to_ball(M))
    assert np.allclose(el.to_float(result), norm2(M), rtol=1e-14, atol=0)
    assert np.all(el.radius(result) < 1e-55)


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_repeated_singular_values_are_no_special_case(n: int) -> None:
    rng = np.random.default_rng(5)
    U, V = ortho_group.rvs(n, random_state=rng), ortho_group.rvs(n, random_state=rng)
    low = rng.normal(size=(n, 1)) * rng.normal(size=(1, n))
    twice = U @ np.diag([3.0, 3.0, *np.ones(n - 2)]) @ V
    for M in (np.eye(n), np.eye(n)[::-1], np.ones((n, n)), np.eye(n, n + 2), U, low, twice, 1e-30 * U):
        with el.digits():
            result = el.spectral_norm(el.to_ball(M)).item()
        assert np.isclose(el.to_float(result), norm2(M), rtol=1e-13, atol=0)
        assert el.radius(result) < 1e-55 * norm2(M)
        assert np.isclose(el.spectral_norm(M), norm2(M), rtol=1e-13, atol=0)


def test_known_values_are_enclosed() -> None:
    golden = np.array([[1.0, 1.0], [0.0, 1.0]])
    with el.digits():
        assert el.spectral_norm(el.to_ball(golden)).item().overlaps((1 + arb(5).sqrt()) / 2)
        assert el.spectral_norm(el.to_ball(np.eye(5))).item().contains(1)
        assert el.spectral_norm(el.to_ball(np.ones((4, 4)))).item().contains(4)
        assert el.spectral_norm(el.to_ball(np.diag([1.0, -7.0, 3.0]))).item().contains(7)
        near = np.array([[1.0, 1e-20], [1e-20, 1.0]])  # eigenvalues 1 +- 1e-20
        assert el.spectral_norm(el.to_ball(near)).item().overlaps(1 + arb(1e-20))


def test_zero_and_empty_matrices_give_zero() -> None:
    for shape in ((2, 3, 3), (2, 0, 3), (2, 3, 0), (2, 1, 1)):
        M = np.zeros(shape)
        assert np.array_equal(el.spectral_norm(M), [0, 0])
        assert el.is_zero(el.spectral_norm(el.to_ball(M))).all()


def test_not_finite_gives_nan_for_that_matrix_only() -> None:
    M = np.ones((3, 3, 3))
    M[1, 0, 0] = np.nan
    with np.errstate(invalid="ignore"):
        result = el.spectral_norm(M)
    assert np.isnan(result).tolist() == [False, True, False]
    with el.digits():
        assert np.isinf(el.radius(el.spectral_norm(el.to_ball(M)))).tolist() == [False, True, False]


def test_wide_balls_enclose_the_norms_of_all_their_points() -> None:
    rng = np.random.default_rng(6)
    M = rng.normal(size=(2, 3, 4))
    with el.digits():
        balls = el.to_ball(M) + arb(0, 1e-3)
        result, smallest = el.spectral_norm(balls), el.smallest_eigenvalue(el.matmul(balls, M.mT))
    assert np.all(el.radius(result) < 0.05)
    for _ in range(50):
        point = M + 1e-3 * rng.choice([-1.0, 1.0], size=M.shape)
        S = point @ M.mT
        assert inside(result, norm2(point), 1e-12).all()
        assert inside(smallest, np.linalg.eigvalsh((S + S.mT) / 2)[..., 0], 1e-12).all()


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_smallest_eigenvalue_of_the_symmetric_part(n: int) -> None:
    rng = np.random.default_rng(7)
    S = rng.normal(size=(4, n, n))
    S[0] = np.eye(n)
    S[1] = 0
    expected = np.linalg.eigvalsh((S + S.mT) / 2)[..., 0]
    assert np.allclose(el.smallest_eigenvalue(S), expected, rtol=1e-13, atol=1e-13)
    with el.digits():
        result = el.smallest_eigenvalue(el.to_ball(S))
    assert np.allclose(el.to_float(result), expected, rtol=1e-13, atol=1e-13)
    assert np.all(el.radius(result) < 1e-50)


def test_solve_encloses_the_solution_of_a_hilbert_system() -> None:
    n = 8
    with el.digits():
        i = np.arange(n)
        hilbert = 1 / el.to_ball(i[:, None] + i + 1.0)
        ones = el.to_ball(np.ones(n))
        x = el.solve(hilbert, el.matvec(hilbert, ones))
    assert inside(x, np.ones(n)).all()
    assert np.all(el.radius(x) < 1e-40)


def test_solve_broadcasts_and_refuses_singular_systems() -> None:
    rng = np.random.default_rng(8)
    M, b = rng.normal(size=(2, 1, 3, 3)), rng.normal(size=(2, 4, 3))
    expected = np.linalg.solve(M, b[..., None])[..., 0]
    assert np.allclose(el.solve(M, b), expected)
    with el.digits():
        assert np.allclose(el.to_float(el.solve(el.to_ball(M), b)), expected)
        with pytest.raises(ZeroDivisionError):
            el.solve(el.to_ball(np.zeros((2, 2))), np.ones(2))
    with pytest.raises(np.linalg.LinAlgError):
        el.solve(np.zeros((2, 2)), np.ones(2))
