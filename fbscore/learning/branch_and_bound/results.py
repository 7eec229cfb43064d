"""What a certified minimisation returns."""

from dataclasses import dataclass

from torch import Tensor

from fbscore.learning.pieces import Points
from fbscore.network import AnyControls

__all__ = ["Bracket", "Cover", "Incumbent", "Minimum"]


@dataclass(frozen=True)
class Bracket:
    """An enclosure ``lower <= · <= upper`` of a number."""

    lower: float
    upper: float

    @property
    def width(self) -> float:
        """``upper − lower``."""
        return self.upper - self.lower


@dataclass(frozen=True, eq=False)
class Incumbent:
    r"""The best point found, which lies in the set.

    Parameters
    ----------
    x : (P,)
    controls : Controls, ListaControls or AlistaControls
        ``P_N θ(x)``, or ``θ(x)`` for the limit: a batch of one.
    value : Bracket
        Of the objective there.
    """

    x: Tensor
    controls: AnyControls
    value: Bracket


@dataclass(frozen=True, eq=False)
class Cover:
    r"""Boxes that together contain every minimiser: a superset of the set of minimisers.

    Parameters
    ----------
    lower, upper : (boxes, P)
    bound : (boxes,)
        Lower bounds of the objective on each.
    """

    lower: Points
    upper: Points
    bound: Tensor

    def __len__(self) -> int:
        return self.bound.shape[0]

    def contains(self, x: Points) -> Tensor:
        """Whether each point lies in one of the boxes, (points,)."""
        inside = (x.unsqueeze(1) >= self.lower) & (x.unsqueeze(1) <= self.upper)
        return inside.all(-1).any(-1)


@dataclass(frozen=True, eq=False)
class Minimum:
    r"""What is certified of a minimum.

    Parameters
    ----------
    minimum : Bracket
        Of the infimum over the set.
    incumbent : Incumbent or None
        ``None`` if no point of the set was found.
    cover : Cover
        Contains all minimisers, if there are any; of a set that is not closed also the limits of minimising
        sequences.
    attained : bool
        Whether some point of the set certainly has the infimum as its value.  The lower bounds cannot tell a
        minimum from an infimum: this is so where the objective is continuous and the set compact, or no part
        of its boundary that is left out meets the cover.
    stopped : str
        ``"gap"``: the goal was reached; ``"evaluations"``, ``"time"``, ``"boxes"``: the budget was used up;
        ``"precision"``: the boxes left cannot be halved.
    evaluations : int
        Boxes and points.
    seconds : float
    message : str
        The same in words.
    """

    minimum: Bracket
    incumbent: Incumbent | None
    cover: Cover
    attained: bool
    stopped: str
    evaluations: int
    seconds: float
    message: str

    @property
    def gap(self) -> float:
        """Width of the enclosure."""
        return self.minimum.width
