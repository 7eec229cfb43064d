r"""Lemma 3.1: the prox is bounded by its argument and continuous in its weight.

Assume A1 and A2, and let p = prox_{aR}(v), q = prox_{bR}(v), Φ_b(u) = ½‖u − v‖² + bR(u).  Then ‖p‖ ≤ ‖v‖, and
p depends continuously on a ≥ 0.

Finite form: ‖p − q‖² ≤ (b − a)(R(p) − R(q)); ‖p − q‖ ≤ |a − b|‖(v − q)/b‖ for b > 0, ‖p − v‖ ≤ a‖∂R⁰(v)‖;
and the energy form (3.1), 0 ≤ ½‖p − q‖² ≤ Φ_b(p) − Φ_b(q) ≤ (b − a)(R(p) − R(q)) − ½‖p − q‖².  All are sharp:
where R is affine between p and q.

Only the bound ‖p‖ ≤ ‖v‖ uses A2; without A2 it becomes ‖p‖ ≤ ‖v‖ + a‖∂R⁰(0)‖, so A2 refutes a
constant, not the lemma.

Shapes: v, p, q (batch, d); a, b (batch,).  Source: arXiv:2605.27133, Lemma 3.1 and (3.1),
*reconstructed*; constants 4.1, 4.2.
"""

from claims import magnitudes
from claims import regularizer_constants as constants
from claims.assumptions import A1, A2, A3
from claims.families import off_catalogue, strategies, weight_pairs
from claims.kit.arithmetic import maximum, norm, where
from claims.kit.claim import claim
from claims.kit.margin import at_most

WITHOUT_A2 = (
    "nonexpansiveness alone gives ‖prox_{aR}(v)‖ ≤ ‖v‖ + a‖∂R⁰(0)‖ (checked beside): a constant changes"
)
WITHOUT_A3 = "the moduli are differences of values of R, which A1 makes finite; no growth enters"

bound = claim("fbs_learning", "Lemma 3.1", assumes=(A1, A2))
modulus = claim("fbs_learning", "Lemma 3.1", assumes=(A1,), dispensable={A2: WITHOUT_A2, A3: WITHOUT_A3})
INSTANCES = {"drawn": strategies.weight_pairs(), "sampled": weight_pairs.pairs()}


def rounding(x, run, magnitude):
    """Return the round-off of a quantity made from both points."""
    return run.rounding(magnitudes.prox_operations(x.regularizer, x.v.shape[1]), magnitude)


def both(x, run):
    """Return p, q and the round-off of each."""
    p, q = run.prox(x.regularizer, x.v, x.a), run.prox(x.regularizer, x.v, x.b)
    sizes = [magnitudes.prox_magnitude(x.regularizer, x.v, a, u) for a, u in ((x.a, p), (x.b, q))]
    return p, q, maximum(*sizes)


@bound.holds(**INSTANCES, sharp=("point",))
def test_bound(x, run):
    """‖prox_{aR}(v)‖ ≤ ‖v‖."""
    p, _, size = both(x, run)
    return at_most(norm(p), {"point": norm(x.v)}, rounding(x, run, size))


@modulus.holds(sampled=weight_pairs.pairs_off_center(), sharp=("point", "off centre"))
def test_bound_without_minimum_at_zero(x, run):
    """‖prox_{aR}(v)‖ ≤ ‖v‖ + a‖∂R⁰(0)‖, whether or not 0 minimises R."""
    p, _, size = both(x, run)
    away = x.a * constants.minimal_subgradient(x.regularizer, 0 * x.v)
    magnitude = size + away
    return at_most(norm(p), {"point": norm(x.v), "off centre": away}, rounding(x, run, magnitude))


@modulus.holds(**INSTANCES, sharp=("values",))
def test_modulus_in_values(x, run):
    """‖p − q‖² ≤ (b − a)(R(p) − R(q))."""
    p, q, size = both(x, run)
    values = (x.b - x.a) * (constants.value(x.regularizer, p) - constants.value(x.regularizer, q))
    magnitude = magnitudes.weight_modulus_magnitude(x.regularizer, abs(x.b - x.a), p, q, size)
    return at_most(norm(p - q) * norm(p - q), {"values": values}, rounding(x, run, magnitude))


@modulus.holds(**INSTANCES, sharp=("weights",))
def test_lipschitz_in_the_weight(x, run):
    """‖p − q‖ ≤ |a − b|‖(v − q)/b‖ where b > 0, and ‖p − v‖ ≤ a‖∂R⁰(v)‖ where b = 0."""
    p, q, size = both(x, run)
    positive = x.b > 0
    relative = abs(x.a - x.b) / where(positive, x.b, x.b + 1)
    at_zero = x.a * constants.minimal_subgradient(x.regularizer, x.v)
    right = where(positive, relative * norm(x.v - q), at_zero)
    magnitude = size + where(positive, relative * size, at_zero)
    return at_most(norm(p - q), {"weights": right}, rounding(x, run, magnitude))


@modulus.holds(**INSTANCES, sharp=("energy",))
def test_energy_form_lower(x, run):
    """½‖p − q‖² ≤ Φ_b(p) − Φ_b(q), the left half of (3.1)."""
    p, q, size = both(x, run)
    energy = constants.proximal_energy_gap(x.regularizer, x.v, x.b, p, q)
    magnitude = magnitudes.proximal_energy_magnitude(x.regularizer, x.v, x.b, p, q, size)
    return at_most(norm(p - q) * norm(p - q) / 2, {"energy": energy}, rounding(x, run, magnitude))


@modulus.holds(**INSTANCES, sharp=("values less distance",))
def test_energy_form_upper(x, run):
    """Φ_b(p) − Φ_b(q) ≤ (b − a)(R(p) − R(q)) − ½‖p − q‖², the right half of (3.1)."""
    p, q, size = both(x, run)
    energy = constants.proximal_energy_gap(x.regularizer, x.v, x.b, p, q)
    values = (x.b - x.a) * (constants.value(x.regularizer, p) - constants.value(x.regularizer, q))
    magnitude = magnitudes.proximal_energy_magnitude(x.regularizer, x.v, maximum(x.a, x.b), p, q, size)
    magnitude = magnitude + magnitudes.weight_modulus_magnitude(x.regularizer, abs(x.b - x.a), p, q, size)
    right = {"values less distance": values - norm(p - q) * norm(p - q) / 2}
    return at_most(energy, right, rounding(x, run, magnitude))


JUMP = "prox of |·|₀ jumps by |v| at a = v²/2"


@modulus.fails(without=A1, on=weight_pairs.around_the_jump("l0"), witness="prox_jump_l0", expected=JUMP)
def test_values_need_convexity(x, run):
    """ℓ₀: p = v just below the weight of the jump, q = 0 just above it."""
    return test_modulus_in_values.predicate(x, run)


@modulus.fails(without=A1, on=weight_pairs.around_the_jump("l0"), witness="prox_jump_l0", expected=JUMP)
def test_weights_need_convexity(x, run):
    """ℓ₀: a step of the weight as small as one likes moves the prox by |v|."""
    return test_lipschitz_in_the_weight.predicate(x, run)


@modulus.fails(
    without=A1,
    on=weight_pairs.around_the_jump("half_power"),
    witness="prox_jump_half_power",
    expected="prox of a|·|^{1/2} jumps from 0 to a^{2/3} at v = 1.5 a^{2/3}",
)
def test_weights_need_convexity_half_power(x, run):
    """|u|^{1/2}: the prox jumps from v/1.5 to 0."""
    return test_lipschitz_in_the_weight.predicate(x, run)


@modulus.fails(without=A1, on=weight_pairs.around_the_jump("l0"), witness="prox_jump_l0", expected=JUMP)
def test_energy_needs_convexity(x, run):
    """ℓ₀: Φ_b is not strongly convex, so its gap does not bound the distance."""
    return test_energy_form_lower.predicate(x, run)


@modulus.fails(without=A1, on=weight_pairs.around_the_jump("l0"), witness="prox_jump_l0", expected=JUMP)
def test_energy_upper_needs_convexity(x, run):
    """ℓ₀: the values differ by 1, which the tiny step of the weight does not pay for."""
    return test_energy_form_upper.predicate(x, run)


@bound.fails(
    without=A2,
    on=weight_pairs.off_center(),
    witness="prox_bound_off_center",
    expected="prox of ½|u − 1| at v = 0 is ½ > 0",
)
def test_bound_needs_minimum_at_zero(x, run):
    """|u − 1|, v = 0, a = ½: the prox is ½ (the constant fails, not the lemma)."""
    return test_bound.predicate(x, run)


@bound.fails(
    without=A1,
    on=off_catalogue.points_between_wells(),
    witness="prox_bound_double_well",
    expected="prox of ½ min(|u|, |u − 2|) at v = 3/2 is 2: ⅛ there, ⅛ + ½ at 1, 9/8 at 0",
)
def test_bound_needs_convexity(x, run):
    """min(|u|, |u − 2|), v = 3/2, a = ½: the prox goes to the nearer minimiser, 2, away from 0."""
    return test_bound.predicate(x, run)


@modulus.explores(without=A1, on=off_catalogue.points_of_a_box())
def test_weights_where_R_is_infinite(x, run):
    """The indicator of a box: at weight 0 the prox jumps from v to the box, but there ‖∂R⁰(v)‖ is ∞."""
    return test_lipschitz_in_the_weight.predicate(x, run)
