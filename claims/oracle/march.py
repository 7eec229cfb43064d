r"""Event-driven solution on one cell of the controls, mode by mode (see `modes`).

A mode is entered only if it is consistent: each row of T x(t) + tau is zero for all t, or its first Taylor
coefficient that is not round-off is positive. (Solutions are unique, so a mode that is consistent on some
[0, e] is the right one there; first coefficients are the minimal-norm derivative, later ones decide ties.)
A guess that is not consistent is changed where its rows ask for it, all at once and after some rounds one by
one, as in the principal pivoting of linear complementarity problems (R. W. Cottle, J.-S. Pang, R. E. Stone,
The Linear Complementarity Problem, 1992, chapter 4). Where that comes to no end, `Stuck` is raised.

Decisions are taken to round-off: `TIE`. What a wrong one costs is in the radius, which comes from elsewhere.
"""

from typing import NamedTuple

import numpy as np

from claims.oracle.bernstein import DEGREE, FROM_MONOMIALS, first_root
from claims.oracle.elementary import Array
from claims.oracle.flow import Stuck
from claims.oracle.modes import Family, Mode, Status

TIE = 2.0**-44  # a Taylor coefficient of a row is round-off below this, relative to the sum of its terms
REACH = 4.0  # longest step, in units of 1 / norm of B
MOST_STEPS = 1000  # in one cell
MOST_GUESSES = 200  # at one event
TOGETHER = 8  # rounds in which all rows change at once


class Piece(NamedTuple):
    """One step: polynomial coefficients (DEGREE+1, d) in (t - start) / (stop - start)."""

    start: float
    stop: float
    status: Status
    coefficients: Array


class Step(NamedTuple):
    """Taylor coefficients of a mode over `length`, and of its rows."""

    mode: Mode
    length: float
    x: Array  # (DEGREE+1, k)
    rows: Array  # (DEGREE+1, m)
    order: Array  # (m,), of the first coefficient that is not round-off; DEGREE+1 if all are
    small: Array  # (m,), what is round-off


def march(family: Family, u: Array, start: float, stop: float) -> tuple[list[Piece], Array]:
    """Pieces from `start` to `stop` and the state at `stop`.

    Raises
    ------
    Stuck
        After too many events, or at a tie that cannot be decided.
    """
    pieces: list[Piece] = []
    status, t = family.start(u), start
    for _ in range(MOST_STEPS):
        status, step = _consistent(family, status, u, stop - t)
        share, due = _first_event(step)
        end = stop if share == 1 and step.length == stop - t else min(t + share * step.length, stop)
        scale = (end - t) / step.length
        x = step.x * (scale ** np.arange(DEGREE + 1))[:, None]
        if end > t:
            pieces.append(Piece(t, end, status, x @ step.mode.E.T))
        u = step.mode.E @ np.sum(x[::-1], axis=0)
        t = end
        if t >= stop:
            return pieces, u
        if due:
            status = family.flip(status, [step.mode.flips[j] for j in due])
            mode = family.mode(status)
            u = mode.E @ (mode.P @ u)
    raise Stuck(f"event_driven: more than {MOST_STEPS} steps before t = {stop}")


def _consistent(family: Family, status: Status, u: Array, left: float) -> tuple[Status, Step]:
    """A consistent mode at u, from a first guess."""
    for guess in range(MOST_GUESSES):
        step = _expand(family.mode(status), u, left)
        wrong = _wrong(step)
        if not len(wrong):
            return _settled(family, status, step, left)
        changed = wrong if guess < TOGETHER else wrong[-1:]
        status = family.flip(status, [step.mode.flips[j] for j in changed])
        u = step.mode.E @ step.x[0]
    raise Stuck(f"event_driven: no consistent mode found in {MOST_GUESSES} guesses")


def _wrong(step: Step) -> Array:
    """Rows that turn negative at once."""
    leading = step.rows[np.minimum(step.order, DEGREE), np.arange(len(step.order))]
    return np.flatnonzero((leading < 0) & (step.order <= DEGREE))


def _settled(family: Family, status: Status, step: Step, left: float) -> tuple[Status, Step]:
    """The same motion with every piece held that stays where it is: then round-off cannot cross it."""
    idle = np.flatnonzero((step.order > DEGREE) & (step.mode.tau_terms == 0))
    while len(idle):
        held = family.flip(status, [step.mode.flips[j] for j in idle])
        trial = _expand(family.mode(held), step.mode.E @ step.x[0], left)
        if len(_wrong(trial)):
            break
        status, step = held, trial
        idle = np.flatnonzero((step.order > DEGREE) & (step.mode.tau_terms == 0))
    return status, step


def _expand(mode: Mode, u: Array, left: float) -> Step:
    """Taylor coefficients over at most `left`, so far that the terms left out are round-off."""
    size = float(np.sqrt(np.sum(mode.B * mode.B)))
    length = left if size * left <= REACH else REACH / size
    x = np.empty((DEGREE + 1, len(mode.b)))
    x[0] = mode.P @ u
    x[1] = (mode.B @ x[0] + mode.b) * length
    scaled = mode.B * length
    for k in range(1, DEGREE):
        x[k + 1] = scaled @ x[k] / (k + 1)
    sizes = np.abs(x)
    tail, top = np.max(sizes[-2:], initial=0.0), np.max(sizes, initial=0.0)
    if tail > 2.0**-58 * top:
        share = (2.0**-58 * (top / tail)) ** (1 / DEGREE)
        powers = share ** np.arange(DEGREE + 1)
        x, sizes, length = x * powers[:, None], sizes * powers[:, None], length * share
    rows = x @ mode.T.T
    rows[0] += mode.tau
    small = TIE * (np.abs(mode.T) @ (np.sum(sizes, axis=0) + length * mode.b_terms) + mode.tau_terms)
    counts = np.abs(rows) > small
    order = np.where(np.any(counts, axis=0), np.argmax(counts, axis=0), DEGREE + 1)
    return Step(mode, length, x, rows, order, small)


def _first_event(step: Step) -> tuple[float, list[int]]:
    """Share of the step up to the first zero of a row, and the rows that end there; (1, []) if none does."""
    alive = np.flatnonzero(step.order <= DEGREE)
    rows = step.rows.copy()
    for j in alive[step.order[alive] > 0]:  # zero at the start: divided by that power of t
        order = step.order[j]
        rows[:, j] = np.concatenate([step.rows[order:, j], np.zeros(order)])
    lowest = np.min(FROM_MONOMIALS @ rows[:, alive], axis=0, initial=np.inf)
    share, found = 1.0, []
    for j in alive[lowest <= 0]:
        root = first_root(rows[:, j], float(step.small[j]))
        if root is not None and root <= share:
            share = root
            found.append((root, int(j)))
    return share, [j for root, j in found if root <= share * (1 + 2.0**-40)]
