r"""The certificate of a polynomial path: its residual in the limit system, bounded over the whole step.

Whatever produced the path, constant 4.6 bounds its distance from the solution: for a Lipschitz ``û`` with
``r = û' + K û − c + σ p̂``, ``p̂ ∈ ∂R(û)``, and jumps,

    ``|û(t) − u(t)| <= e^{∫κ} |û(0) − u(0)| + Σ e^{∫κ} |jumps| + ∫ e^{∫κ} |r|``.

Nothing here relies on how the path was found: a wrong face, a wrong time of an event, a wrong sign or a
series cut too early make the bound large, never wrong.  Every figure allows for its own round-off.
"""

from dataclasses import dataclass

import torch

from fbscore import linalg
from fbscore.limit.faces import Breaches, Face
from fbscore.limit.rows import RowsOfTensors
from fbscore.limit.taylor import DEGREE, Series, control_points, velocity
from fbscore.shapes import Scalars, Square, State

__all__ = ["Path", "Piece", "breach", "residual", "trace"]

SLACK = 4.0
"""Breaches of so many rounding errors are none: they are charged, not acted upon."""

TINY = 1e-280


@dataclass(frozen=True, eq=False)
class Piece(RowsOfTensors):
    r"""The system where its coefficients are constant, one for each instance.

    Parameters
    ----------
    K : (batch, d, d)
    c : (batch, d)
    sigma, kappa, size : (batch,)
        ``σ``; ``κ = −λ_min((K + Kᵀ)/2)`` or more; ``‖K‖`` in the Frobenius norm.
    doubt_K, doubt : (batch,)
        ``K`` is known up to ``doubt_K`` in norm, all else that drives ``u'`` up to ``doubt``.
    """

    K: Square
    c: State
    sigma: Scalars
    kappa: Scalars
    size: Scalars
    doubt_K: Scalars
    doubt: Scalars


@dataclass(frozen=True, eq=False)
class Path(RowsOfTensors):
    r"""A polynomial path over one step.

    Parameters
    ----------
    series, force_series : (batch, d, n + 1)
        ``p`` and ``x = c − K p − p'``, in local time.
    step : (batch,)
        Positive.
    states, forces : (batch, d, n + 1)
        Their control points.
    length, speed : (batch,)
        Bounds on ``|p|`` and ``|p'|``: of the sums of moduli.
    state_error, force_error : (batch,)
        Round-off of ``states`` and ``forces``.
    state_slack, force_slack : (batch,)
        Breaches below are none: those of the step before any cut, lest a cut turn what was inside out.
    """

    series: Series
    force_series: Series
    step: Scalars
    states: Series
    forces: Series
    length: Scalars
    speed: Scalars
    state_error: Scalars
    force_error: Scalars
    state_slack: Scalars
    force_slack: Scalars


def trace(piece: Piece, series: Series, step: Scalars) -> Path:
    r"""Everything about a path that its certificate and the search for events need.

    Round-off: a product of ``K`` takes ``d`` roundings, ``p'`` three, a control point ``n + 1``; counted
    together as ``COUNT`` unit round-offs (of ``2^-52``, twice the true one) of the sums of moduli.
    """
    speeds = velocity(series, step)
    forces = -(speeds + piece.K @ series)
    forces[..., 0] += piece.c
    length, speed = linalg.norm(series.abs().sum(-1)), linalg.norm(speeds.abs().sum(-1))
    unit = (2 * DEGREE + series.shape[1] + 16) * torch.finfo(series.dtype).eps
    force_error = unit * (piece.size * length + speed + linalg.norm(piece.c))
    return Path(
        series,
        forces,
        step,
        control_points(series),
        control_points(forces),
        length,
        speed,
        unit * length,
        force_error,
        (SLACK * unit * length).clamp(min=TINY),
        (SLACK * force_error).clamp(min=TINY),
    )


def breach(face: Face, path: Path, states: Series, forces: Series) -> Breaches:
    """By how much constraints are breached at these points, in units of what counts as nothing."""
    return face.breach(states, forces, path.state_slack, path.force_slack)


def residual(piece: Piece, face: Face, path: Path) -> Scalars:
    r"""Bound on ``∫|r|`` plus the jumps within the step, for ``û`` as `Face.repair` has it.

    Returns
    -------
    (batch,)
        ``step`` times the mean of the gaps at the control points (they are convex), the variation of
        ``û − p`` and ``K (û − p)``, round-off, what ``K, c, σ`` may be off by, and the time lost to rounding.
    """
    eps = torch.finfo(path.step.dtype).eps
    rate = face.gap(path.states, path.forces).mean(-1) + face.spread(path.state_error, path.force_error)
    rate = rate + piece.doubt + piece.doubt_K * path.length
    repaired = face.repair(path.series, path.states, path.state_error)
    lost = 4.0 * eps * path.speed  # of a horizon of length 1
    spread = 1.0 + (piece.size + piece.doubt_K) * path.step
    return path.step * rate + spread * repaired + path.state_error + lost
