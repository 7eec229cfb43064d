r"""Proposition 3.7: cell means converge to the function in L², with the modulus of equi-continuity.

P_N takes means over N equal cells, E_N extends N values piecewise constantly, (S_rv)(t) = v(t + r) with
zero extension, norms in L²(0,1), matrices in the Frobenius norm.  Then ‖P_Nv‖ ≤ ‖v‖, P_NE_N = id, and
‖E_NP_Nv − v‖ ≤ ω_v(1/N) = sup_{0<r≤1/N} ‖S_rv − v‖ → 0.

Convergence itself, uniform over a family: if all values are bounded by M and all variations by V, then
ω_v(1/N) ≤ (M(2V + M)/N)^{1/2} and ‖E_NP_Nv − v‖ ≤ (MV/(2N))^{1/2}, whatever v; both are sharp.  Without
equi-continuity this fails: P_Nr_k = 0 for Rademacher functions, dyadic N < 2^k.

Shapes: functions (batch, M, k).  Source: part I, Proposition 3.7, as used by arXiv:2605.27133,
*reconstructed*; constants of section 3.
"""

from claims import grid_constants as constants
from claims.assumptions import BOUNDED, EQUICONTINUOUS
from claims.families import functions, off_catalogue, strategies
from claims.kit.arithmetic import largest, norm
from claims.kit.claim import claim
from claims.kit.margin import at_most, equals

projection = claim("fbs_forward", "Proposition 3.7", assumes=())
uniform = claim("fbs_forward", "Proposition 3.7", assumes=(BOUNDED, EQUICONTINUOUS))
INSTANCES = {"drawn": strategies.functions(), "sampled": functions.functions()}


def error(p, run):
    """Return ‖E_NP_Nv − v‖, computed on the coarsest grid that refines both."""
    grid = constants.common_cells(p.cells, p.values.shape[1])
    return constants.l2_norm(
        run.extend(run.project(p.values, p.cells), grid) - constants.refined(p.values, grid)
    )


def rounding(p, run):
    """Return the round-off of a mean over at most M cells."""
    return run.rounding(p.values.shape[1], constants.l2_norm(p.values))


@projection.holds(**INSTANCES, sharp=("function",))
def test_projection_is_bounded(p, run):
    """‖P_Nv‖ ≤ ‖v‖."""
    return at_most(
        constants.l2_norm(run.project(p.values, p.cells)),
        {"function": constants.l2_norm(p.values)},
        rounding(p, run),
    )


@projection.holds(**INSTANCES)
def test_projection_is_the_cell_mean(p, run):
    """(P_Nv)_n = N ∫_{I_n} v for every n."""
    size = run.rounding(p.values.shape[1], largest(norm(p.values)))
    expected = constants.cell_means(p.values, p.cells)
    return equals(run.project(p.values, p.cells), expected, size[:, None] + 0 * norm(expected))


@projection.holds(**INSTANCES)
def test_projection_inverts_extension(p, run):
    """P_NE_N = id, for the function's own grid and a refinement of it."""
    grid = p.values.shape[1]
    back = run.project(run.extend(p.values, grid * p.cells), grid)
    size = run.rounding(p.cells, largest(norm(p.values)))
    return equals(back, p.values, size[:, None] + 0 * norm(p.values))


@projection.holds(**INSTANCES, sharp=("modulus",))
def test_projection_error(p, run):
    """‖E_NP_Nv − v‖ ≤ ω_v(1/N)."""
    return at_most(error(p, run), {"modulus": constants.modulus(p.values, p.cells)}, rounding(p, run))


@uniform.holds(**INSTANCES, sharp=("family",))
def test_modulus_of_the_family(p, run):
    """ω_v(1/N) ≤ (M(2V + M)/N)^{1/2} for all v with values bounded by M and variation by V."""
    family = constants.family_modulus(p.bound, p.variation, p.cells)
    return at_most(constants.modulus(p.values, p.cells), {"family": family}, rounding(p, run))


@uniform.holds(**INSTANCES, sharp=("family",))
def test_converges_uniformly(p, run):
    """‖E_NP_Nv − v‖ ≤ (MV/(2N))^{1/2} for all v with values bounded by M and variation by V."""
    family = constants.family_projection_error(p.bound, p.variation, p.cells)
    return at_most(error(p, run), {"family": family}, rounding(p, run))


@uniform.fails(
    without=EQUICONTINUOUS,
    on=functions.rademacher_functions(),
    witness="rademacher_projection",
    expected="P_N r_k = 0 for dyadic N < 2^k: the error stays 1 however large N",
)
def test_uniform_convergence_needs_equicontinuity(p, run):
    """Rademacher functions: the error is 1, no bound that falls with N can hold."""
    return test_converges_uniformly.predicate(p, run)


@uniform.fails(
    without=EQUICONTINUOUS,
    on=functions.rademacher_functions(),
    witness="rademacher_projection",
    expected="r_5 moved by 1/32 is −r_5: ω² = 4 · 31/32 + 1/32, against 3/16 for M = V = 1, N = 16",
)
def test_modulus_of_the_family_needs_equicontinuity(p, run):
    """Rademacher functions: the modulus stays near 2, however large N."""
    return test_modulus_of_the_family.predicate(p, run)


@uniform.fails(
    without=BOUNDED,
    on=off_catalogue.beyond_the_bound(),
    witness="constant_beyond_bound",
    expected="v = 2, M = 1, V = 0, N = 1: ω = 2 > 1",
)
def test_modulus_of_the_family_needs_a_bound(p, run):
    """A constant beyond M: what zero extension cuts off at the end is as large as the constant."""
    return test_modulus_of_the_family.predicate(p, run)


@uniform.fails(
    without=BOUNDED,
    on=off_catalogue.beyond_the_bound(),
    witness="jump_beyond_bound",
    expected="0 to 1, M = ¼, V = 1, N = 1: error ½ > √⅛",
)
def test_uniform_convergence_needs_a_bound(p, run):
    """A jump in mid-cell that is larger than M allows."""
    return test_converges_uniformly.predicate(p, run)
