"""The certificate against closed forms, constant 4.7 as it stands, and far deeper networks."""

import importlib
import math

import numpy as np
import pytest
import torch
from scipy.linalg import expm

from fbscore import Controls, ListaControls, Problem, forward
from fbscore.limit.network_certificate import final_enclosure, network_certificate, uniform_certificate
from fbscore.regularizers import L1, L2, HalfSquaredNorm, Quadratic
from fbscore.types import Enclosure
from tests.core.instances import ADMISSIBLE, one_of, regularizer
from tests.core.limit.networks import (
    KINDS,
    AnyControls,
    extended,
    network,
    plain_certificate,
    plain_operators,
)

# The package exports a function of that name.
module = importlib.import_module("fbscore.limit.network_certificate")


def scalar(c, sigma, u0, K=0.0, dtype=torch.float64):
    """``d = 1``, ``R = |u|``, one instance: ``c`` and ``sigma`` a number for each cell, the same ``K``."""
    one, N = torch.ones(1, 1, dtype=dtype), len(c)
    problem = Problem(one[..., None], one, u0 * one, L1(one))
    W1 = torch.tensor(c, dtype=dtype)[None, :, None, None]
    return problem, ListaControls(W1, torch.full_like(W1, K), torch.tensor(sigma, dtype=dtype).expand(1, N))


def distances(enclosure: Enclosure, value: torch.Tensor) -> torch.Tensor:
    return (enclosure.value.double() - value).norm(dim=-1)


@pytest.mark.parametrize("N", [2, 16, 250])
def test_the_certificate_is_sharp_for_alternating_data(N):
    """Constant 4.7: certificate ``√h``, true error ``¾h`` at ``t = 1``."""
    problem, controls = scalar([2.0, -2.0] * (N // 2), [1.0], 0.0)
    found, u = network_certificate(problem, controls), 0.0
    for n in range(N):  # back to 0 with slope 3, then on with slope 1
        u = (-1) ** n * (1.0 / N - abs(u) / 3.0)
    assert found.radius[0, -1].item() == pytest.approx(math.sqrt(1.0 / N), rel=1e-9)
    assert found.value[0, -1].item() == 0.0
    assert abs(u) == pytest.approx(0.75 / N * (1 - (-1 / 3) ** N), rel=1e-12)
    assert abs(u) <= found.radius[0, -1].item()


def test_a_straight_way_is_exact_until_it_rests():
    """``u' = −σ sign(u)`` from 0.33 reaches 0 within the fourth of 10 layers: one gap there."""
    problem, controls = scalar([0.0] * 10, [1.0], 0.33)
    found = network_certificate(problem, controls)
    assert found.value[0, 3:5, 0].tolist() == pytest.approx([0.03, 0.0], abs=1e-14)
    # D = u(1 − p), p = u/h; half of 2hσD at the best.
    expected = math.sqrt(0.1 * 0.03 * (1 - 0.3))
    assert found.radius[0, :4].tolist() == pytest.approx([0.0] * 4, abs=2e-7)
    assert found.radius[0, 4:].tolist() == pytest.approx([expected] * 7, rel=1e-6)
    # Half-way through layer 4 the limit is at 0 already, û at 0.015.
    assert 0.015 <= uniform_certificate(problem, controls).radius.item() <= expected * (1 + 1e-6)


@pytest.mark.parametrize("kappa", [-30.0, -2.0, 0.0, 1.0])
@pytest.mark.parametrize("N", [1, 4, 32])
def test_the_scalar_linear_equation(kappa, N):
    """``u' = κu``: the network's own formula, and a certificate within a factor of the error."""
    problem, controls = scalar([0.0] * N, [0.0], 1.0, K=-kappa)
    found = network_certificate(problem, controls)
    error = abs((1 + kappa / N) ** N - math.exp(kappa))
    assert error <= found.radius[0, -1].item()
    # The drift s‖K(u_{n+1} − u_n)‖ alone, its linear equation solved by hand; other ways may be better.
    n, x = np.arange(N), kappa / N
    late = (math.expm1(x) - x) / x**2 if kappa else 0.5
    drift = np.sum(np.exp(kappa * (1 - (n + 1) / N)) * x**2 * late * np.abs(1 + x) ** n)
    assert found.radius[0, -1].item() <= drift * (1 + 1e-9) + 1e-12
    if kappa >= 0.0:
        assert found.radius[0, -1].item() == pytest.approx(drift, rel=1e-9, abs=1e-12)


def test_the_uniform_bound_holds_within_a_layer():
    """``u' = −30u`` by one implicit step: 1/31 at the end is close to ``e^{−30}``, ``û`` is not before."""
    one = torch.ones(1, 1, dtype=torch.float64)
    nothing = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    problem = Problem(one[..., None], one, one, HalfSquaredNorm())
    controls = ListaControls(nothing, nothing, 30.0 * one)
    t = np.linspace(0.0, 1.0, 1001)
    farthest = np.abs(1.0 - t * 30.0 / 31.0 - np.exp(-30.0 * t)).max()
    assert network_certificate(problem, controls).radius[0, -1].item() < 0.05 < 0.8 < farthest
    assert farthest <= uniform_certificate(problem, controls).radius.item() < 20.0


@pytest.mark.parametrize("quadratic", [None, 0.0, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_linear_systems_against_matrix_exponentials(quadratic, kind, rng):
    batch, P, d = 20, 3, 4
    if quadratic is None:
        R = HalfSquaredNorm()
    else:
        R = Quadratic(quadratic * regularizer("quadratic", batch, d, rng).parameters["Q"])  # pyright: ignore
    problem, controls = network(R, kind, batch, P, 3, d, rng)
    found = [final_enclosure(problem, controls, factor) for factor in (1, 8, 64)]
    Q = np.eye(d)[None].repeat(batch, 0) if quadratic is None else R.Q.numpy()  # pyright: ignore
    for i in range(batch):
        u = np.append(problem.u0[i].numpy(), 1.0)
        for K, c, sigma in zip(*plain_operators(problem, controls, i), strict=True):
            generator = np.zeros((d + 1, d + 1))
            generator[:d, :d], generator[:d, d] = -K - sigma * Q[i], c
            u = expm(generator / P) @ u
        for enclosure in found:
            assert np.linalg.norm(enclosure.value[i].numpy() - u[:d]) <= enclosure.radius[i].item()
    ratios = found[2].radius / found[1].radius
    assert 0.08 < float(ratios.median()) < 0.18  # of the order of h


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ADMISSIBLE)
def test_never_worse_than_constant_4_7(name, kind, rng):
    R = regularizer(name, 3, 4, rng)
    problem, controls = network(R, kind, 3, 6, 3, 4, rng)
    states, found = forward(problem, controls), network_certificate(problem, controls)
    for i in range(3):
        plain = plain_certificate(one_of(R, i), states[i].numpy(), *plain_operators(problem, controls, i))
        assert found.radius[i, -1].item() <= plain * (1 + 1e-6) + 1e-6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ADMISSIBLE)
def test_against_a_deeper_network(name, kind, rng):
    batch, P, factor = 24, 2, 4 if name == "max_affine" else 8
    problem, controls = network(regularizer(name, batch, 4, rng), kind, batch, P, 3, 4, rng)
    fine, N = 16 * factor * P, factor * P
    deep = network_certificate(problem, extended(controls, fine))
    shallow = extended(controls, N)
    nodes, uniform = network_certificate(problem, shallow), uniform_certificate(problem, shallow)
    allowed = nodes.radius + deep.radius[:, ::16]
    error = distances(nodes, deep.value[:, ::16])
    assert bool((error <= allowed).all())
    s = torch.arange(16, dtype=torch.float64)[:, None] / 16.0
    path = nodes.value[:, :-1, None] + s * nodes.value.diff(dim=1)[:, :, None]
    between = (path.flatten(1, 2) - deep.value[:, :-1]).norm(dim=-1)
    assert bool((between <= uniform.radius[:, None] + deep.radius[:, :-1]).all())
    assert bool((uniform.radius >= nodes.radius.amax(-1) * (1 - 1e-12)).all())
    assert float((error[:, -1] / nodes.radius[:, -1]).median()) > 0.08  # not vacuous


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_do_not_matter(kind, rng, monkeypatch):
    """Blocks of many cells, of part of one cell, and the extended controls: the same certificate."""
    problem, controls = network(regularizer("elastic_net", 3, 4, rng), kind, 3, 5, 2, 4, rng)
    whole = network_certificate(problem, extended(controls, 35))
    for block in (2**21, 1, 3 * 4 * 6 * 3, 3 * 4 * 6 * 17):
        monkeypatch.setattr(module, "BLOCK", block)
        final = final_enclosure(problem, controls, 7)
        assert torch.equal(final.value, whole.value[:, -1])
        torch.testing.assert_close(final.radius, whole.radius[:, -1], rtol=1e-6, atol=0)
        again = network_certificate(problem, extended(controls, 35))
        torch.testing.assert_close(again.radius, whole.radius, rtol=1e-6, atol=0)


def test_given_states_are_not_computed_again(rng):
    problem, controls = network(regularizer("l2", 3, 4, rng), "fbs", 3, 5, 2, 4, rng)
    states = forward(problem, controls)
    for certificate in (network_certificate, uniform_certificate):
        given, computed = certificate(problem, controls, states), certificate(problem, controls)
        assert torch.equal(given.radius, computed.radius)
        assert torch.equal(given.value, states)


def test_another_start_counts(rng):
    problem, controls = network(regularizer("l1", 3, 4, rng), "fbs", 3, 5, 2, 4, rng)
    moved = Problem(problem.A, problem.f, problem.u0 + 0.5, problem.regularizer)
    found = network_certificate(problem, controls, forward(moved, controls))
    assert found.radius[:, 0].tolist() == [1.0] * 3
    assert bool((distances(found, forward(problem, controls)) <= found.radius * 2).all())


@pytest.mark.parametrize("name", ADMISSIBLE)
def test_single_precision(name, device, rng):
    """The radius of a float32 run holds what float64 finds, and covers its round-off."""
    batch = 20
    problem, controls = network(regularizer(name, batch, 4, rng), "fbs", batch, 3, 2, 4, rng)
    rng.manual_seed(20261120)
    R = regularizer(name, batch, 4, rng, torch.float32, device)
    A, f, u0 = (x.to(device, torch.float32) for x in (problem.A, problem.f, problem.u0))
    single = final_enclosure(Problem(A, f, u0, R), controls.to(torch.float32, device), 8)
    assert (single.radius.dtype, single.value.dtype) == (torch.float32, torch.float32)
    double = final_enclosure(problem, controls, 16)
    difference = distances(Enclosure(single.value.cpu(), single.radius.cpu()), double.value)
    # The data are rounded too, which is not the certificate's affair.
    assert bool((difference <= single.radius.cpu() + double.radius + 1e-5).all())


@pytest.mark.parametrize(("dtype", "N"), [(torch.float64, 2000), (torch.float32, 2000)])
def test_round_off_of_many_layers_is_covered(dtype, N):
    """``u' = c``: the network is exact but for its round-off."""
    problem, controls = scalar([0.1], [0.0], 1.0, dtype=dtype)
    found = final_enclosure(problem, controls, N)
    exact = 1.0 + torch.tensor(0.1, dtype=dtype).double().item()
    error = abs(found.value.double().item() - exact)
    assert 0.0 < error <= found.radius.item() < 100 * N * torch.finfo(dtype).eps


def test_overflow_gives_an_infinite_radius():
    for c, K in ((1e308, 1e300), (1.0, -1e4), (1.0, 1e200)):
        problem, controls = scalar([c] * 6, [1.0], 1.0, K=K)
        for found in (network_certificate(problem, controls), uniform_certificate(problem, controls)):
            assert not bool(found.radius.isnan().any())
            assert not bool(found.value.isnan().any())
        assert network_certificate(problem, controls).radius[0, -1].item() > 1e100
    assert final_enclosure(*scalar([1e308] * 6, [1.0], 1.0, K=1e300)).radius.item() == math.inf


def test_one_overflow_leaves_the_others_alone(rng):
    problem, controls = network(regularizer("l1", 3, 4, rng), "lista", 3, 5, 2, 4, rng)
    assert isinstance(controls, ListaControls)
    W2 = controls.W2.clone()
    W2[1] = 1e200
    found = final_enclosure(problem, ListaControls(controls.W1, W2, controls.lam))
    alone = final_enclosure(problem, controls)
    assert found.radius[1].item() == math.inf
    torch.testing.assert_close(found.radius[::2], alone.radius[::2])


@pytest.mark.parametrize("name", ADMISSIBLE)
@pytest.mark.parametrize(("batch", "N", "m", "d"), [(0, 3, 2, 4), (2, 1, 2, 4), (2, 3, 0, 4), (2, 2, 1, 1)])
def test_small_shapes(name, batch, N, m, d, rng):
    R = regularizer(name, batch, d, rng)
    problem, controls = network(R, "fbs", batch, N, m, d, rng)
    found, uniform = network_certificate(problem, controls), uniform_certificate(problem, controls)
    assert (found.value.shape, found.radius.shape) == ((batch, N + 1, d), (batch, N + 1))
    assert (uniform.value.shape, uniform.radius.shape) == ((batch, N + 1, d), (batch,))
    assert final_enclosure(problem, controls, 3).radius.shape == (batch,)
    assert bool(found.radius.isfinite().all())


def test_nothing_is_recorded_for_gradients(rng):
    problem, controls = network(regularizer("l1", 2, 3, rng), "fbs", 2, 3, 2, 3, rng)
    assert isinstance(controls, Controls)
    controls.W.requires_grad_()
    assert not network_certificate(problem, controls).radius.requires_grad
    assert torch.is_grad_enabled()


@pytest.mark.usefixtures("unchecked")
def test_bad_input_names_the_argument(rng):
    problem, controls = network(regularizer("l1", 2, 3, rng), "fbs", 2, 4, 2, 3, rng)
    states = forward(problem, controls)
    with pytest.raises(ValueError, match=r"^states: expected shape \(batch, times, d\) = \(2, 5, 3\), got"):
        network_certificate(problem, controls, states[:, 1:])
    with pytest.raises(TypeError, match=r"^states: expected the dtype of u0"):
        uniform_certificate(problem, controls, states.float())
    with pytest.raises(ValueError, match=r"^factor: expected a size of at least 1, got 0"):
        final_enclosure(problem, controls, 0)
    with pytest.raises(TypeError, match=r"^controls: expected one of"):
        final_enclosure(problem, object())  # pyright: ignore[reportArgumentType]
    wrong: AnyControls = network(L2(), "fbs", 2, 4, 2, 4, rng)[1]
    with pytest.raises(ValueError, match=r"^controls: expected d = 3 as in the problem, got 4"):
        network_certificate(problem, wrong)


def test_functions_that_are_not_convex_are_refused(rng):
    for name in ("l0", "half_power", "negative_l1"):
        problem, controls = network(regularizer(name, 2, 3, rng), "fbs", 2, 4, 2, 3, rng)
        with pytest.raises(NotImplementedError, match="no growth constants are defined"):
            network_certificate(problem, controls)
