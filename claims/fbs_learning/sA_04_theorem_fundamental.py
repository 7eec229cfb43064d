r"""Theorem A.4: if equi-coercive F_k Γ-converge to F, minima converge and minimisers cluster at minimisers.

F attains its minimum, min F_k → min F, and every cluster point of a sequence of (almost) minimisers of F_k
minimises F.  Equi-coercive: every F_k attains its minimum in one compact ball |x| ≤ c.

Finite form, with the windows of Definition A.3 and c + r_k ≤ ρ_k:
|min F_k − min_{|x| ≤ ρ_k} F| ≤ e_k;
min_{|x| ≤ c + r_k} F ≤ min_{|x| ≤ ρ_k} F + 2e_k: far out F cannot fall below what it has near |x| ≤ c;
if |x| ≤ ρ_k and F_k(x) ≤ min F_k + s_k, then dist(x, {F ≤ min_{|y| ≤ ρ_k} F + 2e_k + s_k}) ≤ r_k;
and every point z at most t_k from such an x has
F(z) − min_{|y| ≤ ρ_k} F ≤ 2e_k + s_k + (F(z) − min_{B(z, r_k + t_k)} F),
whose right side tends to 0 for a cluster point z, where F is lower semicontinuous.

The last two need no coercivity: their almost minimisers are bounded by assumption.  Each holds with its
declared rates for every member; the controls break them at the last one, for all rates that tend to 0.

Shapes: points (batch, n, d); F (batch, n); F_k (batch, m, n).  Source: arXiv:2605.27133, Theorem A.4,
*reconstructed*; constants of section 11.
"""

from claims import gamma_constants as gamma
from claims.assumptions import EQUICOERCIVE, LIMINF, LIMSUP
from claims.families import drawn_gamma, gamma_failures, gamma_sequences
from claims.kit.claim import claim
from claims.kit.margin import at_most

theorem = claim("fbs_learning", "Theorem A.4", assumes=(LIMINF, LIMSUP, EQUICOERCIVE))
minimisers = claim("fbs_learning", "Theorem A.4", assumes=(LIMINF, LIMSUP))
SEQUENCES = {"drawn": drawn_gamma.sequences(), "sampled": gamma_sequences.sequences(), "cost": 4}


def rounding(p, run):
    """Return the round-off of sums of a few values and rates, which no subject computes."""
    return run.reference_rounding(3, gamma.magnitude(p))


@theorem.holds(**SEQUENCES, sharp=("error",))
def test_minima_converge(p, run):
    """|min F_k − min_{|x| ≤ ρ_k} F| ≤ e_k for every k."""
    return at_most(gamma.minima_distance(p), {"error": p.error}, rounding(p, run))


@theorem.holds(**SEQUENCES, sharp=("errors",))
def test_limit_attains_its_minimum(p, run):
    """min_{|x| ≤ c + r_k} F − min_{|x| ≤ ρ_k} F ≤ 2e_k for every k."""
    return at_most(gamma.outer_gain(p), {"errors": 2 * p.error}, rounding(p, run))


@minimisers.holds(**SEQUENCES, sharp=("radius",))
def test_minimisers_approach(p, run):
    """dist(x, {F ≤ min_{|y| ≤ ρ_k} F + 2e_k + s_k}) ≤ r_k where |x| ≤ ρ_k minimises F_k up to s_k."""
    left = gamma.minimiser_distances(p)
    size = gamma.largest(gamma.norms(p.points))
    return at_most(left, {"radius": p.radius[:, :, None] + 0 * left}, run.reference_rounding(1, size))


@minimisers.holds(**SEQUENCES, sharp=("errors", "slack", "semicontinuity"))
def test_cluster_points_minimise(p, run):
    """F(z) − min_{|y| ≤ ρ_k} F ≤ 2e_k + s_k + (F(z) − min_{B(z, r_k + t_k)} F), z within t_k of such an x."""
    return at_most(gamma.cluster_excess(p), gamma.cluster_bound(p), rounding(p, run))


SPIKES = {
    "without": LIMINF,
    "witness": "gamma_spikes",
    "expected": "x² − 3max(0, 1 − k|x − 1 − 1/k|) → x² pointwise; minima −0.75, −1.4375, … → −2, min F = 0",
}


@theorem.fails(**SPIKES, on=gamma_failures.pointwise())
def test_minima_need_liminf(p, run):
    """A spike runs into x = 1 and carries the minimum away."""
    return test_minima_converge.predicate(p, run)


@theorem.fails(
    without=LIMSUP,
    on=gamma_failures.subsequences(),
    witness="gamma_second_wells",
    expected="minimum values −1, 0, −1, 0, where min F = −1",
)
def test_minima_need_limsup(p, run):
    """Every second member lacks the well that F has."""
    return test_minima_converge.predicate(p, run)


@theorem.fails(
    without=EQUICOERCIVE,
    on=gamma_failures.escapes(),
    witness="gamma_escape",
    expected="min(|x|, 1) − 2max(0, 1 − |x − k|): x_k = k, minimum value −1, min F = 0",
)
def test_minima_need_coercivity(p, run):
    """Minimisers that escape take the minimum with them."""
    return test_minima_converge.predicate(p, run)


@theorem.fails(
    without=EQUICOERCIVE,
    on=gamma_failures.infima(),
    witness="gamma_unattained",
    expected="F_k = F = 2^−|x|: infimum 0, not attained",
)
def test_attainment_needs_coercivity(p, run):
    """A constant sequence Γ-converges, and need not have a minimum."""
    return test_limit_attains_its_minimum.predicate(p, run)


@minimisers.fails(**SPIKES, on=gamma_failures.spiked())
def test_minimisers_need_liminf(p, run):
    """The minimisers 1 + 1/k come nowhere near the minimiser 0."""
    return test_minimisers_approach.predicate(p, run)


@minimisers.fails(**SPIKES, on=gamma_failures.spiked())
def test_cluster_points_need_liminf(p, run):
    """The cluster point 1 of the minimisers 1 + 1/k has F(1) = 1 > min F = 0."""
    return test_cluster_points_minimise.predicate(p, run)


@minimisers.fails(
    without=LIMSUP,
    on=gamma_failures.subsequences(),
    witness="gamma_second_wells",
    expected="every second member is least at 0, where F = 0 > min F = −1",
)
def test_cluster_points_need_limsup(p, run):
    """0 minimises every second member, and not F."""
    return test_cluster_points_minimise.predicate(p, run)
