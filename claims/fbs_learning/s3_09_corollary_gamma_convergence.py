r"""Corollary 3.9: the training objectives Γ-converge to that of the deep-layer limit.

Assume A1, A3, A4, A5, and Θ nonempty and closed in L².  Let F_N = J_N and F = J on Θ, and +∞ outside.  Then
F_N Γ-converges to F in L²: lim inf F_N(θ^N) ≥ F(θ) whenever θ^N → θ, and for every θ there is such a sequence
with lim sup F_N(θ^N) ≤ F(θ).

Finite form: with the modulus of Theorem 3.7, F(θ) ≤ F_N(θ^N) + modulus for the last member at the declared
rates, and F_N(θ) ≤ F(θ) + modulus along the recovery sequence θ^N = θ.  Infinite values: F(θ) = +∞ allows
F_N(θ^N) < +∞ only while θ^N is on the way, that is while no control is closer to θ than θ is to Θ; this is
where Θ has to be closed, for else θ ∉ Θ may be at distance 0.  The sets are boxes with a bound on the total
variation of each control.

Shapes: members (batch, J), sets (batch, 3).  Source: arXiv:2605.27133, Corollary 3.9, *reconstructed*;
constants 4.7, 4.8, section 10.
"""

from claims import extended_margins as margins
from claims.assumptions import A1, A2, A3, A4, A5, BOUNDED, CLOSED, MEMBERS, MODERATE, STRONG
from claims.families import admissible_sequences, convergence_failures, drawn_learning
from claims.kit.claim import claim

DISPENSABLE = {
    A2: "as for Theorem 3.7: nothing asks where R is minimal",
    A3: "as for Theorem 3.7: on a ball A1 alone bounds the subgradients, with another constant",
    BOUNDED: "as for Theorem 3.7: a sequence that converges in L² is bounded there, and no more is asked",
}
KEPT = (A1, A3, A4, A5, MEMBERS, MODERATE)

lower = claim("fbs_learning", "Corollary 3.9", assumes=(*KEPT, STRONG, CLOSED), dispensable=DISPENSABLE)
upper = claim("fbs_learning", "Corollary 3.9", assumes=KEPT, dispensable=DISPENSABLE)
#: A3 says of nothing but a convex R how its subgradients grow.
convex = claim(
    "fbs_learning",
    "Corollary 3.9",
    assumes=(A1, A4, A5, MEMBERS, MODERATE, STRONG, CLOSED),
    dispensable=DISPENSABLE,
)
domains = claim("fbs_learning", "Corollary 3.9", assumes=(MEMBERS, STRONG, CLOSED))
INSTANCES = {"drawn": drawn_learning.admissible(), "sampled": admissible_sequences.problems()}


@lower.holds(**INSTANCES, cost=256, sharp=("value",))
def test_gamma_lower_bound(p, run):
    """F(θ) ≤ F_N(θ^N) + modulus for the last member; F(θ) = +∞ only where F_N(θ^N) = +∞, or on the way."""
    return margins.liminf(p, run)


@upper.holds(**INSTANCES, cost=256, sharp=("value",))
def test_gamma_recovery_sequence(p, run):
    """F_N(θ) ≤ F(θ) + modulus for every depth N, and F_N(θ) = +∞ only where F(θ) = +∞."""
    return margins.limsup(p, run)


@domains.holds(**INSTANCES, cost=8, sharp=("outside",))
def test_members_leave_with_the_limit(p, run):
    """θ ∉ Θ: F_N(θ^j) = +∞ as soon as a control of θ^j is closer to θ than θ is to Θ."""
    return margins.leaving(p, run)


@lower.fails(
    without=CLOSED,
    on=admissible_sequences.not_closed(),
    witness="half_open_weights",
    expected="Θ = {0 < λ ≤ 1}, λ_N = 1/N, R = |u|, W = 0, τ = u0 = 1, u* = 0: F_N = (1 − 1/N)², F(0) = +∞",
    cost=64,
)
def test_gamma_lower_bound_needs_a_closed_set(p, run):
    """λ_N = 1/N lies in (0, 1], its limit 0 does not: lim inf F_N = J(0) = 1 < +∞."""
    return test_gamma_lower_bound.predicate(p, run)


@convex.fails(
    without=A1,
    on=convergence_failures.pushed_sets(),
    witness="gamma_negative_l1",
    expected="−|u|, λ = 1, u0 = 2^-7, A = 0, f = 1, N = 4, W = −1/16, u* = −1: F_N = 0.0546875², "
    "F = 2.0078125²",
    cost=64,
)
def test_gamma_lower_bound_needs_convexity(p, run):
    """−|u|: networks that are pushed across 0 come near to a label that the limit leaves behind."""
    return test_gamma_lower_bound.predicate(p, run)


@lower.fails(
    without=A3,
    on=convergence_failures.steep_sets(),
    witness="gamma_quartic",
    expected="¼u⁴, u0 = 4, u* = 13/4, W = 0, N = 64, λ_N = 1/64: F_N near (4/√1.5 − 3.25)², F(0) = 0.5625",
    cost=64,
)
def test_gamma_lower_bound_needs_linear_growth(p, run):
    """¼u⁴ from 4: a small λ moves the state by λ·4³, not by λ·4 (the constant fails, not the theorem)."""
    return test_gamma_lower_bound.predicate(p, run)


@lower.fails(
    without=STRONG,
    on=convergence_failures.weak_sets(),
    witness="gamma_weak_controls",
    expected="R = 0, A = 1, f = 0, u0 = 1, u* = 0, τ = W = 1 + r_1/2, N = 128: F_N = 0.2836179², F = e^{−2}",
    cost=64,
)
def test_gamma_lower_bound_needs_strong_convergence(p, run):
    """τ = W = 1 + r_k/2 → 1 weakly: F_N → e^{−5/2} < F(1) = e^{−2}; the Γ-limit is one in L², not weakly."""
    return test_gamma_lower_bound.predicate(p, run)


@upper.fails(
    without=A4,
    on=convergence_failures.jumping_losses(),
    witness="gamma_jumping_loss",
    expected="R = ½u², λ = 1, N = 128, ℓ = 1 above e^{−1} (rounded up to 2^-16): F_N = 1, F = 0",
    cost=64,
)
def test_recovery_needs_a_continuous_loss(p, run):
    """ℓ = 1{u > e^{−1}}: along θ^N = θ all networks end above the threshold, the limit does not."""
    return test_gamma_recovery_sequence.predicate(p, run)


@lower.fails(
    without=A5,
    on=convergence_failures.spikes(),
    witness="gamma_spike_penalty",
    expected="ℓ = 0, γ = 1, λ_N = 1/N, r(0) = 1, r(s) = s for s > 0: F_N = 1/N, F(0) = 1",
    cost=64,
)
def test_gamma_lower_bound_needs_continuous_penalties(p, run):
    """λ_N = 1/N: F_N(λ_N) = 1/N → 0, but F(0) = 1."""
    return test_gamma_lower_bound.predicate(p, run)
