r"""Remark 4.3: Theorems 4.1 and 4.2 where only the initial value, only f, or only the labels change.

The same statements with one of u0_k → u0, f_k → f, u*_k → u* and the other data fixed.

Finite form: |min J_k − min J| ≤ the one term of its own, the largest over Θ: start, data or label.
Shapes: problems (batch, I).  Source: arXiv:2605.27133, Remark 4.3, *reconstructed*; constant 4.5, section 12.
"""

from claims import training_margins as margins
from claims.data_assumptions import ONLY_F, ONLY_LABEL, ONLY_U0
from claims.families import drawn_training, perturbed_failures, perturbed_samplers
from claims.kit.claim import claim
from claims.set_assumptions import A1, A2, A3, A4, A5, MEMBERS, MODERATE

DISPENSABLE = {
    A2: "as for Theorems 4.1 and 4.2: where R is minimal does not enter",
    A3: "as for Theorems 4.1 and 4.2: no subgradient enters",
    A5: "the penalties are the same in J_k and J and cancel in their difference, whatever r is (checked with "
    "r that jump); where J has no minimum read infima.  It is needed for cluster points, see Theorem 4.1",
}
KEPT = (A1, A4, MEMBERS)


def only(*more):
    """Return the remark with further assumptions."""
    return claim("fbs_learning", "Remark 4.3", assumes=(*KEPT, *more), dispensable=DISPENSABLE)


starts, measurements, labels = (only(one) for one in (ONLY_U0, ONLY_F, ONLY_LABEL))
limit_starts, limit_measurements, limit_labels = (
    only(MODERATE, one) for one in (ONLY_U0, ONLY_F, ONLY_LABEL)
)


@starts.holds(
    drawn=drawn_training.alone("u0"), sampled=perturbed_samplers.alone_moved("u0"), cost=128, sharp=("start",)
)
def test_minimum_follows_the_start(p, run):
    """Only u0 changes: |min J_k − min J| ≤ the largest start over Θ^N."""
    return margins.minimum_alone(margins.of_networks(p, run), "start")


@measurements.holds(
    drawn=drawn_training.alone("f"), sampled=perturbed_samplers.alone_moved("f"), cost=128, sharp=("data",)
)
def test_minimum_follows_the_measurements(p, run):
    """Only f changes: |min J_k − min J| ≤ the largest data over Θ^N."""
    return margins.minimum_alone(margins.of_networks(p, run), "data")


@labels.holds(
    drawn=drawn_training.alone("labels"),
    sampled=perturbed_samplers.alone_moved("labels"),
    cost=128,
    sharp=("label",),
)
def test_minimum_follows_the_labels(p, run):
    """Only u* changes: |min J_k − min J| ≤ the largest label over Θ^N."""
    return margins.minimum_alone(margins.of_networks(p, run), "label")


@limit_starts.holds(sampled=perturbed_samplers.alone_moved("u0", small=True), cost=1024, sharp=("start",))
def test_limit_minimum_follows_the_start(p, run):
    """Only u0 changes, in the limit: |min J_k − min J| ≤ the largest start over Θ."""
    return margins.minimum_alone(margins.of_limits(p, run), "start")


@limit_measurements.holds(sampled=perturbed_samplers.alone_moved("f", small=True), cost=1024, sharp=("data",))
def test_limit_minimum_follows_the_measurements(p, run):
    """Only f changes, in the limit: |min J_k − min J| ≤ the largest data over Θ."""
    return margins.minimum_alone(margins.of_limits(p, run), "data")


@limit_labels.holds(sampled=perturbed_samplers.alone_moved("labels", small=True), cost=1024, sharp=("label",))
def test_limit_minimum_follows_the_labels(p, run):
    """Only u* changes, in the limit: |min J_k − min J| ≤ the largest label over Θ."""
    return margins.minimum_alone(margins.of_limits(p, run), "label")


@starts.fails(
    without=A1,
    on=perturbed_failures.jumping_prox(),
    witness="training_jumping_prox",
    expected="ℓ₀, N = 1, Θ = {λ = ½}, u0 = 1, u0_k = 1 − 1/k: min J_k = 0, min J = 1",
    cost=64,
)
def test_following_the_start_needs_convexity(p, run):
    """ℓ₀: the prox keeps 1 and lets 1 − 1/k go."""
    return test_minimum_follows_the_start.predicate(p, run)


@starts.fails(
    without=A4,
    on=perturbed_failures.jumping_losses(),
    witness="training_jumping_loss",
    expected="R = |u|, λ ∈ {0, 1/4 … 1}, ℓ = 1{u > 0}, u0_k = 1 + 1/k: min J_k = 1, min J = 0",
    cost=64,
)
def test_following_the_start_needs_a_continuous_loss(p, run):
    """ℓ = 1{u > 0}: λ = 1 takes u0 = 1 to 0, but no λ ≤ 1 takes 1 + 1/k there."""
    return test_minimum_follows_the_start.predicate(p, run)
