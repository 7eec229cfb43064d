r"""Theorem A.1: a sequence that converges in L^p(0,1) has a subsequence that converges almost everywhere.

Take n_k so that ‖f_{n_k} − f‖_p ≤ 4^−k.  Then |{|f_{n_k} − f| > 2^−k}| ≤ 2^(−kp), and the sets beyond K
together measure at most Σ_{k≥K} 2^(−kp) = 2^(−Kp)/(1 − 2^−p) → 0.  Outside of them |f_{n_k} − f| ≤ 2^−k for
all k ≥ K, so f_{n_k} → f almost everywhere.

Finite form: both bounds on measures, for the members at hand.  The first is Chebyshev's inequality and
sharp: heights just above 2^−k; the second is sharp where such sets lie side by side.

Neither holds for every sequence that converges in L^p (the typewriter sequence χ_[j/2^i, (j+1)/2^i)
converges at no point), and no subsequence helps where the convergence is weak only: |r_k| = 1 everywhere.

Shapes: members (batch, m, M); p = twice_p/2 in {1, 3/2, 2, 3}.  Source: arXiv:2605.27133, Theorem A.1,
*reconstructed*.
"""

from claims import sequence_constants as sequence
from claims.assumptions import STRONG_RATE
from claims.families import convergent, strategies
from claims.kit.claim import claim
from claims.kit.margin import at_most

theorem = claim("fbs_learning", "Theorem A.1", assumes=(STRONG_RATE,))
INSTANCES = {"drawn": strategies.convergent_sequences(), "sampled": convergent.sequences()}


@theorem.holds(**INSTANCES, sharp=("chebyshev",))
def test_bad_sets_are_small(p, run):
    """|{|f_k − f| > 2^−k}| ≤ 2^(−kp) for every k."""
    left = sequence.bad_measure(p)
    return at_most(left, {"chebyshev": sequence.binary_rate(p.index, p.twice_p)}, run.rounding(0, left))


@theorem.holds(**INSTANCES, sharp=("tail",))
def test_converges_off_a_small_set(p, run):
    """|{|f_k − f| > 2^−k for some k ≥ K}| ≤ Σ_{k≥K} 2^(−kp) for every K."""
    left = sequence.exceptional_measure(p)
    return at_most(left, {"tail": sequence.tail(p)}, run.rounding(0, left))


@theorem.fails(
    without=STRONG_RATE,
    on=convergent.typewriters(),
    witness="typewriter",
    expected="every block covers [0, 1): the set where f_n = 1 for some n ≥ K has measure 1, whatever K",
)
def test_whole_sequence_converges_nowhere(p, run):
    """The typewriter sequence itself: it tends to 0 in L^p, and at every point it is 1 again and again."""
    return test_converges_off_a_small_set.predicate(p, run)


@theorem.fails(
    without=STRONG_RATE,
    on=convergent.weak_sequences(),
    witness="rademacher_weak",
    expected="|r_k − 0| = 1 everywhere: measure 1 against 2^(−kp), for every subsequence",
)
def test_weak_convergence_is_not_enough(p, run):
    """Rademacher functions tend to 0 weakly, and are nowhere near 0."""
    return test_bad_sets_are_small.predicate(p, run)
