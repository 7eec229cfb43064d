"""Raw regularisers: a name and a dict of arrays with a leading batch axis (tuples of ints are static)."""

from collections.abc import Mapping
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
    "l0": (),
    "half_power": (),
    "shifted_l1": ("center",),
}


def check(name: str, params: Params) -> None:
    """Raise ValueError unless `name` is a known regulariser and `params` holds exactly its fields."""
    if name not in FIELDS:
        raise ValueError(f"name: expected one of {', '.join(FIELDS)}, got {name!r}")
    if set(params) != set(FIELDS[name]):
        raise ValueError(f"params: expected the fields {FIELDS[name]} of {name!r}, got {tuple(params)}")


def as_balls(params: Params) -> dict[str, Any]:
    """The same parameters as ball arrays, exactly; the static tuples pass."""
    return {key: x if key == "groups" else to_ball(x) for key, x in params.items()}


def one_kind(params: Params, *arrays: Any) -> tuple[Params, list[Array]]:
    """All of them as balls if any is one, so that no float is rounded before it becomes a ball."""
    kept = [np.asarray(x) for x in arrays]
    if not is_ball(*kept, *params.values()):
        return params, kept
    return as_balls(params), [to_ball(x) for x in kept]


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
