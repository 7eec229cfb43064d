r"""Theorem 4.1 (part I): the network depends Lipschitz-continuously on u0, f and the controls.

Assume A1.  Let u be the run with data u0, f and controls θ, v the run with ũ0, f̃ and θ̃.  Then, with
ρ̃_n = ‖I − hK̃_n‖₂ of the *second* system and the subgradient p_{n+1} that the prox step of the *first* one
used, ‖u_{n+1} − v_{n+1}‖ ≤ ρ̃_n‖u_n − v_n‖ + h‖(K_n − K̃_n)u_n − (c_n − c̃_n)‖ + h|σ_n − σ̃_n|‖p_{n+1}‖.
Each of the three terms is sharp.

Where σ_n = 0 the minimal-norm subgradient stands for p_{n+1}; elsewhere the quotient that the step
determines, capped by C0 + C1‖u_{n+1}‖.

Shapes: states (batch, N+1, d).  Source: part I, Theorem 4.1, as used by arXiv:2605.27133,
*reconstructed*; constant 4.5.
"""

from claims import constants
from claims.assumptions import A1
from claims.families import network_pairs, strategies
from claims.kit.arithmetic import norm
from claims.kit.claim import claim
from claims.kit.margin import at_most

theorem = claim("fbs_forward", "Theorem 4.1 (part I)", assumes=(A1,))
INSTANCES = {"drawn": strategies.network_pairs(), "sampled": network_pairs.pairs()}
TERMS = ("initial", "drift", "weight")


def prepared(pair, run):
    """Return both trajectories, the length of dot products, and the round-off of the first one's steps."""
    u, v = run.forward(pair.first), run.forward(pair.second)
    operations = constants.operations(pair.first)
    return u, v, operations, run.rounding(operations, constants.step_magnitude(pair.first, u))


@theorem.holds(**INSTANCES, sharp=TERMS)
def test_stability_of_a_layer(pair, run):
    """‖u_{n+1} − v_{n+1}‖ ≤ ρ̃_n‖u_n − v_n‖ + h‖(K_n − K̃_n)u_n − (c_n − c̃_n)‖ + h|σ_n − σ̃_n|‖p_{n+1}‖
    for every n.
    """
    u, v, operations, own = prepared(pair, run)
    rounding = run.rounding(operations, constants.crossed_magnitude(pair, u, v))
    return at_most(norm(u - v)[:, 1:], constants.stability_step(pair, u, v, own), rounding)


@theorem.holds(**INSTANCES, sharp=TERMS)
def test_stability(pair, run):
    """‖u_n − v_n‖ ≤ the same three terms summed up over the layers, for every n."""
    u, v, operations, own = prepared(pair, run)
    rounding = run.rounding(operations, constants.crossed_accumulated_magnitude(pair, u, v))
    return at_most(norm(u - v)[:, 1:], constants.stability(pair, u, own), rounding)


@theorem.fails(
    without=A1,
    on=network_pairs.across_the_jump(),
    witness="stability_jump_l0",
    expected="N = 1, ℓ₀, λ = ½, u0 = 1 ± ε: outputs 1 + ε and 0, gap 1 + ε against data gap 2ε",
)
def test_stability_needs_convexity(pair, run):
    """ℓ₀: initial values 2ε apart end 1 + ε apart."""
    return test_stability.predicate(pair, run)
