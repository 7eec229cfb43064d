r"""Theorem 3.7: the training objectives of the networks converge to that of the deep-layer limit.

Assume A1, A3, A4, A5 and θ^N → θ in L².  Then J_N(θ^N) → J(θ), where J_N(θ) = J^N(P_N θ) and
J^N(θ^N) = ℓ(u_N, u*) + α r_W(‖W^N‖) + β r_τ(‖τ^N‖) + γ r_λ(‖λ^N‖),  J(θ) the same with u(1) and L² norms;
with several samples the loss is their mean.  LISTA has W¹, W², λ in the place of W, τ, λ.

Finite form: with δ = ‖θ^N − θ‖ + ‖E_N P_N θ − θ‖ for each control, and moduli ω, ω_r of loss and penalty,
|J_N(θ^N) − J(θ)| ≤ ω(4.7) + (ω((4.7) + (4.8)) − ω(4.7)) + Σ weights·ω_r(δ),
in this order the terms network, controls, penalty.  ω is (X + cε)^p − X^p, X = ‖u_N − u*‖_p, at the network's
last state, ω_r is taken at the norm of θ.  Squared error: ε(2X + ε), which is |‖x‖² − ‖y‖²| ≤
‖x − y‖(‖x‖ + ‖y‖).  Convergence itself: the last member, with the declared rates for ‖θ^N − θ‖.

Shapes: members (batch, J), states (batch, samples, N+1, d).  Source: arXiv:2605.27133, Theorem 3.7 and
(2.4), (2.5), (2.8) … (2.11), *reconstructed*; constants 4.7, 4.8, section 10.
"""

from claims import learning_margins as margins
from claims.assumptions import A1, A2, A3, A4, A5, BOUNDED, MEMBERS, MODERATE, STRONG
from claims.families import convergence_failures, drawn_learning, learning_failures, learning_sequences
from claims.kit.claim import claim

WITHOUT_A2 = "(4.7) and (4.8) bound the states by the network's own, so nothing asks where R is minimal"
WITHOUT_BOUND = (
    "(4.8) asks for L² norms of the controls only.  If θ^N → θ in L², then K, c, σ, products of controls, "
    "are equi-integrable: the largest step of the networks tends to 0, and (4.7) with it, bounded or not"
)
WITHOUT_A3 = (
    "on ‖u‖ ≤ M, ‖∂R(u)‖ ≤ max_{‖w‖≤M+1} R − min_{‖w‖≤M} R, finite by A1; in the place of C0 + C1M it gives "
    "another constant, and the objectives converge"
)
DISPENSABLE = {A2: WITHOUT_A2, A3: WITHOUT_A3, BOUNDED: WITHOUT_BOUND}
KEPT = (A1, A3, A4, A5, MEMBERS, MODERATE)

modulus = claim("fbs_learning", "Theorem 3.7", assumes=KEPT, dispensable=DISPENSABLE)
theorem = claim("fbs_learning", "Theorem 3.7", assumes=(*KEPT, STRONG), dispensable=DISPENSABLE)
#: A3 says of nothing but a convex R how its subgradients grow.
convex = claim(
    "fbs_learning", "Theorem 3.7", assumes=(A1, A4, A5, MEMBERS, MODERATE, STRONG), dispensable=DISPENSABLE
)
INSTANCES = {"drawn": drawn_learning.problems(), "sampled": learning_sequences.problems(), "cost": 256}


@modulus.holds(**INSTANCES, sharp=("network", "controls", "penalty"))
def test_objectives_have_a_modulus(p, run):
    """|J_N(θ^j) − J(θ)| ≤ the three terms, for every member j, at the distance ‖θ^j − θ‖."""
    return margins.along(p, run)


@theorem.holds(**INSTANCES)
def test_objectives_converge(p, run):
    """The last member: |J_N(θ^N) − J(θ)| ≤ the three terms, with the declared rates for ‖θ^N − θ‖."""
    return margins.at_last(p, run)


@theorem.fails(
    without=STRONG,
    on=learning_failures.weak_states(),
    witness="weak_objective",
    expected="R = 0, A = 1, f = 0, u0 = 1, τ = W = 1 + r_1/2, N = 128: J_N = 0.2836179², J = e^{−2}",
    cost=64,
)
def test_objectives_need_strong_convergence(p, run):
    """τ = W = 1 + r_k/2: the states tend to e^{−5/4}, the weak limit of the controls has e^{−1}."""
    return test_objectives_converge.predicate(p, run)


@theorem.fails(
    without=STRONG,
    on=learning_failures.weak_norms(),
    witness="weak_penalty",
    expected="LISTA, f = 1, u0 = 0, W¹ = 1 + r_1/2, W² = λ = 0, α = 1, r = s²: ‖W¹‖² is 5/4, not 1",
    cost=64,
)
def test_penalties_need_strong_convergence(p, run):
    """LISTA: weak convergence suffices for the states, but the norm of W¹ = 1 + r_k/2 does not converge."""
    return test_objectives_converge.predicate(p, run)


@theorem.fails(
    without=A4,
    on=learning_failures.jumping_losses(),
    witness="objective_jumping_loss",
    expected="R = ½u², λ = 1, N = 128, ℓ = 1 above e^{−1} (rounded up to 2^-16): J_N = 1, J = 0",
    cost=64,
)
def test_objectives_need_a_continuous_loss(p, run):
    """ℓ = 1{u > e^{−1}}: (1 + 1/N)^{−N} is above the threshold for every N, the limit e^{−1} is not."""
    return test_objectives_converge.predicate(p, run)


@theorem.fails(
    without=A5,
    on=learning_failures.jumping_penalties(),
    witness="objective_jumping_penalty",
    expected="ℓ = 0, γ = 1, r = 1{s > ½}, λ_N = ½ + 1/N: J_N = 1, J = 0",
    cost=64,
)
def test_objectives_need_continuous_penalties(p, run):
    """r = 1{s > ½}: the norms ½ + 1/N are above the threshold, their limit is not."""
    return test_objectives_converge.predicate(p, run)


@convex.fails(
    without=A1,
    on=convergence_failures.pushed_objectives(),
    witness="objective_negative_l1",
    expected="−|u|, λ = 1, u0 = 2^-7, A = 0, f = 1, N = 4, W = −1/16, u* = u0 + 1: J_N = 2.0625², J = 0",
    cost=64,
)
def test_objectives_need_convexity(p, run):
    """−|u|: a push by 1/16 takes the state across 0, and away from the label that the limit reaches."""
    return test_objectives_converge.predicate(p, run)


@theorem.fails(
    without=A3,
    on=convergence_failures.steep_objectives(),
    witness="objective_quartic",
    expected="¼u⁴, u0 = u* = 4, W = 0, N = 64, λ_N = 1/64: J_N near (4 − 4/√1.5)² = 0.539, J = 0 at λ = 0",
    cost=64,
)
def test_objectives_need_linear_growth(p, run):
    """¼u⁴ from 4: a small λ moves the state by λ·4³, not by λ·4 (the constant fails, not the theorem)."""
    return test_objectives_converge.predicate(p, run)
