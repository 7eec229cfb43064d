"""The Euclidean norm, of the whole state or of groups of coordinates."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require, require_axes, require_floating, require_nonnegative
from fbscore.regularizers.base import Regularizer
from fbscore.shapes import Flags, Growth, Scalars, State

__all__ = ["L2", "GroupLasso"]


@dataclass(frozen=True, eq=False)
class L2(Regularizer):
    r"""``R(u) = ‖u‖₂``.

    References
    ----------
    P. L. Combettes, V. R. Wajs, Multiscale Model. Simul. 4 (2005) 1168-1200: block soft thresholding.
    """

    name: ClassVar[str] = "l2"

    def value(self, u: State) -> Scalars:
        """``‖u‖₂``."""
        return linalg.norm(u)

    def prox(self, v: State, a: Scalars) -> State:
        """``max(1 − a / ‖v‖, 0) v``."""
        return _shrinkage(linalg.norm(v), a).unsqueeze(-1) * v

    def subgradient(self, u: State) -> State:
        """``u / ‖u‖``; the first unit vector at 0."""
        return _unit_or_first(u)

    def minimal_subgradient(self, u: State) -> State:
        """``u / ‖u‖``; 0 at 0."""
        return linalg.unit(u)

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``‖p − u/‖u‖‖``; at 0, ``max(‖p‖ − 1, 0)``."""
        return _distance(u, p, torch.ones_like(u[:, 0]))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(1, 0)``, attained everywhere."""
        return torch.tensor(1.0), torch.tensor(0.0)


@dataclass(frozen=True, eq=False)
class GroupLasso(Regularizer):
    r"""``R(u) = Σ_g w_g ‖u_g‖₂`` over groups of coordinates that do not overlap.

    Parameters
    ----------
    weights : (batch, G)
        ``w >= 0``, one for each group.
    groups : tuple of d ints
        The group of each coordinate, ``0 .. G−1``.  A group may be empty (``C0`` is then not sharp).

    Raises
    ------
    TypeError, ValueError
        ``weights`` is not a finite nonnegative float32 or float64 tensor of that shape, ``groups`` is not
        a nonempty tuple of ints, or a label is not a group.

    References
    ----------
    M. Yuan, Y. Lin, J. R. Stat. Soc. B 68 (2006) 49-67.
    """

    name: ClassVar[str] = "group_lasso"

    weights: Float[Tensor, "batch G"]
    groups: tuple[int, ...]

    def __post_init__(self) -> None:
        require_floating(weights=self.weights)
        require_axes("weights", self.weights, "batch G", nonempty=("G",))
        require_nonnegative("weights", self.weights)
        of_ints = type(self.groups) is tuple and all(type(label) is int for label in self.groups)
        require(of_ints, "groups", "a tuple of ints", self.groups, TypeError)
        require(len(self.groups) >= 1, "groups", "a label for each of d >= 1 coordinates", self.groups)
        G = self.weights.shape[1]
        require(set(self.groups) <= set(range(G)), "groups", f"labels from 0 to {G - 1}", self.groups)

    @property
    def dimension(self) -> int | None:
        """``d``."""
        return len(self.groups)

    def value(self, u: State) -> Scalars:
        """``Σ_g w_g ‖u_g‖``."""
        return (self.weights * linalg.norm(self._blocks(u))).sum(-1)

    def prox(self, v: State, a: Scalars) -> State:
        """``max(1 − a w_g / ‖v_g‖, 0) v_g`` for each group."""
        factor = _shrinkage(linalg.norm(self._blocks(v)), a.unsqueeze(-1) * self.weights)
        return factor[:, self._labels] * v

    def subgradient(self, u: State) -> State:
        """``w_g u_g / ‖u_g‖``; ``w_g`` times the group's first unit vector where ``u_g = 0``."""
        return self._state(self.weights.unsqueeze(-1) * _unit_or_first(self._blocks(u)))

    def minimal_subgradient(self, u: State) -> State:
        """``w_g u_g / ‖u_g‖``; 0 where ``u_g = 0``."""
        return self._state(self.weights.unsqueeze(-1) * linalg.unit(self._blocks(u)))

    def subdifferential_distance(self, u: State, p: State) -> Scalars:
        """``‖p_g − w_g u_g/‖u_g‖‖``; ``max(‖p_g‖ − w_g, 0)`` where ``u_g = 0``; norm over ``g``."""
        return linalg.norm(_distance(self._blocks(u), self._blocks(p), self.weights))

    def contains(self, u: State, p: State, slack: float | Scalars) -> Flags:
        """Whether ``p`` is within ``slack`` of ``∂R(u)``."""
        return self.subdifferential_distance(u, p) <= slack

    def growth(self) -> Growth:
        """``(‖w‖₂, 0)``, attained everywhere if no group is empty."""
        C0 = linalg.norm(self.weights)
        return C0, torch.zeros_like(C0)

    # A state is laid out as one row a group, padded with zeros: no scatter, hence the same sums every time.

    @cached_property
    def _labels(self) -> Int[Tensor, "d"]:
        return torch.tensor(self.groups, device=self.weights.device)

    @cached_property
    def _members(self) -> tuple[Int[Tensor, "G width"], Bool[Tensor, "G width"], Int[Tensor, "d"]]:
        """Coordinate in each slot, whether the slot is used, and the flat slot of each coordinate."""
        rows: list[list[int]] = [[] for _ in range(self.weights.shape[1])]
        places: list[tuple[int, int]] = []
        for coordinate, label in enumerate(self.groups):
            places.append((label, len(rows[label])))
            rows[label].append(coordinate)
        width = max(map(len, rows))
        device = self.weights.device
        index = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=device)
        used = torch.tensor([[slot < len(row) for slot in range(width)] for row in rows], device=device)
        return index, used, torch.tensor([label * width + slot for label, slot in places], device=device)

    def _blocks(self, u: State) -> Float[Tensor, "batch G width"]:
        index, used, _ = self._members
        return torch.where(used, u[:, index], 0.0)

    def _state(self, blocks: Float[Tensor, "batch G width"]) -> State:
        return blocks.flatten(1)[:, self._members[2]]


def _shrinkage(length: Float[Tensor, "*n"], threshold: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """``max(1 − threshold / length, 0)``, and 1 or 0 exactly where the threshold or the length is 0.

    The subtraction comes first: near the threshold it is exact.
    """
    return torch.relu(length - threshold) / torch.where(length == 0, 1.0, length)


def _unit_or_first(u: Float[Tensor, "*n k"]) -> Float[Tensor, "*n k"]:
    """``u / ‖u‖``, and the first unit vector where ``u = 0``."""
    first = torch.zeros_like(u)
    first[..., 0] = 1.0
    return torch.where((u == 0).all(-1, keepdim=True), first, linalg.unit(u))


def _distance(
    u: Float[Tensor, "*n k"], p: Float[Tensor, "*n k"], weight: Float[Tensor, "*n"]
) -> Float[Tensor, "*n"]:
    """Distance from ``p`` to ``weight`` times the subdifferential of the norm at ``u``."""
    on_sphere = linalg.norm(p - weight.unsqueeze(-1) * linalg.unit(u))
    return torch.where((u == 0).all(-1), torch.relu(linalg.norm(p) - weight), on_sphere)
