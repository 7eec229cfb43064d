"""What a predicate is given: the subject in its dtype, or the oracle without rounding."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from claims.families import strategies
from claims.families.plain import plain
from claims.families.samples import spread
from claims.kit.context import DTYPES, BallRun, FloatRun
from claims.kit.rounding import OVERHEAD, SAFETY, UNIT_ROUNDOFF, rounding
from claims.kit.sampling import Source
from claims.kit.subject import Subject, SubjectError, load
from claims.oracle import elementary
from tests.kit.toys import CPU, points

QUIET = settings(database=None, deadline=None, max_examples=25)
FLOAT = FloatRun(Subject(), CPU, torch.float64)


def network():
    """Three networks with d = m = N = 2."""
    return plain(Source(1, CPU), "l1", 3, 2, 2, gain=0.5, data=1.0, lam=0.5)


def with_subject(name, dtype=torch.float64):
    return FloatRun(load(f"tests.kit.subjects:{name}"), CPU, dtype)


@QUIET
@given(strategies.networks())
def test_both_runs_agree_on_networks(p):
    states = FLOAT.forward(p)
    with elementary.digits(60):
        exact = elementary.to_float(BallRun().forward(p.ball()))
    size = 1.0 + float(states.abs().max())
    assert np.abs(states.numpy() - exact).max() <= 1e-12 * size


@QUIET
@given(strategies.samples())
def test_both_runs_agree_on_samples(p):
    states = FLOAT.forward(p)
    with elementary.digits(60):
        exact = elementary.to_float(BallRun().forward(p.ball()))
    size = 1.0 + float(states.abs().max())
    assert states.shape[1] == p.samples
    assert np.abs(states.numpy() - exact).max() <= 1e-12 * size


@pytest.mark.parametrize(("name", "given"), [("with_samples", "Samples"), ("without_samples", "Problem")])
def test_a_subject_gets_samples_or_one_batch_of_problems(name, given):
    run, p = with_subject(name), spread(network())
    run.subject.forward.seen.clear()
    states = run.forward(p)
    assert run.subject.forward.seen == [given]
    assert states.shape == (3, 3, 3, 2)
    for index in range(p.samples):
        alone = replace(p.network, f=p.f[:, index], u0=p.u0[:, index])
        assert (states[:, index] - FLOAT.forward(alone)).abs().max() <= 1e-12 * (1 + states.abs().max())


def test_the_states_of_samples_are_asked_for_in_their_shape():
    wrong = FloatRun(replace(Subject(name="odd"), forward=lambda *given: torch.zeros(7)), CPU, torch.float64)
    with pytest.raises(SubjectError, match=r"forward: expected a tensor of shape \(3, 3, 3, 2\), got \(7,\)"):
        wrong.forward(spread(network()))


@QUIET
@given(strategies.weight_pairs())
def test_both_runs_agree_on_the_prox(x):
    answer = FLOAT.prox(x.regularizer, x.v, x.a)
    balls = x.ball()
    with elementary.digits(60):
        exact = elementary.to_float(BallRun().prox(balls.regularizer, balls.v, balls.a))
    assert np.abs(answer.numpy() - exact).max() <= 1e-12 * (1.0 + float(x.v.abs().max()))


@QUIET
@given(strategies.functions())
def test_both_runs_agree_on_grids(p):
    balls = p.ball()
    means, exact = FLOAT.project(p.values, p.cells), BallRun().project(balls.values, p.cells)
    gap = np.abs(means.numpy() - elementary.to_float(exact)).max()
    assert gap <= 1e-12 * (1 + float(p.values.abs().max()))
    grid = p.values.shape[1] * 3
    same = BallRun().extend(balls.values, grid)
    assert np.array_equal(FLOAT.extend(p.values, grid).numpy(), elementary.to_float(same))


@pytest.mark.parametrize("dtype", DTYPES.values())
def test_the_subject_gets_its_dtype_and_answers_are_widened(dtype):
    seen = []

    def watched(problem, controls):
        seen.append((problem.dtype, controls.dtype, problem.regularizer.weights.dtype))
        return Subject().forward(problem, controls)

    states = FloatRun(Subject(forward=watched), CPU, dtype).forward(network())
    assert seen == [(dtype, dtype, dtype)]
    assert states.dtype == torch.float64


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong_shape", r"wrong_shape: forward: expected a tensor of shape \(3, 3, 2\), got \(3, 2, 2\)"),
        ("wrong_dtype", r"wrong_dtype: forward: expected dtype torch\.float64, got torch\.float32"),
        ("not_a_tensor", r"not_a_tensor: forward: expected a tensor of shape \(3, 3, 2\), got list"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for(name, message):
    with pytest.raises(SubjectError, match=message):
        with_subject(name).forward(network())


def test_float32_is_not_widened_silently():
    with pytest.raises(SubjectError, match=r"expected dtype torch\.float32, got torch\.float64"):
        with_subject("wrong_dtype", torch.float32).forward(network())


@pytest.mark.parametrize("part", ["prox", "project", "extend"])
def test_every_part_is_checked(part):
    subject = replace(Subject(name="odd"), **{part: lambda *arguments: torch.zeros(7)})
    run = FloatRun(subject, CPU, torch.float64)
    p, v = points([1.0, 2.0]), torch.ones(3, 2, dtype=torch.float64)
    call = {
        "prox": lambda: run.prox(network().regularizer, v, v[:, 0]),
        "project": lambda: run.project(p.values, 4),
        "extend": lambda: run.extend(p.values, 4),
    }
    shape = {"prox": r"\(3, 2\)"}.get(part, r"\(2, 4, 1\)")
    with pytest.raises(SubjectError, match=rf"odd: {part}: expected a tensor of shape {shape}, got \(7,\)"):
        call[part]()


def test_the_subject_cannot_change_what_it_is_judged_by():
    p = network()
    before = p.identifier()
    with_subject("zeroes_its_input").forward(p)
    assert p.identifier() == before


def test_answers_carry_no_gradient():
    run = FloatRun(Subject(project=lambda values, cells: values.clone().requires_grad_()), CPU, torch.float64)
    assert not run.project(points([1.0]).values, 1).requires_grad


def test_the_rounding_model():
    magnitude = torch.tensor([1.0, 4.0], dtype=torch.float64)
    for name, dtype in DTYPES.items():
        unit = torch.finfo(dtype).eps / 2
        assert UNIT_ROUNDOFF[dtype] == unit, name
        expected = SAFETY * unit * (5 + OVERHEAD)
        assert FloatRun(Subject(), CPU, dtype).rounding(5, magnitude).tolist() == [expected, 4 * expected]
    assert rounding(0.0, 5, magnitude).tolist() == [0.0, 0.0]


def test_nothing_is_rounded_in_ball_arithmetic():
    magnitude = points([3.0]).ball().bound
    assert elementary.to_float(BallRun().rounding(5, magnitude)).tolist() == [0.0]


def test_the_solver_of_a_subject_is_asked_for_an_enclosure():
    p = network()
    value, radius = FLOAT.enclosure(p, 0.5)
    states, certified = FLOAT.limit(p)
    assert (value - states[:, -1]).norm(dim=1).le(radius + certified).all()
    assert "solve" in FLOAT.used


@pytest.mark.parametrize("answer", [None, torch.zeros(3, 2)], ids=["nothing", "no radius"])
def test_a_solver_that_answers_anything_else_is_refused(answer):
    run = FloatRun(replace(Subject(), solve=lambda *_: answer), CPU, torch.float64)
    with pytest.raises(SubjectError, match="solve: value: expected a tensor of shape"):
        run.enclosure(network(), 0.5)


def test_round_off_of_the_oracle_is_that_of_float64():
    size = torch.ones(3, dtype=torch.float64)
    run = FloatRun(Subject(), CPU, torch.float32)
    assert torch.equal(run.reference_rounding(5, size), FLOAT.rounding(5, size))
    assert (run.rounding(5, size) > run.reference_rounding(5, size)).all()
