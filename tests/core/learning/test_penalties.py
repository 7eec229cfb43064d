"""Penalties by hand, and their moduli against a fine grid of what is within reach."""

import math

import pytest
import torch

from fbscore.learning import penalties

PLAIN = {
    "s": lambda s: s,
    "s^2": lambda s: s * s,
    "kinked": lambda s: abs(s - 1),
    "jump": lambda s: float(s > 0.5),
    "spike": lambda s: s if s > 0 else 1.0,
}
NORMS = (0.0, 1e-9, 0.25, 0.5, 0.5000001, 0.75, 1.0, 1.5, 20.0)
STEPS = (0.0, 1e-12, 0.25, 0.5, 0.75, 1.0, 3.0)


def test_the_names_are_those_of_the_table():
    assert set(penalties.NAMES) == set(PLAIN)
    assert [penalties.by_name(name).name for name in penalties.NAMES] == list(penalties.NAMES)


@pytest.mark.parametrize("name", PLAIN)
def test_values(name, dtype, device):
    s = torch.tensor(NORMS, dtype=dtype, device=device)
    found = penalties.by_name(name).value(s)
    assert (found.dtype, found.device.type) == (dtype, device.type)
    assert found.tolist() == [pytest.approx(PLAIN[name](x), rel=1e-7) for x in s.tolist()]


@pytest.mark.parametrize("name", PLAIN)
def test_the_modulus_bounds_and_is_nearly_attained(name):
    penalty, r = penalties.by_name(name), PLAIN[name]
    for s in NORMS:
        for eps in STEPS:
            low = max(0.0, s - eps)
            ends = [low, math.nextafter(low, math.inf), s, s + eps]
            near = [t for t in ends + [low + (s + eps - low) * k / 1000 for k in range(1001)]]
            change = max(abs(r(t) - r(s)) for t in near if abs(t - s) <= eps)
            bound = penalty.modulus(torch.tensor(s).double(), torch.tensor(eps).double()).item()
            assert change <= bound * (1 + 1e-12) + 4e-16 * (1 + s * s)
            # Attained but for |s - 1| near its kink, and ties with a jump.
            if not (name == "kinked" and s < 1) and not (name == "jump" and abs(s - 0.5) == eps):
                assert bound <= change * (1 + 1e-3) + 4e-16 * (1 + s * s)


def test_nothing_is_known_within_an_infinite_radius():
    s, eps = torch.tensor([0.0, 0.25, 2.0]).double(), torch.tensor(math.inf).double()
    for name in PLAIN:
        expected = [1.0] * 3 if name == "jump" else [math.inf] * 3
        assert penalties.by_name(name).modulus(s, eps).tolist() == expected


@pytest.mark.parametrize("name", ["s", "s^2", "kinked"])
def test_gradients(name):
    s = torch.tensor([0.25, 0.75, 1.25, 4.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(penalties.by_name(name).value, (s,))


def test_which_penalties_are_continuous():
    assert [n for n in penalties.NAMES if penalties.by_name(n).continuous] == ["s", "s^2", "kinked"]


def test_an_unknown_name():
    with pytest.raises(ValueError, match=r"name: expected one of s, s\^2, kinked, jump, spike, got 'l1'"):
        penalties.by_name("l1")
