"""The distance of two limits: closed forms where a term is sharp, deep networks elsewhere."""

import math

import numpy as np
import pytest
import torch

from fbscore import AlistaControls, Controls, Enclosure, ListaControls, Problem, forward, linalg, project
from fbscore.limit.control_error import control_error, mean_distance
from fbscore.limit.network_certificate import uniform_certificate
from fbscore.regularizers import L1, L2, HalfSquaredNorm
from tests.core.instances import ADMISSIBLE, regularizer
from tests.core.limit.networks import KINDS, AnyControls, extended, network, normal


def numbers(*values):
    return torch.tensor([values], dtype=torch.float64)


def scalar(u0, R=None):
    one = numbers(1.0)
    return Problem(one[..., None], 0.0 * one, u0 * one, R or L1(one))


def known(*states):
    return Enclosure(numbers(*states)[..., None], torch.zeros(1, dtype=torch.float64))


def fbs(w, tau, lam):
    return Controls(numbers(*w)[..., None, None], numbers(*tau), numbers(*lam))


def projected(controls: AnyControls, P: int) -> AnyControls:
    if isinstance(controls, Controls):
        return Controls(project(controls.W, P), project(controls.tau, P), project(controls.lam, P))
    if isinstance(controls, ListaControls):
        return ListaControls(project(controls.W1, P), project(controls.W2, P), project(controls.lam, P))
    return AlistaControls(controls.W, project(controls.tau, P), project(controls.lam, P))


def test_the_weight_is_sharp():
    """``u' = −λ`` from 5: ``u(1) = 5 − ∫λ``, here 4 and 3.25, grids of 1 and 2 cells."""
    found = control_error(
        scalar(5.0), fbs([0.0], [1.0], [1.0]), fbs([0.0, 0.0], [1.0, 1.0], [1.0, 2.5]), known(5.0, 4.0)
    )
    assert found.weight.item() == pytest.approx(0.75, rel=1e-12)
    assert found.bound.item() == pytest.approx(0.75, rel=1e-12)
    # The factors: ‖λ̄ − λ‖ in L² is 1.5/√2.
    assert found.factored.item() == pytest.approx(1.5 / math.sqrt(2.0), rel=1e-12)


def test_the_data_are_sharp():
    """LISTA, ``u' = W¹f``: ``u(1) = ∫W¹``."""
    zero, one = torch.zeros(1, 1, 1, 1).double(), numbers(1.0)
    problem = Problem(one[..., None], one, 0.0 * one, L2())
    first = ListaControls(zero + 1.0, zero, 0.0 * one)
    second = ListaControls(zero + 3.0, zero, 0.0 * one)
    found = control_error(problem, first, second, known(0.0, 1.0))
    assert found.bound.item() == pytest.approx(2.0, rel=1e-12)
    assert found.factored.item() == pytest.approx(2.0, rel=1e-12)


def test_growth_is_that_of_the_second_system():
    """``κ = 2`` on half of the time of the second, −3 on the rest; κ = 5 of the first does not count."""
    found = control_error(
        scalar(0.0), fbs([-5.0], [1.0], [0.0]), fbs([-2.0, 3.0], [1.0, 1.0], [0.0, 0.0]), known(0.0, 0.0)
    )
    assert found.growth.item() == pytest.approx(math.e, rel=1e-12)
    assert found.bound.item() == 0.0  # at rest in 0, whatever K is
    curved = control_error(
        scalar(0.0, HalfSquaredNorm()),
        fbs([-5.0], [1.0], [0.0]),
        fbs([-2.0, 3.0], [1.0, 1.0], [1.5, 0.0]),
        known(0.0, 0.0),
    )
    assert curved.growth.item() == pytest.approx(math.exp(0.25), rel=1e-12)


def test_a_product_of_rademacher_functions():
    """``τ = W = 1 ± ½``: the limits are ``e^{−1.25 t}`` at whole periods and ``e^{−t}``; 4.8 by hand."""
    first, second = fbs([1.0], [1.0], [0.0]), fbs([1.5, 0.5], [1.5, 0.5], [0.0, 0.0])
    found = control_error(scalar(1.0, L2()), first, second, known(1.0, math.exp(-1.0)))
    # ∫|1 − τW| = (1.25 + 0.75)/2, sup ‖Aū − f‖ = 1, ‖τ̄ − τ‖ = ½, ‖W̄‖ = 1, ‖τ‖² = 1.25.
    assert found.linear.item() == pytest.approx(1.0, rel=1e-12)
    assert found.factored_linear.item() == pytest.approx(0.5 + math.sqrt(1.25) * 0.5, rel=1e-12)
    assert math.exp(-1.0) - math.exp(-1.25) <= found.bound.item()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ADMISSIBLE)
def test_against_deep_networks(name, kind, rng):
    batch, P, Q, deep = 12, 2, 3, 24 if name == "max_affine" else 96
    problem, second = network(regularizer(name, batch, 4, rng), kind, batch, Q, 3, 4, rng)
    first = projected(second, P)
    reached = uniform_certificate(problem, extended(first, deep))
    other = uniform_certificate(problem, extended(second, deep))
    found = control_error(problem, first, second, reached)
    apart = (reached.value - other.value).norm(dim=-1).amax(-1)
    assert bool((apart <= found.bound + reached.radius + other.radius).all())
    assert bool((found.linear <= found.factored_linear * (1 + 1e-9)).all())
    assert bool((found.weight <= found.factored_weight * (1 + 1e-9)).all())
    torch.testing.assert_close(found.bound, found.growth * (found.linear + found.weight))


@pytest.mark.parametrize("kind", KINDS)
def test_equal_controls_on_two_grids(kind, rng):
    problem, controls = network(regularizer("l1", 3, 4, rng), kind, 3, 2, 3, 4, rng)
    fine = extended(controls, 6)
    reached = Enclosure(forward(problem, controls), torch.ones(3).double())
    for pair in ((controls, fine), (fine, controls)):
        assert float(control_error(problem, *pair, reached).bound.max()) < 1e-12


def test_suprema_come_from_the_enclosure():
    """``sup‖ū‖`` and ``sup‖Aū − f‖`` grow with the radius, the latter by ``‖A‖``."""
    A, one = numbers(3.0)[..., None], numbers(1.0)
    problem = Problem(A, one, one, L2())
    first, second = fbs([0.0], [1.0], [0.0]), fbs([1.0], [1.0], [0.0])
    for radius in (0.0, 0.5):
        reached = Enclosure(numbers(1.0, 0.2)[..., None], torch.full((1,), radius).double())
        # ∫|W̄ − W| sup|3ū − 1|, or ∫|K̄ − K| sup|ū| + ∫|c̄ − c|, the smaller.
        expected = min(2.0 + 3.0 * radius, 3.0 * (1.0 + radius) + 1.0)
        found = control_error(problem, first, second, reached).linear.item()
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("N", "M"), [(3, 3), (2, 6), (4, 6), (5, 7), (1, 4)])
def test_mean_distance_on_the_common_grid(N, M, rng, monkeypatch):
    v, w = normal(rng, 3, N, 2, 2), normal(rng, 3, M, 2, 2)
    fine = math.lcm(N, M)
    apart = np.repeat(v.numpy(), fine // N, 1) - np.repeat(w.numpy(), fine // M, 1)
    expected = np.linalg.norm(apart, 2, axis=(2, 3)).mean(1)
    np.testing.assert_allclose(mean_distance(v, w, linalg.spectral_norm), expected, rtol=1e-12)
    monkeypatch.setitem(mean_distance.__globals__, "BLOCK", 2)
    np.testing.assert_allclose(mean_distance(v, w, linalg.spectral_norm), expected, rtol=1e-12)


def test_overflow_is_infinite():
    found = control_error(scalar(1.0), fbs([-1e5], [1.0], [0.0]), fbs([-1e5], [1.0], [0.0]), known(1.0, 2.0))
    assert found.bound.item() == math.inf
    assert found.factored.item() == math.inf


@pytest.mark.parametrize(("batch", "m"), [(0, 2), (2, 0)])
def test_small_shapes(batch, m, rng):
    for kind in KINDS:
        problem, controls = network(regularizer("l1", batch, 3, rng), kind, batch, 2, m, 3, rng)
        reached = uniform_certificate(problem, controls)
        assert control_error(problem, controls, projected(controls, 3), reached).bound.shape == (batch,)


def test_single_precision(rng):
    problem, controls = network(regularizer("l1", 3, 4, rng), "fbs", 3, 2, 3, 4, rng)
    problem, controls = problem.to(torch.float32), controls.to(torch.float32)
    found = control_error(problem, controls, projected(controls, 1), uniform_certificate(problem, controls))
    assert found.bound.dtype == torch.float64


@pytest.mark.usefixtures("unchecked")
def test_bad_input_names_the_argument(rng):
    problem, controls = network(regularizer("l1", 3, 4, rng), "fbs", 3, 2, 3, 4, rng)
    reached = uniform_certificate(problem, controls)
    lista = network(regularizer("l1", 3, 4, rng), "lista", 3, 2, 3, 4, rng)[1]
    with pytest.raises(TypeError, match=r"^second: expected Controls, got ListaControls"):
        control_error(problem, controls, lista, reached)
    with pytest.raises(
        ValueError, match=r"^reached\.radius: expected shape \(batch\) = \(3,\), got \(3, 3\)"
    ):
        control_error(problem, controls, controls, Enclosure(reached.value, reached.value[..., 0].abs()))
    with pytest.raises(ValueError, match=r"^reached\.value: expected shape .* got \(3, 3, 2\)"):
        control_error(problem, controls, controls, Enclosure(reached.value[..., :2], reached.radius))
    assert isinstance(controls, Controls)
    wrong = Controls(controls.W[:1], controls.tau[:1], controls.lam[:1])
    with pytest.raises(ValueError, match=r"^controls: expected batch = 3"):
        control_error(problem, controls, wrong, reached)
