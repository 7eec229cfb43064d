r"""Theorem 3.5: the learning problem of the deep-layer limit has a minimiser.

Assume A1 … A5, and Θ nonempty, bounded in L^∞, closed in L² and equi-continuous.  Then J(θ) = ℓ(u(1), u*) + α
r_W(‖W‖) + β r_τ(‖τ‖) + γ r_λ(‖λ‖), with norms of L²(0, 1), attains its infimum on Θ; with several samples the
loss is their mean, LISTA has W¹, W², λ in the place of W, τ, λ.

Finite form.  J is continuous with the modulus that (4.5) for the limit gives.  Equi-continuous sets are those
of total variation at most V.  Then weak convergence is strong, ‖θ^k − θ‖² ≤ δ(k(high − low) + 2V) where δ =
sup‖∫_0^t θ^k − θ‖ and k is the number of entries; so, with F = J on Θ and +∞ outside, F(θ) ≤ F(θ^k) + modulus
at these distances, where F(θ) = +∞ allows F(θ^k) < +∞ only on the way.  For the networks along a sequence one
number bounds (∫‖û'‖²)^{1/2}, and the least values over a finite family, projected onto N and then onto more
cells, differ by no more than the moduli (4.7) + (4.8) of both depths.

Without equi-continuity the set must not be convex to lack a minimiser: see section 12.

Shapes: members (batch, J), states (batch, samples, N+1, d).  Source: arXiv:2605.27133, Theorem 3.5 and (2.9),
(2.11), *reconstructed*; constants 4.4, 4.5, 4.7, 4.8, section 12.
"""

from claims import assumptions, compact_margins
from claims.assumptions import CLOSED
from claims.families import (
    compact_failures,
    compact_sequences,
    drawn_convergence,
    drawn_existence,
    drawn_learning,
    minimal_failures,
)
from claims.kit.claim import claim
from claims.set_assumptions import A1, A2, A3, A4, A5, IN_BOXES, MEMBERS, MODERATE, VARIES_LITTLE

WITHOUT_A2 = "(4.3) then has ‖∂R⁰(0)‖σ beside ‖c‖, with a bound on the states just as well"
WITHOUT_A3 = (
    "on ‖u‖ ≤ M, ‖∂R(u)‖ ≤ max_{‖w‖≤M+1} R − min_{‖w‖≤M} R, finite by A1; it takes the place of C0 + C1M"
)
NOWHERE_MINIMISED = "(4.5) compares two limits with each other; where R is minimal does not enter"
DISPENSABLE = {A2: WITHOUT_A2, A3: WITHOUT_A3}

ALL = (A1, A2, A3, A4, A5, MEMBERS, MODERATE)
continuous = claim(
    "fbs_learning",
    "Theorem 3.5",
    assumes=(
        *(assumptions.A1, assumptions.A3, assumptions.A4, assumptions.A5),
        *(assumptions.MEMBERS, assumptions.MODERATE),
    ),
    dispensable={assumptions.A2: NOWHERE_MINIMISED, assumptions.A3: WITHOUT_A3},
)
theorem = claim(
    "fbs_learning",
    "Theorem 3.5",
    assumes=(*ALL, CLOSED, IN_BOXES, VARIES_LITTLE),
    dispensable=DISPENSABLE,
)
compact = claim("fbs_learning", "Theorem 3.5", assumes=(IN_BOXES, VARIES_LITTLE))
speeds = claim(
    "fbs_learning",
    "Theorem 3.5",
    assumes=(assumptions.A1, assumptions.A2, assumptions.A3, assumptions.MEMBERS),
    dispensable={assumptions.A2: WITHOUT_A2, assumptions.A3: WITHOUT_A3},
)
nested = claim(
    "fbs_learning", "Theorem 3.5", assumes=(A1, A3, A4, A5, MEMBERS, MODERATE), dispensable=DISPENSABLE
)
#: A3 says of nothing but a convex R how its subgradients grow.
convex = claim(
    "fbs_learning", "Theorem 3.5", assumes=(A1, A4, A5, MEMBERS, MODERATE), dispensable=DISPENSABLE
)


@continuous.holds(
    drawn=drawn_learning.problems(),
    sampled=compact_sequences.moduli(),
    sharp=("loss", "penalty"),
    cost=256,
)
def test_objective_of_the_limit_is_continuous(p, run):
    """|J(θ^k) − J(θ)| ≤ ω((4.5) at t = 1) + Σ weights·ω_r(‖θ^k − θ‖) for the last member of a sequence."""
    return compact_margins.modulus(p, run)


@compact.holds(
    drawn=drawn_existence.compact(), sampled=compact_sequences.sequences(), sharp=("values",), cost=16
)
def test_weak_convergence_is_strong(p, run):
    """‖θ^k − θ‖² ≤ δ k (high − low) + 2δV for every control, δ = sup_t ‖∫_0^t θ^k − θ‖."""
    return compact_margins.strong(p, run)


@theorem.holds(
    drawn=drawn_existence.compact(),
    sampled=compact_sequences.sequences(),
    sharp=("value", "loss", "penalty"),
    cost=320,
)
def test_objective_of_the_limit_is_lower_semicontinuous(p, run):
    """F(θ) ≤ F(θ^k) + modulus at the root of δ(k(high − low) + 2V); F(θ) = +∞ only where F(θ^k) = +∞, or on
    the way.
    """
    return compact_margins.lower(p, run)


@speeds.holds(
    drawn=drawn_convergence.sequences(),
    sampled=compact_sequences.speeds(),
    sharp=("operator", "data", "subgradient"),
    cost=64,
)
def test_h1_bound_of_all_depths(p, run):
    """(∫‖û'‖²)^{1/2} ≤ kM + c + s(C0 + C1M) for all members: k = sup‖K‖, c = sup‖c‖, s = sup σ."""
    return compact_margins.speed(p, run)


@nested.holds(drawn=drawn_existence.nested(), sampled=compact_sequences.nested(), cost=256)
def test_least_values_are_cauchy(p, run):
    """|min_j J^N(P_N θ^j) − min_j J^M(P_M θ^j)| ≤ the moduli of both depths, the largest over the family."""
    return compact_margins.cauchy(p, run)


@theorem.fails(
    without=VARIES_LITTLE,
    on=compact_failures.chatter(),
    witness="existence_chattering",
    expected="|w| = 1, w = r_1 … r_5: J = .012747, .003674, .000961, .000243, .000061 → 0, 0 is no value: "
    "u₂(1) − ½ = ½∫(1 − u₂/‖u‖) > 0; the weak limit w = 0 is not in Θ",
    cost=128,
)
def test_limits_need_equicontinuity(p, run):
    """w = r_k, |w| = 1: J(r_k) → 0, which only the weak limit w = 0 ∉ Θ attains."""
    return test_objective_of_the_limit_is_lower_semicontinuous.predicate(p, run)


@compact.fails(
    without=VARIES_LITTLE,
    on=compact_failures.chatter(),
    witness="existence_chattering",
    expected="w = r_5: ‖r_5 − 0‖² = 1, δ = 2^-5, declared V = 2",
    cost=16,
)
def test_strong_limits_need_equicontinuity(p, run):
    """r_k → 0 weakly with δ = 2^-k, but ‖r_k‖ = 1."""
    return test_weak_convergence_is_strong.predicate(p, run)


@theorem.fails(
    without=CLOSED,
    on=compact_failures.not_closed(),
    witness="existence_limit_half_open",
    expected="0 ≤ λ < ½, R = |u|, W = 0, τ = u0 = 1, u* = 0: J = (1 − λ)² falls strictly to ¼, F(½) = +∞",
    cost=128,
)
def test_limits_need_a_closed_set(p, run):
    """λ_k = ½ − 2^-k/2 minimises on [0, ½): J(λ_k) = (½ + 2^-k/2)² → ¼; any λ < ½ has J > ¼."""
    return test_objective_of_the_limit_is_lower_semicontinuous.predicate(p, run)


@theorem.fails(
    without=A4,
    on=compact_failures.open_losses(),
    witness="existence_limit_open_loss",
    expected="0 ≤ λ ≤ 1, R = |u|, u0 = 1, ℓ = u − e for u > e = 2^-16, else 1: J = 1 − e − λ for λ < 1 − e, "
    "J = 1 beyond, inf 0",
    cost=128,
)
def test_limits_need_a_continuous_loss(p, run):
    """λ_k = 1 − 2^-k/4: J(λ_k) = 2^-k/4 − 2^-16 falls towards 0, but J(1) = 1: no λ has J = 0."""
    return test_objective_of_the_limit_is_lower_semicontinuous.predicate(p, run)


@theorem.fails(
    without=A5,
    on=compact_failures.spikes(),
    witness="existence_limit_spike",
    expected="ℓ = 0, γ = 1, 0 ≤ λ ≤ 1, r(0) = 1, r(s) = s for s > 0: J = λ for λ > 0, J(0) = 1, inf 0",
    cost=128,
)
def test_limits_need_continuous_penalties(p, run):
    """λ_k = 2^-k: J(λ_k) = 2^-k → 0, but J(0) = 1: no λ has J = 0."""
    return test_objective_of_the_limit_is_lower_semicontinuous.predicate(p, run)


@convex.fails(
    without=A1,
    on=minimal_failures.jumping_depths(),
    witness="least_values_jump_l0",
    expected="ℓ₀, Θ = {λ = ¾}, u0 = 1, u* = 0, W = 0: min J^1 = 0, min J^2 = 1, all moduli 0",
    cost=64,
)
def test_least_values_need_convexity(p, run):
    """ℓ₀: one layer lets go what two keep, and no certificate sees it (of the limit see Theorem 3.2)."""
    return test_least_values_are_cauchy.predicate(p, run)


@compact.fails(
    without=IN_BOXES,
    on=compact_failures.not_bounded(),
    witness="existence_beyond_the_box",
    expected="λ = 64, θ = 0, Θ said to be 0 ≤ λ ≤ 1, V = 0: ‖λ‖² = 4096, δ·1 = 64",
    cost=16,
)
def test_strong_limits_need_a_bound(p, run):
    """λ_k = 4^k: constants beyond every box (with R = ½u² they minimise e^{−2λ}, which has no minimum)."""
    return test_weak_convergence_is_strong.predicate(p, run)
