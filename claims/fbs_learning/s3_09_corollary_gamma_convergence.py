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
from claims.families import admissible_sequences, drawn_learning
from claims.kit.claim import claim

DISPENSABLE = {
    A2: "as for Theorem 3.7: nothing asks where R is minimal",
    BOUNDED: "as for Theorem 3.7: a sequence that converges in L² is bounded there, and no more is asked",
}
KEPT = (A1, A3, A4, A5, MEMBERS, MODERATE)

lower = claim("fbs_learning", "Corollary 3.9", assumes=(*KEPT, STRONG, CLOSED), dispensable=DISPENSABLE)
upper = claim("fbs_learning", "Corollary 3.9", assumes=KEPT, dispensable=DISPENSABLE)
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
