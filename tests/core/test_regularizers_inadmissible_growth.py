"""The indicator of a box and the fourth power of the norm."""

from fractions import Fraction

import pytest
import torch

from fbscore.regularizers import BoxIndicator, Quartic


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


BOX = BoxIndicator(tensor(0.5))


def test_box_by_hand():
    u = tensor([0.5, -0.5, 0.25])
    assert BOX.value(u).item() == 0.0
    assert BOX.value(tensor([0.5, -0.6, 0])).item() == torch.inf
    assert BOX.prox(tensor([2, -3, 0.1]), tensor(1e-300)).tolist() == [[0.5, -0.5, 0.1]]
    assert BOX.prox(tensor([2, -3, 0.1]), tensor(0)).tolist() == [[2.0, -3.0, 0.1]]
    assert BOX.subgradient(u).tolist() == [[1.0, -1.0, 0.0]]
    assert BOX.minimal_subgradient(u).tolist() == [[0.0, 0.0, 0.0]]
    assert BOX.subdifferential_distance(u, tensor([7, -8, 0])).item() == 0.0
    assert BOX.subdifferential_distance(u, tensor([-3, 0, 4])).item() == 5.0


def test_outside_the_box_there_is_no_subgradient():
    u = tensor([0.6, 0])
    assert BOX.subgradient(u).isnan().any()
    assert BOX.minimal_subgradient(u).isnan().all()
    assert BOX.subdifferential_distance(u, u).item() == torch.inf
    assert not BOX.contains(u, u, 1e300).any()


@pytest.mark.parametrize(("r", "a"), [(1.0, 1.0), (2.0, 0.5), (0.25, 16.0), (1.0, 1e-30), (1e-9, 1e18)])
def test_quartic_by_hand(r, a):
    direction = tensor([0.6, 0.8])
    v = (r + a * r**3) * direction
    torch.testing.assert_close(Quartic().prox(v, tensor(a)), r * direction, rtol=1e-15, atol=0)


def test_quartic_root_to_round_off(dtype, rng):
    """``t + x t³ = 1`` in rational arithmetic: the residual over the derivative is the error."""
    v = torch.randn(400, 1, generator=rng, dtype=torch.float64)
    a = 10.0 ** (24 * torch.rand(400, generator=rng, dtype=torch.float64) - 12)
    v, a = v.to(dtype), a.to(dtype)
    u = Quartic().prox(v, a)
    for x, y, weight in zip(v[:, 0].tolist(), u[:, 0].tolist(), a.tolist(), strict=True):
        s, r, w = Fraction(x), Fraction(y), Fraction(weight)
        error = abs(r + w * r**3 - s) / ((1 + 3 * w * r**2) * abs(r))
        assert error <= 3 * torch.finfo(dtype).eps


def test_quartic_subdifferential():
    u = tensor([1, 2, 2])
    assert Quartic().value(u).item() == 81 / 4
    assert (
        Quartic().subgradient(u).tolist() == Quartic().minimal_subgradient(u).tolist() == [[9.0, 18.0, 18.0]]
    )
    assert Quartic().subdifferential_distance(u, tensor([9, 18, 13])).item() == 5.0
    assert Quartic().contains(u, 9 * u, 0.0).all()


def test_quartic_has_a_gradient_at_zero():
    v, a = tensor([0, 0]).requires_grad_(), tensor(1).requires_grad_()
    Quartic().prox(v, a).sum().backward()
    assert v.grad is not None
    assert v.grad.tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("R", [BOX, Quartic()], ids=lambda R: R.name)
def test_there_is_no_growth(R):
    assert not R.admissible
    with pytest.raises(NotImplementedError, match=f"^{R.name}: no growth constants are defined, its "):
        R.growth()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("half_width", "error", "message"),
    [
        (torch.zeros(1), ValueError, r"half_width: expected entries > 0, got a smallest entry of 0\.0"),
        (torch.ones(1, 1), ValueError, r"half_width: expected shape \(batch\), got \(1, 1\)"),
        (torch.ones(1).int(), TypeError, "half_width: expected dtype float32 or float64, got torch.int32"),
    ],
)
def test_bad_half_width(half_width, error, message):
    with pytest.raises(error, match=f"^{message}"):
        BoxIndicator(half_width)
