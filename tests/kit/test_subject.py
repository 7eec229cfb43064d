"""A subject is a function, a module or an object with parts; anything else gets one clear sentence."""

import pytest
import torch

import fbscore
import fbscore.learning
from claims.kit.subject import DEFAULT, SYSTEMS, Subject, SubjectError, load
from fbscore.regularizers import L2
from tests.kit import subjects

HERE = "tests.kit.subjects"


def test_the_default_is_fbscore():
    assert load(DEFAULT) == Subject()
    assert Subject().forward is fbscore.forward
    assert Subject().parts == []
    assert Subject().name == DEFAULT


def test_a_function_replaces_the_recursion_only():
    subject = load(f"{HERE}:faithful")
    assert subject.forward is subjects.faithful
    assert subject.parts == ["forward"]
    assert subject.project is fbscore.project
    assert subject.name == f"{HERE}:faithful"


def test_a_torch_module_is_called():
    subject = load(f"{HERE}:module")
    assert subject.forward is subjects.module
    assert subject.parts == ["forward"]


def test_an_object_brings_the_parts_that_it_has():
    subject = load(f"{HERE}:parts")
    assert subject.parts == ["prox", "project"]
    assert subject.prox(L2(), torch.ones(1), torch.ones(1)).tolist() == [2.0]
    assert subject.extend is fbscore.extend
    assert subject.forward is fbscore.forward


def test_an_objective_of_ones_own_is_a_part():
    subject = load(f"{HERE}:trained")
    assert subject.parts == ["objective"]
    assert subject.objective(1, 2, 3) == (1, 2, 3)
    assert Subject().objective is fbscore.learning.objective


def test_a_minimiser_of_ones_own_is_a_part():
    subject = load(f"{HERE}:searched")
    assert subject.parts == ["minimise"]
    assert subject.minimise(1, 2, 3, 4, 0.5) == (4, 0.5)


def test_a_module_and_a_dotted_name():
    assert load("fbscore:network").parts == []
    assert load(f"{HERE}:Network.__call__").parts == ["forward"]


@pytest.mark.parametrize("name", ["", "nocolon", "fbscore.network", ":forward", "fbscore.network:", ":"])
def test_without_colon(name):
    with pytest.raises(SubjectError, match=f"--subject: expected pkg.mod:name, got '{name}'"):
        load(name)


def test_without_module():
    with pytest.raises(
        SubjectError, match=r"--subject: cannot import 'no_such\.module': ModuleNotFoundError"
    ):
        load("no_such.module:forward")


def test_a_module_that_raises(tmp_path, monkeypatch):
    (tmp_path / "raising_subject.py").write_text("raise ArithmeticError('boom')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        SubjectError, match="--subject: cannot import 'raising_subject': ArithmeticError: boom"
    ):
        load("raising_subject:forward")


@pytest.mark.parametrize("name", ["missing", "faithful.missing", "a:b"])
def test_without_attribute(name):
    with pytest.raises(SubjectError, match=f"--subject: '{HERE}' has no '{name}'"):
        load(f"{HERE}:{name}")


@pytest.mark.parametrize("name", ["number", "parts.factor", "__doc__"])
def test_not_callable(name):
    with pytest.raises(SubjectError, match=r"--subject: expected a callable .*, got (int|float|str)"):
        load(f"{HERE}:{name}")


@pytest.mark.parametrize("name", ["Network", "Parts", "Running"])
def test_a_class_is_no_subject(name):
    with pytest.raises(
        SubjectError,
        match=f"--subject: expected a callable or an object, got the class {name}; name an instance",
    ):
        load(f"{HERE}:{name}")


def test_systems():
    assert Subject().systems == load(DEFAULT).systems == SYSTEMS == ("FBS", "LISTA", "ALISTA")
    assert load(f"{HERE}:faithful").systems == load(f"{HERE}:module").systems == ("FBS",)
    assert load(f"{HERE}:parts").systems == SYSTEMS  # the forward is fbscore's
    assert load(f"{HERE}:two_systems").systems == ("FBS", "ALISTA")


@pytest.mark.parametrize("name", ["strange_system", "one_word", "no_systems", "wrong_systems"])
def test_systems_that_are_none(name):
    with pytest.raises(
        SubjectError, match="--subject: systems: expected some of FBS, LISTA, ALISTA, got "
    ) as error:
        load(f"{HERE}:{name}")
    assert repr(getattr(subjects, name).systems) in str(error.value)


def test_takes_samples():
    assert Subject().takes_samples
    assert load(f"{HERE}:parts").takes_samples  # the forward is fbscore's
    assert load(f"{HERE}:with_samples").takes_samples
    assert not any(load(f"{HERE}:{name}").takes_samples for name in ("faithful", "module", "without_samples"))
    with pytest.raises(SubjectError, match="--subject: takes_samples: expected True or False, got 'yes'"):
        load(f"{HERE}:unclear_samples")
