r"""The distribution of the ratio left/right as an inline SVG; colours come from the page's CSS variables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from reports.text import integer

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 210, 56, 12, 22, 44


def edge(value: float) -> str:
    r"""The short name of a bin's edge."""
    if math.isinf(value):
        return "∞"
    return f"{value:g}".replace("e-0", "e-")


def bins(histogram: Sequence[int], edges: Sequence[float]) -> list[tuple[str, int]]:
    r"""The bins in use, as words and counts."""
    return [
        (f"{edge(edges[k])} to {edge(edges[k + 1])}", height) for k, height in enumerate(histogram) if height
    ]


def describe(histogram: Sequence[int], edges: Sequence[float]) -> str:
    r"""The plot in one sentence."""
    used = bins(histogram, edges)
    if not used:
        return "No ratio was recorded."
    top = max(used, key=lambda item: item[1])
    return (
        f"{integer(sum(histogram))} ratios between {used[0][0].split()[0]} and {used[-1][0].split()[-1]}; "
        f"most, {integer(top[1])}, lie from {top[0]}."
    )


def position(value: float, edges: Sequence[float]) -> float:
    r"""Where a value lies on the axis, in bins."""
    for k in range(len(edges) - 1):
        low, high = edges[k], edges[k + 1]
        if low <= value < high:
            return k + ((value - low) / (high - low) if math.isfinite(high - low) else 0.5)
    return float(len(edges) - 1)


def svg(name: str, histogram: Sequence[int], edges: Sequence[float]) -> Markup:
    r"""One bar a bin, equally wide, counts on a logarithmic scale; ``name`` keeps ids unique."""
    n, top = len(histogram), max([*histogram, 1])
    decades = max(1, math.ceil(math.log10(top + 1)))
    step, base = (WIDTH - LEFT - RIGHT) / n, HEIGHT - BOTTOM

    def y(height: int) -> float:
        return base - (base - TOP) * math.log10(height + 1) / decades

    one = LEFT + step * position(1.0, edges)
    title, words = escape(f"{name}-title"), escape(describe(histogram, edges))
    parts = [
        f'<svg class="histogram" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title}">',
        f'<title id="{title}">Distribution of the ratio left / right. {words}</title>',
        *(_grid(10**k if k else 0, y(10**k if k else 0)) for k in range(decades + 1) if 10**k <= 10 * top),
        *(
            _bar(LEFT + k * step + 1, y(height), step - 2, base, edges[k : k + 2], height)
            for k, height in enumerate(histogram)
            if height
        ),
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>',
        *(_tick(LEFT + k * step, base, edge(edges[k])) for k in range(n + 1) if _named(k, n)),
        f'<line class="one" x1="{one:.1f}" x2="{one:.1f}" y1="{TOP - 6}" y2="{base}"/>',
        f'<text class="onelabel" x="{one - 6:.1f}" y="{TOP - 8}">left = right</text>',
        f'<text class="name" x="{LEFT + n * step / 2}" y="{HEIGHT - 6}">ratio left / right</text></svg>',
    ]
    return Markup("".join(parts))


def _bar(x: float, y: float, width: float, base: float, edges: Sequence[float], height: int) -> str:
    kind = "over" if edges[0] >= 1 else "bar"
    what = f"{edge(edges[0])} ≤ ratio < {edge(edges[1])}: {integer(height)}".replace("<", "&lt;")
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{base - y:.1f}"'
    return f'<rect class="{kind}" {place}><title>{what}</title></rect>'


def _named(k: int, n: int) -> bool:
    return k % 4 == 0 if n > 12 else True


def _grid(count: int, y: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="count" x="{LEFT - 6}" y="{y + 4:.1f}">{integer(count)}</text>'
    )


def _tick(x: float, base: float, text: str) -> str:
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 4}"/>'
        f'<text class="tick" x="{x:.1f}" y="{base + 17}">{text}</text>'
    )


def spark(histogram: Sequence[int], edges: Sequence[float]) -> Markup:
    r"""The distribution as a thumbnail, without words: the numbers stand beside it."""
    n, top = len(histogram), max([*histogram, 1])
    one = 3 * position(1.0, edges)
    bars = "".join(
        f"M{3 * k} 20h2v-{2 + 16 * math.log10(height + 1) / math.log10(top + 1):.0f}h-2z"
        for k, height in enumerate(histogram)
        if height
    )
    return Markup(
        f'<svg class="spark" viewBox="0 0 {3 * n} 20" aria-hidden="true" focusable="false"><path d="{bars}"/>'
        f'<path class="one" d="M{one:.0f} 0v20"/></svg>'
    )
