r"""Lemma 3.3: a bounded, equi-continuous family of controls is precompact in L²(0,1) (Kolmogorov–Riesz).

Every sequence in it has a Cauchy subsequence.  With P_N the means over N cells and E_N the extension, all
members of total variation ≤ V satisfy dist(v, range E_N) = ‖E_NP_Nv − v‖ ≤ V/(2√N), so finitely many means
decide: ‖v − w‖² ≤ ‖P_Nv − P_Nw‖² + V²/N.

Finite form of the extraction: level j keeps, of the members that are left, those in the fullest box of
their means over N_j cells, boxes of side 2M/b_j; the j-th member chosen is the j-th that level j
keeps.  Then ‖v_{n_i} − v_{n_j}‖² ≤ k(2M/b_i)² + V²/N_i for all i < j, and level j keeps at least one in
Π_{i≤j} b_i^{kN_i} of the members: enough for any number of levels if the sequence is infinite.

Without equi-continuity it fails: Rademacher functions are √2 apart, all of them.  The bound ω_v(1/N) on the
distance, for any modulus ω, is checked with Proposition 3.7.

Shapes: members (batch, m, M, k).  Source: arXiv:2605.27133, Lemma 3.3, *reconstructed*; constants of
sections 3 and 8.
"""

from claims import grid_constants as constants
from claims import sequence_constants as sequence
from claims.assumptions import BOUNDED, EQUICONTINUOUS
from claims.families import functions, sequences, strategies
from claims.kit.arithmetic import stack
from claims.kit.claim import claim
from claims.kit.margin import at_most, equals

close_to_layers = claim("fbs_learning", "Lemma 3.3", assumes=(EQUICONTINUOUS,))
precompact = claim("fbs_learning", "Lemma 3.3", assumes=(BOUNDED, EQUICONTINUOUS))
counting = claim("fbs_learning", "Lemma 3.3", assumes=(BOUNDED,))
equidistant = claim("fbs_learning", "Lemma 3.3", assumes=())
INSTANCES = {"drawn": strategies.sequences(), "sampled": sequences.sequences()}


def flat(values):
    """Return the members one below the other, (batch m, M, k)."""
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


def means(p, run):
    """Return the members' means on every level, each (batch, m, N, k)."""
    shape = p.values.shape
    return [run.project(flat(p.values), n).reshape(*shape[:2], n, shape[3]) for n in p.cells]


@close_to_layers.holds(drawn=strategies.functions(), sampled=sequences.members(), sharp=("variation",))
def test_distance_to_layers(p, run):
    """dist(v, range E_N) ≤ V/(2√N) for all v of total variation at most V."""
    grid = constants.common_cells(p.cells, p.values.shape[1])
    projected = run.extend(run.project(p.values, p.cells), grid)
    left = constants.l2_norm(projected - constants.refined(p.values, grid))
    rounding = run.rounding(p.values.shape[1], constants.l2_norm(p.values))
    return at_most(left, {"variation": sequence.family_distance(p.variation, p.cells)}, rounding)


@close_to_layers.holds(**INSTANCES, sharp=("means", "variation"))
def test_means_decide_distances(p, run):
    """‖v − w‖² ≤ ‖P_Nv − P_Nw‖² + V²/N for neighbouring members v, w and every level's N."""
    projected = means(p, run)
    left = stack([sequence.neighbour_squares(p.values)] * len(p.cells), 1)
    terms = {
        "means": stack([sequence.neighbour_squares(level) for level in projected], 1),
        "variation": stack([sequence.variation_square(p, n) for n in p.cells], 1)[:, :, None] + 0 * left,
    }
    magnitude = stack([sequence.neighbour_magnitude(p.values)] * len(p.cells), 1)
    return at_most(left, terms, run.rounding(p.values.shape[2], magnitude))


@precompact.holds(**INSTANCES, sharp=("mesh",))
def test_chosen_members_are_cauchy(p, run):
    """‖v_{n_i} − v_{n_j}‖² ≤ k(2M/b_i)² + V²/N_i for all i < j."""
    kept = sequence.kept_members(p, means(p, run))
    left, levels = sequence.later_squares(sequence.diagonal(p, kept))
    magnitude = (8 * p.bound * p.bound)[:, None] + 0 * left
    return at_most(left, sequence.extraction_rates(p, levels), run.rounding(p.values.shape[2], magnitude))


@counting.holds(**INSTANCES, sharp=("boxes",))
def test_levels_keep_enough_members(p, run):
    """m ≤ Π_{i≤j} b_i^{kN_i} times the number of members that level j keeps, for every j."""
    kept = sequence.kept_members(p, means(p, run))
    right = stack(
        [sequence.kept_number(p, mask) * n for mask, n in zip(kept, sequence.boxes(p), strict=True)], 1
    )
    return at_most(0 * right + p.values.shape[1], {"boxes": right}, 0 * right)


@equidistant.holds(sampled=sequences.rademacher_sequences())
def test_rademacher_functions_are_equidistant(p, run):
    """‖r_j − r_k‖² = 2 for all j ≠ k, on the functions' own grid and extended to a finer one."""
    shape = p.values.shape
    fine = run.extend(flat(p.values), 2 * shape[2]).reshape(*shape[:2], 2 * shape[2], shape[3])
    left, _ = sequence.later_squares(fine)
    return equals(left[:, :, None], 0 * left[:, :, None] + 2, 0 * left)


@close_to_layers.fails(
    without=EQUICONTINUOUS,
    on=functions.rademacher_functions(),
    witness="rademacher_projection",
    expected="P_N r_k = 0 for dyadic N < 2^k: the distance stays 1 however large N",
)
def test_distance_to_layers_needs_equicontinuity(p, run):
    """Rademacher functions stay at distance 1 from every network that is not deep enough to see them."""
    return test_distance_to_layers.predicate(p, run)


RADEMACHER = {
    "without": EQUICONTINUOUS,
    "on": sequences.rademacher_sequences(),
    "witness": "rademacher_sequence",
    "expected": "all pairwise distances √2, all means over N < 2^k cells 0: no Cauchy subsequence",
}


@close_to_layers.fails(**RADEMACHER)
def test_distances_need_equicontinuity(p, run):
    """Rademacher functions: means that agree, functions √2 apart."""
    return test_means_decide_distances.predicate(p, run)


@precompact.fails(**RADEMACHER)
def test_extraction_needs_equicontinuity(p, run):
    """Rademacher functions: whatever is chosen stays √2 apart."""
    return test_chosen_members_are_cauchy.predicate(p, run)


@counting.fails(
    without=BOUNDED,
    on=sequences.unbounded_sequences(),
    witness="growing_constants",
    expected="the constants 1, 2, 3, …: distances at least 1, all in boxes of their own",
)
def test_counting_needs_a_bound(p, run):
    """The constants 1, 2, 3, … share no box: nothing is left to choose from."""
    return test_levels_keep_enough_members.predicate(p, run)
