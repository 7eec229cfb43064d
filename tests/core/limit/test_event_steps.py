"""The event solver against closed forms, matrix exponentials, the oracle, networks; planted errors show."""

import math
from dataclasses import fields, replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from claims.oracle.event_driven import flow
from fbscore import AlistaControls, Controls, ListaControls, Problem, forward
from fbscore.limit.event_steps import event_steps, event_trajectory, supports
from fbscore.limit.network_certificate import final_enclosure
from fbscore.operators import operators
from fbscore.regularizers import L1, L2, Huber, Quadratic, Regularizer, Rotated, TotalVariation
from tests.core.instances import EVERY, regularizer

SERVED = (
    "l1",
    "elastic_net",
    "huber",
    "half_squared_norm",
    "quadratic",
    "rotated",
    "total_variation",
)
module = import_module("fbscore.limit.event_steps")  # the package exports the function by the same name


def tensor(*values, dtype=torch.float64, device="cpu"):
    return torch.tensor([values], dtype=dtype, device=device)


def system(K, c, sigma, u0, R=None, dtype=torch.float64, device="cpu"):
    """One instance in operator form, as LISTA with ``f = 1``: ``K`` (P, d, d), ``c`` (P, d)."""
    K, c, sigma, u0 = (torch.tensor([x], dtype=dtype, device=device) for x in (K, c, sigma, u0))
    d = u0.shape[1]
    R = R or L1(torch.ones_like(u0))
    problem = Problem(torch.zeros(1, 1, d).to(u0), torch.ones(1, 1).to(u0), u0, R)
    return problem, ListaControls(c.unsqueeze(-1), K, sigma)


def draw(name, batch, d, rng, integer=False, dtype=torch.float64, device="cpu", scale=0.5):
    """A random FBS-network of three layers; integers make ties, zeros and events at the same moment."""
    R = regularizer(name, batch, d, rng, dtype, device)

    def entries(*shape):
        real = torch.randn(*shape, generator=rng, dtype=torch.float64)
        return (real.round() if integer else real).to(device, dtype)

    problem = Problem(entries(batch, d - 1, d), entries(batch, d - 1), entries(batch, d), R)
    tau, lam = entries(batch, 3).abs(), entries(batch, 3).abs()
    return problem, Controls(scale * entries(batch, 3, d, d - 1), tau, lam)


def as_lista(problem, controls):
    W1 = controls.tau[..., None, None] * controls.W
    return ListaControls(W1, controls.lam[..., None, None] * W1 @ problem.A[:, None], controls.lam)


def as_alista(problem, controls):
    return AlistaControls(controls.W[:, 0], controls.tau, controls.lam)


CLOSED = {
    "moves without reaching 0": (([[[0.0]]], [[0.0]], [0.5], [1.0]), [0.5]),
    "reaches 0 and rests": (([[[1.0]]], [[0.0]], [1.0], [1.0]), [0.0]),
    "decays towards 0": (([[[1.0]]], [[0.0]], [0.5], [1.0]), [1.5 * math.exp(-1.0) - 0.5]),
    "crosses 0": (([[[0.0]]], [[-2.0]], [1.0], [0.5]), [-5.0 / 6.0]),
    "rests, then leaves with the next cell": (
        ([[[0.0]], [[0.0]]], [[0.5], [3.0]], [1.0, 1.0], [0.0]),
        [1.0],
    ),
    "no regulariser on the first cell": (
        ([[[0.0]], [[0.0]]], [[-4.0], [0.0]], [0.0, 1.0], [1.0]),
        [-0.5],
    ),
    "leaves 0 at t = 1/2": (([[[0.0, -2.0], [0.0, 0.0]]], [[0.0, 2.0]], [1.0], [0.0, 0.0]), [0.25, 1.0]),
    "rests where the force is just the bound": (([[[0.0]]], [[1.0]], [1.0], [0.0]), [0.0]),
    "three reach 0 at once": (
        ([np.zeros((3, 3)).tolist()], [[0.0, 0.0, 0.0]], [2.0], [1.0, -1.0, 1.0]),
        [0.0, 0.0, 0.0],
    ),
    "grows": (([[[-1.0]]], [[0.0]], [1.0], [2.0]), [1.0 + math.e]),
    "chatters where nothing pulls back": (([[[0.0]]], [[0.0]], [0.0], [0.0]), [0.0]),
}


@pytest.mark.parametrize("case", CLOSED)
def test_closed_forms(case, dtype, device):
    data, expected = CLOSED[case]
    found = event_steps(*system(*data, dtype=dtype, device=device))
    assert (found.value.dtype, found.value.device.type) == (dtype, device.type)
    error = (found.value.cpu().double() - torch.tensor([expected], dtype=torch.float64)).norm(dim=1)
    assert bool((error <= found.radius.cpu()).all())
    assert float(found.radius) <= (1e-11 if dtype == torch.float64 else 1e-6)


def touching(height):
    """``u_1`` at rest under a multiplier ``4 height t(1 − t)`` against the bound 1, from ``u_2 = t − t²``."""
    K = [[[0.0, -4.0 * height, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]]
    problem, controls = system(K, [[0.0, 1.0, 1.0]], [1.0], [0.0, 0.0, 0.0])
    return replace(problem, regularizer=L1(tensor(1.0, 0.0, 0.0))), controls


def test_a_multiplier_that_touches_its_bound():
    found = event_steps(*touching(1.0))
    assert float(found.radius) <= 1e-10
    assert float((found.value - tensor(0.0, 0.0, 1.0)).norm()) <= float(found.radius)


@pytest.mark.parametrize("excess", [1e-2, 1e-6, 1e-10, 1e-13])
def test_a_multiplier_that_hardly_passes_its_bound(excess):
    """``u_1' = q(t) − 1`` from where ``q = 4(1 + excess) t(1 − t)`` reaches 1 to where ``∫(q − 1) = 0``."""
    found = event_trajectory(*touching(1.0 + excess), times=[0.5, 1.0])
    start = 0.5 - 0.5 * math.sqrt(excess / (1.0 + excess))
    half = 0.5 - start
    peak = excess * half - 4.0 * (1.0 + excess) * half**3 / 3.0
    assert float(found.radius.max()) <= 1e-10
    assert abs(float(found.value[0, 0, 0]) - peak) <= float(found.radius[0, 0])
    assert abs(float(found.value[0, 1, 0])) <= float(found.radius[0, 1])


def test_total_variation_merges_plateaus():
    """Levels 0 and 1 approach at rates 1/2 (two entries) and 1 (one entry), meet and stay at the mean."""
    zeros = np.zeros((3, 3)).tolist()
    data = ([zeros], [[0.0, 0.0, 0.0]], [1.0], [0.0, 0.0, 1.0])
    problem, controls = system(*data, R=TotalVariation(3))
    found = event_trajectory(problem, controls, [0.5, 1.0])
    expected = torch.tensor([[0.25, 0.25, 0.5], [1 / 3, 1 / 3, 1 / 3]], dtype=torch.float64)
    assert bool(((found.value[0] - expected).norm(dim=-1) <= found.radius[0]).all())
    assert float(found.radius.max()) <= 1e-11


def test_huber_passes_from_the_linear_to_the_flat_part():
    """``u' = 3 − σ ∇R(u)``, ``σ = width = 1``: ``3 − 2 = 3(1 − e^{−t})`` at ``t = ln(3/2)``, then slope 2."""
    data = ([[[0.0]]], [[3.0]], [1.0], [0.0])
    found = event_steps(*system(*data, R=Huber(torch.ones(1).double(), 1)))
    expected = 1.0 + 2.0 * (1.0 - math.log(1.5))
    assert abs(float(found.value) - expected) <= float(found.radius) <= 1e-11


def test_quadratics_against_matrix_exponentials(rng):
    """The augmented matrix ``[[−(K + σQ), c], [0, 0]] / P`` on each cell."""
    problem, controls = draw("quadratic", 6, 4, rng)
    Q = problem.regularizer.parameters["Q"]
    assert isinstance(Q, torch.Tensor)
    found, drive = event_steps(problem, controls), operators(controls, problem)
    u = torch.cat((problem.u0, torch.ones(6, 1).double()), dim=1)
    for n in range(controls.N):
        top = torch.cat((-drive.K[:, n] - drive.sigma[:, n, None, None] * Q, drive.c[:, n, :, None]), dim=-1)
        generator = torch.nn.functional.pad(top, (0, 0, 0, 1)) / controls.N
        u = (torch.linalg.matrix_exp(generator) @ u.unsqueeze(-1)).squeeze(-1)
    assert bool(((found.value - u[:, :4]).norm(dim=1) <= found.radius).all())
    assert float(found.radius.max()) <= 1e-9


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize(
    ("integer", "kind"),
    [(False, None), (True, None), (False, as_alista), (True, as_lista)],
    ids=["fbs", "integer fbs", "alista", "integer lista"],
)
def test_against_the_oracle(name, integer, kind, rng):
    problem, controls = draw(name, 5, 4, rng, integer=integer)
    controls = kind(problem, controls) if kind else controls
    times = [0.0, 0.2, 1 / 3, 0.9, 1.0]
    found, drive = event_trajectory(problem, controls, times), operators(controls, problem)
    assert float((found.radius[:, -1] / found.value[:, -1].norm(dim=-1).clamp(min=1.0)).max()) <= 1e-6
    for i in range(5):
        raw = (drive.K[i], drive.c[i], drive.sigma[i], problem.u0[i])
        exact = flow(name, of_one(problem.regularizer, i), *(x.numpy() for x in raw))
        error = np.linalg.norm(exact.at(np.array(times)) - found.value[i].numpy(), axis=1)
        assert np.all(error <= found.radius[i].numpy() + exact.radius)


def of_one(R, i):
    """The parameters as the oracle takes them, arrays with a batch axis of 1."""
    taken: dict[str, Any] = {}
    for name, x in R.parameters.items():
        if isinstance(x, torch.Tensor):
            taken[name] = x[i : i + 1].numpy()
        else:
            taken[name] = (x.name, of_one(x, i)) if isinstance(x, Regularizer) else x
    return taken


@pytest.mark.parametrize("name", ["l1", "huber", "rotated", "total_variation"])
def test_against_the_network(name, dtype, device, rng):
    problem, controls = draw(name, 8, 4, rng, dtype=dtype, device=device)
    found, network = event_steps(problem, controls), final_enclosure(problem, controls, factor=100)
    distance = (found.value - network.value).norm(dim=1)
    assert bool((distance <= found.radius + network.radius).all())


def test_an_instance_does_not_depend_on_the_others(rng):
    problem, controls = draw("l1", 40, 5, rng)
    together = event_steps(problem, controls)
    for i in (0, 17, 39):
        weights = problem.regularizer.parameters["weights"]
        assert isinstance(weights, torch.Tensor)
        row = slice(i, i + 1)
        one = Problem(problem.A[row], problem.f[row], problem.u0[row], L1(weights[row]))
        alone = event_steps(one, Controls(controls.W[row], controls.tau[row], controls.lam[row]))
        apart = (alone.value[0] - together.value[i]).norm()
        assert float(apart) <= float(alone.radius[0] + together.radius[i])


def test_trajectories(rng):
    problem, controls = draw("l1", 6, 4, rng)
    found = event_trajectory(problem, controls, [1.0, 0.0, 0.41])
    assert found.value.shape == (6, 3, 4)
    assert torch.equal(found.value[:, 1], problem.u0)
    assert not found.radius[:, 1].any()
    end = event_steps(problem, controls)
    assert bool(((found.value[:, 0] - end.value).norm(dim=1) <= found.radius[:, 0] + end.radius).all())
    assert bool((found.radius[:, 2] > 0).all())


def random_radii(rng):
    problem, controls = draw("l1", 64, 6, rng)
    return problem, controls, event_steps(problem, controls)


def assert_charged(found, exact, share):
    """Every radius holds; those of at least ``share`` of the instances are large."""
    error = (found.value - exact.value).norm(dim=1)
    assert bool((error <= found.radius + exact.radius).all())
    assert float((found.radius >= 1e-3).double().mean()) >= share


def test_the_unchanged_radii_are_small(rng):
    found = random_radii(rng)[-1]
    assert float(found.radius.median()) <= 1e-9


def test_events_that_are_missed_show(monkeypatch, rng):
    problem, controls, exact = random_radii(rng)
    monkeypatch.setattr(module, "cut", lambda piece, face, path: path)
    assert_charged(event_steps(problem, controls), exact, 0.8)


@pytest.mark.parametrize("fraction", [0.99, 0.5])
def test_series_on_a_wrong_clock_show(fraction, monkeypatch, rng):
    """The coefficients belong to a shorter step than the one that is taken."""
    problem, controls, exact = random_radii(rng)
    solve = module.solution
    monkeypatch.setattr(module, "solution", lambda u, v, M, step: solve(u, v, M, fraction * step))
    assert_charged(event_steps(problem, controls), exact, 0.8)


def test_an_event_that_is_put_too_late_shows(monkeypatch, rng):
    problem, controls, exact = random_radii(rng)
    events = import_module("fbscore.limit.events")
    first = events._first_breach
    monkeypatch.setattr(events, "_first_breach", lambda face, path: (1.1 * first(face, path)).clamp(max=1.0))
    monkeypatch.setattr(events, "ATTEMPTS", 0)
    assert_charged(event_steps(problem, controls), exact, 0.5)


def changed_face(monkeypatch, change):
    faces = import_module("fbscore.limit.faces")
    face = faces.Thresholds.face
    monkeypatch.setattr(
        faces.Thresholds, "face", lambda self, rows, u, *rest: change(face(self, rows, u, *rest), u)
    )


def test_a_resting_coordinate_that_should_leave_shows(monkeypatch, rng):
    """Whatever is at 0 stays there, whatever its multiplier."""
    problem, controls, exact = random_radii(rng)
    signs = import_module("fbscore.limit.faces")._Signs
    breach = signs.breach

    def blind(self, *points):
        return torch.where(self.sign.unsqueeze(-1) == 0, -torch.inf, breach(self, *points))

    monkeypatch.setattr(signs, "breach", blind)

    def rest(face, u):
        sign = torch.where((u == 0) & (face.limit > 0), 0.0, face.sign)
        return replace(face, sign=sign, pull=face.limit * sign)

    changed_face(monkeypatch, rest)
    found = event_steps(problem, controls)
    assert bool(found.radius.isfinite().all())
    wrong = (found.value - exact.value).norm(dim=1) > 1e-2
    assert int(wrong.sum()) >= 5
    assert_charged(found, exact, float(wrong.double().mean()))


def test_a_wrong_sign_shows(monkeypatch, rng):
    """The first coordinate is pulled the wrong way."""
    problem, controls, exact = random_radii(rng)
    flip = torch.ones(6).double()
    flip[0] = -1.0
    changed_face(monkeypatch, lambda face, u: replace(face, pull=face.pull * flip))
    found = event_steps(problem, controls, most_steps=200)
    wrong = (found.value - exact.value).norm(dim=1) > 1e-2
    assert int(wrong.sum()) >= 30
    assert_charged(found, exact, float(wrong.double().mean()))


def test_a_short_series_shows(monkeypatch, rng):
    problem, controls, exact = random_radii(rng)
    solve = module.solution

    def short(u, v, M, step):
        series = solve(u, v, M, step)
        series[..., 5:] = 0.0
        return series

    monkeypatch.setattr(module, "solution", short)
    assert_charged(event_steps(problem, controls, most_steps=200), exact, 0.5)


def test_a_wrong_jump_shows(monkeypatch, rng):
    """What is put to 0 is charged: here everything at the end of every step is moved by 1e-2."""
    problem, controls, exact = random_radii(rng)
    signs = import_module("fbscore.limit.faces")._Signs
    snap = signs.snap
    monkeypatch.setattr(signs, "snap", lambda self, u, near: snap(self, u, near) + 1e-2)
    assert_charged(event_steps(problem, controls, most_steps=40), exact, 0.99)


def test_steps_that_run_out(rng):
    problem, controls = draw("l1", 20, 5, rng)
    found, all_of_them = event_steps(problem, controls, most_steps=5), event_steps(problem, controls)
    assert bool(found.radius.isinf().any())
    assert bool(found.value.isfinite().all())
    reached = found.radius.isfinite()
    assert torch.equal(found.value[reached], all_of_them.value[reached])


@pytest.mark.parametrize("size", [1e6, 1e200, 1e308])
def test_what_overflows_has_no_radius(size):
    """The second instance keeps its own."""
    problem, controls = draw("l1", 2, 3, torch.Generator().manual_seed(5))
    W = controls.W.clone()
    W[0] = size * W[0].abs().clamp(min=0.1)
    found = event_steps(problem, replace(controls, W=-W), most_steps=100)
    assert not bool(found.value.isnan().any())
    assert float(found.radius[1]) <= 1e-9
    assert math.isinf(float(found.radius[0]))


@pytest.mark.parametrize("name", SERVED)
def test_an_empty_batch(name, dtype, device, rng):
    problem, controls = draw(name, 0, 3, rng, dtype=dtype, device=device)
    found = event_steps(problem, controls)
    assert (found.value.shape, found.radius.shape, found.value.dtype) == ((0, 3), (0,), dtype)


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("d", [2, 1])
def test_float32_holds_the_float64_solution(name, d, rng):
    """The same numbers in both dtypes; ``D`` and ``Q`` are orthogonal and semidefinite to float32 only."""
    problem, controls = draw(name, 6, max(d, 2), rng, dtype=torch.float32)
    if d == 1:
        R = regularizer(name, 6, 1, rng, torch.float32)
        problem = Problem(problem.A[:, :, :1], problem.f, problem.u0[:, :1], R)
        controls = Controls(controls.W[:, :, :1], controls.tau, controls.lam)
    found = event_steps(problem, controls)
    assert found.value.dtype == torch.float32
    exact = {field.name: getattr(controls, field.name).double() for field in fields(controls)}
    states = forward(problem, replace(controls, **extended(controls, 300)))
    assert float((states[:, -1] - found.value).norm(dim=1).max()) <= 0.1
    assert float((found.radius / found.value.norm(dim=1).clamp(min=1.0)).max()) <= 1e-4
    if name not in ("rotated", "quadratic"):
        wide = event_steps(problem.to(torch.float64), replace(controls, **exact))
        apart = (wide.value - found.value.double()).norm(dim=1)
        assert bool((apart <= found.radius.double() + wide.radius).all())


def extended(controls, factor):
    return {
        field.name: getattr(controls, field.name).repeat_interleave(factor, dim=1)
        for field in fields(controls)
    }


def test_nested_rotations(rng):
    """``S(D₁ D₂ u)`` in two rotations or in one."""
    problem, controls = draw("rotated", 4, 4, rng)
    outer = problem.regularizer
    assert isinstance(outer, Rotated)
    D = torch.linalg.qr(torch.randn(4, 4, 4, generator=rng, dtype=torch.float64)).Q
    nested = event_steps(replace(problem, regularizer=Rotated(D, outer)), controls)
    product = torch.linalg.qr(outer.D @ D)
    signs = torch.diagonal(product.R, dim1=-2, dim2=-1).sign()
    at_once = Rotated(product.Q * signs.unsqueeze(-2), outer.inner)
    single = event_steps(replace(problem, regularizer=at_once), controls)
    assert bool(((nested.value - single.value).norm(dim=1) <= nested.radius + single.radius + 1e-12).all())


def test_which_regularizers_are_served(rng):
    served = {name for name in EVERY if supports(regularizer(name, 2, 4, rng))}
    assert served == set(SERVED)
    assert not supports(Rotated(torch.eye(4).double().repeat(2, 1, 1), L2()))


@pytest.mark.usefixtures("unchecked")
def test_bad_requests(rng):
    problem, controls = draw("l1", 2, 3, rng)
    with pytest.raises(TypeError, match=r"regularizer: expected one with faces .*, got l2"):
        event_steps(replace(problem, regularizer=L2()), controls)
    with pytest.raises(TypeError, match="controls: expected one of"):
        event_steps(problem, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="controls: expected dtype"):
        event_steps(problem, controls.to(torch.float32))
    with pytest.raises(ValueError, match="most_steps: expected a size of at least 1, got 0"):
        event_steps(problem, controls, most_steps=0)
    with pytest.raises(ValueError, match=r"times: expected numbers in \[0, 1\], got 1.5"):
        event_trajectory(problem, controls, [0.5, 1.5])
    with pytest.raises(ValueError, match="times: expected at least one, got none"):
        event_trajectory(problem, controls, [])


def test_quadratic_parts_may_be_indefinite_together_with_K():
    """``K = −1`` and ``Q = 1`` with ``σ = 1`` cancel."""
    Q = Quadratic(torch.ones(1, 1, 1).double())
    found = event_steps(*system([[[-1.0]]], [[2.0]], [1.0], [1.0], R=Q))
    assert abs(float(found.value) - 3.0) <= float(found.radius) <= 1e-12
