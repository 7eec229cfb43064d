r"""Corollary 3.9 (part I): the states of the networks converge to the deep-layer limit, uniformly in time.

Assume A1, A3, and θ^N → θ in L².  Then the interpolants û^N of the states of the networks with controls
P_N θ^N converge to the limit u driven by θ, uniformly on [0, 1].

Finite form: with κ⁺ = max(κ, 0) of the limit at θ, at every time n/(2N),
‖û − u‖ ≤ √a + b + e^{‖κ⁺‖_{L¹}}(‖K̄ − K‖_{L¹}sup‖ū‖ + ‖c̄ − c‖_{L¹} + (C0 + C1 sup‖ū‖)‖σ̄ − σ‖_{L¹}),
the certificate (4.7) of the network and the control error (4.8), the differences of K, c, σ bounded by
‖θ^N − θ‖ (term sequence) and ‖E_N P_N θ − θ‖ (term projection) in L².  Convergence itself: the last
member, with the declared rates in the place of ‖θ^N − θ‖.

K, c and σ of LISTA and ALISTA (and of an FBS-network with a τ that stays) are affine in the controls that
oscillate, so that their weak convergence is enough: ‖û − u‖ is bounded by sup_t ‖∫_0^t θ̄ − θ‖ (terms shift,
kinks, weight), which is O(2^{−k}) for oscillations r_k.  For the FBS-network it is not: products of weakly
convergent controls go elsewhere.

Shapes: states (batch, N+1, d).  Source: part I, Corollary 3.9, as used by arXiv:2605.27133, *reconstructed*;
constants 4.7, 4.8, section 10.
"""

from claims import comparison, limit_constants, weak_constants
from claims import convergence_constants as convergence
from claims.assumptions import A1, A2, A3, MEMBERS, MODERATE, STRONG
from claims.families import control_samplers, convergence_failures, drawn_convergence
from claims.kit.claim import claim
from claims.kit.margin import at_most

WITHOUT_A2 = "(4.7) and (4.8) bound the states by the network's own, so nothing asks where R is minimal"

WITHOUT_A3 = (
    "on ‖u‖ ≤ M, ‖∂R(u)‖ ≤ max_{‖w‖≤M+1} R − min_{‖w‖≤M} R, finite by A1; in the place of C0 + C1M it gives "
    "another constant, and the states converge"
)
DISPENSABLE = {A2: WITHOUT_A2, A3: WITHOUT_A3}

modulus = claim(
    "fbs_forward",
    "Corollary 3.9 (part I)",
    assumes=(A1, A3, MEMBERS, MODERATE),
    dispensable=DISPENSABLE,
)
convergent = claim(
    "fbs_forward",
    "Corollary 3.9 (part I)",
    assumes=(A1, A3, MEMBERS, STRONG, MODERATE),
    dispensable=DISPENSABLE,
)
#: A3 says of nothing but a convex R how its subgradients grow.
convex = claim(
    "fbs_forward",
    "Corollary 3.9 (part I)",
    assumes=(A1, MEMBERS, STRONG, MODERATE),
    dispensable=DISPENSABLE,
)
weak_distances = claim("fbs_forward", "Corollary 3.9 (part I)", assumes=(MEMBERS,))
STRONGLY = {"drawn": drawn_convergence.sequences(), "sampled": control_samplers.sequences(), "cost": 128}
WEAKLY = {"drawn": drawn_convergence.weak_sequences(), "sampled": control_samplers.weak_sequences()}


def strong_terms(p, one, distances, errors, factor):
    """Return the terms of (4.7) and (4.8) for controls with these distances and errors, (batch, 3)."""
    parts = {"sequence": distances, "projection": errors}
    return one.terms | {
        name: factor * convergence.control_error(p.first, one.network, part, one.reach)
        for name, part in parts.items()
    }


@modulus.holds(**STRONGLY, sharp=("drift", "sequence"))
def test_modulus(p, run):
    """‖û(t) − u(t)‖ ≤ (4.7) + (4.8) for every member and every t = n/(2N)."""
    members, limit = comparison.followed(p, run), run.limit(p.first, p.times)
    distances, errors, factor = (
        convergence.distances(p),
        convergence.projection_errors(p),
        limit_constants.stretch(p.first),
    )
    left = [comparison.apart(p, one, j, limit.states) for j, one in enumerate(members)]
    terms = [strong_terms(p, one, distances[:, j], errors[:, j], factor) for j, one in enumerate(members)]
    return comparison.members_against_limit(p, left, terms, [one.rounding for one in members], run, limit)


@convergent.holds(**STRONGLY)
def test_converges(p, run):
    """The last member: ‖û(t) − u(t)‖ ≤ (4.7) + (4.8) with the declared rates for ‖θ^N − θ‖."""
    last = len(p.depths) - 1
    (one,), limit = comparison.followed(p, run, [last]), run.limit(p.first, p.times)
    left = comparison.apart(p, one, last, limit.states)
    errors = convergence.projection_errors(p)[:, last]
    terms = strong_terms(p, one, p.rates[:, last], errors, limit_constants.stretch(p.first))
    return comparison.members_against_limit(p, [left], [terms], [one.rounding], run, limit)


@modulus.holds(**WEAKLY, cost=128, sharp=("shift",))
def test_weak_convergence_suffices_for_lista(p, run):
    """LISTA, ALISTA, FBS with one τ: ‖û(t) − u(t)‖ ≤ (4.7) + a modulus of sup_t ‖∫_0^t K̄ − K‖, …, σ̄ − σ."""
    members, limit = comparison.followed(p, run), run.limit(p.first, p.times)
    state = weak_constants.solution_reach(p.first, limit.states, limit.radius, 1 / (2 * p.depths[-1]))
    left = [comparison.apart(p, one, j, limit.states) for j, one in enumerate(members)]
    terms = [
        one.terms | weak_constants.weak_modulus(p.first, one.network, one.reach, state) for one in members
    ]
    return comparison.members_against_limit(p, left, terms, [one.rounding for one in members], run, limit)


@weak_distances.holds(**WEAKLY, cost=8, sharp=("oscillation", "projection"))
def test_weak_distances_vanish(p, run):
    """sup_t ‖∫_0^t θ̄ − θ‖ ≤ 2^{−k}s(‖ζ(0)‖ + sup‖ζ‖ + TV ζ)/2 + (h/4) max V(θ^j), ζ = ϑ − θ."""
    functions = [convergence.function(p, j) for j in range(len(p.depths))]
    networks = [comparison.projected_by(run, *pair) for pair in zip(functions, p.depths, strict=True)]
    left, sizes = weak_constants.weak_distances(p, networks), weak_constants.sizes(p)
    return at_most(left, weak_constants.weak_rates(p), run.rounding(functions[-1].depth, sizes))


@convergent.fails(
    without=STRONG,
    on=control_samplers.declared_too_close(),
    witness="weak_controls",
    expected="R = 0, A = 1, f = 0, u0 = 1, τ = W = 1 + r_1/2: e^{−5/4} = 0.2865048, N = 128: 0.2836179, "
    "N = 8 < 2^k: 0.3436089; the weak limit is e^{−1} = 0.3678794",
    cost=64,
)
def test_needs_strong_convergence(p, run):
    """τ = W = 1 + r_k/2: the sequence tends to e^{−5/4}, the limit at τ = W = 1 is e^{−1}."""
    return test_converges.predicate(p, run)


@convergent.fails(
    without=STRONG,
    on=control_samplers.declared_too_close(),
    witness="weak_weights",
    expected="R = |u|, W = 0, u0 = 2, τ = λ = 1 + r_k/2: 3/4 exactly, the weak limit gives 1",
    cost=64,
)
def test_weights_need_strong_convergence(p, run):
    """τ = λ = 1 + r_k/2: the weight τλ tends weakly to 5/4, not to 1."""
    return test_converges.predicate(p, run)


@convex.fails(
    without=A1,
    on=convergence_failures.pushed_states(),
    witness="controls_negative_l1",
    expected="−|u|, λ = 1, u0 = 2^-7, A = 0, f = 1, N = 4, W = −1/16: −1.0546875; the limit at W = 0 is "
    "1.0078125",
    cost=64,
)
def test_states_need_convexity(p, run):
    """−|u|: a push by 1/16 takes the state across 0, from where the prox leads to the other side."""
    return test_converges.predicate(p, run)


@convergent.fails(
    without=A3,
    on=convergence_failures.steep_states(),
    witness="controls_quartic",
    expected="¼u⁴, u0 = 4, W = 0, N = 64, λ_N = 1/64: near 4/√1.5 = 3.266, the limit at λ = 0 is 4; "
    "(C0, C1) = (0, 1) allow 4/64",
    cost=64,
)
def test_states_need_linear_growth(p, run):
    """¼u⁴ from 4: a small λ moves the state by λ·4³, not by λ·4 (the constant fails, not the theorem)."""
    return test_converges.predicate(p, run)
