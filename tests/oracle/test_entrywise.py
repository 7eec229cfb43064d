"""Elementary functions: floats against numpy, balls against floats, decisions, precision."""

import flint
import numpy as np
import pytest

from claims.oracle import elementary as el
from tests.oracle.samples import inside, widened

TENTH = flint.fmpq(1, 10)


def test_digits_sets_and_restores_the_precision() -> None:
    before = flint.ctx.prec
    with el.digits():
        assert flint.ctx.dps == 60
        with el.digits(100):
            assert flint.ctx.dps == 100
        assert flint.ctx.dps == 60
    assert flint.ctx.prec == before


def test_digits_restores_the_precision_after_an_error() -> None:
    before = flint.ctx.prec
    with pytest.raises(KeyError), el.digits(90):
        raise KeyError
    assert flint.ctx.prec == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_conversion_is_exact_both_ways(dtype: type) -> None:
    x = np.array([0.1, -0.0, 1e-30, -3.0, 7e30], dtype=dtype)
    balls = el.to_ball(x)
    assert el.is_ball(balls)
    assert not el.is_ball(x)
    assert np.all(el.radius(balls) == 0)
    assert np.array_equal(el.to_float(balls), x.astype(np.float64))
    assert not balls[0].contains(TENTH)


def test_zero_dimensional_and_empty_arrays_pass() -> None:
    assert el.to_ball(0.5).shape == ()
    assert el.norm(el.to_ball([3.0, 4.0])).shape == ()
    assert el.norm(el.to_ball([3.0, 4.0])).item() == 5
    assert el.to_ball(np.empty((0, 3))).shape == (0, 3)
    assert el.norm(np.empty((2, 0))).tolist() == [0, 0]
    assert el.is_zero(el.norm(el.to_ball(np.empty((2, 0))))).all()
    assert el.matvec(el.to_ball(np.empty((2, 3, 0))), el.to_ball(np.empty((2, 0)))).shape == (2, 3)


def test_norm_is_safe_at_extreme_scales() -> None:
    scales = np.array([1e-320, 1e-300, 1e-160, 1.0, 1e160, 1e300])
    x = scales[:, None] * np.array([3.0, -4.0])
    exact = np.abs(x[:, 1]) * 1.25
    assert np.allclose(el.norm(x), exact, rtol=1e-3 * (scales < 1e-310) + 1e-15, atol=0)
    assert np.isnan(el.norm(np.array([np.nan, 1.0])))
    assert el.norm(np.array([np.inf, 1.0])) == np.inf


def test_norm_of_zero_is_exactly_zero_in_balls() -> None:
    assert el.is_zero(el.norm(el.to_ball(np.zeros((2, 3))))).all()


@pytest.mark.parametrize("function", [el.sqrt, el.exp, el.absolute, el.sign])
def test_unary_functions_agree_with_floats(function) -> None:
    x = np.linspace(0, 3, 7)
    with el.digits():
        assert np.allclose(el.to_float(function(el.to_ball(x))), function(x), rtol=1e-15, atol=0)


@pytest.mark.parametrize("function", [el.maximum, el.minimum])
def test_binary_functions_take_floats_and_balls_together(function) -> None:
    x, y = np.array([1.0, -2.0, 3.0]), np.array([[0.5], [4.0]])
    for mixed in (
        function(el.to_ball(x), y),
        function(x, el.to_ball(y)),
        function(el.to_ball(x), el.to_ball(y)),
    ):
        assert np.array_equal(el.to_float(mixed), function(x, y))


def test_sqrt_cuts_negative_round_off() -> None:
    with el.digits():
        third = el.to_ball(np.array([1.0])) / 3
        difference = third * 3 - 1
        assert el.may_be_zero(difference).all()
        assert not el.is_zero(difference).any()
        root = el.sqrt(difference)
        assert root[0].contains(0)
        assert el.radius(root)[0] < 1e-29


def test_decisions_in_balls() -> None:
    open_ = el.to_ball(0.0).item().union(el.to_ball(1e-40).item())
    x = np.array([el.ball(0.0), open_, el.ball(2.0)], dtype=object)
    assert el.is_zero(x).tolist() == [True, False, False]
    assert el.may_be_zero(x).tolist() == [True, True, False]
    chosen = el.choose(x, 5.0, -1.0)
    assert chosen[0] == 5
    assert chosen[2] == -1
    assert chosen[1].contains(5)
    assert chosen[1].contains(-1)
    assert el.choose(np.array([0.0, 1.0]), 5.0, -1.0).tolist() == [5, -1]


def test_descending_and_largest_enclose_order_statistics() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20, 6))
    balls = widened(rng, x, 0.5)
    for _ in range(20):
        point = x + el.radius(balls) * rng.uniform(-1, 1, size=x.shape) * 0.999
        assert inside(el.descending(balls), el.descending(point), 1e-15).all()
        assert inside(el.largest(balls), np.max(point, -1), 1e-15).all()
    assert np.array_equal(el.to_float(el.descending(el.to_ball(x))), el.descending(x))


def test_direction_is_open_only_where_the_vector_may_vanish() -> None:
    x = np.array([[3.0, -4.0], [0.0, 0.0]])
    assert np.array_equal(el.direction(x), [[0.6, -0.8], [0, 0]])
    balls = el.to_ball(x)
    assert np.allclose(el.to_float(el.direction(balls)), el.direction(x))
    balls[1] += flint.arb(0, 1e-30)
    result = el.direction(balls)[1]
    assert all(e.contains(1) and e.contains(-1) for e in result)


def test_products_agree_with_floats() -> None:
    rng = np.random.default_rng(2)
    M, P, x = rng.normal(size=(4, 2, 3)), rng.normal(size=(4, 3, 5)), rng.normal(size=(4, 3))
    assert np.allclose(el.to_float(el.matmul(el.to_ball(M), P)), M @ P)
    assert np.allclose(el.to_float(el.matvec(M, el.to_ball(x))), el.matvec(M, x))


def test_stack_zeros_union_radius() -> None:
    x, b = np.ones((2, 3)), el.to_ball(np.zeros((2, 3)))
    assert el.stack([x, x], 1).dtype == np.float64
    assert el.is_ball(el.stack([x, b], 1))
    assert el.stack([x, b], 1).shape == (2, 2, 3)
    assert el.is_ball(el.zeros_like(b))
    assert not el.is_ball(el.zeros_like(x))
    assert np.all(el.radius(el.union(b, x)) >= 0.5)
    assert np.array_equal(el.radius(x), np.zeros((2, 3)))
    assert el.radius(np.array([flint.arb.nan()], dtype=object))[0] == np.inf
