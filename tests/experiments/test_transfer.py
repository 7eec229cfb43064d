"""Networks run at other depths: the judge's constants, what the modulus bounds, faults that it finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from claims import convergence_constants, limit_constants, magnitudes
from claims.experiments import modulus
from claims.experiments.cells import starting, task
from claims.experiments.data import draw
from claims.experiments.design import SYSTEMS
from claims.experiments.transfer import instances, transfers
from claims.kit.rounding import rounding
from claims.kit.sample_instances import Samples
from fbscore import forward
from fbscore.learning import objective, project_controls
from fbscore.lista import AlistaControls, ListaControls
from fbscore.types import Controls
from tests.experiments.small import CPU, cell, design

GIVEN = design(samples=7)


def trained(system: str, depth: int, rng: torch.Generator, spread: float = 0.3) -> tuple[Any, Any, Any]:
    """A problem, what it is trained for, and controls that depend on time."""
    drawn, mine = draw(GIVEN, "synthetic", 0), cell(system, depth)
    problem, learning = task(GIVEN, mine, drawn.A, drawn.training, CPU)
    learning = replace(learning, weights=0.1 * torch.ones_like(learning.weights))
    start: Any = starting(GIVEN, mine, drawn.A, CPU)
    names = {
        Controls: ("W", "tau", "lam"),
        ListaControls: ("W1", "W2", "lam"),
        AlistaControls: ("tau", "lam"),
    }[type(start)]
    moved = {
        name: getattr(start, name)
        * (1 + spread * torch.randn(getattr(start, name).shape, generator=rng, dtype=torch.float64))
        for name in names
    }
    return problem, learning, replace(start, **{k: x if k[0] == "W" else x.abs() for k, x in moved.items()})


@pytest.mark.parametrize("system", SYSTEMS)
def test_at_its_own_depth_nothing_changes(system: str, rng: torch.Generator) -> None:
    problem, learning, controls = trained(system, 4, rng)
    (found,) = transfers(problem, learning, controls, (4,))
    assert found.change == found.modulus == [0.0] * 5
    assert found.objective == objective(problem, controls, learning).tolist()
    assert not found.exceeded
    assert found.ratio == 0.0


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_change_is_that_of_the_objective(system: str, rng: torch.Generator) -> None:
    problem, learning, controls = trained(system, 4, rng)
    for found in transfers(problem, learning, controls, (2, 8)):
        deeper = objective(problem, project_controls(controls, found.depth), learning)
        assert found.objective == deeper.tolist()
        assert found.change == (deeper - objective(problem, controls, learning)).tolist()
        assert min(map(abs, found.change)) > 0.0
        total = torch.tensor([found.network, found.controls, found.penalty], dtype=torch.float64).sum(0)
        assert found.modulus == total.tolist()
        assert (max(found.controls) > 0.0) is (found.depth == 2)
        assert (max(found.penalty) > 0.0) is (found.depth == 2)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("depth", [1, 3, 8])
def test_the_modulus_holds(system: str, depth: int, rng: torch.Generator) -> None:
    """Also on grids of which neither refines the other, for wild controls as well as for mild ones."""
    for spread in (0.05, 0.3, 1.5):
        problem, learning, controls = trained(system, depth, rng, spread)
        for found in transfers(problem, learning, controls, (1, 2, 3, 4, 12, 32)):
            assert not found.exceeded, found
            assert max(found.rounding) < 1e-6 * (1 + max(found.modulus))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_modulus_of_refinement_tends_to_that_of_the_first_network(
    system: str, rng: torch.Generator
) -> None:
    problem, learning, controls = trained(system, 4, rng)
    coarse, fine, finest = transfers(problem, learning, controls, (8, 64, 256))
    for x, y, z in zip(coarse.modulus, fine.modulus, finest.modulus, strict=True):
        assert x > y > z > 0.5 * y


# ---------------------------------------------------------------- the judge's parts


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_certificate_is_that_of_the_constants(system: str, rng: torch.Generator) -> None:
    """Sample by sample (4.7) as `claims.convergence_constants` has it, and its largest on [0, 1]."""
    problem, _, controls = trained(system, 4, rng)
    network = instances(problem, controls)
    each = Samples.of(network, problem.f, problem.u0).each
    states = forward(problem, controls)
    flat = states.reshape(-1, *states.shape[2:])
    found = modulus.follow(network, problem.f)
    own = rounding(2.0**-53, magnitudes.operations(each), limit_constants.gap_magnitude(each, flat))
    (expected,) = convergence_constants.certificates([each], [flat], [own])
    reach = convergence_constants.reach(each, flat, expected.largest)
    total = (expected.gap + expected.drift)[:, -1].reshape(5, 7)
    close(found.end, states[:, :, -1])
    close(found.certificate, total)
    close(found.reach, reach.state.reshape(5, 7))
    close(found.misfit, reach.misfit.reshape(5, 7))
    terms = limit_constants.network_certificate(each, flat, own)
    close(found.certificate, (terms["gap"] + terms["drift"])[:, -1].reshape(5, 7))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_control_error_is_that_of_the_constants(system: str, rng: torch.Generator) -> None:
    problem, _, controls = trained(system, 4, rng)
    network = instances(problem, controls)
    other = modulus.follow(modulus.projected(network, 2), problem.f)
    away = modulus.apart(network, 2)
    found = modulus.control_error(network, other, away, problem.f)
    each, there = (Samples.of(one, problem.f, problem.u0).each for one in (network, other.network))
    growth = float(torch.tensor(6.0, dtype=torch.float64).sqrt())
    reach = convergence_constants.Reach(
        other.reach.flatten(), other.misfit.flatten(), torch.full((35,), growth, dtype=torch.float64)
    )
    bound = convergence_constants.control_error(each, there, away.repeat_interleave(7, 0), reach)
    close(found.flatten(), limit_constants.stretch(each) * bound)


def test_distances_are_those_of_the_functions(rng: torch.Generator) -> None:
    """‖E_M P_M E_N v − E_N v‖ on a grid that refines both."""
    problem, _, controls = trained("FBS", 4, rng)
    network = instances(problem, controls)
    assert torch.equal(modulus.apart(network, 8), torch.zeros(5, 3, dtype=torch.float64))
    fine = controls.tau.repeat_interleave(3, 1)
    means = fine.reshape(5, 3, 4).mean(2).repeat_interleave(4, 1)
    close(modulus.apart(network, 3)[:, 1], (means - fine).square().mean(1).sqrt())


# ---------------------------------------------------------------- planted faults


def longer_steps(factor: float) -> Any:
    """A subject whose layers are ``factor`` times as long as 1/N, but for 4 layers."""

    def subject(problem: Any, controls: Any, learning: Any) -> torch.Tensor:
        if controls.N == 4:
            return objective(problem, controls, learning)
        scaled = {"W1": factor, "W2": factor, "lam": factor} if hasattr(controls, "W1") else {"tau": factor}
        if isinstance(controls, AlistaControls):
            scaled["lam"] = factor
        wrong = replace(controls, **{name: x * getattr(controls, name) for name, x in scaled.items()})
        J, own = objective(problem, wrong, learning), replace(learning, weights=0 * learning.weights)
        penalties = objective(problem, controls, learning) - objective(problem, controls, own)
        return objective(problem, wrong, own) + penalties + 0 * J

    return subject


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_wrong_step_is_refuted(system: str, rng: torch.Generator) -> None:
    """``h`` of 4 layers used for 64: the network runs 16 times as long."""
    problem, learning, controls = trained(system, 4, rng, 0.05)
    right, wrong = (
        transfers(problem, learning, controls, (64,), subject)[0] for subject in (objective, longer_steps(16))
    )
    assert not right.exceeded
    assert wrong.modulus == right.modulus
    assert wrong.exceeded


def test_a_penalty_that_is_not_a_mean_is_refuted(rng: torch.Generator) -> None:
    """Σ instead of (1/N) Σ: the penalties of 64 layers are 16 times those of 4."""
    problem, learning, controls = trained("FBS", 4, rng, 0.05)

    def subject(p: Any, theta: Any, aim: Any) -> torch.Tensor:
        return objective(p, theta, replace(aim, weights=theta.N * aim.weights))

    assert transfers(problem, learning, controls, (64,), subject)[0].exceeded


def test_only_finite_numbers_exceed_a_bound(rng: torch.Generator) -> None:
    """What overflows refutes nothing and keeps nothing; other replicates still do."""
    problem, learning, controls = trained("FBS", 4, rng)
    found = transfers(problem, learning, controls, (8,))[0]
    nan, inf = float("nan"), float("inf")
    assert found.finite
    for change, most in ((nan, 1.0), (inf, 1.0), (-inf, inf), (inf, nan), (0.0, nan), (1.0, inf)):
        broken = replace(found, change=[change, *found.change[1:]], modulus=[most, *found.modulus[1:]])
        assert not broken.finite
        assert not broken.exceeded
        assert broken.ratio == replace(found, change=[0.0, *found.change[1:]]).ratio
        assert replace(broken, change=[change, 1e9, *found.change[2:]]).exceeded
    assert not replace(found, rounding=[nan] * 5).finite


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Up to the root of the round-off in a gap, which a certificate consists of."""
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-8)
