r"""What the parameters of a regulariser are, and what becomes of it on fewer coordinates or made plainer.

A regulariser on some of its coordinates is again one of its kind that meets A1, A2 and A3: the total
variation of what is left joins the neighbours, a matrix loses whole rows or columns, the hull of slopes is
projected, an orthogonal D is cut along the blocks that it consists of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch

from claims.kit.instances import Regularizer

#: Axes of the parameters behind the batch, and what they must stay; see `claims.kit.layout`.  D of `rotated`
#: is not among them: a moved D is not orthogonal, what moves is inside.  Nor are sizes, rows and columns.
PARAMETERS: dict[str, dict[str, str]] = {
    "l1": {"weights": "+ d"},
    "elastic_net": {"weights": "+ d", "ridge": "+"},
    "group_lasso": {"weights": "+ group"},
    "quadratic": {"Q": "psd d d"},
    "huber": {"width": "++"},
    "total_variation": {},
    "max_affine": {"slopes": "centred slope d"},
    "nuclear": {},
    "rotated": {},
    "shifted_l1": {"center": "d"},
    "double_well": {"center": "++ d"},
    "box_indicator": {"half_width": "++"},
}

#: Words of a layout that name no axis.
MARKS = ("+", "++", "psd", "centred", "still")

#: Slopes that move are multiples of the first, at most the second: what brings their sum to 0 is exact in
#: float32.
MESH, REACH = 2.0**-8, 2.0**10

Blocks = list[tuple[int, ...]]


def axes(layout: str | None) -> list[str]:
    """Return the names of the axes in a layout."""
    return [word for word in (layout or "").split() if word not in MARKS]


def partitions(regularizer: Regularizer, d: int) -> list[Blocks]:
    """Return the ways in which the d coordinates fall into blocks that can be dropped; none if not known."""
    singles = [(i,) for i in range(d)]
    if regularizer.name == "nuclear":
        columns = regularizer.params["columns"]
        rows = [tuple(range(i, i + columns)) for i in range(0, d, columns)]
        return [rows, [tuple(range(j, d, columns)) for j in range(columns)]]
    if regularizer.name == "rotated":
        inside = partitions(regularizer.params["inner"], d)
        return [_components(regularizer.params["D"])] if inside == [singles] else []
    return [singles] if not regularizer.params or regularizer.name in PARAMETERS else []


def restricted(regularizer: Regularizer, keep: Sequence[int]) -> Regularizer:
    """Return the regulariser on the coordinates ``keep``, a union of blocks of one of its partitions."""
    name, params = regularizer.name, regularizer.params
    if name == "rotated":
        return _cut(params["D"], params["inner"], keep)
    if name == "group_lasso":
        return _regrouped(params["weights"], [params["groups"][i] for i in keep])
    if name == "nuclear":
        places = [divmod(i, params["columns"]) for i in keep]
        rows, columns = (len(set(side)) for side in zip(*places, strict=True))
        return Regularizer(name, {"rows": rows, "columns": columns})
    layouts = PARAMETERS.get(name, {})
    shorter: dict[str, Any] = {key: chosen(x, "d", keep, layouts.get(key)) for key, x in params.items()}
    return Regularizer(name, shorter | ({"size": len(keep)} if "size" in params else {}))


def chosen(value: Any, axis: str, keep: Sequence[int], layout: str | None) -> Any:
    """Return an array with the entries ``keep`` of every axis of that name; anything else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    index = torch.tensor(list(keep), dtype=torch.long, device=value.device)
    for place, name in enumerate(axes(layout), start=1):
        value = value.index_select(place, index) if name == axis else value
    return recentred(value[:, :-1]) if axis == "slope" and axis in axes(layout) else value


def on_mesh(slopes: torch.Tensor) -> torch.Tensor:
    """Return slopes rounded to the mesh."""
    return (slopes / MESH).round().mul(MESH).clamp(-REACH, REACH)


def recentred(slopes: torch.Tensor) -> torch.Tensor:
    """Return slopes (batch, k − 1, d) with one more, minus their sum, (batch, k, d)."""
    return torch.cat([slopes, 0.0 - slopes.sum(1, keepdim=True)], 1)


def plainer(regularizer: Regularizer) -> Iterator[Regularizer]:
    """Yield what may take the place of a regulariser with a stiff matrix: R for R(Du), a plainer D or Q."""
    matrix = stiff(regularizer)
    if matrix is None:
        return
    key = "D" if regularizer.name == "rotated" else "Q"
    if key == "D":
        yield regularizer.params["inner"]
    eye = torch.eye(matrix.shape[1], dtype=matrix.dtype, device=matrix.device).expand_as(matrix).contiguous()
    others = {"D": (eye, eye.roll(1, 1)), "Q": (eye, matrix * eye)}[key]
    for other in others:
        yield Regularizer(regularizer.name, {**regularizer.params, key: other})


def stiff(regularizer: Regularizer) -> torch.Tensor | None:
    """Return the matrix that cannot be moved entry by entry: D, or Q unless it is a number."""
    matrix = regularizer.params.get({"rotated": "D", "quadratic": "Q"}.get(regularizer.name, ""))
    return None if matrix is None or (regularizer.name == "quadratic" and matrix.shape[1] == 1) else matrix


def _components(D: torch.Tensor) -> Blocks:
    """Return the columns of orthogonal matrices (batch, d, d) by blocks: those of one block share rows."""
    support = (D != 0).any(0).double()
    linked = (support.T @ support) > 0
    for _ in range(len(linked).bit_length()):
        linked = (linked.double() @ linked.double()) > 0
    return list(dict.fromkeys(_places(row) for row in linked))


def _places(mask: torch.Tensor) -> tuple[int, ...]:
    return tuple(cast("list[int]", torch.nonzero(mask)[:, 0].tolist()))


def _cut(D: torch.Tensor, inner: Regularizer, keep: Sequence[int]) -> Regularizer:
    """Return R(Du) on whole blocks of D: the rows that belong to them are the coordinates of R."""
    rows = list(_places((D[:, :, list(keep)] != 0).any(0).any(1)))
    part = D[:, rows][:, :, list(keep)].contiguous()
    return Regularizer("rotated", {"D": part, "inner": restricted(inner, rows)})


def _regrouped(weights: torch.Tensor, labels: Sequence[int]) -> Regularizer:
    """Return a group lasso on coordinates with these labels; groups without any are dropped."""
    left = sorted(set(labels))
    groups = tuple(left.index(label) for label in labels)
    return Regularizer("group_lasso", {"weights": weights[:, left], "groups": groups})
