"""The forward recursion against hand-worked examples, and its two routes against each other."""

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

from claims.oracle import elementary as el
from claims.oracle.network import forward
from tests.oracle.samples import NAMES, inside, parameters


def test_two_steps_by_hand() -> None:
    """N = 2, d = 2, m = 1; every number is a dyadic rational, so the floats are exact.

    Step 0: A u0 - f = 1 - 2 - 1 = -2, v = (1, -1) - (1/2)(1, 0)(-2) = (2, -1), threshold 1/2 * 1 * 1/2 = 1/4.
    Step 1: A u1 - f = 7/4 - 3/2 - 1 = -3/4, v = u1 - (1/2) 2 (0, 1)(-3/4) = (7/4, 0), threshold 1/4.
    """
    by_hand = [[1, -1], [Fraction(7, 4), Fraction(-3, 4)], [Fraction(3, 2), 0]]
    data = {
        "A": np.array([[[1.0, 2.0]]]),
        "f": np.array([[1.0]]),
        "u0": np.array([[1.0, -1.0]]),
        "W": np.array([[[[1.0], [0.0]], [[0.0], [1.0]]]]),
        "tau": np.array([[1.0, 2.0]]),
        "lam": np.array([[0.5, 0.25]]),
    }
    params = {"weights": np.ones((1, 2))}
    expected = np.array([[float(x) for x in row] for row in by_hand])
    assert np.array_equal(forward("l1", params, **data)[0], expected)
    balls = forward("l1", params, **{key: el.to_ball(x) for key, x in data.items()})
    assert np.all(el.radius(balls) == 0)
    assert np.array_equal(el.to_float(balls)[0], expected)


@pytest.mark.parametrize("N", [1, 3, 7])
def test_scalar_decay_by_exact_rationals(N: int) -> None:
    """d = m = A = W = tau = 1, R = u^2/2, lam = 1/2: u_{n+1} = u_n (1 - h) / (1 + h/2), h = 1/N."""
    h, u = Fraction(1, N), Fraction(1)
    ones = np.ones((1, N))
    with el.digits():
        balls = forward(
            "half_squared_norm",
            {},
            [[[1.0]]],
            [[0.0]],
            el.to_ball([[1.0]]),
            np.ones((1, N, 1, 1)),
            ones,
            ones / 2,
        )
        floats = forward(
            "half_squared_norm", {}, [[[1.0]]], [[0.0]], [[1.0]], np.ones((1, N, 1, 1)), ones, ones / 2
        )
        for n in range(N + 1):
            assert balls[0, n, 0].contains(flint.fmpq(u.numerator, u.denominator))
            assert np.isclose(floats[0, n, 0], float(u), rtol=1e-14, atol=1e-16)
            u = u * (1 - h) / (1 + h / 2)
    assert np.all(el.radius(balls) < 1e-57)


def instance(rng: np.random.Generator, batch: int, d: int, m: int, N: int) -> dict[str, np.ndarray]:
    return {
        "A": rng.normal(size=(batch, m, d)),
        "f": rng.normal(size=(batch, m)),
        "u0": rng.normal(size=(batch, d)),
        "W": rng.normal(size=(batch, N, d, m)),
        "tau": rng.random((batch, N)) * (rng.random((batch, N)) < 0.8),
        "lam": rng.random((batch, N)) * (rng.random((batch, N)) < 0.8),
    }


@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 2, 4), (2, 0, 3), (4, 6, 5)])
@pytest.mark.parametrize("name", NAMES)
def test_balls_agree_with_floats(name: str, sizes: tuple[int, int, int]) -> None:
    d, m, N = sizes
    rng = np.random.default_rng(30)
    params, data = parameters(rng, name, 3, d), instance(rng, 3, d, m, N)
    floats = forward(name, params, **data)
    assert floats.shape == (3, N + 1, d)
    with el.digits():
        balls = forward(name, params, **{key: el.to_ball(x) if key == "u0" else x for key, x in data.items()})
    assert np.allclose(el.to_float(balls), floats, rtol=1e-12, atol=1e-12)
    assert np.all(el.radius(balls) < 1e-50)
    widened = forward(name, params, **{k: x.astype(np.float32).astype(float) for k, x in data.items()})
    assert np.allclose(widened, floats, rtol=1e-3, atol=1e-3) or name in ("l0", "half_power")


def test_empty_batch_and_independence_of_the_batch() -> None:
    rng = np.random.default_rng(31)
    params, data = parameters(rng, "l1", 5, 3), instance(rng, 5, 3, 2, 4)
    whole = forward("l1", params, **data)
    for k in (slice(0, 0), slice(2, 3)):
        part = forward("l1", {"weights": params["weights"][k]}, **{key: x[k] for key, x in data.items()})
        assert np.allclose(part, whole[k], rtol=1e-15, atol=1e-15)


def test_without_tau_nothing_moves_and_balls_stay_exact() -> None:
    rng = np.random.default_rng(32)
    for name in NAMES:
        params, data = parameters(rng, name, 2, 3), instance(rng, 2, 3, 2, 3)
        data["tau"] = np.zeros((2, 3))
        with el.digits():
            balls = forward(name, params, **{key: el.to_ball(x) for key, x in data.items()})
        assert np.all(el.radius(balls) == 0)
        assert np.array_equal(el.to_float(balls), np.repeat(data["u0"][:, None], 4, axis=1))


def test_enclosure_survives_a_wide_start() -> None:
    rng = np.random.default_rng(33)
    data: dict[str, Any] = instance(rng, 2, 2, 2, 3)
    params = {"weights": np.ones((2, 2))}
    with el.digits():
        wide = {**data, "u0": el.to_ball(data["u0"]) + flint.arb(0, 0.1)}
        balls = forward("l1", params, **wide)
    for _ in range(50):
        point = {**data, "u0": data["u0"] + rng.uniform(-0.0999, 0.0999, size=(2, 2))}
        assert inside(balls, forward("l1", params, **point), 1e-12).all()


def test_unknown_regulariser_is_refused() -> None:
    data = instance(np.random.default_rng(34), 1, 2, 1, 1)
    with pytest.raises(ValueError, match="name: expected one of"):
        forward("elastic", {}, **data)
