"""Counterexamples to convergence: each lacks one assumption alone, and has the stated numbers."""

import math
from typing import Any

import pytest
import torch

from claims import assumptions, set_assumptions
from claims.families import convergence_failures, minimal_failures
from claims.kit import witnesses
from claims.kit.context import FloatRun
from claims.kit.learning_problems import member
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)
CONTROLS = (assumptions.A1, assumptions.A3, assumptions.MEMBERS, assumptions.MODERATE, assumptions.STRONG)
LEARNING = (*CONTROLS, assumptions.A4, assumptions.A5)
SETS = (*LEARNING, assumptions.CLOSED)
MINIMAL = (
    *(set_assumptions.A1, set_assumptions.A3, set_assumptions.A4, set_assumptions.A5),
    *(set_assumptions.MEMBERS, set_assumptions.MODERATE, set_assumptions.IMAGE),
)
FAILURES = {
    "pushed states": (convergence_failures.pushed_states(), CONTROLS, ("A1", "A3")),
    "pushed objectives": (convergence_failures.pushed_objectives(), LEARNING, ("A1", "A3")),
    "pushed sets": (convergence_failures.pushed_sets(), SETS, ("A1", "A3")),
    "steep states": (convergence_failures.steep_states(), CONTROLS, ("A3",)),
    "steep objectives": (convergence_failures.steep_objectives(), LEARNING, ("A3",)),
    "steep sets": (convergence_failures.steep_sets(), SETS, ("A3",)),
    "losses": (convergence_failures.jumping_losses(), SETS, ("A4",)),
    "spikes": (convergence_failures.spikes(), SETS, ("A5",)),
    "weak sets": (convergence_failures.weak_sets(), SETS, ("strong",)),
    "minimal, prox": (minimal_failures.jumping_proxes(), MINIMAL, ("A1", "A3")),
    "minimal, losses": (minimal_failures.jumping_losses(), MINIMAL, ("A4",)),
    "minimal, penalties": (minimal_failures.jumping_penalties(), MINIMAL, ("A5",)),
    "minimal, steep": (minimal_failures.steep(), MINIMAL, ("A3",)),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_lack_what_they_should_and_no_more(name):
    """A3 speaks of convex R alone, so that what lacks A1 lacks A3 too."""
    sampler, known, lacking = FAILURES[name]
    for batch in sampler.draw(Source(2, CPU), 8):
        assert not batch.independent
        for assumption in known:
            verdict = assumption.predicate(batch.instances)
            assert verdict.all() if assumption.key not in lacking else not verdict.any(), assumption.key


def ends(p: Any) -> tuple[float, float]:
    """The last network's last state, and the limit's at t = 1."""
    last = len(p.depths) - 1
    network = RUN.forward(member(p, last, RUN.project))
    return float(network[0, -1, 0]), float(RUN.limit(p.first, [0.0, 1.0]).states[0, -1, 0])


def test_a_push_parts_networks_and_limit():
    p: Any = witnesses.load("controls_negative_l1")
    assert ends(p) == (2.0**-7 - 0.0625 - 1.0, 2.0**-7 + 1.0)
    assert [float(p.scales[0, j] * p.other.W[0, 0, 0, 0]) for j in range(3)] == [-0.25, -0.125, -0.0625]


def test_a_small_weight_moves_steep_states_far():
    network, limit = ends(witnesses.load("controls_quartic"))
    assert limit == 4.0
    assert network == pytest.approx(4 / math.sqrt(1.5), abs=5e-3)


def objectives(p: Any) -> tuple[float, float]:
    """J_N at the last member's θ, and J(θ) from the state of the limit, for the squared error."""
    last = len(p.sequence.depths) - 1
    end = float(RUN.limit(p.sequence.first, [0.0, 1.0]).states[0, -1, 0])
    return float(RUN.objective(p, last)[0]), (end - float(p.label[0, 0])) ** 2


@pytest.mark.parametrize(
    ("witness", "of_network", "of_limit"),
    [
        ("objective_negative_l1", 2.0625**2, 0.0),
        ("gamma_negative_l1", 0.0546875**2, 2.0078125**2),
        ("objective_quartic", (4 - 4 / math.sqrt(1.5)) ** 2, 0.0),
        ("gamma_quartic", (4 / math.sqrt(1.5) - 3.25) ** 2, 0.5625),
    ],
)
def test_objectives_are_as_stated(witness, of_network, of_limit):
    p: Any = witnesses.load(witness)
    found = objectives(getattr(p, "learning", p))
    assert found == pytest.approx((of_network, of_limit), abs=7e-3)
    assert found[1] == pytest.approx(of_limit, abs=1e-12)


def test_one_layer_lets_go_what_two_and_the_limit_keep():
    p = minimal_failures.letting_go(torch.ones(1, dtype=torch.float64))
    values = [float(RUN.objective(minimal_failures.FiniteProblem(p, (n,)).at(n), 0)[0]) for n in (1, 2, 8)]
    assert values == [0.0, 1.0, 1.0]
    assert objectives(p)[1] == 1.0


def test_projections_of_the_oscillating_control_are_short():
    p = minimal_failures.shortened(torch.ones(1, dtype=torch.float64))
    values = [float(RUN.objective(minimal_failures.FiniteProblem(p, (n,)).at(n), 0)[0]) for n in (1, 32, 64)]
    assert values == [0.0, 0.0, 1.0]
