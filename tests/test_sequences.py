"""Sequences of functions and of subgradients: bounds against numbers by hand, families and what they say."""

from __future__ import annotations

import itertools

import pytest
import torch

from claims import assumptions
from claims import sequence_constants as sequence
from claims.families import convergent, graph_sequences, interval_maps, sequences
from claims.families import time_families as times
from claims.kit.decoding import decode
from claims.kit.instances import Regularizer
from claims.kit.sampling import Source
from claims.kit.sequence_instances import ConvergentSequence, FunctionSequence, GraphSequence, IntervalMap
from claims.oracle import elementary

SAMPLERS = {
    "sequences": (sequences.sequences(), (assumptions.BOUNDED, assumptions.EQUICONTINUOUS)),
    "members": (sequences.members(), (assumptions.EQUICONTINUOUS,)),
    "graph sequences": (graph_sequences.sequences(), (assumptions.A1, assumptions.A3, assumptions.CONVERGES)),
    "candidates": (graph_sequences.candidates(), (assumptions.A1, assumptions.A3, assumptions.CONVERGES)),
    "convergent": (convergent.sequences(), (assumptions.STRONG_RATE,)),
}


def tensor(*values: object) -> torch.Tensor:
    """A tensor of nested numbers, float64."""
    return torch.tensor(values, dtype=torch.float64)


def source(seed: int = 1) -> Source:
    return Source(seed, torch.device("cpu"))


def absolute_value(x: list[float], u: float, p: float, v: list[float]) -> GraphSequence:
    """Points of the graph of ∂|·|, a = 1, with a candidate (u, p) and test points."""
    points, tests = tensor([[y] for y in x]), tensor([[y] for y in v])
    regularizer = Regularizer("l1", {"weights": tensor([1.0])})
    return GraphSequence(
        regularizer, points, tensor(1.0), tensor([u]), tensor([p]), tests, tensor([0.0, 0.0])
    )


def interval_map(
    *ends: list[float], side: float, limit: float, slope: float, closed: float = 1
) -> IntervalMap:
    intervals = tensor(list(ends))
    return IntervalMap(intervals, 0 * intervals + closed, tensor(side), tensor(limit), tensor(slope))


# ---------------------------------------------------------------- Lemma 3.3


def test_distance_of_a_family_by_hand() -> None:
    assert sequence.family_distance(tensor(3.0), 4).tolist() == [0.75]


def test_squares_of_neighbours_by_hand() -> None:
    values = tensor([[[1.0], [3.0]], [[1.0], [0.0]], [[0.0], [0.0]]])
    assert sequence.neighbour_squares(values).tolist() == [[4.5, 0.5]]


def test_extraction_by_hand() -> None:
    """Constants −1, ¼, ½, −1/8, 3/4 within 1: two parts keep the last of each sign, four parts [½, 1]."""
    numbers = [-1.0, 0.25, 0.5, -0.125, 0.75]
    values = tensor([[[x]] for x in numbers])
    p = FunctionSequence(values, tensor(1.0), tensor(0.0), (1, 1), (2, 4))
    kept = sequence.kept_members(p, [values, values])
    assert [mask.tolist() for mask in kept] == [
        [[False, True, True, False, True]],
        [[False, False, True, False, True]],
    ]
    assert sequence.diagonal(p, kept).flatten().tolist() == [0.25, 0.75, 0.75]
    assert sequence.boxes(p) == [2.0, 8.0]
    assert [sequence.kept_number(p, mask).tolist() for mask in kept] == [[3.0], [2.0]]
    assert sequence.mesh_square(p, 4).tolist() == [0.25]


def test_the_largest_value_is_in_the_last_box() -> None:
    values = tensor([[[1.0]], [[0.75]], [[-1.0]]])
    p = FunctionSequence(values, tensor(1.0), tensor(0.0), (1,), (4,))
    assert sequence.kept_members(p, [values])[0].tolist() == [[True, True, False]]


def test_chosen_numbers_increase() -> None:
    for batch in sequences.sequences().draw(source(), 256):
        p = batch.instances
        assert isinstance(p, FunctionSequence)
        numbers = torch.arange(p.values.shape[1], dtype=torch.float64)[None, :, None, None]
        means = [p.values.unflatten(2, (n, -1)).mean(3) for n in p.cells if p.values.shape[2] % n == 0]
        if len(means) < len(p.cells):
            continue
        kept = sequence.kept_members(p, means)
        enough = torch.stack([mask.sum(1) > j for j, mask in enumerate(kept)]).all(0)
        order = FunctionSequence(numbers.expand(p.size, -1, -1, -1), p.bound, p.variation, p.cells, p.parts)
        chosen = sequence.diagonal(order, kept).flatten(1)[enough]
        assert bool((chosen[:, 1:-1] > chosen[:, :-2]).all())


# ---------------------------------------------------------------- Lemma 3.4


def test_terms_of_the_graph_by_hand() -> None:
    """|·|, x = −3: u_k = −2, p_k = −1; (u, p) = (1, ½), v = 3: excess 1 + 1 − 3, gap 2, tilt 3."""
    p = absolute_value([-3.0], 1.0, 0.5, [3.0])
    u = sequence.resolvents(p)
    s = sequence.graph_points(p, u)
    assert (u.item(), s.item()) == (-2.0, -1.0)
    assert sequence.subgradient_excess(p).item() == -1.0
    terms = sequence.graph_error(p, u, s)
    assert (terms["gap"].item(), terms["tilt"].item()) == (2.0, 3.0)
    assert sequence.gap_bound(p, u).item() == 6.0


def test_rates_of_a_limit_by_hand() -> None:
    """½u², u = 3, r = ½, s = ¼, v = 5: 2 · 3.5 · ½ and ¼ · 2."""
    one, regularizer = tensor([3.0]), Regularizer("half_squared_norm", {})
    p = GraphSequence(regularizer, one[:, None], tensor(1.0), one, one, one[:, None] + 2, tensor([0.5, 0.25]))
    assert {name: term.item() for name, term in sequence.limit_bound(p).items()} == {
        "points": 3.5,
        "subgradients": 0.5,
    }


def test_convergence_is_decided_by_the_last_member() -> None:
    near = absolute_value([4.0, 0.5], 0.0, 0.5, [1.0])
    assert bool(assumptions.CONVERGES.predicate(near))
    assert not bool(assumptions.CONVERGES.predicate(absolute_value([0.5, 4.0], 0.0, 0.5, [1.0])))


def test_weights_are_repeated_with_the_regulariser() -> None:
    regularizer = Regularizer("group_lasso", {"weights": tensor([1.0, 2.0], [3.0, 4.0]), "groups": (0, 1)})
    repeated, a = sequence.repeated(regularizer, tensor(5.0, 6.0), 2)
    assert a.tolist() == [5.0, 5.0, 6.0, 6.0]
    assert repeated.params["weights"].tolist() == [[1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [3.0, 4.0]]
    assert repeated.params["groups"] == (0, 1)


def brute_force(p: IntervalMap, last: float) -> bool:
    """Whether the points of the graph at 1, ½, …, 2^-20 lie in it: one side, closed or open ends."""
    ends, closed = p.ends[0, int(p.side) + 1].tolist(), p.closed[0, int(p.side) + 1].tolist()
    points = [float(p.limit) + float(p.slope) * 2.0**-k for k in range(21)] + [last] * (float(p.slope) == 0)
    return all(
        (ends[0] < x or (ends[0] == x and closed[0] > 0))
        and (x < ends[1] or (x == ends[1] and closed[1] > 0))
        for x in points
    )


def test_points_of_the_graph_are_decided() -> None:
    cases = itertools.product((-1, 0, 1), (-1.0, -0.5, 0.0, 0.5, 1.0), (-1.0, 0.0, 0.5, 1.0), (0.0, 1.0))
    for side, limit, slope, closed in cases:
        ends = ([-1.0, 0.0], [-1.0, 1.0], [0.0, 1.0])
        p = interval_map(*ends, side=side, limit=limit, slope=slope, closed=closed)
        assert bool(assumptions.ON_THE_GRAPH.predicate(p)) == brute_force(p, limit), (
            side,
            limit,
            slope,
            closed,
        )


@pytest.mark.parametrize(
    ("value", "usc", "outside"),
    [([-1.0, 1.0], True, 0.0), ([0.0, 0.0], False, 1.0), ([-1.0, 0.5], False, 1.0), ([-2.0, 3.0], True, 0.0)],
)
def test_upper_semicontinuity_is_decided(value: list[float], usc: bool, outside: float) -> None:
    """The sign of t, with different values at 0, and p_k = 1 from the right."""
    p = interval_map([-1.0, -1.0], value, [1.0, 1.0], side=1, limit=1, slope=0)
    assert bool(assumptions.UPPER_SEMICONTINUOUS.predicate(p)) == usc
    assert sequence.outside_value(p).item() == outside
    assert bool(assumptions.CLOSED_VALUES.predicate(p))


def test_open_value_is_upper_semicontinuous_and_not_closed() -> None:
    p = interval_maps.constant_open()
    assert bool(assumptions.UPPER_SEMICONTINUOUS.predicate(p))
    assert not bool(assumptions.CLOSED_VALUES.predicate(p))
    closed = interval_map([0.0, 1.0], [0.0, 1.0], [0.0, 1.0], side=1, limit=1, slope=-0.5)
    half_open = IntervalMap(closed.ends, closed.closed * tensor([[1.0], [0.0], [1.0]]), *_rest(closed))
    assert not bool(assumptions.UPPER_SEMICONTINUOUS.predicate(half_open))


def _rest(p: IntervalMap) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return p.side, p.limit, p.slope


# ---------------------------------------------------------------- Theorem A.1 and Remark 3.6


@pytest.mark.parametrize(("halves", "expected"), [(2, 4.0), (3, 8.0), (4, 16.0), (6, 64.0)])
def test_powers_in_both_arithmetics(halves: int, expected: float) -> None:
    assert sequence.power(tensor(4.0), halves).item() == expected
    assert elementary.to_float(sequence.power(elementary.to_ball([4.0]), halves)).tolist() == [expected]
    assert sequence.binary_rate(tensor(2.0), halves).item() == 2.0**-halves
    assert elementary.to_float(sequence.binary_rate(elementary.to_ball([2.0]), halves)).tolist() == [
        2.0**-halves
    ]


def test_measures_by_hand() -> None:
    """Numbers 1 and 2 on four cells: far where the distance exceeds ½ and ¼, strictly."""
    values = tensor([[0.5, 0.75, 0.0, 1.0], [0.25, 0.5, 0.5, 0.0]])
    p = ConvergentSequence(values, tensor([0.0] * 4), tensor([1.0, 2.0]), 2)
    assert sequence.bad_measure(p).tolist() == [[0.5, 0.5]]
    assert sequence.exceptional_measure(p).tolist() == [[0.75, 0.5]]
    assert sequence.tail(p).tolist() == [[0.75, 0.25]]
    assert sequence.distance_powers(p).tolist() == [[0.5625, 0.3125]]
    assert not bool(assumptions.STRONG_RATE.predicate(p))


def test_strong_rate_admits_equality() -> None:
    p = ConvergentSequence(tensor([[0.0, 0.5]]), tensor([0.0, 0.0]), tensor([1.0]), 2)
    assert bool(assumptions.STRONG_RATE.predicate(p))
    assert not bool(assumptions.STRONG_RATE.predicate(ConvergentSequence(1.01 * p.values, *_tail(p))))


def _tail(p: ConvergentSequence) -> tuple[torch.Tensor, torch.Tensor, int]:
    return p.limit, p.index, p.twice_p


def test_typewriter_covers_every_point_once_a_block() -> None:
    p = convergent.typewriter(range(8), range(8, 16), 16, 2)
    assert p.values.sum(1).tolist() == [[1.0] * 16]
    assert sequence.distance_powers(p).tolist() == [[1 / 8] * 8]


def test_uniform_distances_by_hand() -> None:
    p = ConvergentSequence(
        tensor([[0.0, 1.0], [0.0, -2.0], [0.5, 0.0]]), tensor([0.0, 0.0]), tensor([1.0] * 3), 4
    )
    assert sequence.uniform_distances(p).tolist() == [[3.0, 1.0, 2.0]]
    assert sequence.variations(p.values).tolist() == [[1.0, 2.0, 0.5]]


# ---------------------------------------------------------------- families


@pytest.mark.parametrize("name", SAMPLERS)
def test_sampled_instances_meet_their_assumptions(name: str) -> None:
    sampler, assumed = SAMPLERS[name]
    drawn = 0
    for batch in sampler.draw(source(3), 256):
        drawn += batch.instances.size * batch.independent
        for assumption in assumed:
            assert bool(assumption.predicate(batch.instances).all()), (batch.family, assumption.key)
        kept = batch.instances.representable()
        for x, y in zip(batch.instances.arrays(), kept.arrays(), strict=True):
            assert torch.equal(x, y), batch.family
    assert drawn == 256


@pytest.mark.parametrize("kind", [*SAMPLERS, "maps", "indicators"])
def test_instances_are_encoded_exactly(kind: str) -> None:
    samplers = {name: sampler for name, (sampler, _) in SAMPLERS.items()}
    samplers |= {"maps": interval_maps.maps(), "indicators": convergent.moving_indicators()}
    batch = next(iter(samplers[kind].draw(source(5), 64)))
    one = batch.instances.take(0)
    again = decode(one.encode())
    assert again.identifier() == one.identifier()
    assert again.dimensions == one.dimensions


@pytest.mark.parametrize("rate", times.RATES)
def test_sequences_approach_at_the_stated_rate(rate: str) -> None:
    limit = times.bounded_variation(source(), 4, 32, 2)
    depths = (1, 2, 4, 16)
    apart = times.approaching(source(2), limit, rate, depths) - limit[:, None]
    size = apart.flatten(2).norm(dim=2) / 32**0.5
    expected = times.RATES[rate](tensor(*depths)).expand(4, 4)
    torch.testing.assert_close(size, expected, rtol=1e-12, atol=1e-15)


def test_weak_sequences_keep_their_distance_and_lose_their_means() -> None:
    limit = times.constant(source(), 2, 16, 1)
    values = times.weakly_approaching(limit, (1, 2, 3), amplitude=0.5)
    apart = values - limit[:, None]
    torch.testing.assert_close(apart.square().mean((2, 3)), torch.full((2, 3), 0.25, dtype=torch.float64))
    halves = apart.unflatten(2, (2, 8)).mean(3)[..., 0]
    torch.testing.assert_close(halves[:, 1:], torch.zeros(2, 2, 2, dtype=torch.float64), rtol=0.0, atol=1e-15)


def test_rademacher_functions_by_hand() -> None:
    assert times.rademacher(1, 4).tolist() == [1.0, 1.0, -1.0, -1.0]
    assert times.rademacher(2, 4).tolist() == [1.0, -1.0, 1.0, -1.0]


@pytest.mark.parametrize("cells", [1, 4, 5])
def test_jumps_lie_off_the_grid(cells: int) -> None:
    values = times.off_grid_jump(source(), 200, 4 * cells, 1, cells)[..., 0]
    jumps = (values[:, 1:] != values[:, :-1]).nonzero()
    assert len(jumps) == 200
    inside = (jumps[:, 1] + 1) % 4
    assert set(inside.tolist()) == {1, 2, 3}


def test_lipschitz_functions_have_small_steps() -> None:
    values = times.lipschitz(source(), 50, 32, 3, slope=2.0)
    steps = (values[:, 1:] - values[:, :-1]).norm(dim=2)
    assert float(steps.max()) <= 2.0 / 32 * (1 + 1e-12)
