r"""Loss against epochs as inline SVG, a curve a depth: mean over the replicates, band from least to most.

Curves are told apart by dashes and by their names at the right end; colours, from the page's CSS, only repeat
the order of the depths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from reports.experiment import MEASURES, Cell
from reports.experiment_layout import Panel
from reports.linear import Axis
from reports.logarithmic import LogAxis, log_axis
from reports.text import integer, plural, significant

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 264, 52, 62, 38, 38
MOST_POINTS = 90
COLOURS, DASHES = 6, 6
#: Names of curves do not come closer than this, in pixels.
APART = 12.0


@dataclass(frozen=True)
class Curve:
    r"""One depth: epochs, and mean, least and largest over the replicates at each of them."""

    depth: int
    rank: int
    of: int
    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    stopped: str

    @property
    def kind(self) -> str:
        r"""Colour by the place among the depths, from the first to the last colour; a dash of its own."""
        colour = round(self.rank * (COLOURS - 1) / max(1, self.of - 1))
        return f"d{colour} s{self.rank % DASHES}"


def curve(cell: Cell, measure: str, depths: Sequence[int], first: int) -> Curve | None:
    r"""The curve of a cell, whose first value is at epoch ``first``; None without a positive finite value."""
    found = [values for values in cell.curves.get(measure, ()) if values]
    length = min(map(len, found), default=0)
    at = [k for k in thinned(length) if all(math.isfinite(v[k]) and v[k] > 0 for v in found)]
    if not at:
        return None
    columns = [[values[k] for values in found] for k in at]
    means = tuple(math.fsum(column) / len(column) for column in columns)
    ends = tuple(map(min, columns)), tuple(map(max, columns))
    place = depths.index(cell.depth)
    return Curve(cell.depth, place, len(depths), tuple(k + first for k in at), means, *ends, cell.stopped)


def thinned(length: int) -> list[int]:
    r"""At most `MOST_POINTS` places, the first and the last among them, closer together where losses fall."""
    if length <= MOST_POINTS:
        return list(range(length))
    share = [k / (MOST_POINTS - 1) for k in range(MOST_POINTS)]
    return sorted({round((length - 1) * x**1.5) for x in share} | set(range(8)) | {length - 1})


def panels(name: str, row: Sequence[Panel], measure: str, epochs: int) -> list[Markup | None]:
    r"""The panels of one row on the same axes; None where nothing is recorded."""
    depths = sorted({cell.depth for panel in row for cell in panel.cells})
    longest = max(
        (len(v) for panel in row for cell in panel.cells for v in cell.curves.get(measure, ())), default=0
    )
    start = 0 if longest > epochs > 0 else 1  # with a value more than epochs, the first is before training
    every = [[curve(cell, measure, depths, start) for cell in panel.cells] for panel in row]
    drawn = [[one for one in curves if one] for curves in every]
    ends = [x for curves in drawn for one in curves for x in (*one.least, *one.most)]
    up = log_axis(ends, HEIGHT - BOTTOM, TOP)
    if up is None:
        return [None] * len(row)
    last = max(one.epochs[-1] for curves in drawn for one in curves)
    first = min(one.epochs[0] for curves in drawn for one in curves)
    across = Axis(first, max(last, first + 1), LEFT, WIDTH - RIGHT)
    return [
        _svg(f"{name}-{k}", panel, curves, measure, across, up) if curves else None
        for k, (panel, curves) in enumerate(zip(row, drawn, strict=True))
    ]


def describe(panel: Panel, curves: Sequence[Curve], measure: str) -> str:
    r"""The panel in a sentence: where each curve starts and ends."""
    ends = (
        f"N = {one.depth}: from {significant(one.mean[0])} to {significant(one.mean[-1])}" for one in curves
    )
    count = plural(max(cell.replicates for cell in panel.cells), "replicate")
    last = integer(curves[0].epochs[-1])
    about = f"{panel.system}, {panel.data}, {panel.variant}: {MEASURES[measure]} over {last} epochs"
    return f"{about}, mean of {count}; {'; '.join(ends)}."


def _svg(name: str, panel: Panel, curves: Sequence[Curve], measure: str, across: Axis, up: LogAxis) -> Markup:
    title = escape(f"{name}-title")
    right, base = WIDTH - RIGHT, HEIGHT - BOTTOM
    found = [
        f'<svg class="learning-curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title}">',
        f'<title id="{title}">{escape(describe(panel, curves, measure))}</title>',
        f'<text class="panel" x="{LEFT}" y="14">{escape(panel.system)}</text>',
        f'<text class="order" x="{LEFT}" y="29">{MEASURES[measure]}, logarithmic</text>',
        *(level(up.at(value), text, right) for value, text in up.ticks()),
        f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{base}" y2="{base}"/>',
        *(tick(across.at(x), base, str(int(x))) for x, _ in across.ticks(4) if x == int(x)),
        f'<text class="name" x="{(LEFT + right) / 2}" y="{HEIGHT - 5}">epochs</text>',
        *(_band(one, across, up) for one in curves),
        *(_line(one, across, up) for one in curves),
        *_names(curves, across, up),
        "</svg>",
    ]
    return Markup("".join(found))


def level(y: float, text: str, right: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="value" x="{LEFT - 6}" y="{y + 4:.1f}">{text}</text>'
    )


def tick(x: float, base: float, text: str) -> str:
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 4}"/>'
        f'<text class="tick" x="{x:.1f}" y="{base + 16}">{text}</text>'
    )


def _points(epochs: Sequence[int], values: Sequence[float], across: Axis, up: LogAxis) -> str:
    return " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in zip(epochs, values, strict=True))


def _band(one: Curve, across: Axis, up: LogAxis) -> str:
    upper = _points(one.epochs, one.most, across, up)
    lower = _points(one.epochs[::-1], one.least[::-1], across, up)
    return f'<polygon class="band {one.kind}" points="{upper} {lower}"/>'


def _line(one: Curve, across: Axis, up: LogAxis) -> str:
    words = f"N = {one.depth}: {significant(one.mean[-1])} after epoch {one.epochs[-1]}"
    words += f" ({significant(one.least[-1])} to {significant(one.most[-1])})"
    if one.stopped:
        words += f", stopped: {one.stopped}"
    line = f'<polyline class="mean {one.kind}" points="{_points(one.epochs, one.mean, across, up)}">'
    return f"{line}<title>{escape(words)}</title></polyline>{_stop(one, across, up)}"


def _stop(one: Curve, across: Axis, up: LogAxis) -> str:
    r"""A cross where training was stopped."""
    if not one.stopped:
        return ""
    x, y = across.at(one.epochs[-1]), up.at(one.mean[-1])
    return f'<path class="stop {one.kind}" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"/>'


def _names(curves: Sequence[Curve], across: Axis, up: LogAxis) -> list[str]:
    r"""The depths at the right edge, in the order of the ends of their curves, joined to them."""
    right = WIDTH - RIGHT
    ends = _ordered(curves, up)
    places = spread([y for y, _ in ends], TOP + 4, HEIGHT - BOTTOM)
    found = []
    for (y, one), place in zip(ends, places, strict=True):
        x = across.at(one.epochs[-1])
        found.append(
            f'<polyline class="lead {one.kind}" points="{x + 2:.1f},{y:.1f} {right + 12},{place:.1f}"/>'
            f'<text class="end {one.kind}" x="{right + 15}" y="{place + 4:.1f}">N = {one.depth}</text>'
        )
    return found


def _ordered(curves: Sequence[Curve], up: LogAxis) -> list[tuple[float, Curve]]:
    return sorted(((up.at(one.mean[-1]), one) for one in curves), key=lambda pair: (pair[0], pair[1].depth))


def spread(wanted: Sequence[float], low: float, high: float) -> list[float]:
    r"""Places near those wanted (ascending), `APART` from each other, inside if they fit."""
    groups: list[list[float]] = []  # each a run of names that touch: where it wants to be, and how many
    for y in wanted:
        groups.append([y, 1])
        while len(groups) > 1 and _meet(groups[-2], groups[-1]):
            (y0, n0), (y1, n1) = groups[-2:]
            groups[-2:] = [[(n0 * y0 + n1 * y1) / (n0 + n1), n0 + n1]]
    places = [y + APART * (k - (n - 1) / 2) for y, n in groups for k in range(int(n))]
    places = [max(y, low + APART * k) for k, y in enumerate(places)]
    return [min(y, high - APART * (len(places) - 1 - k)) for k, y in enumerate(places)]


def _meet(above: Sequence[float], below: Sequence[float]) -> bool:
    return below[0] - above[0] < APART * (above[1] + below[1]) / 2
