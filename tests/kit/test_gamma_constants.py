"""Windows of Γ-convergence: floats against balls, against loops over all points, against numbers by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given

from claims import assumptions
from claims import gamma_constants as gamma
from claims.families import drawn_gamma, gamma_failures
from claims.kit import gamma_rates
from claims.kit.gamma_instances import GammaLimits, GammaPerturbation, GammaSequence
from tests.kit.two_arithmetics import QUIET, agree

OF_SEQUENCES = [
    *(lambda p: gamma.distances(p.points), lambda p: gamma.norms(p.points)),
    *(gamma.below, gamma.above, gamma.along_sequences, gamma.liminf_bound, gamma.recovered),
    *(gamma.recovery_bound, gamma.minima, gamma.minima_distance, gamma.outer_gain, gamma.level),
    *(gamma.minimiser_distances, gamma.cluster_excess, gamma.cluster_bound, gamma.magnitude),
]


@QUIET
@given(drawn_gamma.sequences())
def test_bounds_of_sequences_in_both_arithmetics(p: GammaSequence) -> None:
    for function in OF_SEQUENCES:
        agree(function, (p,), lambda: (p.ball(),))


@QUIET
@given(drawn_gamma.perturbations(), drawn_gamma.two_limits())
def test_bounds_of_pairs_in_both_arithmetics(one: GammaPerturbation, two: GammaLimits) -> None:
    agree(lambda p: gamma.both_halves(gamma.perturbed(p)), (one,), lambda: (one.ball(),))
    for function in (gamma.perturbed_errors, gamma.magnitude):
        agree(function, (one,), lambda: (one.ball(),))
    for function in (gamma.crossed, gamma.crossed_errors, gamma.magnitude):
        agree(function, (two,), lambda: (two.ball(),))


# ---------------------------------------------------------------- loops over all points


def random_sequence(seed: int, n: int = 6, m: int = 2) -> GammaSequence:
    """Integers: windows and balls that hold some of the points, and errors that may be too small."""
    generator = torch.Generator().manual_seed(seed)

    def integers(*shape: int, low: int = 0, high: int = 4) -> torch.Tensor:
        return torch.randint(low, high + 1, (1, *shape), generator=generator).double()

    values = integers(n, low=-4), integers(m, n, low=-4)
    rates = {name: integers(m) for name in ("radius", "error", "reach", "slack", "approach")}
    return GammaSequence(integers(n, 2, low=-3, high=3), *values, coercive=integers(), **rates)


class Loops:
    """The same quantities of one member, from their definitions."""

    def __init__(self, p: GammaSequence, k: int) -> None:
        self.points, self.F, self.Fk = p.points[0].tolist(), p.limit[0].tolist(), p.members[0, k].tolist()
        names = ("radius", "error", "reach", "slack", "approach")
        self.r, self.e, self.rho, self.s, self.t = (float(getattr(p, name)[0, k]) for name in names)
        self.c, self.nodes = float(p.coercive[0]), range(len(self.points))

    def d(self, i: int, j: int) -> float:
        return max(abs(x - y) for x, y in zip(self.points[i], self.points[j], strict=True))

    def size(self, i: int) -> float:
        return max(map(abs, self.points[i]))

    def ball(self, radius: float) -> list[int]:
        return [i for i in self.nodes if self.size(i) <= radius]

    def least(self, values: list[float], i: int, radius: float) -> float:
        return min(values[j] for j in self.nodes if self.d(i, j) <= radius)

    def liminf(self) -> bool:
        return all(self.least(self.F, i, self.r) <= self.Fk[i] + self.e for i in self.ball(self.rho))

    def limsup(self) -> bool:
        return all(self.least(self.Fk, i, self.r) <= self.F[i] + self.e for i in self.ball(self.rho))

    def coercive(self) -> bool:
        lowest = [i for i in self.ball(self.c) if self.Fk[i] == min(self.Fk)]
        return bool(lowest) and self.c + self.r <= self.rho

    def minimisers(self) -> list[int]:
        return [i for i in self.ball(self.rho) if self.Fk[i] <= min(self.Fk) + self.s]

    def floor(self, radius: float) -> float:
        return min((self.F[i] for i in self.ball(radius)), default=max(self.F))

    def along(self, i: int) -> float:
        found = [self.Fk[j] for j in self.ball(self.rho) if self.d(i, j) <= self.t]
        return self.F[i] - min(found) if found else 0.0

    def approach(self, i: int) -> float:
        reached = [j for j in self.nodes if self.F[j] <= self.floor(self.rho) + 2 * self.e + self.s]
        return min(self.d(i, j) for j in reached) if i in self.minimisers() else 0.0

    def cluster(self, i: int) -> float:
        near = any(self.d(i, j) <= self.t for j in self.minimisers())
        return self.F[i] - self.floor(self.rho) if near else 0.0


@pytest.mark.parametrize("seed", range(40))
def test_quantities_are_what_loops_find(seed: int) -> None:
    p = random_sequence(seed)
    for k in range(2):
        q = Loops(p, k)
        inside = [q.size(i) <= q.rho for i in q.nodes]
        found: dict[str, tuple[Callable[[Any], torch.Tensor], list[float]]] = {
            "below": (
                gamma.below,
                [(q.least(q.F, i, q.r) - q.Fk[i]) * inside[i] for i in q.nodes],
            ),
            "above": (
                gamma.above,
                [(q.least(q.Fk, i, q.r) - q.F[i]) * inside[i] for i in q.nodes],
            ),
            "along": (gamma.along_sequences, [q.along(i) for i in q.nodes]),
            "recovered": (
                gamma.recovered,
                [abs(q.least(q.Fk, i, q.r) - q.F[i]) * (q.size(i) <= q.rho - q.r) for i in q.nodes],
            ),
            "distances": (gamma.minimiser_distances, [q.approach(i) for i in q.nodes]),
            "cluster": (gamma.cluster_excess, [q.cluster(i) for i in q.nodes]),
            "gap": (
                lambda p: gamma.cluster_bound(p)["semicontinuity"],
                [q.F[i] - q.least(q.F, i, q.r + q.t) for i in q.nodes],
            ),
            "two windows": (
                lambda p: gamma.recovery_bound(p)["two windows"],
                [q.F[i] - q.least(q.F, i, 2 * q.r) for i in q.nodes],
            ),
        }
        for name, (function, expected) in found.items():
            assert function(p)[0, k].tolist() == expected, name
        assert float(gamma.minima_distance(p)[0, k]) == abs(min(q.Fk) - q.floor(q.rho))
        assert float(gamma.outer_gain(p)[0, k]) == q.floor(q.c + q.r) - q.floor(q.rho)


@pytest.mark.parametrize("seed", range(40))
def test_assumptions_are_what_loops_find(seed: int) -> None:
    p = random_sequence(seed)
    members = [Loops(p, k) for k in range(2)]
    assert bool(assumptions.LIMINF.predicate(p)) == all(q.liminf() for q in members)
    assert bool(assumptions.LIMSUP.predicate(p)) == all(q.limsup() for q in members)
    assert bool(assumptions.EQUICOERCIVE.predicate(p)) == all(q.coercive() for q in members)


def test_assumptions_say_yes_and_no() -> None:
    for assumption in (assumptions.LIMINF, assumptions.LIMSUP, assumptions.EQUICOERCIVE):
        said = {bool(assumption.predicate(random_sequence(seed, n=4, m=1))) for seed in range(60)}
        assert said == {False, True}, assumption.key


@pytest.mark.parametrize("seed", range(20))
def test_measured_rates_are_the_least(seed: int) -> None:
    p = gamma_rates.measured(random_sequence(seed))
    assert bool(assumptions.LIMINF.predicate(p) & assumptions.LIMSUP.predicate(p))
    assert torch.equal(p.error, torch.stack([gamma.below(p), gamma.above(p)]).amax((0, 3)).clamp(min=0))
    lowest = p.members == p.members.amin(2, keepdim=True)
    sizes = torch.where(lowest, gamma.norms(p.points)[:, None], torch.inf)
    assert torch.equal(p.coercive, sizes.amin(2).amax(1))


def test_two_limits_are_decided_together() -> None:
    """Waves of 0 and 1: both inequalities with 0, the limsup inequality alone with ½."""
    p = gamma_failures.waves()
    for one, expected in ((p.sequence, (True, True)), (p.second, (False, True)), (p, (False, True))):
        found = tuple(bool(a.predicate(one)) for a in (assumptions.LIMINF, assumptions.LIMSUP))
        assert found == expected


def test_continuity_is_decided_by_the_declared_constant() -> None:
    p = gamma_failures.jumping()
    assert not bool(assumptions.CONTINUOUS.predicate(p))
    steeper = gamma_rates.measured(p)
    assert float(steeper.lipschitz) == 48.0  # 3 over 1/16
    assert bool(assumptions.CONTINUOUS.predicate(steeper))
    apart = GammaPerturbation(p.sequence.map(lambda x: 0 * x), p.perturbation, p.lipschitz)
    assert not bool(assumptions.CONTINUOUS.predicate(gamma_rates.measured(apart)))


# ---------------------------------------------------------------- by hand


def test_spikes_by_hand() -> None:
    p = gamma_failures.spikes()
    assert gamma.minima(p).tolist() == [[-0.75, -1.4375, -1.734375, -1.87109375]]
    assert gamma.minima_distance(p).tolist() == [[0.75, 1.4375, 1.734375, 1.87109375]]
    assert gamma.minimiser_distances(p).amax(2)[0, -1].tolist() == 1.0625
    assert gamma.cluster_excess(p)[0, -1, -1].tolist() == 1.0
    assert gamma.along_sequences(p)[0, -1, -1].tolist() == 2.87109375


def test_escaping_minimisers_by_hand() -> None:
    p = gamma_failures.escaping()
    assert gamma.minima(p).tolist() == [[-1.0, -1.0, -1.0]]
    assert p.points[0, p.members[0].argmin(1), 0].tolist() == [2.0, 4.0, 8.0]
    assert gamma.floors(p, p.reach).tolist() == [[0.0, 0.0, 0.0]]


def test_other_failures_by_hand() -> None:
    assert gamma.minima(gamma_failures.second_wells()).tolist() == [[-1.0, 0.0, -1.0, 0.0]]
    assert gamma.outer_gain(gamma_failures.unattained()).tolist() == [[0.75, 0.9375, 0.99609375]]
    moved = gamma.perturbed(gamma_failures.jumping())
    assert float(moved.members.min()) == 0.0
    assert float(moved.limit.min()) == -1.0
    assert float(gamma.crossed(gamma_failures.missing_well()).max()) == 3.0
    assert float(gamma.crossed(gamma_failures.waves()).max()) == 0.5
