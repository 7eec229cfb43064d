r"""Where a path leaves its face: the first breach of a constraint within a step."""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore.limit.faces import Breaches, Face, Near
from fbscore.limit.residual import Path, Piece, breach, trace
from fbscore.limit.taylor import at, rescale
from fbscore.shapes import Scalars

__all__ = ["cut"]

SAMPLES = 16
EVALUATIONS = 24
ATTEMPTS = 40
FOUND = 1.0
"""The first breach is put to where it is one slack deep, give or take one."""

LEAST = 1e-13
"""Least fraction of a step: events closer together than that count as one."""


def cut(piece: Piece, face: Face, path: Path) -> Path:
    r"""The path up to the first breach: control points within the bounds prove that there is none before.

    Where they are not within, samples bracket the first breach and secants locate it; where that leaves
    control points outside, a breach may have escaped the samples, and the path ends shortly before the
    first one outside.  What is left after ``ATTEMPTS`` such cuts the certificate charges.
    """
    rows = _outside(face, path, FOUND).any(-1).nonzero().squeeze(-1)
    if rows.numel() == 0:
        return path
    piece, face, whole = piece.take(rows), face.take(rows), path.take(rows)
    part = _shortened(piece, whole, _first_breach(face, whole))
    for _ in range(ATTEMPTS):
        outside = _outside(face, part, 2.0 * FOUND)
        if not bool(outside.any()):
            break
        part = _shortened(piece, part, _before(outside))
    return path.put(rows, part)


def _outside(face: Face, path: Path, depth: float) -> Bool[Tensor, "batch points"]:
    """Which control points breach a constraint by so many slacks."""
    return (breach(face, path, path.states, path.forces) > depth).any(1)


def _before(outside: Bool[Tensor, "batch points"]) -> Scalars:
    """Fraction of the step that ends one control point before the first outside; 1 where there is none."""
    n = outside.shape[1] - 1
    first = outside.to(torch.float64).argmax(-1)
    fraction = (first - 1).clamp(min=0.5) / n
    return torch.where(outside.any(-1), fraction.to(torch.float64), 1.0)


def _shortened(piece: Piece, path: Path, fraction: Scalars) -> Path:
    fraction = fraction.clamp(min=LEAST)
    part = trace(piece, rescale(path.series, fraction), fraction * path.step)
    return replace(part, state_slack=path.state_slack, force_slack=path.force_slack)


def _first_breach(face: Face, path: Path) -> Scalars:
    """Fraction at which the first constraint is breached; 1 where the samples show none."""
    grid = torch.arange(1, SAMPLES + 1, dtype=torch.float64, device=path.step.device) / SAMPLES
    beyond = _breaches(face, path, grid.expand(path.step.shape[0], -1)) > FOUND
    some = beyond.any(1)
    index = some.to(torch.float64).argmax(-1)
    # Only what is breached then: a constraint that holds with equality before would hide the sign.
    culprits = beyond.gather(-1, index[:, None, None].expand(-1, beyond.shape[1], 1)).squeeze(-1)
    low = index.to(torch.float64) / SAMPLES
    root = _root(face, path, culprits, low, low + 1.0 / SAMPLES)
    return torch.where(some.any(-1), root, 1.0)


def _breaches(face: Face, path: Path, points: Float[Tensor, "batch points"]) -> Breaches:
    """Breaches at points of the step."""
    return breach(face, path, at(path.series, points), at(path.force_series, points))


def _excess(face: Face, path: Path, culprits: Near, x: Scalars) -> Scalars:
    """How much deeper than wanted the deepest breach among ``culprits`` is; 0 for no culprits."""
    found = _breaches(face, path, x.unsqueeze(-1)).squeeze(-1)
    deepest = torch.where(culprits, found, -torch.inf).amax(1)
    return torch.where(culprits.any(-1), deepest - FOUND, 0.0)


def _root(face: Face, path: Path, culprits: Near, low: Scalars, high: Scalars) -> Scalars:
    """Where the first of the ``culprits`` is breached between ``low`` and ``high``, or a point before.

    False position in the Illinois variant.  Every third point is the geometric mean: a constraint that holds
    with equality at the start of the step makes secants creep, and may be breached soon after.
    """
    f_low, f_high = _excess(face, path, culprits, low), _excess(face, path, culprits, high)
    root, was_low = low, torch.zeros_like(culprits[:, 0])
    found = was_low
    for n in range(EVALUATIONS):
        x = _next_point(low, high, f_low, f_high, geometric=n % 3 == 2)
        f = _excess(face, path, culprits, x)
        is_low = f <= 0
        f_low, f_high = (
            torch.where(is_low, f, torch.where(was_low, f_low, 0.5 * f_low)),
            torch.where(is_low, torch.where(was_low, 0.5 * f_high, f_high), f),
        )
        low, high = torch.where(is_low, x, low), torch.where(is_low, high, x)
        root = torch.where(found, root, low)
        near = f.abs() <= FOUND
        root, found, was_low = torch.where(near & ~found, x, root), found | near, is_low
        if bool(found.all()):
            break
    return root


def _next_point(low: Scalars, high: Scalars, f_low: Scalars, f_high: Scalars, geometric: bool) -> Scalars:
    """The next point to try, within the bracket whatever the values."""
    if geometric:
        return (low.clamp(min=LEAST) * high).sqrt().clamp(max=high)
    share = f_low / (f_low - f_high)
    return low + torch.where((share >= 0) & (share <= 1), share, 0.5) * (high - low)
