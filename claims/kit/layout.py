r"""Along which axes the numbers of an instance lie, and what becomes of it when an axis gets shorter.

Adversarial search and the reduction of counterexamples change instances that they know nothing else about.
`LAYOUTS` tells them what they may change: an array that it does not name is left alone, and so is an instance
of a kind that it does not name.  Which of the numbers may be moved says `claims.kit.slots`, what the
parameters of regularisers are `claims.kit.coordinates`.

Sequences of functions lose members and nothing else: Remark 3.6 and the Rademacher functions of Lemma 3.3
are claims about those very functions, which no assumption protects from being moved.  Interval maps are
not listed: their entries are ends and flags, and a moved one may be a map no more.  Nor are problems over
boxes: a minimum that is enclosed takes as long as a thousand networks, and reductions try thousands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

import torch

from claims.kit.coordinates import (
    PARAMETERS,
    Blocks,
    axes,
    chosen,
    partitions,
    plainer,
    restricted,
    stiff,
)
from claims.kit.instances import Instances, Regularizer

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
    "control_sequence": {
        "scales": "still member",
        "rates": "still member .",
        "depths": "member",
        "frequencies": "member",
    },
    "learning_sequence": {
        "further_f": "sample m",
        "further_u0": "sample d",
        "label": "d",
        "further_labels": "sample d",
        "width": "++",
        "weights": "+ .",
    },
    "admissible_sequence": {
        "low": "still .",
        "high": "still .",
        "closed": "still . .",
        "variation": "still .",
    },
    "compact_sequence": {
        "closed": "still . .",
        **dict.fromkeys(("low", "high", "least", "variation"), "still ."),
    },
    "finite_problem": {},
    "image_problem": {
        "scales": "still image",
        "bound": "still .",
        "variation": "still .",
        "frequencies": "image",
    },
    "perturbed_problem": {"to_f": ". m", "to_u0": ". d", "to_labels": ". d", "shares": "still share"},
    "convergent_sequence": {"values": "still member .", "index": "still member"},
    "gamma_sequence": {
        **{"points": "node .", "limit": "node", "members": "member node", "coercive": "+"},
        **dict.fromkeys(("radius", "error", "reach", "slack", "approach"), "+ member"),
    },
    "gamma_perturbation": {"perturbation": "node", "lipschitz": "+"},
    "gamma_limits": {
        "rival": "node",
        **dict.fromkeys(("rival_radius", "rival_error", "rival_reach"), "+ member"),
    },
}

#: What the second system of a pair has from the first, and what other controls in a sequence have from it.
SHARED = {"second": {"A", "regularizer"}, "other": {"A", "f", "u0", "regularizer"}}

#: Fewest entries that an axis keeps, 1 unless listed.
FEWEST = {"m": 0, "sample": 0}

Path = tuple[str, ...]


def leaves(value: Any, path: Path = (), layout: str | None = None) -> Iterator[tuple[Path, str | None, Any]]:
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
        yield from leaves(part, (*path, name), layouts.get(name))


def owner(path: Path) -> Path:
    """Return the place where a shared number exists: in the first system."""
    for i, part in enumerate(path):
        if part in SHARED and not SHARED[part].isdisjoint(path[i:]):
            return (*path[:i], "first", *path[i + 1 :])
    return path


def known(value: Any) -> bool:
    """Return whether the layout of an instance, and of what it is made of, is listed."""
    if not isinstance(value, Instances):
        return True
    return value.kind in LAYOUTS and all(known(getattr(value, f.name)) for f in fields(value))


# ---------------------------------------------------------------- axes


def lengths(instances: Instances) -> dict[str, int]:
    """Return the length of every axis that can be shortened; empty where the layout is not known."""
    if not known(instances):
        return {}
    found: dict[str, int] = {}
    for _, layout, array in leaves(instances):
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
    if isinstance(value, tuple) and layout == axis:
        entries = cast("tuple[Any, ...]", value)
        return tuple(entries[i] for i in keep)
    return chosen(value, axis, keep, layout)


def with_plainer_regularizer(instances: T) -> Iterator[T]:
    """Yield the instances with each regulariser that may take the place of theirs."""
    regularizer = next(_regularizers(instances), None)
    for other in plainer(regularizer) if regularizer is not None and known(instances) else ():
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
