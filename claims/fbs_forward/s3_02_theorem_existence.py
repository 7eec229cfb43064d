r"""Theorem 3.2 (existence and uniqueness): the limit system has one solution, and networks converge to it.

Assume A1.  The network's states alone bound their distance to every solution of the limit system (2.3) that
is driven by its controls: with κ = −λ_{min}((K + Kᵀ)/2) and the Bregman gap D_n of a layer,
‖û(t) − u(t)‖ ≤ √a(t) + b(t), a' = 2κa + 2σ(1 − s)D_n, b' = κb + s‖K_n(u_{n+1} − u_n)‖ on the cell n, (4.7).
So two solutions coincide (uniqueness); networks of more and more layers are a Cauchy sequence with
this modulus, and their limit is a solution (existence).  The limit obeys the state bound (4.3).

Finite form: one network against the solution, networks of N and 2N layers, and networks from two starts.
Shapes: states (batch, N+1, d).  Source: part I, Theorem 3.2, as used by arXiv:2605.27133, *reconstructed*;
constants 4.3, 4.7.  The nuclear norm takes part where no solution is needed.
"""

from claims import limit_constants as constants
from claims import limit_margins as margins
from claims import magnitudes
from claims.assumptions import A1, A2, MODERATE, SAME_SYSTEM
from claims.families import limits, network_pairs, strategies
from claims.kit.arithmetic import norm
from claims.kit.claim import claim
from claims.kit.margin import at_most

WITHOUT_A2 = "neither the certificate nor its proof asks where R is minimal; only the constant of (4.3) does"

theorem = claim("fbs_forward", "Theorem 3.2 (existence)", assumes=(A1,), dispensable={A2: WITHOUT_A2})
unique = claim(
    "fbs_forward", "Theorem 3.2 (existence)", assumes=(A1, SAME_SYSTEM), dispensable={A2: WITHOUT_A2}
)
solved = claim("fbs_forward", "Theorem 3.2 (existence)", assumes=(A1, MODERATE), dispensable={A2: WITHOUT_A2})
bounded = claim("fbs_forward", "Theorem 3.2 (existence)", assumes=(A1, A2, MODERATE))
INSTANCES = {"drawn": strategies.networks_with_limit(), "sampled": limits.networks_with_limit(), "cost": 64}

#: Radius that the solver of the limit is asked for.
REQUEST = 2.0**-4


@solved.holds(**INSTANCES, sharp=("drift",))
def test_certificate_of_the_network(p, run):
    """‖u_n − u(t_n)‖ ≤ √a(t_n) + b(t_n) for every n."""
    x, states, (solution, radius) = constants.exponents(p), run.forward(p), run.limit(p)
    terms, rounding = margins.certificate(p, states, run, x)
    own = margins.oracle_round_off(p, run, radius, x)
    return margins.against_limit(norm(states - solution)[:, 1:], terms, rounding, own, radius)


@theorem.holds(drawn=strategies.networks(), sampled=limits.networks_in_depth(), cost=4)
def test_depths_are_cauchy(p, run):
    """‖u_n − u_{2n}‖ of networks with N and 2N layers is at most the sum of their certificates."""
    fine = limits.refined(p, 2)
    states, finer = run.forward(p), run.forward(fine)
    coarse, rounding = margins.certificate(p, states, run, constants.exponents(p))
    further, more = margins.certificate(fine, finer, run, constants.exponents(fine))
    terms = {
        "N": coarse["gap"] + coarse["drift"],
        "2N": (further["gap"] + further["drift"])[:, 1::2],
    }
    return at_most(norm(states[:, 1:] - finer[:, 2::2]), terms, rounding + more[:, 1::2])


@unique.holds(drawn=strategies.pairs_of_starts(), sampled=limits.pairs_of_starts(), cost=4, sharp=("start",))
def test_solutions_from_two_starts(pair, run):
    """‖u_n − v_n‖ ≤ e^{∫κ}‖u0 − v0‖ + both certificates: with u0 = v0 there is one solution."""
    x, u, v = constants.exponents(pair.first), run.forward(pair.first), run.forward(pair.second)
    first, rounding = margins.certificate(pair.first, u, run, x)
    second, more = margins.certificate(pair.second, v, run, constants.exponents(pair.second))
    terms = {
        "start": constants.growth_of_distance(pair.first, norm(pair.first.u0 - pair.second.u0), x),
        "first": first["gap"] + first["drift"],
        "second": second["gap"] + second["drift"],
    }
    return at_most(norm(u - v)[:, 1:], terms, rounding + more)


@bounded.holds(**INSTANCES, sharp=("initial", "data"))
def test_limit_is_bounded(p, run):
    """‖u(t_n)‖ ≤ e^{∫κ}‖u0‖ + ∫ e^{∫_s^t κ}‖c(s)‖ ds for every n."""
    x, (solution, radius) = constants.exponents(p), run.limit(p)
    terms = constants.limit_state_bound(p, x)
    rounding = run.reference_rounding(magnitudes.operations(p), terms["initial"] + terms["data"])
    own = margins.oracle_round_off(p, run, radius, x)
    return margins.against_limit(norm(solution)[:, 1:], terms, rounding, own, radius)


@solved.holds(**INSTANCES)
def test_solver_encloses_the_limit(p, run):
    """The solver of the limit returns a value and a radius with ‖value − u(1)‖ ≤ radius."""
    (value, enclosed), (solution, radius) = run.enclosure(p, REQUEST), run.limit(p)
    rounding = run.reference_rounding(magnitudes.operations(p), norm(value) + norm(solution[:, -1]))
    own = margins.oracle_round_off(p, run, radius)
    return margins.against_limit(norm(value - solution[:, -1]), {"radius": enclosed}, rounding, own, radius)


@solved.holds(**INSTANCES)
def test_solver_is_no_worse_than_a_network(p, run):
    """The solver's radius is at most what was asked for, or the certificate of a network of 32 layers."""
    deep = limits.refined(p, -(-32 // p.depth))
    terms, rounding = margins.certificate(deep, run.forward(deep), run, constants.exponents(deep))
    _, enclosed = run.enclosure(p, REQUEST)
    allowed = {"request": REQUEST + 0 * enclosed, "network": terms["gap"][:, -1] + terms["drift"][:, -1]}
    return at_most(enclosed, allowed, rounding[:, -1])


@unique.fails(
    without=A1,
    on=network_pairs.apart_from_zero(),
    witness="stability_negative_l1",
    expected="−|u|, K = 0, N = 1, λ = 1, u0 = ±1: solutions 4 apart, certificates 0, starts 2 apart",
)
def test_uniqueness_needs_convexity(pair, run):
    """−|u|: from ±ε the states part by 2(ε + σt), and from 0 both 0 and ±σt solve the system."""
    return test_solutions_from_two_starts.predicate(pair, run)


@unique.fails(
    without=SAME_SYSTEM,
    on=network_pairs.of_two_systems(),
    witness="uniqueness_other_data",
    expected="K = 0, λ = 0, u0 = 0 for both, f = 1 and 2: u = t and 2t, and certificates 0",
)
def test_uniqueness_needs_one_system(pair, run):
    """Two systems with other data: their solutions from one start part, and certificates know of one each."""
    return test_solutions_from_two_starts.predicate(pair, run)
