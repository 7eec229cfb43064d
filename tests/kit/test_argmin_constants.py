"""Sets of minimisers: fibres and images decided exactly, distances, moduli, values of the controls."""

from dataclasses import replace

import pytest
import torch

from claims import argmin_constants as constants
from claims import argmin_margins, argmin_values
from claims.families import argmin_failures, finite_problems, projected_problems
from claims.families.projected_problems import imaged, over
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.context import FloatRun
from claims.kit.convergence_instances import controls
from claims.kit.sampling import Source
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU

RUN = FloatRun(Subject(), CPU, torch.float64)
ONE = torch.ones(1, dtype=torch.float64)


def drawn(seed, **given):
    return finite_problems.volume(Source(seed, CPU), 2, **given)[1]


def dense(p, cells):
    """P_N of every member, by plain means over a fine grid of all cells."""
    found = []
    for j in range(len(p.frequencies)):
        theta = p.function(j)
        rows = []
        for x in controls(theta):
            fine = x.flatten(2) if x.dim() > 2 else x[:, :, None]
            fine = fine.repeat_interleave(
                cells * 8 * 3 // fine.shape[1] if fine.shape[1] > 1 else cells * 24, 1
            )
            rows.append(fine.reshape(len(fine), cells, -1, fine.shape[2]).mean(2))
        found.append(rows)
    return found


# ---------------------------------------------------------------- relations


@pytest.mark.parametrize("seed", range(6))
def test_fibres_are_where_the_projections_agree(seed):
    problem = drawn(seed, layers=((1, 2, 4),), cells=(1, 2, 3))
    p = imaged(problem)
    for cells in p.layers:
        means = dense(p.sequence, cells)
        expected = torch.stack(
            [
                torch.stack(
                    [
                        torch.stack(
                            [(x - y).abs().flatten(1).sum(1) for x, y in zip(here, there, strict=True)]
                        ).sum(0)
                        for there in means
                    ],
                    1,
                )
                for here in means
            ],
            1,
        )
        assert torch.equal(constants.fibres(p, cells), (expected < 1e-12).double())


@pytest.mark.parametrize("seed", range(4))
def test_distances_are_zero_exactly_for_members(seed):
    p = imaged(drawn(seed, layers=((2,), (4,))))
    for cells in p.layers:
        same = constants.members(p, cells) > 0
        away = constants.distances(p, cells)
        assert bool((away[same] < 1e-12).all())
        assert bool((away[~same] > 1e-9).all())


def test_relations_off_the_mesh_are_decided_in_balls():
    p = argmin_failures.swinging(0.75)
    assert not constants._exact(p)
    assert constants.fibres(p, 1).tolist() == [[[1.0, 1.0], [1.0, 1.0]]]
    assert constants.members(p, 1).tolist() == [[[0.0, 0.0], [0.0, 0.0]]]
    assert constants.members(p, 2).tolist() == [[[1.0, 0.0], [0.0, 1.0]]]


def test_both_arithmetics_decide_alike():
    for seed in range(3):
        p = imaged(drawn(seed, layers=((1, 2),), cells=(1, 2)))
        with elementary.digits(60):
            for relation in (constants.fibres, constants.members):
                exact = elementary.to_float(relation(p.ball(), 2))
                assert torch.equal(relation(p, 2), torch.as_tensor(exact))


def test_hidden_oscillations_share_a_fibre():
    _, p, _ = projected_problems.hidden(Source(1, CPU))
    assert len(p.frequencies) < p.members
    assert float(constants.fibres(p, 1).sum(2).max()) == 4.0


# ---------------------------------------------------------------- minima


def test_excess_and_nearest():
    values = torch.tensor([[3.0, 1.0, 2.0]])
    assert constants.excess(values).tolist() == [[2.0, 0.0, 1.0]]
    distance = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    chosen = torch.tensor([[[False, True, True], [True, False, False]]])
    assert constants.nearest(distance, chosen).tolist() == [[2.0, 4.0]]


def test_sizes_and_variations():
    first = argmin_failures.scalar(ONE, W=1.0, lam=2.0)
    other = replace(first, W=first.W + 3)
    p = over(first, other, (0.0, 1.0, -1.0), (0, 1, 2))
    assert constants.sizes(p).tolist() == [[4.0, 1.0, 2.0]]
    assert constants.variations(p).tolist() == [[18.0, 0.0, 0.0]]


@pytest.mark.parametrize("seed", range(6))
def test_projection_errors_are_below_the_modulus(seed):
    p = imaged(drawn(seed, layers=((3,),)))
    own = constants.distances(p, 3).diagonal(dim1=1, dim2=2)
    assert bool((own <= constants.modulus(p, 3)[:, None] * (1 + 1e-12) + 1e-12).all())


# ---------------------------------------------------------------- values


@pytest.mark.parametrize("seed", range(4))
def test_all_members_at_once_are_what_each_is_alone(seed):
    problem = drawn(seed, layers=((3,),))
    p = imaged(problem)
    found, at = argmin_values.of_theta(p, 3, RUN), problem.at(3)
    alone = torch.stack([RUN.objective(at, j) for j in range(problem.members)], 1)
    torch.testing.assert_close(found.value, alone, rtol=1e-12, atol=1e-12)
    images = argmin_values.of_images(p, 3, RUN)
    assert bool(((images.value - alone).abs() <= images.rounding + found.rounding).all())


def test_limits_of_the_rademacher_functions():
    p = argmin_failures.chattering(ONE)
    found = argmin_values.in_the_limit(p.learning, argmin_values.functions(p.sequence), RUN)
    stated = torch.tensor([[0.012747, 0.003674, 0.000961, 0.000243, 0.000061]], dtype=torch.float64)
    torch.testing.assert_close(found.value, stated, rtol=0, atol=5e-7)
    seen = argmin_values.of_images(p, 16, RUN).value
    assert float(constants.smallest(seen)) == 0.0


def test_bounds_of_the_minimal_values_fall_from_two_to_sixty_four_layers():
    ratios = []
    for seed in (1, 3, 5, 6, 8, 11):
        problem = drawn(seed, layers=((2, 64),), sizes=(4,), counts=(1,), cells=(1, 2))
        series = argmin_margins.minimal_values_converge(imaged(problem), RUN).series
        assert series is not None
        first, last = series.bound.T
        ratios.append((last / first)[first > 1e-6])
    found = torch.cat(ratios)
    assert len(found) >= 6
    assert float(found.max()) < 0.2  # no worse than the root of h, 2^{-5/2} = 0.177
    assert float((found <= 0.125).double().mean()) > 0.5


def test_a_problem_is_posed_at_several_depths():
    _, found = finite_problems.volume(Source(1, CPU), 3)
    assert isinstance(found, FiniteProblem)
    assert found.at(5).sequence.depths == (5,) * found.members
