r"""How far a network's states are from the deep-layer limit, from the states alone (constant 4.7).

The limit ``u' ∈ −(Ku − c) − σ∂R(u)`` is driven by the network's own controls, constant on their cells; ``û``
is the piecewise-linear interpolant of the states.  The bound starts afresh in every layer from the distance
reached, which is never worse than ``√a + b`` carried through (``√((x + y)² + a) <= √(x² + a) + y``), and
takes the best of a few exact ways over each layer, see `fbscore.limit.cells`.  Source: constant 4.7 (exact),
after R. H. Nochetto, G. Savaré, C. Verdi, Comm. Pure Appl. Math. 53 (2000) 525-589.

All bounds are computed in float64, include the round-off of the states (`fbscore.limit.rounding`) and are
rounded up. A computed Bregman gap is known to round-off only and its root enters: the radii have a floor,
about 4e-7 in float64 and 2e-2 in float32 for numbers of size 1, unless ``R`` is quadratic.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require_floating, require_shape
from fbscore.limit.cells import RELAXATIONS, UNIT, Cells, cells_of, weights
from fbscore.limit.exact import Exact, exact
from fbscore.limit.steps import (
    Block,
    Gap,
    Terms,
    advance,
    gap,
    noise,
    reached_within,
    residual,
    steps,
    values_along,
)
from fbscore.network import AnyControls, layers
from fbscore.shapes import State, Steps, Trajectory
from fbscore.types import Enclosure, Problem

__all__ = ["final_enclosure", "network_certificate", "uniform_certificate"]

#: Entries of the largest tensor of a block of layers.
BLOCK = 2**21


@torch.no_grad()
def network_certificate(
    problem: Problem, controls: AnyControls, states: Trajectory | None = None
) -> Enclosure:
    r"""The limit at the times ``t_n = n/N``.

    Parameters
    ----------
    problem : Problem
        With a convex, finite regulariser that knows its growth constants.
    controls : Controls, ListaControls or AlistaControls
        They drive the network and, constant on their cells, the limit.
    states : (batch, N + 1, d), optional
        Those of `forward`, computed if not given.  Others are not certified.

    Returns
    -------
    Enclosure
        ``value`` (batch, N + 1, d), the states; ``radius`` (batch, N + 1) with
        ``‖û(t_n) − u(t_n)‖ <= radius``, infinite from where something overflowed.

    Raises
    ------
    TypeError, ValueError
        As `forward`; states of another shape.
    NotImplementedError
        The regulariser has no growth constants.
    """
    found = list(_certified(problem, controls, _given(problem, controls, states), 1, uniform=False))
    value = torch.cat([part.states for part in found], dim=1)
    return _enclosure(value, torch.cat([part.distances for part in found], dim=1))


@torch.no_grad()
def uniform_certificate(
    problem: Problem, controls: AnyControls, states: Trajectory | None = None
) -> Enclosure:
    r"""The limit at all times at once.

    Parameters
    ----------
    problem, controls, states
        As for `network_certificate`.

    Returns
    -------
    Enclosure
        ``value`` (batch, N + 1, d), the states; ``radius`` (batch,) with ``‖û(t) − u(t)‖ <= radius`` for
        every ``t`` in [0, 1], ``û`` linear between the states.

    Raises
    ------
    TypeError, ValueError, NotImplementedError
        As for `network_certificate`.
    """
    found = list(_certified(problem, controls, _given(problem, controls, states), 1, uniform=True))
    value = torch.cat([part.states for part in found], dim=1)
    return _enclosure(value, torch.cat([part.distances for part in found], dim=1).amax(-1))


@torch.no_grad()
def final_enclosure(problem: Problem, controls: AnyControls, factor: int = 1) -> Enclosure:
    r"""The limit at ``t = 1`` from a network of ``factor`` layers a cell, of which but a block is kept.

    Parameters
    ----------
    problem, controls
        As for `network_certificate`.
    factor : int
        At least 1.

    Returns
    -------
    Enclosure
        ``value`` (batch, d), the last state; ``radius`` (batch,) with ``‖value − u(1)‖ <= radius``.

    Raises
    ------
    TypeError, ValueError, NotImplementedError
        As for `network_certificate`; ``factor`` is not an int that is at least 1.
    """
    states = layers(problem, controls, factor)
    (last,) = deque(_certified(problem, controls, states, factor, uniform=False), maxlen=1)
    return _enclosure(last.states[:, -1], last.distances[:, -1])


class _Part(NamedTuple):
    """Some of the states (batch, n, d), and bounds on the distances there or up to there, (batch, n)."""

    states: Trajectory
    distances: Steps


def _certified(
    problem: Problem, controls: AnyControls, states: Iterator[State], factor: int, uniform: bool
) -> Iterator[_Part]:
    """Walk along the states, a block of layers at a time; the first part is the initial state alone."""
    true, h = exact(problem, controls), 1.0 / (controls.N * factor)
    last = next(states)
    distance = linalg.norm(last.double() - true.problem.u0)
    yield _Part(last.unsqueeze(1), distance.unsqueeze(1))
    part, cells = None, None
    for span in _spans(problem, controls.N, factor):
        path = torch.stack((last, *islice(states, len(span))), dim=1)
        inside = slice(span.start // factor, (span.stop - 1) // factor + 1)
        if cells is None or inside != part:
            part, cells = inside, cells_of(true.controls, true.problem, inside, true.curved)
        terms = _terms(problem, true, cells, path, h)
        reached = advance(distance, steps(cells, weights(cells.rates, h), terms))
        bounds = reached
        if uniform:
            starts = torch.cat((distance.unsqueeze(1), reached[:, :-1]), dim=1)
            # With rates that are not negative the bound grows throughout a layer.
            rising = weights(cells.rates.clamp(min=0.0), h)
            bounds = reached_within(starts, steps(cells, rising, terms))
        # A few roundings a layer in this bound itself.
        inflation = 1.0 + 64 * UNIT * (span.stop + problem.d)
        yield _Part(path[:, 1:], inflation * bounds)
        last, distance = path[:, -1], reached[:, -1]


def _terms(problem: Problem, true: Exact, cells: Cells, path: Trajectory, h: float) -> Terms:
    """What the layers along ``path`` contribute, equally many in each of the cells."""
    layout = (cells.rates.shape[1], (path.shape[1] - 1) // cells.rates.shape[1])
    wide = path.double()
    block = Block(wide[:, :-1].unflatten(1, layout), wide[:, 1:].unflatten(1, layout), h)
    r, lost = residual(cells, block), noise(cells, block, problem.regularizer, problem.m, problem.dtype)
    if true.curved is not None and true.curved.entire:
        return Terms(r, Gap.none(block), lost.smooth())
    values = values_along(problem.regularizer, path, layout)
    return Terms(r, gap(cells, block, values, true.curved), lost)


def _spans(problem: Problem, cells: int, factor: int) -> Iterator[range]:
    """Blocks of layers, each of whole cells or within one, with about ``BLOCK`` entries in a tensor."""
    entries = problem.batch * problem.d * max(problem.d, len(RELAXATIONS))
    length = max(1, BLOCK // max(1, entries))
    for start in range(0, cells * factor, max(1, length // factor) * factor):
        stop = min(start + max(1, length // factor) * factor, cells * factor)
        inner = length if length < factor else stop - start
        yield from (range(n, min(n + inner, stop)) for n in range(start, stop, inner))


def _given(problem: Problem, controls: AnyControls, states: Trajectory | None) -> Iterator[State]:
    """The states, given or computed."""
    computed = layers(problem, controls)  # says what does not match, and computes nothing yet
    if states is None:
        return computed
    require_floating(u0=problem.u0, states=states)
    require_shape("states", states, batch=problem.batch, times=controls.N + 1, d=problem.d)
    return iter(states.unbind(1))


def _enclosure(value: Tensor, distance: Tensor) -> Enclosure:
    """Round up to the dtype of the value; where something overflowed nothing is known."""
    radius = distance.to(value.dtype)
    above = torch.nextafter(radius, torch.full_like(radius, torch.inf))
    radius = torch.where(radius.double() < distance, above, radius)
    radius = torch.where(radius.isnan(), torch.inf, radius)
    known = value.isfinite().flatten(radius.ndim).all(-1)
    return Enclosure(torch.where(value.isnan(), torch.inf, value), torch.where(known, radius, torch.inf))
