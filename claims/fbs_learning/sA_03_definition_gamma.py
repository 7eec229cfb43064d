r"""Definition A.3: F_k Γ-converges to F if liminf F_k(x_k) ≥ F(x) where x_k → x, and lim = F(x) for some x_k.

Finite form, with windows B(x, r_k), errors e_k and balls |x| ≤ ρ_k: for every k and |x| ≤ ρ_k,
  (liminf)  F_k(x) ≥ min_{B(x, r_k)} F − e_k,       (limsup)  min_{B(x, r_k)} F_k ≤ F(x) + e_k.
If r_k, e_k → 0, ρ_k → ∞ and F is lower semicontinuous, F_k Γ-converges to F; where closed balls are compact,
every sequence that Γ-converges has such windows (docs/mathematics.md, section 11).

A definition claims nothing; what is checked is that the finite form does what Γ-convergence is defined for:
F_k(x') ≥ F(x) − e_k − (F(x) − min_{B(x, r_k + t_k)} F) for d(x, x') ≤ t_k: the liminf along every sequence;
|min_{B(x, r_k)} F_k − F(x)| ≤ e_k + (F(x) − min_{B(x, 2r_k)} F): recovery sequences;
F_k + G has the limit F + G, with the errors e_k + Λr_k, for a G with the Lipschitz constant Λ;
two limits F and F' of one sequence satisfy min_{B(x, r_k + r'_k)} F' ≤ F(x) + e_k + e'_k, and the same
exchanged, so that they agree once both are lower semicontinuous.

The spaces are finite subsets of the line and the plane, with the distance of the maximum norm.

Shapes: points (batch, n, d); F (batch, n); F_k (batch, m, n).  Source: arXiv:2605.27133, Definition A.3,
*reconstructed*; constants of section 11.
"""

from claims import gamma_constants as gamma
from claims.assumptions import CONTINUOUS, LIMINF, LIMSUP
from claims.families import drawn_gamma, gamma_failures, gamma_pairs, gamma_sequences
from claims.kit.claim import claim
from claims.kit.margin import at_most

lower_half = claim("fbs_learning", "Definition A.3", assumes=(LIMINF,))
definition = claim("fbs_learning", "Definition A.3", assumes=(LIMINF, LIMSUP))
stability = claim("fbs_learning", "Definition A.3", assumes=(LIMINF, LIMSUP, CONTINUOUS))
SEQUENCES = {"drawn": drawn_gamma.sequences(), "sampled": gamma_sequences.sequences(), "cost": 4}


def rounding(p, run):
    """Return the round-off of sums of three values and rates, which no subject computes."""
    return run.reference_rounding(2, gamma.magnitude(p))


@lower_half.holds(**SEQUENCES, sharp=("error", "semicontinuity"))
def test_liminf_along_every_sequence(p, run):
    """F(x) − F_k(x') ≤ e_k + (F(x) − min_{B(x, r_k + t_k)} F) for |x'| ≤ ρ_k and d(x, x') ≤ t_k."""
    return at_most(gamma.along_sequences(p), gamma.liminf_bound(p), rounding(p, run))


@definition.holds(**SEQUENCES, sharp=("error", "two windows"))
def test_recovery_sequences(p, run):
    """|min_{B(x, r_k)} F_k − F(x)| ≤ e_k + (F(x) − min_{B(x, 2r_k)} F) for |x| ≤ ρ_k − r_k."""
    return at_most(gamma.recovered(p), gamma.recovery_bound(p), rounding(p, run))


@stability.holds(
    drawn=drawn_gamma.perturbations(), sampled=gamma_pairs.perturbations(), cost=4, sharp=("error", "modulus")
)
def test_continuous_perturbations(p, run):
    """F_k + G has the limit F + G: both inequalities with the errors e_k + Λr_k."""
    return at_most(gamma.both_halves(gamma.perturbed(p)), gamma.perturbed_errors(p), rounding(p, run))


@definition.holds(
    drawn=drawn_gamma.two_limits(), sampled=gamma_pairs.two_limits(), cost=4, sharp=("first", "second")
)
def test_limits_are_unique(p, run):
    """min_{B(x, r_k + r'_k)} F' ≤ F(x) + e_k + e'_k for |x| ≤ min(ρ_k, ρ'_k − r_k), and F, F' exchanged."""
    return at_most(gamma.crossed(p), gamma.crossed_errors(p), rounding(p, run))


SPIKES = {
    "without": LIMINF,
    "on": gamma_failures.spiked(),
    "witness": "gamma_spikes",
    "expected": "x² − 3max(0, 1 − k|x − 1 − 1/k|) → x² pointwise, but F_k(1 + 1/k) → −2 < F(1) = 1",
}


@lower_half.fails(**SPIKES)
def test_pointwise_convergence_is_not_enough(p, run):
    """A spike that runs into x = 1 is seen along a sequence, and at no point."""
    return test_liminf_along_every_sequence.predicate(p, run)


@definition.fails(**SPIKES)
def test_recovery_needs_liminf(p, run):
    """At x = 1 there is a sequence whose values fall below F(1)."""
    return test_recovery_sequences.predicate(p, run)


@definition.fails(
    without=LIMSUP,
    on=gamma_failures.subsequences(),
    witness="gamma_second_wells",
    expected="F(2) = −1 is the value of every second member; the others have 2 there",
)
def test_recovery_needs_limsup(p, run):
    """A value that only a subsequence takes is no limit."""
    return test_recovery_sequences.predicate(p, run)


@stability.fails(
    without=CONTINUOUS,
    on=gamma_failures.jumps(),
    witness="gamma_jumping_perturbation",
    expected="F_k + G ≥ 0 for −max(0, 1 − k|x − 1/k|) and G = 3 for x > 0, but F + G = −1 at 0",
)
def test_perturbations_must_be_continuous(p, run):
    """A perturbation that jumps at the place where a spike comes to rest."""
    return test_continuous_perturbations.predicate(p, run)


@definition.fails(
    without=LIMINF,
    on=gamma_failures.weak_limits(),
    witness="gamma_weak_limit",
    expected="waves of 0 and 1: the Γ-limit is 0, the weak limit ½",
)
def test_uniqueness_needs_liminf(p, run):
    """The weak limit of waves satisfies the limsup inequality only, and lies above the Γ-limit."""
    return test_limits_are_unique.predicate(p, run)


@definition.fails(
    without=LIMSUP,
    on=gamma_failures.missing_wells(),
    witness="gamma_missing_well",
    expected="F_k = |x|; −1 at x = 2 is below every member: F' = −1 < F = 2",
)
def test_uniqueness_needs_limsup(p, run):
    """A function that lies too low somewhere satisfies the liminf inequality only."""
    return test_limits_are_unique.predicate(p, run)
