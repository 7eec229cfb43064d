r"""Theorem 4.1: minima and minimisers of the training problem of a network follow the data.

Assume A1, A4, A5, Θ^N nonempty, closed and bounded, and (u0_k, f_k, u*_k) → (u0, f, u*).  Let J_k and J be
the objectives (2.10) with these data, S_k and S their minimisers over Θ^N.  Then (1) min J_k → min J;
(2) minimisers of J_k have cluster points, and these minimise J; (3) sup_{θ ∈ S_k} d(θ, S) → 0.

Finite form, over finite sets Θ^N = {P_N θ^j}: with moduli ω of the loss, for every θ,
|J_k(θ) − J(θ)| ≤ ω(Πρ‖u0_k − u0‖ + Σ(Πρ)h‖τW(f_k − f)‖ + ‖u*_k − u*‖),
in this order the terms start, data and label.  Let δ_k be the sum of the largest of each over Θ^N.
(1) |min J_k − min J| ≤ δ_k.  (2) J(θ) − min J ≤ (J_k(θ) − min J_k) + 2δ_k for all θ, so that S_k is in
{J ≤ min J + 2δ_k}; and J(θ) − min J ≤ 2δ_k + the modulus (4.5) of J from a minimiser θ_k of J_k to any θ, so
that cluster points minimise J.  (3) sup_{θ ∈ S_k} d(θ, S) ≤ sup {d(θ, S): J(θ) ≤ min J + 2δ_k}, which is 0
as soon as 2δ_k is less than the gap to the second best.  Convergence itself: with share_k δ_1/share_1 for
δ_k, where data_k − data is share_k times one direction; ω is convex.  Compactness: of I + 1 minimisers on a
segment of length M, two are within M/I.

Over boxes Θ^N of a few parameters all minima are enclosed: |min J_k − min J| is at most the larger
|J_k − J| at both best points, and share_k/share_1 times what the data may do to J^N anywhere in the box.

Not claimed: sup_{θ ∈ S} d(θ, S_k) → 0.  It holds where S is one point; otherwise see the control without
one minimiser.

Shapes: members (batch, J), problems (batch, I).  Source: arXiv:2605.27133, Theorem 4.1 and (2.4), (2.8),
(2.10), *reconstructed*; constant 4.5, section 12.
"""

from claims import box_margins, cluster_margins
from claims import training_margins as margins
from claims.box_assumptions import BOX
from claims.box_assumptions import MEMBERS as IN_THE_BOX
from claims.data_assumptions import APPROACHING, BOUNDED, SEGMENT, UNIQUE
from claims.families import drawn_training, moved_boxes, perturbed_failures, perturbed_samplers
from claims.kit.claim import claim
from claims.set_assumptions import A1, A2, A3, A4, A5, MEMBERS

DISPENSABLE = {
    A2: "two runs of one network are compared with each other; where R is minimal does not enter",
    A3: "with one θ no subgradient enters (4.5): the runs differ in u0 and f alone",
}
KEPT = (A1, A4, A5, MEMBERS)

modulus = claim("fbs_learning", "Theorem 4.1", assumes=KEPT, dispensable=DISPENSABLE)
theorem = claim("fbs_learning", "Theorem 4.1", assumes=(*KEPT, APPROACHING), dispensable=DISPENSABLE)
compact = claim("fbs_learning", "Theorem 4.1", assumes=(A1, A4, A5, MEMBERS, BOUNDED, SEGMENT))
hausdorff = claim(
    "fbs_learning", "Theorem 4.1", assumes=(*KEPT, APPROACHING, UNIQUE), dispensable=DISPENSABLE
)
boxes = claim(
    "fbs_learning",
    "Theorem 4.1",
    assumes=(A1, A4, A5, BOX, IN_THE_BOX, APPROACHING),
    dispensable=DISPENSABLE,
)
INSTANCES = {"drawn": drawn_training.problems(), "sampled": perturbed_samplers.problems(), "cost": 192}
TERMS = ("start", "data", "label")


@modulus.holds(**INSTANCES, sharp=TERMS)
def test_objectives_follow_the_data(p, run):
    """|J_k(θ) − J(θ)| ≤ start + data + label, for every θ ∈ Θ^N and every k."""
    return margins.objectives(margins.of_networks(p, run))


@modulus.holds(**INSTANCES, sharp=TERMS)
def test_minimum_follows_the_data(p, run):
    """(1) |min J_k − min J| ≤ the largest start, data and label over Θ^N, for every k."""
    return margins.minima(margins.of_networks(p, run))


@theorem.holds(**INSTANCES, sharp=TERMS)
def test_minima_of_training_converge(p, run):
    """(1) |min J_k − min J| ≤ share_k/share_1 times the bound of the first problem, for every k."""
    return margins.falling_minima(p, margins.of_networks(p, run))


@modulus.holds(**INSTANCES, sharp=tuple(f"{name} twice" for name in TERMS))
def test_minimisers_are_nearly_optimal(p, run):
    """(2) J(θ) − min J ≤ (J_k(θ) − min J_k) + 2δ_k, for every θ ∈ Θ^N and every k."""
    return margins.nearly_optimal(margins.of_networks(p, run))


@theorem.holds(**INSTANCES, sharp=("near",))
def test_excess_of_the_minimisers_vanishes(p, run):
    """(3) sup_{θ ∈ S_k} d(θ, S) ≤ sup {d(θ, S): J(θ) ≤ min J + 2 share_k δ_1/share_1}, for every k."""
    return margins.excesses(p, margins.of_networks(p, run))


@compact.holds(sampled=perturbed_samplers.problems_on_segments(), cost=192, sharp=("spread",))
def test_minimisers_cluster(p, run):
    """(2) Of minimisers θ̂ of J and θ̂_k of the I problems two are within M/I, M the length of the segment."""
    return margins.clusters(p, margins.of_networks(p, run), run)


@modulus.holds(drawn=drawn_training.problems(), sampled=perturbed_samplers.problems(), cost=384)
def test_cluster_points_of_minimisers_minimise(p, run):
    """(2) J(θ) − min J ≤ 2δ_k + modulus (4.5) from a minimiser θ_k of J_k to θ: both vanish as θ_k → θ."""
    return cluster_margins.cluster_points(p, margins.of_networks(p, run), run, limit=False)


@hausdorff.holds(sampled=perturbed_samplers.problems(), cost=384, sharp=("near",))
def test_unique_minimiser_is_approached(p, run):
    """sup_{θ ∈ S} d(θ, S_k) ≤ the bound of (3), where S is one point; the theorem does not claim it."""
    return margins.returns(p, margins.of_networks(p, run))


@boxes.holds(sampled=moved_boxes.networks(), cost=512, sharp=("best points", *TERMS))
def test_minima_over_boxes_follow_the_data(p, run):
    """(1), (2): |min J_k − min J| ≤ share_k/share_1 δ_1, J − min J ≤ (J_k − min J_k) + twice that."""
    return box_margins.data_are_close(p, run, limit=False)


@theorem.fails(
    without=A4,
    on=perturbed_failures.jumping_losses(),
    witness="training_jumping_loss",
    expected="R = |u|, λ ∈ {0, 1/4 … 1}, ℓ = 1{u > 0}, u0_k = 1 + 1/k: min J_k = 1, min J = 0",
    cost=64,
)
def test_minima_of_training_need_a_continuous_loss(p, run):
    """ℓ = 1{u > 0}: λ = 1 takes u0 = 1 to 0, but no λ ≤ 1 takes 1 + 1/k there."""
    return test_minima_of_training_converge.predicate(p, run)


@theorem.fails(
    without=A1,
    on=perturbed_failures.jumping_prox(),
    witness="training_jumping_prox",
    expected="ℓ₀, N = 1, Θ = {λ = ½}, u0 = 1, u0_k = 1 − 1/k: min J_k = 0, min J = 1",
    cost=64,
)
def test_minima_of_training_need_convexity(p, run):
    """ℓ₀: the prox keeps 1 and lets 1 − 1/k go."""
    return test_minima_of_training_converge.predicate(p, run)


@compact.fails(
    without=BOUNDED,
    on=perturbed_failures.unbounded(),
    witness="training_unbounded",
    expected="R = ½u², N = 1, λ = 0, 1, 2, …, u*_k = 1/k: λ_k = k − 1, no two closer than 1",
    cost=64,
)
def test_minimisers_need_a_bounded_set(p, run):
    """λ ≥ 0: the minimisers λ_k = k − 1 have no cluster point."""
    return test_minimisers_cluster.predicate(p, run)


@hausdorff.fails(
    without=UNIQUE,
    on=perturbed_failures.many_minimisers(),
    witness="training_many_minimisers",
    expected="R = |u|, λ ≤ 2, u*_k = 1/k: S_k = {1 − 1/k}, S = {1, 3/2, 2}, and 2 stays 1 + 1/k away",
    cost=64,
)
def test_minimisers_need_not_return(p, run):
    """Not claimed by the theorem, and false: S = [1, 2], but S_k is one point below 1 (S is not l.s.c.)."""
    return test_unique_minimiser_is_approached.predicate(p, run)


@modulus.fails(
    without=A5,
    on=perturbed_failures.spikes(),
    witness="training_spike_penalty",
    expected="R = |u|, ℓ = |u − u*|, ½r with r(0) = 1, r(s) = s: S_k = {λ_k}, λ_k = ½, ⅛, … → 0, J(0) = ½, "
    "inf J = 0",
    cost=64,
)
def test_cluster_points_need_continuous_penalties(p, run):
    """λ_k → 0 minimise J_k for u*_k = 1 − λ_k → 1, but J(λ) = 3λ/2 for λ > 0 and J(0) = ½: S = ∅."""
    return test_cluster_points_of_minimisers_minimise.predicate(p, run)


@theorem.fails(
    without=APPROACHING,
    on=perturbed_failures.departing_data(),
    witness="training_departing_labels",
    expected="R = |u|, λ = 0, u0 = u* = 1, u*_k = 5/4, 3/2, 2: min J_k = 1/16, 1/4, 1, and 4 · 1/16 = ¼ < 1",
    cost=64,
)
def test_minima_of_training_need_data_that_converge(p, run):
    """Labels that move away take the minimum with them."""
    return test_minima_of_training_converge.predicate(p, run)
