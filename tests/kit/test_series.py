"""Series: orders of known power laws, moments that add up, what is left out, and the way to the evidence."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from claims.kit import evidence
from claims.kit.arithmetic import constant, zeros
from claims.kit.claim import claim
from claims.kit.margin import at_most, decide, decide_ball
from claims.kit.sampling import Batch, Sampler
from claims.kit.series import Series, SeriesTally, orders
from reports.series import Moments
from tests.kit import small, toys

DEPTHS = (4, 8, 16, 64, 256)
L1 = {"regularizer": "l1", "system": "FBS", "d": 3, "N": 256}
INF, NAN = math.inf, math.nan


def table(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def given(gap, bound=1.0, resolution=0.0, depths=DEPTHS):
    """The series of these gaps."""
    full = torch.full_like(gap, 1.0)
    return Series(depths, gap, bound * full, resolution * full)


def power_law(order, batch=1, noise=0.0, seed=1, depths=DEPTHS):
    """C N^(-order), with another C and another noise in every instance."""
    source = toys.Source(seed, toys.CPU)
    factor = source.scale(batch, 1)
    bent = torch.exp2(noise * source.normal(batch, len(depths)))
    return given(factor * torch.tensor(depths, dtype=torch.float64) ** -order * bent, depths=depths)


def counted(*series, labels=L1, family="toy", independent=True, met=None, tally=None):
    """The rows after these series were added one by one."""
    tally = tally or SeriesTally()
    for one in series:
        kept = torch.ones(one.gap.shape[0], dtype=torch.bool) if met is None else torch.tensor(met)
        tally.add(labels, family, independent, kept, one)
    return tally.record()


def cut(series, start, stop):
    parts = (x[start:stop] for x in (series.gap, series.bound, series.resolution))
    return Series(series.depths, *parts)


# ---- the fitted order


@pytest.mark.parametrize("order", [0.5, 1.0, 2.0, 0.0, -0.25])
def test_order_of_a_power_law(order):
    assert orders(power_law(order, batch=5)).tolist() == pytest.approx([order] * 5, abs=1e-12)


def test_order_is_that_of_least_squares():
    """Against numpy, over the depths that stand out of the resolution twice."""
    series = power_law(1.0, batch=40, noise=1.0)
    resolution = toys.Source(2, toys.CPU).uniform(40, 5, high=0.4) * series.gap.amax(1, keepdim=True)
    found = orders(Series(DEPTHS, series.gap, series.bound, resolution))
    clear = (series.gap > 2 * resolution).numpy()
    x, y = np.log2(DEPTHS), np.log2(series.gap.numpy())
    for row in range(40):
        if clear[row].sum() < 3:
            assert math.isnan(found[row])
        else:
            fitted = np.polyfit(x[clear[row]], y[row][clear[row]], 1)
            assert float(found[row]) == pytest.approx(-fitted[0], abs=1e-9)
    assert 5 < found.isnan().sum() < 35


def test_intervals_of_noisy_power_laws_cover_the_order():
    """95 % of them, up to chance: 400 runs of 30 instances."""
    covering = 0
    for seed in range(400):
        (row,) = counted(power_law(1.0, batch=30, noise=0.5, seed=seed))
        found = Moments.of(row["order"])
        assert found.n == 30
        assert found.interval is not None
        covering += found.interval[0] < 1.0 < found.interval[1]
    assert 0.92 < covering / 400 < 0.98


@pytest.mark.parametrize(("resolution", "fitted"), [(0.5, 0), (0.499, 1)])
def test_a_fit_needs_three_gaps_above_twice_their_resolution(resolution, fitted):
    gap = table([1.0, 1.0, 1.0, 0.7, NAN])
    (row,) = counted(given(gap, resolution=resolution))
    assert row["order"]["n"] == fitted


def test_two_depths_give_no_order():
    assert orders(power_law(1.0, depths=(4, 8))).isnan().all()
    (row,) = counted(power_law(1.0, depths=(4, 8)))
    assert row["order"] == {"n": 0, "sum": 0.0, "squares": 0.0, "min": None, "max": None}


# ---- moments


def test_moments_are_of_log2():
    (row,) = counted(given(table([8.0, 2.0], [2.0, 0.5]), bound=4.0, depths=(1, 3)))
    assert (row["instances"], row["depths"]["N"], row["depths"]["instances"]) == (2, [1, 3], [2, 2])
    gap = row["depths"]["gap"]
    assert (gap["n"], gap["sum"], gap["squares"]) == ([2, 2], [4.0, 0.0], [10.0, 2.0])
    assert (gap["min"], gap["max"]) == ([1.0, -1.0], [3.0, 1.0])
    bound = row["depths"]["bound"]
    assert (bound["n"], bound["sum"], bound["min"], bound["max"]) == ([2, 2], [4.0] * 2, [2.0] * 2, [2.0] * 2)


def close(one, other):
    """The same JSON, up to the order of a sum."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    return one == (pytest.approx(other, rel=1e-12) if isinstance(other, float) else other)


def test_batches_add_up_to_one_pass():
    whole = power_law(1.0, batch=60, noise=1.0)
    whole = Series(DEPTHS, whole.gap, 3 * whole.gap, torch.full_like(whole.gap, 0.02))
    parts = [cut(whole, 0, 7), cut(whole, 7, 8), cut(whole, 8, 60)]
    once, in_parts = counted(whole), counted(*parts)
    assert close(once, in_parts)
    assert 0 < sum(once[0]["depths"]["below"]) < 150
    assert once[0]["instances"] == 60


def test_instances_with_other_depths_have_rows_of_their_own():
    parts = [power_law(1.0, batch=n, depths=depths) for n, depths in ((2, (4, 16, 64)), (1, (2, 4, 8)))]
    rows = counted(*parts, parts[0])
    assert [row["depths"]["N"] for row in rows] == [[4, 16, 64], [2, 4, 8]]
    assert [row["depths"]["instances"] for row in rows] == [[4] * 3, [1] * 3]
    assert [(row["instances"], row["order"]["n"]) for row in rows] == [(4, 4), (1, 1)]


# ---- what is left out


def test_a_gap_below_its_resolution_enters_no_mean():
    gap = table([1.0, 0.5, 0.25, 0.25, 0.0])
    (row,) = counted(given(gap, resolution=0.25))
    assert row["depths"]["below"] == [0, 0, 1, 1, 1]
    assert row["depths"]["gap"]["n"] == row["depths"]["bound"]["n"] == [1, 1, 0, 0, 0]
    assert row["depths"]["gap"]["min"] == [0.0, -1.0, None, None, None]
    assert row["order"]["n"] == 0


def test_what_is_not_finite_is_counted_apart():
    gap = table([NAN, 1.0, INF, 1.0, 1.0])
    series = Series(DEPTHS, gap, table([1.0, NAN, 1.0, 0.0, INF]), table([0.0, 0.0, INF, NAN, 0.5]))
    (row,) = counted(series)
    assert row["depths"]["unknown"] == [1, 0, 1, 1, 0]
    assert row["depths"]["below"] == [0] * 5
    assert row["depths"]["gap"]["n"] == [0, 1, 0, 0, 1]
    assert row["depths"]["bound"]["n"] == [0] * 5
    assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_instances_that_are_not_met_are_left_out():
    assert counted(power_law(1.0, batch=2), met=[False, False]) == []
    assert counted(power_law(1.0, batch=2), met=[True, False]) == counted(cut(power_law(1.0, batch=2), 0, 1))


def test_corners_are_kept_apart_and_enter_no_order():
    tally = SeriesTally()
    counted(power_law(1.0, batch=3), tally=tally)
    rows = counted(power_law(9.0, batch=5), independent=False, tally=tally)
    assert [(r["independent"], r["instances"], r["order"]["n"]) for r in rows] == [
        (True, 3, 3),
        (False, 5, 0),
    ]
    assert rows[0]["order"]["max"] == pytest.approx(1.0)
    assert rows[1]["depths"]["gap"]["n"] == [5] * 5


def test_a_stratum_is_regularizer_system_and_family():
    tally = SeriesTally()
    for labels in (L1, {**L1, "d": 9}, {**L1, "system": "LISTA"}, {**L1, "regularizer": "l2"}, {"d": 1}):
        counted(power_law(1.0), labels=labels, tally=tally)
    rows = counted(power_law(1.0), family="other", tally=tally)
    found = [tuple(r.get(k) for k in ("regularizer", "system", "family", "instances")) for r in rows]
    expected = [("l1", "FBS", "toy", 2), ("l1", "LISTA", "toy", 1), ("l2", "FBS", "toy", 1)]
    assert found == [*expected, (None, None, "toy", 1), ("l1", "FBS", "other", 1)]


def test_labels_are_those_of_networks():
    (row,) = counted(power_law(1.0), labels=small.network("huber").dimensions)
    assert (row["regularizer"], row["system"]) == ("huber", "FBS")


# ---- shapes


BAD = [
    ({"depths": (4, 4, 8)}, "series.depths: expected increasing positive integers, got (4, 4, 8)"),
    ({"depths": (0, 1, 2)}, "series.depths: expected increasing positive integers, got (0, 1, 2)"),
    ({"depths": (1.0, 2.0, 3.0)}, "series.depths: expected increasing positive integers"),
    ({"depths": ()}, "series.depths: expected increasing positive integers, got ()"),
    ({"depths": (1, 2)}, "series.gap: expected the shape (5, 2), a column a depth, got (5, 3)"),
    ({"gap": torch.ones(5)}, "series.gap: expected the shape (5, 3), a column a depth, got (5,)"),
    ({"gap": 1.0}, "series.gap: expected the shape ('batch', 3), a column a depth, got ()"),
    ({"bound": torch.ones(4, 3)}, "series.bound: expected the shape (5, 3), a column a depth, got (4, 3)"),
    ({"resolution": torch.ones(5, 1)}, "series.resolution: expected the shape (5, 3)"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_wrong_shape_is_one_clear_error(change, message):
    sides = dict.fromkeys(("gap", "bound", "resolution"), torch.ones(5, 3))
    with pytest.raises(ValueError, match=re.escape(message)):
        Series(**{"depths": (1, 2, 3), **sides, **change})


def test_a_margin_has_as_many_instances_as_its_series():
    left = torch.ones(4)
    with pytest.raises(ValueError, match="series: expected 4 instances, as left has, got 5"):
        at_most(left, left, left * 0, series=power_law(1.0, batch=5))


# ---- margins ignore it


def test_a_series_decides_nothing():
    left = table([0.5], [1.0], [2.0])[:, 0]
    awful = given(table(*[[NAN] * 5] * 3), bound=NAN)
    plain, with_series = (decide(at_most(left, left * 0 + 1, left * 0, series=s)) for s in (None, awful))
    for name in ("held", "tied", "violated", "undecided"):
        assert getattr(plain, name).tolist() == getattr(with_series, name).tolist()


def test_balls_ignore_a_series():
    one = constant(zeros(np.zeros(1), (1,)), [1.0])
    series = Series((1, 2, 4), *(zeros(one, (1, 3)) for _ in range(3)))
    assert decide_ball(at_most(one, one + 1, one * 0, series=series)) == "held"


# ---- from a claim to the evidence


def converging(p, run):
    """|v|/N ≤ bound/N at the largest N, with the gaps at smaller N."""
    depths = (2, 4, 8)
    steps = constant(p.values, [list(map(float, depths))])
    gap, bound = toys.size(p)[:, None] / steps, p.bound[:, None] / steps
    series = Series(depths, gap, bound, gap * 0)
    return at_most(gap[:, -1], {"bound": bound[:, -1]}, run.rounding(1, bound[:, -1]), series=series)


def positive():
    """Numbers uniform in [1, 2), and a corner."""

    def draw(source, size):
        yield Batch(toys.points((1 + source.uniform(size)).tolist(), 2.0), "uniform", independent=True)
        yield Batch(toys.points([2.0], 2.0), "corner: two", independent=False)

    return Sampler("uniform in [1, 2), and 2", draw)


def tallied(predicate, route="sampled", **ways):
    check = claim("toys", "Claim 1", assumes=(toys.ALWAYS,)).holds(**ways)(predicate)
    outcome, records = toys.run(check, route)
    assert outcome.verdict == "holds"
    return toys.of_kind(records, "tally")[0]


def test_a_check_records_its_series(tmp_path):
    tally = tallied(converging, sampled=positive())
    writer = evidence.Writer(tmp_path / "main.jsonl")
    writer.write(**tally)
    writer.close()
    (read,) = map(json.loads, (tmp_path / "main.jsonl").read_text().splitlines())
    uniform, corner = read["series"]
    assert (uniform["family"], uniform["independent"], uniform["instances"]) == ("uniform", True, 64)
    assert (uniform["order"]["n"], uniform["depths"]["N"]) == (64, [2, 4, 8])
    assert uniform["order"]["sum"] / 64 == pytest.approx(1.0, abs=1e-12)
    assert (corner["family"], corner["independent"], corner["order"]["n"]) == ("corner: two", False, 0)
    assert corner["depths"]["gap"]["sum"] == [0.0, -1.0, -2.0]


def test_drawn_instances_are_no_independent_draws():
    (row,) = tallied(converging, "drawn", drawn=toys.drawn(2, 2.0))["series"]
    assert (row["family"], row["independent"], row["order"]["n"]) == ("drawn", False, 0)
    assert row["instances"] > 0


def test_a_claim_without_a_series_records_none():
    def bounded(p, run):
        """|v| ≤ bound"""
        return at_most(toys.size(p), {"bound": p.bound}, run.rounding(0, p.bound))

    assert tallied(bounded, sampled=positive())["series"] == []


def test_fields_are_as_documented():
    text = (Path(__file__).resolve().parents[2] / "claims" / "README.md").read_text(encoding="utf-8")
    rows = text[text.index("| part of a row |") :].partition("\n\n")[0].splitlines()[2:]
    listed = {}
    for _, part, fields, *_ in (line.split("|") for line in rows):
        listed[tuple(re.findall("`(.*?)`", part))] = re.findall("`(.*?)`", fields)
    (row,) = counted(power_law(1.0, batch=2))
    assert list(row) == listed[("series[]",)]
    assert list(row["depths"]) == listed[("depths",)]
    moments = listed[("order", "gap", "bound")]
    for found in (row["order"], row["depths"]["gap"], row["depths"]["bound"]):
        assert list(found) == moments
