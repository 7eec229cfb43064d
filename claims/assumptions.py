r"""The assumptions of the theorems: what each says, how it is decided, how instances that lack it are made.

A predicate reads the raw data of a batch and returns one truth value an instance.  Convexity, finiteness
and minimality at zero of a catalogued regulariser are facts of the oracle; A1 is tested on random midpoints
besides, which can only refute.  The wording of A2 and A3 is *reconstructed*.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from claims import (
    convergence_constants,
    learning_constants,
    limit_constants,
    regularizer_constants,
    sequence_constants,
)
from claims.kit.claim import Assumption
from claims.kit.convergence_instances import TIMED, AdmissibleSequence, AnyLearning, ControlSequence
from claims.kit.gamma_instances import AnyGamma, GammaPerturbation, GammaSequence, candidates
from claims.kit.instances import NetworkPair, StepFunction
from claims.kit.sample_instances import Samples, SamplesPair
from claims.kit.sequence_instances import ConvergentSequence, FunctionSequence, GraphSequence, IntervalMap
from claims.oracle import regularizers as oracle


def _points(p: Any) -> torch.Tensor:
    """Return the instance's own points (batch, d): around them A1 is tested."""
    if isinstance(p, GraphSequence):
        return p.u
    if hasattr(p, "v"):
        return p.v
    one = p.first if isinstance(p, (NetworkPair, SamplesPair)) else p
    return one.network.u0 if isinstance(one, Samples) else one.u0


def _convex_and_finite(p: Any) -> torch.Tensor:
    """Decide A1: the catalogue's word, and R at midpoints of 4 random segments around the instance's point.

    The midpoint inequality is forgiven the round-off of R itself, on its scale |R(0)| + C0‖x‖ + C1‖x‖².
    """
    u = _points(p)
    if not (oracle.CONVEX[p.regularizer.name] and oracle.FINITE[p.regularizer.name]):
        return torch.zeros(u.shape[0], dtype=torch.bool)
    verdict = torch.ones(u.shape[0], dtype=torch.bool)
    unit = (u.shape[1] + 8) * torch.finfo(torch.float64).eps
    c0, c1 = regularizer_constants.growth(p.regularizer, u)
    at_zero = regularizer_constants.value(p.regularizer, 0 * u).abs()
    generator = torch.Generator().manual_seed(20260527)
    for _ in range(4):
        x = u + torch.randn(u.shape, generator=generator, dtype=torch.float64)
        y = torch.randn(u.shape, generator=generator, dtype=torch.float64)
        ends = regularizer_constants.value(p.regularizer, x) + regularizer_constants.value(p.regularizer, y)
        middle = regularizer_constants.value(p.regularizer, (x + y) / 2)
        size = x.norm(dim=1) + y.norm(dim=1)
        verdict &= (2 * middle - ends <= unit * (at_zero + size * (c0 + c1 * size))) & ends.isfinite()
    return verdict


def _minimised_at_zero(p: Any) -> torch.Tensor:
    size = _points(p).shape[0]
    params = regularizer_constants.plain(p.regularizer.params)
    answer = torch.as_tensor(oracle.MINIMISED_AT_ZERO(p.regularizer.name, params))
    return answer.bool().expand(size).clone()


def _linear_growth(p: Any) -> torch.Tensor:
    """Decide A3: the subgradient at the instance's point is within C0 + C1‖u‖, with finite constants."""
    u = _points(p)
    if not oracle.CONVEX[p.regularizer.name]:
        return torch.zeros(u.shape[0], dtype=torch.bool)
    c0, c1 = regularizer_constants.growth(p.regularizer, u)
    size, unit = regularizer_constants.minimal_subgradient(p.regularizer, u), torch.finfo(torch.float64).eps
    return size <= (c0 + c1 * u.norm(dim=1)) * (1 + (u.shape[1] + 8) * unit)


def _bounded(p: StepFunction | FunctionSequence) -> torch.Tensor:
    return p.values.norm(dim=-1).flatten(1).amax(1) <= p.bound


def _bounded_variation(p: StepFunction | FunctionSequence) -> torch.Tensor:
    jumps = p.values[..., 1:, :] - p.values[..., :-1, :]
    return jumps.norm(dim=-1).sum(-1).reshape(len(jumps), -1).amax(1) <= p.variation


def _same_system(p: NetworkPair) -> torch.Tensor:
    """Decide that every number but u0 is the same in both runs."""
    first, second = (replace(one, u0=0 * one.u0).arrays() for one in (p.first, p.second))
    same = [(x == y).reshape(len(x), -1).all(1) for x, y in zip(first, second, strict=True)]
    return torch.stack(same).all(0)


def _moderate(p: Any) -> torch.Tensor:
    if isinstance(p, NetworkPair):
        return _moderate(p.first) & _moderate(p.second)
    sequence = p.sequence if isinstance(p, AnyLearning) else p
    one = sequence.first if isinstance(sequence, ControlSequence) else sequence
    return limit_constants.stretch(one) <= 2.0**10


def _continuous_loss(p: AnyLearning) -> torch.Tensor:
    return torch.full((p.size,), p.loss in learning_constants.LOSSES)


def _lipschitz_penalties(p: AnyLearning) -> torch.Tensor:
    return torch.full((p.size,), all(name in learning_constants.PENALTIES for name in p.penalties))


def _closed(p: AdmissibleSequence) -> torch.Tensor:
    return (p.closed > 0).flatten(1).all(1)


def _strong(p: ControlSequence | AnyLearning) -> torch.Tensor:
    """Decide ‖θ^j − θ‖ ≤ rate_j and rate_j ≤ rate_1 (N_1/N_j)^{1/8} for every member and control."""
    p = p.sequence if isinstance(p, AnyLearning) else p
    fall = p.rates.new_tensor([(p.depths[0] / n) ** 0.125 for n in p.depths])
    near = convergence_constants.distances(p) <= p.rates
    falling = p.rates <= p.rates[:, :1] * fall[:, None]
    return (near & falling).flatten(1).all(1)


def _members_nonnegative(p: ControlSequence | AnyLearning) -> torch.Tensor:
    """Decide τ, λ ≥ 0 for every member θ^j."""
    p = p.sequence if isinstance(p, AnyLearning) else p
    verdict = torch.ones(p.size, dtype=torch.bool)
    for j in range(len(p.depths)):
        theta = p.function(j)
        for name in TIMED[type(theta)]:
            value = getattr(theta, name)
            if value.dim() == 2:
                verdict &= (value >= 0).all(1)
    return verdict


def _strong_rate(p: ConvergentSequence) -> torch.Tensor:
    """Decide ‖f_k − f‖_p ≤ 4^−k for every member."""
    allowed = sequence_constants.binary_rate(2 * p.index, p.twice_p)
    return (sequence_constants.distance_powers(p) <= allowed).all(1)


def _converges(p: GraphSequence) -> torch.Tensor:
    """Decide ‖u_m − u‖ ≤ r and ‖p_m − p‖ ≤ s for the last member, by the oracle's prox."""
    u = sequence_constants.resolvents(p)
    s = sequence_constants.graph_points(p, u)
    apart = torch.stack([(u[:, -1] - p.u).norm(dim=1), (s[:, -1] - p.p).norm(dim=1)], 1)
    return (apart <= p.rates).all(1)


def _on_the_graph(p: IntervalMap) -> torch.Tensor:
    """Decide limit + slope·r ∈ F(side·r) for all 0 < r ≤ 1: at r = 1, and at the limit up to the ends."""
    rows = torch.arange(p.size)
    place = p.side.long() + 1
    ends, closed = p.ends[rows, place], p.closed[rows, place]
    first = sequence_constants.inside(p.limit + p.slope, ends, closed)
    return first & sequence_constants.inside(p.limit, ends, torch.ones_like(closed))


def _closed_values(p: IntervalMap) -> torch.Tensor:
    return (p.closed > 0).all(2).all(1)


def _upper_semicontinuous(p: IntervalMap) -> torch.Tensor:
    """Decide upper semicontinuity at 0: F(−) and F(+), as they do not depend on t, lie in F(0)."""
    low, high, own = p.ends[..., 0], p.ends[..., 1], p.closed > 0
    below = (low > low[:, 1:2]) | ((low == low[:, 1:2]) & (own[:, 1:2, 0] | ~own[..., 0]))
    above = (high < high[:, 1:2]) | ((high == high[:, 1:2]) & (own[:, 1:2, 1] | ~own[..., 1]))
    return (below & above).all(1)


def _apart(p: GammaSequence) -> torch.Tensor:
    """Return the distances of all points, (batch, n, n)."""
    return (p.points[:, :, None] - p.points[:, None]).abs().amax(-1)


def _undercut(p: GammaSequence, lower: torch.Tensor, upper: torch.Tensor) -> torch.Tensor:
    """Decide whether for all k and |x| ≤ ρ_k some y within r_k has lower_k(y) ≤ upper_k(x) + e_k."""
    near = _apart(p)[:, None] <= p.radius[:, :, None, None]
    low = lower[:, :, None] <= (upper + p.error[:, :, None])[..., None]
    outside = p.points.abs().amax(-1)[:, None] > p.reach[:, :, None]
    return ((near & low).any(3) | outside).flatten(1).all(1)


def _liminf(p: AnyGamma) -> torch.Tensor:
    found = [_undercut(one, one.limit[:, None].expand_as(one.members), one.members) for one in candidates(p)]
    return torch.stack(found).all(0)


def _limsup(p: AnyGamma) -> torch.Tensor:
    found = [_undercut(one, one.members, one.limit[:, None].expand_as(one.members)) for one in candidates(p)]
    return torch.stack(found).all(0)


def _equicoercive(p: GammaSequence) -> torch.Tensor:
    """Decide that every F_k has a minimiser with |x| ≤ c, and c + r_k ≤ ρ_k."""
    near = p.points.abs().amax(-1) <= p.coercive[:, None]
    lowest = p.members == p.members.amin(2, keepdim=True)
    room = (p.coercive[:, None] + p.radius <= p.reach).all(1)
    return (lowest & near[:, None]).any(2).all(1) & room


def _lipschitz(p: GammaPerturbation) -> torch.Tensor:
    jumps = (p.perturbation[:, :, None] - p.perturbation[:, None]).abs()
    return (jumps <= p.lipschitz[:, None, None] * _apart(p.sequence)).flatten(1).all(1)


A1 = Assumption(
    "A1",
    "R is convex and finite on all of R^d",
    _convex_and_finite,
    "ℓ₀, Σ|u_i|^{1/2}, Σ min(|u_i|, |u_i − b_i|)",
)
A2 = Assumption("A2", "0 minimises R (reconstructed)", _minimised_at_zero, "‖u − b‖₁ with b ≠ 0")
A3 = Assumption(
    "A3",
    "subgradients grow at most linearly: ‖p‖ ≤ C0 + C1‖u‖ for p ∈ ∂R(u) (reconstructed)",
    _linear_growth,
    "¼‖u‖⁴",
)
A4 = Assumption(
    "A4",
    "the loss is continuous and nonnegative",
    _continuous_loss,
    "1 where u_1 − u*_1 exceeds a threshold; u_1 − u*_1 where that is positive, else 1",
)
A5 = Assumption(
    "A5",
    "the penalties of the controls are locally Lipschitz",
    _lipschitz_penalties,
    "1 where the norm exceeds 1/2; the norm, but 1 at 0",
)
BOUNDED = Assumption("bounded", "the values of the family are bounded by M", _bounded, "values beyond M")
EQUICONTINUOUS = Assumption(
    "equi-continuous",
    "the family is equi-continuous in L²: its members have total variation at most V",
    _bounded_variation,
    "Rademacher functions, whose variation grows without bound",
)
MODERATE = Assumption(
    "moderate",
    "the limit stretches distances at most 2^10 times (no part of the theorem: so far the oracle is sure)",
    _moderate,
    "strongly expanding systems",
    untestable="no part of the theorem: beyond it the radius of the oracle's solution decides nothing",
)
STRONG = Assumption(
    "strong",
    "θ^j → θ in L²: ‖θ^j − θ‖ is at most the stated rates, which fall at least as N^-1/8",
    _strong,
    "θ + s r_k(ϑ − θ) with Rademacher functions r_k, which converge weakly only",
)
MEMBERS = Assumption(
    "members",
    "every member of the sequence has steps and weights τ, λ ≥ 0",
    _members_nonnegative,
    "oscillations larger than θ",
    untestable="part of the definition of a network: a negative weight turns R into −R, which A1 excludes",
)
CLOSED = Assumption(
    "closed",
    "the set Θ of admissible controls is closed in L²: its intervals contain their ends",
    _closed,
    "half-open intervals, 0 < λ ≤ 1",
)
SAME_SYSTEM = Assumption(
    "same system",
    "both runs have the same A, f, R and θ: they differ in u0 alone",
    _same_system,
    "other controls",
)
STRONG_RATE = Assumption(
    "strong rate",
    "f_k → f in L^p with ‖f_k − f‖_p ≤ 4^−k",
    _strong_rate,
    "the typewriter sequence itself; Rademacher functions, which converge weakly only",
)
CONVERGES = Assumption(
    "converges",
    "u_k → u and p_k → p: the last member is within the stated rates of (u, p)",
    _converges,
    "a p that is not the limit of the p_k",
)
ON_THE_GRAPH = Assumption(
    "graph",
    "p_k ∈ F(u_k) for every k, u_k → u and p_k → p",
    _on_the_graph,
    "p_k outside F(u_k)",
)
CLOSED_VALUES = Assumption(
    "closed values", "F(t) is closed for every t", _closed_values, "F(t) = (0, 1) for every t"
)
UPPER_SEMICONTINUOUS = Assumption(
    "upper semicontinuous",
    "every neighbourhood of F(0) contains F(t) for all t near 0",
    _upper_semicontinuous,
    "a single-valued discontinuous selection, sign(t) from ∂|t|",
)
LIMINF = Assumption(
    "Γ-liminf",
    "F_k(x) ≥ min F − e_k over the window of radius r_k around x, for every k and |x| ≤ ρ_k (reconstructed)",
    _liminf,
    "pointwise convergence only: spikes that run into a point; a weak limit",
)
LIMSUP = Assumption(
    "Γ-limsup",
    "min F_k ≤ F(x) + e_k over the window of radius r_k around x, for every k and |x| ≤ ρ_k (reconstructed)",
    _limsup,
    "a limit that is lower somewhere than any member nearby",
)
EQUICOERCIVE = Assumption(
    "equi-coercive",
    "every F_k attains its minimum in one ball |x| ≤ c, and c + r_k ≤ ρ_k",
    _equicoercive,
    "minimisers that escape to infinity",
)
CONTINUOUS = Assumption(
    "continuous",
    "the perturbation G is continuous, here Lipschitz with the constant Λ",
    _lipschitz,
    "a perturbation that jumps",
)
