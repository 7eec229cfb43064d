r"""Theorem 4.2 (part I): the deep-layer limit depends Lipschitz-continuously on u0, f and the controls.

Assume A1.  Let u solve the limit system (2.3) with data u0, f and controls θ, v that with ũ0, f̃ and θ̃.
Then, with κ̃ = −λ_{min}((K̃ + K̃ᵀ)/2) of the *second* system and p ∈ ∂R(u) that the *first* one uses,
‖u(t) − v(t)‖ ≤ e^{∫κ̃}‖u0 − ũ0‖ + ∫_0^t e^{∫_s^t κ̃}(‖(K − K̃)u − (c − c̃)‖ + |σ − σ̃|‖p‖) ds.
Each of the three terms is sharp.  With the *first* system's κ it is false.

Finite form: at t_1 … t_N, the path of u inside a cell enclosed from its values at quarters of it, and
‖p‖ ≤ C0 + C1‖u‖.  Once both solutions are the oracle's, once the subject's solver gives u(1) and v(1).
Shapes: states (batch, N+1, d).  Source: part I, Theorem 4.2, as used by arXiv:2605.27133, *reconstructed*;
constant 4.5.
"""

from claims import limit_margins as margins
from claims.assumptions import A1, A2, A3, MODERATE
from claims.families import limit_pairs, limits, strategies
from claims.kit.arithmetic import norm
from claims.kit.claim import claim

NOWHERE_MINIMISED = "the proof compares two solutions with each other; where R is minimal does not enter"
WITHOUT_GROWTH = (
    "‖p‖ itself stands on the right side; C0 + C1‖u‖ evaluates it, and A1 alone bounds it on ‖u‖ ≤ M"
)

theorem = claim(
    "fbs_forward",
    "Theorem 4.2 (part I)",
    assumes=(A1, MODERATE),
    dispensable={A2: NOWHERE_MINIMISED, A3: WITHOUT_GROWTH},
)

#: Radius that the solver of the limit is asked for.
REQUEST = 2.0**-4


@theorem.holds(
    drawn=strategies.network_pairs(limits.SOLVED),
    sampled=limit_pairs.pairs(),
    cost=192,
    sharp=("initial", "drift", "weight"),
)
def test_stability_of_the_limit(pair, run):
    """‖u(t_n) − v(t_n)‖ ≤ the three terms for every n, by the oracle's solutions."""
    solved = margins.Solved.of(pair, run)
    left = norm(solved.first - solved.second)[:, 1:]
    return margins.against_limit(left, solved.bound, solved.rounding, solved.own, solved.radius)


@theorem.holds(sampled=limit_pairs.pairs_to_solve(), cost=512)
def test_stability_of_the_solver(pair, run):
    """‖u(1) − v(1)‖ ≤ the three terms and both radii, by the solver of the limit."""
    solved = margins.Solved.of(pair, run)
    u, v = run.enclosure(pair.first, REQUEST), run.enclosure(pair.second, REQUEST)
    terms = {name: term[:, -1] for name, term in solved.bound.items()} | {"radii": u.radius + v.radius}
    left, at_end = norm(u.states - v.states), (solved.rounding, solved.own, solved.radius)
    return margins.against_limit(left, terms, *(one[:, -1] for one in at_end))


@theorem.fails(
    without=A1,
    on=limit_pairs.apart_from_zero(),
    witness="limit_stability_negative_l1",
    expected="−|u|, K = 0, c = 0, σ = ½, 3/2, u0 = ±1/16: solutions 2(1/16 + ∫σ) apart, data 1/8 apart",
)
def test_limit_stability_needs_convexity(pair, run):
    """−|u|: from ±ε the solutions part by 2(ε + ∫σ)."""
    return test_stability_of_the_limit.predicate(pair, run)
