"""Trained networks against certified minima over the set that they are trained in.

A training run ends somewhere in its set, so its objective is at least the certified lower bound of the
minimum over that set, and a good one comes close to the upper bound.  A subset has a larger minimum: what is
trained in a larger set may be below the minimum over a smaller one, and no inequality is claimed there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from claims.experiments.cells import settings, starting, task
from claims.experiments.data import draw
from fbscore import Samples
from fbscore.learning import Budget, Domain, Learning, Pieces, Track, minimise, objective
from fbscore.learning.admissible import FewPieces
from fbscore.learning.train import train
from fbscore.regularizers import L1
from tests.experiments.small import CPU, cell, design

GIVEN = design(m=2, d=3, sparsity=1, replicates=1, samples=6, epochs=200, batch_size=6)
LAYERS = 2
TAU, LAM = 4.0, 1.0  # the ends of the intervals


@pytest.fixture(scope="module")
def given() -> tuple[Samples, Learning, Any]:
    drawn, mine = draw(GIVEN, "synthetic", 4), cell(depth=LAYERS)
    problem, learning = task(GIVEN, mine, drawn.A, drawn.training, CPU)
    learning = replace(learning, weights=0.02 * torch.ones_like(learning.weights))
    assert isinstance(problem.regularizer, L1)
    return problem, learning, starting(GIVEN, mine, drawn.A, CPU)


def family(start: Any, pieces: int) -> FewPieces:
    """``W`` as at the start, ``τ`` and ``λ`` with that many pieces each."""
    P = 2 * pieces
    tracks = (
        Track.fixed(1.0, P=P, like=start.W),
        Track.of(*range(pieces), P=P, like=start.W),
        Track.of(*range(pieces, P), P=P, like=start.W),
    )
    upper = start.W.new_tensor([TAU] * pieces + [LAM] * pieces)
    return FewPieces(
        Pieces("fbs", *tracks, start.W[0, 0].contiguous()), Domain(torch.zeros_like(upper), upper)
    )


class Boxed:
    """Steps and weights up to the ends of the intervals; the same in all layers, if asked for."""

    def __init__(self, constant: bool) -> None:
        self.constant = constant

    def project(self, controls: Any) -> Any:
        tau, lam = controls.tau.clamp(max=TAU), controls.lam.clamp(max=LAM)
        if self.constant:
            tau, lam = (x.mean(1, keepdim=True).expand_as(x) for x in (tau, lam))
        return replace(controls, tau=tau, lam=lam)


def trained(given: tuple[Samples, Learning, Any], pieces: int, names: tuple[str, ...]) -> float:
    problem, learning, start = given
    usual = settings(GIVEN, cell(depth=LAYERS), start, 0)
    assert isinstance(usual.rates, dict)
    rates = {name: usual.rates[name] for name in names}
    found = train(problem, start, learning, replace(usual, rates=rates, admissible=Boxed(pieces < LAYERS)))
    assert found.stopped is None
    return float(objective(problem, found.controls, learning))


@pytest.mark.parametrize("pieces", [1, LAYERS])
def test_training_ends_between_the_bounds(given: tuple[Samples, Learning, Any], pieces: int) -> None:
    problem, learning, start = given
    budget = Budget(gap=1e-3, evaluations=400_000)
    minimum = minimise(problem, learning, family(start, pieces), LAYERS, budget).minimum
    J, before = trained(given, pieces, ("tau", "lam")), float(objective(problem, start, learning))
    assert minimum.width <= 1e-3
    assert minimum.lower <= J
    assert J - minimum.upper <= 0.01 * (before - minimum.upper)


def test_smaller_sets_have_larger_minima(given: tuple[Samples, Learning, Any]) -> None:
    """Constants in time within pieces within all controls: only this order is proved."""
    problem, learning, start = given
    budget = Budget(gap=1e-3, evaluations=400_000)
    constant, layered = (
        minimise(problem, learning, family(start, pieces), LAYERS, budget).minimum for pieces in (1, LAYERS)
    )
    assert layered.lower <= constant.upper
    # W is trained too: below the minimum of the smaller set, and no contradiction.
    assert trained(given, LAYERS, ("W", "tau", "lam")) < layered.lower
