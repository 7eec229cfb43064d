r"""Theorem 3.2 (convergence): networks of more and more layers converge to the solution, at a known rate.

Assume A1, A2 and A3.  The certificate (4.7) of a network is then bounded by the raw data alone.
With U_n ≥ ‖u_n‖ from (4.3) and V_n = ‖K_n‖U_n + ‖c_n‖ + σ_n(C0 + C1U_n), the increments are at most hV_n,
D_n ≤ (2C0 + C1(U_n + U_{n+1}))hV_n, and (4.7) is at most its modulus, a and b with these in the place of
D_n and of ‖u_{n+1} − u_n‖.  The modulus is at most A√h + Bh, where A and B depend on the functions K, c, σ on
[0, 1] and on ‖u0‖, not on the number of layers.  So it tends to 0, and existence is a limit of networks.

Finite form: the certificate against its modulus, both terms at depths N, 2N, 4N, 8N against A√h and Bh, and
the distance to the solution against the modulus at the last of these depths.  Both terms are sharp.
Shapes: states (batch, N+1, d).  Source: part I, Theorem 3.2, as used by arXiv:2605.27133, *reconstructed*;
constants 4.3, 4.4, 4.7.  The nuclear norm takes part where no solution is needed.
"""

from claims import limit_constants as constants
from claims import limit_margins as margins
from claims.assumptions import A1, A2, A3, MODERATE
from claims.families import depths, off_catalogue, strategies
from claims.kit.claim import claim

theorem = claim("fbs_forward", "Theorem 3.2 (convergence)", assumes=(A1, A2, A3))
#: A3 says of nothing but a convex R how its subgradients grow.
convex = claim("fbs_forward", "Theorem 3.2 (convergence)", assumes=(A1, A2))
solved = claim("fbs_forward", "Theorem 3.2 (convergence)", assumes=(A1, A2, A3, MODERATE))


@theorem.holds(drawn=strategies.networks(), sampled=depths.networks(), cost=16, sharp=("gap", "drift"))
def test_certificate_has_a_modulus(p, run):
    """√a(t_n) and b(t_n) of (4.7), each by itself, are at most what A2 and A3 allow for every n."""
    states, x = run.forward(p), constants.exponents(p)
    terms = constants.network_certificate(p, states, 0 * x, x)
    return margins.term_by_term(terms, *margins.modulus(p, states, run, x))


@theorem.holds(
    drawn=strategies.networks(), sampled=depths.networks_to_refine(), cost=128, sharp=("root", "linear")
)
def test_certificate_vanishes(p, run):
    """√a(1) ≤ A√h and b(1) ≤ Bh for h = 1/N, 1/2N, 1/4N, 1/8N, with one A and one B."""
    x = constants.exponents(p)
    networks = margins.deeper(p, run, x)
    return margins.term_by_term(*margins.against_rates(p, networks, run, x))


@solved.holds(
    drawn=strategies.networks_with_limit(), sampled=depths.networks_with_limit(), cost=256, sharp=("drift",)
)
def test_networks_converge(p, run):
    """‖u_n − u(t_n)‖ of the network with 8N layers is at most its modulus at the ends of all N cells."""
    x, limit = constants.exponents(p), run.limit(p)
    own = margins.oracle_round_off(p, run, limit.radius, x)
    return margins.converging(margins.deeper(p, run, x), limit, own, run)


@theorem.fails(
    without=A2,
    on=off_catalogue.off_center(),
    witness="h1_bound_off_center",
    expected="R = |u − 1|, u0 = 0, K = −4, N = 4, λ = 1: U_n = 0, but the state leaves 0 and K drives it on",
)
def test_modulus_needs_minimum_at_zero(p, run):
    """‖u − b‖₁ at 0: the state leaves 0 of its own accord, and no U_n knows of it."""
    return test_certificate_has_a_modulus.predicate(p, run)


@theorem.fails(
    without=A3,
    on=off_catalogue.steep(),
    witness="h1_bound_quartic",
    expected="R = ¼u⁴, u0 = 4, λ = ¼, N = 1: σD = 11, the constants (0, 1) would allow 2",
)
def test_modulus_needs_linear_growth(p, run):
    """¼‖u‖⁴ from far away: subgradients outgrow every C0 + C1‖u‖, and so do gaps."""
    return test_certificate_has_a_modulus.predicate(p, run)


@convex.fails(
    without=A1,
    on=off_catalogue.letting_go(),
    witness="convergence_jump_l0",
    expected="ℓ₀, u0 = 1, K = 0, f = 0, λ = 2, N = 1: the state falls to 0 with D = ½, the constants allow 0",
)
def test_modulus_needs_convexity(p, run):
    """ℓ₀: 0 is the only subgradient at u0, so that no V_n lets the state move, and it falls to 0."""
    return test_certificate_has_a_modulus.predicate(p, run)
