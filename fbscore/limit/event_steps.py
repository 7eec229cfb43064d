r"""The limit system solved from event to event, in batches, with a certificate.

Between two events ``u`` solves a linear system: its Taylor series is summed over steps of the order of
``1/‖K‖``, each cut where the trajectory leaves its face.  Every instance has its own time, step and face; all
advance together.  The method decides ties as best it can; the certificate does not rely on it (see
`fbscore.limit.residual`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require, require_size
from fbscore.limit.events import cut
from fbscore.limit.faces import Near
from fbscore.limit.normal_form import EPS, Drive, System, supports, system
from fbscore.limit.residual import breach, residual, trace
from fbscore.limit.rows import Rows, RowsOfTensors
from fbscore.limit.taylor import DEGREE, rescale, solution
from fbscore.network import AnyControls, layers
from fbscore.operators import magnitudes, operators
from fbscore.regularizers.quadratic import HalfSquaredNorm
from fbscore.shapes import Scalars, State
from fbscore.types import Enclosure, Problem

__all__ = ["event_steps", "event_trajectory", "supports"]

REACH = 4.0
"""Longest step times ``‖M‖``: the terms of the series stay below ``e^4``."""

MOST_STEPS = 1000
"""Beside ten for each cell; random instances of moderate ``‖K‖`` take about three for each cell."""

NEAR = 2.0
"""Constraints closer to their bounds than so many slacks at the end of a step have reached them."""


@dataclass(frozen=True, eq=False)
class _State(RowsOfTensors):
    """Instances under way: which, where, in which segment, the time left in it, the bound so far."""

    rows: Rows
    u: State
    segment: Rows
    left: Scalars
    bound: Scalars
    eager: Near


@dataclass(frozen=True, eq=False)
class _Segments:
    """Lengths of the parts of [0, 1] that end at a cell's end or at a requested time, and their cells."""

    ends: tuple[Fraction, ...]
    lengths: Float[Tensor, "segments"]
    cells: Int[Tensor, "segments"]


def event_steps(problem: Problem, controls: AnyControls, most_steps: int | None = None) -> Enclosure:
    r"""``u(1)`` of the limit system, for regularisers with faces.

    Parameters
    ----------
    problem : Problem
        With a regulariser that `supports` accepts.
    controls : Controls, ListaControls or AlistaControls
        For the same batch, ``d``, ``m``, dtype and device.
    most_steps : int, optional
        At least 1, by default ``1000 + 10 N``.  An instance that needs more, chattering say, gets an infinite
        radius.

    Returns
    -------
    Enclosure
        ``value`` (batch, d), ``radius`` (batch,) by constant 4.6, infinite where the steps ran out or
        numbers overflowed (the value is then ``u0``).  In the problem's dtype; the work is done in float64.

    Raises
    ------
    TypeError, ValueError
        The regulariser has no faces, or ``controls`` is of no known type or does not match ``problem``.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.3), (2.7) [reconstructed]; constant 4.6.
    """
    found = _at(problem, controls, (Fraction(1),), most_steps)
    return replace(found, value=found.value[:, 0], radius=found.radius[:, 0])


def event_trajectory(
    problem: Problem, controls: AnyControls, times: Sequence[float], most_steps: int | None = None
) -> Enclosure:
    r"""``u(t)`` at the requested times.

    Parameters
    ----------
    problem, controls, most_steps
        As for `event_steps`.
    times : sequence of float
        In [0, 1], at least one, in any order; each one costs a step.

    Returns
    -------
    Enclosure
        ``value`` (batch, times, d), ``radius`` (batch, times).

    Raises
    ------
    TypeError, ValueError
        As for `event_steps`, and for times that are not numbers in [0, 1].
    """
    require(len(times) > 0, "times", "at least one", "none")
    for time in times:
        require(0.0 <= time <= 1.0, "times", "numbers in [0, 1]", time)
    return _at(problem, controls, tuple(Fraction(time) for time in times), most_steps)


@torch.no_grad()
def _at(
    problem: Problem, controls: AnyControls, times: Sequence[Fraction], most_steps: int | None
) -> Enclosure:
    R = problem.regularizer
    require(supports(R), "regularizer", "one with faces (see `supports`)", R.name, TypeError)
    layers(problem, controls)  # refuses controls that do not match
    most_steps = MOST_STEPS + 10 * controls.N if most_steps is None else most_steps
    require_size("most_steps", most_steps)
    # Orthogonal or semidefinite the parameters of R are to round-off of their own dtype only: they stay.
    exact = Problem(problem.A.double(), problem.f.double(), problem.u0.double(), HalfSquaredNorm())
    whole = system(R, _drive(exact, controls.to(torch.float64)))
    segments = _segments(controls.N, times, problem.device)
    values, bounds = _run(whole, segments, most_steps)
    chosen = [0 if time == 0 else segments.ends.index(time) + 1 for time in times]
    return _enclosure(whole.drive, values[:, chosen], bounds[:, chosen], problem.dtype)


def _drive(problem: Problem, controls: AnyControls) -> Drive:
    """Coefficients, with a doubt of ``m + 4`` roundings of the products of norms behind them."""
    found = operators(controls, problem)
    unit = (problem.m + 4) * EPS
    size_K, size_c = magnitudes(controls, problem)
    nothing = torch.zeros_like(problem.u0[:, 0])
    return Drive(found.K, found.c, found.sigma, problem.u0, unit * size_K, unit * size_c, nothing)


def _segments(cells: int, times: Sequence[Fraction], device: torch.device) -> _Segments:
    ends = sorted({Fraction(n, cells) for n in range(cells + 1)} | set(times))
    lengths = [float(b - a) for a, b in pairwise(ends)]
    owners = [int(a * cells) for a in ends[:-1]]
    return _Segments(
        tuple(ends[1:]),
        torch.tensor(lengths, dtype=torch.float64, device=device),
        torch.tensor(owners, device=device),
    )


def _run(
    whole: System, segments: _Segments, most_steps: int
) -> tuple[Float[Tensor, "batch ends d"], Float[Tensor, "batch ends"]]:
    """States and bounds at 0 and at the ends of the segments; infinite bounds where steps ran out."""
    drive, count = whole.drive, segments.lengths.shape[0]
    batch = drive.u0.shape[0]
    values = drive.u0.unsqueeze(1).repeat(1, count + 1, 1)
    bounds = torch.full_like(values[..., 0], torch.inf)
    bounds[:, 0] = drive.doubt_u0
    state = _State(
        torch.arange(batch, device=values.device),
        drive.u0,
        torch.zeros(batch, dtype=torch.int64, device=values.device),
        segments.lengths[:1].expand(batch),
        drive.doubt_u0,
        torch.zeros(batch, whole.kinks.constraints, dtype=torch.bool, device=values.device),
    )
    for _ in range(most_steps):
        if state.rows.numel() == 0:
            break
        state = _advance(whole, segments, state)
        ended = (state.left <= 0).nonzero().squeeze(-1)
        if ended.numel() == 0:
            continue
        at = (state.rows[ended], state.segment[ended] + 1)
        values[at], bounds[at] = state.u[ended], state.bound[ended]
        state = _next_segment(segments, state)
    return values, bounds


def _next_segment(segments: _Segments, state: _State) -> _State:
    """Those that ended a segment start the next one; those that ended the last one or were lost drop out."""
    ended = state.left <= 0
    segment = state.segment + ended
    going = (segment < segments.lengths.shape[0]) & state.bound.isfinite()
    left = torch.where(ended, segments.lengths[segment.clamp(max=segments.lengths.shape[0] - 1)], state.left)
    eager = state.eager & ~ended.unsqueeze(-1)
    moved = replace(state, segment=segment, left=left, eager=eager)
    return moved.take(going.nonzero().squeeze(-1))


def _advance(whole: System, segments: _Segments, state: _State) -> _State:
    """One step of every instance: to its next event, the end of its segment, or as far as the series goes."""
    piece = whole.piece(state.rows, segments.cells[state.segment])
    force = piece.c - linalg.matvec(piece.K, state.u)
    face = whole.kinks.face(state.rows, state.u, force, piece.sigma, state.eager)
    speed = face.project((force - face.pull - face.stiffness * state.u).unsqueeze(-1)).squeeze(-1)
    M = face.project(piece.K + torch.diag_embed(face.stiffness))
    step = torch.minimum(state.left, REACH / linalg.norm(M.flatten(1)))
    series = solution(state.u, speed, M, step)
    accurate = _accurate(series)
    path = cut(piece, face, trace(piece, rescale(series, accurate), accurate * step))
    end, push = path.states[..., -1:], path.forces[..., -1:]
    near = breach(face, path, end, push).squeeze(-1) > -NEAR
    end = end.squeeze(-1)
    u = face.snap(end, near)
    charge = residual(piece, face, path) + linalg.norm(u - end)
    growth = torch.exp(piece.kappa * path.step)
    bound = growth * state.bound + growth.clamp(min=1.0) * charge
    bound = torch.where(bound.isfinite() & u.isfinite().all(-1), bound, torch.inf)
    left = torch.where(bound.isfinite(), state.left - path.step, 0.0)
    return replace(state, u=u, left=left, bound=bound, eager=face.eager(near))


def _accurate(series: Float[Tensor, "batch d points"]) -> Scalars:
    """Fraction of the step on which the last term is round-off."""
    tail = linalg.norm(series[..., -1])
    target = EPS * linalg.norm(series.abs().sum(-1))
    return torch.where(tail > target, target / torch.where(tail > 0, tail, 1.0), 1.0) ** (1.0 / DEGREE)


def _enclosure(
    drive: Drive,
    values: Float[Tensor, "batch times d"],
    bounds: Float[Tensor, "batch times"],
    dtype: torch.dtype,
) -> Enclosure:
    """In the coordinates and the dtype of the problem; bounds grow by the round-off of adding them up."""
    bounds = bounds * (1.0 + 1e-9)
    for D, skew in reversed(drive.turns):
        share = 2.0 * skew.unsqueeze(-1)
        bounds = (1.0 + share) * bounds + share * linalg.norm(values)
        values = values @ D
    rounded = values.to(dtype)
    bounds = bounds + linalg.norm(rounded.double() - values)
    radius = bounds.to(dtype)
    upward = torch.nextafter(radius, torch.full_like(radius, torch.inf))
    return Enclosure(rounded, torch.where(radius < bounds, upward, radius))
