"""Families of functions that Γ-converge: they are what they are called, and the failures fail as stated."""

from __future__ import annotations

import json

import pytest
import torch

from claims import assumptions
from claims import gamma_constants as gamma
from claims.families import gamma_failures, gamma_functions, gamma_pairs, gamma_sequences
from claims.kit import witnesses
from claims.kit.decoding import decode
from claims.kit.gamma_instances import AnyGamma, GammaSequence
from claims.kit.layout import kept, lengths
from claims.kit.sampling import Sampler, Source
from claims.kit.slots import numbers, placed, renewed, slots
from tests.kit.toys import CPU

BOTH = (assumptions.LIMINF, assumptions.LIMSUP)
SAMPLERS = {
    "sequences": (gamma_sequences.sequences(), (*BOTH, assumptions.EQUICOERCIVE)),
    "perturbations": (gamma_pairs.perturbations(), (*BOTH, assumptions.CONTINUOUS)),
    "two limits": (gamma_pairs.two_limits(), BOTH),
}
FAILURES = {
    "pointwise": (gamma_failures.pointwise(), assumptions.LIMINF),
    "spiked": (gamma_failures.spiked(), assumptions.LIMINF),
    "weak limits": (gamma_failures.weak_limits(), assumptions.LIMINF),
    "subsequences": (gamma_failures.subsequences(), assumptions.LIMSUP),
    "missing wells": (gamma_failures.missing_wells(), assumptions.LIMSUP),
    "escapes": (gamma_failures.escapes(), assumptions.EQUICOERCIVE),
    "infima": (gamma_failures.infima(), assumptions.EQUICOERCIVE),
    "jumps": (gamma_failures.jumps(), assumptions.CONTINUOUS),
}
WITNESSES = {
    "gamma_spikes": gamma_failures.spikes(),
    "gamma_second_wells": gamma_failures.second_wells(),
    "gamma_jumping_perturbation": gamma_failures.jumping(),
    "gamma_weak_limit": gamma_failures.waves(),
    "gamma_missing_well": gamma_failures.missing_well(),
    "gamma_escape": gamma_failures.escaping(),
    "gamma_unattained": gamma_failures.unattained(),
}


def drawn(kinds: tuple[str, ...] = (), seeds: range = range(1, 4)) -> list[tuple[str, GammaSequence]]:
    """Independent sequences, of these kinds if any are named."""
    found: list[tuple[str, GammaSequence]] = []
    for seed in seeds:
        for batch in gamma_sequences.draw(Source(seed, CPU), 512):
            if batch.independent and (not kinds or batch.family.split(", ")[0] in kinds):
                assert isinstance(batch.instances, GammaSequence)
                found.append((batch.family, batch.instances))
    return found


@pytest.mark.parametrize("name", SAMPLERS)
def test_sampled_instances_meet_their_assumptions(name: str) -> None:
    sampler, assumed = SAMPLERS[name]
    count = 0
    for batch in sampler.draw(Source(3, CPU), 512):
        count += batch.instances.size * batch.independent
        for assumption in assumed:
            assert bool(assumption.predicate(batch.instances).all()), (batch.family, assumption.key)
        for x, y in zip(batch.instances.arrays(), batch.instances.representable().arrays(), strict=True):
            assert torch.equal(x, y), batch.family
    assert count == 512


def test_every_kind_is_drawn_on_lines_and_planes() -> None:
    found = drawn(seeds=range(1, 9))
    words = {word for family, _ in found for word in family.split(", ")}
    assert words == {*gamma_functions.SEQUENCES, *gamma_functions.BASES} | {
        *gamma_sequences.WIDTHS,
        *gamma_sequences.AMOUNTS,
    }
    assert {p.dimensions["d"] for _, p in found} == {1, 2}
    assert {p.dimensions["M"] for _, p in found} == {5, 9, 16, 17, 25, 33}
    assert {p.dimensions["m"] for _, p in found} == {1, 3, 6}


def test_windows_do_what_uniform_convergence_does_not() -> None:
    """Most sequences with windows are further from their limit than their errors, in the supremum norm."""
    moving = ("shifted", "rearranged", "oscillating", "moving wells", "upward spikes")
    further = total = 0
    for family, p in drawn(moving):
        if "cell" in family and "no cell" not in family:
            apart = (p.members - p.limit[:, None]).abs() * gamma.balls(p, p.reach)
            further += int((apart.amax(2) > 2 * p.error)[:, 0].sum())
            total += p.size
    assert further > total / 2 > 100


def test_waves_have_their_lower_envelope_for_a_limit() -> None:
    """F + A sin² with windows and no noise on a whole line: error 0 but for the edges and for F itself."""
    source, grid = Source(1, CPU), (33,)
    flat = torch.zeros(8, 33, dtype=torch.float64)
    limit, members = gamma_functions.oscillating(source, flat, grid, (4, 2, 1, 0), (0.0,) * 4)
    inside = members[:, :, 8:-8]
    windows = inside.unfold(2, 9, 1).amin(3)
    assert bool((windows[:, 0].abs() < 1e-20).all())  # sin of a multiple of π, in floats
    assert bool((inside[:, 0].mean(1) > 0.2).all())  # the weak limit is half of A
    assert bool((members[:, 3].abs() < 1e-20).all())
    assert torch.equal(limit, flat)


def test_rearranged_values_stay_within_their_windows() -> None:
    source = Source(2, CPU)
    base = torch.arange(17, dtype=torch.float64).expand(64, 17).contiguous()
    _, members = gamma_functions.rearranged(source, base, (17,), (6, 2, 0), (0.0,) * 3)
    moved = (members - base[:, None]).abs().amax((0, 2))
    assert moved[2] == 0
    assert 1 <= moved[1] <= 2
    assert 3 <= moved[0] <= 6
    assert torch.equal(members.sort(dim=2).values, base[:, None].expand_as(members))


def test_copies_are_shifted_in_the_plane() -> None:
    values = torch.arange(16, dtype=torch.float64)[None]
    down = gamma_functions.moved(values, (4, 4), torch.tensor([1.0, 0.0]).double())
    assert down.reshape(4, 4).tolist() == [[4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15], [12, 13, 14, 15]]


def test_spikes_stay_in_the_limit() -> None:
    """A well of one node that moves: the limit has it where it comes to rest, F_0 has it nowhere."""
    base = torch.zeros(64, 9, dtype=torch.float64)
    for seed in range(6):
        limit, members = gamma_functions.moving_wells(Source(seed, CPU), base, (9,), (4, 1, 0), (0.0,) * 3)
        assert torch.equal(members[:, 2], limit)
        assert bool((limit.amin(1) < 0).all())
        assert torch.equal(members.amin(2), limit.amin(1, keepdim=True).expand(-1, 3))


def test_some_balls_leave_points_out() -> None:
    local = [p for _, p in drawn() if not bool(gamma.balls(p, p.reach).all())]
    assert len(local) > 10
    for p in local:
        assert bool((p.coercive[:, None] + p.radius <= p.reach).all())


@pytest.mark.parametrize("name", FAILURES)
def test_failures_lack_one_assumption(name: str) -> None:
    sampler, without = FAILURES[name]
    for batch in sampler.draw(Source(1, CPU), 64):
        p: AnyGamma = batch.instances  # pyright: ignore[reportAssignmentType]
        assert not bool(without.predicate(p).any()), batch.family
        kept_ones = [a for a in BOTH if a is not without]
        if isinstance(p, GammaSequence) and without is not assumptions.EQUICOERCIVE:
            kept_ones.append(assumptions.EQUICOERCIVE)
        for assumption in kept_ones:
            assert bool(assumption.predicate(p).all()), (batch.family, assumption.key)


@pytest.mark.parametrize("name", WITNESSES)
def test_witnesses_are_the_stated_sequences(name: str) -> None:
    stored = witnesses.load(name)
    assert stored.identifier() == WITNESSES[name].identifier()
    text = json.loads(witnesses.path_of(name).read_text(encoding="utf-8"))["about"]
    assert text.startswith("F_k = ")


@pytest.mark.parametrize("sampler", [sampler for sampler, _ in SAMPLERS.values()], ids=list(SAMPLERS))
def test_instances_are_encoded_exactly(sampler: Sampler) -> None:
    one = next(iter(sampler.draw(Source(5, CPU), 64))).instances.take(0)
    again = decode(json.loads(json.dumps(one.encode())))
    assert again.identifier() == one.identifier()
    assert again.dimensions == one.dimensions


@pytest.mark.parametrize("base", [*WITNESSES.values()], ids=list(WITNESSES))
def test_nodes_and_members_can_be_dropped(base: AnyGamma) -> None:
    sizes = base.dimensions
    assert lengths(base) == {"node": sizes["M"], "member": sizes["m"]}
    short = kept(kept(base, "node", (0, 1)), "member", (1,))
    assert short.dimensions == {"d": 1, "m": 1, "M": 2}
    assert short.size == 1
    found = [a.predicate(short) for a in BOTH]
    assert all(x.shape == (1,) for x in found)


def test_moved_instances_declare_their_rates_afresh() -> None:
    for sampler, assumed in SAMPLERS.values():
        batch = next(iter(sampler.draw(Source(7, CPU), 64))).instances
        values = numbers(batch)
        nonnegative = torch.zeros(values.shape[1], dtype=torch.bool)
        for slot in slots(batch):
            nonnegative[slot.start : slot.stop] = slot.nonnegative
        moved = values + torch.randn(values.shape, generator=torch.Generator().manual_seed(1)).double()
        moved = torch.where(nonnegative, moved.abs(), moved).float().double()
        again = renewed(placed(batch, moved, torch.arange(batch.size)))
        for assumption in assumed[:2]:
            assert bool(assumption.predicate(again).all()), assumption.key
