"""What certified minimisation refuses: one clear error each, at the entry."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

from fbscore import Problem
from fbscore.learning import Learning
from fbscore.learning.admissible import FewPieces
from fbscore.learning.minimise import Budget, minimise, minimise_limit
from fbscore.learning.pieces import Pieces, Track
from fbscore.regularizers import NegativeL1
from tests.core.learning.few import DOUBLE, few
from tests.core.learning.judged import run


def test_what_does_not_fit_is_refused(rng):
    one = few(rng)
    below = replace(one.admissible.domain, lower=-torch.ones(3, dtype=DOUBLE))
    negative = replace(one, admissible=FewPieces(one.admissible.pieces, below))
    with pytest.raises(ValueError, match=r"^admissible\.pieces\.second: expected values >= 0, got -1\.0$"):
        run(negative, 2)
    problem, learning = one.repeated(2)
    with pytest.raises(ValueError, match=r"^problem: expected a batch of one, got 2$"):
        minimise(problem, learning, one.admissible, 2)
    with pytest.raises(ValueError, match=r"^cells: expected at least 1 cell, got 0$"):
        minimise(one.problem, one.learning, one.admissible, 0)
    with pytest.raises(ValueError, match=r"^gap: expected a positive number, got 0"):
        Budget(gap=0.0)
    p = one.problem
    concave = replace(one, problem=Problem(p.A, p.f, p.u0, NegativeL1()))
    with pytest.raises(ValueError, match=r"^problem\.regularizer: expected an admissible regulariser"):
        run(concave, 2)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("search", [partial(minimise, cells=2), minimise_limit])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"problem": None}, "problem: expected a Problem or Samples, got NoneType"),
        ({"learning": None}, "learning: expected a Learning, got NoneType"),
        ({"admissible": None}, "admissible: expected FewPieces, got NoneType"),
        ({"budget": 0.1}, "budget: expected a Budget, got float"),
        ({"progress": 3}, "progress: expected a callable, got int"),
    ],
)
def test_what_is_of_another_kind_is_refused_at_the_entry(search, changes, message, rng):
    one = few(rng)
    given = {"problem": one.problem, "learning": one.learning, "admissible": one.admissible}
    with pytest.raises(TypeError, match=rf"^{message}$"):
        search(**(given | changes))


@pytest.mark.usefixtures("unchecked")
def test_parts_of_another_kind_are_refused(rng):
    one = few(rng)
    first, second, third = one.admissible.pieces.tracks
    W0, domain = one.admissible.pieces.W0, one.admissible.domain
    wrong: Any = None
    three: Any = 3
    letter: Any = "x"
    with pytest.raises(TypeError, match=r"^first: expected a Track, got NoneType$"):
        Pieces("fbs", wrong, second, third, W0)
    with pytest.raises(TypeError, match=r"^third: expected a Track, got NoneType$"):
        Pieces("fbs", first, second, wrong, W0)
    for make in (partial(Track.of, 0), partial(Track.fixed, 1.0)):
        with pytest.raises(TypeError, match=r"^like: expected a torch.Tensor, got int$"):
            make(P=1, like=three)
    with pytest.raises(TypeError, match=r"^gap: expected a float, got str$"):
        Budget(gap=letter)
    for bounds, error, message in (
        ((None,), ValueError, "a tuple of three bounds or None, got 1 of them"),
        (("a", None, None), TypeError, "a float, got str"),
        (0.5, TypeError, "a tuple of three bounds or None, got float"),
    ):
        with pytest.raises(error, match=rf"^variation: expected {message}$"):
            replace(domain, variation=bounds)
    narrow = one.problem.to(torch.float32), one.learning.to(torch.float32)
    message = r"^pieces\.W0: expected the dtype of problem\.A \(torch.float32\), got torch.float64$"
    with pytest.raises(TypeError, match=message):
        minimise(*narrow, one.admissible, 2)


def test_data_that_are_no_numbers_never_get_in(rng):
    one = few(rng)
    with pytest.raises(ValueError, match=r"^f: expected finite entries"):
        Problem(one.problem.A, one.problem.f * torch.nan, one.problem.u0, one.problem.regularizer)
    with pytest.raises(ValueError, match=r"^labels: expected finite entries"):
        Learning(one.learning.labels * torch.nan, *list(vars(one.learning).values())[1:])
