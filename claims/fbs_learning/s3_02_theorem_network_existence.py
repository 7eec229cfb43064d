r"""Theorem 3.2 (part II): the learning problem of a network has a minimiser.

Assume A1, A4, A5, and Θ^N ⊂ X^N nonempty, bounded and closed.  Then the training objective J^N(θ^N) = ℓ(u_N,
u*) + α r_W(‖W^N‖) + β r_τ(‖τ^N‖) + γ r_λ(‖λ^N‖) attains its infimum on Θ^N; with several samples the loss is
their mean, LISTA has W¹, W², λ in the place of W, τ, λ.

Finite form.  Weierstrass's theorem needs three things of finite-dimensional sets.  (a) J^N is continuous: by
(4.5), |J^N(θ) − J^N(θ̃)| ≤ ω(‖u_N − v_N‖) + Σ weights·ω_r(‖θ − θ̃‖), terms loss and penalty.  (b) With F^N =
J^N on Θ^N and +∞ outside, F^N(θ) ≤ F^N(θ^k) + modulus along a sequence θ^k → θ, at declared rates: this needs
Θ^N closed, so that limits of minimising sequences are admissible.  F^N(θ) = +∞ allows F^N(θ^k) < +∞ only
while θ^k is on the way, as in Corollary 3.9.  (c) A bounded set has finite nets, and its infimum is at least
the least value on a net, less the modulus at the radius of the net: J^N is bounded below by values that it
takes.

(d) Over a box Θ^N of a few parameters branch and bound closes the gap: for any ε it finds θ̂ ∈ Θ^N and a
number with lower ≤ J^N on Θ^N, J^N(θ̂) ≤ lower + ε, as (b) and (c) say that it must.  The subject's numbers
are held against J^N at points of Θ^N; a minimiser that is known lies in the boxes that are left.

The controls are minimising sequences whose infimum is not attained; the arguments are in section 12.

Shapes: members (batch, J), states (batch, samples, N+1, d).  Source: arXiv:2605.27133, Theorem 3.2 and (2.8),
(2.10), *reconstructed*; constant 4.5, section 12.
"""

from claims import box_margins
from claims import existence_margins as margins
from claims.assumptions import A1, A2, A3, A4, A5, BOUNDED, CLOSED, MEMBERS
from claims.box_assumptions import BOX
from claims.box_assumptions import MEMBERS as IN_THE_BOX
from claims.families import (
    box_problems,
    drawn_existence,
    drawn_learning,
    existence_failures,
    existence_sequences,
)
from claims.kit.claim import claim
from claims.set_assumptions import A1 as CONVEX
from claims.set_assumptions import A4 as CONTINUOUS
from claims.set_assumptions import A5 as LIPSCHITZ
from claims.set_assumptions import BETWEEN, CONVERGENT

WITHOUT_A2 = "(4.5) compares two networks by the states of one of them; where R is minimal does not enter"
WITHOUT_A3 = (
    "‖p‖ ≤ C0 + C1‖u‖ is used on the states of one network; on a ball A1 alone bounds the subgradients"
)
BY_CLOSEDNESS = (
    "a sequence that converges is bounded; that minimising sequences have limits is what (c) is for"
)
DISPENSABLE = {A2: WITHOUT_A2}

modulus = claim(
    "fbs_learning", "Theorem 3.2 (part II)", assumes=(A1, A4, A5, MEMBERS), dispensable=DISPENSABLE
)
KEPT = (A1, A3, A4, A5, MEMBERS)
closed = claim(
    "fbs_learning",
    "Theorem 3.2 (part II)",
    assumes=(*KEPT, CONVERGENT, CLOSED),
    dispensable={**DISPENSABLE, A3: WITHOUT_A3, BOUNDED: BY_CLOSEDNESS},
)
#: A3 says of nothing but a convex R how its subgradients grow.
convex = claim("fbs_learning", "Theorem 3.2 (part II)", assumes=(A1, A4, A5, MEMBERS, CONVERGENT, CLOSED))
bounded = claim(
    "fbs_learning",
    "Theorem 3.2 (part II)",
    assumes=(*KEPT, BETWEEN),
    dispensable={**DISPENSABLE, A3: WITHOUT_A3},
)

box = claim(
    "fbs_learning",
    "Theorem 3.2 (part II)",
    assumes=(CONVEX, CONTINUOUS, LIPSCHITZ, BOX, IN_THE_BOX),
    dispensable=DISPENSABLE,
)


@modulus.holds(
    drawn=drawn_learning.problems(),
    sampled=existence_sequences.moduli(),
    sharp=("loss", "penalty"),
    cost=256,
)
def test_objective_of_a_network_is_continuous(p, run):
    """|J^N(P_N θ^j) − J^N(P_N θ)| ≤ ω((4.5)) + Σ weights·ω_r(‖P_N θ^j − P_N θ‖) for every member."""
    return margins.modulus(p, run)


@closed.holds(
    drawn=drawn_learning.admissible(),
    sampled=existence_sequences.admissible(),
    sharp=("value", "loss", "penalty"),
    cost=128,
)
def test_objective_of_a_network_is_lower_semicontinuous(p, run):
    """F^N(θ) ≤ F^N(θ^k) + modulus, k the last, at its declared rate; F^N(θ) = +∞ only where F^N(θ^k) = +∞,
    or on the way.
    """
    return margins.lower(p, run)


@bounded.holds(
    drawn=drawn_existence.nets(),
    sampled=existence_sequences.nets(),
    sharp=("value", "loss", "penalty"),
    cost=128,
)
def test_nets_bound_the_infimum(p, run):
    """min over a net of J^N ≤ J^N(θ) + modulus at half of its widest gap, for any θ that the net covers."""
    return margins.on_a_net(p, run)


@box.holds(sampled=box_problems.existence(), cost=256)
def test_branch_and_bound_encloses_the_minimum(p, run):
    """lower ≤ J^N(θ) for all θ tried, J^N(θ̂) ∈ [lower, upper], θ̂ ∈ Θ^N, upper − lower ≤ ε."""
    return box_margins.existence(p, run)


@closed.fails(
    without=CLOSED,
    on=existence_failures.not_closed(),
    witness="existence_half_open",
    expected="0 ≤ λ < ½, R = |u|, W = 0, τ = u0 = 1, u* = 0: J = (1 − λ)² falls strictly to ¼, F(½) = +∞",
    cost=16,
)
def test_existence_needs_a_closed_set(p, run):
    """λ_k = ½ − 2^-k/2 minimises on [0, ½): J(λ_k) = (½ + 2^-k/2)² → ¼; any λ < ½ has J > ¼."""
    return test_objective_of_a_network_is_lower_semicontinuous.predicate(p, run)


@bounded.fails(
    without=BETWEEN,
    on=existence_failures.unbounded(),
    witness="existence_unbounded",
    expected="R = ½u², λ ≥ 0, u0 = 1, u* = 0, N = 1: J = (1 + λ)^−2 falls to 0; ¼ at 1, 1/4225 at 64",
    cost=16,
)
def test_existence_needs_a_bounded_set(p, run):
    """λ_k = 2^k minimises on [0, ∞): J = (1 + λ/N)^−2N → 0, and J > 0 everywhere."""
    return test_nets_bound_the_infimum.predicate(p, run)


@closed.fails(
    without=A4,
    on=existence_failures.open_losses(),
    witness="existence_open_loss",
    expected="0 ≤ λ ≤ 1, R = |u|, u0 = 1, u* = 0, ℓ = u for u > 0, ℓ(0) = 1: J = 1 − λ for λ < 1, J(1) = 1",
    cost=16,
)
def test_existence_needs_a_continuous_loss(p, run):
    """λ_k = 1 − 2^-k/2: J(λ_k) = 2^-k/2 → 0, but J(1) = 1: no λ has J = 0."""
    return test_objective_of_a_network_is_lower_semicontinuous.predicate(p, run)


@convex.fails(
    without=A1,
    on=existence_failures.jumping_proxes(),
    witness="existence_jump_l0",
    expected="N = 1, R = ‖·‖₀ (ties keep the value), u0 = 1, u* = 0, γ = 1, r = s²: J = 1{λ ≤ ½} + λ², inf ¼",
    cost=16,
)
def test_existence_needs_convexity(p, run):
    """λ_k = ½ + 2^-k/2: J(λ_k) = λ_k² → ¼; λ ≤ ½ has J ≥ 1, λ > ½ has J > ¼."""
    return test_objective_of_a_network_is_lower_semicontinuous.predicate(p, run)


@convex.fails(
    without=A1,
    on=existence_failures.indicators(),
    witness="existence_indicator",
    expected="N = 1, R = ι_[−½, ½], u0 = 1, u* = ½, γ = 1, r = s²: J(0) = ¼, J(λ) = λ² for λ > 0, inf 0",
    cost=16,
)
def test_existence_needs_a_finite_regularizer(p, run):
    """λ_k = 2^-k: J(λ_k) = 4^-k → 0, but λ = 0 does not project: J(0) = ¼."""
    return test_objective_of_a_network_is_lower_semicontinuous.predicate(p, run)


@closed.fails(
    without=A5,
    on=existence_failures.spikes(),
    witness="existence_spike",
    expected="ℓ = 0, γ = 1, 0 ≤ λ ≤ 1, r(0) = 1, r(s) = s for s > 0: J = λ for λ > 0, J(0) = 1, inf 0",
    cost=16,
)
def test_existence_needs_continuous_penalties(p, run):
    """λ_k = 2^-k: J(λ_k) = 2^-k → 0, but J(0) = 1: no λ has J = 0."""
    return test_objective_of_a_network_is_lower_semicontinuous.predicate(p, run)


@closed.fails(
    without=CONVERGENT,
    on=existence_failures.not_convergent(),
    witness="existence_staying_away",
    expected="R = |u|, W = 0, τ = u0 = 1, u* = 0, λ_k = 1, θ = 0, said to be within 2^-8: J = 0 and J(0) = 1",
    cost=16,
)
def test_existence_needs_a_convergent_sequence(p, run):
    """λ_k = 1 for all k does not tend to 0, whatever rates are said: J(0) = 1 > J(1) = 0."""
    return test_objective_of_a_network_is_lower_semicontinuous.predicate(p, run)
