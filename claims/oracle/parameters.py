"""Raw regularisers: a name and a dict of arrays with a leading batch axis (ints, tuples of ints are static).

`rotated` holds another raw regulariser under `inner`: the pair (name, params), or any object that has these
two as attributes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from claims.oracle.elementary import Array, is_ball, to_ball

Params = Mapping[str, Any]

FIELDS: dict[str, tuple[str, ...]] = {
    "l1": ("weights",),
    "l2": (),
    "group_lasso": ("weights", "groups"),
    "half_squared_norm": (),
    "quadratic": ("Q",),
    "linf": (),
    "elastic_net": ("weights", "ridge"),
    "huber": ("width", "size"),
    "total_variation": ("size",),
    "max_affine": ("slopes",),
    "nuclear": ("rows", "columns"),
    "rotated": ("D", "inner"),
    "l0": (),
    "half_power": (),
    "shifted_l1": ("center",),
    "negative_l1": (),
    "double_well": ("center",),
    "box_indicator": ("half_width",),
    "quartic": (),
}
STATIC = ("groups", "size", "rows", "columns")


def check(name: str, params: Params) -> None:
    """Raise ValueError unless `name` is a known regulariser and `params` holds exactly its fields."""
    if name not in FIELDS:
        raise ValueError(f"name: expected one of {', '.join(FIELDS)}, got {name!r}")
    if set(params) != set(FIELDS[name]):
        raise ValueError(f"params: expected the fields {FIELDS[name]} of {name!r}, got {tuple(params)}")
    if name == "rotated":
        check(*inner(params))


def inner(params: Params) -> tuple[str, Params]:
    """The regulariser that `rotated` turns, as (name, params)."""
    x = params["inner"]
    return (x[0], x[1]) if isinstance(x, (tuple, list)) else (x.name, x.params)


def as_balls(params: Params) -> dict[str, Any]:
    """The same parameters as ball arrays, exactly; the static ones pass."""
    result = {key: x if key in (*STATIC, "inner") else to_ball(x) for key, x in params.items()}
    if "inner" in params:
        name, within = inner(params)
        result["inner"] = name, as_balls(within)
    return result


def one_kind(params: Params, *arrays: Any) -> tuple[Params, list[Array]]:
    """All of them as balls if any is one, so that no float is rounded before it becomes a ball."""
    kept = [np.asarray(x) for x in arrays]
    if not holds_balls(params) and not is_ball(*kept):
        return params, kept
    return as_balls(params), [to_ball(x) for x in kept]


def holds_balls(params: Params) -> bool:
    """Whether any of the parameters is a ball array."""
    return is_ball(*_arrays(params))


def dimensions(name: str, params: Params) -> tuple[int, int]:
    """(batch, d) as far as the parameters fix them, 1 where they do not."""
    match name:
        case "group_lasso":
            return len(params["weights"]), len(params["groups"])
        case "huber":
            return len(params["width"]), params["size"]
        case "total_variation":
            return 1, params["size"]
        case "nuclear":
            return 1, params["rows"] * params["columns"]
        case "box_indicator":
            return len(params["half_width"]), 1
        case _:
            shape = np.shape(params[FIELDS[name][0]]) if FIELDS[name] else (1, 1)
            return shape[0], shape[-1]


def field(params: Params, key: str, u: Array) -> Array:
    """Array parameter (batch, ...) with a new axis after the batch where `u` is (batch, K, d)."""
    x = np.asarray(params[key])
    return x[:, None] if u.ndim == 3 else x


def per_vector(a: Any, u: Array) -> Array:
    """Number per vector of `u`: (batch,) or (batch, K) as an array that broadcasts against norms of `u`."""
    a = np.asarray(a)
    return a[:, None] if a.ndim == 1 and u.ndim == 3 else a


def blocks(params: Params) -> list[tuple[int, Array]]:
    """Groups of a group lasso: label and indices of the coordinates, empty groups left out."""
    labels = np.asarray(params["groups"], dtype=int)
    return [(int(g), np.flatnonzero(labels == g)) for g in np.unique(labels)]


def _arrays(params: Params) -> Iterator[Any]:
    yield from (x for key, x in params.items() if key not in (*STATIC, "inner"))
    if "inner" in params:
        yield from _arrays(inner(params)[1])
