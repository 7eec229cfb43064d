r"""Projection on the convex hull of a few points, exact and in batches.

The vertices that carry the projection are found by Wolfe's algorithm: solve the equality-constrained problem
on the current vertices; where a coefficient is negative, go as far as the hull allows and drop a vertex; else
add the vertex that the residual points to most.  Every instance takes the same number of such steps, those
that are done repeat their last one: no branch, no wait for the device.

What is returned is the residual, from an orthonormal basis of the differences of those vertices: orthogonal
to them relative to its *own* length, however much of the target has cancelled.

References
----------
P. Wolfe, Math. Program. 11 (1976) 128-149.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fbscore import linalg
from fbscore.shapes import Scalars, State

__all__ = ["activity_slack", "largest_length", "residual"]

Points = Float[Tensor, "batch k d"]
Basis = Float[Tensor, "batch n d"]
Choice = Bool[Tensor, "batch k"]

#: Steps for each point: of 1.4 million random and degenerate instances none needed more than 2.
STEPS = 3
#: Points that fall short of the largest product with ``u`` by this many ulps of the lengths count as active.
ACTIVE = 64
#: Differences of points shorter than this many ulps of the longest point have no direction.
DEPENDENT = 16
#: Affine hulls that miss 0 by this many ulps of the longest point contain it.
CENTERED = 4


def residual(points: Points, allowed: Choice, target: State, weight: Scalars) -> State:
    r"""``v − π(v)``, with ``π`` the projection on ``a conv{x_i : i allowed}``.

    Parameters
    ----------
    points : (batch, k, d)
        ``x_i``; repeated and affinely dependent points are fine.
    allowed : (batch, k)
        At least one for each instance.
    target : (batch, d)
        ``v``.
    weight : (batch,)
        ``a >= 0``.

    Returns
    -------
    (batch, d)
        Exactly ``v`` at ``a = 0``.  Differentiable in every tensor away from changes of the vertices.
    """
    with torch.no_grad():  # in float64 whatever the dtype: normal equations square the condition
        chosen = _vertices(points.double(), allowed, target.double(), weight.double())
    start = _first(chosen)
    origin = _pick(points, start)
    length = largest_length(points)
    shortest = DEPENDENT * _ulp(points) * length
    basis = torch.zeros_like(points[:, :0])
    for i in range(points.shape[1]):
        basis = _extended(basis, points[:, i] - origin, chosen[:, i], shortest)
    rest = _difference(basis, target, origin, weight, length)
    # Round-off may leave a product with a point above those with the vertices: it joins them.
    for _ in range(min(points.shape[1] - 1, points.shape[2])):
        scores = _scores(points, allowed, rest)
        best = scores.argmax(-1, keepdim=True)
        above = (scores.gather(-1, best) - scores.gather(-1, start)).squeeze(-1)
        joins = above > 0.5 * activity_slack(points, rest)
        basis = _extended(basis, _pick(points, best) - origin, joins, shortest)
        rest = _difference(basis, target, origin, weight, length)
    return rest


def activity_slack(points: Points, u: State) -> Scalars:
    """Round-off of ``<x_i, u>`` below which points count as equally far in the direction ``u``."""
    return ACTIVE * _ulp(points) * largest_length(points) * linalg.norm(u)


def largest_length(points: Points) -> Scalars:
    """``max_i ‖x_i‖``."""
    return linalg.norm(points).amax(-1)


def _vertices(points: Points, allowed: Choice, target: State, weight: Scalars) -> Choice:
    """Affinely independent points whose hull, times ``weight``, contains the projection of ``target``."""
    length = largest_length(points)
    slack = 4 * _ulp(points) * length * (linalg.norm(target) + weight * length)
    chosen = _only(_scores(points, allowed, target).argmax(-1, keepdim=True), allowed)
    shares = chosen * weight.unsqueeze(-1)
    for _ in range(STEPS * points.shape[1]):
        solution, rest = _equality_constrained(points, chosen, target, weight)
        negative = chosen & (solution < 0)
        stopped = negative.any(-1, keepdim=True)
        way, blocking = torch.where(negative, shares / (shares - solution), torch.inf).min(-1, keepdim=True)
        shares = torch.where(stopped, shares + way * (solution - shares), solution)
        chosen = chosen & ~(stopped & _only(blocking, allowed))
        shares = torch.where(chosen, shares.clamp(min=0), 0.0)
        scores = _scores(points, allowed, rest)
        best, entering = scores.max(-1, keepdim=True)
        reached = torch.where(chosen, scores, -torch.inf).amax(-1, keepdim=True)
        enters = ~stopped & (best - reached > slack.unsqueeze(-1))
        chosen = chosen | (enters & _only(entering, allowed))
    return chosen


def _equality_constrained(
    points: Points, chosen: Choice, target: State, weight: Scalars
) -> tuple[Float[Tensor, "batch k"], State]:
    """Coefficients, of sum ``weight``, of the affine combination nearest to ``target``, and the residual."""
    start = _first(chosen)
    origin = _pick(points, start)
    differences = torch.where(chosen.unsqueeze(-1), points - origin.unsqueeze(1), 0.0)
    gram = differences @ differences.mT
    # Ones for the rows of zeros; a few ulps for those that round-off makes dependent.
    diagonal = gram.diagonal(dim1=-2, dim2=-1)
    ridge = torch.where(diagonal == 0, 1.0, 4 * points.shape[1] * _ulp(points) * diagonal)
    rest = target - weight.unsqueeze(-1) * origin
    solution = linalg.solve_positive_definite(
        gram + torch.diag_embed(ridge), linalg.matvec(differences, rest)
    )
    rest = rest - linalg.matvec(differences.mT, solution)
    return solution.scatter_add(-1, start, weight.unsqueeze(-1) - solution.sum(-1, keepdim=True)), rest


def _extended(
    basis: Basis, x: State, used: Bool[Tensor, "batch"], shortest: Scalars
) -> Float[Tensor, "batch n+1 d"]:
    """``basis`` with the direction that ``x`` adds; with 0 where ``x`` is not used or adds none."""
    x = _without(basis, x)
    adds = (used & (linalg.norm(x) > shortest)).unsqueeze(-1)
    return torch.cat((basis, torch.where(adds, linalg.unit(x), 0.0).unsqueeze(1)), dim=1)


def _difference(basis: Basis, target: State, origin: State, weight: Scalars, length: Scalars) -> State:
    """``v − a x`` without its part along the basis, ``x`` one of the vertices.

    Each part first: where the vertices lie around 0, nothing of ``a x`` remains, however large ``a`` is.
    """
    apart = _without(basis, origin)
    around = linalg.norm(apart) <= CENTERED * _ulp(basis) * length
    apart = torch.where(around.unsqueeze(-1), 0.0, apart)
    return _without(basis, _without(basis, target) - weight.unsqueeze(-1) * apart)


def _without(basis: Basis, x: State) -> State:
    """``x`` less its projection on the span of ``basis``, twice: the first time leaves round-off of ``x``."""
    for _ in range(2):
        x = x - linalg.matvec(basis.mT, linalg.matvec(basis, x))
    return x


def _scores(points: Points, allowed: Choice, u: State) -> Float[Tensor, "batch k"]:
    return torch.where(allowed, linalg.matvec(points, u), -torch.inf)


def _first(chosen: Choice) -> Int[Tensor, "batch 1"]:
    return chosen.byte().argmax(-1, keepdim=True)


def _only(index: Int[Tensor, "batch 1"], like: Choice) -> Choice:
    return torch.zeros_like(like).scatter(-1, index, True)


def _pick(points: Points, index: Int[Tensor, "batch 1"]) -> State:
    return points.take_along_dim(index.unsqueeze(-1), dim=1).squeeze(1)


def _ulp(points: Float[Tensor, "..."]) -> float:
    return torch.finfo(points.dtype).eps
