r"""Drawings of instances: read with care, drawn as SVG that says in words what it shows."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from reports import arrows, sides, trajectory
from reports.drawing import read
from reports.linear import Axis, axis, label

NETWORK = {"what": "network", "layers": 2, "times": [0, 0.5, 1], "values": [[0.0], [1.0], [3.0]]}
LIMIT = {"what": "limit", "times": [0, 1], "values": [[0.0], [2.0]], "radius": 0.5}
PROX = {"what": "prox", "weight": 0.5, "v": [2.0], "p": [1.5]}


def record(*curves, components=(0,), size=1):
    return {"size": size, "components": list(components), "curves": list(curves)}


def found(*curves, **fields):
    drawing = read(record(*curves, **fields))
    assert drawing is not None
    return drawing


def numbers(element, name):
    return [float(x) for x in re.findall(r"-?[\d.]+", element.attrib[name])]


def test_networks_against_the_limit():
    drawing = found(LIMIT, NETWORK, {**NETWORK, "layers": 4})
    (panel,) = trajectory.panels("x", drawing)
    root = ElementTree.fromstring(str(panel))
    limit, first, second = root.findall("polyline")
    assert [line.attrib["class"] for line in (limit, first, second)] == ["limit", "network n0", "network n1"]
    x, y = numbers(first, "points")[::2], numbers(first, "points")[1::2]
    assert x == [trajectory.LEFT, (trajectory.LEFT + trajectory.WIDTH - trajectory.RIGHT) / 2, 348.0]
    assert y[0] > y[1] > y[2]
    assert (y[0] - y[2]) / (y[0] - y[1]) == pytest.approx(3, rel=0.01)
    assert y[0] - numbers(limit, "points")[3] == pytest.approx(2 * (y[0] - y[1]), abs=0.2)
    assert len(root.findall("circle")) == 3
    assert len(root.findall("rect")) == 3
    words = root.findtext("title")
    assert words == (
        "Component 1 of 1. deep-layer limit: from 0 to 2.0000; network, N = 2: from 0 to 3.0000; "
        "network, N = 4: from 0 to 3.0000."
    )
    assert [name for _, name in trajectory.key(drawing)] == [
        "deep-layer limit",
        "network, N = 2",
        "network, N = 4",
    ]


def test_a_certified_radius_is_a_band_and_an_enclosure_has_error_bars():
    (panel,) = trajectory.panels("x", found(LIMIT))
    assert '<polygon class="radius"' in panel
    (panel,) = trajectory.panels("x", found({**LIMIT, "radius": 1e-12}))
    assert "polygon" not in panel
    solver = {"what": "enclosure", "times": [1.0], "values": [[2.0]], "radius": 1.0}
    (panel,) = trajectory.panels("x", found({**LIMIT, "radius": 0.0}, solver))
    assert panel.count('class="enclosure"') == 4


def test_networks_of_one_depth_are_numbered():
    names = [curve.name for curve in found(NETWORK, {**NETWORK, "values": [[1.0], [1.0], [1.0]]}).curves]
    assert names == ["network, N = 2, no. 1", "network, N = 2, no. 2"]


def test_one_panel_a_component():
    curve = {**NETWORK, "values": [[0.0, 1.0], [1.0, 1.0], [3.0, 1.0]]}
    panels = trajectory.panels("x", found(curve, components=(1, 6), size=9))
    assert ["component 2 of 9" in panels[0], "component 7 of 9" in panels[1]] == [True, True]


def test_step_functions():
    curve = {"what": "function", "of": "given", "values": [[0.0], [1.0]]}
    (panel,) = trajectory.panels("x", found(curve, {**curve, "of": "project", "values": [[0.5]]}))
    steps = [numbers(line, "points") for line in ElementTree.fromstring(str(panel)).findall("polyline")]
    assert [len(step) // 2 for step in steps] == [4, 2]
    assert steps[0][0::2] == [52.0, 200.0, 200.0, 348.0]


def test_proxes_are_arrows():
    drawing = found(PROX, {**PROX, "weight": 1.0, "p": [1.0]})
    assert trajectory.panels("x", drawing) == []
    picture = arrows.svg("x", drawing)
    assert picture is not None
    root = ElementTree.fromstring(str(picture))
    first, second = (line for line in root.findall("line") if line.attrib["class"] == "shift")
    lengths = [float(line.attrib["x1"]) - float(line.attrib["x2"]) for line in (first, second)]
    assert lengths[1] == pytest.approx(2 * lengths[0], abs=0.2)
    assert arrows.svg("x", found(NETWORK)) is None


@pytest.mark.parametrize(
    "damage",
    [
        {},
        {"components": "0", "curves": [NETWORK]},
        {"components": [0], "curves": []},
        {"components": [0], "curves": ["x", 3]},
        record({**NETWORK, "times": [0, 0, 1]}),
        record({**NETWORK, "times": [0, 1]}),
        record({**NETWORK, "values": [[0.0], ["<b>"], [1.0]]}),
        record({**NETWORK, "values": [[0.0], ["nan"], [1.0]]}),
        record({**NETWORK, "values": [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]}),
        record({**NETWORK, "what": "<script>"}),
        record({**PROX, "p": None}),
    ],
)
def test_what_cannot_be_drawn_is_not(damage):
    assert read(damage) is None


def test_constant_and_huge_curves_fit():
    for value in (0.0, 5.0, 1e100, -1e-12):
        (panel,) = trajectory.panels("x", found({**NETWORK, "values": [[value]] * 3}))
        heights = numbers(ElementTree.fromstring(str(panel)).findall("polyline")[0], "points")[1::2]
        assert all(trajectory.TOP <= y <= trajectory.HEIGHT - trajectory.BOTTOM for y in heights)


@pytest.mark.parametrize(
    ("low", "high", "names"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3.0, 40.0, ["0", "10", "20", "30", "40"]),
        (1e-7, 5e-7, ["1e-7", "2e-7", "3e-7", "4e-7", "5e-7"]),
        (0.9999, 1.0001, ["0.99990", "0.99995", "1.00000", "1.00005", "1.00010"]),
    ],
)
def test_ticks_are_round_and_differ(low, high, names):
    assert [text for _, text in Axis(low, high, 0, 1).ticks()] == [name.replace("-", "−") for name in names]


def test_an_axis_has_room():
    found = axis([1.0, 3.0], 100, 0)
    assert found.at(1.0) < 100
    assert found.at(3.0) > 0
    assert found.at(2.0) == pytest.approx(50)
    assert label(0.0, 1e-9) == "0"


def bars(**margin):
    picture = sides.svg("x", margin)
    assert picture is not None
    return ElementTree.fromstring(str(picture))


def test_both_sides_of_an_inequality():
    root = bars(left=2.0, right=1.0, terms={"a": 0.75, "b": 0.25})
    widths = {rect.attrib["class"]: float(rect.attrib["width"]) for rect in root.findall("rect")}
    assert widths["over"] == pytest.approx(2 * (widths["right t0"] + widths["right t1"]), abs=0.3)
    assert widths["right t0"] == pytest.approx(3 * widths["right t1"], abs=0.3)
    assert "exceeds the right side, 1, made up of a 0.7500, b 0.2500" in str(root.findtext("title"))
    assert {rect.attrib["class"] for rect in bars(left=1.0, right=2.0, terms={}).findall("rect")} == {
        "left",
        "right",
    }


def test_terms_that_do_not_add_up_are_not_stacked():
    assert len(bars(left=1.0, right=2.0, terms={"a": 5.0, "b": 1.0}).findall("rect")) == 2


@pytest.mark.parametrize(
    "sizes", [(None, 1.0), ("nan", 1.0), (0.0, 0.0), (math.inf, 1.0), (-1.0, 2.0), ("<b>", 1)]
)
def test_sides_that_cannot_be_drawn(sizes):
    assert sides.svg("x", dict(zip(("left", "right"), sizes, strict=True))) is None


def test_names_are_escaped():
    assert "<b>" not in str(sides.svg("<b>", {"left": 1.0, "right": 2.0, "terms": {"<b>": 1.0, "c": 1.0}}))
    assert "<b>" not in str(trajectory.panels("<b>", found(NETWORK))[0])
