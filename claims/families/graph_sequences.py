r"""Sequences on the graph of ∂R, (u_k, p_k) = (prox_{aR}(x_k), (x_k − u_k)/a), and candidates for limits.

As u + ap = x on the graph and both maps x ↦ u, x ↦ p are continuous, every sequence x_k → x gives u_k → u
and p_k → p; and every point of the graph is of this form.  Where u sits on a kink of R, an interval of x
leads to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims import sequence_constants as sequence
from claims.families import regularizers
from claims.kit.instances import Regularizer
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions
from claims.kit.sequence_instances import GraphSequence

SIZES = (1, 2, 3, 5, 10)
#: Steps from x to x_k, k = 1, 2, …: the members with the numbers 16^k of a slow sequence, 3k of the fast one.
STEPS = {
    "k^-1/4": lambda k: torch.exp2(-k),
    "k^-1/2": lambda k: torch.exp2(-2 * k),
    "1/k": lambda k: torch.exp2(-4 * k),
    "2^-k": lambda k: torch.exp2(-3 * k),
}
LIMITS = ("anywhere", "on a kink", "at the edge of a kink", "along a kink")
MEMBERS, POINTS = 5, 6

DISTRIBUTION = (
    "Groups of one shape: regulariser uniform over the catalogue, d uniform over 1, 2, 3, 5, 10, a = 2^-2 "
    "… 2^2; x_k = x + r_k c, 5 members, r_k falling as k^-1/4, k^-1/2, 1/k (members 16^k) or 2^-k "
    "(members 3k), c gaussian, alternating in a third; x gaussian, or small or 0 (u on a kink, p inside "
    "∂R), or with |x_i| among 0 and aw_i (the edge of a kink), or c small too (along a kink). Six test "
    "points v: gaussian around u, u itself, 0, −u, 2u. All numbers are exact in float32; rates are "
    "measured and rounded up."
)
OFF_LIMIT = (
    " For the inequality half of the candidates (u, p) are no limits, but gaussian or integer. Corners: "
    "(u, p) with the same u or the same p as a point of the graph, along a segment on which R is affine."
)


def measured(p: GraphSequence) -> GraphSequence:
    """Return the sequence, exact in float32, with the rates of its last member rounded up."""
    p = p.representable()
    u = sequence.resolvents(p)
    s = sequence.graph_points(p, u)
    apart = torch.stack([(u[:, -1] - p.u).norm(dim=1), (s[:, -1] - p.p).norm(dim=1)], 1)
    exact = apart * 1024 == (apart * 1024).round()
    return replace(p, rates=torch.where(exact, apart, apart * (1 + 2.0**-20)).float().double())


def towards(
    regularizer: Regularizer,
    a: torch.Tensor,
    x: torch.Tensor,
    c: torch.Tensor,
    steps: torch.Tensor,
    v: torch.Tensor,
) -> GraphSequence:
    """Return x + steps_k c (batch, m, d) with the point of the graph that belongs to x (batch, d).

    ``c`` is (batch, d) or (batch, m, d); ``v`` (batch, K, d) are relative to u.
    """
    c = c if c.dim() == 3 else c[:, None]
    moved = x[:, None] + steps[None, :, None] * c
    empty = torch.zeros(len(x), 2, dtype=torch.float64, device=x.device)
    alone = GraphSequence(regularizer, x[:, None], a, x, x, v, empty).representable()
    u = sequence.resolvents(alone)[:, 0]
    p = (alone.x[:, 0] - u) / a[:, None]
    whole = torch.cat([u[:, None] + v, u[:, None], 0 * u[:, None], -u[:, None], 2 * u[:, None]], 1)
    return measured(GraphSequence(regularizer, moved, a, u, p, whole, empty))


def _to_a_limit(source: Source, count: int) -> tuple[str, GraphSequence]:
    name, d = source.choice(regularizers.EXACT_AT_KINKS), source.choice(SIZES)
    rate, where = source.choice(tuple(STEPS)), source.choice(LIMITS)
    regularizer, a = regularizers.draw(name, source, count, d), source.scale(count, low=-2, high=2)
    k = torch.arange(1, MEMBERS + 1, device=source.device, dtype=torch.float64)
    sign = torch.where(k % 2 > 0, 1.0, -1.0) if source.integer(0, 2) == 0 else torch.ones_like(k)
    x, c = source.normal(count, d) * source.scale(count, 1, low=-1, high=3), source.normal(count, d)
    if where == "on a kink":
        x = a[:, None] * source.uniform(count, d, low=-0.25, high=0.25) / d
    if where == "at the edge of a kink":
        x = a[:, None] * source.integers(count, d, low=-1, high=1)
    if where == "along a kink":
        x, c = 0 * x, a[:, None] * c / (8 * d)
    v = source.normal(count, POINTS - 4, d) * source.scale(count, 1, 1, low=-4, high=2)
    return f"{where}, {rate}", towards(regularizer, a, x, c, sign * STEPS[rate](k), v)


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 32))):
        family, sequences = _to_a_limit(source, count)
        yield Batch(sequences, family, independent=True)
    for name in regularizers.EXACT_AT_KINKS:
        for family, sequences in corners(source, name):
            yield Batch(sequences, family, independent=False)


def draw_candidates(source: Source, size: int) -> Iterator[Batch]:
    """Yield the same with candidates for the limit that are none among them."""
    for batch in draw(source, size):
        p: GraphSequence = batch.instances  # pyright: ignore[reportAssignmentType]
        if batch.independent and source.integer(0, 1):
            u, s = (source.normal(*p.u.shape).round() for _ in range(2))
            yield Batch(
                measured(replace(p, u=u, p=s)), f"{batch.family}, another candidate", independent=True
            )
        else:
            yield batch


def corners(source: Source, name: str, count: int = 4) -> Iterator[tuple[str, GraphSequence]]:
    """Yield the corner strata of one regulariser: one term of the bound alone, where R is affine."""
    for d in (1, 3):
        unit = regularizers.unit(name, count, d, source.device)
        one = torch.ones(count, dtype=torch.float64, device=source.device)
        far = source.integers(count, 1, low=2, high=6).expand(count, d)
        none = torch.zeros(count, 2, dtype=torch.float64, device=source.device)
        at_zero = GraphSequence(
            unit, -one[:, None, None].expand(count, 1, d) / d, one, far, far, far[:, None], none
        )
        u = sequence.resolvents(at_zero)
        s = sequence.graph_points(at_zero, u)[:, 0]
        yield "corner: p the same, u elsewhere", measured(replace(at_zero, p=s, v=u))
        outside = replace(at_zero, x=4 * far[:, None])
        u = sequence.resolvents(outside)
        s = sequence.graph_points(outside, u)[:, 0]
        higher = replace(outside, u=u[:, 0], p=1.5 * s, v=2 * u)
        yield "corner: u the same, p elsewhere", measured(higher)


def sequences() -> Sampler:
    """Return the sampler of sequences on the graph with the limit they have."""
    return Sampler(DISTRIBUTION, draw)


def candidates() -> Sampler:
    """Return the sampler of sequences on the graph with any (u, p)."""
    return Sampler(DISTRIBUTION + OFF_LIMIT, draw_candidates)


# ---------------------------------------------------------------- what the assumptions exclude


def hard_thresholds() -> Sampler:
    """Return points of the prox of ‖·‖₀ beyond its jump: u = x, p = 0, tested at 0."""

    def strata(source: Source) -> Iterator[tuple[str, GraphSequence]]:
        a = source.scale(32, low=-2, high=2)
        x = (2 * a).sqrt()[:, None] * (1 + source.uniform(32, 1, high=2.0))
        nothing = torch.zeros(32, 1, dtype=torch.float64, device=source.device)
        points, rates = nothing[:, None], torch.cat([nothing, nothing], 1)
        p = GraphSequence(Regularizer("l0", {}), x[:, None], a, x, nothing, points, rates)
        yield "beyond the jump", p

    return fixed("ℓ₀, d = 1, a = 2^j, x = u beyond the jump √(2a), p = 0, v = 0.", strata)


def steep() -> Sampler:
    """Return points u_k of ¼|u|⁴ beyond the unit ball, as far from u as from 0: u = 2u_k."""

    def strata(source: Source) -> Iterator[tuple[str, GraphSequence]]:
        a, near = source.scale(32, low=-2, high=2), source.scale(32, 1, low=1, high=4)
        x, far = near + a[:, None] * near**3, 2 * near
        empty = torch.zeros(32, 2, dtype=torch.float64, device=source.device)
        given = (x[:, None], a, far, far**3, far[:, None], empty)
        yield "far out", measured(GraphSequence(Regularizer("quartic", {}), *given))

    return fixed("¼u⁴, d = 1, a = 2^j, u_k = prox(x) = 2^i, i = 1 … 4, u = 2u_k, p = u³.", strata)


def wrong_limits() -> Sampler:
    """Return sequences whose candidate p is not their limit."""

    def strata(source: Source) -> Iterator[tuple[str, GraphSequence]]:
        for name in regularizers.EXACT_AT_KINKS:
            unit = regularizers.unit(name, 16, 2, source.device)
            one = torch.ones(16, dtype=torch.float64, device=source.device)
            x, c = source.normal(16, 2) / 8, source.normal(16, 2)
            steps = torch.exp2(-4.0 * torch.arange(1, 6, device=source.device, dtype=torch.float64))
            sequences = towards(unit, one, x, c, steps, source.normal(16, 2, 2) * 4)
            yield f"{name}: p moved away", replace(sequences, p=sequences.p + 4 * source.normal(16, 2))

    return fixed(
        "As for the claim, d = 2, with a gaussian added to p and the rates left as they were.", strata
    )
