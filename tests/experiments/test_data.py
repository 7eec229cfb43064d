"""The data: what is sparse, orthonormal, disjoint, paired, and drawn from the seed alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from claims.experiments import photographs
from claims.experiments.data import Drawn, describe, draw, shuffled
from claims.experiments.design import DESIGNS, Design
from tests.experiments.small import design

KINDS = [
    "synthetic",
    pytest.param(
        "photographs", marks=pytest.mark.skipif(not photographs.available(), reason=photographs.MISSING)
    ),
]


def tensors(drawn: Drawn) -> list[torch.Tensor]:
    return [drawn.A, *(x for part in (drawn.training, drawn.validation) for x in (part.f, part.labels))]


def test_labels_are_sparse() -> None:
    given = design(samples=300)
    for part in (draw(given, "synthetic", 0).training, draw(given, "synthetic", 1).validation):
        assert bool(((part.labels != 0).sum(-1) == given.sparsity).all())
    labels = draw(given, "synthetic", 0).training.labels
    used = (labels != 0).double().mean((0, 1))
    assert float(used.min()) > 0.2  # a third of the labels at each place
    values = labels[labels != 0]
    assert abs(float(values.mean())) < 0.1
    assert float(values.var()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("data", KINDS)
def test_data_are_measurements_with_small_noise(data: str) -> None:
    given = design(samples=400)
    drawn = draw(given, data, 3)
    m, d = given.sizes(data)
    assert drawn.A.shape == (5, m, d)
    torch.testing.assert_close(drawn.A.norm(dim=1), torch.ones(5, d, dtype=torch.float64))
    for part in (drawn.training, drawn.validation):
        noise = part.f - part.labels @ drawn.A.mT
        assert float(noise.std()) == pytest.approx(given.noise, rel=0.1)
        assert abs(float(noise.mean())) < given.noise / 10
    assert drawn.validation.labels.shape == (5, given.validation, d)


@pytest.mark.parametrize("data", KINDS)
def test_a_seed_gives_the_data(data: str) -> None:
    first, again, other = (tensors(draw(design(), data, seed)) for seed in (1, 1, 2))
    assert all(map(torch.equal, first, again))
    assert not any(map(torch.equal, first, other))
    state = torch.get_rng_state()
    draw(design(), data, 1)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("data", KINDS)
def test_replicates_differ_and_do_not_depend_on_their_number(data: str) -> None:
    five, seven = (draw(design(replicates=count), data, 0) for count in (5, 7))
    for few, more in zip(tensors(five), tensors(seven), strict=True):
        assert torch.equal(few, more[:5])
        assert len({tuple(x.flatten().tolist()) for x in more}) == 7


@pytest.mark.parametrize("data", KINDS)
def test_training_and_validation_are_disjoint(data: str) -> None:
    drawn = draw(design(samples=100, validation=100), data, 0)
    for mine, others in zip(drawn.training.labels, drawn.validation.labels, strict=True):
        mine, others = (x[x.norm(dim=1) > 0.0] for x in (mine, others))  # patches without contrast
        assert min(len(mine), len(others)) > 50
        assert not bool((mine[:, None] == others).all(-1).any())


def test_shuffled_labels_are_others() -> None:
    drawn = draw(design(), "synthetic", 0)
    moved = shuffled(drawn, 0)
    assert torch.equal(moved.training.f, drawn.training.f)
    assert torch.equal(moved.validation.labels, drawn.validation.labels)
    for before, after in zip(drawn.training.labels, moved.training.labels, strict=True):
        assert sorted(map(tuple, before.tolist())) == sorted(map(tuple, after.tolist()))
        assert not bool((before == after).all(1).any())
    assert torch.equal(shuffled(drawn, 0).training.labels, moved.training.labels)


# ---------------------------------------------------------------- photographs


def test_the_basis_is_orthonormal() -> None:
    for side in (1, 3, 8):
        D = photographs.dct_basis(side)
        torch.testing.assert_close(D @ D.mT, torch.eye(side**2, dtype=torch.float64))
        torch.testing.assert_close(D[0].abs(), torch.full((side**2,), 1 / side, dtype=torch.float64))


def test_coefficients_are_those_of_the_patch_without_its_mean(rng: torch.Generator) -> None:
    blocks = torch.rand(7, 4, 4, generator=rng, dtype=torch.float64)
    found = photographs.coefficients(blocks)
    torch.testing.assert_close(found[:, 0], torch.zeros(7, dtype=torch.float64))
    back = (found @ photographs.dct_basis(4)).reshape(7, 4, 4) + blocks.mean((1, 2), keepdim=True)
    torch.testing.assert_close(back, blocks)


@pytest.mark.skipif(not photographs.available(), reason=photographs.MISSING)
class TestPhotographs:
    def test_patches_are_parts_of_photographs(self, rng: torch.Generator) -> None:
        found = photographs.patches(("coins",), 4, 5, rng)
        windows = photographs.photograph("coins").unfold(0, 5, 1).unfold(1, 5, 1)
        for patch in found:
            assert bool((windows == patch).all(-1).all(-1).any())

    def test_photographs_to_validate_on_are_not_trained_on(self) -> None:
        assert not set(photographs.TRAINING) & set(photographs.VALIDATION)
        images = [photographs.photograph(x) for x in (*photographs.TRAINING, *photographs.VALIDATION)]
        assert all(0.0 <= float(x.min()) < 0.3 and 0.6 < float(x.max()) <= 1.0 for x in images)

    def test_labels_have_the_mean_square_of_the_synthetic_ones(self) -> None:
        given = design(samples=50)
        labels = draw(given, "photographs", 0).training.labels
        torch.testing.assert_close(
            labels.square().sum(-1).mean(1), torch.full((5,), 2.0, dtype=torch.float64)
        )


def test_without_scikit_image_the_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "available", lambda: False)
    text = describe(design())
    assert text["photographs"] == "not run: scikit-image is not installed (extra 'data')"
    assert text["synthetic"].startswith("labels with 2 of 6 entries nonzero")
    assert text["h not scaled"].startswith("control: layers of length 1/2 at every depth")


# ---------------------------------------------------------------- the design


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depths": (2,)}, "depths: expected at least two, each twice the one before"),
        ({"depths": (2, 6)}, "depths: expected at least two, each twice the one before"),
        ({"sparsity": 7}, "sparsity: expected 1 to d = 6, got 7"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        design(**changes)


def test_the_sizes_are_those_of_section_5() -> None:
    assert DESIGNS["everyday"].depths == DESIGNS["paper"].depths == (2, 4, 8, 16, 32, 64)
    paper: Design = DESIGNS["paper"]
    assert (paper.m, paper.d, paper.samples) == (250, 500, 10_000)
    assert all(given.replicates >= 5 for given in DESIGNS.values())
    rates = [DESIGNS["everyday"].factor(epoch) for epoch in range(32)]
    assert rates[0] == 1.0
    assert all(b < a for a, b in pairwise(rates))
    assert 0.0 < rates[-1] < 0.01
