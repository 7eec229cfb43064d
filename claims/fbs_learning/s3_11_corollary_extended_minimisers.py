r"""Corollary 3.11: extended minimisers.  If extensions stay in Θ, they are what training finds.

Let Θ^N = P_N(Θ) and E_N(Θ^N) ⊂ Θ.  Then θ^N minimises J^N on Θ^N if and only if E_N θ^N minimises J_N on Θ.

Finite form: E_N θ^N lies in Θ, for outside J_N counts as +∞, and J_N(E_N θ^N) − min_Θ J_N is the excess of
θ^N over Θ^N.  Boxes and balls of bounded variation have E_N(P_N(Θ)) ⊂ Θ, balls of Lipschitz functions do not.

Shapes: controls in Θ^N (batch, K), for every depth.  Source: arXiv:2605.27133, Corollary 3.11,
*reconstructed*; section 12.
"""

from claims import argmin_margins as margins
from claims.families import argmin_failures, drawn_problems, projected_problems
from claims.kit.claim import claim
from claims.set_assumptions import A1, A2, A3, A4, A5, EXTENDED, IMAGE, MEMBERS

SETS_ONLY = "J_N(E_N θ^N) = J^N(P_N E_N θ^N) = J^N(θ^N): of J^N nothing is asked but that it is a function"
ONE_VALUE = (
    f"{SETS_ONLY}; where the prox has several values any rule that chooses one makes it one (checked with R "
    "that are not convex)"
)
corollary = claim(
    "fbs_learning",
    "Corollary 3.11",
    assumes=(MEMBERS, IMAGE, EXTENDED),
    dispensable={A1: ONE_VALUE, **dict.fromkeys((A2, A3, A4, A5), SETS_ONLY)},
)


@corollary.holds(drawn=drawn_problems.extended(), sampled=projected_problems.extended(), cost=256)
def test_excess_is_that_of_the_extension(p, run):
    """E_N θ^N ∈ Θ and J_N(E_N θ^N) − min_Θ J_N = J^N(θ^N) − min J^N for every θ^N in Θ^N."""
    return margins.extended(p, run)


@corollary.fails(
    without=EXTENDED,
    on=argmin_failures.not_extended(),
    witness="extended_ramps",
    expected="Θ = {λ = a t}, t on 4 cells, N = 2: E_N θ^N = (¼, ¾) ∉ Θ counts as +∞, and both values are ¼",
    cost=64,
)
def test_extensions_must_stay(p, run):
    """Θ = {λ = a t}: E_N P_N makes steps of straight lines; the values stay equal, membership fails."""
    return test_excess_is_that_of_the_extension.predicate(p, run)


@corollary.fails(
    without=IMAGE,
    on=argmin_failures.too_few(),
    witness="image_too_small",
    expected="R = |u|, W = 0, u0 = 1, u* = 0, Θ = {0, ½, 1}, Θ^N = {0, ½}: θ^N = ½ minimises, E_Nθ^N = ½ ∈ Θ "
    "has the excess ¼",
    cost=64,
)
def test_every_projection_must_be_allowed_for_extensions(p, run):
    """Θ^N smaller than P_N(Θ), all extensions in Θ: the minimiser ½ of Θ^N does not minimise over Θ."""
    return test_excess_is_that_of_the_extension.predicate(p, run)
