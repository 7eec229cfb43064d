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

Over boxes Θ of a few parameters both minima are enclosed, and the widths of the enclosures are certified:
|min J^N − min J| is at most the larger |J_N − J| at both best points, at most the largest modulus of Theorem
3.7 over all of Θ, and that is at most ω(√h A + hB) with A and B of the box alone.

Shapes: depths (batch, L), or pairs of Θ^N and Θ (batch, L·K·J).  Source: arXiv:2605.27133, Theorem 3.13,
*reconstructed*; constants 4.7, section 12.
"""

from claims import argmin_margins as margins
from claims import box_margins
from claims.box_assumptions import BOX
from claims.box_assumptions import MEMBERS as IN_THE_BOX
from claims.box_assumptions import MODERATE as MODERATE_BOX
from claims.families import argmin_failures, box_problems, drawn_problems, minimal_failures
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

DISPENSABLE = {
    A2: "as for Theorem 3.7: nothing asks where R is minimal",
    A3: "as for Theorem 3.7: on a ball A1 alone bounds the subgradients, with another constant",
}
KEPT = (A1, A3, A4, A5, MEMBERS, MODERATE, IMAGE)

theorem = claim("fbs_learning", "Theorem 3.13", assumes=KEPT, dispensable=DISPENSABLE)
extensions = claim("fbs_learning", "Theorem 3.13", assumes=(*KEPT, EXTENDED), dispensable=DISPENSABLE)
#: A3 says of nothing but a convex R how its subgradients grow.
convex = claim(
    "fbs_learning", "Theorem 3.13", assumes=(A1, A4, A5, MEMBERS, MODERATE, IMAGE), dispensable=DISPENSABLE
)
distances = claim("fbs_learning", "Theorem 3.13", assumes=(*KEPT, EQUICONTINUOUS), dispensable=DISPENSABLE)
boxes = claim(
    "fbs_learning",
    "Theorem 3.13",
    assumes=(A1, A3, A4, A5, BOX, IN_THE_BOX, MODERATE_BOX),
    dispensable=DISPENSABLE,
)
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


@boxes.holds(sampled=box_problems.with_limits(), cost=1024, sharp=("best points", "modulus"))
def test_minima_over_boxes_are_close(p, run):
    """|min J^N − min J| ≤ max |J_N − J| at both best points, ≤ modulus over Θ; J − min J ≤ twice that."""
    return box_margins.limit_is_close(p, run)


@boxes.holds(sampled=box_problems.deep(), cost=1024)
def test_minima_over_boxes_converge(p, run):
    """|min J^N − min J| ≤ ω(√h A + hB) for N = 1, 8, 64, the last bound at most an eighth of the first."""
    return box_margins.limit_is_approached(p, run)


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


@convex.fails(
    without=A1,
    on=minimal_failures.jumping_proxes(),
    witness="minimal_jump_l0",
    expected="ℓ₀, N = 1, Θ = {λ = ¾}, u0 = 1, u* = 0, W = 0: min J^1 = 0, min J = 1, the modulus is 0",
    cost=64,
)
def test_minimal_values_need_convexity(p, run):
    """ℓ₀: one layer lets go what the limit keeps, and no certificate sees it (of J see Theorem 3.2)."""
    return test_minimal_values_converge.predicate(p, run)


@theorem.fails(
    without=A3,
    on=minimal_failures.steep(),
    witness="minimal_quartic",
    expected="¼u⁴, u0 = 4, τ = 1 + r_6, λ = (1 + r_6)/64, u* = 3.25, N = 32: the network has ∫τλ = 1/64 and "
    "ends near 4/√1.5, the limit has 1/32 and ends at 4/√2: min J near 0.178",
    cost=64,
)
def test_minimal_values_need_linear_growth(p, run):
    """¼u⁴ from 4: what projections do to τλ counts times 4³, not times 4 (the constant fails)."""
    return test_minimal_values_converge.predicate(p, run)


@theorem.fails(
    without=A4,
    on=minimal_failures.jumping_losses(),
    witness="minimal_jumping_loss",
    expected="R = ½u², Θ = {λ = 1}, N = 32, ℓ = 1 above e^{−1} (rounded up to 2^-16): min J^N = 1, min J = 0",
    cost=64,
)
def test_minimal_values_need_a_continuous_loss(p, run):
    """ℓ = 1{u > e^{−1}}: networks of every depth end above the threshold, the limit does not."""
    return test_minimal_values_converge.predicate(p, run)


@theorem.fails(
    without=A5,
    on=minimal_failures.jumping_penalties(),
    witness="minimal_jumping_penalty",
    expected="ℓ = 0, γ = 1, r = 1{s > ½}, λ = 31/64 + r_6/4, N ≤ 32: ‖P_Nλ‖ = 31/64, J^N = 0, ‖λ‖ > ½, J = 1",
    cost=64,
)
def test_minimal_values_need_continuous_penalties(p, run):
    """r = 1{s > ½}: projections of λ are shorter than ½, λ is not."""
    return test_minimal_values_converge.predicate(p, run)
