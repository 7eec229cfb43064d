r"""The constants of convergence: how far networks along a sequence of controls are from the limit at θ.

As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes
from `fbscore`.  The numbers (4.7) and (4.8) are those of ``docs/mathematics.md``; all displayed formulas
are *reconstructed*.  θ̄ = E_N P_N θ^j are the controls of the network of the member j, ū is the limit that
they drive, u the limit at θ, û the piecewise-linear interpolant of the network's states.

Shapes: as in `claims.kit.convergence_instances`; what belongs to the three controls (batch, J, 3), to the
times n/(2N), n = 1 … 2N, of a network (batch, 2N).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from claims import grid_constants
from claims.constants import operators
from claims.kit.arithmetic import (
    Array,
    accumulate,
    exp,
    is_ball,
    largest,
    matvec,
    maximum,
    norm,
    spectral_norm,
    sqrt,
    stack,
)
from claims.kit.convergence_instances import ControlSequence, controls, in_time
from claims.kit.instances import Alista, AnyNetwork, Lista
from claims.limit_constants import bregman_gaps, early_growth, late_growth, logarithmic_norms, mean_growth
from claims.regularizer_constants import growth

# ---------------------------------------------------------------- the sequence of controls


def distances(p: ControlSequence) -> Array:
    """Return ‖θ^j − θ‖ = s_j‖ϑ − θ‖ in L²(0, 1) for the three controls, (batch, J, 3)."""
    apart = [_size(there - here) for here, there in zip(controls(p.first), controls(p.other), strict=True)]
    return p.scales[:, :, None] * stack(apart, 1)[:, None]


def member(p: ControlSequence, j: int) -> AnyNetwork:
    """Return the network of the member j: depth N_j, controls P_N θ^j, by the judge's own means."""
    return network(function(p, j), p.depths[j])


def network(theta: AnyNetwork, cells: int) -> AnyNetwork:
    """Return the network of ``cells`` layers with the means of controls that are functions in time."""
    return in_time(theta, lambda x: projected(x, cells))


def function(p: ControlSequence, j: int) -> AnyNetwork:
    """Return the problem with the controls θ^j; steps and weights below 0, which none has, count as 0."""
    return in_time(p.function(j), lambda x: maximum(x, 0.0) if x.ndim == 2 else x)


def projected(values: Array, cells: int) -> Array:
    """Return the judge's means over ``cells`` cells of a function of any shape, (batch, M, …)."""
    batch, grid, *shape = values.shape
    means = grid_constants.cell_means(values.reshape(batch, grid, count(shape)), cells)
    return means.reshape(batch, cells, *shape)


def projection_errors(p: ControlSequence) -> Array:
    """Return ‖E_N P_N θ − θ‖ in L²(0, 1) for every depth and the three controls, (batch, J, 3)."""
    return stack([stack([_distance(x, N) for x in controls(p.first)], 1) for N in p.depths], 1)


def _distance(values: Array, cells: int) -> Array:
    """Return ‖E_N P_N v − v‖ (batch,); a function on one cell is its own mean."""
    if values.shape[1] == 1 or not count(values.shape[2:]):
        return 0 * _size(values)
    common = grid_constants.common_cells(values.shape[1], cells)
    means = projected(values, cells)
    return _size(grid_constants.refined(means, common) - grid_constants.refined(values, common))


def count(shape: Sequence[int]) -> int:
    """Return how many entries a value of ``shape`` has."""
    return int(np.prod(tuple(shape), dtype=int))


def _size(values: Array) -> Array:
    """Return the L² norm (batch,) of a function (batch, M, …), Frobenius over the trailing axes."""
    batch, grid, *shape = values.shape
    return grid_constants.l2_norm(values.reshape(batch, grid, count(shape)))


# ---------------------------------------------------------------- the certificate at half steps


def half_steps(states: Array) -> Array:
    """Return û at n/(2N), n = 0 … 2N, from the states (batch, N+1, d): (batch, 2N+1, d)."""
    return interleaved((states[:, :-1] + states[:, 1:]) / 2, states[:, 1:], states[:, 0])


def interleaved(middles: Array, ends: Array, start: Array | None = None) -> Array:
    """Return middles and ends of the cells, each (batch, N, …), in the order of time, after a ``start``."""
    pairs = [x[:, n] for n in range(ends.shape[1]) for x in (middles, ends)]
    return stack(pairs if start is None else [start, *pairs], 1)


class Certificate(NamedTuple):
    """(4.7) for one network: its terms at n/(2N), and the largest that their sum is on [0, 1], (batch,)."""

    gap: Array
    drift: Array
    largest: Array


def certificates(
    networks: Sequence[AnyNetwork], states: Sequence[Array], uncertainty: Sequence[Array]
) -> list[Certificate]:
    r"""Return the certificates of several networks at the times n/(2N), n = 1 … 2N.

    On the first half of a cell 1 − s = ½ + ½r and s = ½(1 − r), on the second 1 − s = ½r and
    s = ½ + ½(1 − r), where r falls from 1 to 0: the equations of (4.7) are solved exactly on each.

    Parameters
    ----------
    networks, states : of one batch, of any depths
    uncertainty : (batch, N) each
        Round-off of σ_nD_n, see `claims.limit_constants.bregman_gaps`.
    """
    x = [p.h * logarithmic_norms(operators(p)[0]) for p in networks]
    moments = _moments(x)
    return [
        _certificate(p, u, x_n, bregman_gaps(p, u, own), of_x)
        for p, u, x_n, own, of_x in zip(networks, states, x, uncertainty, moments, strict=True)
    ]


class _Moments(NamedTuple):
    """∫e^{xr}, ∫re^{xr}, and ∫e^{xr/2}, ∫(1 − r)e^{xr/2} over 0 < r < 1, each (batch, N)."""

    mean: Array
    early: Array
    half_mean: Array
    half_late: Array


def _moments(x: Sequence[Array]) -> list[_Moments]:
    """Return the moments of several networks, which are computed at once."""
    every = joined(x)
    parts = [f(y) for f, y in ((mean_growth, every), (early_growth, every))]
    parts += [f(every / 2) for f in (mean_growth, late_growth)]
    found: list[_Moments] = []
    start = 0
    for one in x:
        stop = start + one.shape[1]
        found.append(_Moments(*(part[:, start:stop] for part in parts)))
        start = stop
    return found


def joined(arrays: Sequence[Array]) -> Array:
    """Return arrays (batch, …, ·) one after the other along axis 1."""
    return np.concatenate(arrays, 1) if is_ball(arrays[0]) else torch.cat(list(arrays), 1)


def _certificate(p: AnyNetwork, states: Array, x: Array, gaps: Array, of_x: _Moments) -> Certificate:
    residual = norm(matvec(operators(p)[0], states[:, 1:] - states[:, :-1]))
    first = p.h * gaps * (of_x.mean + of_x.early) / 2
    second = p.h * gaps * of_x.early / 2
    early = p.h / 2 * residual * of_x.half_late / 2
    late = p.h / 2 * residual * (of_x.half_mean + of_x.half_late) / 2
    nothing = 0 * x[:, 0]
    a = accumulate(exp(2 * x), nothing, exp(x) * first + second)
    b = accumulate(exp(x), nothing, exp(x / 2) * early + late)
    most = maximum(exp(x), 1.0)
    inside = sqrt(most * most * (a[:, :-1] + p.h * gaps)) + most * (b[:, :-1] + p.h * residual / 2)
    return Certificate(
        interleaved(sqrt(exp(x) * a[:, :-1] + first), sqrt(a[:, 1:])),
        interleaved(exp(x / 2) * b[:, :-1] + early, b[:, 1:]),
        largest(inside),
    )


# ---------------------------------------------------------------- the control error (4.8)


class Reach(NamedTuple):
    """Bounds over all of [0, 1], each (batch,): ‖ū‖, ‖Aū − f‖ and the subgradients ‖p̄‖ of R at ū."""

    state: Array
    misfit: Array
    subgradient: Array


def reach(p: AnyNetwork, states: Array, certificate: Array) -> Reach:
    """Return what the states of a network and (4.7), at most ``certificate`` (batch,), say of ū."""
    c0, c1 = growth(p.regularizer, p.f)
    state = largest(norm(states)) + certificate
    misfit = 0 * state
    if p.f.shape[1]:
        misfits = norm(matvec(p.A[:, None], states) - p.f[:, None])
        misfit = largest(misfits) + spectral_norm(p.A) * certificate
    return Reach(state, misfit, c0 + c1 * state)


def control_error(first: AnyNetwork, other: AnyNetwork, apart: Array, of: Reach) -> Array:
    r"""Return the right side of (4.8), less its factor, for controls ``apart`` (batch, 3) in L², (batch,).

    It is linear in ``apart``: :math:`\|\bar\tau\bar W - \tau W\|_{L^1} \le \delta_\tau\|\bar W\| +
    \|\tau\|\delta_W`.  ``first`` has the controls θ, ``other`` θ̄; σ = τλ, but λ in LISTA and ALISTA.
    """
    here, there = controls(first), controls(other)
    of_first, of_second, of_weight = (apart[:, i] for i in range(3))
    if isinstance(first, Lista):
        return of_second * of.state + of_first * norm(first.f) + of_weight * of.subgradient
    step, matrix = _size(here[1]), _size(there[0])
    weight = of_weight
    if not isinstance(first, Alista):
        weight = of_second * _size(there[2]) + step * of_weight
    return (of_second * matrix + step * of_first) * of.misfit + weight * of.subgradient
