"""The limit at the end by plain refinement: deeper and deeper networks, certified by their own states."""

import math

import torch

from fbscore import linalg
from fbscore.errors import require, require_request, require_size
from fbscore.limit.batches import controls_of, problem_of
from fbscore.limit.network_certificate import final_enclosure
from fbscore.network import AnyControls, layers
from fbscore.types import Enclosure, Problem

__all__ = ["MAX_LAYERS", "refine"]

MAX_LAYERS = 2**20

#: Layers of the first network, at least.
FIRST = 32

#: No network has more than this many times the layers of the one before: what is predicted may be wrong.
LARGEST_STEP = 16

#: Layers beyond the predicted number, as a factor.
RESERVE = 1.1

#: An instance is given up, round-off being all that is left, after so small a rate over so large a step.
STUCK_RATE, STUCK_STEP = 0.1, 4


@torch.no_grad()
def refine(problem: Problem, controls: AnyControls, radius: float, max_layers: int = MAX_LAYERS) -> Enclosure:
    r"""Enclose ``u(1)`` by networks of ``k`` layers a cell of the controls, ``k`` as large as it takes.

    The radius falls like ``h`` where controls are of bounded variation, like ``√h`` at worst; the rate
    observed so far predicts the next ``k``, such that nine tenths of the instances should be done.  Those
    that are done leave the batch.

    Parameters
    ----------
    problem : Problem
        With a convex, finite regulariser that knows its growth constants.
    controls : Controls, ListaControls or AlistaControls
        Constant on ``P`` cells: they drive the limit.
    radius : float
        Requested, positive and finite.
    max_layers : int
        Of the largest network, at least ``P``.

    Returns
    -------
    Enclosure
        ``value`` (batch, d), ``radius`` (batch,), ``requested``.  Where the request cannot be met, the
        smallest radius found.

    Raises
    ------
    TypeError, ValueError
        ``radius`` or ``max_layers`` is not of that kind; as `forward`.
    NotImplementedError
        The regulariser has no growth constants.
    """
    layers(problem, controls)  # says what does not match, and computes nothing yet
    require_request("radius", radius)
    require_size("max_layers", max_layers)
    require(
        max_layers >= controls.N, "max_layers", f"at least the N = {controls.N} of the controls", max_layers
    )
    most = max_layers // controls.N
    factor = min(-(-FIRST // controls.N), most)
    run = _Run(problem, controls, radius, factor)
    while not run.done and run.factor < most:
        run.refine(min(run.predicted(), most))
    return Enclosure(run.best.value, run.best.radius, radius)


class _Run:
    """Refinement under way: the best enclosure so far, and the instances that are still open."""

    def __init__(self, problem: Problem, controls: AnyControls, radius: float, factor: int) -> None:
        self.problem, self.controls, self.radius, self.factor = problem, controls, radius, factor
        self.best = final_enclosure(problem, controls, factor)
        self.rows = (self.best.radius > radius).nonzero().squeeze(-1)
        self.last = self.best.radius[self.rows]
        self.rate = torch.ones_like(self.last, dtype=torch.float64)

    @property
    def done(self) -> bool:
        """Whether no instance is open."""
        return len(self.rows) == 0

    def predicted(self) -> int:
        """Layers a cell after which nine tenths of the open instances should be done."""
        need = RESERVE * self.factor * (self.last.double() / self.radius) ** (1.0 / self.rate.clamp(0.5, 1.0))
        most = need.sort().values[-(-9 * len(need) // 10) - 1]
        return math.ceil(min(max(float(most), 2.0 * self.factor), float(LARGEST_STEP * self.factor)))

    def refine(self, factor: int) -> None:
        """Run the open instances with ``factor`` layers a cell, and close those that are done or give up."""
        found = final_enclosure(
            problem_of(self.problem, self.rows), controls_of(self.controls, self.rows), factor
        )
        self._keep(found)
        self.rate = torch.log(self.last.double() / found.radius) / math.log(factor / self.factor)
        self.rate = self.rate.nan_to_num(nan=1.0)  # ∞/∞
        size = torch.maximum(linalg.norm(found.value), linalg.norm(self.problem.u0[self.rows]))
        stuck = (self.rate < STUCK_RATE) & (found.radius < 0.1 * size)
        going = (found.radius > self.radius) & ~(stuck & (factor >= STUCK_STEP * self.factor))
        self.rows, self.last, self.rate = self.rows[going], found.radius[going], self.rate[going]
        self.factor = factor

    def _keep(self, found: Enclosure) -> None:
        """Take what is better than the best so far."""
        better = found.radius < self.best.radius[self.rows]
        value, radius = self.best.value.clone(), self.best.radius.clone()
        value[self.rows[better]], radius[self.rows[better]] = found.value[better], found.radius[better]
        self.best = Enclosure(value, radius)
