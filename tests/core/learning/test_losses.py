"""Losses against loops, finite differences and perturbed states; their moduli attained where they say so."""

import math
from fractions import Fraction
from typing import Any

import pytest
import torch

from fbscore.learning import huber, losses, power

POWERS = {"p=1": 1.0, "p=3/2": 1.5, "p=2": 2.0, "p=3": 3.0}
SMOOTH = ("p=1", "p=3/2", "p=2", "p=3", "huber")
BATCH, SAMPLES, D = 4, 3, 5
TEXT: Any = "1"
WIDTHS = torch.tensor([0.25, 0.5, 1.0, 2.0], dtype=torch.float64)


def draw(rng, *shape):
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


def plain(name, x, width):
    """The loss of one difference ``x``, a list of floats."""
    if name in POWERS:
        return math.fsum(abs(s) ** POWERS[name] for s in x)
    if name == "huber":
        return math.fsum(s * s / (2 * width) if abs(s) <= width else abs(s) - width / 2 for s in x)
    if name == "jump":
        return float(x[0] > width)
    return x[0] if x[0] > 0 else 1.0


@pytest.mark.parametrize("name", losses.NAMES)
def test_values_are_those_of_a_loop(name, dtype, device, rng):
    loss = losses.by_name(name, WIDTHS.to(device, dtype))
    u, label = (draw(rng, BATCH, SAMPLES, D).to(device, dtype) for _ in range(2))
    found = loss.value(u, label)
    assert (found.shape, found.dtype, found.device.type) == ((BATCH, SAMPLES), dtype, device.type)
    for i, width in enumerate(WIDTHS.tolist()):
        for k in range(SAMPLES):
            expected = plain(name, (u[i, k].double() - label[i, k].double()).tolist(), width)
            assert found[i, k].item() == pytest.approx(expected, rel=16 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("name", losses.NAMES)
def test_samples_and_labels_broadcast(name, rng):
    loss, u, label = losses.by_name(name, WIDTHS), draw(rng, BATCH, SAMPLES, D), draw(rng, BATCH, 1, D)
    one = losses.by_name(name, 0.5)
    assert torch.equal(loss.value(u, label), loss.value(u, label.expand_as(u)))
    assert torch.equal(one.value(u[1], label[1]), loss.value(u, label)[1])
    eps = torch.tensor(0.3, dtype=torch.float64)
    assert torch.equal(one.modulus(u[1], eps), loss.modulus(u, eps.expand(BATCH, SAMPLES))[1])


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients(name, rng):
    loss = losses.by_name(name, WIDTHS)
    u, label = (draw(rng, BATCH, D) for _ in range(2))
    x = u - label
    kinks = x.abs() if name != "huber" else (x.abs() - WIDTHS[:, None]).abs()
    u = torch.where(kinks < 1e-3, u + 0.01, u).requires_grad_()
    assert torch.autograd.gradcheck(loss.value, (u, label.requires_grad_()))


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_at_the_label_is_zero(name, rng):
    u = draw(rng, BATCH, D).requires_grad_()
    losses.by_name(name, WIDTHS).value(u, u.detach()).sum().backward()
    assert u.grad is not None
    assert not u.grad.any()


def directions(x, rng, count=400):
    """Unit vectors: random ones, ``x`` and its signs (unless 0) both ways, the axes."""
    axes = torch.eye(x.shape[-1], dtype=x.dtype)
    found = torch.cat((draw(rng, count, x.shape[-1]), x[None], x.sign()[None], axes))
    found = found[found.any(-1)]
    found = found / found.norm(dim=-1, keepdim=True)
    return torch.cat((found, -found))


def largest_change(loss, x, eps, rng):
    """The largest ``|ℓ(v) − ℓ(u)|`` found for ``‖v − u‖ <= eps``."""
    lengths = eps * torch.tensor([1.0, 0.999, 0.5, 1e-3], dtype=torch.float64)
    v = x + (lengths[:, None, None] * directions(x, rng)).flatten(0, 1)
    zero = torch.zeros(1, dtype=x.dtype)
    return (loss.value(v, zero) - loss.value(x, zero)).abs().max().item()


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("name", losses.NAMES)
def test_no_state_within_reach_changes_the_loss_by_more_than_the_modulus(name, d, rng):
    loss = losses.by_name(name, 0.5)
    for size in (0.0, 1e-6, 0.3, 1.0, 4.0):
        for eps in (1e-8, 1e-3, 0.4, 1.0, 3.0):
            x = size * draw(rng, d)
            bound = loss.modulus(x, torch.tensor(eps, dtype=torch.float64)).item()
            slack = 1e-15 * loss.value(x, torch.zeros_like(x)).item()
            assert largest_change(loss, x, eps, rng) <= bound * (1 + 1e-12) + 4 * slack


@pytest.mark.parametrize("eps", [1e-9, 0.1, 2.0])
@pytest.mark.parametrize(
    ("name", "d", "size"),
    [(name, 1, size) for name in POWERS for size in (0.0, 0.7)]
    + [("p=2", 5, 0.0), ("p=2", 5, 0.7), ("p=1", 5, 0.7), ("p=3/2", 5, 0.0), ("p=3", 5, 0.0)],
)
def test_the_modulus_of_a_power_is_attained(name, d, size, eps, rng):
    x, loss = size * draw(rng, d), losses.by_name(name)
    # Away from the label: all coordinates alike, each by itself, or along x.
    spread, axis = torch.ones(d).double() / math.sqrt(d), torch.eye(d).double()[0]
    step = {"p=1": spread, "p=3/2": spread, "p=3": axis}.get(name, axis)
    step = x.sign() / math.sqrt(d) if size and name != "p=2" else step
    step = x / x.norm() if size and name == "p=2" else step
    reached = sum(abs(Fraction(s)) ** POWERS[name] for s in (x + eps * step).tolist()) - sum(
        abs(Fraction(s)) ** POWERS[name] for s in x.tolist()
    )
    bound = loss.modulus(x, torch.tensor(eps, dtype=torch.float64)).item()
    assert bound == pytest.approx(float(reached), rel=1e-6 if eps == 1e-9 else 1e-13)


def test_short_steps_lose_no_digits():
    x, eps = torch.tensor([3.0, 4.0], dtype=torch.float64), torch.tensor(2.0**-40, dtype=torch.float64)
    e = Fraction(1, 2**40)
    assert power(2).modulus(x, eps).item() == pytest.approx(float(10 * e + e * e), rel=1e-14)
    cube = power(3).modulus(torch.tensor([2.0], dtype=torch.float64), eps).item()
    assert cube == pytest.approx(float((2 + e) ** 3 - 8), rel=1e-14)


@pytest.mark.parametrize("eps", [1e-9, 0.05, 0.2])
def test_the_modulus_of_huber_is_attained_where_it_is_quadratic_and_where_it_is_linear(eps):
    e, d = torch.tensor(eps, dtype=torch.float64), 4
    inner, outer = torch.full((d,), 0.1, dtype=torch.float64), torch.full((d,), 9.0, dtype=torch.float64)
    loss = huber(0.5)
    quadratic = ((0.2 + eps) ** 2 - 0.2**2) / (2 * 0.5)
    assert loss.modulus(inner, e).item() == pytest.approx(quadratic, rel=1e-7 if eps == 1e-9 else 1e-13)
    assert loss.modulus(outer, e).item() == pytest.approx(math.sqrt(d) * eps, rel=1e-14)


@pytest.mark.parametrize("name", losses.NAMES)
def test_an_unknown_or_overflowed_state_has_no_bound_that_is_not_true(name):
    loss, largest = losses.by_name(name, 0.5), {"jump": 1.0}.get(name, math.inf)
    for x in (0.0, 1.0, math.nan):
        x = torch.tensor([x, 0.0], dtype=torch.float64)
        assert loss.modulus(x, torch.tensor(math.inf, dtype=torch.float64)).item() == largest
    nan = torch.tensor([math.nan, 0.0], dtype=torch.float64)
    assert loss.modulus(nan, torch.tensor(0.1, dtype=torch.float64)).item() == largest


@pytest.mark.parametrize("name", losses.NAMES)
def test_nothing_changes_within_radius_zero(name, rng):
    x = torch.cat((draw(rng, 20, D), torch.zeros(1, D).double(), torch.full((1, D), 0.5).double()))
    assert not losses.by_name(name, 0.5).modulus(x, torch.zeros(22, dtype=torch.float64)).any()


def test_jumps_are_seen_where_they_are_within_reach():
    e = torch.tensor(0.25, dtype=torch.float64)
    x = torch.tensor([[0.2], [0.3], [0.5], [0.7], [0.8]], dtype=torch.float64)
    assert losses.by_name("jump", 0.5).modulus(x, e).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
    x = torch.tensor([[-0.5], [-0.125], [0.0], [0.125], [0.5], [3.0]], dtype=torch.float64)
    assert losses.by_name("open").modulus(x, e).tolist() == [0.0, 1.0, 1.0, 0.875, 0.25, 0.25]
    far = torch.tensor(5.0, dtype=torch.float64)
    assert losses.by_name("open").modulus(x, far).tolist() == [3.5, 3.875, 4.0, 5.0, 5.0, 5.0]


def test_which_losses_are_continuous():
    assert {n for n in losses.NAMES if losses.by_name(n, 1.0).continuous} == set(SMOOTH)
    assert power(1.5).continuous
    assert huber(1.0).continuous


def test_to(device):
    loss = losses.by_name("huber", WIDTHS).to(torch.float32, device)
    assert isinstance(loss, losses.Huber)
    assert isinstance(loss.width, torch.Tensor)
    assert (loss.width.dtype, loss.width.device.type) == (torch.float32, device.type)
    assert losses.by_name("p=3").to(torch.float32) is not None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: losses.by_name("p=4"), ValueError, r"name: expected one of p=1, .*, got 'p=4'"),
        (lambda: losses.by_name("huber"), ValueError, "width: expected a width for 'huber', got None"),
        (lambda: huber(0.0), ValueError, r"width: expected entries > 0, got a smallest entry of 0.0"),
        (lambda: huber(math.nan), ValueError, "width: expected a finite width, got nan"),
        (lambda: huber(TEXT), TypeError, r"width: expected a float or a torch.Tensor, got str"),
        (lambda: huber(True), TypeError, r"width: expected a float or a torch.Tensor, got bool"),
        (
            lambda: huber(torch.ones(2, 2)),
            ValueError,
            r"width: expected shape \(\) or \(batch,\), got \(2, 2\)",
        ),
        (lambda: huber(torch.tensor([1, 2])), TypeError, "width: expected dtype float32 or float64"),
        (lambda: losses.by_name("jump", torch.tensor([math.inf])), ValueError, "width: expected finite"),
        (lambda: power(0.5), ValueError, "p: expected a power >= 1, finite, got 0.5"),
        (lambda: power(math.nan), ValueError, "p: expected a power >= 1, finite, got nan"),
        (lambda: power(math.inf), ValueError, "p: expected a power >= 1, finite, got inf"),
        (lambda: power(TEXT), TypeError, "p: expected a float, got str"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()
