r"""Lemma 3.4: an upper semicontinuous map with closed values has a closed graph; so has ∂R.

If F is upper semicontinuous at u and F(u) is closed, then u_k → u, p_k ∈ F(u_k) and p_k → p imply p ∈ F(u).
For F = ∂R, R convex and finite (A1): p ∈ ∂R(u).

Finite form: for every k and v, whatever (u, p),
R(v) − R(u) − ⟨p, v − u⟩ ≥ −ε_k,  ε_k = R(u) − R(u_k) − ⟨p_k, u − u_k⟩ + ‖p_k − p‖‖v − u‖,  and
0 ≤ R(u) − R(u_k) − ⟨p_k, u − u_k⟩ ≤ 2(C0 + C1 max(‖u‖, ‖u_k‖))‖u_k − u‖,
so ε_k → 0 along a sequence that converges.  Convergence itself: once ‖u_m − u‖ ≤ r and ‖p_m − p‖ ≤ s,
R(u) + ⟨p, v − u⟩ − R(v) ≤ 2(C0 + C1(‖u‖ + r))r + s‖v − u‖.

Every point of the graph of ∂R is (prox_{aR}(x), (x − prox_{aR}(x))/a) for some x: so the sequences are made.
For the set-valued part the maps are intervals F(t) that depend on the sign of t only, and
(u_k, p_k) = (±r_k or 0, p + c r_k) with r_k ↓ 0: all hypotheses are decided for the whole infinite sequence.

Shapes: u_k, p_k (batch, m, d); v (batch, K, d).  Source: arXiv:2605.27133, Lemma 3.4, *reconstructed*;
constants of section 8.  A3 is used for the constant only: any bound on the subgradients near u serves.
"""

from claims import sequence_constants as sequence
from claims.assumptions import A1, A3, CLOSED_VALUES, CONVERGES, ON_THE_GRAPH, UPPER_SEMICONTINUOUS
from claims.families import graph_sequences, interval_maps, strategies
from claims.kit.claim import claim
from claims.kit.margin import at_most

WITHOUT_A3 = (
    "the subgradients at u and at the u_k → u are bounded by A1 alone: on ‖u‖ ≤ M by "
    "max_{‖w‖≤M+1} R − min_{‖w‖≤M} R, so that ε_k → 0; C0 + C1‖u‖ is one such bound"
)
inequality = claim("fbs_learning", "Lemma 3.4", assumes=(A1,))
gaps_vanish = claim("fbs_learning", "Lemma 3.4", assumes=(A1, A3), dispensable={A3: WITHOUT_A3})
convergence = claim("fbs_learning", "Lemma 3.4", assumes=(A1, A3, CONVERGES), dispensable={A3: WITHOUT_A3})
closed_graph = claim("fbs_learning", "Lemma 3.4", assumes=(ON_THE_GRAPH, CLOSED_VALUES, UPPER_SEMICONTINUOUS))
CANDIDATES = {"drawn": strategies.graph_points(), "sampled": graph_sequences.candidates()}


def points(p, run):
    """Return the points u_k and the subgradients p_k of the graph, each (batch, m, d)."""
    batch, members, d = p.x.shape
    regularizer, a = sequence.repeated(p.regularizer, p.a, members)
    u = run.prox(regularizer, p.x.reshape(batch * members, d), a).reshape(p.x.shape)
    return u, sequence.graph_points(p, u)


@inequality.holds(**CANDIDATES, sharp=("gap", "tilt"))
def test_points_of_the_graph_bound_the_excess(p, run):
    """R(u) + ⟨p, v − u⟩ − R(v) ≤ (R(u) − R(u_k) − ⟨p_k, u − u_k⟩) + ‖p_k − p‖‖v − u‖ for all k and v."""
    u, s = points(p, run)
    terms = sequence.graph_error(p, u, s)
    left = sequence.subgradient_excess(p)[:, None] + 0 * terms["tilt"]
    return at_most(left, terms, run.rounding(p.x.shape[2], sequence.graph_magnitude(p, u, s)))


@inequality.holds(**CANDIDATES)
def test_gap_is_nonnegative(p, run):
    """0 ≤ R(u) − R(u_k) − ⟨p_k, u − u_k⟩ for all k."""
    u, s = points(p, run)
    gap = sequence.bregman_gap(p, u, s)
    return at_most(0 * gap, {"gap": gap}, run.rounding(p.x.shape[2], sequence.gap_magnitude(p, u, s)))


@gaps_vanish.holds(**CANDIDATES, sharp=("points",))
def test_gap_vanishes(p, run):
    """R(u) − R(u_k) − ⟨p_k, u − u_k⟩ ≤ 2(C0 + C1 max(‖u‖, ‖u_k‖))‖u_k − u‖ for all k."""
    u, s = points(p, run)
    rounding = run.rounding(p.x.shape[2], sequence.gap_magnitude(p, u, s))
    return at_most(sequence.bregman_gap(p, u, s), {"points": sequence.gap_bound(p, u)}, rounding)


@convergence.holds(
    drawn=strategies.graph_sequences_to_a_limit(),
    sampled=graph_sequences.candidates(),
    sharp=("points", "subgradients"),
)
def test_limit_is_a_subgradient(p, run):
    """R(u) + ⟨p, v − u⟩ − R(v) ≤ 2(C0 + C1(‖u‖ + r))r + s‖v − u‖ for all v, r and s the last distances."""
    rounding = run.rounding(p.x.shape[2], sequence.excess_magnitude(p))
    return at_most(sequence.subgradient_excess(p), sequence.limit_bound(p), rounding)


@closed_graph.holds(drawn=strategies.interval_maps(), sampled=interval_maps.maps())
def test_graph_is_closed(p, run):
    """lim p_k ∈ F(lim u_k): outside counts 1, inside 0."""
    left = sequence.outside_value(p)
    return at_most(left, {"zero": 0 * left}, run.rounding(0, 0 * left))


@inequality.fails(
    without=A1,
    on=graph_sequences.hard_thresholds(),
    witness="graph_point_l0",
    expected="|u|₀ at u = 2: the prox says p = 0, but R(0) = 0 < R(2) = 1",
)
def test_excess_needs_convexity(p, run):
    """ℓ₀: what the prox leaves is no subgradient, so the points bound nothing."""
    return test_points_of_the_graph_bound_the_excess.predicate(p, run)


@convergence.fails(
    without=CONVERGES,
    on=graph_sequences.wrong_limits(),
    witness="graph_wrong_limit",
    expected="R = |u|, u = 0, p = 2 is no limit of p_k ∈ [−1, 1]: excess 1 at v = 1",
)
def test_limit_needs_convergence(p, run):
    """A p at which the p_k do not arrive need not be a subgradient."""
    return test_limit_is_a_subgradient.predicate(p, run)


@gaps_vanish.fails(
    without=A3,
    on=graph_sequences.steep(),
    witness="graph_quartic",
    expected="¼u⁴, u = 4, u_1 = 2, p_1 = 8: the gap is 64 − 4 − 16 = 44, (C0, C1) = (0, 1) allow 2·4·2 = 16",
)
def test_gap_needs_linear_growth(p, run):
    """¼u⁴ beyond the unit ball: gaps outgrow its constants there (the constant fails, not the lemma)."""
    return test_gap_vanishes.predicate(p, run)


@closed_graph.fails(
    without=CLOSED_VALUES,
    on=interval_maps.open_values(),
    witness="map_open_values",
    expected="F(t) = (0, 1), p_k = 1 − 1/(k + 1): the limit 1 lies outside",
)
def test_graph_needs_closed_values(p, run):
    """The constant map (0, 1) is upper semicontinuous, and its graph is not closed."""
    return test_graph_is_closed.predicate(p, run)


@closed_graph.fails(
    without=UPPER_SEMICONTINUOUS,
    on=interval_maps.selections(),
    witness="map_sign_selection",
    expected="F(t) = {sign t}, u_k = 1/k, p_k = 1: the limit 1 is not F(0) = {0}",
)
def test_graph_needs_upper_semicontinuity(p, run):
    """A single-valued discontinuous selection of ∂|t| has closed values, and its graph is not closed."""
    return test_graph_is_closed.predicate(p, run)


@closed_graph.fails(
    without=ON_THE_GRAPH,
    on=interval_maps.strangers(),
    witness="map_off_the_graph",
    expected="F(t) = [0, 1], p_k = 2",
)
def test_graph_needs_points_of_the_graph(p, run):
    """Points outside the graph may go anywhere."""
    return test_graph_is_closed.predicate(p, run)
