r"""Branch and bound: which boxes to refine next, and when to stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from fbscore.errors import require
from fbscore.learning.branch_and_bound.box_bounds import BoxBounds
from fbscore.learning.branch_and_bound.incumbent import Hunt
from fbscore.learning.branch_and_bound.models import Model
from fbscore.learning.branch_and_bound.pool import Pool
from fbscore.learning.domain import Domain
from fbscore.learning.parameters import require_number
from fbscore.learning.pieces import Pieces

__all__ = ["Budget", "Progress", "Search"]

#: Boxes that are refined at once, at most.
BATCH = 4096

#: Boxes that take hardly longer to bound than one.
FEW = 256

#: Centres that are offered as incumbents, of each batch.
OFFERS = 4


@dataclass(frozen=True)
class Budget:
    r"""When to stop: whatever comes first.

    Parameters
    ----------
    gap : float
        Wanted of the enclosure of the minimum.
    width : float
        Wanted of the boxes that cover the minimisers; infinite by default, which asks for nothing.
    evaluations : int
        Boxes and points.
    seconds : float
        Looked at between batches.
    boxes : int
        In memory.

    Raises
    ------
    TypeError, ValueError
        One of them is no number, or not positive.
    """

    gap: float = 1e-2
    width: float = float("inf")
    evaluations: int = 10**7
    seconds: float = 60.0
    boxes: int = 10**6

    def __post_init__(self) -> None:
        for name in ("gap", "width", "evaluations", "seconds", "boxes"):
            value = getattr(self, name)
            require_number(name, value)
            require(value > 0, name, "a positive number", value)


@dataclass(frozen=True)
class Progress:
    """What a search has come to: an enclosure of the minimum, boxes in memory, evaluations, seconds."""

    lower: float
    upper: float
    boxes: int
    evaluations: int
    seconds: float


@dataclass(eq=False)
class Search:
    r"""A search under way.

    Parameters
    ----------
    model : Model
    domain : Domain
        Bounded.
    pieces : Pieces
    budget : Budget
    """

    model: Model
    domain: Domain
    pieces: Pieces
    budget: Budget
    hunt: Hunt = field(init=False)
    pool: Pool = field(init=False)
    evaluations: int = field(default=0, init=False)
    _start: float = field(init=False)

    def __post_init__(self) -> None:
        self._start = time.monotonic()
        self.hunt = Hunt(self.model, self.domain, self.pieces)
        self.pool = self._bounded(Pool.root(self.domain))

    @property
    def progress(self) -> Progress:
        """Where it is."""
        upper = self.hunt.upper
        # What was dropped lies above the upper bound: it does not matter for the lower one.
        lower = min(self.pool.least(), upper)
        seconds = time.monotonic() - self._start
        return Progress(lower, upper, len(self.pool), self.evaluations + self.hunt.evaluations, seconds)

    def run(self, report: Callable[[Progress], object] | None = None) -> str:
        """Search until something says stop: ``"gap"``, ``"evaluations"``, ``"time"``, ``"boxes"``,
        ``"precision"``
        or ``"empty"``, if the set has no point."""
        self.hunt.begin()
        while True:
            self.pool = self.pool.surviving(self.hunt.upper)
            now = self.progress
            if report is not None:
                report(now)
            reason = self._reason(now)
            if reason is not None:
                return reason
            chosen = self._chosen()
            if not bool(chosen.any()):
                return "precision"
            children = self.pool.take(chosen).refined(_halvings(int(chosen.sum()), self.domain.P))
            children = children.take(~self.domain.excludes(children.lower, children.upper, self.pieces))
            self.pool = self.pool.take(~chosen).join(self._bounded(children))
            self.hunt.improve()

    def _reason(self, now: Progress) -> str | None:
        if len(self.pool) == 0 and now.upper == float("inf"):
            return "empty"
        wide = len(self.pool) > 0 and float(self.pool.widths.max()) > self.budget.width
        if now.upper - now.lower <= self.budget.gap and not wide:
            return "gap"
        if now.evaluations >= self.budget.evaluations:
            return "evaluations"
        if now.seconds >= self.budget.seconds:
            return "time"
        return "boxes" if now.boxes >= self.budget.boxes else None

    def _chosen(self) -> torch.Tensor:
        """The boxes with the smallest bounds among those that are in the way of the goal."""
        pool, goal = self.pool, self.hunt.upper - self.budget.gap
        # Negated, so that a bound that is not a number is in the way.
        waiting = ~(pool.bound >= goal) | (pool.widths > self.budget.width).any(-1)
        waiting &= pool.divisible()
        order = torch.where(waiting, pool.bound.nan_to_num(nan=-torch.inf, neginf=-torch.inf), torch.inf)
        first = order.topk(min(BATCH, len(pool)), largest=False).indices
        chosen = torch.zeros_like(waiting)
        chosen[first] = True
        return chosen & waiting

    def _bounded(self, boxes: Pool) -> Pool:
        """Bound new boxes, offer the best centres, drop or shrink those where the objective is monotone."""
        done = [
            self._bounded_at(boxes.take(boxes.level == level), level) for level in range(self.model.levels)
        ]
        joined = done[0]
        for part in done[1:]:
            joined = joined.join(part)
        return joined

    def _bounded_at(self, boxes: Pool, level: int) -> Pool:
        size = self.model.capacity(level)
        parts = [boxes.take(slice(start, start + size)) for start in range(0, len(boxes), size)]
        done = boxes.take(slice(0, 0))
        for part in parts:
            done = done.join(self._part(part, level))
        return done

    def _part(self, boxes: Pool, level: int) -> Pool:
        found = self.model.bounds(boxes.lower, boxes.upper, level)
        self.evaluations += len(boxes)
        self._offer(boxes, found, level)
        return boxes.bounded(found, self.domain, self.model.levels - 1)

    def _offer(self, boxes: Pool, found: BoxBounds, level: int) -> None:
        """The centres that look best.

        Where hints come from a network and values from the limit, the best hint is not the best value: the
        best centre is valued itself, or the upper bound would stay at what the hints lead to.
        """
        values = torch.where(found.value.isnan(), torch.inf, found.value)
        best = values.topk(min(OFFERS, len(boxes)), largest=False).indices
        if float(values[best[0]]) < self.hunt.upper:
            centres = 0.5 * (boxes.lower[best] + boxes.upper[best])
            self.hunt.offer(centres)
            if 0 < level == self.model.levels - 1:
                self.hunt.take(centres[0])


def _halvings(boxes: int, P: int) -> int:
    """Few boxes are cut into more pieces at once: a run over a few takes as long as one over hundreds."""
    times = 1
    while times < P and boxes << (times + 1) <= FEW:
        times += 1
    return times
