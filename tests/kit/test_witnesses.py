"""Witnesses are exact, one instance a file; each of the suite's is a counterexample in ball arithmetic."""

import json

import pytest
import torch

from claims.kit import catalogue, witnesses
from claims.kit.confirm import confirm
from claims.kit.context import BallRun
from claims.kit.instances import Instances
from claims.kit.margin import decide_ball
from claims.oracle import elementary
from tests.kit.toys import points

CONTROLS = [check for check in catalogue.checks() if check.witness]
FILES = sorted(path.stem for path in witnesses.FOLDER.glob("*.json"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(witnesses, "FOLDER", tmp_path)
    return tmp_path


def test_saved_and_loaded_to_the_last_bit(folder):
    instance = points([0.1])
    path = witnesses.save("toy", "what it shows: |v| ≤ 1", instance)
    assert path == folder / "toy.json" == witnesses.path_of("toy")
    assert json.loads(path.read_text(encoding="utf-8"))["about"] == "what it shows: |v| ≤ 1"
    assert witnesses.load("toy").encode() == instance.encode()


def test_a_missing_file_is_named(folder):
    with pytest.raises(witnesses.WitnessError, match=r"expected the file .*missing\.json, which does not"):
        witnesses.load("missing")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "17",
        "{}",
        '{"instance": null}',
        '{"instance": []}',
        '{"instance": {"kind": "alien"}}',
        '{"instance": {"kind": "step_function", "cells": 1}}',
        '{"instance": {"shape": [1], "hex": ["0x1p+0"]}}',
        '{"instance": {"shape": [1], "hex": ["one"]}}',
    ],
)
def test_a_file_that_holds_no_instance_is_named(folder, content):
    (folder / "broken.json").write_text(content)
    with pytest.raises(witnesses.WitnessError, match=r"broken\.json does not hold one instance"):
        witnesses.load("broken")


def test_a_shape_that_does_not_fit_is_named(folder):
    data = points([1.0]).encode()
    data["values"]["shape"] = [1, 2, 1]
    (folder / "broken.json").write_text(json.dumps({"instance": data}))
    with pytest.raises(witnesses.WitnessError, match=r"broken\.json does not hold one instance"):
        witnesses.load("broken")


@pytest.mark.parametrize("count", [0, 2])
def test_one_instance_means_one(folder, count):
    witnesses.save("batch", "two", points([1.0, 2.0]).map(lambda x: x[:count]))
    with pytest.raises(witnesses.WitnessError, match=r"batch\.json does not hold one instance"):
        witnesses.load("batch")


def test_every_file_is_the_witness_of_a_control():
    assert {check.witness for check in CONTROLS} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_witness_says_what_it_is_about_and_is_one_instance(name):
    content = json.loads(witnesses.path_of(name).read_text(encoding="utf-8"))
    assert len(content["about"]) > 20
    instance = witnesses.load(name)
    assert isinstance(instance, Instances)
    assert instance.size == 1
    assert instance.encode() == content["instance"]


@pytest.mark.parametrize("check", CONTROLS, ids=lambda check: check.name)
def test_a_witness_violates_at_any_precision_and_lacks_one_assumption(check):
    instance = witnesses.load(check.witness)
    assert check.met(instance).tolist() == [True]
    assert check.dropped(instance).tolist() == [True]
    for digits in (30, 120):
        with elementary.digits(digits):
            assert decide_ball(check.predicate(instance.ball(), BallRun())) == "violated"
    exact = confirm(check, instance)
    assert exact.verdict == "violated"
    left, right = (float(text.strip("[]").split(" ")[0]) for text in (exact.left, exact.right))
    assert left > right
    assert exact.record() == {"digits": 60, "verdict": "violated", "left": exact.left, "right": exact.right}


@pytest.mark.parametrize("check", CONTROLS, ids=lambda check: check.name)
def test_a_witness_is_exact_in_float32(check):
    instance = witnesses.load(check.witness)
    for number in instance.arrays():
        assert torch.equal(number.float().double(), number)
