"""The vocabulary means the same in floats and in balls, and the same as numpy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.kit import arithmetic
from claims.oracle import elementary

QUIET = settings(database=None, deadline=None, max_examples=30)
ENTRIES = st.integers(-8, 8).map(float)


def array(draw, *shape):
    count = math.prod(shape)
    return np.array(draw(st.lists(ENTRIES, min_size=count, max_size=count)), dtype=float).reshape(shape)


@st.composite
def matrices(draw):
    return array(draw, 2, draw(st.integers(1, 4)), draw(st.integers(1, 4)))


def close(function, *arrays):
    """The answer to the arrays as tensors, having compared it with the answer to them as balls."""
    floats = function(*(torch.from_numpy(x) for x in arrays))
    with elementary.digits(40):
        balls = function(*(elementary.to_ball(x) for x in arrays))
        exact = elementary.to_float(balls)
    assert tuple(floats.shape) == exact.shape
    assert np.allclose(floats.numpy(), exact, rtol=1e-12, atol=1e-12)
    return floats.numpy()


@QUIET
@given(matrices())
def test_norms(x):
    assert np.allclose(close(arithmetic.norm, x), np.linalg.norm(x, axis=-1))
    assert np.allclose(close(arithmetic.frobenius, x), np.linalg.norm(x, axis=(1, 2)))


@QUIET
@given(matrices())
def test_spectral_norm(x):
    floats = arithmetic.spectral_norm(torch.from_numpy(x)).numpy()
    expected = np.linalg.norm(x, 2, axis=(1, 2))
    assert np.allclose(floats, expected, rtol=1e-12, atol=1e-7)  # the square root of a Gram matrix
    with elementary.digits(40):
        exact = elementary.to_float(arithmetic.spectral_norm(elementary.to_ball(x)))
    assert np.allclose(exact, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(2, 0, 3), (2, 3, 0), (2, 0, 0)])
def test_empty_matrices(shape):
    x = np.zeros(shape)
    assert close(arithmetic.spectral_norm, x).tolist() == [0.0, 0.0]
    assert close(arithmetic.frobenius, x).tolist() == [0.0, 0.0]
    vector = np.zeros((2, shape[2]))
    assert close(arithmetic.matvec, x, vector).tolist() == [[0.0] * shape[1]] * 2
    assert close(arithmetic.matmul, x, np.zeros((2, shape[2], 4))).shape == (2, shape[1], 4)


def test_empty_products_broadcast():
    left, right = np.zeros((2, 5, 3, 0)), np.zeros((2, 1, 0, 4))
    assert close(arithmetic.matmul, left, right).shape == (2, 5, 3, 4)


@QUIET
@given(st.data())
def test_products(data):
    m, n, k = (data.draw(st.integers(1, 3)) for _ in range(3))
    left, right = array(data.draw, 2, m, n), array(data.draw, 2, n, k)
    assert np.array_equal(close(arithmetic.matmul, left, right), left @ right)
    assert np.array_equal(close(arithmetic.matvec, left, right[:, :, 0]), (left @ right)[:, :, 0])


@QUIET
@given(matrices())
def test_elementwise(x):
    y = x[::-1].copy()
    assert np.array_equal(close(arithmetic.maximum, x, y), np.maximum(x, y))
    assert np.array_equal(close(arithmetic.minimum, x, y), np.minimum(x, y))
    assert np.array_equal(close(lambda z: arithmetic.maximum(z, 1.0), x), np.maximum(x, 1.0))
    assert np.array_equal(close(lambda z: arithmetic.minimum(z, 1.0), x), np.minimum(x, 1.0))
    assert np.allclose(close(arithmetic.exp, x), np.exp(x))
    assert np.allclose(close(arithmetic.sqrt, x * x), abs(x))
    assert np.allclose(close(arithmetic.cube_root, abs(x)), np.cbrt(abs(x)))
    chosen = close(lambda z, w: arithmetic.where(z > 0, z, w), x, y)
    assert np.array_equal(chosen, np.where(x > 0, x, y))


def test_tiny_negatives_have_the_root_zero():
    assert arithmetic.sqrt(torch.tensor([-1e-17, 4.0], dtype=torch.float64)).tolist() == [0.0, 2.0]


def test_the_cube_root_of_a_ball_around_zero_is_enclosed():
    with elementary.digits(40):
        ends = elementary.to_ball(np.array([-1e-9, 8e-9]))
        (root,) = arithmetic.cube_root(elementary.union(ends[:1], ends[1:]))
        assert root.contains(0)
        assert root.contains(elementary.ball(8e-9).root(3))
        assert root < 2.1e-3


def test_made_from_nothing():
    like = torch.ones(2, dtype=torch.float64)
    for other in (like, elementary.to_ball(np.ones(2))):
        kind = type(other)
        for made in (
            arithmetic.zeros(other, (2, 3)),
            arithmetic.identity(other, 3),
            arithmetic.constant(other, [[0.5], [1.0]]),
            arithmetic.stack([other, other], 1),
        ):
            assert type(made) is kind
    assert arithmetic.identity(like, 2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert arithmetic.constant(like, [0.1]).tolist() == [0.1]
    assert arithmetic.stack([like, 2 * like], 1).tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert arithmetic.is_ball(elementary.to_ball(np.ones(1)))
    assert not arithmetic.is_ball(like)


def test_accumulate_is_the_recursion():
    factors, start, increments = np.array([[2.0, 3.0, 0.5]]), np.array([1.0]), np.array([[1.0, 0.0, 4.0]])
    assert close(arithmetic.accumulate, factors, start, increments).tolist() == [[1.0, 3.0, 9.0, 8.5]]


def test_decimal_tenths_are_taken_exactly_as_floats():
    with elementary.digits(60):
        (tenth,) = np.atleast_1d(arithmetic.constant(elementary.to_ball(np.ones(1)), 0.1))
        assert tenth * 10 != 1
        assert float(tenth) == 0.1
