r"""Theorem 3.13: minimisers converge.  Networks are trained towards a minimiser of the deep-layer limit.

Assume A1, A3, A4, A5, Θ nonempty, bounded, closed and equi-continuous, Θ^N = P_N(Θ).  Then
min_{Θ^N} J^N → min_Θ J, and if θ^N minimises J^N on Θ^N and θ̂^N ∈ Θ has P_N θ̂^N = θ^N, then the θ̂^N, and the
E_N θ^N, come arbitrarily near to the minimisers of J on Θ.

Finite form, for a finite Θ and δ_N = sup_Θ|J_N − J|:
|min_{Θ^N} J^N − min_Θ J| ≤ δ_N,  J(θ̂^N) − min_Θ J ≤ 2δ_N + (J^N(θ^N) − min_{Θ^N} J^N) for *every* θ^N, the
last term 0 for minimisers; E_N θ^N in the place of θ̂^N only if it lies in Θ.  Convergence itself: the first
with the largest modulus of Theorem 3.7 over Θ in the place of δ_N.  Distances: E_N θ^N is no further from
{J ≤ min J + 2δ_N} than (Σ_i M_iV_i/(2N))^{1/2}, the modulus of equi-continuity; the set is that of the
minimisers themselves as soon as J has no other value up to min J + 2δ_N.

Shapes: depths (batch, L), or pairs of Θ^N and Θ (batch, L·K·J).  Source: arXiv:2605.27133, Theorem 3.13,
*reconstructed*; constants 4.7, section 12.
"""

from claims import argmin_margins as margins
from claims.families import argmin_failures, drawn_problems
from claims.families import projected_problems as problems
from claims.kit.claim import claim
from claims.set_assumptions import (
    A1,
    A2,
    A3,
    A4,
    A5,
    EQUICONTINUOUS,
    EXTENDED,
    IMAGE,
    MEMBERS,
    MODERATE,
)

DISPENSABLE = {A2: "as for Theorem 3.7: nothing asks where R is minimal"}
KEPT = (A1, A3, A4, A5, MEMBERS, MODERATE, IMAGE)

theorem = claim("fbs_learning", "Theorem 3.13", assumes=KEPT, dispensable=DISPENSABLE)
extensions = claim("fbs_learning", "Theorem 3.13", assumes=(*KEPT, EXTENDED), dispensable=DISPENSABLE)
distances = claim("fbs_learning", "Theorem 3.13", assumes=(*KEPT, EQUICONTINUOUS), dispensable=DISPENSABLE)
SEEN = {"drawn": drawn_problems.problems(), "sampled": problems.small(problems.SHALLOW), "cost": 512}
DEEP = {"sampled": problems.small(problems.DEEP, problems.QUICK), "cost": 1024}


@theorem.holds(**SEEN, sharp=("supremum",))
def test_minimal_values_are_close(p, run):
    """|min_{Θ^N} J^N − min_Θ J| ≤ sup_Θ|J_N − J|."""
    return margins.minimal_values(p, run)


@theorem.holds(**SEEN, sharp=("twice", "excess"))
def test_lifted_minimisers_are_nearly_optimal(p, run):
    """J(θ̂) − min_Θ J ≤ 2 sup_Θ|J_N − J| + excess of θ^N, for every θ̂ ∈ Θ with P_N θ̂ = θ^N."""
    return margins.lifted(p, run)


@extensions.holds(sampled=problems.small_extended(), cost=512, sharp=("twice",))
def test_extended_minimisers_are_nearly_optimal(p, run):
    """J(E_N θ^N) − min_Θ J ≤ 2 sup_Θ|J_N − J| for a minimiser θ^N of J^N on Θ^N."""
    return margins.extended_minimisers(p, run)


@theorem.holds(**DEEP, sharp=("modulus",))
def test_minimal_values_converge(p, run):
    """|min_{Θ^N} J^N − min_Θ J| ≤ the largest modulus of Theorem 3.7 over Θ, for every N to the last."""
    return margins.minimal_values_converge(p, run)


@distances.holds(sampled=problems.small(problems.DEEPER), cost=1024, sharp=("projection",))
def test_minimisers_approach_the_solution_set(p, run):
    """d(E_N θ^N, {J ≤ min_Θ J + 2 sup_Θ|J_N − J| + excess of θ^N}) ≤ (Σ_i M_iV_i/(2N))^{1/2}."""
    return margins.minimisers_approach(p, run)


@theorem.fails(
    without=IMAGE,
    on=argmin_failures.too_few(),
    witness="image_too_small",
    expected="R = |u|, W = 0, u0 = 1, u* = 0, Θ = {0, ½, 1}, Θ^N = {0, ½}: min J^N = ¼ for all N, min J = 0",
    cost=64,
)
def test_minimal_values_need_all_projections(p, run):
    """Θ^N without the projection of the minimiser 1: the minimal values stay ¼ apart."""
    return test_minimal_values_converge.predicate(p, run)


@distances.fails(
    without=IMAGE,
    on=argmin_failures.too_few(),
    witness="image_too_small",
    expected="the same: the minimisers ½ converge to ½, and S = {1}",
    cost=64,
)
def test_minimisers_need_all_projections(p, run):
    """The same: θ^N = ½ is ½ from the only minimiser of J."""
    return test_minimisers_approach_the_solution_set.predicate(p, run)


@extensions.fails(
    without=EXTENDED,
    on=argmin_failures.swings(),
    witness="extended_swings",
    expected="N = 1, R = 0, u0 = 1, u* = ¾, W = τ = ½ ± a r_1, a² = −ln ¾ − ¼: J(E_Nθ^N) = 8.3e-4 > 0",
    cost=64,
)
def test_extensions_need_not_minimise(p, run):
    """W = τ = ½ ± a r_1: J = 0 on Θ and J_N = 0, but E_N θ^N = ½ is not in Θ, and its limit is e^{−¼}."""
    return test_extended_minimisers_are_nearly_optimal.predicate(p, run)


@distances.fails(
    without=EQUICONTINUOUS,
    on=argmin_failures.rademacher(),
    witness="argmin_rademacher",
    expected="d = 2, w = r_1 … r_5: J = .012747, .003674, .000961, .000243, .000061; θ^N = 0, d(0, Θ) = 1",
    cost=64,
)
def test_minimisers_need_equicontinuity(p, run):
    """w = r_k: networks minimise at 0, which is at distance 1 from every member of Θ."""
    return test_minimisers_approach_the_solution_set.predicate(p, run)
