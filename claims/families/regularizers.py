"""Random regularisers of the catalogue, as raw data, one batch of a kind at a time."""

from __future__ import annotations

import torch

from claims.kit.instances import Regularizer
from claims.kit.sampling import Source

#: Admissible regularisers (A1, A2 and A3 hold), in the catalogue's order.
ADMISSIBLE = ("l1", "l2", "group_lasso", "half_squared_norm", "quadratic", "linf")


def groups_of(d: int) -> tuple[int, ...]:
    """Return a partition of d coordinates into groups of up to three neighbours."""
    return tuple(i // 3 for i in range(d))


def unit(name: str, batch: int, d: int, device: torch.device) -> Regularizer:
    """Return the plain member of a family: weights 1, groups of three, Q the identity, centre 1."""

    def ones(*shape: int) -> torch.Tensor:
        return torch.ones(shape, dtype=torch.float64, device=device)

    groups = groups_of(d)
    eye = torch.eye(d, dtype=torch.float64, device=device).expand(batch, d, d).contiguous()
    params = {
        "l1": {"weights": ones(batch, d)},
        "group_lasso": {"weights": ones(batch, groups[-1] + 1), "groups": groups},
        "quadratic": {"Q": eye},
        "shifted_l1": {"center": ones(batch, d)},
    }
    return Regularizer(name, params.get(name, {}))


def draw(name: str, source: Source, batch: int, d: int) -> Regularizer:
    """Return random members: weights in [0, 2) with zeros among them, Q of any rank, a random centre."""
    if name in ("l1", "group_lasso"):
        groups = groups_of(d)
        count = d if name == "l1" else groups[-1] + 1
        weights = source.uniform(batch, count, high=2.0) * (source.uniform(batch, count) < 0.9)
        return Regularizer(
            name, {"weights": weights} if name == "l1" else {"weights": weights, "groups": groups}
        )
    if name == "quadratic":
        rank = source.integer(1, d)
        factor = source.integers(batch, d, rank, low=-4, high=4) * source.scale(batch, 1, 1, low=-5, high=-2)
        return Regularizer(
            name, {"Q": factor @ factor.mT}
        )  # few binary digits: exact, symmetric, PSD in either dtype
    if name == "shifted_l1":
        return Regularizer(name, {"center": source.normal(batch, d)})
    return unit(name, batch, d, source.device)
