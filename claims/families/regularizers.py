"""Random regularisers of the catalogue, as raw data, one batch of a kind at a time."""

from __future__ import annotations

from typing import Any

import torch

from claims.kit.instances import Regularizer
from claims.kit.sampling import Source

#: Admissible regularisers (A1, A2 and A3 hold), in the catalogue's order.
ADMISSIBLE = (
    *("l1", "l2", "group_lasso", "half_squared_norm", "quadratic", "elastic_net", "huber", "linf"),
    *("total_variation", "max_affine", "nuclear", "rotated"),
)

#: Those whose oracle lands on a kink exactly in floats; the limit points of sequences must lie on theirs.
EXACT_AT_KINKS = tuple(name for name in ADMISSIBLE if name not in ("max_affine", "nuclear", "rotated"))

#: Dimensions in which a regulariser is drawn; exact oracles of some cost too much beyond 10.
SIZES = (1, 2, 3, 5, 10, 50)
SMALL = ("total_variation", "max_affine", "rotated")

#: What a rotated regulariser may have inside.
INNER = ("l1", "linf", "group_lasso", "total_variation")


def sizes(name: str) -> tuple[int, ...]:
    """Return the dimensions d in which a regulariser is drawn."""
    if name == "nuclear":
        return (1, 2, 4, 6, 9)
    return SIZES[:-1] if name in SMALL else SIZES


def groups_of(d: int) -> tuple[int, ...]:
    """Return a partition of d coordinates into groups of up to three neighbours."""
    return tuple(i // 3 for i in range(d))


def matrix_shape(d: int) -> tuple[int, int]:
    """Return the most square shape (rows, columns), rows ≤ columns, of d entries."""
    rows = max(r for r in range(1, int(d**0.5) + 1) if d % r == 0)
    return rows, d // rows


def unit(name: str, batch: int, d: int, device: torch.device) -> Regularizer:
    """Return the plain member of a family: weights 1, groups of three, Q the identity, D a cyclic shift.

    Of the inadmissible ones, the centre 1 of ``shifted_l1`` and the wells 0 and 2 of ``double_well``.
    """

    def ones(*shape: int) -> torch.Tensor:
        return torch.ones(shape, dtype=torch.float64, device=device)

    groups, (rows, columns) = groups_of(d), matrix_shape(d)
    eye = torch.eye(d, dtype=torch.float64, device=device).expand(batch, d, d).contiguous()
    params: dict[str, dict[str, Any]] = {
        "l1": {"weights": ones(batch, d)},
        "group_lasso": {"weights": ones(batch, groups[-1] + 1), "groups": groups},
        "quadratic": {"Q": eye},
        "elastic_net": {"weights": ones(batch, d), "ridge": ones(batch)},
        "huber": {"width": ones(batch), "size": d},
        "total_variation": {"size": d},
        "max_affine": {"slopes": torch.cat([eye, -eye], 1)},
        "nuclear": {"rows": rows, "columns": columns},
        "shifted_l1": {"center": ones(batch, d)},
        "double_well": {"center": 2 * ones(batch, d)},
    }
    if name == "rotated":
        growing = torch.arange(1.0, d + 1, dtype=torch.float64, device=device).expand(batch, d).contiguous()
        inner = Regularizer("l1", {"weights": growing})
        return Regularizer(name, {"D": eye.roll(1, 1), "inner": inner})
    return Regularizer(name, params.get(name, {}))


def draw(name: str, source: Source, batch: int, d: int) -> Regularizer:
    """Return random members: weights in [0, 2) with zeros among them, Q of any rank, random centres.

    Every parameter is exact in float32, and what must be symmetric, semidefinite or orthogonal is so exactly.
    """
    if name in ("l1", "group_lasso"):
        groups = groups_of(d)
        weights = _weights(source, batch, d if name == "l1" else groups[-1] + 1)
        return Regularizer(
            name, {"weights": weights} if name == "l1" else {"weights": weights, "groups": groups}
        )
    if name == "quadratic":
        rank = source.integer(1, d)
        factor = source.integers(batch, d, rank, low=-4, high=4) * source.scale(batch, 1, 1, low=-5, high=-2)
        return Regularizer(name, {"Q": factor @ factor.mT})
    if name == "elastic_net":
        return Regularizer(
            name, {"weights": _weights(source, batch, d), "ridge": source.uniform(batch, high=2.0)}
        )
    if name == "huber":
        return Regularizer(name, {"width": source.uniform(batch, low=0.25, high=2.0), "size": d})
    if name == "max_affine":
        return Regularizer(name, {"slopes": _slopes(source, batch, d)})
    if name == "rotated":
        inner = draw(source.choice(INNER), source, batch, d)
        return Regularizer(name, {"D": _orthogonal(source, batch, d), "inner": inner})
    if name == "shifted_l1":
        return Regularizer(name, {"center": source.normal(batch, d)})
    if name == "double_well":
        return Regularizer(name, {"center": source.uniform(batch, d, low=0.25, high=4.0)})
    return unit(name, batch, d, source.device)


def _weights(source: Source, batch: int, count: int) -> torch.Tensor:
    return source.uniform(batch, count, high=2.0) * (source.uniform(batch, count) < 0.9)


def _slopes(source: Source, batch: int, d: int) -> torch.Tensor:
    """Return k ≤ 5 integer slopes (batch, k, d) that add up to 0, so that 0 is in their hull; some repeat."""
    free = source.integers(batch, source.integer(1, 3), d, low=-3, high=3)
    repeated = torch.cat([free, free[:, :1]], 1) if source.choice((True, False)) else free
    return torch.cat([repeated, -repeated.sum(1, keepdim=True)], 1)


def _orthogonal(source: Source, batch: int, d: int) -> torch.Tensor:
    """Return exactly orthogonal matrices: two reflections I − 2vvᵀ/‖v‖² with ‖v‖² = 2 or 4, signs in v."""
    product = torch.eye(d, dtype=torch.float64, device=source.device).expand(batch, d, d)
    support = 4 if d >= 4 else min(d, 2)
    for _ in range(2):
        first = source.integer(0, d - support)
        v = torch.zeros(batch, d, dtype=torch.float64, device=source.device)
        v[:, first : first + support] = 2 * source.integers(batch, support, low=0, high=1) - 1
        product = product - (2 / support) * v[:, :, None] * (v[:, None] @ product)
    return product.contiguous()
