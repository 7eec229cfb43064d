r"""Theorem 4.2: minima and minimisers of the training problem of the deep-layer limit follow the data.

Assume A1, A3, A4, A5, Θ nonempty, closed, bounded and equi-continuous, and (u0_k, f_k, u*_k) → (u0, f, u*).
Let J_k and J be the objectives (2.11) with these data, S_k and S their minimisers over Θ.  Then
(1) min J_k → min J; (2) minimisers of J_k have cluster points in L², and these minimise J;
(3) sup_{θ ∈ S_k} d(θ, S) → 0.

Finite form: as for Theorem 4.1, over finite sets Θ = {θ^j} with the distances of L²(0, 1), and
|J_k(θ) − J(θ)| ≤ ω(e^{∫κ}‖u0_k − u0‖ + ∫e^{∫_s^1 κ}‖τW(f_k − f)‖ds + ‖u*_k − u*‖).
All objectives are those of the oracle's solutions, with their radii.  Compactness in L² takes
equi-continuity: on a segment from θ to ϑ, of length M, two of I + 1 minimisers are within M/I.  Over boxes of
a few parameters all minima of the limit are enclosed, with the certified bounds of Theorem 4.1.

Shapes: members (batch, J), problems (batch, I).  Source: arXiv:2605.27133, Theorem 4.2 and (2.5), (2.9),
(2.11), *reconstructed*; constant 4.5, section 12.
"""

from claims import box_margins, cluster_margins
from claims import training_margins as margins
from claims.box_assumptions import BOX
from claims.box_assumptions import MEMBERS as IN_THE_BOX
from claims.box_assumptions import MODERATE as MODERATE_BOX
from claims.data_assumptions import APPROACHING, BOUNDED, NO_FASTER
from claims.families import moved_boxes, perturbed_failures, perturbed_samplers
from claims.kit.claim import claim
from claims.set_assumptions import A1, A2, A3, A4, A5, MEMBERS, MODERATE

DISPENSABLE = {
    A2: "two solutions are compared with each other; where R is minimal does not enter",
    A3: "with one θ no subgradient enters (4.5): the solutions differ in u0 and f alone",
}
KEPT = (A1, A4, A5, MEMBERS, MODERATE)

modulus = claim("fbs_learning", "Theorem 4.2", assumes=KEPT, dispensable=DISPENSABLE)
theorem = claim("fbs_learning", "Theorem 4.2", assumes=(*KEPT, APPROACHING), dispensable=DISPENSABLE)
compact = claim("fbs_learning", "Theorem 4.2", assumes=(*KEPT, BOUNDED, NO_FASTER), dispensable=DISPENSABLE)
boxes = claim(
    "fbs_learning",
    "Theorem 4.2",
    assumes=(A1, A4, A5, BOX, IN_THE_BOX, MODERATE_BOX, APPROACHING),
    dispensable=DISPENSABLE,
)
INSTANCES = {"sampled": perturbed_samplers.problems_with_limits(), "cost": 1024}
TERMS = ("start", "data", "label")


@modulus.holds(**INSTANCES, sharp=TERMS)
def test_limit_objectives_follow_the_data(p, run):
    """|J_k(θ) − J(θ)| ≤ start + data + label, for every θ ∈ Θ and every k."""
    return margins.objectives(margins.of_limits(p, run))


@modulus.holds(**INSTANCES, sharp=TERMS)
def test_limit_minimum_follows_the_data(p, run):
    """(1) |min J_k − min J| ≤ the largest start, data and label over Θ, for every k."""
    return margins.minima(margins.of_limits(p, run))


@theorem.holds(**INSTANCES, sharp=TERMS)
def test_limit_minima_converge(p, run):
    """(1) |min J_k − min J| ≤ share_k/share_1 times the bound of the first problem, for every k."""
    return margins.falling_minima(p, margins.of_limits(p, run))


@modulus.holds(**INSTANCES, sharp=tuple(f"{name} twice" for name in TERMS))
def test_limit_minimisers_are_nearly_optimal(p, run):
    """(2) J(θ) − min J ≤ (J_k(θ) − min J_k) + 2δ_k, for every θ ∈ Θ and every k."""
    return margins.nearly_optimal(margins.of_limits(p, run))


@theorem.holds(**INSTANCES, sharp=("near",))
def test_limit_excess_vanishes(p, run):
    """(3) sup_{θ ∈ S_k} d(θ, S) ≤ sup {d(θ, S): J(θ) ≤ min J + 2 share_k δ_1/share_1}, for every k."""
    return margins.excesses(p, margins.of_limits(p, run))


@modulus.holds(sampled=perturbed_samplers.problems_with_limits(), cost=2048)
def test_limit_cluster_points_minimise(p, run):
    """(2) J(θ) − min J ≤ 2δ_k + modulus (4.5) from a minimiser θ_k of J_k to θ: both vanish as θ_k → θ."""
    return cluster_margins.cluster_points(p, margins.of_limits(p, run), run, limit=True)


@compact.holds(sampled=perturbed_samplers.limits_on_segments(), cost=1024, sharp=("spread",))
def test_limit_minimisers_cluster(p, run):
    """(2) Of minimisers θ̂ of J and θ̂_k of the I problems two are within M/I, M the length of the segment."""
    return margins.clusters(p, margins.of_limits(p, run), run)


@boxes.holds(sampled=moved_boxes.limits(), cost=1024, sharp=("best points", *TERMS))
def test_limit_minima_over_boxes_follow_the_data(p, run):
    """(1), (2): |min J_k − min J| ≤ share_k/share_1 δ_1, J − min J ≤ (J_k − min J_k) + twice that."""
    return box_margins.data_are_close(p, run, limit=True)


@compact.fails(
    without=NO_FASTER,
    on=perturbed_failures.oscillating_minimisers(),
    witness="training_oscillating",
    expected="Θ = {0, r_1, …, r_5}, u*_k = (u_1(1; r_k), ½) → (0, ½): r_k ∈ S_k, S = {0}, distance 1",
    cost=256,
)
def test_limit_minimisers_need_equicontinuity(p, run):
    """Rademacher functions: r_k minimises J_k, at distance 1 of S = {0} and √2 of each other."""
    return test_limit_minimisers_cluster.predicate(p, run)


@modulus.fails(
    without=A1,
    on=perturbed_failures.parting_starts(),
    witness="limit_training_negative_l1",
    expected="−|u|, λ = 1, u0 = ±1/16, u* = 17/16: the limits end at ±17/16, min J = 0, min J_1 = (17/8)²",
    cost=64,
)
def test_limit_minimum_needs_convexity(p, run):
    """−|u|: the limits from ±ε part by 2(ε + 1), whatever ε."""
    return test_limit_minimum_follows_the_data.predicate(p, run)


@theorem.fails(
    without=A4,
    on=perturbed_failures.jumping_losses_of_limits(),
    witness="limit_training_jumping_loss",
    expected="R = |u|, λ ∈ {0, ¼, ½}, ℓ = 1{u > ½ + 2^-16}, u0_k = 1 + 1/k: min J_k = 1, min J = 0",
    cost=64,
)
def test_limit_minima_need_a_continuous_loss(p, run):
    """ℓ = 1 just above ½: λ = ½ takes u0 = 1 to ½, but no λ ≤ ½ takes 1 + 1/k there."""
    return test_limit_minima_converge.predicate(p, run)


@modulus.fails(
    without=A5,
    on=perturbed_failures.spikes(),
    witness="training_spike_penalty",
    expected="R = |u|, ℓ = |u − u*|, ½r with r(0) = 1, r(s) = s: S_k = {λ_k}, λ_k = ½, ⅛, … → 0, J(0) = ½, "
    "inf J = 0",
    cost=64,
)
def test_limit_cluster_points_need_continuous_penalties(p, run):
    """λ_k → 0 minimise J_k for u*_k = 1 − λ_k → 1, but J(λ) = 3λ/2 for λ > 0 and J(0) = ½: S = ∅."""
    return test_limit_cluster_points_minimise.predicate(p, run)


@theorem.fails(
    without=APPROACHING,
    on=perturbed_failures.departing_data(),
    witness="training_departing_labels",
    expected="R = |u|, λ = 0, u0 = u* = 1, u*_k = 5/4, 3/2, 2: min J_k = 1/16, 1/4, 1, and 4 · 1/16 = ¼ < 1",
    cost=64,
)
def test_limit_minima_need_data_that_converge(p, run):
    """Labels that move away take the minimum with them."""
    return test_limit_minima_converge.predicate(p, run)


@compact.fails(
    without=BOUNDED,
    on=perturbed_failures.unbounded_in_time(),
    witness="limit_training_unbounded",
    expected="R = ½u², λ = 0, 1, …, 8, u*_k near e^{1−k}: u(1) = e^{−λ}, λ_k = k − 1, no two closer than 1",
    cost=64,
)
def test_limit_minimisers_need_a_bounded_set(p, run):
    """λ ≥ 0: the minimisers λ_k = k − 1 have no cluster point."""
    return test_limit_minimisers_cluster.predicate(p, run)
