"""The limit at the end, by the fastest method that serves the regulariser."""

from fbscore.errors import require, require_request
from fbscore.limit.batches import controls_of, problem_of
from fbscore.limit.event_steps import event_steps, supports
from fbscore.limit.refine import MAX_LAYERS, refine
from fbscore.network import AnyControls
from fbscore.types import Enclosure, Problem

__all__ = ["METHODS", "solve"]

METHODS = ("auto", "events", "refine")


def solve(
    problem: Problem,
    controls: AnyControls,
    radius: float,
    method: str = "auto",
    max_layers: int = MAX_LAYERS,
) -> Enclosure:
    r"""Enclose ``u(1)`` of the limit ``u' ∈ −(Ku − c) − σ∂R(u)``, ``u(0) = u0``.

    Parameters
    ----------
    problem : Problem
        With a convex, finite regulariser.
    controls : Controls, ListaControls or AlistaControls
        Constant on their cells: they drive the limit.
    radius : float
        Requested, positive and finite.
    method : str
        ``"events"``: from event to event, for regularisers with faces, see `event_steps`.  ``"refine"``:
        networks of more and more layers, see `refine`.  ``"auto"``: the first where it can be used and meets
        the request, else the second.
    max_layers : int
        Of the largest network of ``"refine"``, at least the cells of the controls.

    Returns
    -------
    Enclosure
        ``value`` (batch, d), ``radius`` (batch,) with ``‖value − u(1)‖ <= radius``, ``requested``; ``met``
        says where the request was reached.

    Raises
    ------
    TypeError, ValueError
        An argument is not of that kind; as `event_steps` and `refine`.
    NotImplementedError
        The regulariser has no growth constants.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.3), (2.7) [reconstructed]; constants 4.6 and 4.7.
    """
    require_request("radius", radius)
    require(method in METHODS, "method", f"one of {', '.join(METHODS)}", repr(method))
    if method == "refine" or (method == "auto" and not supports(problem.regularizer)):
        return refine(problem, controls, radius, max_layers)
    found = event_steps(problem, controls)
    found = Enclosure(found.value, found.radius, radius)
    return found if method == "events" else _completed(problem, controls, found, radius, max_layers)


def _completed(
    problem: Problem, controls: AnyControls, found: Enclosure, radius: float, max_layers: int
) -> Enclosure:
    """Refine where the events did not do, and keep the better of the two."""
    rows = (~found.met).nonzero().squeeze(-1)
    if len(rows) == 0:
        return found
    again = refine(problem_of(problem, rows), controls_of(controls, rows), radius, max_layers)
    better = again.radius < found.radius[rows]
    value, reached = found.value.clone(), found.radius.clone()
    value[rows[better]], reached[rows[better]] = again.value[better], again.radius[better]
    return Enclosure(value, reached, radius)
