r"""The limit system with R replaced by its Moreau envelope: a second route to u(t), for every convex R.

u' in -(K u - c) - sigma dR(u) (X. Lin, C. Wu, arXiv:2605.27133, (2.3) [reconstructed]) becomes the stiff
equation v' = -(K v - c) - sigma g(v), g(v) = (v - prox_{mu R}(v)) / mu, which a multistep method solves.
Nothing is known here of R but its prox: no events, no active sets.

**A priori.** With w = prox_{mu R}(v), p = g(v) in dR(w) and q in dR(u): <p - q, v - u> = <p - q, w - u> +
mu <p - q, p> >= -mu |q|^2 / 4, and (H. Brezis, Operateurs maximaux monotones, 1973, for kappa = 0)

    |v(t) - u(t)|^2 <= (mu / 2) int_0^t exp(2 int_s^t kappa) sigma |q|^2 ds.

That is sqrt(mu) only, and says nothing of the solver's own error. What is returned instead is

**a posteriori**, for whatever the solver made of v. With p* = -(v' + K v - c) / sigma, the p that v needs,

    s := prox_{mu R}(w + mu p*),    p^ := (w + mu p* - s) / mu,

so that p^ in dR(s) exactly, and s = w, p^ = p* if p* in dR(w). Constant 4.6 holds for s with the residual

    s' + K s - c + sigma p^ = (s - v)' + K (s - v) + sigma (w - s) / mu,

since v' + K v - c + sigma p* = 0. So |s(t) - u(t)| <= b(t), where b' = kappa b + the norm of that, and b
grows by |jump of s| where s jumps. |s - v| is mu |p| and its variation enters, not its derivative: O(mu) for
p of bounded variation. An error of v that stays inside dR (an entry at rest) costs nothing, however stiff.
Where sigma = 0 take s = v. Round-off delta in s is delta / mu in p^: sigma delta / mu more. Everything is
exact but the quadrature: in each step of the solver v is the polynomial through NODES points, the last two
terms are bounded by their largest value there, the variation is what is seen there. So `error` is an
estimate, not a proof.

mu is so small that v - prox(v) is formed in extended precision; how many digits a prox keeps is tried out.
"""

import itertools
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.integrate import BDF, LSODA

from claims.oracle.elementary import Array, norm
from claims.oracle.flow import Stuck, growth_rate
from claims.oracle.parameters import Params
from claims.oracle.prox import Map, proximal_map

EXTENDED = np.longdouble
PRECISE = (
    2.0**-30,
    1e-12,
)  # width of the envelope and tolerance of the solver where a prox keeps more digits
COARSE = (2.0**-24, 1e-10)  # than a double has, and where it does not
FINE = 2.0**-58
ROUNDINGS = 8  # of a prox, each relative to the state
TRIALS = 8
ENOUGH = 1e-6  # a larger error is worth a second solver
WIDER = 16  # envelope and tolerance, where the solvers failed
MOST_STEPS = 6000  # on one piece
NODES = 9
_ANGLES = np.pi * np.arange(NODES - 1, -1, -1) / (NODES - 1)
_PLACES = (1 + np.cos(_ANGLES)) / 2  # Chebyshev points of [0, 1]
_VALUES = np.polynomial.chebyshev.chebvander(np.cos(_ANGLES), NODES - 1)
_SLOPES = np.polynomial.chebyshev.chebval(
    np.cos(_ANGLES), np.polynomial.chebyshev.chebder(2 * np.eye(NODES), axis=0)
).T @ np.linalg.inv(_VALUES)


@dataclass(frozen=True)
class Approximation:
    """`value` (d,) or (T, d), and an estimate of the largest distance of its vectors from the truth."""

    value: Array
    error: float


def flow(
    name: str, params: Params, K: Any, c: Any, sigma: Any, u0: Any, *, mu: float | None = None
) -> Approximation:
    """u(1) (d,) and an estimate of its error.

    Parameters
    ----------
    name, params
        The regulariser, convex and finite; array parameters (1, ...).
    K, c, sigma, u0
        (P, d, d), (P, d), (P,) >= 0 on the P cells of the uniform grid of [0, 1], and (d,); floats.
    mu
        Width of the envelope; by default as small as the digits of the prox allow.

    Raises
    ------
    Stuck
        If the solvers fail or take more than `MOST_STEPS` steps.
    ValueError
        If the regulariser is unknown.
    """
    found = trajectory(name, params, K, c, sigma, u0, [1.0], mu=mu)
    return Approximation(found.value[0], found.error)


def trajectory(
    name: str,
    params: Params,
    K: Any,
    c: Any,
    sigma: Any,
    u0: Any,
    times: Iterable[float],
    *,
    mu: float | None = None,
) -> Approximation:
    """u at T increasing times in (0, 1], (T, d), and an estimate of the largest error; see `flow`.

    LSODA, and if that fails or its error is large BDF too: the better one is returned. If both fail, a wider
    envelope.
    """
    K, c, sigma, u0 = (np.asarray(x, dtype=float) for x in (K, c, sigma, u0))
    when = np.asarray(list(times), dtype=float)
    if not (np.all(when > 0) and np.all(when <= 1) and np.all(np.diff(when) > 0)):
        raise ValueError(f"times: expected increasing numbers in (0, 1], got {when}")
    apply = proximal_map(name, params)
    unit = _round_off(apply, len(u0))
    width, tolerance = PRECISE if unit < FINE else COARSE
    found: list[Approximation] = []
    failed = ""
    for wider, solver in itertools.product((1, WIDER), (LSODA, BDF)):
        if found and (wider > 1 or found[0].error <= ENOUGH):
            break
        system = _Smoothed(apply, K[0], c[0], 0.0, wider * (width if mu is None else mu), unit)
        try:
            found.append(_march(system, (K, c, sigma), u0, when, solver, wider * tolerance))
        except Stuck as trouble:
            failed = str(trouble)
    if not found:
        raise Stuck(f"moreau_yosida: {failed}")
    return min(found, key=lambda one: one.error)


def _round_off(apply: Map, d: int) -> float:
    """Of the prox, relative, seen where it should move nothing: some work in doubles, or rotate by them."""
    v = np.random.default_rng(d).normal(size=(1, TRIALS, d)).astype(EXTENDED) / 3
    gap = norm((apply(v, EXTENDED(2) ** -100) - v).astype(float)) / norm(v.astype(float))
    seen = float(np.max(gap))
    return max(seen, float(np.finfo(EXTENDED).eps)) if seen < FINE else max(seen, 2.0**-53)


def _march(
    system: "_Smoothed",
    controls: tuple[Array, Array, Array],
    u0: Array,
    when: Array,
    solver: Any,
    tolerance: float,
) -> Approximation:
    K, c, sigma = controls
    cells, kappa = len(sigma), growth_rate(K)
    grid = np.arange(cells + 1) / cells
    ends = np.unique(np.concatenate([grid, when]))
    v = last = u0
    b, states, bounds = 0.0, [], []
    for start, stop in itertools.pairwise(ends):
        k = np.searchsorted(grid, start, side="right") - 1
        system = replace(system, K=K[k], c=c[k], sigma=float(sigma[k]))
        lengths, path = _steps(solver, system, start, stop, v, tolerance)
        shadow, residual = system.shadow(path, np.matmul(_SLOPES, path) / lengths[:, None, None])
        jumps = norm(shadow[:, 0] - np.concatenate([last[None], shadow[:-1, -1]]))
        seen = jumps + lengths * np.max(residual, axis=-1)
        seen = seen + np.sum(norm(np.diff(shadow - path, axis=1)), axis=-1)
        for length, more in zip(lengths, seen, strict=True):
            factor = np.exp(kappa[k] * length)
            b = factor * b + max(1.0, factor) * more
        v, last = path[-1, -1], shadow[-1, -1]
        states.append(last)
        bounds.append(b)
    asked = np.searchsorted(ends[1:], when)
    return Approximation(np.array(states)[asked], float(np.max(np.array(bounds)[asked])))


@dataclass(frozen=True)
class _Smoothed:
    """v' = c - K v - sigma g(v) on one interval."""

    apply: Map
    K: Array
    c: Array
    sigma: float
    mu: float
    unit: float  # round-off of the prox

    def prox(self, v: Array) -> Array:
        """prox_{mu R} at vectors (n, d), in extended precision."""
        return self.apply(v.astype(EXTENDED)[None], EXTENDED(self.mu))[0]

    def velocity(self, _: float, v: Array) -> Array:
        smooth = self.c - self.K @ v
        if self.sigma == 0:
            return smooth
        p = (v - self.prox(v[None])[0]) / self.mu
        return smooth - self.sigma * p.astype(float)

    def jacobian(self, _: float, v: Array) -> Array:
        """By differences that are short against mu; a prox has a derivative between 0 and 1."""
        if self.sigma == 0:
            return -self.K
        d, short = len(v), EXTENDED(self.mu) / 2**12
        at = self.prox(np.concatenate([v[None], v + short * np.eye(d)]))
        slopes = ((at[1:] - at[0]) / short).astype(float)
        w, V = np.linalg.eigh((slopes + slopes.T) / 2)
        w = np.where(w > 0.999, 1.0, np.where(w < 0.001, 0.0, w))  # noise here would be divided by mu
        return -self.K - self.sigma / self.mu * ((V * (1 - w)) @ V.T)

    def shadow(self, v: Array, slope: Array) -> tuple[Array, Array]:
        """s and |K (s - v) + sigma (w - s) / mu| for v, v' (S, n, d)."""
        missing = slope + v @ self.K.T - self.c
        if self.sigma == 0:
            return v, norm(missing)
        flat, p = v.reshape(-1, v.shape[-1]), -missing.reshape(-1, v.shape[-1]) / self.sigma
        w = self.prox(flat)
        s = self.prox(w + self.mu * p)
        apart = (self.sigma * (w - s) / self.mu).astype(float)
        s, rounding = s.astype(float), ROUNDINGS * self.unit * self.sigma / self.mu * norm(v)
        return s.reshape(v.shape), norm((s - flat) @ self.K.T + apart).reshape(v.shape[:-1]) + rounding


def _steps(
    solver: Any, system: _Smoothed, start: float, stop: float, v: Array, tolerance: float
) -> tuple[Array, Array]:
    """Lengths (S,) of the solver's steps and its trajectory (S, NODES, d)."""
    options = {"rtol": tolerance, "atol": tolerance, "jac": system.jacobian}
    lengths: list[float] = []
    path: list[Array] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # LSODA warns before it reports that it failed
        run = solver(system.velocity, start, v, stop, **options)
        while run.status == "running":
            trouble = run.step()
            if run.status == "failed" or len(lengths) == MOST_STEPS:
                raise Stuck(f"{solver.__name__}: {trouble or 'too many steps'} at t = {run.t}")
            piece = run.dense_output()
            lengths.append(piece.t - piece.t_old)
            path.append(piece(piece.t_old + lengths[-1] * _PLACES).T)
    return np.array(lengths), np.array(path)
