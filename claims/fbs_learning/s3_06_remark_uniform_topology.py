r"""Remark 3.6: compactness in L^∞ is too much to ask; a bounded, equi-continuous family need not have it.

v_k = χ_[0, 1/k] and v_k = χ_[0, 1/2 + 1/k] are bounded by 1 and have total variation at most 1, so that
Lemma 3.3 applies: they converge in L²(0,1), to 0 and to χ_[0, 1/2].  But ‖v_j − v_k‖_∞ = 1 for all j ≠ k: no
subsequence converges in L^∞.

Finite form: k‖v_k − v‖² = 1 for every k; ‖v_j − v_k‖_∞ = 1 for all j < k; the variation of every v_k is at
most 1. More generally for χ_[s, s + 1/k), of variation at most 2, with the limit 0.

No control is possible: the remark is itself a counterexample, to compactness in L^∞, and assumes nothing
that could be dropped.

Shapes: members (batch, m, M).  Source: arXiv:2605.27133, Remark 3.6, *reconstructed*.
"""

from claims import sequence_constants as sequence
from claims.families import convergent, strategies
from claims.kit.claim import claim
from claims.kit.margin import at_most, equals
from claims.kit.sequence_instances import ConvergentSequence

remark = claim("fbs_learning", "Remark 3.6", assumes=())
INSTANCES = {"drawn": strategies.indicators(), "sampled": convergent.moving_indicators()}


def extended(p, run):
    """Return the sequence written on a grid twice as fine, by the extension that is judged."""
    batch, members, grid = p.values.shape
    values = run.extend(p.values.reshape(batch * members, grid, 1), 2 * grid)
    limit = run.extend(p.limit[:, :, None], 2 * grid)[:, :, 0]
    return ConvergentSequence(values.reshape(batch, members, 2 * grid), limit, p.index, p.twice_p)


@remark.holds(**INSTANCES)
def test_converges_in_l2(p, run):
    """k‖v_k − v‖² = 1 for every k."""
    scaled = p.index * sequence.squares(extended(p, run))
    return equals(
        scaled[:, :, None], 1 + 0 * scaled[:, :, None], run.rounding(p.values.shape[2], 1 + 0 * scaled)
    )


@remark.holds(**INSTANCES)
def test_stays_apart_in_the_supremum_norm(p, run):
    """‖v_j − v_k‖_∞ = 1 for all j < k."""
    apart = sequence.uniform_distances(extended(p, run))
    return equals(apart[:, :, None], 1 + 0 * apart[:, :, None], 0 * apart)


@remark.holds(**INSTANCES, sharp=("variation",))
def test_family_is_equicontinuous(p, run):
    """The variation of every v_k is at most 2, whatever k: Lemma 3.3 applies."""
    left = sequence.variations(extended(p, run).values)
    return at_most(left, {"variation": 2 + 0 * left}, 0 * left)
