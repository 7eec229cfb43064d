r"""The trajectory of an instance as inline SVG: networks against the limit, or step functions, over [0, 1].

One panel a component.  The limit is a line in the colour of text with a band as wide as its certified radius;
networks have marks at their layers, each network another one; step functions are steps.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from reports.drawing import PATHS, Curve, Drawing
from reports.linear import Axis, axis
from reports.text import ratio

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 230, 52, 12, 26, 36
MOST_MARKS = 40
Point = tuple[float, float]


def panels(name: str, drawing: Drawing) -> list[Markup]:
    r"""A panel a component of networks and limit, or of step functions; none where there are neither."""
    curves = drawing.of(*PATHS) or drawing.of("function")
    if not curves:
        return []
    return [_panel(f"{name}-{k}", drawing, curves, k) for k in range(len(drawing.components))]


def key(drawing: Drawing) -> list[tuple[Markup, str]]:
    r"""A swatch and a name for every curve in the panels."""
    curves = drawing.of(*PATHS) or drawing.of("function")
    return [(_swatch(curve), curve.name) for curve in curves]


def describe(drawing: Drawing, curves: Sequence[Curve], k: int) -> str:
    r"""A panel in words: where each curve starts and ends."""
    ends = (
        f"{curve.name}: from {ratio(curve.values[0][k])} to {ratio(curve.values[-1][k])}" for curve in curves
    )
    return f"Component {drawing.components[k]} of {drawing.size}. " + "; ".join(ends) + "."


def _panel(name: str, drawing: Drawing, curves: Sequence[Curve], k: int) -> Markup:
    across = Axis(0.0, 1.0, LEFT, WIDTH - RIGHT)
    base = HEIGHT - BOTTOM
    values = [row[k] + by for c in curves for row in c.values for by in _reach(c)]
    up = axis(values, base, TOP)
    title = escape(f"{name}-title")
    head = (
        f"component {drawing.components[k]} of {drawing.size}" if drawing.size > 1 else "the only component"
    )
    found = [
        f'<svg class="trajectory" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title}">',
        f'<title id="{title}">{escape(describe(drawing, curves, k))}</title>',
        f'<text class="panel" x="{LEFT}" y="14">{head}</text>',
        *(_level(up.at(value), text) for value, text in up.ticks()),
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>',
        *(_tick(across.at(t), base, text) for t, text in ((0.0, "0"), (0.5, "½"), (1.0, "1"))),
        f'<text class="name" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 4}">t</text>',
        *(_curve(curve, k, across, up) for curve in curves),
        "</svg>",
    ]
    return Markup("".join(found))


def _reach(curve: Curve) -> tuple[float, ...]:
    return (-curve.radius, curve.radius) if curve.what == "enclosure" else (0.0,)


def _level(y: float, text: str) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="value" x="{LEFT - 6}" y="{y + 4:.1f}">{text}</text>'
    )


def _tick(x: float, base: float, text: str) -> str:
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 4}"/>'
        f'<text class="tick" x="{x:.1f}" y="{base + 16}">{text}</text>'
    )


def _curve(curve: Curve, k: int, across: Axis, up: Axis) -> str:
    points = [(across.at(t), up.at(y)) for t, y in curve.component(k)]
    if curve.what == "enclosure":
        return _enclosure(points[-1], abs(up.at(curve.radius) - up.at(0.0)))
    if curve.what == "function":
        return _steps(points, across.stop, curve)
    if curve.what == "limit":
        return _band(points, abs(up.at(curve.radius) - up.at(0.0))) + _line("limit", points)
    marks = points[:: max(1, -(-len(points) // MOST_MARKS))]
    kind = f"network n{curve.mark % 6}"
    return _line(kind, points) + "".join(_mark(point, curve.mark) for point in marks)


def _line(kind: str, points: Sequence[Point]) -> str:
    return f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def _band(points: Sequence[Point], radius: float) -> str:
    if radius < 0.5:
        return ""
    around = [(x, y - radius) for x, y in points] + [(x, y + radius) for x, y in reversed(points)]
    return f'<polygon class="radius" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in around)}"/>'


def _enclosure(point: Point, radius: float) -> str:
    x, y = point
    ends = ((x - 4, x + 4, y - radius, y - radius), (x - 4, x + 4, y + radius, y + radius))
    bar = "".join(
        f'<line class="enclosure" x1="{a:.1f}" x2="{b:.1f}" y1="{c:.1f}" y2="{d:.1f}"/>'
        for a, b, c, d in ((x, x, y - radius, y + radius), *ends)
    )
    return f'{bar}<circle class="enclosure" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'


def _steps(points: Sequence[Point], end: float, curve: Curve) -> str:
    kind = f"step s{curve.mark % 6}"
    stops = [x for x, _ in points[1:]] + [end]
    path = [place for (x, y), stop in zip(points, stops, strict=True) for place in ((x, y), (stop, y))]
    return _line(kind, path)


def _mark(point: Point, number: int) -> str:
    r"""Shapes, not colours, tell networks apart: circle, square, triangle, diamond, cross, hollow circle."""
    x, y = point
    kind = f'class="mark n{number % 6}"'
    shape = number % 6
    if shape in (0, 5):
        return f'<circle {kind} cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    if shape == 1:
        return f'<rect {kind} x="{x - 2.7:.1f}" y="{y - 2.7:.1f}" width="5.4" height="5.4"/>'
    if shape == 4:
        return f'<path {kind} d="M{x - 3:.1f} {y - 3:.1f}l6 6m0-6l-6 6"/>'
    tip = "l3.4 6h-6.8z" if shape == 2 else "l3.6 3.6-3.6 3.6-3.6-3.6z"
    return f'<path {kind} d="M{x:.1f} {y - 3.6:.1f}{tip}"/>'


def _swatch(curve: Curve) -> Markup:
    ends = [(1.0, 7.0), (33.0, 7.0)]
    if curve.what == "enclosure":
        inside = _enclosure((17.0, 7.0), 5.0)
    elif curve.what == "network":
        inside = _line(f"network n{curve.mark % 6}", ends) + _mark((17.0, 7.0), curve.mark)
    else:
        inside = _line("limit" if curve.what == "limit" else f"step s{curve.mark % 6}", ends)
    return Markup(f'<svg class="trajectory swatch" viewBox="0 0 34 14" aria-hidden="true">{inside}</svg>')
