r"""Good points of the set: the best one so far, with a certified value, and a search around it.

Only points that `Domain.contains` accepts are ever valued.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore.learning.branch_and_bound.models import Model
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Pieces, Points

__all__ = ["Hunt"]

#: Starting points, and rounds of the first search.
STARTS, ROUNDS = 16, 12


@dataclass(eq=False)
class Hunt:
    r"""The best point found.

    Parameters
    ----------
    model : Model
    domain : Domain
    pieces : Pieces
    """

    model: Model
    domain: Domain
    pieces: Pieces
    x: Float[Tensor, "P"] | None = field(default=None, init=False)
    upper: float = field(default=float("inf"), init=False)
    lower: float = field(default=-float("inf"), init=False)
    evaluations: int = field(default=0, init=False)
    _hint: float = field(default=float("inf"), init=False)
    _step: float = field(default=0.25, init=False)

    def begin(self) -> None:
        """Look at points spread over the box, and around the best ones."""
        domain = self.domain
        spread = torch.quasirandom.SobolEngine(domain.P, scramble=True, seed=0).draw(STARTS)
        points = domain.lower + spread.to(domain.lower) * (domain.upper - domain.lower)
        self.offer(
            torch.cat(
                (points, domain.lower[None], domain.upper[None], 0.5 * (domain.lower + domain.upper)[None])
            )
        )
        for _ in range(ROUNDS):
            self.improve()

    def offer(self, points: Points) -> bool:
        """Move points into the set where that is possible, value them, keep the best; whether it is new."""
        points = self.domain.towards(points, self.pieces)
        points = points[self._inside(points)]
        if len(points) == 0:
            return False
        self.evaluations += len(points)
        hints = self.model.hints(points)
        best = torch.where(hints.isnan(), torch.inf, hints).argmin()
        hint = float(hints[best])
        if not hint < self._hint:
            return False
        self._hint = hint
        self._certify(points[best])
        return True

    def take(self, point: Tensor) -> None:
        """Value one point of the box, if it is in the set, whatever the hints say of it."""
        if bool(self._inside(point[None])[0]):
            self.evaluations += 1
            self._certify(point)

    def _certify(self, point: Tensor) -> None:
        low, high = (float(x) for x in self.model.certify(point[None]))
        if high < self.upper:
            self.x, self.lower, self.upper = point, low, high

    def _inside(self, points: Points) -> Bool[Tensor, "points"]:
        """Which of them are points of the set."""
        return self.domain.contains(points, self.pieces)

    def improve(self) -> None:
        """Try steps along the axes, halved when none helps."""
        if self.x is None:
            return
        steps = self._step * torch.diag(self.domain.upper - self.domain.lower)
        moves = torch.cat((steps, -steps, 0.25 * steps, -0.25 * steps))
        if not self.offer(self.x + moves):
            self._step = max(0.25 * self._step, 1e-9)
