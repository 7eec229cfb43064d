r"""Final values against the depth N as inline SVG: replicates as thin lines, their mean, paired intervals.

The bar at a depth is the mean of the depth before plus the interval of the paired change from there: where it
does not reach that mean, the interval excludes that nothing changed.  The intervals of a panel hold together
(Bonferroni).  Besides, effects as intervals with a line at 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from reports.experiment import MEASURES, Cell, Effect, mean, paired
from reports.experiment_layout import Panel
from reports.learning_curves import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, level, tick
from reports.linear import Axis, axis
from reports.logarithmic import LogAxis, log_axis
from reports.text import plural, significant

RIGHT = 22
#: Where the largest value is so many times the smallest, the axis is logarithmic.
WIDE = 25.0
CAP = 4.0
Scale = Axis | LogAxis


def panels(name: str, row: Sequence[Panel], measure: str, confidence: float = 0.95) -> list[Markup | None]:
    r"""The panels of one row on the same axes; None where nothing is recorded."""
    values = [x for panel in row for cell in panel.cells for x in cell.final(measure) if math.isfinite(x)]
    depths = sorted({cell.depth for panel in row for cell in panel.cells if cell.depth > 0})
    up = scale(values)
    if up is None or not depths:
        return [None] * len(row)
    side = 0.35
    across = Axis(math.log2(depths[0]) - side, math.log2(depths[-1]) + side, LEFT, WIDTH - RIGHT)
    return [_svg(f"{name}-{k}", panel, measure, across, up, confidence) for k, panel in enumerate(row)]


def scale(values: Sequence[float]) -> Scale | None:
    r"""A linear axis, on which decrements can be compared; logarithmic where they would be lost."""
    if not values:
        return None
    if min(values) > 0 and max(values) > WIDE * min(values):
        return log_axis(values, HEIGHT - BOTTOM, TOP)
    return axis(values, HEIGHT - BOTTOM, TOP)


def describe(panel: Panel, measure: str) -> str:
    r"""The panel in a sentence."""
    ends = (
        f"N = {cell.depth}: {significant(found)}"
        for cell in panel.cells
        if (found := mean(cell.final(measure))) is not None
    )
    about = f"{panel.system}, {panel.data}, {panel.variant}: final {MEASURES[measure]} against depth"
    return f"{about}; means {'; '.join(ends) or 'none'}."


def _svg(name: str, panel: Panel, measure: str, across: Axis, up: Scale, confidence: float) -> Markup:
    title, right, base = escape(f"{name}-title"), WIDTH - RIGHT, HEIGHT - BOTTOM
    kind = "logarithmic" if isinstance(up, LogAxis) else "linear"
    cells = [cell for cell in panel.cells if cell.depth > 0]
    found = [
        f'<svg class="final" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title}">',
        f'<title id="{title}">{escape(describe(panel, measure))}</title>',
        f'<text class="panel" x="{LEFT}" y="14">{escape(panel.system)}</text>',
        f'<text class="order" x="{LEFT}" y="29">final {MEASURES[measure]}, {kind}</text>',
        *(level(up.at(value), text, right) for value, text in up.ticks()),
        f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{base}" y2="{base}"/>',
        *(tick(across.at(math.log2(cell.depth)), base, str(cell.depth)) for cell in cells),
        f'<text class="name" x="{(LEFT + right) / 2}" y="{HEIGHT - 5}">depth N</text>',
        *_replicates(cells, measure, across, up),
        _means(cells, measure, across, up),
        *_intervals(cells, measure, across, up, confidence),
        *(_circle(cell, measure, across, up) for cell in cells),
        "</svg>",
    ]
    return Markup("".join(found))


def _place(cell: Cell, value: float, across: Axis, up: Scale) -> str:
    return f"{across.at(math.log2(cell.depth)):.1f},{up.at(value):.1f}"


def _replicates(cells: Sequence[Cell], measure: str, across: Axis, up: Scale) -> list[str]:
    r"""A thin line a replicate, through the depths where it has a finite value."""
    ends = [(cell, cell.final(measure)) for cell in cells]
    found = []
    for k in range(max((len(values) for _, values in ends), default=0)):
        points = [(cell, values[k]) for cell, values in ends if k < len(values) and math.isfinite(values[k])]
        line = " ".join(_place(cell, x, across, up) for cell, x in points)
        found.append(f'<polyline class="replicate" points="{line}"/>')
    return found


def _means(cells: Sequence[Cell], measure: str, across: Axis, up: Scale) -> str:
    known = [(cell, mean(cell.final(measure))) for cell in cells]
    points = " ".join(_place(cell, x, across, up) for cell, x in known if x is not None)
    return f'<polyline class="mean" points="{points}"/>'


def _intervals(cells: Sequence[Cell], measure: str, across: Axis, up: Scale, confidence: float) -> list[str]:
    found = []
    each = 1 - (1 - confidence) / max(1, len(cells) - 1)
    for before, cell in pairwise(cells):
        start = mean(before.final(measure))
        ends = paired(before.final(measure), cell.final(measure), each)
        if start is None or ends is None or before.stopped or cell.stopped:
            continue
        x = across.at(math.log2(cell.depth))
        low, high = (
            up.at(max(start + end, 1e-300) if isinstance(up, LogAxis) else start + end) for end in ends
        )
        bar = f"M{x - CAP:.1f} {low:.1f}h{2 * CAP}m{-CAP} 0V{high:.1f}m{-CAP} 0h{2 * CAP}"
        found.append(f'<path class="interval" d="{bar}"/>')
    return found


def _circle(cell: Cell, measure: str, across: Axis, up: Scale) -> str:
    found = mean(cell.final(measure))
    if found is None:
        return ""
    x, y = across.at(math.log2(cell.depth)), up.at(found)
    words = f"N = {cell.depth}: {significant(found)}, mean of {plural(cell.replicates, 'replicate')}"
    kind = "mean some" if cell.stopped else "mean"
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"><title>{words}</title></circle>'


def forest(effects: Sequence[Effect]) -> list[Markup]:
    r"""An interval for every effect, all on one axis with a line at 0; the numbers are beside it."""
    ends = [x for effect in effects for x in (effect.low, effect.high, effect.mean) if x is not None]
    along = axis([*ends, 0.0], 6, 194)
    return [_forest(effect, along) for effect in effects]


def _forest(effect: Effect, along: Axis) -> Markup:
    zero = along.at(0.0)
    parts = [f'<line class="zero" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="20"/>']
    if effect.low is not None and effect.high is not None:
        low, high = along.at(effect.low), along.at(effect.high)
        parts.append(f'<path class="interval" d="M{low:.1f} 6v8m0-4H{high:.1f}m0-4v8"/>')
    if effect.mean is not None:
        parts.append(f'<circle class="mean" cx="{along.at(effect.mean):.1f}" cy="10" r="3.2"/>')
    return Markup(f'<svg class="forest" viewBox="0 0 200 20" aria-hidden="true">{"".join(parts)}</svg>')
