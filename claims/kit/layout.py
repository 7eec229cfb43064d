r"""What the numbers of an instance are: which may be moved, which are nonnegative, which axes they lie along.

Adversarial search and the reduction of counterexamples change instances that they know nothing else about.
`LAYOUTS` tells them what they may change: an array that it does not name is left alone, and so is an instance
of a kind that it does not name.  Both systems of a pair share ``A`` and the regulariser; shared
numbers exist once here, so a change hits both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch

from claims.kit.instances import Instances, Regularizer, StepFunction

T = TypeVar("T", bound=Instances)

#: Axes behind the batch, for each field; "+" marks nonnegative numbers, "psd" a matrix that must stay so.
LAYOUTS: dict[str, dict[str, str]] = {
    "weight_pair": {"v": "d", "a": "+", "b": "+"},
    "network": {"A": "m d", "f": "m", "u0": "d", "W": "N d m", "tau": "+ N", "lam": "+ N"},
    "lista": {"A": "m d", "f": "m", "u0": "d", "W1": "N d m", "W2": "N d d", "lam": "+ N"},
    "alista": {"A": "m d", "f": "m", "u0": "d", "W": "d m", "tau": "+ N", "lam": "+ N"},
    "network_pair": {},
    "step_function": {"values": "M k", "bound": "+", "variation": "+"},
}

#: The same for the parameters of regularisers; one that has parameters and is not listed keeps its size.
PARAMETERS: dict[str, dict[str, str]] = {
    "l1": {"weights": "+ d"},
    "elastic_net": {"weights": "+ d", "ridge": "+"},
    "group_lasso": {"weights": "+ group"},
    "quadratic": {"Q": "psd d d"},
    "shifted_l1": {"center": "d"},
}

#: What the second system of a pair has from the first.
SHARED = ("A", "regularizer")

#: Fewest entries that an axis keeps, 1 unless listed.
FEWEST = {"m": 0}

Path = tuple[str, ...]


@dataclass(frozen=True)
class Slot:
    """Where the numbers of one array lie among all that may be moved: columns ``start`` to ``stop``."""

    path: Path
    nonnegative: bool
    start: int
    stop: int


def _leaves(value: Any, path: Path = (), layout: str | None = None) -> Iterator[tuple[Path, str | None, Any]]:
    """Yield path, layout and array of everything that `Instances.map` visits, in its order."""
    parts: dict[str, Any] = {}
    layouts: dict[str, str] = {}
    if isinstance(value, Instances):
        layouts = LAYOUTS.get(value.kind, {})
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
    elif isinstance(value, Regularizer):
        layouts, parts = PARAMETERS.get(value.name, {}), value.params
    elif isinstance(value, torch.Tensor):
        yield path, layout, value
    for name, part in parts.items():
        yield from _leaves(part, (*path, name), layouts.get(name))


def _owner(path: Path) -> Path:
    return ("first", *path[1:]) if path[0] == "second" and path[1] in SHARED else path


def _movable(layout: str | None, array: torch.Tensor) -> bool:
    single = array.numel() == array.shape[0]  # a 1×1 matrix is a number
    return layout is not None and ("psd" not in layout or single)


def slots(instances: Instances) -> list[Slot]:
    """Return the arrays that may be moved, shared ones once; none of an instance of a kind not listed."""
    found: dict[Path, Slot] = {}
    if not _known(instances):
        return []
    start = 0
    for path, layout, array in _leaves(instances):
        if layout is not None and _movable(layout, array) and (owner := _owner(path)) not in found:
            stop = start + array[0].numel()
            found[owner] = Slot(owner, "+" in layout or "psd" in layout, start, stop)
            start = stop
    return list(found.values())


def numbers(instances: Instances) -> torch.Tensor:
    """Return all numbers that may be moved, (batch, P), in the order of `slots`."""
    arrays = {path: array for path, _, array in _leaves(instances)}
    columns = [arrays[slot.path].reshape(instances.size, -1) for slot in slots(instances)]
    nothing = instances.arrays()[0].new_zeros(instances.size, 0)
    return torch.cat([nothing, *columns], 1)


def placed(instances: T, values: torch.Tensor, rows: torch.Tensor) -> T:
    """Return the instances ``rows`` of a batch with ``values`` (len(rows), P) for their numbers."""
    at = {slot.path: slot for slot in slots(instances)}
    order = iter([_owner(path) for path, _, _ in _leaves(instances)])

    def place(array: torch.Tensor) -> torch.Tensor:
        slot = at.get(next(order))
        if slot is None:
            return array[rows]
        return values[:, slot.start : slot.stop].reshape(len(rows), *array.shape[1:])

    return instances.map(place)


def twins(instances: Instances) -> dict[int, int]:
    """Return for each column that a second system has of its own the same column of the first."""
    found = {slot.path: slot for slot in slots(instances)}
    return {
        column: column - slot.start + found["first", *path[1:]].start
        for path, slot in found.items()
        if path[0] == "second" and ("first", *path[1:]) in found
        for column in range(slot.start, slot.stop)
    }


def repeated(instances: Instances) -> int:
    """Return how many numbers an instance holds a second time, those that its systems share."""
    return sum(array[0].numel() for path, _, array in _leaves(instances) if _owner(path) != path)


def renewed(instances: T) -> T:
    """Return the batch with what a function says of itself, bound and variation, measured and rounded up."""
    if not isinstance(instances, StepFunction):
        return instances
    values = instances.values
    bound = values.norm(dim=2).amax(1)
    variation = (values[:, 1:] - values[:, :-1]).norm(dim=2).sum(1)
    above = torch.tensor(torch.inf, device=values.device)
    bound, variation = (torch.nextafter(x.float(), above).double() for x in (bound, variation))
    return replace(instances, bound=bound, variation=variation)


# ---------------------------------------------------------------- axes


def lengths(instances: Instances) -> dict[str, int]:
    """Return the length of every axis that can be shortened; empty where the layout is not known."""
    if not _known(instances):
        return {}
    found: dict[str, int] = {}
    for _, layout, array in _leaves(instances):
        if layout is not None:
            found |= dict(zip(_axes(layout), array.shape[1:], strict=True))
    if not all(_shortens(r) for r in _regularizers(instances)):
        found.pop("d", None)
    return {axis: length for axis, length in found.items() if axis != "group"}


def kept(value: Any, axis: str, keep: Sequence[int], layout: str | None = None) -> Any:
    """Return the instances (or a part of them) with the entries ``keep`` of an axis, the others dropped."""
    if isinstance(value, Instances):
        layouts = LAYOUTS.get(value.kind, {})
        parts = {f.name: kept(getattr(value, f.name), axis, keep, layouts.get(f.name)) for f in fields(value)}
        return replace(value, **parts)
    if isinstance(value, Regularizer):
        layouts = PARAMETERS.get(value.name, {})
        if "groups" in value.params and axis == "d":
            return _regrouped(value, keep)
        return Regularizer(
            value.name, {k: kept(v, axis, keep, layouts.get(k)) for k, v in value.params.items()}
        )
    if not isinstance(value, torch.Tensor):
        return value
    for place, name in enumerate(_axes(layout), start=1):
        if name == axis:
            value = value.index_select(place, torch.tensor(list(keep), dtype=torch.long, device=value.device))
    return value


def signature(value: Any) -> tuple[Any, ...]:
    """Return all that instances of one batch have in common: kinds, names, shapes, static fields."""
    if isinstance(value, Instances):
        return (value.kind, *(signature(getattr(value, f.name)) for f in fields(value)))
    if isinstance(value, Regularizer):
        return (value.name, *(signature(part) for part in value.params.values()))
    return tuple(value.shape[1:]) if isinstance(value, torch.Tensor) else (value,)


def joined(batches: Sequence[T]) -> T:
    """Return batches of one signature as one batch."""
    columns = zip(*(batch.arrays() for batch in batches), strict=True)
    arrays = iter([torch.cat(list(column)) for column in columns])
    return batches[0].map(lambda _: next(arrays))


def _axes(layout: str | None) -> list[str]:
    return [word for word in (layout or "").split() if word not in ("+", "psd")]


def _regrouped(regularizer: Regularizer, keep: Sequence[int]) -> Regularizer:
    """Return a group lasso on some of its coordinates; groups that lose all of theirs are dropped."""
    labels = [regularizer.params["groups"][i] for i in keep]
    left = sorted(set(labels))
    groups = tuple(left.index(label) for label in labels)
    return Regularizer(
        regularizer.name, {"weights": regularizer.params["weights"][:, left], "groups": groups}
    )


def _regularizers(value: Any) -> Iterator[Regularizer]:
    if isinstance(value, Regularizer):
        yield value
    elif isinstance(value, Instances):
        for f in fields(value):
            yield from _regularizers(getattr(value, f.name))


def _shortens(regularizer: Regularizer) -> bool:
    return not regularizer.params or regularizer.name in PARAMETERS


def _known(value: Any) -> bool:
    if not isinstance(value, Instances):
        return True
    return value.kind in LAYOUTS and all(_known(getattr(value, f.name)) for f in fields(value))
