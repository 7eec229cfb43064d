"""The simplex threshold: its equation, r = 0, ties, and balls."""

import numpy as np

from claims.oracle import elementary as el
from claims.oracle.threshold import simplex_threshold
from tests.oracle.samples import inside, vectors, weights, widened


def test_solves_its_equation() -> None:
    rng = np.random.default_rng(9)
    for d in (1, 2, 3, 10):
        x, r = vectors(rng, 200, d), weights(rng, 200)
        theta = simplex_threshold(x, r)
        total = np.sum(np.maximum(x - theta[:, None], 0), axis=-1)
        assert np.allclose(total, r, rtol=0, atol=1e-13)
        assert np.array_equal(theta[r == 0], np.max(x, axis=-1)[r == 0])


def test_minus_infinity_leaves_an_entry_out() -> None:
    x = np.array([[3.0, 1.0, -np.inf], [-np.inf, -np.inf, 5.0]])
    assert simplex_threshold(x, np.array([1.0, 2.0])).tolist() == [2.0, 3.0]


def test_balls_enclose_the_thresholds_of_their_points() -> None:
    rng = np.random.default_rng(10)
    x, r = vectors(rng, 40, 4), weights(rng, 40)
    with el.digits():
        balls = widened(rng, x, 0.3)
        theta = simplex_threshold(balls, el.to_ball(r))
    for _ in range(20):
        point = x + 0.999 * el.radius(balls) * rng.uniform(-1, 1, size=x.shape)
        assert inside(theta, simplex_threshold(point, r), 1e-13).all()
