"""Problems, controls, enclosures: what they accept, what they refuse and how they say so."""

from dataclasses import FrozenInstanceError

import pytest
import torch

from fbscore import Controls, Enclosure, Problem
from fbscore.regularizers import L1, L2, GroupLasso

BATCH, N, M, D = 3, 4, 2, 5


def problem(**changes):
    given = {
        "A": torch.ones(BATCH, M, D),
        "f": torch.ones(BATCH, M),
        "u0": torch.ones(BATCH, D),
        "regularizer": L1(torch.ones(BATCH, D)),
    }
    return Problem(**(given | changes))


def controls(**changes):
    given = {"W": torch.ones(BATCH, N, D, M), "tau": torch.ones(BATCH, N), "lam": torch.zeros(BATCH, N)}
    return Controls(**(given | changes))


def spoiled(x, value):
    x = x.clone()
    x.view(-1)[-1] = value
    return x


def test_properties():
    p, c = problem(), controls()
    assert (p.batch, p.m, p.d, p.dtype, p.device.type) == (BATCH, M, D, torch.float32, "cpu")
    assert (c.batch, c.N, c.d, c.m, c.h) == (BATCH, N, D, M, 0.25)
    assert (c.dtype, c.device.type) == (torch.float32, "cpu")


@pytest.mark.parametrize(("batch", "N", "m", "d"), [(0, 1, 1, 1), (1, 1, 0, 1), (0, 1, 0, 1), (2, 1, 3, 1)])
def test_the_smallest_sizes_are_fine(batch, N, m, d):
    p = Problem(torch.ones(batch, m, d), torch.ones(batch, m), torch.ones(batch, d), L2())
    c = Controls(torch.ones(batch, N, d, m), torch.ones(batch, N), torch.ones(batch, N))
    assert (p.batch, p.m, p.d) == (c.batch, c.m, c.d) == (batch, m, d)


def test_to(device):
    p, c = problem().to(torch.float64, device), controls().to(dtype=torch.float64, device=device)
    tensors = [p.A, p.f, p.u0, p.regularizer.parameters["weights"], c.W, c.tau, c.lam]
    assert all((x.dtype, x.device.type) == (torch.float64, device.type) for x in tensors)
    assert p.to().A is p.A
    assert c.to().W is c.W


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        problem().A = torch.ones(1, 1, 1)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(FrozenInstanceError):
        controls().W = torch.ones(1, 1, 1, 1)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"A": 1.0}, TypeError, "A: expected a torch.Tensor, got float"),
        (
            {"A": torch.ones(BATCH, M, D).int()},
            TypeError,
            "A: expected dtype float32 or float64, got torch.int32",
        ),
        ({"A": torch.ones(M, D)}, ValueError, r"A: expected shape \(batch, m, d\), d >= 1, got \(2, 5\)"),
        (
            {"A": torch.ones(BATCH, M, 0)},
            ValueError,
            r"A: expected shape \(batch, m, d\), d >= 1, got \(3, 2, 0\)",
        ),
        (
            {"f": torch.ones(BATCH, M + 1)},
            ValueError,
            r"f: expected shape \(batch, m\) = \(3, 2\), got \(3, 3\)",
        ),
        (
            {"f": torch.ones(BATCH, M).double()},
            TypeError,
            r"f: expected the dtype of A \(torch.float32\), got .*64",
        ),
        (
            {"f": torch.ones(BATCH, M).to("meta")},
            ValueError,
            r"f: expected the device of A \(cpu\), got meta",
        ),
        ({"u0": torch.ones(1, D)}, ValueError, r"u0: expected shape \(batch, d\) = \(3, 5\), got \(1, 5\)"),
        ({"A": spoiled(torch.ones(BATCH, M, D), torch.nan)}, ValueError, "A: expected finite entries"),
        ({"f": spoiled(torch.ones(BATCH, M), torch.inf)}, ValueError, "f: expected finite entries"),
        ({"u0": spoiled(torch.ones(BATCH, D), -torch.inf)}, ValueError, "u0: expected finite entries"),
        ({"regularizer": "l1"}, TypeError, "regularizer: expected a Regularizer, got str"),
        (
            {"regularizer": L1(torch.ones(1, D))},
            ValueError,
            "regularizer.weights: expected a batch of 3, got 1",
        ),
        (
            {"regularizer": L1(torch.ones(BATCH, 4))},
            ValueError,
            "regularizer: expected parameters for d = 5, got 4",
        ),
        (
            {"regularizer": GroupLasso(torch.ones(BATCH, 1), (0, 0))},
            ValueError,
            "regularizer: expected parameters for d = 5, got 2",
        ),
        (
            {"regularizer": L1(torch.ones(BATCH, D).double())},
            TypeError,
            r"regularizer.weights: expected the dtype of A \(torch.float32\), got torch.float64",
        ),
    ],
)
def test_bad_problem(changes, error, message):
    with pytest.raises(error, match=f"^{message}"):
        problem(**changes)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"W": torch.ones(BATCH, D, M)},
            ValueError,
            r"W: expected shape \(batch, N, d, m\), N >= 1, d >= 1, got ",
        ),
        (
            {"W": torch.ones(BATCH, 0, D, M)},
            ValueError,
            r"W: expected shape .*, N >= 1, d >= 1, got \(3, 0, 5, 2\)",
        ),
        (
            {"W": torch.ones(BATCH, N, 0, M)},
            ValueError,
            r"W: expected shape .*, N >= 1, d >= 1, got \(3, 4, 0, 2\)",
        ),
        ({"tau": torch.ones(BATCH)}, ValueError, r"tau: expected shape \(batch, N\) = \(3, 4\), got \(3,\)"),
        (
            {"lam": torch.ones(BATCH, N + 1)},
            ValueError,
            r"lam: expected shape \(batch, N\) = \(3, 4\), got \(3, 5\)",
        ),
        (
            {"tau": spoiled(torch.ones(BATCH, N), -1e-30)},
            ValueError,
            "tau: expected entries >= 0, got a smallest",
        ),
        (
            {"lam": spoiled(torch.ones(BATCH, N), -2.0)},
            ValueError,
            r"lam: expected entries >= 0, got .* -2\.0",
        ),
        ({"W": spoiled(torch.ones(BATCH, N, D, M), torch.nan)}, ValueError, "W: expected finite entries"),
        ({"tau": spoiled(torch.ones(BATCH, N), torch.inf)}, ValueError, "tau: expected finite entries"),
        ({"lam": spoiled(torch.ones(BATCH, N), torch.nan)}, ValueError, "lam: expected finite entries"),
        (
            {"lam": torch.ones(BATCH, N).long()},
            TypeError,
            "lam: expected dtype float32 or float64, got torch.int64",
        ),
        (
            {"tau": torch.ones(BATCH, N).double()},
            TypeError,
            r"tau: expected the dtype of W \(torch.float32\), got ",
        ),
        (
            {"lam": torch.ones(BATCH, N).to("meta")},
            ValueError,
            r"lam: expected the device of W \(cpu\), got meta",
        ),
        ({"tau": [1.0]}, TypeError, "tau: expected a torch.Tensor, got list"),
    ],
)
def test_bad_controls(changes, error, message):
    with pytest.raises(error, match=f"^{message}"):
        controls(**changes)


@pytest.mark.parametrize("shape", [(), (3,), (3, 4), (3, 4, 2)])
def test_enclosure_takes_radii_for_leading_axes(shape):
    e = Enclosure(torch.ones(3, 4, 2), torch.full(shape, torch.inf))
    assert e.radius.shape == shape


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("value", "radius", "error", "message"),
    [
        (
            torch.ones(3),
            torch.ones(2),
            ValueError,
            r"radius: expected a shape that leads the value's \(3,\), got \(2,\)",
        ),
        (
            torch.ones(3),
            torch.ones(3, 1),
            ValueError,
            r"radius: expected a shape that leads the value's \(3,\)",
        ),
        (torch.ones(3), -torch.ones(3), ValueError, "radius: expected entries >= 0, got a negative entry"),
        (torch.ones(3), torch.full((3,), torch.nan), ValueError, "radius: expected no NaN, got 3 of 3"),
        (torch.full((3,), torch.nan), torch.ones(3), ValueError, "value: expected no NaN, got 3 of 3"),
        (torch.ones(3), torch.ones(3).double(), TypeError, r"radius: expected the dtype of value"),
        (
            torch.ones(3).int(),
            torch.ones(3),
            TypeError,
            "value: expected dtype float32 or float64, got torch.int32",
        ),
    ],
)
def test_bad_enclosure(value, radius, error, message):
    with pytest.raises(error, match=f"^{message}"):
        Enclosure(value, radius)


def test_met_compares_with_the_request():
    value, radius = torch.ones(4, 2), torch.tensor([0.0, 0.5, 0.6, torch.inf])
    assert Enclosure(value, radius, 0.5).met.tolist() == [True, True, False, False]
    assert Enclosure(value, radius).met.tolist() == [True, True, True, False]
    assert Enclosure(value, radius).requested is None
    assert Enclosure(value[:0], radius[:0], 0.5).met.shape == (0,)


def test_the_text_of_an_enclosure():
    value, radius = torch.ones(3, 2), torch.tensor([0.25, 0.5, 2.0])
    assert repr(Enclosure(value, radius)) == "Enclosure(value (3, 2), radius (3,), the largest 2.00e+00)"
    assert repr(Enclosure(value, radius, 0.5)).endswith(", requested 5.00e-01: met by 2 of 3)")
    assert repr(Enclosure(value[:0], radius[:0])) == "Enclosure(value (0, 2), radius (0,))"


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("requested", "error", "got"),
    [
        (0.0, ValueError, "a radius > 0, finite, got 0.0"),
        (float("nan"), ValueError, "a radius > 0, finite, got nan"),
        (float("inf"), ValueError, "a radius > 0, finite, got inf"),
        (True, TypeError, "a float, got bool"),
        ("1", TypeError, "a float, got str"),
    ],
)
def test_bad_request(requested, error, got):
    with pytest.raises(error, match=f"^requested: expected {got}"):
        Enclosure(torch.ones(3), torch.ones(3), requested)
