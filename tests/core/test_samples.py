"""Samples that share the layers: each runs as if it were alone, and no matrix is repeated for them."""

from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fbscore import AlistaControls, Controls, ListaControls, Problem, Samples, forward
from fbscore.regularizers import L1, L2, GroupLasso
from fbscore.samples import _shared, prox  # pyright: ignore[reportPrivateUsage]
from tests.core.instances import EVERY, one_of, regularizer

BATCH, SAMPLES, N, M, D = 3, 4, 5, 2, 6


def draw(rng, *shape, dtype=torch.float64, device="cpu"):
    return torch.randn(*shape, generator=rng, dtype=torch.float64).to(device, dtype)


def controls(system, rng, batch=BATCH, m=M, **like):
    lam, tau = (draw(rng, batch, N, **like).abs() for _ in range(2))
    W, W2 = draw(rng, batch, N, D, m, **like) / 2, draw(rng, batch, N, D, D, **like) / 2
    return {
        "FBS": Controls(W, tau, lam),
        "LISTA": ListaControls(W, W2, lam),
        "ALISTA": AlistaControls(W[:, 0], tau, lam),
    }[system]


def samples(R, rng, batch=BATCH, count=SAMPLES, m=M, **like):
    A, f, u0 = (draw(rng, *size, **like) for size in ((batch, m, D), (batch, count, m), (batch, count, D)))
    return Samples(A, f, u0, R)


def alone(problem, index):
    """The problem of one sample of every instance."""
    return Problem(problem.A, problem.f[:, index], problem.u0[:, index], problem.regularizer)


def assert_equal_to_rounding(states, expected):
    unit = torch.finfo(states.dtype).eps
    largest = float(expected.abs().max()) if expected.numel() else 0.0
    assert float((states - expected).abs().max()) <= 500 * unit * (1 + largest)


@pytest.mark.parametrize("system", ["FBS", "LISTA", "ALISTA"])
@pytest.mark.parametrize("name", EVERY)
def test_every_sample_runs_as_if_alone(system, name, dtype, device, rng):
    like = {"dtype": dtype, "device": device}
    if name in ("l0", "half_power"):  # at a jump of the prox, round-off decides
        dtype, like["dtype"] = torch.float64, torch.float64
    R = regularizer(name, BATCH, D, rng, dtype, device)
    problem, theta = samples(R, rng, **like), controls(system, rng, **like)
    states = forward(problem, theta)
    assert states.shape == (BATCH, SAMPLES, N + 1, D)
    assert (states.dtype, states.device.type) == (dtype, device.type)
    assert torch.equal(states[:, :, 0], problem.u0)
    for index in range(SAMPLES):
        assert_equal_to_rounding(states[:, index], forward(alone(problem, index), theta))


@pytest.mark.parametrize("system", ["FBS", "LISTA", "ALISTA"])
def test_one_instance_with_samples_is_that_instance_repeated(system, rng):
    R = regularizer("group_lasso", 1, D, rng)
    problem, theta = samples(R, rng, batch=1), controls(system, rng, batch=1)
    repeated = {
        name: getattr(theta, name).expand(SAMPLES, *getattr(theta, name).shape[1:])
        for name in theta.__dataclass_fields__
    }
    assert isinstance(R, GroupLasso)
    many = replace(R, weights=R.weights.expand(SAMPLES, -1))
    flat = Problem(problem.A.expand(SAMPLES, M, D), problem.f[0], problem.u0[0], many)
    assert_equal_to_rounding(forward(problem, theta)[0], forward(flat, replace(theta, **repeated)))


def test_a_permutation_of_the_samples_permutes_the_states(rng):
    problem, theta = samples(regularizer("l1", BATCH, D, rng), rng), controls("FBS", rng)
    order = torch.tensor([2, 0, 3, 1])
    permuted = replace(problem, f=problem.f[:, order], u0=problem.u0[:, order])
    assert_equal_to_rounding(forward(permuted, theta), forward(problem, theta)[:, order])


@pytest.mark.parametrize(("batch", "count", "m"), [(0, 2, 2), (2, 0, 2), (2, 3, 0), (1, 1, 1)])
def test_the_smallest_sizes_are_fine(batch, count, m, rng):
    problem, theta = samples(L2(), rng, batch, count, m), controls("FBS", rng, batch, m)
    assert (problem.batch, problem.samples, problem.m, problem.d) == (batch, count, m, D)
    assert forward(problem, theta).shape == (batch, count, N + 1, D)


@pytest.mark.parametrize("name", EVERY)
def test_the_prox_of_samples_is_that_of_each(name, rng):
    R, v = regularizer(name, BATCH, D, rng), draw(rng, BATCH, SAMPLES, D)
    a = torch.tensor([0.0, 0.25, 2.0], dtype=torch.float64)
    found = prox(R, v, a)
    assert torch.equal(found[0], v[0])
    for i in range(BATCH):
        for index in range(SAMPLES):
            expected = one_of(R, i).prox(v[i, index : index + 1], a[i : i + 1])[0]
            torch.testing.assert_close(found[i, index], expected, rtol=1e-12, atol=1e-12)


def test_gradients_reach_every_tensor(rng):
    Q = regularizer("quadratic", BATCH, D, rng)
    problem, theta = samples(Q, rng), controls("FBS", rng)
    given = [x.clone().requires_grad_() for x in (problem.f, problem.u0, theta.W, theta.tau, theta.lam)]
    f, u0, W, tau, lam = given
    forward(replace(problem, f=f, u0=u0), Controls(W, tau, lam))[:, :, -1].square().mean().backward()
    assert all(x.grad is not None and bool((x.grad != 0).any()) for x in given)


def test_to(device):
    ones = torch.ones(BATCH, D)
    problem = Samples(
        ones[:, None].expand(-1, M, -1),
        torch.ones(BATCH, SAMPLES, M),
        torch.ones(BATCH, SAMPLES, D),
        L1(ones),
    )
    moved = problem.to(torch.float64, device)
    tensors = [moved.A, moved.f, moved.u0, moved.regularizer.parameters["weights"]]
    assert all((x.dtype, x.device.type) == (torch.float64, device.type) for x in tensors)
    assert problem.to().A is problem.A


# ---------------------------------------------------------------- what is refused


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"f": torch.ones(BATCH, M)}, ValueError, r"f: expected shape \(batch, samples, m\), got \(3, 2\)"),
        (
            {"f": torch.ones(BATCH, SAMPLES, M + 1)},
            ValueError,
            r"f: expected shape \(batch, samples, m\) = \(3, 4, 2\), got \(3, 4, 3\)",
        ),
        (
            {"u0": torch.ones(BATCH, SAMPLES + 1, D)},
            ValueError,
            r"u0: expected shape \(batch, samples, d\) = \(3, 4, 6\), got \(3, 5, 6\)",
        ),
        ({"u0": torch.full((BATCH, SAMPLES, D), torch.nan)}, ValueError, "u0: expected finite entries"),
        ({"A": torch.ones(BATCH, M, 0)}, ValueError, "A: expected shape .* d >= 1"),
        ({"A": torch.ones(BATCH, M, D).double()}, TypeError, "f: expected the dtype of A"),
        ({"regularizer": "l1"}, TypeError, "regularizer: expected a Regularizer, got str"),
        ({"regularizer": L1(torch.ones(BATCH + 1, D))}, ValueError, "expected a batch of 3, got 4"),
    ],
)
def test_what_does_not_fit_is_refused(changes, error, message):
    given = {
        "A": torch.ones(BATCH, M, D),
        "f": torch.ones(BATCH, SAMPLES, M),
        "u0": torch.ones(BATCH, SAMPLES, D),
        "regularizer": L2(),
    }
    with pytest.raises(error, match=message):
        Samples(**(given | changes))


def test_controls_must_match(rng):
    with pytest.raises(ValueError, match="controls: expected batch = 3 as in the problem, got 2"):
        forward(samples(L2(), rng), controls("FBS", rng, batch=2))


# ---------------------------------------------------------------- nothing is repeated for the samples


class LargestStorage(TorchDispatchMode):
    """Records the largest number of entries that any operation allocates."""

    def __init__(self):
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for x in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(x, torch.Tensor):
                self.largest = max(self.largest, x.untyped_storage().nbytes() // x.element_size())
        return out


@pytest.mark.parametrize("system", ["FBS", "LISTA", "ALISTA"])
@pytest.mark.parametrize("name", ["l1", "quadratic", "rotated", "linf"])
def test_no_matrix_is_repeated_for_the_samples(system, name, rng):
    count = 200
    R = regularizer(name, 1, D, rng)
    problem, theta = samples(R, rng, batch=1, count=count), controls(system, rng, batch=1)
    with LargestStorage() as watched:
        states = forward(problem, theta)
    assert watched.largest <= states.numel() < count * D * M * N


@pytest.mark.parametrize("name", ["quadratic", "rotated"])
def test_one_matrix_for_all_samples_is_as_good_as_one_each(name, rng):
    R, v, a = regularizer(name, BATCH, D, rng), draw(rng, BATCH, SAMPLES, D), draw(rng, BATCH).abs()
    torch.testing.assert_close(_shared(R, v, a), _shared.dispatch(object)(R, v, a), rtol=1e-12, atol=1e-12)
