"""Sets that are not compact, objectives that are not continuous, overflow: errors, or an honest answer."""

import math
from dataclasses import replace

import pytest
import torch

from fbscore import Problem
from fbscore.learning import penalties
from fbscore.learning.admissible import FewPieces
from fbscore.learning.domain import Domain
from fbscore.learning.minimise import Budget
from fbscore.learning.pieces import Pieces, Track
from tests.core.learning.few import DOUBLE, few, weight_alone
from tests.core.learning.judged import breaches, run

ONE = torch.ones(1, dtype=DOUBLE)
OPEN = torch.zeros(1, dtype=torch.bool)


def with_domain(one, **changes):
    """The same problem on another domain."""
    domain = replace(one.admissible.domain, **changes)
    return replace(one, admissible=FewPieces(one.admissible.pieces, domain))


def with_penalties(one, name, gamma):
    same = tuple(penalties.by_name(name) for _ in range(3))
    weights = torch.tensor([[0.0, 0.0, gamma]], dtype=DOUBLE)
    return replace(one, learning=replace(one.learning, penalties=same, weights=weights))


@pytest.mark.parametrize("cells", [1, 4, None])
def test_an_infimum_outside_the_set_is_not_attained(cells):
    """λ in [0, 1/2): the infimum is 1/4, the objective falls towards the bound that is left out."""
    half_open = weight_alone(upper=0.5, closed_upper=OPEN)
    found = run(half_open, cells, Budget(gap=1e-3))
    assert found.stopped == "gap"
    assert found.minimum.lower <= 0.25 < found.minimum.upper
    assert not found.attained
    assert found.incumbent is not None
    assert float(found.incumbent.x) < 0.5
    assert run(weight_alone(upper=0.5), cells, Budget(gap=1e-3)).attained


def test_a_bound_left_out_elsewhere_is_no_matter():
    """λ in (0, 2], the minimiser is 1/2."""
    found = run(weight_alone(label=0.5, closed_lower=OPEN), 2, Budget(gap=1e-4, width=0.1))
    assert found.attained
    assert found.minimum.lower <= 0.0 <= found.minimum.upper


def test_a_loss_that_is_not_continuous_is_enclosed_but_not_attained():
    """``u − 0`` for ``u > 0`` and 1 at 0, λ in [0, 1]: the infimum 0 is not a value."""
    found = run(weight_alone(upper=1.0, loss="open"), 2, Budget(gap=1e-3))
    assert found.minimum.lower <= 0.0 < found.minimum.upper
    assert not found.attained


def test_a_penalty_that_is_not_continuous_is_enclosed_but_not_attained():
    """``r(0) = 1, r(s) = s`` for ``s > 0``, and a loss that does not depend on λ."""
    one = with_penalties(weight_alone(u0=0.0, label=0.0, upper=1.0), "spike", 1.0)
    found = run(one, 1, Budget(gap=1e-3))
    assert found.minimum.lower <= 0.0 < found.minimum.upper
    assert not found.attained


@pytest.mark.parametrize("name", ["s", "s^2", "kinked", "spike"])
def test_unbounded_sets_need_a_penalty(name):
    """``u_N = (1 + λ/N)^{−N}`` for ``R = ½u²``: without a penalty the infimum 0 is not attained."""
    free = weight_alone(R="half_squared_norm", upper=math.inf)
    with pytest.raises(
        ValueError, match=r"^domain: expected bounds, or a penalty that grows, .* i in \[0\]$"
    ):
        run(free, 2)
    found = run(with_penalties(free, name, 0.1), 2, Budget(gap=1e-4))
    s = torch.linspace(1e-9, 20.0, 200001, dtype=DOUBLE)
    value = (1.0 + s / 2.0) ** -4 + 0.1 * penalties.by_name(name).value(s)
    assert found.minimum.lower <= float(value.min()) + 1e-15
    assert found.minimum.upper <= float(value.min()) + 2e-4
    with pytest.raises(ValueError, match=r"^domain: expected bounds"):
        run(with_penalties(free, "jump", 0.1), 2)


def saturating(name):
    """``s/(5 + 5s)`` under any name: bounded, and with a Lipschitz constant of 1/5."""
    return penalties.Penalty(name, lambda s: 0.2 * s / (1.0 + s), lambda s, eps: 0.2 * eps + 0.0 * s)


@pytest.mark.parametrize("name", penalties.NAMES)
@pytest.mark.parametrize("change", ["both", "value", "modulus"])
def test_a_penalty_is_what_its_functions_are(name, change):
    """The name of a closed form is no form: the penalty's own functions count."""
    own, other = penalties.by_name(name), saturating(name)
    r = replace(own, **{key: getattr(other, key) for key in ("value", "modulus") if change in ("both", key)})
    one = weight_alone(R="half_squared_norm", upper=4.0, gamma=1.0)
    one = replace(one, learning=replace(one.learning, penalties=(r, r, r)))
    point = torch.ones(1, 1, dtype=DOUBLE)
    bounds = one.model(2).bounds(0.5 * point, 1.5 * point, 0)
    # Nothing but the modulus is known, and so are no slopes.
    assert bounds.radius.isinf().all()
    with pytest.raises(ValueError, match=r"^domain: expected bounds"):
        run(with_domain(one, upper=torch.full((1,), math.inf, dtype=DOUBLE)), 2)
    if change == "both":
        found = run(one, 2, Budget(gap=1e-3))
        s = torch.linspace(0.0, 4.0, 100001, dtype=DOUBLE)
        value = float(((1.0 + s / 2.0) ** -4 + r.value(s)).min())
        assert found.stopped == "gap"
        assert found.minimum.lower <= value <= found.minimum.upper + 1e-6


@pytest.mark.parametrize("cells", [2, None])
def test_penalties_may_be_negative(cells):
    """``r(s) = s - 2``: bounds are rounded the right way, and no other penalty bounds the set."""
    less = penalties.Penalty("less", lambda s: s - 2.0, lambda s, eps: eps + 0.0 * s)
    one = weight_alone(R="half_squared_norm", upper=4.0, gamma=0.1)
    one = replace(one, learning=replace(one.learning, penalties=(less, less, less)))
    point = 1e-30 * torch.ones(1, 1, dtype=DOUBLE)
    low, high = one.model(2).certify(point)
    assert low < 0.8 < high
    found = run(one, cells, Budget(gap=1e-2))
    s = torch.linspace(0.0, 4.0, 100001, dtype=DOUBLE)
    state = torch.exp(-s) if cells is None else (1.0 + s / 2.0) ** -2
    value = float((state**2 + 0.1 * (s - 2.0)).min())
    assert found.minimum.lower <= value <= found.minimum.upper + 1e-6
    weights = torch.tensor([[1.0, 0.0, 0.1]], dtype=DOUBLE)
    square = penalties.by_name("s^2")
    mixed = replace(one, learning=replace(one.learning, penalties=(less, less, square), weights=weights))
    with pytest.raises(ValueError, match=r"^domain: expected bounds"):
        run(with_domain(mixed, upper=torch.full((1,), math.inf, dtype=DOUBLE)), 2)


def test_unbounded_limits_need_a_penalty():
    free = with_penalties(weight_alone(R="half_squared_norm", upper=math.inf), "s", 0.1)
    found = run(free, None, Budget(gap=1e-2), layers=64)
    s = torch.linspace(0.0, 20.0, 200001, dtype=DOUBLE)
    value = float((torch.exp(-2.0 * s) + 0.1 * s).min())
    assert found.minimum.lower <= value + 1e-15
    assert value <= found.minimum.upper + 1e-9


def test_sets_without_a_point(rng):
    one = few(rng)
    for changes in (
        {"lower": one.admissible.domain.upper + 1.0},
        {"upper": one.admissible.domain.lower, "closed_upper": torch.zeros(3, dtype=torch.bool)},
    ):
        with pytest.raises(ValueError, match=r"^domain: expected a set that is not empty"):
            with_domain(one, **changes)
    with pytest.raises(ValueError, match=r"^variation: expected bounds >= 0, got -1"):
        with_domain(one, variation=(None, -1.0, None))
    with pytest.raises(ValueError, match=r"^lower: expected no NaN"):
        with_domain(one, lower=torch.full((3,), torch.nan, dtype=DOUBLE))


def test_no_point_varies_as_little_as_it_should():
    """A fixed control that jumps by 1 where 1/2 is allowed: found out, not guessed."""
    one = weight_alone()
    pieces = one.admissible.pieces
    jumps = Track.fixed(0.0, 1.0, P=1, like=ONE)
    other = Pieces("fbs", pieces.first, jumps, pieces.third, pieces.W0)
    domain = Domain(0.0 * ONE, ONE, variation=(None, 0.5, None))
    with pytest.raises(
        ValueError, match=r"^admissible: expected a set that is not empty, got no point within"
    ):
        run(replace(one, admissible=FewPieces(other, domain)), 2)


def test_overflow_is_honest(rng):
    """Parameters up to 1e200: nothing is known of most boxes, and the result says so."""
    one = few(rng, name="l2")
    far = with_domain(one, upper=torch.full((3,), 1e200, dtype=DOUBLE))
    found = run(far, 3, Budget(gap=1e-2, evaluations=3000))
    assert found.stopped == "evaluations"
    assert found.minimum.lower == -math.inf
    assert found.minimum.upper < math.inf
    assert found.message.startswith("gap not closed")


@pytest.mark.parametrize("scale", [1e-100, 1e-8, 1e8])
def test_scales_do_not_matter(scale):
    """The problem of a weight, in other units."""
    one = weight_alone(u0=scale, label=0.25 * scale, upper=2.0 * scale, loss="p=1")
    found = run(one, 2, Budget(gap=1e-4 * scale))
    assert found.minimum.lower <= 0.0 <= found.minimum.upper
    assert found.stopped == "gap"
    assert found.cover.contains(torch.tensor([[0.75 * scale]], dtype=DOUBLE)).all()


def test_a_single_point_is_a_set(rng):
    one = few(rng)
    point = torch.tensor([0.5, 0.25, 0.125], dtype=DOUBLE)
    found = run(with_domain(one, lower=point, upper=point), 4, Budget(gap=1e-9))
    assert found.stopped == "gap"
    value = float(one.objective(point[None], 4))
    assert found.minimum.lower <= value <= found.minimum.upper


def test_no_data_at_all(rng):
    """``m = 0``: only the weights matter."""
    one = few(rng, pieces=(0, 1, 1), m=1)
    p, pieces = one.problem, one.admissible.pieces
    none = Pieces("fbs", *pieces.tracks, pieces.W0[:, :0])
    empty = Problem(p.A[:, :0], p.f[:, :0], p.u0, p.regularizer)
    # ``τ`` without ``λ`` does nothing, but is a parameter all the same.
    one = replace(one, problem=empty, admissible=FewPieces(none, one.admissible.domain))
    found = run(one, 2, Budget(gap=1e-2))
    assert breaches(one, 2, found, rng) == []
    assert found.stopped == "gap"
