"""The closed form of the limit of −‖u‖₁: against networks, in both arithmetics, and where there is none."""

import numpy as np
import pytest

from claims.oracle import elementary, network, outward
from claims.oracle.flow import Stuck

SIGMA = np.array([0.5, 0.0, 1.75, 0.25])
U0 = np.array([1.0, -0.125, 3.0])
K, C = np.zeros((4, 3, 3)), np.zeros((4, 3))


def test_networks_meet_it_in_every_layer():
    """The prox of −a|u| is u + a sign(u), so that a network from u0 ≠ 0 is its own limit."""
    found = outward.path(K, C, SIGMA, U0, np.arange(5) / 4)
    states = network.affine("negative_l1", {}, U0[None], K[None], C[None], SIGMA[None])
    assert np.abs(states[0] - found).max() <= outward.radius(SIGMA, U0) < 1e-13


def test_between_the_ends_of_cells():
    found = outward.path(K, C, SIGMA, U0, np.array([0.0, 0.125, 0.625, 1.0]))
    moved = np.array([0.0, 0.0625, 0.34375, 0.625])
    assert np.array_equal(found, U0 + np.sign(U0) * moved[:, None])


def test_in_balls():
    times = np.array([0.0, 0.3, 1.0])
    with elementary.digits(60):
        exact = outward.path(*[elementary.to_ball(x) for x in (K, C, SIGMA, U0)], times=times)
        assert elementary.radius(exact).max() < 1e-50
        gap = elementary.to_float(exact - elementary.to_ball(outward.path(K, C, SIGMA, U0, times)))
    assert np.abs(gap).max() <= outward.radius(SIGMA, U0)


@pytest.mark.parametrize("ball", [False, True], ids=["floats", "balls"])
@pytest.mark.parametrize(
    ("K", "c", "u0", "message"),
    [
        (K + 1.0, C, U0, "K = 0 and c = 0"),
        (K, C + 1.0, U0, "K = 0 and c = 0"),
        (K, C, 0 * U0, "an entry of u0 is zero"),
        (K, C, np.array([1.0, 0.0, 2.0]), "an entry of u0 is zero"),
    ],
)
def test_nothing_else_has_a_closed_form(K, c, u0, message, ball):
    given = (K, c, SIGMA, u0)
    with pytest.raises(Stuck, match=message):
        outward.path(*[elementary.to_ball(x) if ball else x for x in given], times=np.array([0.0, 1.0]))
