r"""Theorem 3.2 (bounds): states and increments of the network are bounded uniformly in N.

Assume A1 and A2.  With K = τWA, c = τWf, σ = τλ, ρ_n = ‖I − hK_n‖₂ the states satisfy
‖u_{n+1}‖ ≤ ρ_n‖u_n‖ + h‖c_n‖, (4.3), and the increments
‖u_{n+1} − u_n‖ ≤ h·dist(0, K_nu_n − c_n + σ_n∂R(u_n)) ≤ h(‖K_nu_n − c_n‖ + σ_n‖∂R⁰(u_n)‖), (4.4).

With A3 the piecewise-linear interpolant is bounded in H¹(0,1) whatever N:
∫‖û'‖² ≤ hΣ(‖K_n‖M + ‖c_n‖ + σ_n(C0 + C1M))², M = e^{‖K‖_{L¹}}(‖u0‖ + ‖c‖_{L¹}).  A2 is needed for the
constants of (4.3) and M only, A3 for no theorem.

With one θ for several samples (f_i, u0_i) the state bound holds in the mean square over them, each term for
its root mean square, rms_i x_i = (mean_i x_i²)^{1/2}.

Shapes: states (batch, N+1, d), or (batch, samples, N+1, d).  Source: part I, Theorem 3.2, as used by
arXiv:2605.27133, *reconstructed*; constants 4.3, 4.4.
"""

from claims import constants, magnitudes, sample_constants
from claims.assumptions import A1, A2, A3
from claims.families import networks, off_catalogue, samples, strategies
from claims.kit.arithmetic import norm
from claims.kit.claim import claim
from claims.kit.margin import at_most

WITHOUT_A2 = "with h‖c_n‖ + hσ_n‖∂R⁰(0)‖ for h‖c_n‖ the bound holds for every R with A1 (checked beside)"
WITHOUT_A3 = (
    "on ‖u‖ ≤ M, ‖∂R(u)‖ ≤ max_{‖w‖≤M+1} R − min_{‖w‖≤M} R, finite by A1; it takes the place of C0 + C1M"
)
NOWHERE_MINIMISED = "the proof compares with the prox that rests at u_n; where R is minimal does not enter"
WITHOUT_GROWTH = "‖∂R⁰(u_n)‖ itself stands on the right side; how it grows does not enter"

states_bounded = claim("fbs_forward", "Theorem 3.2 (bounds)", assumes=(A1, A2))
any_minimum = claim("fbs_forward", "Theorem 3.2 (bounds)", assumes=(A1,), dispensable={A2: WITHOUT_A2})
increments_bounded = claim(
    "fbs_forward",
    "Theorem 3.2 (bounds)",
    assumes=(A1,),
    dispensable={A2: NOWHERE_MINIMISED, A3: WITHOUT_GROWTH},
)
h1_bounded = claim(
    "fbs_forward", "Theorem 3.2 (bounds)", assumes=(A1, A2, A3), dispensable={A2: WITHOUT_A2, A3: WITHOUT_A3}
)
INSTANCES = {"drawn": strategies.networks(), "sampled": networks.networks()}


def step_rounding(p, states, run):
    """Return the round-off of one layer, (batch, N)."""
    return run.rounding(magnitudes.operations(p), magnitudes.step_magnitude(p, states))


@states_bounded.holds(**INSTANCES, sharp=("initial", "data"))
def test_state_bound_of_a_layer(p, run):
    """‖u_{n+1}‖ ≤ ρ_n‖u_n‖ + h‖c_n‖ for every n."""
    states = run.forward(p)
    return at_most(norm(states[:, 1:]), constants.state_bound_step(p, states), step_rounding(p, states, run))


@states_bounded.holds(**INSTANCES, sharp=("initial", "data"))
def test_state_bound(p, run):
    """‖u_n‖ ≤ Π_{k<n} ρ_k ‖u0‖ + Σ_{j<n} (Π_{j<k<n} ρ_k) h‖c_j‖ for every n."""
    states = run.forward(p)
    rounding = run.rounding(magnitudes.operations(p), magnitudes.accumulated_magnitude(p, states))
    return at_most(norm(states[:, 1:]), constants.state_bound(p), rounding)


@states_bounded.holds(drawn=strategies.samples(), sampled=samples.samples(), sharp=("initial", "data"))
def test_state_bound_of_samples(p, run):
    """rms_i ‖uⁱ_n‖ ≤ Π_{k<n} ρ_k rms_i ‖u0_i‖ + Σ_{j<n} (Π_{j<k<n} ρ_k) h rms_i ‖cⁱ_j‖ for every n."""
    states = run.forward(p)
    rounding = run.rounding(sample_constants.operations(p), sample_constants.state_magnitude(p, states))
    left = sample_constants.rms(norm(states))[:, 1:]
    return at_most(left, sample_constants.state_bound(p), rounding)


@any_minimum.holds(sampled=off_catalogue.with_off_center(), sharp=("initial", "data", "off centre"))
def test_state_bound_without_minimum_at_zero(p, run):
    """‖u_{n+1}‖ ≤ ρ_n‖u_n‖ + h‖c_n‖ + hσ_n‖∂R⁰(0)‖ for every n, whether or not 0 minimises R."""
    states = run.forward(p)
    terms = constants.state_bound_step(p, states) | {"off centre": constants.off_center_step(p)}
    return at_most(
        norm(states[:, 1:]), terms, step_rounding(p, states, run) + run.rounding(1, terms["off centre"])
    )


@increments_bounded.holds(**INSTANCES, sharp=("distance",))
def test_increment_distance(p, run):
    """‖u_{n+1} − u_n‖ ≤ h·dist(0, K_nu_n − c_n + σ_n∂R(u_n))."""
    states = run.forward(p)
    right = {"distance": constants.increment_distance(p, states)}
    return at_most(norm(states[:, 1:] - states[:, :-1]), right, step_rounding(p, states, run))


@increments_bounded.holds(**INSTANCES, sharp=("drift", "subgradient"))
def test_increment_bound(p, run):
    """‖u_{n+1} − u_n‖ ≤ h(‖K_nu_n − c_n‖ + σ_n‖∂R⁰(u_n)‖)."""
    states = run.forward(p)
    left = norm(states[:, 1:] - states[:, :-1])
    return at_most(left, constants.increment_bound(p, states), step_rounding(p, states, run))


@h1_bounded.holds(**INSTANCES, sharp=("operator", "data", "subgradient"))
def test_h1_bound(p, run):
    """(∫‖û'‖²)^{1/2} ≤ (hΣ(‖K_n‖M + ‖c_n‖ + σ_n(C0 + C1M))²)^{1/2}, whatever N."""
    states = run.forward(p)
    rounding = run.rounding(magnitudes.operations(p), magnitudes.h1_magnitude(p, states))
    return at_most(constants.h1_seminorm(p, states), constants.h1_bound(p), rounding)


@states_bounded.fails(
    without=A2,
    on=off_catalogue.off_center(),
    witness="state_bound_off_center",
    expected="R = |u − 1|, u0 = 0: one layer moves to ½, against ρ·0 + 0",
)
def test_state_bound_of_a_layer_needs_minimum_at_zero(p, run):
    """|u − 1|, u0 = 0, f = 0: one layer moves away from 0 (the constant fails, not the theorem)."""
    return test_state_bound_of_a_layer.predicate(p, run)


@states_bounded.fails(
    without=A2,
    on=off_catalogue.off_center(),
    witness="state_bound_off_center",
    expected="R = |u − 1|, u0 = 0: the state moves to ½",
)
def test_state_bound_needs_minimum_at_zero(p, run):
    """|u − 1|, u0 = 0, f = 0: the state moves away from 0 (the constant fails, not the theorem)."""
    return test_state_bound.predicate(p, run)


@h1_bounded.fails(
    without=A2,
    on=off_catalogue.off_center(),
    witness="h1_bound_off_center",
    expected="R = |u − 1|: bounded by C0 + C1M only if M is",
)
def test_h1_bound_needs_minimum_at_zero(p, run):
    """With the minimum of R at 1, M does not bound the states that ‖K‖ multiplies."""
    return test_h1_bound.predicate(p, run)


@h1_bounded.fails(
    without=A3,
    on=off_catalogue.steep(),
    witness="h1_bound_quartic",
    expected="¼u⁴, u0 = 4, λ = ¼, N = 1: 2 + 2³/4 = 4, the state falls by 2; (C0, C1) = (0, 1) allow λ·4 = 1",
)
def test_h1_bound_needs_linear_growth(p, run):
    """¼|u|⁴ beyond the unit ball, where its constants were taken (the constant fails, not the theorem)."""
    return test_h1_bound.predicate(p, run)


@increments_bounded.fails(
    without=A1,
    on=off_catalogue.jumping(),
    witness="increment_jump_l0",
    expected="‖·‖₀, K = 0, f = 0: the bound is 0, the state jumps to 0",
)
def test_increment_bound_needs_convexity(p, run):
    """ℓ₀: the only subgradient away from 0 is 0, so nothing should move, yet the prox jumps."""
    return test_increment_bound.predicate(p, run)


@increments_bounded.fails(
    without=A1,
    on=off_catalogue.jumping(),
    witness="increment_jump_l0",
    expected="‖·‖₀ at 1, K = 0, f = 0: dist(0, σ∂R(1)) = 0, the state jumps to 0",
)
def test_increment_distance_needs_convexity(p, run):
    """ℓ₀: 0 is a subgradient wherever no entry is 0, yet the prox jumps."""
    return test_increment_distance.predicate(p, run)


@states_bounded.fails(
    without=A1,
    on=off_catalogue.between_wells(),
    witness="state_bound_double_well",
    expected="R = min(|u|, |u − 2|), u0 = 3/2, K = 0, f = 0: one layer moves to 2, against ρ·3/2 = 3/2",
)
def test_state_bound_of_a_layer_needs_convexity(p, run):
    """min(|u|, |u − 2|), u0 = 3/2, λ = ½: one layer moves to the nearer minimiser, 2, away from 0."""
    return test_state_bound_of_a_layer.predicate(p, run)


@increments_bounded.explores(without=A1, on=off_catalogue.in_a_box())
def test_increments_where_R_is_infinite(p, run):
    """The indicator of a box: outside, where ∂R is empty, the distance is ∞ and the bound says nothing."""
    return test_increment_distance.predicate(p, run)
