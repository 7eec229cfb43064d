"""Sequences of controls as raw data: members, times, what is shared, moved, and re-measured."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given

from claims import convergence_constants
from claims.families import control_sequences, drawn_convergence, systems
from claims.families.control_sequences import sequence
from claims.kit.convergence_instances import controls, rademacher
from claims.kit.decoding import decode
from claims.kit.layout import kept, lengths
from claims.kit.slots import numbers, placed, renewed, slots
from claims.oracle import elementary
from tests.kit.small import network, tensor
from tests.kit.toys import CPU, Source
from tests.kit.two_arithmetics import QUIET


def pair(system=systems.same, depth=3, **changes):
    """θ on three cells and ϑ with all controls doubled."""
    first = system(network(depth=depth))
    names = {"Lista": ("W1", "W2", "lam")}.get(type(first).__name__, ("W", "tau", "lam"))
    return first, replace(first, **{name: 2 * getattr(first, name) for name in names})


def test_rademacher_functions_on_a_grid():
    like = tensor(0.0)
    assert rademacher(like, 0, 3).tolist() == [1.0, 1.0, 1.0]
    assert rademacher(like, 1, 4).tolist() == [1.0, 1.0, -1.0, -1.0]
    assert rademacher(like, 2, 4).tolist() == [1.0, -1.0, 1.0, -1.0]


@pytest.mark.parametrize("system", systems.MAKERS, ids=lambda maker: maker.__name__)
def test_members_are_theta_plus_what_is_left_of_the_difference(system):
    first, other = pair(system)
    p = sequence(first, other, (2, 8), rate=1.0, scale=0.5, frequencies=(0, 2))
    assert p.scales.tolist() == [[0.5, 0.125]]
    for j, frequency in enumerate(p.frequencies):
        cells = 12 if frequency else 3
        found = p.function(j)
        assert found.depth == cells
        for here, there, value in zip(*(controls(x) for x in (first, other, found)), strict=True):
            if value.shape[1] == 1:  # ALISTA's W does not oscillate
                assert torch.equal(value, here + p.scales[0, j] * (there - here))
                continue
            fine = [x.repeat_interleave(cells // 3, 1) for x in (here, there)]
            sign = rademacher(value, frequency, cells).reshape(-1, *(1,) * (value.dim() - 2))
            assert torch.allclose(value, fine[0] + p.scales[0, j] * sign * (fine[1] - fine[0]), atol=1e-15)


def test_times_are_the_half_steps_of_all_depths():
    p = sequence(*pair(), (2, 3), rate=1.0)
    assert p.times == [0.0, 1 / 6, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 5 / 6, 1.0]
    for j, N in enumerate(p.depths):
        assert [p.times[i] for i in p.places(j)] == [n / (2 * N) for n in range(2 * N + 1)]


def test_rates_are_the_distances_rounded_up():
    p = sequence(*pair(), (2, 4), rate=0.25)
    apart = convergence_constants.distances(p)
    assert bool((apart <= p.rates).all())
    assert bool((p.rates <= apart * (1 + 2.0**-22)).all())
    still = sequence(pair()[0], pair()[0], (2, 4), rate=0.25)
    assert float(still.rates.abs().max()) == 0.0


def test_encoded_and_read_back():
    p = sequence(*pair(), (2, 8), rate=1.0, frequencies=(1, 2))
    again = decode(p.encode())
    assert type(again) is type(p)
    assert again.identifier() == p.identifier()
    assert (again.depths, again.frequencies) == ((2, 8), (1, 2))


def test_moved_numbers_reach_both_controls_and_rates_follow():
    p = sequence(*pair(), (2, 4), rate=1.0)
    names = {slot.path for slot in slots(p)}
    assert ("first", "A") in names
    assert not {("other", "A"), ("other", "u0"), ("scales",), ("rates",)} & names
    moved = renewed(placed(p, 2 * numbers(p), torch.zeros(1, dtype=torch.long)))
    assert torch.equal(moved.other.A, moved.first.A)
    assert torch.equal(moved.other.u0, 2 * p.first.u0)
    assert torch.equal(moved.scales, p.scales)
    assert bool((convergence_constants.distances(moved) <= moved.rates).all())


def test_members_can_be_left_out_one_by_one():
    p = sequence(*pair(), (2, 4, 8), rate=1.0, frequencies=(1, 0, 2))
    assert lengths(p)["member"] == 3
    short = kept(p, "member", [0, 2])
    assert (short.depths, short.frequencies) == ((2, 8), (1, 2))
    assert torch.equal(short.scales, p.scales[:, [0, 2]])
    assert torch.equal(short.rates, p.rates[:, [0, 2]])


@QUIET
@given(drawn_convergence.sequences())
def test_members_in_both_arithmetics(p):
    with elementary.digits(40):
        balls = p.ball()
        for j in range(len(p.depths)):
            for x, y in zip(controls(p.function(j)), controls(balls.function(j)), strict=True):
                apart = abs(elementary.to_float(y) - x.numpy())
                assert apart.max(initial=0.0) <= 2.0**-52 * (1 + float(x.abs().max() if x.numel() else 0.0))


def test_dimensions_name_depth_and_cells():
    _, p = control_sequences.volume(Source(1, CPU), 2)
    assert p.dimensions["N"] == p.depths[-1]
    assert p.dimensions["M"] == p.first.depth
    assert p.size == 2
