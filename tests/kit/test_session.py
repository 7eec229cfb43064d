"""Carrying out one check: what is written, and what makes the run red."""

import re
from dataclasses import replace

import pytest

from claims.kit import catalogue, witnesses
from claims.kit.claim import claim
from claims.kit.evidence import SCHEMA, Writer, read
from claims.kit.margin import at_most
from claims.kit.profiles import PROFILES
from claims.kit.session import Session, Settings, new_run_id, versions
from claims.kit.subject import DEFAULT, SubjectError
from tests.kit.toys import ALWAYS, NEVER, POSITIVE, SMALL, drawn, exactly, points, size, uniform

toy = claim("toys", "Claim 1", assumes=(ALWAYS, SMALL))
Failed = pytest.fail.Exception
FORWARD = [
    "test_layer_is_resolvent",
    "test_starts_at_initial_value",
    "test_deeper_states_continue_the_same_run",
]


def bounded(p, run):
    """|v| ≤ bound"""
    return at_most(size(p), {"bound": p.bound}, run.rounding(0, p.bound))


def broken(p, run):
    """raises"""
    raise ArithmeticError("boom")


@pytest.fixture
def session(tmp_path):
    """A session that writes to tmp_path."""
    settings = Settings("r", str(tmp_path), 1, "quick", "cpu", "float64", DEFAULT, ("claims/",), 1)
    session = Session(settings, "main")
    session.writer.write("run", **settings.header())
    yield session
    session.writer.close()


def with_subject(session, name):
    """A session for another subject that writes to the same file."""
    other = Session(replace(session.settings, subject=f"tests.kit.subjects:{name}"), "main")
    other._writer = session.writer
    return other


def read_back(session):
    return read(session.settings.folder)


def test_a_claim_that_holds_is_green(session):
    session.carry_out(toy.holds(sampled=uniform())(bounded).check, "sampled")
    run = read_back(session)
    (result,) = run.results
    assert result["verdict"] == "holds"
    assert result["seconds"] >= 0
    assert (result["check"], result["route"]) == ("kit/test_session.py::bounded", "sampled")
    (started,) = run.started
    assert (started["worker"], started["route"]) == ("main", "sampled")
    assert [t["counts"]["instances"] for t in run.tallies] == [1025]


def test_it_is_announced_before_it_starts(session):
    with pytest.raises(ArithmeticError):
        session.carry_out(toy.holds(sampled=uniform())(broken).check, "sampled")
    run = read_back(session)
    assert len(run.started) == 1
    assert run.tallies == []


def test_a_refuted_claim_is_red_and_tells_how_to_replay_it(session):
    theorem = claim("toys", "Claim 1", assumes=(ALWAYS,))
    with pytest.raises(Failed) as failure:
        session.carry_out(theorem.holds(drawn=drawn(1000, 10.0))(bounded).check, "drawn")
    (result,) = read_back(session).results
    message = str(failure.value)
    assert "Claim 1: refuted [drawn]" in message
    assert "|v| ≤ bound" in message
    assert "left 11.0 > right 10.0" in message
    replay = f"python -m claims reproduce {result['counterexample']} --evidence {session.settings.folder}"
    assert replay in message
    assert result["verdict"] == "refuted"
    assert result["subject_at_fault"] is False


@pytest.mark.parametrize(
    ("verdict", "assumes", "sharp"), [("vacuous", (NEVER,), ()), ("error", (ALWAYS,), ("nonsense",))]
)
def test_what_is_not_shown_is_red(session, verdict, assumes, sharp):
    theorem = claim("toys", "Claim 1", assumes=assumes)
    with pytest.raises(Failed, match=verdict):
        session.carry_out(theorem.holds(sampled=uniform(), sharp=sharp)(bounded).check, "sampled")
    assert [r["verdict"] for r in read_back(session).results] == [verdict]


def test_an_undecided_claim_is_red(session):
    def wide(p, run):
        """|v| ≤ bound, up to twice that"""
        return at_most(size(p), {"bound": p.bound}, run.rounding(0, p.bound), 2 * p.bound)

    with pytest.raises(Failed, match="undecided"):
        session.carry_out(toy.holds(sampled=uniform())(wide).check, "sampled")


@pytest.mark.parametrize("route", ["drawn", "sampled"])
def test_an_error_keeps_its_traceback_and_is_recorded(session, route):
    with pytest.raises(ArithmeticError, match="boom"):
        session.carry_out(toy.holds(sampled=uniform(), drawn=drawn(1))(broken).check, route)
    (result,) = read_back(session).results
    assert (result["verdict"], result["message"]) == ("error", "ArithmeticError: boom")


def test_a_missing_witness_is_one_clear_line(session, tmp_path, monkeypatch):
    monkeypatch.setattr(witnesses, "FOLDER", tmp_path)
    check = toy.fails(without=SMALL, on=exactly(points([2.0])), witness="toy")(bounded).check
    with pytest.raises(Failed, match=r"error \[witness\]") as failure:
        session.carry_out(check, "witness")
    assert "toy.json, which does not exist" in str(failure.value)
    assert [r["verdict"] for r in read_back(session).results] == ["error"]


@pytest.mark.parametrize(("number", "green"), [(2.0, True), (0.5, False)])
def test_a_control_is_green_with_its_witness_only(session, tmp_path, monkeypatch, number, green):
    monkeypatch.setattr(witnesses, "FOLDER", tmp_path)
    witnesses.save("toy", "a toy", points([number]))
    check = toy.fails(without=SMALL, on=exactly(points([2.0])), witness="toy")(bounded).check
    if green:
        session.carry_out(check, "witness")
    else:
        with pytest.raises(Failed, match=r"not found \[witness\]"):
            session.carry_out(check, "witness")
    assert [r["verdict"] for r in read_back(session).results] == ["found" if green else "not found"]


def test_a_control_that_searches_in_vain_is_red(session):
    check = toy.fails(without=SMALL, on=exactly(points([0.5])), witness="toy")(bounded).check
    session.profile = PROFILES["default"]
    with pytest.raises(Failed, match=r"not found \[search\]"):
        session.carry_out(check, "search")


def test_an_exploration_is_never_red_unless_it_breaks(session):
    explored = claim("toys", "Claim 1", assumes=(POSITIVE, SMALL)).explores
    session.profile = PROFILES["default"]
    session.carry_out(explored(without=SMALL, on=exactly(points([0.5])))(bounded).check, "search")
    session.carry_out(explored(without=SMALL, on=exactly(points([5.0])))(bounded).check, "search")
    with pytest.raises(ArithmeticError):
        session.carry_out(explored(without=SMALL, on=exactly(points([5.0])))(broken).check, "search")
    assert sorted(r["verdict"] for r in read_back(session).results) == ["error", "found", "not found"]


# ---- faulty subjects, judged by a claim of the suite


def resolvent(name):
    check = catalogue.by_id(f"fbs_learning/s2_02_equation_fbs_network.py::{name}")
    assert check is not None
    return check


@pytest.mark.parametrize("route", ["drawn", "sampled"])
@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("wrong_shape", "forward: expected a tensor of shape"),
        ("wrong_dtype", "forward: expected dtype"),
        ("not_a_tensor", "got list"),
    ],
)
def test_a_subject_that_answers_something_else(session, subject, message, route):
    with pytest.raises(Failed) as failure:
        with_subject(session, subject).carry_out(resolvent("test_starts_at_initial_value"), route)
    (result,) = read_back(session).results
    assert result["verdict"] == "error"
    assert result["message"].startswith(f"tests.kit.subjects:{subject}: ")
    assert message in result["message"]
    assert result["message"] in str(failure.value)


def test_a_subject_that_raises_is_named_with_its_error(session):
    with pytest.raises(Failed, match="raised RuntimeError: the subject gave up"):
        with_subject(session, "raises").carry_out(resolvent("test_starts_at_initial_value"), "drawn")
    (result,) = read_back(session).results
    assert (result["verdict"], result["parts"]) == ("error", ["forward"])
    assert re.search(
        r"forward, asked for .* RuntimeError: the subject gave up \(\w+\.py:\d+\)", result["message"]
    )


@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize("subject", ["returns_nan", "returns_infinity"])
def test_a_subject_that_overflows_is_refuted_and_at_fault(session, subject, name):
    with pytest.raises(Failed, match="refuted"):
        with_subject(session, subject).carry_out(resolvent(name), "drawn")
    (result,) = read_back(session).results
    assert (result["verdict"], result["subject_at_fault"]) == ("refuted", True)


def test_a_subject_that_overwrites_its_input_is_refuted(session):
    with pytest.raises(Failed, match="refuted"):
        with_subject(session, "zeroes_its_input").carry_out(resolvent("test_layer_is_resolvent"), "drawn")


def test_a_faithful_subject_is_green(session):
    with_subject(session, "module").carry_out(resolvent("test_layer_is_resolvent"), "drawn")
    (result,) = read_back(session).results
    assert (result["verdict"], result["parts"]) == ("holds", ["forward"])


def test_a_result_names_the_parts_that_were_asked(session):
    session.carry_out(toy.holds(sampled=uniform())(bounded).check, "sampled")
    session.carry_out(resolvent("test_starts_at_initial_value"), "drawn")
    session.carry_out(toy.holds(drawn=drawn(1))(bounded).check, "drawn")  # nothing is left over
    parts = {(r["check"].partition("::")[2], r["route"]): r["parts"] for r in read_back(session).results}
    assert parts == {
        ("bounded", "sampled"): [],
        ("test_starts_at_initial_value", "drawn"): ["forward"],
        ("bounded", "drawn"): [],
    }


@pytest.mark.parametrize(
    ("name", "parts"), [("faithful", ["forward"]), ("parts", ["prox", "project"]), ("module", ["forward"])]
)
def test_the_header_names_the_parts_that_the_subject_brings(session, name, parts):
    assert with_subject(session, name).settings.header()["subject_parts"] == parts


def test_a_subject_that_cannot_be_loaded(session):
    with pytest.raises(SubjectError, match="has no 'missing'"):
        with_subject(session, "missing")


# ---- plan and header


def test_the_plan_lists_checks_in_order_and_what_is_left_out(session):
    first = toy.holds(sampled=uniform())(bounded).check
    second = toy.holds(drawn=drawn(1))(broken).check
    lacking = replace(first, sampled=replace(uniform(), not_run=(("photographs", "none here"),)))
    session.plan({second: ["drawn"], lacking: ["sampled"]}, [first, resolvent(FORWARD[0])])
    run = read_back(session)
    assert [(c["name"], c["order"]) for c in run.checks] == [("bounded", 0), ("broken", 1)]
    assert run.deselected == [f"fbs_learning/s2_02_equation_fbs_network.py::{FORWARD[0]}"]
    assert run.strata_not_run == [{"stratum": "photographs", "reason": "none here"}]
    assert [c["routes"] for c in run.checks] == [["sampled"], ["drawn"]]
    assert [c["routes_not_run"] for c in run.checks] == [{"adversarial": "not selected"}, {}]


def test_the_header_tells_what_is_needed_to_repeat_the_run(session):
    header = read_back(session).header
    assert header["schema"] == SCHEMA
    assert header["seed"] == 1
    assert header["selection"] == ["claims/"]
    assert header["budgets"] == {"drawn": 40, "sampled": 1024, "adversarial": 1024, "search": 0}
    assert header["subject_parts"] == []
    named = {"python", "torch", "numpy", "scipy", "hypothesis", "pytest", "platform", "suite"}
    assert named <= set(header["versions"])
    assert "folder" not in header


def test_run_ids_differ_and_begin_with_the_time():
    first, second = new_run_id(), new_run_id()
    assert first != second
    assert len(first) == len("20261120T053000Z-ab12cd")
    assert versions()["torch"].startswith("2.")


def test_the_evidence_is_opened_at_the_first_record(tmp_path):
    settings = Settings("r", str(tmp_path / "run"), 1, "quick", "cpu", "float64", DEFAULT, (), 1)
    session = Session(settings, "gw3")
    assert not (tmp_path / "run").exists()
    session.plan({}, [])
    assert (tmp_path / "run" / "gw3.jsonl").is_file()
    assert isinstance(session.writer, Writer)
    session.writer.close()
