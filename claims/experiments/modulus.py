r"""How far a network of N layers and one of M may be apart: (4.7) of both, (4.8) where M does not refine N.

The constants are those of `claims.limit_constants` and `claims.convergence_constants`, for many samples under
one network: K, κ and the norms of the controls are computed once, not for every sample.  The judge runs the
networks itself; nothing comes from `fbscore`.

Shapes: a network (replicates, …) with ``A`` (replicates, m, d); data ``f`` (replicates, samples, m), starts
0; states at one time (replicates, samples, d); results (replicates, samples).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from claims import convergence_constants, grid_constants, limit_constants, magnitudes
from claims.constants import operators, step_factors
from claims.kit.convergence_instances import controls, in_time
from claims.kit.instances import AnyNetwork, Lista
from claims.kit.rounding import UNIT_ROUNDOFF, rounding
from claims.regularizer_constants import growth, resolvent, value

__all__ = ["Followed", "apart", "control_error", "follow", "projected", "sizes"]

Array = Any


@dataclass(frozen=True)
class Followed:
    """A network with what the judge found of its run and of the limit that its controls drive.

    ``end`` (replicates, samples, d): u_N; ``certificate``: (4.7) at t = 1; ``reach`` and ``misfit``: bounds
    on ‖ū‖ and ‖Aū − f‖ over [0, 1]; ``magnitude``: the sum of norms behind u_N, for the rounding model.
    """

    network: AnyNetwork
    end: Array
    certificate: Array
    reach: Array
    misfit: Array
    magnitude: Array


def projected(network: AnyNetwork, cells: int) -> AnyNetwork:
    """Return P_M E_N of the controls: the judge's means over ``cells`` cells."""
    return in_time(network, lambda x: convergence_constants.projected(x, cells))


def apart(network: AnyNetwork, cells: int) -> Array:
    """Return ‖E_M P_M v − v‖ in L² of the three controls v, (replicates, 3); 0 where M refines N."""
    return torch.stack([_distance(x, cells) for x in controls(network)], 1)


def sizes(network: AnyNetwork) -> Array:
    """Return the L² norms of the three controls, (replicates, 3)."""
    return torch.stack([grid_constants.l2_norm(_flat(x)) for x in controls(network)], 1)


def follow(network: AnyNetwork, f: Array) -> Followed:
    """Run the network from 0 with the oracle's prox and certify it against the limit of its own controls."""
    K, _, sigma = operators(network)
    B = network.W1 if isinstance(network, Lista) else _measured(network)
    x, h = network.h * limit_constants.logarithmic_norms(K), network.h
    u = f.new_zeros(*f.shape[:2], K.shape[-1])
    certificate, rho = _Certificate(h, x, u), step_factors(K, h)
    misfit, magnitude = _misfit(network, u, f), torch.zeros_like(f[..., 0])
    for n in range(network.depth):
        drift, weight = u @ K[:, n].mT - f @ B[:, n].mT, sigma[:, n : n + 1].expand(f.shape[:2])
        after = resolvent(network.regularizer, u - h * drift, h * weight)
        step = _step_magnitude(network, n, u, after, f)
        magnitude = rho[:, n : n + 1] * magnitude + step
        gap = _gap(network, u, after, drift, weight, step)
        certificate.advance(n, gap, ((after - u) @ K[:, n].mT).norm(dim=-1), after)
        misfit = torch.maximum(misfit, _misfit(network, after, f))
        u = after
    spectral = torch.linalg.matrix_norm(network.A, 2)[:, None]
    whole = certificate.largest
    return Followed(
        network, u, certificate.end, certificate.state + whole, misfit + spectral * whole, magnitude
    )


class _Certificate:
    """(4.7) cell by cell, with the exact moments of `claims.limit_constants`."""

    def __init__(self, h: float, x: Array, u: Array) -> None:
        self.h, self.x = h, x
        self.a = self.b = self.largest = torch.zeros_like(u[..., 0])
        self.state = u.norm(dim=-1)
        self.early, self.late = limit_constants.early_growth(2 * x), limit_constants.late_growth(x)

    def advance(self, n: int, gap: Array, residual: Array, after: Array) -> None:
        """Take the gap σ_nD_n and the residual ‖K_n(u_{n+1} − u_n)‖ of a cell."""
        x, h = self.x[:, n : n + 1], self.h
        most = x.exp().clamp(min=1.0)
        inside = most * ((self.a + h * gap).sqrt() + self.b + h * residual / 2)
        self.largest = torch.maximum(self.largest, inside)
        self.a = (2 * x).exp() * self.a + 2 * h * self.early[:, n : n + 1] * gap
        self.b = x.exp() * self.b + h * self.late[:, n : n + 1] * residual
        self.state = torch.maximum(self.state, after.norm(dim=-1))

    @property
    def end(self) -> Array:
        """The bound at t = 1."""
        return self.a.sqrt() + self.b


def control_error(theta: AnyNetwork, other: Followed, away: Array, f: Array) -> Array:
    r"""Return (4.8): how far the limits at θ (``theta``) and θ̄ (``other``) are apart, which are ``away``."""
    c0, c1 = growth(theta.regularizer, f)
    subgradient = c0[:, None] + c1[:, None] * other.reach
    found: list[Array] = []
    for r in range(f.shape[0]):
        one, reach = _alone(theta, r, f), (other.reach[r], other.misfit[r], subgradient[r])
        bounds = convergence_constants.Reach(*reach)
        factor = limit_constants.stretch(theta.take(r))
        found.append(
            factor * convergence_constants.control_error(one, other.network.take(r), away[r : r + 1], bounds)
        )
    return torch.stack(found)


def _alone(network: AnyNetwork, r: int, f: Array) -> AnyNetwork:
    """Return one replicate, with the data of all samples in the place of those of an instance."""
    return replace(network.take(r), f=f[r])


def _measured(network: Any) -> Array:
    W = network.W if network.W.ndim == 4 else network.W[:, None]
    return network.tau[:, :, None, None] * W


def _flat(x: Array) -> Array:
    return x.reshape(*x.shape[:2], -1)


def _distance(x: Array, cells: int) -> Array:
    if x.shape[1] == 1 or cells % x.shape[1] == 0:
        return torch.zeros_like(x[:, 0].reshape(len(x), -1)[:, 0])
    common = grid_constants.common_cells(x.shape[1], cells)
    means = grid_constants.refined(convergence_constants.projected(x, cells), common)
    return grid_constants.l2_norm(_flat(means - grid_constants.refined(x, common)))


def _misfit(network: AnyNetwork, u: Array, f: Array) -> Array:
    return (u @ network.A.mT - f).norm(dim=-1)


def _gap(network: AnyNetwork, before: Array, after: Array, drift: Array, sigma: Array, step: Array) -> Array:
    """Return σ_nD_n and its round-off, as in `claims.limit_constants.bregman_gaps` and `gap_magnitude`."""
    moved = before - after
    used = moved / network.h - drift
    old, new = (value(network.regularizer, u) for u in (before, after))
    gap = (sigma * (old - new) - (used * moved).sum(-1)).clamp(min=0.0)
    behind = sigma * (old.abs() + new.abs())
    behind = behind + step * (moved.norm(dim=-1) / network.h + used.norm(dim=-1))
    off = rounding(UNIT_ROUNDOFF[torch.float64], magnitudes.operations(network), behind)
    return torch.where(sigma > 0, gap + off, 0.0)


def _step_magnitude(network: AnyNetwork, n: int, before: Array, after: Array, f: Array) -> Array:
    """Return the norms behind a step, from `claims.magnitudes`, replicate by replicate."""
    layer = in_time(network, lambda x: x[:, n : n + 1])
    states = torch.stack((before, after), 2)
    found = [
        before[r].norm(dim=-1)
        + network.h
        * (magnitudes.step_magnitude(_alone(layer, r, f), states[r])[:, 0] - before[r].norm(dim=-1))
        for r in range(len(before))
    ]
    return torch.stack(found)
