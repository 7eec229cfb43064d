"""The known numbers of weakly convergent controls: networks of the core against limits of the oracle."""

import math

import pytest
import torch

from claims import comparison
from claims import convergence_constants as convergence
from claims.families import control_samplers
from claims.kit import catalogue, witnesses
from claims.kit.context import FloatRun
from claims.kit.subject import Subject
from tests.kit.toys import CPU

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def end(p):
    """The network's last state, the limits at the end driven by the member and by θ."""
    (member,) = comparison.followed(p, FLOAT)
    theta = FLOAT.limit(convergence.function(p, 0))
    weak = FLOAT.limit(p.first)
    assert float(theta.radius + weak.radius) < 1e-11
    return tuple(float(x[0, -1, 0]) for x in (member.states, theta.states, weak.states))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_limit_of_the_oscillating_controls(k):
    """τW is 9/4 and 1/4 half of the time each: e^{−5/4}, whatever k; the weak limit has τW = 1."""
    _, limit, weak = end(control_samplers.weak_control(k, 64))
    assert math.isclose(limit, math.exp(-1.25), abs_tol=1e-11)
    assert math.isclose(weak, math.exp(-1.0), abs_tol=1e-11)
    assert (f"{limit:.7f}", f"{weak:.7f}") == ("0.2865048", "0.3678794")


def test_network_of_128_layers():
    state, *_ = end(control_samplers.weak_control(1, 128))
    assert math.isclose(state, (1 - 2.25 / 128) ** 64 * (1 - 0.25 / 128) ** 64, rel_tol=1e-12)
    assert f"{state:.7f}" == "0.2836179"


@pytest.mark.parametrize("k", [4, 5])
def test_a_network_too_shallow_sees_the_weak_limit(k):
    """N = 8 < 2^k: every mean is 1, so the state is (7/8)^8."""
    state, *_ = end(control_samplers.weak_control(k, 8))
    assert math.isclose(state, (7 / 8) ** 8, rel_tol=1e-13)
    assert f"{state:.7f}" == "0.3436089"


@pytest.mark.parametrize(("k", "N"), [(1, 2), (2, 4), (3, 64)])
def test_the_dyadic_sequence_is_exact(k, N):
    """τλ is 9/4 and 1/4 half of the time each: 2 − 5/4 = 3/4; the weak limit gives 1."""
    state, limit, weak = end(control_samplers.weak_weight(k, N))
    assert state == 0.75
    assert math.isclose(limit, 0.75, abs_tol=1e-12)
    assert math.isclose(weak, 1.0, abs_tol=1e-12)


def test_witnesses_are_these_and_are_what_their_controls_expect():
    stored = {name: witnesses.load(name).identifier() for name in ("weak_controls", "weak_weights")}
    assert stored == {
        "weak_controls": control_samplers.weak_control(1, 128).identifier(),
        "weak_weights": control_samplers.weak_weight(1, 2).identifier(),
    }
    expected = {check.witness: check.expected for check in catalogue.checks() if check.witness in stored}
    for number in ("0.2865048", "0.2836179", "0.3436089", "0.3678794"):
        assert number in str(expected["weak_controls"])
    assert "3/4" in str(expected["weak_weights"])


def test_lista_with_the_same_oscillation_has_the_same_limit():
    """f = 1, u0 = 0, W¹ = 1 + r_k/2, W² = λ = 0: the states agree at every multiple of 2^{1−k}."""
    for frequency in (1, 2, 4):
        p = control_samplers.weak_input(frequency, 2**frequency)
        state, limit, weak = end(p)
        assert (state, limit, weak) == (1.0, 1.0, 1.0)
