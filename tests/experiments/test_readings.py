"""What is read off planted outcomes: every question with every answer."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from claims.experiments import readings
from claims.experiments.cells import Cell
from claims.experiments.design import SHUFFLED, TRAINED, UNSCALED
from claims.experiments.outcome import Curves, Outcome
from claims.experiments.statistics import INCONCLUSIVE, NOT_OBSERVED, OBSERVED, REFUTED
from claims.experiments.transfer import Transfer
from tests.experiments.small import design

DEPTHS = (2, 4, 8, 16)
KIND = ("synthetic", "FBS", TRAINED)
COSTS = {"seconds": 1.0, "cpu": 1.0, "peak": 1.0}
SPREAD = [0.010, -0.020, 0.0, 0.015, -0.005]


def curves(last: float, stopped: str | None = None, own: float = 0.0) -> Curves:
    """Five replicates that have much in common (what they share does not depend on the depth)."""
    rows = [[9.0, last + 30 * x + own * y] for x, y in zip(SPREAD, reversed(SPREAD), strict=True)]
    return Curves(rows, rows, rows, stopped, 1.0, 1.0, 1.0, False)


def outcome(
    losses: Sequence[float],
    shuffled: float = 3.0,
    changes: Callable[[int, int], float] = lambda N, M: 1 / N,
    stopped: str | None = None,
    modulus: float = 5.0,
    own: float = 0.0,
) -> Outcome:
    cells = {Cell(*KIND, N): curves(x, None, own * N) for N, x in zip(DEPTHS, losses, strict=True)}
    cells[Cell(*KIND, DEPTHS[0])] = curves(losses[0], stopped)
    cells |= {Cell("synthetic", "FBS", SHUFFLED, N): curves(shuffled + N) for N in DEPTHS}
    rows = [_transfer(N, M, changes(N, M) if N != M else 0.0, modulus) for N in DEPTHS for M in DEPTHS]
    doubled = {N: [2.0 + x for x in SPREAD] for N in DEPTHS}
    return Outcome(
        "depth",
        "tiny",
        0,
        "key",
        design(depths=DEPTHS),
        {},
        cells,
        {("synthetic", "FBS"): rows},
        doubled,
        COSTS,
    )


def _transfer(N: int, M: int, change: float, modulus: float) -> Transfer:
    five = [change * (1 + x) for x in SPREAD]
    return Transfer(N, M, [1.0] * 5, five, [modulus] * 5, [modulus] * 5, [0.0] * 5, [0.0] * 5, [1e-12] * 5)


@pytest.mark.parametrize(
    ("losses", "falls", "shrinks", "less"),
    [
        ([8.0, 4.0, 2.0, 1.0], OBSERVED, OBSERVED, OBSERVED),
        ([4.0, 3.0, 2.0, 1.0], OBSERVED, INCONCLUSIVE, INCONCLUSIVE),
        ([8.0, 6.0, 3.0, 2.0], OBSERVED, NOT_OBSERVED, NOT_OBSERVED),
        ([8.0, 4.0, 4.5, 4.75], NOT_OBSERVED, NOT_OBSERVED, OBSERVED),
        ([8.0, 4.0, 4.0, 4.0], INCONCLUSIVE, INCONCLUSIVE, INCONCLUSIVE),
    ],
)
def test_the_loss_against_the_depth(losses: list[float], falls: str, shrinks: str, less: str) -> None:
    found = outcome(losses)
    assert readings.falls(found, "?", [KIND]).verdict == falls
    assert readings.decrements_shrink(found, "?", [KIND]).verdict == shrinks
    assert readings.changes_less(found, "?", [KIND]).verdict == less


def test_effects_have_their_depths_and_sizes() -> None:
    observation = readings.falls(outcome([8.0, 4.0, 2.0, 1.0], own=0.01), "?", [KIND])
    assert [group.measure for group in observation.groups] == ["final objective", "final mean squared error"]
    effects = observation.groups[0].effects
    assert [(x.label, x.first, x.last) for x in effects] == [
        ("2 → 4", 2, 4),
        ("4 → 8", 4, 8),
        ("8 → 16", 8, 16),
    ]
    assert [x.mean for x in effects] == pytest.approx([4.0, 2.0, 1.0])
    assert [x.relative for x in effects] == pytest.approx([0.5] * 3)
    assert all(x.low < x.mean < x.high and x.n == 5 for x in effects)
    assert "8, 4, 2, 1 at N = 2, 4, 8, 16" in observation.groups[0].text
    second = readings.decrements_shrink(outcome([8.0, 4.0, 2.0, 1.0]), "?", [KIND]).groups[0].effects
    assert [x.label for x in second] == ["2 → 4 less 4 → 8", "4 → 8 less 8 → 16"]
    assert [x.mean for x in second] == pytest.approx([2.0, 1.0])


def test_a_depth_that_diverged_decides_nothing() -> None:
    observation = readings.falls(outcome([8.0, 4.0, 2.0, 1.0], stopped="epoch 3: inf"), "?", [KIND])
    assert observation.verdict == INCONCLUSIVE
    assert observation.groups[0].text == "training stopped, N = 2: epoch 3: inf"
    assert observation.groups[0].effects == ()


@pytest.mark.parametrize(
    ("variant", "reading"),
    [
        (SHUFFLED, readings.learnt_relation),
        (TRAINED, readings.learnt_relation),
        (UNSCALED, readings.scaling_matters),
        (TRAINED, readings.scaling_matters),
        (TRAINED, readings.validated),
        (TRAINED, readings.changes_shrink),
        (TRAINED, readings.transferred),
    ],
)
def test_a_cell_that_diverged_leaves_its_questions_open(variant: str, reading: Any) -> None:
    found = outcome([8.0, 4.0, 2.0, 1.0], shuffled=7.0)
    assert reading(found, "?").verdict == OBSERVED
    cell = Cell("synthetic", "FBS", variant, 4)
    diverged = {cell: curves(4.0, stopped="epoch 3: inf")}
    observation = reading(replace(found, curves={**found.curves, **diverged}), "?")
    assert observation.verdict == INCONCLUSIVE
    for group in observation.groups:
        assert group.text.startswith("training stopped, N = 4")
        assert group.effects == ()


def test_a_number_that_is_not_finite_leaves_its_questions_open() -> None:
    found = outcome([8.0, math.inf, 2.0, 1.0])
    for reading in (readings.falls, readings.decrements_shrink):
        observation = reading(found, "?", [KIND])
        assert observation.verdict == INCONCLUSIVE
        assert observation.groups[0].text.startswith("a number is not finite: 2 → 4")
    assert readings.validated(found, "?").verdict == INCONCLUSIVE


@pytest.mark.parametrize(
    ("change", "most"),
    [(math.inf, math.inf), (math.nan, math.nan), (math.inf, math.nan), (1.0, math.inf), (math.inf, 1.0)],
)
def test_an_overflow_refutes_no_theorem(change: float, most: float) -> None:
    found = outcome([8.0, 4.0, 2.0, 1.0])
    first, second, *others = found.transfers["synthetic", "FBS"]
    one = replace(second, change=[change, *second.change[1:]], modulus=[most, *second.modulus[1:]])
    broken = replace(found, transfers={("synthetic", "FBS"): [first, one, *others]})
    observation = readings.transferred(broken, "?")
    assert observation.verdict == INCONCLUSIVE
    assert observation.groups[0].text == "a number is not finite: 2 → 4"
    assert broken.document()[-15]["note"] == "a number is not finite: it decides nothing"
    beyond = replace(one, change=[change, 9.0, *second.change[2:]])
    both = replace(found, transfers={("synthetic", "FBS"): [first, beyond, *others]})
    assert readings.transferred(both, "?").verdict == REFUTED
    if not math.isfinite(change):
        assert readings.changes_shrink(broken, "?").verdict == INCONCLUSIVE


def test_labels_that_say_nothing() -> None:
    losses = [8.0, 4.0, 2.0, 1.0]
    assert readings.learnt_relation(outcome(losses, shuffled=7.0), "?").verdict == OBSERVED
    assert readings.learnt_relation(outcome(losses, shuffled=-30.0), "?").verdict == NOT_OBSERVED


def test_layers_that_are_not_scaled() -> None:
    losses = [8.0, 4.0, 2.0, 1.0]
    assert readings.scaling_matters(outcome(losses), "?").verdict == OBSERVED
    larger = outcome(losses, changes=lambda N, M: 3.0)
    observation = readings.scaling_matters(larger, "?")
    assert observation.verdict == NOT_OBSERVED
    assert observation.groups[0].variant == UNSCALED


def test_validation_below_the_start() -> None:
    assert readings.validated(outcome([8.0, 4.0, 2.0, 1.0]), "?").verdict == OBSERVED
    assert readings.validated(outcome([8.0, 4.0, 12.0, 1.0]), "?").verdict == NOT_OBSERVED


def test_changes_of_depth() -> None:
    losses = [8.0, 4.0, 2.0, 1.0]
    kept = readings.transferred(outcome(losses), "?")
    assert kept.verdict == OBSERVED
    assert len(kept.groups[0].effects) == 12
    assert kept.groups[0].text == "the change is at most 0.1 of its modulus"
    beyond = readings.transferred(outcome(losses, modulus=0.4), "?")
    assert beyond.verdict == REFUTED
    assert beyond.groups[0].text.startswith("the modulus is exceeded: 2 → 4, 2 → 8")
    assert readings.changes_shrink(outcome(losses), "?").verdict == OBSERVED
    assert readings.changes_shrink(outcome(losses, changes=lambda N, M: -N), "?").verdict == NOT_OBSERVED


def test_the_claim_file_reads_a_tiny_run(tmp_path: Any) -> None:
    """Every check, on a real run, gives an observation that JSON takes; none is refuted."""
    from tests.experiments.small import run

    module = importlib.import_module("claims.fbs_learning.s5_experiment_depth")
    found = run(design(), tmp_path)
    checks = [x.check for name, x in vars(module).items() if name.startswith("test_")]
    assert len(checks) >= 10
    for check in checks:
        assert check.kind == "observation"
        observation = check.predicate(found, None)
        assert observation.verdict in (OBSERVED, NOT_OBSERVED, INCONCLUSIVE)
        assert json.loads(json.dumps(observation.document(), allow_nan=False))["question"].endswith("?")
