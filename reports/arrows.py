r"""Proximal maps drawn: an arrow a component, from the argument to the answer."""

from __future__ import annotations

from markupsafe import Markup, escape

from reports.drawing import Drawing
from reports.linear import axis
from reports.text import ratio

BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
WIDTH, LEFT, RIGHT, TOP, ROW, BOTTOM = 520, 150, 20, 10, 22, 34


def svg(name: str, drawing: Drawing) -> Markup | None:
    r"""One line a prox and component; None where the predicate asked for no prox."""
    rows = [
        (curve.name, component, curve.values[0][k], curve.values[1][k])
        for curve in drawing.of("prox")
        for k, component in enumerate(drawing.components)
    ]
    if not rows:
        return None
    base = TOP + ROW * len(rows) + 4
    along = axis([0.0, *(x for row in rows for x in row[2:])], LEFT, WIDTH - RIGHT)
    title = escape(f"{name}-title")
    words = "; ".join(f"{what}, component {k}: from {ratio(v)} to {ratio(p)}" for what, k, v, p in rows)
    found = [
        f'<svg class="arrows" viewBox="0 0 {WIDTH} {base + BOTTOM}" role="img" aria-labelledby="{title}">',
        f'<title id="{title}">Proximal points. {escape(words)}.</title>',
        *(
            f'<line class="grid" x1="{along.at(x):.1f}" x2="{along.at(x):.1f}" y1="{TOP - 4}" y2="{base}"/>'
            f'<text class="tick" x="{along.at(x):.1f}" y="{base + 16}">{text}</text>'
            for x, text in along.ticks()
        ),
        f'<line class="zero" x1="{along.at(0):.1f}" x2="{along.at(0):.1f}" y1="{TOP - 4}" y2="{base}"/>',
        *(
            _arrow(TOP + ROW * k + ROW / 2, along.at(v), along.at(p))
            + f'<text class="value" x="{LEFT - 12}" y="{TOP + ROW * k + ROW / 2 + 4}">'
            f"{escape(what)}{f', v{str(component).translate(BELOW)}' if drawing.size > 1 else ''}</text>"
            for k, (what, component, v, p) in enumerate(rows)
        ),
        "</svg>",
    ]
    return Markup("".join(found))


def _arrow(y: float, start: float, stop: float) -> str:
    r"""A hollow circle where the argument is, a full one where the prox takes it."""
    return (
        f'<line class="shift" x1="{start:.1f}" x2="{stop:.1f}" y1="{y}" y2="{y}"/>'
        f'<circle class="from" cx="{start:.1f}" cy="{y}" r="5"/>'
        f'<circle class="to" cx="{stop:.1f}" cy="{y}" r="3.4"/>'
    )
