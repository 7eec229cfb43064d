r"""An inequality drawn: the left side above, the right side below it, made up of its terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from reports.statistics import number
from reports.text import ratio

WIDTH, HEIGHT, LEFT, RIGHT, BAR = 520, 96, 44, 108, 22


def svg(name: str, margin: Mapping[str, Any]) -> Markup | None:
    r"""Both sides as bars on one linear scale; None unless both are finite and one of them is positive."""
    left, right = (_size(margin.get(side)) for side in ("left", "right"))
    if left is None or right is None or max(left, right) <= 0:
        return None
    terms = {str(k): v for k, v in ((k, _size(v)) for k, v in (margin.get("terms") or {}).items()) if v}
    whole = math.isclose(sum(terms.values()), right, rel_tol=1e-6)
    scale = (WIDTH - LEFT - RIGHT) / max(left, right)
    title, over = escape(f"{name}-title"), left > right
    found = [
        f'<svg class="sides" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title}">',
        f'<title id="{title}">{escape(describe(left, right, terms if whole else {}))}</title>',
        _bar("over" if over else "left", 10, left * scale, "left", left),
        *(_stack(terms, scale) if whole and len(terms) > 1 else ()),
        _bar("right", 40, right * scale, "right", right, drawn=not (whole and len(terms) > 1)),
        f'<line class="end" x1="{LEFT + right * scale:.1f}" x2="{LEFT + right * scale:.1f}" y1="4" y2="68"/>',
        "</svg>",
    ]
    return Markup("".join(found))


def describe(left: float, right: float, terms: Mapping[str, float]) -> str:
    relation = "exceeds" if left > right else "is at most"
    parts = ", ".join(f"{name} {ratio(value)}" for name, value in terms.items())
    made = f", made up of {parts}" if len(terms) > 1 else ""
    return f"The left side, {ratio(left)}, {relation} the right side, {ratio(right)}{made}."


def _bar(kind: str, y: float, width: float, side: str, value: float, drawn: bool = True) -> str:
    rect = (
        f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{max(width, 1):.1f}" height="{BAR}"/>'
        if drawn
        else ""
    )
    return (
        f'<text class="side" x="{LEFT - 8}" y="{y + 15}">{side}</text>{rect}'
        f'<text class="size" x="{LEFT + width + 8:.1f}" y="{y + 15}">{ratio(value)}</text>'
    )


def _stack(terms: Mapping[str, float], scale: float) -> list[str]:
    r"""The terms side by side, each named below where there is room for its name."""
    found, at, free = [], float(LEFT), -math.inf
    for k, (name, value) in enumerate(terms.items()):
        width = value * scale
        found.append(
            f'<rect class="right t{k % 3}" x="{at:.1f}" y="40" width="{max(width, 1):.1f}" height="{BAR}">'
            f"<title>{escape(name)}: {ratio(value)}</title></rect>"
        )
        if width > 7 * len(name) and at >= free:
            found.append(f'<text class="term" x="{at + 2:.1f}" y="78">{escape(name)}</text>')
            free = at + 7 * len(name)
        at += width
    return found


def _size(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and math.isfinite(found) and 0 <= found < 1e150 else None
