r"""Curves of training, final values and intervals as SVG: to scale, apart, told apart without colour."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from reports.experiment import Effect
from reports.experiment_layout import rows
from reports.experiment_records import experiments
from reports.final_values import forest, scale
from reports.final_values import panels as final_panels
from reports.learning_curves import APART, BOTTOM, HEIGHT, MOST_POINTS, TOP, panels, spread, thinned
from reports.linear import Axis
from reports.logarithmic import DECADES, LogAxis, log_axis
from tests.reports.experiment_builder import DEPTHS, about, cell, cells


def row(*found, data="synthetic", variant="trained"):
    (experiment,) = experiments([about()], found or cells(), [])
    return next(panels for *key, panels in rows(experiment) if key == [data, variant])


def polylines(svg, kind):
    """The points of the polylines whose class begins so."""
    found = re.findall(rf'<polyline class="{kind}[^"]*" points="([^"]*)"', svg)
    return [[tuple(map(float, point.split(","))) for point in points.split()] for points in found]


def test_a_panel_a_system_on_the_same_axes():
    drawn = panels("p", row(), "objective", 32)
    assert len(drawn) == 3
    values = [re.findall(r'class="value"[^>]*>([^<]+)<', str(svg)) for svg in drawn]
    assert values[0] == values[1] == values[2]
    assert 'id="p-0-title"' in str(drawn[0])
    assert "FBS, synthetic, trained: objective over 32 epochs, mean of 8 replicates; N = 2: from" in str(
        drawn[0]
    )


def test_depths_are_told_apart_by_name_and_by_dash():
    svg = str(panels("p", row(), "objective", 32)[0])
    assert re.findall(r">(N = \d+)</text>", svg) == [f"N = {n}" for n in DEPTHS]  # from above: ever less
    kinds = re.findall(r'class="mean (d\d s\d)"', svg)
    assert len({kind.split()[1] for kind in kinds}) == len(DEPTHS)
    assert len({kind.split()[0] for kind in kinds}) == len(DEPTHS)
    heights = [float(y) for y in re.findall(r'class="end[^"]*" x="[^"]*" y="([^"]*)"', svg)]
    assert all(b - a >= APART - 0.11 for a, b in pairwise(heights))


def test_a_curve_is_to_scale():
    flat = cell(replicates=2, objective=[[1.0, 0.1], [1.0, 0.1]])
    svg = str(panels("p", row(flat), "objective", 1)[0])
    (mean,) = polylines(svg, "mean")
    levels = {
        text: float(y) - 4 for y, text in re.findall(r'class="value" x="[^"]*" y="([^"]*)">([^<]+)<', svg)
    }
    assert (mean[0][1], mean[1][1]) == (
        pytest.approx(levels["1"], abs=0.1),
        pytest.approx(levels["0.1"], abs=0.1),
    )


@pytest.mark.parametrize(("epochs", "first"), [(1, "0"), (2, "1")])
def test_a_value_more_than_epochs_is_before_training(epochs, first):
    svg = str(panels("p", row(cell(objective=[[1.0, 0.5]])), "objective", epochs)[0])
    assert re.findall(r'class="tick"[^>]*>([^<]+)<', svg)[0] == first


def test_what_is_not_finite_is_not_drawn():
    broken = cell(objective=[[1.0, math.nan, 0.5], [1.0, 0.6, 0.5]])
    (mean,) = polylines(str(panels("p", row(broken), "objective", 2)[0]), "mean")
    assert len(mean) == 2
    assert panels("p", row(cell(objective=[[math.nan]])), "objective", 0) == [None]
    assert panels("p", row(cell(objective=[[-1.0, 0.0]])), "objective", 1) == [None]
    assert panels("p", row(cell(objective=[])), "objective", 1) == [None]


def test_a_network_that_was_stopped_has_a_cross_and_the_reason():
    svg = str(panels("p", row(variant="h not scaled"), "objective", 32)[0])
    assert svg.count('class="stop') == 1
    assert "stopped: the objective of replicate 3 is not finite after epoch 9" in svg


def test_long_curves_are_thinned():
    assert thinned(MOST_POINTS) == list(range(MOST_POINTS))
    kept = thinned(1000)
    assert (kept[:8], kept[-1]) == (list(range(8)), 999)
    assert len(kept) <= MOST_POINTS + 8
    assert thinned(0) == []


def test_names_keep_their_distance_and_stay_inside():
    assert spread([10.0, 50.0], 0, 100) == [10.0, 50.0]
    assert spread([30.0, 30.0, 30.0], 0, 100) == [30 - APART, 30.0, 30 + APART]
    assert spread([98.0, 99.0], 0, 100) == [100 - APART, 100.0]
    assert spread([1.0, 2.0], 0, 100)[0] >= 0
    assert spread([], 0, 1) == []


def test_final_values_with_paired_intervals():
    losses = {2: [1.0, 2.0, 3.0], 4: [0.5, 1.5, 2.5], 8: [0.4, 1.5, 2.3]}
    found = [cell(depth=n, objective=[[9.0, x] for x in values]) for n, values in losses.items()]
    svg = str(final_panels("p", row(*found), "objective")[0])
    assert len(polylines(svg, "replicate")) == 3
    (means,) = polylines(svg, "mean")
    levels = {
        float(t): float(y) - 4 for y, t in re.findall(r'class="value" x="[^"]*" y="([^"]*)">([^<]+)<', svg)
    }
    assert means[0][1] == pytest.approx(levels[2.0], abs=0.1)
    assert means[1][1] == pytest.approx((levels[1.0] + levels[2.0]) / 2, abs=0.1)
    intervals = re.findall(r'class="interval" d="M[\d.]+ ([\d.]+)h8.0m-4.0 0V([\d.]+)m', svg)
    assert len(intervals) == 2
    assert float(intervals[0][0]) == float(intervals[0][1]) == pytest.approx(means[1][1], abs=0.1)  # all by ½
    assert float(intervals[1][0]) > means[2][1] > float(intervals[1][1])
    assert "means N = 2: 2; N = 4: 1.5; N = 8: 1.4." in svg


def test_what_was_stopped_is_hollow_and_compared_with_nothing():
    svg = str(final_panels("p", row(variant="h not scaled"), "objective")[0])
    assert svg.count('class="mean some"') == 1
    assert svg.count('class="interval"') == len(DEPTHS) - 2


def test_decrements_are_on_a_linear_axis_unless_they_are_lost_there():
    assert isinstance(scale([1.0, 20.0]), Axis)
    assert isinstance(scale([1.0, 30.0]), LogAxis)
    assert isinstance(scale([-1.0, 30.0]), Axis)
    assert scale([]) is None
    assert final_panels("p", row(cell(objective=[[math.inf]])), "objective") == [None]


def test_intervals_of_effects_share_an_axis_with_0():
    bars = forest([Effect("a", 1.0, 0.5, 1.5, 8, None), Effect("b", -1.0, None, None, 8, None)])
    zeros = {x for bar in bars for x in re.findall(r'class="zero" x1="([\d.]+)"', str(bar))}
    assert len(zeros) == 1
    assert [str(bar).count("interval") for bar in bars] == [1, 0]
    low, high = re.findall(r'd="M([\d.]+) 6v8m0-4H([\d.]+)m', str(bars[0]))[0]
    assert float(zeros.pop()) < float(low) < float(high)
    assert forest([]) == []


def test_logarithmic_axis():
    at = log_axis([1e-3, 1.0], HEIGHT - BOTTOM, TOP)
    assert at is not None
    assert at.at(1e-3) > at.at(1e-2) > at.at(1.0)
    assert at.at(1e-3) - at.at(1e-2) == pytest.approx(at.at(1e-2) - at.at(1e-1))
    assert [text for _, text in at.ticks()] == ["10⁻³", "10⁻²", "10⁻¹", "10⁰"]
    near = log_axis([0.3, 0.4], 100, 0)
    assert near is not None
    assert [text for _, text in near.ticks()] == ["0.30", "0.35", "0.40"]
    far = log_axis([1.0, 1e30], 100, 0)
    assert far is not None
    assert far.at(1e30) == far.at(10**DECADES * 3)  # what is beyond stands at the edge
    assert log_axis([0.0, -1.0, math.nan], 100, 0) is None
