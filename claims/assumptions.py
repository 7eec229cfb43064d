r"""The assumptions of the theorems: what each says, how it is decided, how instances that lack it are made.

A predicate reads the raw data of a batch and returns one truth value an instance.  Convexity, finiteness
and minimality at zero of a catalogued regulariser are facts of the oracle; A1 is tested on random midpoints
besides, which can only refute.  The wording of A2 and A3 is *reconstructed*.
"""

from __future__ import annotations

from typing import Any

import torch

from claims import constants
from claims.kit.claim import Assumption
from claims.kit.instances import NetworkPair, StepFunction
from claims.oracle import regularizers as oracle


def _points(p: Any) -> torch.Tensor:
    """Return the instance's own points (batch, d): around them A1 is tested."""
    if hasattr(p, "v"):
        return p.v
    return p.first.u0 if isinstance(p, NetworkPair) else p.u0


def _convex_and_finite(p: Any) -> torch.Tensor:
    """Decide A1: the catalogue's word, and R at midpoints of 4 random segments around the instance's point.

    The midpoint inequality is forgiven the round-off of R itself, on its natural scale C0‖x‖ + C1‖x‖².
    """
    u = _points(p)
    if not (oracle.CONVEX[p.regularizer.name] and oracle.FINITE[p.regularizer.name]):
        return torch.zeros(u.shape[0], dtype=torch.bool)
    verdict = torch.ones(u.shape[0], dtype=torch.bool)
    unit = (u.shape[1] + 8) * torch.finfo(torch.float64).eps
    c0, c1 = constants.growth(p.regularizer, u)
    generator = torch.Generator().manual_seed(20260527)
    for _ in range(4):
        x = u + torch.randn(u.shape, generator=generator, dtype=torch.float64)
        y = torch.randn(u.shape, generator=generator, dtype=torch.float64)
        ends = constants.value(p.regularizer, x) + constants.value(p.regularizer, y)
        middle = constants.value(p.regularizer, (x + y) / 2)
        size = x.norm(dim=1) + y.norm(dim=1)
        verdict &= (2 * middle - ends <= unit * size * (c0 + c1 * size)) & ends.isfinite()
    return verdict


def _minimised_at_zero(p: Any) -> torch.Tensor:
    size = _points(p).shape[0]
    params = {
        k: v.cpu().numpy() if isinstance(v, torch.Tensor) else v for k, v in p.regularizer.params.items()
    }
    answer = torch.as_tensor(oracle.MINIMISED_AT_ZERO(p.regularizer.name, params))
    return answer.bool().expand(size).clone()


def _linear_growth(p: Any) -> torch.Tensor:
    """Decide A3: the subgradient at the instance's point is within C0 + C1‖u‖, with finite constants."""
    u = _points(p)
    if not oracle.CONVEX[p.regularizer.name]:
        return torch.zeros(u.shape[0], dtype=torch.bool)
    c0, c1 = constants.growth(p.regularizer, u)
    size, unit = constants.minimal_subgradient(p.regularizer, u), torch.finfo(torch.float64).eps
    return size <= (c0 + c1 * u.norm(dim=1)) * (1 + (u.shape[1] + 8) * unit)


def _bounded(p: StepFunction) -> torch.Tensor:
    return p.values.norm(dim=-1).amax(1) <= p.bound


def _bounded_variation(p: StepFunction) -> torch.Tensor:
    return (p.values[:, 1:] - p.values[:, :-1]).norm(dim=-1).sum(1) <= p.variation


A1 = Assumption(
    "A1",
    "R is convex and finite on all of R^d",
    _convex_and_finite,
    "ℓ₀, Σ|u_i|^{1/2}",
)
A2 = Assumption("A2", "0 minimises R (reconstructed)", _minimised_at_zero, "‖u − b‖₁ with b ≠ 0")
A3 = Assumption(
    "A3",
    "subgradients grow at most linearly: ‖p‖ ≤ C0 + C1‖u‖ for p ∈ ∂R(u) (reconstructed)",
    _linear_growth,
    "¼‖u‖⁴",
)
BOUNDED = Assumption("bounded", "the values of the family are bounded by M", _bounded, "values beyond M")
EQUICONTINUOUS = Assumption(
    "equi-continuous",
    "the family is equi-continuous in L²: its members have total variation at most V",
    _bounded_variation,
    "Rademacher functions, whose variation grows without bound",
)
