r"""A trajectory of the limit system as polynomials on consecutive intervals, and the bound that goes with it.

The limit system is u'(t) in -(K(t) u - c(t)) - sigma(t) dR(u), u(0) = u0, on [0, 1] (X. Lin, C. Wu,
arXiv:2605.27133, (2.3) [reconstructed]) with K, c, sigma constant on each of P cells. Whatever solver made
the polynomials, constants 4.6 and 4.7 bound their distance to the solution: with p(t) an eps(t)-subgradient
of R at the trajectory v(t), and r = v' + K v - c + sigma p,

    |v - u| <= sqrt(a) + b,    a' = 2 kappa a + 2 sigma eps,    b' = kappa b + |r|,

with kappa = -lambda_min((K + K^T)/2). Where v jumps, b grows by the size of the jump. Reason: for p in
d_eps R(v), q in dR(u) the two inequalities that define them add up to <p - q, v - u> >= -eps, and (sqrt(a) +
b)^2 is a supersolution of what that leaves for |v - u|^2.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from claims.oracle.elementary import Array, norm
from claims.oracle.matrices import smallest_eigenvalue

UNIT = 2.0**-53
ROUNDING = 64 * UNIT  # of a sum of a few positive terms, relative


class Stuck(ArithmeticError):
    """The solver cannot go on: too many events, or a tie it cannot decide."""


class Segment(NamedTuple):
    """A time interval in which the same pieces of R are active; `status` is what the solver calls them."""

    start: float
    stop: float
    status: tuple[int, ...]


@dataclass(frozen=True)
class Flow:
    r"""Polynomials in (t - t_i) / (t_{i+1} - t_i) on the intervals [t_i, t_{i+1}) between `times`.

    Parameters
    ----------
    times
        (S+1,), strictly increasing from 0 to 1; the breakpoints of the controls are among them.
    coefficients
        (S, degree+1, d), constant term first.
    statuses
        What is active in each interval, in the words of the solver; for reading.
    radius
        Bound of |at(t) - u(t)| over [0, 1], rounding of `at` included.
    """

    times: Array
    coefficients: Array
    statuses: tuple[tuple[int, ...], ...]
    radius: float

    @property
    def states(self) -> Array:
        """States (S+1, d) at `times`."""
        return np.concatenate([self.coefficients[:, 0], _horner(self.coefficients[-1:], np.ones(1))])

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The intervals, joined where the status stays the same."""
        joined: list[Segment] = []
        for start, stop, status in zip(self.times[:-1], self.times[1:], self.statuses, strict=True):
            if joined and joined[-1].status == status:
                start = joined.pop().start
            joined.append(Segment(float(start), float(stop), status))
        return tuple(joined)

    def at(self, t: float | Array) -> Array:
        """State (d,) at a time t in [0, 1], or (T, d) at times (T,).

        Raises
        ------
        ValueError
            If a time lies outside [0, 1].
        """
        when = np.asarray(t, dtype=float)
        if not np.all((when >= 0) & (when <= 1)):
            raise ValueError(f"t: expected times in [0, 1], got {when.min()} to {when.max()}")
        i = np.clip(np.searchsorted(self.times, when, side="right") - 1, 0, len(self.times) - 2)
        s = (when - self.times[i]) / (self.times[i + 1] - self.times[i])
        return _horner(self.coefficients[i], s)

    def largest_norm(self) -> float:
        """Bound of |at(t)| over [0, 1]."""
        return float(np.max(norm(np.sum(np.abs(self.coefficients), axis=1)))) * (1 + ROUNDING)


def require_system(K: Array, c: Array, sigma: Array, u0: Array) -> None:
    """Raise ValueError unless K (P, d, d), c (P, d), sigma (P,) >= 0 and u0 (d,) are finite and fit."""
    if u0.ndim != 1 or not len(u0):
        raise ValueError(f"u0: expected shape (d,) with d >= 1, got {u0.shape}")
    if sigma.ndim != 1 or not len(sigma) or not np.all(sigma >= 0):
        raise ValueError(f"sigma: expected (P,) numbers >= 0 with P >= 1, got {sigma}")
    P, d = len(sigma), len(u0)
    for label, x, shape in (("K", K, (P, d, d)), ("c", c, (P, d))):
        if x.shape != shape:
            raise ValueError(f"{label}: expected shape {shape}, got {x.shape}")
    for label, x in (("K", K), ("c", c), ("sigma", sigma), ("u0", u0)):
        if not np.all(np.isfinite(x)):
            raise ValueError(f"{label}: expected finite numbers, got {x}")


def evaluation_error(coefficients: Array) -> Array:
    """Bound of the rounding error of `at`, the rounding of its time included: (S, degree+1, d) -> (S,)."""
    degree = coefficients.shape[1] - 1
    weights = np.arange(1, degree + 2)[:, None]
    return (2 * degree + 8) * UNIT * norm(np.sum(np.abs(coefficients) * weights, axis=1))


def _horner(coefficients: Array, s: Array) -> Array:
    """Polynomials (..., degree+1, d) at s (...)."""
    value = coefficients[..., -1, :]
    for k in range(coefficients.shape[-2] - 2, -1, -1):
        value = value * s[..., None] + coefficients[..., k, :]
    return value


def growth_rate(K: Array) -> Array:
    """kappa = -lambda_min((K + K^T)/2), the logarithmic norm of -K: (P, d, d) -> (P,), rounded up.

    The eigenvalues of LAPACK's symmetric solver are within a small multiple of d round-offs of the norm;
    16 d are added.
    """
    d = K.shape[-1]
    return -smallest_eigenvalue(K) + 16 * d * UNIT * norm(K.reshape(*K.shape[:-2], d * d))


def energy_bound(kappa: Array, lengths: Array, residual: Array, gap: Array, jumps: Array) -> float:
    r"""sup_t (sqrt(a) + b) of constants 4.6 and 4.7, over S intervals.

    Parameters
    ----------
    kappa, lengths
        (S,), of each interval.
    residual, gap
        (S,), bounds of int |r| and of int sigma eps over each interval.
    jumps
        (S,), jump at the start of each interval; the first one is |v(0) - u0|.
    """
    a = b = worst = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for rate, length, r, e, jump in zip(kappa, lengths, residual, gap, jumps, strict=True):
            factor, b = np.exp(rate * length), b + jump
            most = max(1.0, factor)
            worst = max(worst, np.sqrt(most * most * (a + 2 * e)) + most * (b + r))
            a, b = factor * factor * a + 2 * most * most * e, factor * b + most * r
    bound = float(max(worst, np.sqrt(a) + b)) * (1 + 16 * len(lengths) * UNIT)
    return bound if np.isfinite(a + b) and np.isfinite(worst) else np.inf  # max drops NaN


def perturbation_bound(
    flow: Flow, K: Array, change_of_K: Array, change_of_c: Array, change_of_u0: float
) -> float:
    r"""How far the solution moves when K, c, u0 move by as much, constant 4.5 with sigma unchanged.

    Parameters
    ----------
    flow
        Of the system with `K` (P, d, d).
    change_of_K, change_of_c
        (P,), bounds of the spectral norm and of the norm of the changes.
    change_of_u0
        Bound of the norm of the change.
    """
    cells = len(K)
    size = flow.largest_norm() + flow.radius
    drift = (change_of_K * size + change_of_c) / cells
    jumps, lengths = np.zeros(cells), np.full(cells, 1 / cells)
    jumps[0] = change_of_u0
    return energy_bound(growth_rate(K) + change_of_K, lengths, drift, np.zeros(cells), jumps)
