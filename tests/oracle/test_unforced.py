"""Closed forms of the limit without a force: against networks, another solver, and in both arithmetics."""

import numpy as np
import pytest

from claims.oracle import elementary, moreau_yosida, network, unforced
from claims.oracle.flow import Stuck

SIGMA = np.array([0.5, 0.0, 1.75, 0.25])
U0 = np.array([1.0, -0.125, 3.0])
K, C = np.zeros((4, 3, 3)), np.zeros((4, 3))
TIMES = np.array([0.0, 0.125, 0.625, 1.0])


def deep(name, factor):
    """The last state of the network with ``factor`` layers for each cell."""
    repeated = [np.repeat(x, factor, 0)[None] for x in (K, C, SIGMA)]
    return network.affine(name, {}, U0[None], *repeated)[0, -1]


def test_networks_of_the_quartic_meet_it_with_order_one():
    end = unforced.path("quartic", K, C, SIGMA, U0, TIMES)[-1]
    errors = [np.abs(deep("quartic", factor) - end).max() for factor in (16, 32, 64)]
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(2.0, rel=0.05)
    assert errors[2] < 2e-2


def test_the_second_solver_agrees_on_the_quartic():
    found = moreau_yosida.trajectory("quartic", {}, K, C, SIGMA, U0, TIMES[1:])
    assert np.abs(found.value - unforced.path("quartic", K, C, SIGMA, U0, TIMES)[1:]).max() < 1e-6


def test_the_equation_of_the_quartic_holds():
    t, step = np.array([0.6, 0.6 + 2.0**-12]), 2.0**-12
    first, second = unforced.path("quartic", K, C, SIGMA, U0, t)
    speed = -1.75 * (first @ first) * first  # 0.6 lies in the third cell
    assert (second - first) / step == pytest.approx(speed, rel=2e-2)


def test_the_counting_norm_rests_and_so_do_deep_networks():
    assert np.array_equal(unforced.path("l0", K, C, SIGMA, U0, TIMES), np.tile(U0, (4, 1)))
    jump = 2 * SIGMA.max() / 4  # λ_n h at N = 4, twice
    assert jump > U0[1] ** 2
    assert deep("l0", 1)[1] == 0.0
    assert np.array_equal(deep("l0", 256), U0)


@pytest.mark.parametrize("name", unforced.SUPPORTED)
def test_in_balls(name):
    with elementary.digits(60):
        given = [elementary.to_ball(x) for x in (K, C, SIGMA, U0)]
        exact = unforced.path(name, *given, times=TIMES)
        assert elementary.radius(exact).max() < 1e-50
        gap = elementary.to_float(exact - elementary.to_ball(unforced.path(name, K, C, SIGMA, U0, TIMES)))
    assert np.abs(gap).max() <= unforced.radius(name, SIGMA, U0) < 1e-13


@pytest.mark.parametrize("name", ["l0", "quartic"])
@pytest.mark.parametrize(("K", "c"), [(K + 1.0, C), (K, C + 1.0)])
def test_nothing_else_has_a_closed_form(name, K, c):
    with pytest.raises(Stuck, match="K = 0 and c = 0"):
        unforced.path(name, K, c, SIGMA, U0, TIMES)


def test_from_zero_the_counting_norm_has_several_solutions():
    with pytest.raises(Stuck, match="an entry of u0 is zero"):
        unforced.path("l0", K, C, SIGMA, 0 * U0, TIMES)
    assert np.array_equal(unforced.path("quartic", K, C, SIGMA, 0 * U0, TIMES), np.zeros((4, 3)))
