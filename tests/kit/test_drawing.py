r"""What is recorded of an instance for a report to draw."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, cast

import pytest
import torch

from claims.kit import limits
from claims.kit.context import FloatRun
from claims.kit.drawing import MOST_CURVES, MOST_NUMBERS, drawing
from claims.kit.instances import Network, Regularizer, StepFunction, WeightPair
from claims.kit.subject import Subject, SubjectError

RUN = FloatRun(Subject(), torch.device("cpu"), torch.float64)


def l1(d: int) -> Regularizer:
    return Regularizer("l1", {"weights": torch.ones(1, d, dtype=torch.float64)})


def network(d: int = 1, N: int = 4) -> Network:
    r"""u' = −u with a threshold of 0: the layers multiply by 1 − 1/N."""
    eye = torch.eye(d, dtype=torch.float64)[None]
    ones = torch.ones(1, N, dtype=torch.float64)
    start = torch.arange(1, d + 1, dtype=torch.float64)[None]
    return Network(
        l1(d), eye, torch.zeros(1, d).double(), start, eye[:, None].repeat(1, N, 1, 1), ones, 0 * ones
    )


def test_states_of_a_network():
    found = drawing(lambda p, run: run.forward(p), network(), RUN)
    assert found is not None
    (curve,) = found["curves"]
    assert (found["size"], found["components"]) == (1, [0])
    assert (curve["what"], curve["layers"], curve["times"]) == ("network", 4, [0.0, 0.25, 0.5, 0.75, 1.0])
    assert [row[0] for row in curve["values"]] == pytest.approx([0.75**n for n in range(5)], rel=1e-5)


def test_the_limit_is_drawn_at_more_times_than_the_predicate_asks_for(monkeypatch):
    asked = []
    right = limits.limit

    def predicate(p, run):
        asked.append(run.limit(p).states.shape[1])

    monkeypatch.setattr("claims.kit.context.limit", lambda p, times: right(p, times))
    found = drawing(predicate, network(), RUN)
    assert asked == [5]
    assert found is not None
    (curve,) = found["curves"]
    assert curve["what"] == "limit"
    assert len(curve["times"]) == 33
    assert curve["values"][-1][0] == pytest.approx(0.367879, rel=1e-5)
    assert 0 <= curve["radius"] < 1e-9


def test_functions_proxes_and_enclosures():
    values = torch.tensor([[[0.0], [1.0]]], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    found = drawing(
        lambda v, run: run.project(cast("Any", v).values, 1), StepFunction(values, one, one, 1), RUN
    )
    assert found is not None
    assert [(c["of"], c["values"]) for c in found["curves"]] == [
        ("given", [[0.0], [1.0]]),
        ("project", [[0.5]]),
    ]
    pair = WeightPair(l1(1), torch.tensor([[3.0]]).double(), one, 2 * one)
    found = drawing(lambda _, run: run.prox(pair.regularizer, pair.v, pair.a), pair, RUN)
    assert found is not None
    assert found["curves"] == [{"what": "prox", "weight": 1.0, "v": [3.0], "p": [2.0]}]
    found = drawing(lambda p, run: run.enclosure(p, 1e-3), network(), RUN)
    assert found is not None
    assert [(c["what"], c["times"]) for c in found["curves"]] == [("enclosure", [1.0])]
    assert 0 < found["curves"][0]["radius"] <= 1e-3


def test_drawings_stay_small():
    def predicate(p, run):
        for depth in range(10):
            run.forward(dataclasses.replace(p, u0=p.u0 + depth))

    found = drawing(predicate, network(d=9, N=512), RUN)
    assert found is not None
    assert len(found["curves"]) == MOST_CURVES
    assert found["size"] == 9
    assert len(found["components"]) == 3
    assert sum(len(c["values"]) * 3 for c in found["curves"]) <= MOST_NUMBERS
    assert all(c["times"][0] == 0.0 and c["times"][-1] == 1.0 for c in found["curves"])
    assert len(json.dumps(found)) < 10_000


def test_the_same_states_are_drawn_once_and_infinite_ones_never():
    found = drawing(lambda p, run: [run.forward(p), run.forward(p)], network(), RUN)
    assert found is not None
    assert len(found["curves"]) == 1
    infinite = dataclasses.replace(network(), u0=torch.tensor([[torch.inf]]).double())
    assert drawing(lambda p, run: run.forward(p), infinite, RUN) is None


def test_nothing_to_draw_and_subjects_that_fail():
    def fails(p, run):
        raise SubjectError("no")

    assert drawing(lambda p, run: None, network(), RUN) is None
    assert drawing(fails, network(), RUN) is None


def test_what_the_run_notes_of_its_parts_stays_as_it_is():
    run = FloatRun(Subject(), torch.device("cpu"), torch.float64)
    drawing(lambda p, run: run.forward(p), network(), run)
    assert run.used == set()
