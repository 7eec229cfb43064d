r"""Formats, formulas, docstrings, histograms and exact inputs."""

from __future__ import annotations

import math

import pytest

from claims.kit.evidence import RATIO_EDGES
from reports import histogram, instance, text
from tests.reports.evidence_builder import STATEMENT, array, bins


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (0.0, "0"),
        (1.0, "1"),
        (0.5, "0.5000"),
        (1.7, "1.7000"),
        (1 - 2.3e-9, "1 − 2.3 × 10⁻⁹"),
        (1 + 3e-4, "1 + 3.0 × 10⁻⁴"),
        ("inf", "∞"),
        ("nan", "NaN"),
        (1e-7, "1.0 × 10⁻⁷"),
        (0.9995, "1 − 5.0 × 10⁻⁴"),
    ],
)
def test_ratio(value, expected):
    assert text.ratio(value).replace("\u202f", " ").replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (0.0, "0"),
        (1.0, "1"),
        (1 - 1e-12, "0.999"),
        (1 + 1e-12, "1.001"),
        (0.57, "0.570"),
        (-0.25, "-0.250"),
        (1.0019, "1.001"),
        (2 + 1e-15, "2.000"),
        (4e-5, "4.0 × 10⁻⁵"),
        (12345.0, "1.2 × 10⁴"),
        ("nan", "NaN"),
        (float("inf"), "∞"),
    ],
)
def test_short_ratios_are_never_rounded_to_one(value, expected):
    assert text.short(value).replace("\u202f", " ") == expected


@pytest.mark.parametrize(
    ("brought", "parts", "expected"),
    [
        ((), ("forward",), ""),
        (("prox",), None, ""),
        (("prox",), ("prox",), ""),
        (("prox",), (), "asks for no part of the subject"),
        (("prox",), ("forward",), "judged on fbscore’s own forward"),
        (("prox",), ("extend", "project"), "judged on fbscore’s own extend and project"),
        (("project",), ("extend", "project"), "judged in part on fbscore’s own extend"),
    ],
)
def test_whose_parts_were_judged(brought, parts, expected):
    assert text.judged_on(brought, parts) == expected


@pytest.mark.parametrize("n", [1, 50, 4096, 10**6])
def test_upper_bounds_are_rounded_upwards(n):
    exact = 1 - 0.05 ** (1 / n)
    shown = (
        text.upper(exact)
        .replace("\u202f×\u202f10", "e")
        .translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    )
    assert exact * (1 - 1e-9) <= float(shown) <= exact * 1.1


def test_times():
    assert text.seconds(1.234) == "1.23 s"
    assert text.seconds(125) == "2 min 05 s"
    assert text.seconds(3725) == "1 h 02 min"
    assert text.seconds(None) == "–"


def test_statement_becomes_paragraphs():
    found = text.blocks(STATEMENT)
    assert [(block.label, block.display) for block in found] == [
        ("", False),
        ("", False),
        ("", True),
        ("Finite form", False),
        ("Source", False),
    ]


def test_labels_on_one_line_are_split():
    found = text.blocks("Title.\n\nShapes: (batch, d).  Source: part II.")
    assert [block.label for block in found] == ["", "Shapes", "Source"]


def test_full_lines_are_joined_and_short_lines_kept():
    full = "word " * 15 + "word\nthen the sentence goes on.\nEnd."
    (block,) = text.blocks(full)
    assert block.lines == ("word " * 15 + "word then the sentence goes on.", "End.")


def test_histogram_draws_every_bin_in_use():
    heights = bins({0.2: 5, 0.9995: 100, 1.5: 1})
    drawn = str(histogram.svg("x", heights, RATIO_EDGES))
    assert drawn.count("<rect") == 3
    assert drawn.count('class="over"') == 1
    assert "106 ratios" in histogram.describe(heights, RATIO_EDGES)
    assert histogram.describe([0] * 32, RATIO_EDGES) == "No ratio was recorded."


def test_position_on_the_axis():
    assert histogram.position(RATIO_EDGES[3], RATIO_EDGES) == 3
    assert histogram.position(math.inf, RATIO_EDGES) == 32


def test_exact_inputs_in_decimal_and_hexadecimal():
    data = {"kind": "l1", "weights": array(0.1, 2.0, 3.0, 4.0, shape=(2, 2)), "groups": [0, 1], "none": None}
    kind, weights, groups = instance.entries({"regularizer": data})
    assert (kind.name, kind.decimal) == ("regularizer.kind", "l1")
    assert weights.decimal == "0.1  2.0\n3.0  4.0"
    assert weights.hexadecimal.startswith("0x1.999999999999ap-4")
    assert weights.shape == "2 × 2"
    assert groups.decimal == "0, 1"


def test_empty_and_odd_arrays():
    (empty,) = instance.entries({"A": {"shape": [0, 3], "hex": []}})
    assert empty.decimal == "(empty)"
    (scalar,) = instance.entries({"a": {"shape": [], "hex": "0x1.8p+0"}})
    assert scalar.decimal == "1.5"
    assert instance.decimal("zzz") == "zzz"
    assert instance.decimal(float.hex(math.nan)) == "nan"
