r"""Unbounded domains: the penalties say how far out a minimiser can be.

Where ``weight · r(‖θ_i‖)`` exceeds the objective at a point of the set there is no minimiser.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.errors import require
from fbscore.learning.branch_and_bound.layer_boxes import Groups
from fbscore.learning.branch_and_bound.penalty_forms import form_of
from fbscore.learning.domain import Domain
from fbscore.learning.objective import Learning
from fbscore.learning.pieces import Pieces

__all__ = ["inner_point", "truncated"]


def inner_point(domain: Domain, pieces: Pieces) -> Float[Tensor, "P"]:
    """Some point of a domain.

    Raises
    ------
    ValueError
        None was found.
    """
    low, high = domain.lower, domain.upper
    below, above = low.isfinite(), high.isfinite()
    both = torch.where(below & above, 0.5 * (low + high), 0.0)
    point = torch.where(below & ~above, low + 1.0, torch.where(above & ~below, high - 1.0, both))
    point = domain.towards(point[None], pieces)
    found = bool(domain.contains(point, pieces).all())
    require(found, "domain", "a set with a point that is easily found", "none")
    return point[0]


def truncated(
    domain: Domain, learning: Learning, of: Groups, sizes: tuple[float, float, float], upper: float
) -> Domain:
    r"""The part of a domain that holds every minimiser, bounded.

    Parameters
    ----------
    domain : Domain
    learning : Learning
    of : Groups
        The layers whose norms are penalised.
    sizes : three of float
        Frobenius norms of the fixed matrices.
    upper : float
        The objective somewhere in the domain, or more.

    Returns
    -------
    Domain

    Raises
    ------
    ValueError
        A parameter is neither bounded nor penalised.
    """
    if domain.bounded:
        return domain
    reach = torch.full_like(domain.lower, torch.inf)
    for i, (size, most) in enumerate(zip(sizes, _norms_below(learning, upper), strict=True)):
        reach = torch.minimum(reach, _reach(of, i, size, most))
    lower = torch.where(domain.lower.isinf(), -reach, domain.lower)
    upper_end = torch.where(domain.upper.isinf(), reach, domain.upper)
    free = [int(i) for i in (lower.isinf() | upper_end.isinf()).nonzero()]
    expected = "bounds, or a penalty that grows, for every parameter"
    require(not free, "domain", expected, f"none for x_i, i in {free}")
    # A bound beyond the reach of the penalty leaves nothing but the bound itself.
    return replace(
        domain, lower=torch.minimum(lower, domain.upper), upper=torch.maximum(upper_end, domain.lower)
    )


def _norms_below(learning: Learning, value: float) -> list[float]:
    """The largest ``s`` with ``weight · r(s) <= value`` of each penalty, a little more.

    Infinite where none is known: of all of them if one has no closed form, for it may be negative.
    """
    weights = [float(weight) for weight in learning.weights[0]]
    forms = [form_of(penalty) for penalty in learning.penalties]
    found: list[float] = []
    for form, weight in zip(forms, weights, strict=True):
        if form is None and weight > 0.0:
            return [float("inf")] * len(weights)
        found.append(float("inf") if form is None or weight == 0.0 else form.inverse(1.001 * value / weight))
    return found


def _reach(of: Groups, i: int, size: float, most: float) -> Tensor:
    """By how much each parameter can differ from 0, from the groups that depend on it alone."""
    track = of.tracks[i]
    share = of.counts.to(track.offset) / of.layers
    alone = (track.coefficients != 0).sum(-1, keepdim=True) == 1
    largest = most / (size * share.sqrt()) + track.offset.abs()
    each = 1.001 * largest.unsqueeze(-1) / track.coefficients.abs()
    return torch.where(alone & (track.coefficients != 0), each, torch.inf).amin(0)
