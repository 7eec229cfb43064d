"""Finitely many controls."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from fbscore import controls as functions
from fbscore.errors import require, require_instance
from fbscore.learning.admissible.base import Admissible
from fbscore.learning.controls import (
    control_distance,
    parts,
    project_controls,
    require_controls,
)
from fbscore.network import AnyControls
from fbscore.shapes import Flags

__all__ = ["Finite"]


@dataclass(frozen=True, eq=False)
class Finite(Admissible[AnyControls]):
    r"""``{θ_1, ..., θ_k}``, other controls in every instance.

    Parameters
    ----------
    members : tuple of controls
        At least one; of one kind, batch, ``d``, ``m``, dtype and device, on the same ``N`` cells.

    Raises
    ------
    TypeError, ValueError
        Anything else.
    """

    members: tuple[AnyControls, ...]

    def __post_init__(self) -> None:
        require_instance("members", self.members, tuple, "a tuple of controls")
        require(len(self.members) >= 1, "members", "at least one", "none")
        for i, member in enumerate(self.members):
            require_controls(f"members[{i}]", member)
            self._require_like(f"members[{i}]", member)
            N = self.members[0].N
            require(member.N == N, f"members[{i}]", f"N = {N} as members[0]", member.N)

    @property
    def cells(self) -> int | None:
        """``N`` of the members."""
        return self.members[0].N

    def contains(self, member: AnyControls) -> Flags:
        """Whether the controls are those of a member, bit for bit as functions."""
        self._require_like("controls", member)
        return torch.stack([_equal(member, mine) for mine in self.members]).any(0)

    def project(self, member: AnyControls) -> AnyControls:
        """The nearest member by the distance of all three controls, the first one of several."""
        self._require_like("controls", member)
        distances = torch.stack([control_distance(member, mine) for mine in self.members])
        nearest = distances.argmin(0)
        stacked = [torch.stack(x) for x in zip(*(mine.tensors for mine in self.members), strict=True)]
        rows = torch.arange(member.batch, device=member.device)
        return type(self.members[0])(*(x[nearest, rows] for x in stacked))

    def projected(self, cells: int) -> "Finite":
        """The projected members."""
        return Finite(tuple(project_controls(mine, cells) for mine in self.members))

    def within(self, other: Admissible[Any]) -> bool:
        """Whether every member is one of the other set, of whatever kind."""
        return all(bool(other.contains(mine).all()) for mine in self.members)

    @property
    def bounded(self) -> bool:
        """Always: finitely many bounded controls."""
        return True

    @property
    def closed(self) -> bool:
        """Always: a finite set."""
        return True

    @property
    def equicontinuous(self) -> bool:
        """Always: each function is continuous in the mean, and there are finitely many."""
        return True

    def _require_like(self, argument: str, controls: AnyControls) -> None:
        first = self.members[0]
        require_controls(argument, controls)
        same = type(controls) is type(first)
        require(same, argument, type(first).__name__, type(controls).__name__, TypeError)
        for name in ("batch", "d", "m", "dtype", "device"):
            expected, got = getattr(first, name), getattr(controls, name)
            require(expected == got, argument, f"{name} = {expected} as members[0]", got)


def _equal(first: AnyControls, second: AnyControls) -> Bool[Tensor, "batch"]:
    """Whether two controls of one kind are the same functions, on any two grids."""
    found = torch.ones(first.batch, dtype=torch.bool, device=first.device)
    for v, w in zip(parts(first), parts(second), strict=True):
        here, there, lengths = functions.common_pieces(v.shape[1], w.shape[1], v.device)
        equal = v[:, here[lengths > 0]] == w[:, there[lengths > 0]]
        found &= equal.flatten(1).all(-1)
    return found
