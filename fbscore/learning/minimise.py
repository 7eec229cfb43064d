r"""Global minimisation with a certificate: branch and bound over boxes of parameters.

The minimum of ``J^N(P_N θ(x))``, or of ``J(θ(x))`` of the deep-layer limit, is enclosed and so is the set
of its minimisers.  One run at the centre of each box bounds the objective all over it (constants 4.5 and
4.7, with round-off); a box whose bound exceeds the value of a point of the set is dropped, the others are
halved.

References
----------
X. Lin, C. Wu, arXiv:2605.27133, (2.10), (2.11) [reconstructed]; A. H. Land, A. G. Doig, Econometrica 28
(1960) 497-520; R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis, SIAM 2009,
chapters 6, 11 (mean-value form, monotonicity).
"""

from collections.abc import Callable

import torch

from fbscore.batched import Measured
from fbscore.errors import require, require_cells, require_instance, require_request
from fbscore.learning.admissible import FewPieces
from fbscore.learning.branch_and_bound.layer_boxes import groups
from fbscore.learning.branch_and_bound.limit_model import limit_model
from fbscore.learning.branch_and_bound.models import Model, NetworkModel, net
from fbscore.learning.branch_and_bound.penalty_bounds import sizes
from fbscore.learning.branch_and_bound.pool import Pool
from fbscore.learning.branch_and_bound.results import Bracket, Cover, Incumbent, Minimum
from fbscore.learning.branch_and_bound.search import Budget, Progress, Search
from fbscore.learning.branch_and_bound.system import System, system
from fbscore.learning.branch_and_bound.truncate import inner_point, truncated
from fbscore.learning.domain import Domain
from fbscore.learning.limit_objective import limit_objective
from fbscore.learning.objective import AnyProblem, Learning
from fbscore.limit.event_steps import supports

__all__ = ["Bracket", "Budget", "Cover", "Incumbent", "Minimum", "Progress", "minimise", "minimise_limit"]

Reported = Callable[[Progress], object]

#: In the place of missing bounds where only signs matter.
BIG = 1e30


@torch.no_grad()
def minimise(
    problem: AnyProblem,
    learning: Learning,
    admissible: FewPieces,
    cells: int,
    budget: Budget = Budget(),  # noqa: B008  (frozen)
    progress: Reported | None = None,
) -> Minimum:
    r"""Enclose the minimum of ``J^N(P_N θ)`` over a set of controls of a few numbers.

    Parameters
    ----------
    problem : Problem or Samples
        A batch of one, with an admissible regulariser.
    learning : Learning
    admissible : FewPieces
        Unbounded only where penalties grow.
    cells : int
        ``N``, the layers of the network; any number, whatever the pieces.
    budget : Budget
    progress : callable, optional
        Called with a `Progress` before every batch of boxes.

    Returns
    -------
    Minimum

    Raises
    ------
    TypeError, ValueError
        Something does not match, the set is empty, unbounded where nothing is penalised, or contains negative
        steps or weights.
    """
    require_cells("cells", cells)
    _require_settings(budget, progress)
    own, pieces = _system(problem, learning, admissible), admissible.pieces

    def value(point: Domain) -> float:
        at = NetworkModel(net(own, learning, pieces, point, cells))
        return float(at.certify(point.lower[None])[1])

    domain = _bounded(learning, admissible, cells, value)
    model = NetworkModel(net(own, learning, pieces, domain, cells))
    return _search(model, learning, admissible, domain, cells, budget, progress)


@torch.no_grad()
def minimise_limit(
    problem: AnyProblem,
    learning: Learning,
    admissible: FewPieces,
    layers: int | None = None,
    radius: float | None = None,
    budget: Budget = Budget(),  # noqa: B008  (frozen)
    progress: Reported | None = None,
) -> Minimum:
    r"""Enclose the minimum of ``J(θ)``, the objective of the deep-layer limit.

    Parameters
    ----------
    problem, learning, admissible, budget, progress
        As for `minimise`.
    layers : int, optional
        Of the finest networks that bound the limit over boxes, about.  By default 256 where events lead to
        the limit, for then the gap does not depend on it, and 1024 elsewhere: there the gap that can be
        reached is of the order of ``1/layers``.
    radius : float, optional
        Requested of the limit at single points, see `limit_objective`.  By default 1e-9 where events lead
        to the limit, and a tenth of the gap where only networks of more and more layers do.

    Returns
    -------
    Minimum

    Raises
    ------
    TypeError, ValueError
        As for `minimise`.
    """
    _require_settings(budget, progress)
    require_instance("problem", problem, Measured, "a Problem or Samples")
    direct = supports(problem.regularizer)
    depth = (256 if direct else 1024) if layers is None else layers
    asked = (1e-9 if direct else 0.1 * budget.gap) if radius is None else radius
    require_cells("layers", depth)
    require_request("radius", asked)
    own, pieces = _system(problem, learning, admissible), admissible.pieces

    def value(point: Domain) -> float:
        found = limit_objective(problem, pieces.controls(point.lower[None], pieces.cells), learning, asked)
        return float(found.value + found.radius)

    domain = _bounded(learning, admissible, pieces.cells, value)
    model = limit_model(own, problem, learning, pieces, domain, depth, asked)
    return _search(model, learning, admissible, domain, pieces.cells, budget, progress)


def _require_settings(budget: object, progress: object) -> None:
    require_instance("budget", budget, Budget, "a Budget")
    fits = progress is None or callable(progress)
    require(fits, "progress", "a callable", type(progress).__name__, TypeError)


def _system(problem: AnyProblem, learning: Learning, admissible: FewPieces) -> System:
    require_instance("admissible", admissible, FewPieces, "FewPieces")
    own = system(problem, learning, admissible.pieces)
    tracks = admissible.pieces.tracks
    domain = admissible.domain
    for name, track in zip(("first", "second", "third"), tracks, strict=True):
        if name == "first" or (name == "second" and admissible.pieces.kind == "lista"):
            continue
        # 0 · ∞ of parameters that do not enter is no negative value.
        least = track.range(domain.lower.clamp(min=-BIG)[None], domain.upper.clamp(max=BIG)[None])[0]
        require(
            float(least.min()) >= 0.0, f"admissible.pieces.{name}", "values >= 0", f"{float(least.min())}"
        )
    return own


def _bounded(
    learning: Learning, admissible: FewPieces, cells: int, value: Callable[[Domain], float]
) -> Domain:
    """The domain, cut off where the penalties alone exceed the objective at some point of it."""
    domain, pieces = admissible.domain, admissible.pieces
    if domain.bounded:
        return domain
    start = inner_point(domain, pieces)
    return truncated(domain, learning, groups(pieces, cells), sizes(pieces), value(Domain(start, start)))


def _search(
    model: Model,
    learning: Learning,
    admissible: FewPieces,
    domain: Domain,
    cells: int,
    budget: Budget,
    progress: Reported | None,
) -> Minimum:
    search = Search(model, domain, admissible.pieces, budget)
    stopped = search.run(progress)
    reason = "no point within the bounds on the variation"
    require(stopped != "empty", "admissible", "a set that is not empty", reason)
    now, pool, hunt = search.progress, search.pool, search.hunt
    incumbent = None
    if hunt.x is not None:
        controls = admissible.pieces.controls(hunt.x[None], cells)
        incumbent = Incumbent(hunt.x, controls, Bracket(hunt.lower, hunt.upper))
    attained = incumbent is not None and _attained(learning, admissible.domain, pool)
    minimum = Bracket(now.lower, now.upper)
    cover = Cover(pool.lower, pool.upper, pool.bound)
    message = _message(stopped, minimum, budget, len(pool))
    return Minimum(minimum, incumbent, cover, attained, stopped, now.evaluations, now.seconds, message)


def _attained(learning: Learning, domain: Domain, pool: Pool) -> bool:
    """A continuous objective on a set of which the cover keeps away from what is left out."""
    weights = [float(weight) for weight in learning.weights[0]]
    smooth = (r.continuous or weight == 0.0 for r, weight in zip(learning.penalties, weights, strict=True))
    continuous = learning.loss.continuous and all(smooth)
    below = (pool.lower == domain.lower) & ~domain.closed_lower
    above = (pool.upper == domain.upper) & ~domain.closed_upper
    return continuous and not bool((below | above).any())


def _message(stopped: str, minimum: Bracket, budget: Budget, boxes: int) -> str:
    where = (
        f"the infimum lies in [{minimum.lower:.6g}, {minimum.upper:.6g}], {boxes} boxes cover the minimisers"
    )
    if stopped == "gap":
        return f"closed to {minimum.width:.2e}: {where}"
    why = {"precision": "the boxes left cannot be halved"}.get(
        stopped, f"the budget of {stopped} was used up"
    )
    return f"gap not closed to {budget.gap:.2e}, {why}: {where}"
