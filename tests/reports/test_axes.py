r"""Logarithmic axes: what is named on them, and how."""

from __future__ import annotations

from reports.axes import Axes, levels, size, ticks


def test_levels_of_long_and_short_axes():
    assert [name for _, name in levels(Axes(0, 1, -40, 0))] == [
        "10⁻¹²",
        "10⁻¹⁰",
        "10⁻⁸",
        "10⁻⁶",
        "10⁻⁴",
        "10⁻²",
        "10⁰",
    ]
    assert [name for _, name in levels(Axes(0, 1, -3, 1.5))] == ["0.2", "0.5", "1", "2"]
    assert levels(Axes(0, 1, -3, 1.5))[2][0] == 0.0


def test_depths_that_do_not_fit_are_not_named():
    depths = [*range(1000, 1100, 10), 4000]
    assert ticks(Axes(9, 13, 0, 1), depths) == [1000, 4000]


def test_sizes():
    assert [size(x) for x in (None, 0.0, 10.0, -20.0, 2000.0)] == [
        "–",
        "1",
        "1.02\u202f×\u202f10³",
        "9.54\u202f×\u202f10⁻⁷",
        "∞",
    ]
