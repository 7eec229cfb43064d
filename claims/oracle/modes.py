r"""Modes of u' in -(K u - c) - sigma dR(u) with constant K, c, sigma: where R is l1, TV, max |u_i| or Huber.

On a *mode* the pieces of R that are active stay the same: the state moves in a subspace, u = E x, and

    x' = B x + b,    valid while T x + tau >= 0 (row by row).

Each row is either a piece that is not active (a sign, a jump, a distance to the maximum) or a multiplier of
one that is: q = -(K u - c) - u' must lie in sigma dR(u). A row that turns negative says what changes then:
its `flips`, entries of the status. Beside `mode`, a family has `start`, a first guess at the status
at a state, and `flip`.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np

from claims.oracle.elementary import Array
from claims.oracle.threshold import simplex_threshold

Status = tuple[int, ...]
Flips = tuple[tuple[int, int], ...]  # (index, new entry) of the status
SMOOTH = 2  # entry of a coordinate without a kink


class Mode(NamedTuple):
    """u = E x (d, k), x = P u (k, d), x' = B x + b, valid while T x + tau >= 0 (m rows, each with its flips).

    `b` and `tau` are sums in which terms may cancel; `b_terms` and `tau_terms` are the sizes of those terms.
    """

    E: Array
    P: Array
    B: Array
    b: Array
    T: Array
    tau: Array
    flips: tuple[Flips, ...]
    b_terms: Array
    tau_terms: Array


class Family(Protocol):
    """The modes of one R on one cell of the controls."""

    def start(self, u: Array) -> Status:
        """A guess at the status at u (d,)."""
        ...

    def mode(self, status: Status) -> Mode:
        """The mode with this status."""
        ...

    def flip(self, status: Status, flips: Iterable[Flips]) -> Status:
        """The status after the changes that some rows ask for."""
        ...


class _Entrywise:
    """A status of one entry per kink, each changed by itself."""

    def flip(self, status: Status, flips: Iterable[Flips]) -> Status:
        """Set the entries."""
        entries = list(status)
        for changes in flips:
            for index, entry in changes:
                entries[index] = entry
        return tuple(entries)


class Smooth(_Entrywise):
    """sigma = 0: one mode, no rows."""

    def __init__(self, K: Array, c: Array) -> None:
        self.K, self.c = K, c

    def start(self, u: Array) -> Status:
        """Nothing to choose."""
        return ()

    def mode(self, status: Status) -> Mode:
        """All of R^d."""
        d = len(self.c)
        one, none = np.eye(d), np.zeros((0, d))
        return Mode(one, one, -self.K, self.c, none, none[:, 0], (), np.abs(self.c), none[:, 0])


class Absolute(_Entrywise):
    """Weighted l1 norm: sign of a moving coordinate, 0 at rest, `SMOOTH` where the limit sigma w_i is 0."""

    def __init__(self, K: Array, c: Array, thresholds: Array) -> None:
        self.K, self.c, self.thresholds = K, c, thresholds

    def start(self, u: Array) -> Status:
        """The signs: zeros rest."""
        return tuple(np.where(self.thresholds > 0, np.sign(u), SMOOTH).astype(int).tolist())

    def mode(self, status: Status) -> Mode:
        """x: the moving coordinates; the multiplier of one at rest is -(K u - c)_i."""
        s = np.array(status)
        moving, resting, signed = np.flatnonzero(s), np.flatnonzero(s == 0), np.flatnonzero(abs(s) == 1)
        E = np.eye(len(s))[:, moving]
        pull = np.where(abs(s) == 1, s, 0) * self.thresholds
        signs = s[signed, None] * E[signed]
        K, c, limits = self.K[:, moving], self.c[resting], self.thresholds[resting]
        T = np.concatenate([signs, K[resting], -K[resting]])
        tau = np.concatenate([np.zeros(len(signed)), limits - c, limits + c])
        flips = [((i, 0),) for i in signed.tolist()]
        flips += [((i, sign),) for sign in (1, -1) for i in resting.tolist()]
        sizes = np.abs(self.c) + self.thresholds
        tau_terms = np.concatenate([np.zeros(len(signed)), sizes[resting], sizes[resting]])
        b = (self.c - pull)[moving]
        return Mode(E, E.T, -K[moving], b, T, tau, tuple(flips), sizes[moving], tau_terms)


class Variation(_Entrywise):
    """Total variation: sign of each of the d - 1 jumps, 0 inside a plateau."""

    def __init__(self, K: Array, c: Array, sigma: float) -> None:
        self.K, self.c, self.sigma = K, c, sigma

    def start(self, u: Array) -> Status:
        """The signs of the jumps."""
        return tuple(np.sign(np.diff(u)).astype(int).tolist())

    def mode(self, status: Status) -> Mode:
        """x: the heights of the plateaus; multipliers y with q = D^T y, by sums from the left."""
        s = np.array(status, dtype=int)
        level = np.flatnonzero(s == 0)
        plateau = np.concatenate([[0], np.cumsum(s != 0)])
        E = (plateau[:, None] == np.arange(plateau[-1] + 1)).astype(float)
        P = E.T / np.sum(E, axis=0)[:, None]
        pull = self.c + self.sigma * np.diff(np.concatenate([[0], s, [0]]))
        KE = self.K @ E
        B, b = -P @ KE, P @ pull
        jumps = np.flatnonzero(s)
        signs = s[jumps, None] * (E[jumps + 1] - E[jumps])
        y = np.cumsum(KE + E @ B, axis=0)[level]  # y_j = -sum_{i <= j} q_i, less what the outer jumps give
        y0 = np.cumsum(E @ b - pull)[level]
        T = np.concatenate([signs, -y, y])
        tau = np.concatenate([np.zeros(len(jumps)), self.sigma - y0, self.sigma + y0])
        flips = [((j, 0),) for j in jumps.tolist()]
        flips += [((j, sign),) for sign in (1, -1) for j in level.tolist()]
        sizes = np.abs(self.c) + 2 * self.sigma
        terms = 2 * np.cumsum(sizes)[level]
        tau_terms = np.concatenate([np.zeros(len(jumps)), terms, terms])
        return Mode(E, P, B, b, T, tau, tuple(flips), P @ sizes, tau_terms)


class Largest:
    """Maximum norm: signs of the entries that stay at the maximum, 0 for others; all 0 is rest at u = 0."""

    REST: Flips = ((-1, 0),)

    def __init__(self, K: Array, c: Array, sigma: float) -> None:
        self.K, self.c, self.sigma = K, c, sigma

    def start(self, u: Array) -> Status:
        """The entries of largest size."""
        size = np.abs(u)
        return tuple((np.sign(u) * (size == size.max())).astype(int).tolist())

    def flip(self, status: Status, flips: Iterable[Flips]) -> Status:
        """Set the entries; `REST` clears them all."""
        entries = list(status)
        for changes in flips:
            if changes == self.REST:
                return (0,) * len(status)
            for index, entry in changes:
                entries[index] = entry
        return tuple(entries)

    def mode(self, status: Status) -> Mode:
        """x: the smaller entries, then the maximum m with its multipliers s_i q_i >= 0, of sum sigma."""
        s = np.array(status)
        top, low = np.flatnonzero(s), np.flatnonzero(s == 0)
        if not len(top):
            return self._rest()
        E = np.concatenate([np.eye(len(s))[:, low], s[:, None].astype(float)], axis=1)
        P = E.T / np.sum(E * E, axis=0)[:, None]
        KE = self.K @ E
        B, b = -P @ KE, P @ self.c
        b[-1] -= self.sigma / len(top)
        last = np.eye(len(low) + 1)[-1:]
        weights = -s[top, None] * KE[top] - B[-1:]
        T = np.concatenate([last, last - E[low], last + E[low], weights])
        tau = np.concatenate([np.zeros(1 + 2 * len(low)), s[top] * self.c[top] - b[-1]])
        flips = [self.REST, *(((i, sign),) for sign in (1, -1) for i in low.tolist())]
        flips += [((i, 0),) for i in top.tolist()]
        sizes = np.abs(P) @ np.abs(self.c)
        sizes[-1] += self.sigma
        tau_terms = np.concatenate([np.zeros(1 + 2 * len(low)), np.abs(self.c)[top] + sizes[-1]])
        m = len(T) - (len(top) == 1)  # the multiplier of a single one is sigma
        return Mode(E, P, B, b, T[:m], tau[:m], tuple(flips[:m]), sizes, tau_terms[:m])

    def _rest(self) -> Mode:
        """u = 0 while the l1 norm of c is at most sigma; it leaves along c less its part in that ball."""
        size = np.abs(self.c)
        threshold = simplex_threshold(size, np.asarray(self.sigma))
        leave = tuple((i, int(np.sign(self.c[i]))) for i in np.flatnonzero(size >= threshold).tolist())
        none = np.zeros((len(size), 0))
        tau, terms = np.array([self.sigma - np.sum(size)]), np.array([self.sigma + np.sum(size)])
        empty = np.zeros(0)
        return Mode(none, none.T, np.zeros((0, 0)), empty, np.zeros((1, 0)), tau, (leave,), empty, terms)


class Huber(_Entrywise):
    """Huber: 0 where |u_i| <= width, else the sign; the right side is continuous, nothing rests or slides."""

    def __init__(self, K: Array, c: Array, sigma: float, width: float) -> None:
        self.K, self.c, self.sigma, self.width = K, c, sigma, width

    def start(self, u: Array) -> Status:
        """The zones."""
        return tuple((np.sign(u) * (np.abs(u) > self.width)).astype(int).tolist())

    def mode(self, status: Status) -> Mode:
        """All of R^d; rows are distances to the ends of the zones."""
        s = np.array(status)
        one = np.eye(len(s))
        outer, inner = np.flatnonzero(s), np.flatnonzero(s == 0)
        B = -self.K - np.diag(np.where(s == 0, self.sigma / self.width, 0.0))
        T = np.concatenate([s[outer, None] * one[outer], -one[inner], one[inner]])
        tau = np.concatenate([np.full(len(outer), -self.width), np.full(2 * len(inner), self.width)])
        flips = [((i, 0),) for i in outer.tolist()]
        flips += [((i, sign),) for sign in (1, -1) for i in inner.tolist()]
        b_terms = np.abs(self.c) + self.sigma
        return Mode(one, one, B, self.c - self.sigma * s, T, tau, tuple(flips), b_terms, np.abs(tau))
