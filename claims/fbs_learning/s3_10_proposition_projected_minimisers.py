r"""Proposition 3.10: projected minimisers.  Training a network is minimising J_N over Θ.

Let Θ^N = P_N(Θ) and J_N(θ) = J^N(P_N θ).  Then θ^N minimises J^N on Θ^N if and only if every θ ∈ Θ with
P_N θ = θ^N minimises J_N on Θ.

Finite form: the excess of θ^N, J^N(θ^N) − min_{Θ^N} J^N, is that of every θ in its fibre, J_N(θ) − min_Θ J_N,
and no fibre is empty: one that is counts as +∞.  Θ and Θ^N are finite sets, held separately; whether
P_N θ = θ^N, and whether Θ^N = P_N(Θ), is decided exactly.

Shapes: pairs (batch, K, J) of K controls in Θ^N and J in Θ, for every depth.  Source: arXiv:2605.27133,
Proposition 3.10, *reconstructed*; section 12.
"""

from claims import argmin_margins as margins
from claims.families import argmin_failures, drawn_problems, projected_problems
from claims.kit.claim import claim
from claims.set_assumptions import A1, A2, A3, A4, A5, IMAGE, MEMBERS

SETS_ONLY = "J_N is J^N after P_N, by definition; of J^N nothing is asked but that it is a function"
ONE_VALUE = (
    f"{SETS_ONLY}; where the prox has several values any rule that chooses one makes it one (checked with R "
    "that are not convex)"
)
proposition = claim(
    "fbs_learning",
    "Proposition 3.10",
    assumes=(MEMBERS, IMAGE),
    dispensable={A1: ONE_VALUE, **dict.fromkeys((A2, A3, A4, A5), SETS_ONLY)},
)


@proposition.holds(drawn=drawn_problems.problems(), sampled=projected_problems.problems(), cost=128)
def test_excess_is_that_of_the_fibre(p, run):
    """J^N(θ^N) − min J^N = J_N(θ) − min J_N for every pair with P_N θ = θ^N, and no fibre is empty."""
    return margins.fibrewise(p, run)


@proposition.fails(
    without=IMAGE,
    on=argmin_failures.beyond(),
    witness="image_beyond",
    expected="N = 1, R = |u|, W = 0, u0 = 1, u* = 0, Θ = {0, ¼, ½}, Θ^N = {0, ½, 1}: an empty fibre, 0 < ¼",
    cost=64,
)
def test_every_projected_control_needs_a_fibre(p, run):
    """Θ^N larger than P_N(Θ): its minimiser λ = 1 is the projection of nothing."""
    return test_excess_is_that_of_the_fibre.predicate(p, run)


@proposition.fails(
    without=IMAGE,
    on=argmin_failures.too_few(),
    witness="image_too_small",
    expected="the same with Θ = {0, ½, 1}, Θ^N = {0, ½}: θ^N = ½ minimises, θ = ½ has the excess ¼",
    cost=64,
)
def test_every_projection_must_be_allowed(p, run):
    """Θ^N smaller than P_N(Θ): its minimiser ½ does not minimise over Θ."""
    return test_excess_is_that_of_the_fibre.predicate(p, run)
