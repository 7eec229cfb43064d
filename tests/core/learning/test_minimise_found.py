"""What minimisation got wrong once: proxes that couple entries, best points that hints do not see."""

import math

import pytest
import torch

from fbscore import Problem, forward
from fbscore.learning import Learning, losses
from fbscore.learning.admissible import FewPieces
from fbscore.learning.domain import Domain
from fbscore.learning.minimise import Budget, minimise_limit
from fbscore.learning.pieces import Pieces, Track
from fbscore.regularizers import by_name
from tests.core.learning.few import DOUBLE, NAMES, between, few, penalties_of
from tests.core.learning.judged import run

POINTS = 200


@pytest.mark.parametrize("pieces", [(0, 0, 1), (1, 0, 0)])
@pytest.mark.parametrize("name", NAMES)
def test_no_entry_of_the_last_state_moves_further_than_its_reach(name, pieces, rng):
    """A prox that couples the entries is nonexpansive, but moves an entry as far as another one was moved."""
    for cells in 3 * (1, 2):
        one = few(rng, "fbs", pieces, name)
        lower, upper = one.admissible.domain.lower[None], one.admissible.domain.upper[None]
        *_, last = one.model(cells).net.start(lower, upper).layers
        x = between(lower.expand(POINTS, -1), upper.expand(POINTS, -1), POINTS, rng)
        problem, _ = one.repeated(POINTS + 1)
        x = torch.cat([0.5 * (lower + upper), x])
        ends = forward(problem, one.admissible.pieces.controls(x, cells))[:, -1]
        moved = (ends[1:] - ends[0]).abs().amax(0)
        assert (moved <= last.after_reach.entries[:, 0, 0] * (1 + 1e-12)).all()


def test_the_best_point_of_the_limit_is_found_beside_that_of_its_networks():
    """u(1) = 16e^{−w}, labels 8: w = ln 2 is best, and 0.691 for 64 layers, where the upper bound stayed."""
    one = torch.ones(1, 1, 1, dtype=DOUBLE)
    problem = Problem(one, 0 * one[0], 16 * one[0], by_name("l1", weights=one[0]))
    tracks = Track.of(0, P=1, like=one), Track.fixed(1.0, P=1, like=one), Track.fixed(0.0, P=1, like=one)
    learning = Learning(8 * one[0], losses.by_name("p=1", 1.0), penalties_of(("s",) * 3), one.new_zeros(1, 3))
    domain = Domain(one.new_zeros(1), one.new_full((1,), 2.0))
    admissible = FewPieces(Pieces("fbs", *tracks, one[0]), domain)
    budget = Budget(gap=1e-2, evaluations=2000)
    found = minimise_limit(problem, learning, admissible, 16, budget=budget)
    assert found.stopped == "gap"
    assert found.minimum.lower <= 0.0 <= found.minimum.upper <= 1e-2
    assert found.incumbent is not None
    assert abs(float(found.incumbent.x) - math.log(2.0)) < 2e-3


def test_a_bound_on_the_variation_of_a_constant_says_nothing(rng):
    """ALISTA's W has one piece, whose jumps are none at all."""
    free, bound = (
        few(rng.manual_seed(1), "alista", (1, 2, 0), variation=(variation, 0.5, None))
        for variation in (None, 0.0)
    )
    least, same = (run(one, 2, Budget(gap=0.05)).minimum for one in (free, bound))
    assert least == same
