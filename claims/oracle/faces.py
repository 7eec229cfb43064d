r"""Modes (see `modes`) of R(u) = max_i <a_i, u>: the faces of the hull of the slopes."""

from collections.abc import Iterable

import numpy as np
from scipy.linalg import solve_triangular

from claims.oracle.elementary import Array, norm
from claims.oracle.modes import Flips, Mode, Status

NOTHING = 2.0**-42  # a row shorter than this, relative to the slopes, is zero on the whole subspace


class Faces:
    """Status: 1 for the slopes that hold q = sigma sum y_i a_i, affinely independent; 0 for the others.

    The state moves where their values agree. Slopes that depend on them agree too and need no row.
    """

    def __init__(self, K: Array, c: Array, sigma: float, slopes: Array) -> None:
        self.K, self.c, self.sigma, self.slopes = K, c, sigma, slopes
        self.size = float(np.max(norm(slopes)))

    def start(self, u: Array) -> Status:
        """One slope of largest value."""
        best = int(np.argmax(self.slopes @ u))
        return tuple(int(i == best) for i in range(len(self.slopes)))

    def flip(self, status: Status, flips: Iterable[Flips]) -> Status:
        """Only the first change, so that the slopes stay independent."""
        entries = list(status)
        for index, entry in next(iter(flips), ()):
            entries[index] = entry
        return tuple(entries)

    def mode(self, status: Status) -> Mode:
        """x: coordinates in an orthonormal basis of the subspace; the weights y add up to sigma."""
        held = np.flatnonzero(status)
        free = np.flatnonzero(np.array(status) == 0)
        first = self.slopes[held[0]]
        across = (self.slopes[held[1:]] - first).T  # (d, |held| - 1)
        Q, triangle = np.linalg.qr(across, mode="complete")
        n = len(held) - 1
        E = np.ascontiguousarray(Q[:, n:])
        KE, pull = self.K @ E, self.c - self.sigma * first
        y = solve_triangular(triangle[:n], Q[:, :n].T) if n else np.zeros((0, len(first)))
        rows = (first - self.slopes[free]) @ E
        felt = norm(rows) > NOTHING * self.size
        others = -y @ KE  # weights of all held slopes but the first, which has what is left of sigma
        T = [rows[felt]]
        tau = [np.zeros(len(rows[felt]))]
        flips = [((i, 1),) for i in free[felt].tolist()]
        if n:
            T = [-np.sum(others, axis=0, keepdims=True), others, *T]
            tau = [np.array([self.sigma - np.sum(y @ pull)]), y @ pull, *tau]
            flips = [((i, 0),) for i in held.tolist()] + flips
        sizes = np.abs(self.c) + self.sigma * np.abs(first)
        terms = self.sigma + np.concatenate([np.sum(np.abs(y), axis=0, keepdims=True), np.abs(y)]) @ sizes
        tau_terms = np.concatenate([terms[: len(held) if n else 0], np.zeros(np.count_nonzero(felt))])
        return Mode(
            E, E.T, -E.T @ KE, E.T @ pull, np.concatenate(T), np.concatenate(tau), tuple(flips),
            np.abs(E.T) @ sizes, tau_terms,
        )  # fmt: skip
