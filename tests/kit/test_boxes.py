"""Boxes of parameters: points of theirs, bounds all over them, what a subject is asked and answers."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from claims import box_assumptions, box_margins, constants, limit_constants, training_constants
from claims import box_constants as of_boxes
from claims import convergence_constants as convergence
from claims.families import box_problems, moved_boxes, systems
from claims.kit import box_search, box_sets
from claims.kit.arithmetic import norm, spectral_norm
from claims.kit.context import BallRun, FloatRun
from claims.kit.convergence_instances import controls
from claims.kit.layout import known, lengths
from claims.kit.margin import decide
from claims.kit.sampling import Source
from claims.kit.slots import slots
from claims.kit.subject import Subject, SubjectError
from claims.oracle import elementary
from fbscore.learning import controls as core
from tests.kit.boxes import inside, moved_of_a_seed, of_a_seed
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)
GAP = torch.tensor([2.0**-6])
SEEDS = range(6)


def two_pieces() -> box_problems.BoxProblem:
    """A box with two pieces and a bound on the variation that matters."""
    for seed in range(200):
        p = of_a_seed(seed)
        if p.pieces == 2 and bool((p.variation < 1.0).any()):
            return p
    raise AssertionError("no box with two pieces that are held together")


# ---------------------------------------------------------------- points


@pytest.mark.parametrize("seed", SEEDS)
def test_points_lie_in_the_box(seed: int) -> None:
    p = of_a_seed(seed, 3)
    for x in (*of_boxes.points(p), *of_boxes.around(p, p.known), *inside(p, seed, 4)):
        ends, varies = of_boxes.outside(p, x)
        assert bool((ends <= 0).all())
        assert bool((varies <= 1e-12).all())
    assert bool(box_assumptions.BOX.predicate(p).all())
    assert bool(box_assumptions.MEMBERS.predicate(p).all())


def test_points_that_vary_too_much_are_drawn_together() -> None:
    p = two_pieces()
    x = torch.stack([p.low[:, :, 0], p.high[:, :, 1]], 2)
    assert bool((of_boxes.variation(x) > p.variation).any())
    assert float(of_boxes.outside(p, x)[1]) > 0
    drawn = of_boxes.feasible(p, x)
    assert bool((of_boxes.variation(drawn) <= p.variation).all())
    assert bool((of_boxes.variation(drawn) >= 0.99 * torch.minimum(of_boxes.variation(x), p.variation)).all())


def test_distances_from_a_cover() -> None:
    x = torch.tensor([[[1.0], [0.0], [0.0]]])
    box = torch.tensor([[[0.0], [0.0], [0.0]], [[0.5], [1.0], [1.0]]])
    far = box + 10.0
    assert of_boxes.to_cover(torch.stack([box, far])[None], x).tolist() == [0.5]
    assert of_boxes.to_cover(torch.stack([box])[None], x / 2).tolist() == [0.0]
    assert of_boxes.to_cover(box.new_zeros(1, 0, 2, 3, 1), x).tolist() == [torch.inf]


# ---------------------------------------------------------------- all over the box


@pytest.mark.parametrize("seed", SEEDS)
def test_layers_are_bounded_all_over_the_box(seed: int) -> None:
    p, cells = of_a_seed(seed, 2), 4
    e = of_boxes.envelope(p, cells)
    for x in inside(p, seed, 8):
        network = convergence.network(p.at(x), cells)
        each = p.problem.over(network).each
        K, c, sigma = constants.operators(each)
        found = (
            (constants.step_factors(K, each.h), e.rho),
            (limit_constants.exponents(each), e.x),
            (spectral_norm(K), e.stretch),
            (norm(c), e.drive),
            (sigma, e.sigma),
            (norm(constants.resolvent_run(each)), e.sizes[:, 1:]),
        )
        assert all(bool((one <= most + 1e-12).all()) for one, most in found)


@pytest.mark.parametrize("seed", SEEDS)
def test_modulus_and_rate_hold_all_over_the_box(seed: int) -> None:
    p = of_a_seed(seed)
    if not bool(box_assumptions.MODERATE.predicate(p).all()):
        return
    points = inside(p, seed, 4)
    limit = box_margins.in_the_limit(p, points, RUN)
    for cells in (p.pieces, 4 * p.pieces):
        apart = (box_margins.on_networks(p, points, cells, RUN).value - limit.value).abs().amax(1)
        modulus, rate = of_boxes.modulus(p, cells), of_boxes.rate(p, cells)
        assert bool((apart <= modulus + limit.doubt).all())
        assert bool((modulus <= rate * (1 + 1e-12) + 1e-12).all())
    last = of_boxes.rate(p, 64 * p.pieces)
    assert bool((8 * last <= of_boxes.rate(p, p.pieces) * (1 + 1e-12)).all())


@pytest.mark.parametrize("seed", SEEDS)
def test_moved_data_are_bounded_all_over_the_box(seed: int) -> None:
    p = moved_of_a_seed(seed)
    points, shift = inside(p.box, seed, 4), training_constants.shifts(p.moving)
    cells = p.box.layers[-1]
    terms = of_boxes.data_modulus(p.box, shift, cells)
    total = terms["start"] + terms["data"] + terms["label"]
    own = box_margins.own_values(p.box, points, cells)
    for i in range(p.shares.shape[1]):
        apart = (box_margins.own_values(p.moved(i), points, cells) - own).abs().amax(1)
        assert bool((apart <= total[:, i] * (1 + 1e-9) + 1e-9).all())


def test_both_arithmetics_agree_on_the_bounds() -> None:
    p = of_a_seed(3)
    with elementary.digits(60):
        exact = p.ball()
        for bound in (of_boxes.modulus, of_boxes.rate):
            found = elementary.to_float(bound(exact, 2 * p.pieces))
            np.testing.assert_allclose(bound(p, 2 * p.pieces).numpy(), found, rtol=1e-9)


# ---------------------------------------------------------------- what a subject is asked, and answers


@pytest.mark.parametrize("maker", systems.MAKERS)
def test_controls_of_the_core_are_those_of_the_box(maker: systems.Maker) -> None:
    source = Source(1, CPU)
    problem = box_problems.single(maker(box_problems.unit(source, 1, "l1")))
    high = torch.tensor([[[2.0, 2.0], [1.0, 0.5], [0.75, 1.0]]], dtype=torch.float64)
    p = box_problems.boxed(problem, 0.25 * high, high, (2,))
    chosen = box_sets.few_pieces(p, lambda x: x)
    own = p.at(p.known)
    theirs = chosen.controls(p.known[0][box_sets.free(p)][None])
    for mine, other in zip(controls(own), core.parts(theirs), strict=True):
        assert torch.equal(mine.expand_as(other) if mine.shape[1] == 1 else mine, other)
    assert bool(chosen.contains(theirs).all())


@pytest.mark.parametrize("cells", [1, None])
def test_both_runs_find_the_same_minimum(cells: int | None) -> None:
    p = of_a_seed(5)
    depth = None if cells is None else p.pieces * cells
    found = RUN.minimised(p, depth, GAP)
    with elementary.digits(60):
        other = BallRun().minimised(p.ball(), depth, GAP)
        lower, upper = (float(elementary.to_float(x)[0]) for x in (other.lower, other.upper))
    assert float(found.lower) <= upper
    assert lower <= float(found.upper)
    x, value = box_search.lowest(p, depth)
    assert bool((of_boxes.outside(p, x)[0] <= 0).all())
    assert float(found.lower) <= float(value) + 1e-9
    assert found.closed.tolist() == [1.0]
    assert float(found.off) <= 1e-12


def test_several_instances_are_asked_one_by_one() -> None:
    p = of_a_seed(5, 3)
    both = RUN.minimised(p, p.pieces, GAP.expand(3))
    for i in range(3):
        one = RUN.minimised(p.take(i), p.pieces, GAP)
        assert torch.equal(one.x[0], both.x[i])
        assert float(one.lower) == float(both.lower[i])
        assert torch.equal(one.cover[0], both.cover[i, : one.cover.shape[1]])


def test_an_answer_that_is_no_minimum_is_refused() -> None:
    run = FloatRun(replace(Subject(name="odd"), minimise=lambda *_: SimpleNamespace()), CPU, torch.float64)
    with pytest.raises(SubjectError, match=r"odd: minimise: expected a minimum, .*incumbent"):
        run.minimised(of_a_seed(5), 1, GAP)


def test_without_a_point_nothing_holds() -> None:
    p, right = of_a_seed(5), Subject().minimise
    run = FloatRun(
        replace(Subject(), minimise=lambda *given: replace(right(*given), incumbent=None)), CPU, torch.float64
    )
    assert bool(decide(box_margins.existence(p, run)).violated.all())


def test_boxes_are_neither_moved_nor_reduced() -> None:
    for p in (of_a_seed(1), moved_of_a_seed(1)):
        assert not known(p)
        assert lengths(p) == {}
        assert slots(p) == []


# ---------------------------------------------------------------- corners


@pytest.mark.parametrize("maker", systems.MAKERS)
def test_the_known_minimiser_is_one(maker: systems.Maker) -> None:
    _, p, _ = box_problems.driven(Source(2, CPU), (2,), maker)
    assert box_margins.own_values(p, [p.known], 2).tolist() == [[0.0]]


def test_shares_of_the_data_fall_to_an_eighth() -> None:
    for sampler in (moved_boxes.networks(), moved_boxes.limits()):
        for batch in sampler.draw(Source(1, CPU), 1):
            assert bool(box_assumptions.APPROACHING.predicate(batch.instances).all())
