r"""Series of tally records merged: sums over shards, strata apart, old and malformed evidence."""

from __future__ import annotations

import random

import pytest
import torch

from claims.kit.evidence import EvidenceError
from claims.kit.series import Series as Measured
from claims.kit.series import SeriesTally
from reports.collect import collect
from reports.series import Depth, Moments, Series
from tests.reports.evidence_builder import check, complete, result, series, tally, write

DEPTHS = (4, 8, 16, 32)


def collected(tmp_path, *tallies) -> tuple[Series, ...]:
    routes = sorted({record["route"] for record in tallies})
    results = [result(route=route) for route in routes]
    (found,) = collect(write(tmp_path, complete(*tallies, *results, checks=[check(routes=routes)]))).checks
    return found.series


def measured(batch: int, seed: int) -> Measured:
    r"""Gaps around N^-1, some below their resolution."""
    numbers = torch.Generator().manual_seed(seed)
    noise = torch.exp2(torch.randn(batch, len(DEPTHS), generator=numbers, dtype=torch.float64))
    gap = noise / torch.tensor(DEPTHS)
    return Measured(DEPTHS, gap, 9 * gap, torch.full_like(gap, 0.03))


def rows(*parts: Measured) -> list[dict]:
    found = SeriesTally()
    for part in parts:
        met = torch.ones(part.gap.shape[0], dtype=torch.bool)
        found.add({"regularizer": "l1", "system": "FBS"}, "gaussian", True, met, part)
    return found.record()


def test_shards_add_up_to_one_pass(tmp_path):
    parts = [measured(batch, seed) for seed, batch in enumerate((40, 3, 17))]
    shards = [tally(shard=k, series=rows(part)) for k, part in enumerate(parts)]
    (once,) = collected(tmp_path / "a", tally(series=rows(*parts)))
    (merged,) = collected(tmp_path / "b", *shards, shards[1])  # a shard that ran twice counts once
    assert (once.instances, once.order.n) == (merged.instances, merged.order.n)
    assert 0 < once.order.n <= once.instances == 60
    assert merged.order.interval == pytest.approx(once.order.interval)
    assert [d.N for d in merged.depths] == list(DEPTHS)
    for one, other in zip(once.depths, merged.depths, strict=True):
        assert (one.instances, one.below, one.unknown) == (other.instances, other.below, other.unknown)
        for x, y in ((one.gap, other.gap), (one.bound, other.bound)):
            assert (x.n, x.smallest, x.largest) == (y.n, y.smallest, y.largest)
            assert (x.mean, x.squares) == pytest.approx((y.mean, y.squares), rel=1e-12)
    assert sum(depth.below for depth in once.depths) > 0


def test_numbers_are_those_of_the_records(tmp_path):
    row = series({4: [-1.0, -3.0], 8: [-2.0]}, [1.0, 0.5], instances=2)
    (found,) = collected(tmp_path, tally(series=[row]))
    assert (found.route, found.system, found.regularizer, found.family) == (
        "sampled",
        "FBS",
        "l1",
        "gaussian",
    )
    assert found.independent
    assert found.order == Moments(2, 1.5, 1.25, 0.5, 1.0)
    bounds = (Moments(2, 2.0, 4.0, 0.0, 2.0), Moments(1, 1.0, 1.0, 1.0, 1.0))
    assert found.depths == (
        Depth(4, 2, 0, 0, Moments(2, -4.0, 10.0, -3.0, -1.0), bounds[0]),
        Depth(8, 1, 0, 0, Moments(1, -2.0, 4.0, -2.0, -2.0), bounds[1]),
    )


def test_strata_routes_and_corners_stay_apart(tmp_path):
    labels = [{}, {"family": "b"}, {"system": "LISTA"}, {"regularizer": "l2"}, {"independent": False}]
    every = [series({4: [-1.0]}, **changes) for changes in labels]
    found = collected(tmp_path, tally(series=every), tally(route="drawn", series=every))
    assert len(found) == 10
    assert [s.independent for s in found].count(False) == 2


def test_other_depths_stay_apart_until_they_are_added(tmp_path):
    parts = [series({8: [-2.0], 4: [-1.0]}), series({2: [0.0], 8: [-4.0, -4.0]}, [1.0])]
    one, other = collected(tmp_path, *(tally(shard=k, series=[row]) for k, row in enumerate(parts)))
    assert (one.grid, other.grid) == ((4, 8), (2, 8))
    found = one + other
    assert [(d.N, d.gap.n, d.gap.total) for d in found.depths] == [(2, 1, 0.0), (4, 1, -1.0), (8, 3, -10.0)]
    assert (found.instances, found.order.n) == (3, 1)


def test_older_evidence_has_no_series(tmp_path):
    assert collected(tmp_path / "a", tally()) == ()
    assert collected(tmp_path / "b", tally(series=None)) == ()
    assert collected(tmp_path / "c", tally(series=[])) == ()


def test_what_is_no_number_counts_as_nothing(tmp_path):
    row = series({4: [-1.0], 8: [-2.0]}, order={"n": 3, "sum": "nan", "squares": 1, "min": 0, "max": 1})
    row["depths"]["N"][0] = "x"
    row["depths"]["gap"]["max"][1] = "inf"
    (found,) = collected(tmp_path, tally(series=[row]))
    assert found.order == Moments()
    assert [(d.N, d.gap) for d in found.depths] == [(8, Moments())]


def test_columns_of_other_lengths_are_malformed(tmp_path):
    row = series({4: [-1.0], 8: [-2.0]})
    row["depths"]["below"].pop()
    with pytest.raises(EvidenceError, match="malformed"):
        collected(tmp_path, tally(series=[row]))


def test_moments_of_any_parts_add_up():
    numbers = random.Random(7)
    values = [numbers.gauss(0, 3) for _ in range(50)]
    found = Moments()
    for x in values:
        found = found + Moments(1, x, x * x, x, x)
    assert (found.n, found.smallest, found.largest) == (50, min(values), max(values))
    assert found.mean == pytest.approx(sum(values) / 50)
    assert Moments().mean is Moments().interval is None
