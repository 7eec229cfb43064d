r"""Rate plots: well-formed, true to the numbers, escaped, and on the page of a claim."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from reports.axes import axes
from reports.collect import collect
from reports.html import site
from reports.orders import pooled
from reports.rates import describe, panels
from tests.reports.evidence_builder import check, complete, result, series, tally, write
from tests.reports.test_html import EVIL, PAGE, Balanced, text

FIRST = {2**k: [-float(k), -k - 1.0, -k + 1.0] for k in (2, 3, 4, 6)}  # order 1, a factor 2 to either side


def found(tmp_path, *rows):
    (only,) = collect(write(tmp_path, complete(tally(series=list(rows)), result()))).checks
    return only.series


def drawn(tmp_path, *rows) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(str(panel)) for panel in panels("x", found(tmp_path, *rows), "system")]


def of_class(svg, tag, kind):
    return [element for element in svg.iter(tag) if element.get("class") == kind]


def points(element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in element.get("points").split())]


def words(svg) -> list[str]:
    return ["".join(element.itertext()) for element in svg.iter("text")]


def test_a_panel_a_system_on_the_same_axes(tmp_path):
    row = series(FIRST, [1.0, 1.0, 1.0])
    svgs = drawn(tmp_path, {**row, "system": "ALISTA"}, row, {**row, "regularizer": "huber"})
    assert [words(svg)[0] for svg in svgs] == ["FBS", "ALISTA"]
    for svg in svgs:
        assert svg.get("role") == "img"
        title = svg.find("title")
        assert title is not None
        assert svg.get("aria-labelledby") == title.get("id")
    ids = [title.get("id") for svg in svgs for title in svg.findall("title")]
    assert len(set(ids)) == 2
    curves = [points(*of_class(svg, "polyline", "gap")) for svg in svgs]
    assert curves[0] == curves[1]


def test_a_gap_of_order_one_lies_on_the_slope_one(tmp_path):
    (svg,) = drawn(tmp_path, series(FIRST))
    (gap,) = (points(line) for line in of_class(svg, "polyline", "gap"))
    half, one = (points(line) for line in of_class(svg, "polyline", "slope"))
    assert gap[0] == half[0] == one[0]
    fall, steep, flat = ((b[1] - a[1]) / (b[0] - a[0]) for a, *_, b in (gap, one, half))
    assert fall == pytest.approx(steep, rel=1e-3) == pytest.approx(2 * flat, rel=1e-3)
    assert fall > 0  # downwards
    assert one[-1][0] == half[-1][0] > gap[-1][0]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(gap)]
    assert steps[2] == pytest.approx((2 * steps[0][0], 2 * steps[0][1]), abs=0.21)
    assert {"N−½", "N−1"} <= set(words(svg))


def test_names_of_the_slopes_do_not_touch(tmp_path):
    steep = series({4: [-2.0], 8: [-40.0]})
    (svg,) = drawn(tmp_path, steep)
    half, one = (float(t.get("y", "")) for t in of_class(svg, "text", "slopename"))
    assert one - half == pytest.approx(12, abs=0.11)


def test_bound_and_band_lie_where_their_numbers_are(tmp_path):
    (svg,) = drawn(tmp_path, series(FIRST))
    gap, bound = (points(*of_class(svg, "polyline", kind)) for kind in ("gap", "bound"))
    octave = (gap[1][1] - gap[0][1]) / (gap[1][0] - gap[0][0])  # slope one: as far down as to the right
    for (x, y), (_, above) in zip(gap, bound, strict=True):
        assert y - above == pytest.approx(3 * octave * (gap[1][0] - gap[0][0]), abs=0.3), x
    band = points(*of_class(svg, "polygon", "band"))
    one = gap[1][1] - gap[0][1]
    upper, lower = band[:4], band[4:][::-1]
    for (_, y), (_, high), (_, low) in zip(gap, upper, lower, strict=True):
        assert (y - high, low - y) == pytest.approx((one, one), abs=0.11)
    squares = [float(r.get("y", "")) + 3 for r in svg.iter("rect")]
    assert squares == pytest.approx([y for _, y in bound], abs=0.11)


def test_axes_are_named_where_their_values_are(tmp_path):
    (svg,) = drawn(tmp_path, series(FIRST))
    (gap,) = (points(line) for line in of_class(svg, "polyline", "gap"))
    named = {t.text: float(t.get("x", "")) for t in of_class(svg, "text", "tick")}
    assert named == pytest.approx({str(n): x for n, (x, _) in zip(FIRST, gap, strict=True)}, abs=0.11)
    heights = {t.text: float(t.get("y", "")) - 4 for t in of_class(svg, "text", "value")}
    tenth = gap[0][1] + (gap[1][1] - gap[0][1]) * (
        3.321928 - 2
    )  # log2 10 octaves below 1; the gap at 4 is 1/4
    assert heights["10⁻¹"] == pytest.approx(tenth, abs=0.11)


def test_means_that_are_not_of_all_instances_have_hollow_markers(tmp_path):
    row = series(FIRST)
    row["depths"]["instances"][2], row["depths"]["below"][2] = 5, 2
    (svg,) = drawn(tmp_path, row)
    for tag in ("circle", "rect"):
        assert [element.get("class") for element in svg.iter(tag)] == ["all", "all", "some", "all"]
    assert "2 below their resolution" in "".join(svg.itertext())


def test_a_bound_far_above_does_not_flatten_the_gap(tmp_path):
    row = series(FIRST)
    moments = row["depths"]["bound"]
    for name in ("min", "max"):
        moments[name] = [200.0] * 4
    moments["sum"] = [600.0] * 4
    (svg,) = drawn(tmp_path / "a", row)
    (near,) = drawn(tmp_path / "b", series(FIRST))
    assert list(svg.iter("rect")) == points(*of_class(svg, "polyline", "bound")) == []
    assert any("bound up to 1.61" in line for line in words(svg))
    assert not any("bound up to" in line for line in words(near))


def test_a_deep_band_ends_at_the_lower_edge(tmp_path):
    row = series(FIRST)
    row["depths"]["gap"]["min"] = [-900.0] * 4
    (svg,) = drawn(tmp_path, row)
    (axis,) = [float(line.get("y1", "")) for line in of_class(svg, "line", "axis") if line.get("x1") == "44"]
    assert max(y for _, y in points(*of_class(svg, "polygon", "band"))) == pytest.approx(axis, abs=0.1)


def test_one_depth_and_none(tmp_path):
    (svg,) = drawn(tmp_path / "a", series({8: [-1.0, -2.0]}))
    assert len(list(svg.iter("circle"))) == 1
    assert of_class(svg, "polyline", "slope") == []
    assert drawn(tmp_path / "b", series({8: []})) == []
    assert axes([]) is None


def test_the_plot_in_words(tmp_path):
    (row,) = pooled(found(tmp_path, series(FIRST, [0.5, 1.0, 1.5], regularizer="max_affine")), "regularizer")
    assert describe(row, [row]) == (
        "max affine, 3 instances, order 1.000 [−0.242, 2.242]; geometric mean of the gap 0.25 at N = 4, "
        "0.0156 at N = 64; of the bound 2 at N = 4, 0.125 at N = 64."
    )
    assert "geometric mean of the gap of the 3 with these depths 0.25" in describe(row, [row, row])


def test_instances_with_other_depths_have_curves_of_their_own(tmp_path):
    high = series({3: [5.0] * 5, 6: [4.0] * 5, 12: []}, [1.0] * 5)
    (svg,) = drawn(tmp_path, series(FIRST, [1.0, 1.0]), high)
    assert [len(points(line)) for line in of_class(svg, "polyline", "gap")] == [2, 4]  # most instances first
    assert len(of_class(svg, "polyline", "bound")) == len(of_class(svg, "polygon", "band")) == 2
    assert words(svg)[1] == "order 1.000 [1.000, 1.000]"
    assert len(list(svg.iter("circle"))) == 6
    assert svg.get("class") == "rate"
    (many,) = drawn(tmp_path / "many", series(FIRST), high, series({4: [1.0], 5: [0.0]}))
    assert many.get("class") == "rate many"


def test_hostile_names_do_not_inject(tmp_path):
    row = series(FIRST, [1.0, 2.0, 3.0], regularizer=EVIL, system=EVIL, family=EVIL)
    (svg,) = drawn(tmp_path / "a", row)
    assert {element.tag for element in svg.iter()} <= set(
        "svg title text tspan line polyline polygon circle rect".split()
    )
    assert words(svg)[0] == EVIL
    other = {**row, "family": EVIL + "2", "system": EVIL + "3"}
    records = [tally(series=[row, other]), result()]
    page = site(collect(write(tmp_path / "b", complete(*records, checks=[check(routes=["sampled"])]))))[PAGE]
    parsed = Balanced(page)
    assert parsed.stack == []
    assert not parsed.tags & {"script", "img"}
    assert not {attribute for attribute in parsed.attributes if attribute.startswith("on")}
    assert "1337" not in text(page)


def page_of(tmp_path, *rows) -> str:
    records = [tally(series=list(rows)), result()]
    return site(collect(write(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))))[PAGE]


def test_page_shows_the_rate(tmp_path):
    rows = [
        series(FIRST, [1.0, 1.0, 1.3]),
        series(FIRST, [0.5, 0.5], system="LISTA", regularizer="total_variation"),
        series(FIRST, [0.7], family="vertices", regularizer="huber"),
    ]
    page = page_of(tmp_path, *rows)
    shown, parsed = text(page), Balanced(page)
    assert "Measured rate" in shown
    assert page.count('<svg class="rate" ') == 2 + 3
    assert len(parsed.ids) == len(set(parsed.ids))
    assert re.search(r"FBS all 1\.000 0\.6\d\d to 1\.3\d\d 0\.700 1\.300 4 6 FBS huber 0\.700 –", shown)
    assert "LISTA total variation 0.500 0.500 to 0.500 0.500 0.500 2 3" in shown
    assert "Orders by family (3)" in shown
    assert "FBS huber vertices 0.700 – 0.700 0.700 1 3" in shown
    assert "url(" not in page
    assert {"script", "link", "img"}.isdisjoint(parsed.tags)
    assert "FBS 4 6 0 0.25 0.125 0.5 2 1 4" in shown


def test_corners_alone_have_a_plot_and_no_order(tmp_path):
    shown = text(page_of(tmp_path / "a", series(FIRST, independent=False)))
    assert "None of these instances is an independent draw" in shown
    assert "Mean order" not in shown
    beside = page_of(tmp_path / "b", series(FIRST, [1.0, 1.0]), series({4: [9.0]}, independent=False))
    assert "None of these instances" not in text(beside)
    assert "FBS 4 3 0 0.25 0.125 0.5" in text(beside)


def test_gaps_below_their_resolution_alone_have_no_plot(tmp_path):
    page = page_of(tmp_path, series({4: []}, instances=7))
    assert "No gap exceeds its resolution" in text(page)
    assert '<svg class="rate" ' not in page


@pytest.mark.parametrize("changes", [{}, {"series": []}])
def test_a_check_without_series_has_no_rate(tmp_path, changes):
    records = [tally(**changes), result()]
    page = site(collect(write(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))))[PAGE]
    assert "Measured rate" not in text(page)
