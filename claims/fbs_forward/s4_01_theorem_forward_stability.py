r"""Theorem 4.1 (part I): the network depends Lipschitz-continuously on u0, f and the controls.

Assume A1.  Let u be the run with data u0, f and controls θ, v the run with ũ0, f̃ and θ̃.  Then, with
ρ̃_n = ‖I − hK̃_n‖₂ of the *second* system and the subgradient p_{n+1} that the prox step of the *first* one
used, ‖u_{n+1} − v_{n+1}‖ ≤ ρ̃_n‖u_n − v_n‖ + h‖(K_n − K̃_n)u_n − (c_n − c̃_n)‖ + h|σ_n − σ̃_n|‖p_{n+1}‖.
Each of the three terms is sharp.

Where σ_n = 0 the minimal-norm subgradient stands for p_{n+1}; elsewhere the quotient that the step
determines, capped by C0 + C1‖u_{n+1}‖.

With one θ and one θ̃ for several samples (f_i, u0_i), (f̃_i, ũ0_i) the same holds in the mean square over them:
each term for its root mean square, rms_i x_i = (mean_i x_i²)^{1/2}.

Shapes: states (batch, N+1, d), or (batch, samples, N+1, d).  Source: part I, Theorem 4.1, as used by
arXiv:2605.27133, *reconstructed*; constant 4.5.
"""

from claims import constants, magnitudes, sample_constants
from claims.assumptions import A1, A2, A3
from claims.families import network_pairs, samples, strategies
from claims.kit.arithmetic import norm
from claims.kit.claim import claim
from claims.kit.margin import at_most

NOWHERE_MINIMISED = "the proof compares two prox steps with each other; where R is minimal does not enter"
WITHOUT_GROWTH = (
    "‖p_{n+1}‖ itself stands on the right side; where it must be bounded, A1 alone bounds it on ‖u‖ ≤ M"
)

theorem = claim(
    "fbs_forward",
    "Theorem 4.1 (part I)",
    assumes=(A1,),
    dispensable={A2: NOWHERE_MINIMISED, A3: WITHOUT_GROWTH},
)
INSTANCES = {"drawn": strategies.network_pairs(), "sampled": network_pairs.pairs()}
TERMS = ("initial", "drift", "weight")


def prepared(pair, run):
    """Return both trajectories, the length of dot products, and the round-off of the first one's steps."""
    u, v = run.forward(pair.first), run.forward(pair.second)
    operations = magnitudes.operations(pair.first)
    return u, v, operations, run.rounding(operations, magnitudes.step_magnitude(pair.first, u))


@theorem.holds(**INSTANCES, sharp=TERMS)
def test_stability_of_a_layer(pair, run):
    """‖u_{n+1} − v_{n+1}‖ ≤ ρ̃_n‖u_n − v_n‖ + h‖(K_n − K̃_n)u_n − (c_n − c̃_n)‖ + h|σ_n − σ̃_n|‖p_{n+1}‖
    for every n.
    """
    u, v, operations, own = prepared(pair, run)
    rounding = run.rounding(operations, magnitudes.crossed_magnitude(pair, u, v))
    return at_most(norm(u - v)[:, 1:], constants.stability_step(pair, u, v, own), rounding)


@theorem.holds(**INSTANCES, sharp=TERMS)
def test_stability(pair, run):
    """‖u_n − v_n‖ ≤ the same three terms summed up over the layers, for every n."""
    u, v, operations, own = prepared(pair, run)
    rounding = run.rounding(operations, magnitudes.crossed_accumulated_magnitude(pair, u, v))
    return at_most(norm(u - v)[:, 1:], constants.stability(pair, u, own), rounding)


@theorem.holds(drawn=strategies.sample_pairs(), sampled=samples.pairs(), sharp=TERMS)
def test_stability_of_samples(pair, run):
    """rms_i ‖uⁱ_n − vⁱ_n‖ ≤ the root mean squares of the same three terms summed up over the layers, for
    every n.
    """
    u, v = run.forward(pair.first), run.forward(pair.second)
    operations = sample_constants.operations(pair.first)
    own = run.rounding(operations, sample_constants.step_magnitude(pair.first, u))
    rounding = run.rounding(operations, sample_constants.stability_magnitude(pair, u, v))
    left = sample_constants.rms(norm(u - v))[:, 1:]
    return at_most(left, sample_constants.stability(pair, u, own), rounding)


@theorem.fails(
    without=A1,
    on=network_pairs.across_the_jump(),
    witness="stability_jump_l0",
    expected="N = 1, ℓ₀, λ = ½, u0 = 1 ± ε: outputs 1 + ε and 0, gap 1 + ε against data gap 2ε",
)
def test_stability_needs_convexity(pair, run):
    """ℓ₀: initial values 2ε apart end 1 + ε apart."""
    return test_stability.predicate(pair, run)


@theorem.fails(
    without=A1,
    on=network_pairs.across_the_jump(),
    witness="stability_jump_l0",
    expected="the same layer: 1 + ε against ρ̃ · 2ε",
)
def test_stability_of_a_layer_needs_convexity(pair, run):
    """ℓ₀: one layer takes 2ε to 1 + ε."""
    return test_stability_of_a_layer.predicate(pair, run)


@theorem.fails(
    without=A1,
    on=network_pairs.apart_from_zero(),
    witness="stability_negative_l1",
    expected="u0 = ±1, λ = 1, N = 1: ±1 → ±2, gap 2(1 + λ) = 4 against 2",
)
def test_stability_needs_more_than_continuity(pair, run):
    """−|u| is Lipschitz continuous, but its prox leads away from 0 on either side."""
    return test_stability.predicate(pair, run)


@theorem.fails(
    without=A1,
    on=samples.across_the_jump(),
    witness="stability_samples_jump_l0",
    expected="N = 1, ℓ₀, λ = ½, u0_i = 1 ± ε_i, two samples: gaps 1 + ε_i against data gaps 2ε_i",
)
def test_stability_of_samples_needs_convexity(pair, run):
    """ℓ₀: samples 2ε_i apart end 1 + ε_i apart, also in the mean square."""
    return test_stability_of_samples.predicate(pair, run)
