r"""Gap and bound against the depth N on logarithmic axes, as inline SVG; colours come from the page's CSS.

One panel a stratum, all on the same axes: the geometric mean of the gap (solid, circles) with the band from
the smallest to the largest, the geometric mean of the bound (dashed, squares), and the slopes 1/2 and 1
(dotted).  Instances that were measured at other depths have curves of their own.  All coordinates are log2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from reports.axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axes,
    Point,
    axes,
    levels,
    means,
    size,
    ticks,
)
from reports.orders import curves, pooled, shown
from reports.series import Depth, Series
from reports.text import decimal, integer, plural

RAISED = "N<tspan dy='-4' font-size='8'>{}</tspan>"
SLOPES = ((0.5, RAISED.format("−½")), (1.0, RAISED.format("−1")))


def panels(name: str, found: Sequence[Series], *labels: str) -> list[Markup]:
    r"""A panel for each value of these labels, regulariser by regulariser; none without a measured gap."""
    every = curves(shown(found), *labels)
    common = axes(every)
    rows = sorted(pooled(every, *labels), key=lambda row: row.regularizer)
    plots = ((row, [part for part in every if part.labels == row.labels and means(part)]) for row in rows)
    drawn = [plot for plot in plots if plot[1]]
    return [_svg(f"{name}-{k}", *plot, common) for k, plot in enumerate(drawn)] if common else []


def label(row: Series) -> str:
    r"""What the instances have in common, in words."""
    found = (row.regularizer.replace("_", " "), row.system, row.family)
    return ", ".join(name for name in found if name) or "all instances"


def describe(row: Series, parts: Sequence[Series]) -> str:
    r"""The panel in one sentence, with the ends of its first curve."""
    first = parts[0]
    means = [depth for depth in first.depths if depth.gap.n]
    ends = means[:1] if len(means) == 1 else [means[0], means[-1]]
    gaps = ", ".join(f"{size(depth.gap.mean)} at N = {depth.N}" for depth in ends)
    bounds = ", ".join(f"{size(depth.bound.mean)} at N = {depth.N}" for depth in ends if depth.bound.n)
    some = f" of the {integer(first.instances)} with these depths" if len(parts) > 1 else ""
    text = f"{label(row)}, {plural(row.instances, 'instance')}, {_order(row)}; geometric mean of the gap"
    return f"{text}{some} {gaps}" + (f"; of the bound {bounds}" if bounds else "") + "."


def _order(row: Series) -> str:
    if row.order.mean is None:
        return "no order fitted"
    interval = row.order.interval
    ends = f" [{decimal(interval[0])}, {decimal(interval[1])}]" if interval else ""
    return f"order {decimal(row.order.mean)}{ends}"


def _svg(name: str, row: Series, parts: Sequence[Series], at: Axes) -> Markup:
    title, words = escape(f"{name}-title"), escape(describe(row, parts))
    kind = "rate" if len(parts) < 3 else "rate many"
    base, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    points = [depth for part in parts for depth in part.depths if depth.gap.n]
    named = sorted({depth.N for part in parts for depth in part.depths})
    found = [
        f'<svg class="{kind}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title}">',
        f'<title id="{title}">Gap against depth, logarithmic axes. {words}</title>',
        f'<text class="panel" x="{LEFT}" y="14">{escape(label(row))}</text>',
        f'<text class="order" x="{LEFT}" y="30">{escape(_order(row))}</text>',
        *(_level(at, exponent, text) for exponent, text in levels(at)),
        f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{base}" y2="{base}"/>',
        *(_tick(at, n) for n in ticks(at, named)),
        f'<text class="name" x="{(LEFT + right) / 2}" y="{HEIGHT - 6}">depth N</text>',
        *(_band(at, part) for part in parts),
        _slopes(at, means(parts[0])),
        *(_curve(at, "bound", _bounds(part)) for part in parts),
        *(_curve(at, "gap", means(part)) for part in parts),
        *(_square(at, depth, 3.0 if len(parts) < 3 else 2.0) for depth in points),
        *(_circle(at, depth, 3.4 if len(parts) < 3 else 2.3) for depth in points),
        _above(at, points),
        "</svg>",
    ]
    return Markup("".join(found))


def _level(at: Axes, exponent: float, text: str) -> str:
    y = at.y(exponent)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="value" x="{LEFT - 5}" y="{y + 4:.1f}">{text}</text>'
    )


def _tick(at: Axes, n: int) -> str:
    x, base = at.x(math.log2(n)), HEIGHT - BOTTOM
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 4}"/>'
        f'<text class="tick" x="{x:.1f}" y="{base + 17}">{n}</text>'
    )


def _line(at: Axes, points: Iterable[Point]) -> str:
    return " ".join(f"{at.x(x):.1f},{at.y(at.within(y)):.1f}" for x, y in points)


def _bounds(row: Series) -> list[Point]:
    r"""log2 of N and of the mean bound."""
    return [(math.log2(d.N), d.bound.mean) for d in row.depths if d.gap.n and d.bound.mean is not None]


def _curve(at: Axes, kind: str, points: Sequence[Point]) -> str:
    r"""A polyline; what lies above the axis is left out."""
    return f'<polyline class="{kind}" points="{_line(at, [p for p in points if p[1] <= at.top])}"/>'


def _band(at: Axes, row: Series) -> str:
    r"""From the smallest to the largest gap; it ends at the lower edge where it goes on below."""
    upper = [(math.log2(d.N), d.gap.largest) for d in row.depths if d.gap.largest is not None]
    lower = [(math.log2(d.N), d.gap.smallest) for d in row.depths if d.gap.smallest is not None]
    whiskers = (
        f'<polyline class="range" points="{_line(at, ends)}"/>' for ends in zip(upper, lower, strict=True)
    )
    return f'<polygon class="band" points="{_line(at, [*upper, *lower[::-1]])}"/>' + "".join(whiskers)


def _slopes(at: Axes, curve: Sequence[Point]) -> str:
    r"""Dotted lines from the first mean to the right edge; their names do not touch."""
    x, y = curve[0]
    parts, free = "", -math.inf
    for slope, text in SLOPES if len(curve) > 1 else ():
        end = at.right, y - slope * (at.right - x)
        place = max(at.y(end[1]) + 4, free)
        free = place + 12
        parts += f'<polyline class="slope" points="{_line(at, [(x, y), end])}"/>'
        parts += f'<text class="slopename" x="{WIDTH - RIGHT + 4}" y="{place:.1f}">{text}</text>'
    return parts


def _circle(at: Axes, depth: Depth, radius: float) -> str:
    place = f'cx="{at.x(math.log2(depth.N)):.1f}" cy="{at.y(at.within(depth.gap.mean or 0.0)):.1f}"'
    return f'<circle class="{_share(depth)}" {place} r="{radius}"><title>{_words(depth)}</title></circle>'


def _above(at: Axes, points: Sequence[Depth]) -> str:
    r"""A word where a bound lies above the axis."""
    found = [d.bound.mean for d in points if d.bound.mean is not None and d.bound.mean > at.top]
    if not found:
        return ""
    return f'<text class="above" x="{WIDTH - RIGHT}" y="{TOP + 10}">bound up to {size(max(found))} ↑</text>'


def _share(depth: Depth) -> str:
    r"""Whether the means of a depth are of all instances: markers are hollow where they are not."""
    return "some" if depth.gap.n < depth.instances else "all"


def _words(depth: Depth) -> str:
    gap = (
        f"N = {depth.N}: gap {size(depth.gap.mean)} ({size(depth.gap.smallest)} to {size(depth.gap.largest)})"
    )
    left_out = f", {integer(depth.below)} below their resolution" if depth.below else ""
    return f"{gap} in {plural(depth.gap.n, 'instance')}{left_out}"


def _square(at: Axes, depth: Depth, half: float) -> str:
    mean = depth.bound.mean
    if mean is None or mean > at.top:
        return ""
    x, y = at.x(math.log2(depth.N)) - half, at.y(at.within(mean)) - half
    words = f"N = {depth.N}: bound {size(mean)} ({size(depth.bound.smallest)} to {size(depth.bound.largest)})"
    place = f'x="{x:.1f}" y="{y:.1f}" width="{2 * half}" height="{2 * half}"'
    return f'<rect class="{_share(depth)}" {place}><title>{words}</title></rect>'
