"""Families of sequences of controls: what they contain, how they converge, what lacks strong convergence."""

from collections import Counter

import pytest
import torch

from claims import convergence_constants as convergence
from claims.assumptions import A1, A2, A3, MEMBERS, MODERATE, STRONG
from claims.families import control_samplers, control_sequences, limits
from claims.kit.context import FloatRun
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from tests.kit.toys import CPU

FLOAT = FloatRun(Subject(), CPU, torch.float64)
STRONGLY = [control_sequences.volume(Source(seed, CPU), 4) for seed in range(160)]
WEAKLY = [
    control_sequences.weak(Source(seed, CPU), 4, tuple(control_sequences.HELD)[seed % 4])
    for seed in range(60)
]


def test_every_regulariser_system_and_size_occurs():
    seen = Counter((k, v) for _, p in STRONGLY for k, v in p.dimensions.items())
    assert {v for k, v in seen if k == "regularizer"} == set(limits.SOLVED)
    assert {v for k, v in seen if k == "system"} == {"FBS", "LISTA", "ALISTA"}
    assert {1, 2, 3, 5} == {v for k, v in seen if k == "d"}
    assert {0, 1, 2, 3, 5} == {v for k, v in seen if k == "m"}
    assert {p.depths for _, p in STRONGLY} == set(control_sequences.DEPTHS)
    for name in ("coupled LISTA", "free LISTA", "ALISTA", "fixed W"):
        assert any(name in family for family, _ in STRONGLY), name


def test_depths_lie_below_at_beside_and_beyond_the_cells_of_theta():
    pairs = {(N, p.first.depth) for _, p in STRONGLY for N in p.depths}
    assert any(N < M for N, M in pairs)
    assert any(N == M > 1 for N, M in pairs)
    assert any(N > M and N % M for N, M in pairs)
    assert any(N > M > 1 and N % M == 0 for N, M in pairs)


def test_controls_rest_on_part_of_the_time():
    for name in ("tau", "lam"):
        resting = [
            (getattr(p.first, name) == 0).double().mean(1) for _, p in STRONGLY if hasattr(p.first, name)
        ]
        share = torch.cat(resting)
        assert bool(((share > 0) & (share < 1)).any())


@pytest.mark.parametrize("rate", control_sequences.RATES)
def test_scales_fall_as_they_say(rate):
    ending = "θ alone" if rate is None else f"N^-{rate:g}"
    found = [p for family, p in STRONGLY if family.endswith(ending)]
    assert found
    for p in found:
        fall = torch.tensor([(p.depths[0] / N) ** (rate or 0.0) for N in p.depths], dtype=torch.float64)
        expected = 0 * p.scales if rate is None else p.scales[:, :1] * fall
        assert torch.allclose(p.scales, expected, rtol=1e-6)


@pytest.mark.parametrize("assumption", [A1, A2, A3, MEMBERS, STRONG], ids=lambda a: a.key)
def test_strong_sequences_meet_the_assumptions(assumption):
    met = torch.cat([assumption.predicate(p) for _, p in STRONGLY])
    assert bool(met.all())


def test_nearly_all_systems_are_moderate():
    met = torch.cat([MODERATE.predicate(p) for _, p in STRONGLY])
    assert 0.97 < float(met.double().mean())


def test_weak_sequences_lack_strong_convergence_and_nothing_else():
    for family, p in WEAKLY:
        assert all(k >= 1 and N % 2**k == 0 for k, N in zip(p.frequencies, p.depths, strict=True)), family
        assert bool(MEMBERS.predicate(p).all()), family
        moves = convergence.distances(p)[:, -1].amax(1) > 0
        falls = len(set(p.depths)) > 1
        assert not bool((STRONG.predicate(p) & moves & falls).any()), family
        lacking = STRONG.predicate(control_samplers.too_close(p)) & moves
        assert not bool(lacking.any()), family
    assert {p.dimensions["system"] for _, p in WEAKLY} == {"FBS", "LISTA", "ALISTA"}


def test_weak_sequences_oscillate_around_theta():
    """The member is θ on average over two oscillations, and s|ϑ − θ| away from it everywhere."""
    for _, p in WEAKLY:
        theta = p.function(len(p.depths) - 1).lam
        fine = theta.shape[1]
        here, there = (x.lam.repeat_interleave(fine // x.depth, 1) for x in (p.first, p.other))
        apart = p.scales[:, -1:] * (there - here).abs()
        assert torch.allclose((theta - here).abs(), apart, atol=1e-7)


def test_numbers_are_exact_in_float32():
    for _, p in STRONGLY + WEAKLY:
        assert all(torch.equal(x, x.float().double()) for x in p.arrays())


def test_corners_attain_what_they_say():
    for corners, name in ((control_samplers.alone, "sequence"), (control_samplers.oscillating, "shift")):
        assert any(name in terms for _, _, terms in corners(Source(1, CPU)))
    network = control_samplers.driven(Source(1, CPU))
    profile = control_samplers.timed(network, tau=(1.0, 3.0))
    assert profile.tau.tolist() == [[0.5, 1.5]] * 2
    assert torch.equal(profile.W, network.W.expand(-1, 2, -1, -1))


def test_volume_takes_the_regularisers_and_depths_that_it_is_given():
    _, p = control_sequences.volume(Source(1, CPU), 2, ("huber",), (1, 4))
    assert (p.regularizer.name, p.depths) == ("huber", (1, 4))
    _, p = control_sequences.weak(Source(1, CPU), 2, "LISTA", ("l2",))
    assert (p.regularizer.name, p.first.system) == ("l2", "LISTA")
