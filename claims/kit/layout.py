r"""What the numbers of an instance are: which may be moved, which are nonnegative, which axes they lie along.

Adversarial search and the reduction of counterexamples change instances that they know nothing else about.
`LAYOUTS` tells them what they may change: an array that it does not name is left alone, and so is an instance
of a kind that it does not name.  Both systems of a pair share ``A`` and the regulariser; shared
numbers exist once here, so a change hits both.  What the parameters of regularisers are says
`claims.kit.coordinates`.

Sequences of functions lose members and nothing else: Remark 3.6 and the Rademacher functions of Lemma 3.3
are claims about those very functions, which no assumption protects from being moved.  Interval maps are
not listed: their entries are ends and flags, and a moved one may be a map no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch

from claims import sequence_constants as sequence
from claims.kit.coordinates import (
    PARAMETERS,
    Blocks,
    axes,
    chosen,
    on_mesh,
    partitions,
    plainer,
    recentred,
    restricted,
    stiff,
)
from claims.kit.instances import Instances, Regularizer, StepFunction
from claims.kit.sequence_instances import GraphSequence

T = TypeVar("T", bound=Instances)

#: Axes behind the batch, for each field.  "+" marks nonnegative numbers, "++" positive ones, "psd" a matrix
#: that must stay so, "centred" slopes that must add up to 0, so that 0 is in their hull, "still" numbers that
#: stay as they are; an axis "." keeps its length.
LAYOUTS: dict[str, dict[str, str]] = {
    "weight_pair": {"v": "d", "a": "+", "b": "+"},
    "network": {"A": "m d", "f": "m", "u0": "d", "W": "N d m", "tau": "+ N", "lam": "+ N"},
    "lista": {"A": "m d", "f": "m", "u0": "d", "W1": "N d m", "W2": "N d d", "lam": "+ N"},
    "alista": {"A": "m d", "f": "m", "u0": "d", "W": "d m", "tau": "+ N", "lam": "+ N"},
    "network_pair": {},
    "samples": {"further_f": "sample m", "further_u0": "sample d"},
    "samples_pair": {},
    "step_function": {"values": "M k", "bound": "+", "variation": "+"},
    "graph_sequence": {"x": "member d", "a": "++", "u": "d", "p": "d", "v": "point d", "rates": "+ ."},
    "function_sequence": {"values": "still member . ."},
    "convergent_sequence": {"values": "still member .", "index": "still member"},
}

#: What the second system of a pair has from the first.
SHARED = {"A", "regularizer"}

#: Fewest entries that an axis keeps, 1 unless listed.
FEWEST = {"m": 0, "sample": 0}

Path = tuple[str, ...]


@dataclass(frozen=True)
class Slot:
    """Where the numbers of one array lie among all that may be moved: columns ``start`` to ``stop``.

    Of ``centred`` slopes the last one is left out: it is minus the sum of the others.
    """

    path: Path
    nonnegative: bool
    positive: bool
    centred: bool
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
    return ("first", *path[1:]) if path[0] == "second" and not SHARED.isdisjoint(path) else path


def _movable(layout: str | None, array: torch.Tensor) -> bool:
    words = (layout or "still").split()
    single = array.numel() == array.shape[0]  # a 1×1 matrix is a number
    return "still" not in words and ("psd" not in words or single)


def _free(array: torch.Tensor, centred: bool) -> torch.Tensor:
    """Return the entries of an array that are numbers of their own."""
    return array[:, :-1] if centred else array


def slots(instances: Instances) -> list[Slot]:
    """Return the arrays that may be moved, shared ones once; none of an instance of a kind not listed."""
    found: dict[Path, Slot] = {}
    if not _known(instances):
        return []
    start = 0
    for path, layout, array in _leaves(instances):
        if layout is not None and _movable(layout, array) and (owner := _owner(path)) not in found:
            words = layout.split()
            stop = start + _free(array, "centred" in words)[0].numel()
            nonnegative = not {"+", "++", "psd"}.isdisjoint(words)
            found[owner] = Slot(owner, nonnegative, "++" in words, "centred" in words, start, stop)
            start = stop
    return list(found.values())


def numbers(instances: Instances) -> torch.Tensor:
    """Return all numbers that may be moved, (batch, P), in the order of `slots`."""
    arrays = {path: array for path, _, array in _leaves(instances)}
    free = [_free(arrays[slot.path], slot.centred) for slot in slots(instances)]
    nothing = instances.arrays()[0].new_zeros(instances.size, 0)
    columns = [x.reshape(len(x), x[0].numel()) for x in free]
    return torch.cat([nothing, *columns], 1)


def placed(instances: T, values: torch.Tensor, rows: torch.Tensor) -> T:
    """Return the instances ``rows`` of a batch with ``values`` (len(rows), P) for their numbers."""
    at = {slot.path: slot for slot in slots(instances)}
    order = iter([_owner(path) for path, _, _ in _leaves(instances)])

    def place(array: torch.Tensor) -> torch.Tensor:
        slot = at.get(next(order))
        if slot is None:
            return array[rows]
        own = values[:, slot.start : slot.stop]
        own = own.reshape(len(rows), *_free(array, slot.centred).shape[1:])
        return recentred(on_mesh(own)) if slot.centred else own

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
    """Return the batch with what an instance says of itself measured and rounded up.

    Of functions these are bound and variation, of sequences on a graph the distances of the last member.
    """
    if isinstance(instances, StepFunction):
        values = instances.values
        bound = values.norm(dim=2).amax(1)
        variation = (values[:, 1:] - values[:, :-1]).norm(dim=2).sum(1)
        return replace(instances, bound=_above(bound), variation=_above(variation))
    if isinstance(instances, GraphSequence):
        return replace(instances, rates=_above(_last_distances(instances)))
    return instances


def _last_distances(p: GraphSequence) -> torch.Tensor:
    """Return ‖u_m − u‖ and ‖p_m − p‖ of the last member, (batch, 2)."""
    u: torch.Tensor = sequence.resolvents(p)
    s: torch.Tensor = sequence.graph_points(p, u)
    return torch.stack([(u[:, -1] - p.u).norm(dim=1), (s[:, -1] - p.p).norm(dim=1)], 1)


def _above(x: torch.Tensor) -> torch.Tensor:
    """Return the next number of float32 above each."""
    return torch.nextafter(x.float(), torch.tensor(torch.inf, device=x.device)).double()


# ---------------------------------------------------------------- axes


def lengths(instances: Instances) -> dict[str, int]:
    """Return the length of every axis that can be shortened; empty where the layout is not known."""
    if not _known(instances):
        return {}
    found: dict[str, int] = {}
    for _, layout, array in _leaves(instances):
        if layout is not None:
            found |= dict(zip(axes(layout), array.shape[1:], strict=True))
    if "d" in found and not blocks(instances, "d", found["d"]):
        del found["d"]
    return {axis: length for axis, length in found.items() if axis not in ("group", ".")}


def blocks(instances: Instances, axis: str, length: int) -> list[Blocks]:
    """Return the ways in which the entries of an axis fall into blocks that can be dropped."""
    regularizer = next(_regularizers(instances), None)
    if axis == "d" and regularizer is not None:
        return partitions(regularizer, length)
    return [[(i,) for i in range(length)]]


def kept(value: Any, axis: str, keep: Sequence[int], layout: str | None = None) -> Any:
    """Return the instances (or a part of them) with the entries ``keep`` of an axis, the others dropped."""
    if isinstance(value, Instances):
        layouts = LAYOUTS.get(value.kind, {})
        parts = {f.name: kept(getattr(value, f.name), axis, keep, layouts.get(f.name)) for f in fields(value)}
        return replace(value, **parts)
    if isinstance(value, Regularizer):
        layouts = PARAMETERS.get(value.name, {})
        if axis == "d":
            return restricted(value, keep)
        return Regularizer(
            value.name, {k: kept(v, axis, keep, layouts.get(k)) for k, v in value.params.items()}
        )
    return chosen(value, axis, keep, layout)


def with_plainer_regularizer(instances: T) -> Iterator[T]:
    """Yield the instances with each regulariser that may take the place of theirs."""
    regularizer = next(_regularizers(instances), None)
    for other in plainer(regularizer) if regularizer is not None and _known(instances) else ():
        yield _with(instances, other)


def stiff_matrices(instances: Instances) -> list[torch.Tensor]:
    """Return the matrices in the regularisers that cannot be moved entry by entry."""
    found = (stiff(regularizer) for regularizer in _regularizers(instances))
    return [matrix for matrix in found if matrix is not None]


def _with(value: Any, regularizer: Regularizer) -> Any:
    if isinstance(value, Regularizer):
        return regularizer
    if not isinstance(value, Instances):
        return value
    return replace(value, **{f.name: _with(getattr(value, f.name), regularizer) for f in fields(value)})


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


def _regularizers(value: Any) -> Iterator[Regularizer]:
    if isinstance(value, Regularizer):
        yield value
    elif isinstance(value, Instances):
        for f in fields(value):
            yield from _regularizers(getattr(value, f.name))


def _known(value: Any) -> bool:
    if not isinstance(value, Instances):
        return True
    return value.kind in LAYOUTS and all(_known(getattr(value, f.name)) for f in fields(value))
