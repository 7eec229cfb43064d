"""One message format; what each check lets through and what it stops."""

import pytest
import torch

from fbscore import errors


def test_format():
    with pytest.raises(KeyError, match="x: expected one, got 2"):
        errors.require(False, "x", "one", 2, KeyError)
    errors.require(True, "x", "one", 1)


@pytest.mark.parametrize(
    ("cells", "error", "message"),
    [
        (0, ValueError, "cells: expected at least 1 cell, got 0"),
        (-3, ValueError, "cells: expected at least 1 cell, got -3"),
        (2.0, TypeError, "cells: expected an int, got float"),
        (True, TypeError, "cells: expected an int, got bool"),
    ],
)
def test_cells(cells, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        errors.require_cells("cells", cells)


def test_axes():
    errors.require_axes("x", torch.ones(0, 2, 2), "batch d d", nonempty=("d",))
    for shape in [(2, 2), (1, 2, 3), (1, 2, 2, 2)]:
        with pytest.raises(ValueError, match=r"^x: expected shape \(batch, d, d\), d >= 1, got \("):
            errors.require_axes("x", torch.ones(shape), "batch d d", nonempty=("d",))
    with pytest.raises(ValueError, match=r"^x: expected shape \(batch, d\), got \(\)$"):
        errors.require_axes("x", torch.tensor(1.0), "batch d")


def test_mixed_dtypes_and_devices():
    x = torch.ones(2)
    with pytest.raises(TypeError, match=r"^y: expected the dtype of x \(torch.float32\), got torch.float64$"):
        errors.require_floating(x=x, y=x.double())
    with pytest.raises(ValueError, match=r"^y: expected the device of x \(cpu\), got meta$"):
        errors.require_floating(x=x, y=x.to("meta"))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_finite(bad):
    x = torch.zeros(3, 4)
    errors.require_finite("x", x)
    x[1, 2] = bad
    with pytest.raises(ValueError, match=r"^x: expected finite entries, got entries from "):
        errors.require_finite("x", x)


def test_extremes():
    assert errors.extremes(torch.tensor([2.0, -1.0, 0.5])) == (-1.0, 2.0)
    assert errors.extremes(torch.ones(0, 3)) == (0.0, 0.0)


def test_nonnegative_lets_zero_through():
    errors.require_nonnegative("x", torch.tensor([0.0, -0.0, 1.0]))
    with pytest.raises(ValueError, match=r"^x: expected entries >= 0, got a smallest entry of -0\.5$"):
        errors.require_nonnegative("x", torch.tensor([1.0, -0.5]))


@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        (0, ValueError, "n: expected a size of at least 1, got 0"),
        (2.0, TypeError, "n: expected an int, got float"),
        (True, TypeError, "n: expected an int, got bool"),
    ],
)
def test_size(size, error, message):
    errors.require_size("n", 1)
    with pytest.raises(error, match=f"^{message}$"):
        errors.require_size("n", size)


def test_positive():
    errors.require_positive("x", torch.tensor([1e-30, 1.0]))
    errors.require_positive("x", torch.ones(0))
    with pytest.raises(ValueError, match=r"^x: expected entries > 0, got a smallest entry of 0\.0$"):
        errors.require_positive("x", torch.tensor([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"^x: expected finite entries, got entries from 1\.0 to inf$"):
        errors.require_positive("x", torch.tensor([1.0, torch.inf]))
