r"""Words and numbers as a reader wants them: formats of the pages, and docstrings as paragraphs."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from reports.statistics import number

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
THIN = "\u202f"
NONE = "–"

SYMBOLS = {
    "holds": "✓",
    "refuted": "✗",
    "undecided": "?",
    "loose": "≲",
    "vacuous": "∅",
    "error": "!",
    "incomplete": "…",
    "not run": "○",
    "cannot be dropped": "✓",
    "missing witness": "✗",
    "not shown": "?",
    "found": "◆",
    "not found": "◇",
    "held": "✓",
    "tied": "=",
    "violated": "✗",
    "observed": "✓",
    "not observed": "✗",
    "inconclusive": "?",
}
TONES = {
    "good": {"holds", "cannot be dropped", "observed"},
    "bad": {"refuted", "error", "missing witness"},
    "care": {"undecided", "loose", "vacuous", "not shown", "incomplete", "not observed", "inconclusive"},
}
SAME_LINE = re.compile(r"(?<=\.) +(?=(?:Shapes|Source|Finite form): )")
LABELS = ("Finite form", "Shapes", "Source")
LABEL = re.compile(r"^([A-Z][\w ]{2,28}):(?:\s+|$)")


def symbol(verdict: str) -> str:
    return SYMBOLS.get(verdict, "·")


def tone(verdict: str) -> str:
    r"""The class of a verdict's colour; the words say the same."""
    return next((name for name, verdicts in TONES.items() if verdict in verdicts), "plain")


def severity(verdict: str) -> int:
    r"""Where a verdict stands when the worst come first: the larger, the worse."""
    order = ("plain", "good", "care", "bad")
    return 10 * order.index(tone(verdict)) + (verdict in ("error", "not run"))


def plain(value: Any) -> str:
    r"""A number for scripts, empty without one; NaN counts as infinite, so that it is seen first."""
    found = number(value)
    if found is None:
        return ""
    return "Infinity" if math.isnan(found) else repr(found).replace("inf", "Infinity")


def percent(value: Any) -> str:
    r"""A share between 0 and 1 as the length of a bar."""
    found = number(value)
    return f"{100 * min(max(found, 0.0), 1.0):.1f}" if found is not None and not math.isnan(found) else "0"


def integer(value: Any) -> str:
    r"""Digits in groups of three."""
    found = number(value)
    return NONE if found is None else f"{int(found):,}".replace(",", THIN)


def scientific(value: float, digits: int = 1) -> str:
    r"""``2.3 × 10⁻⁹``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}{THIN}×{THIN}10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def ratio(value: Any) -> str:
    r"""A ratio left/right; next to 1 the distance from 1, because that is what matters there."""
    x = number(value)
    if x is None:
        return NONE
    if not math.isfinite(x):
        return {"inf": "∞", "-inf": "−∞"}.get(str(x), "NaN")
    if x in (0, 1):
        return f"{x:g}"
    if abs(x - 1) < 1e-3:
        return f"1\u00a0{'−' if x < 1 else '+'}\u00a0{scientific(abs(x - 1))}"
    if x and (abs(x) < 1e-3 or abs(x) >= 1e5):
        return scientific(x)
    return f"{x:.4f}" if abs(x) < 10 else f"{x:.1f}"


def short(value: Any) -> str:
    r"""A ratio in a narrow cell: cut to three decimals, but what is larger than 1 by less is 1.001."""
    x = number(value)
    if x is None or not math.isfinite(x) or x in (0, 1):
        return ratio(x)
    if abs(x) < 1e-3 or abs(x) >= 1e3:
        return scientific(x)
    return str(Decimal(repr(x)).quantize(Decimal("0.001"), ROUND_CEILING if 1 < x < 1.001 else ROUND_FLOOR))


def decimal(value: Any) -> str:
    r"""An order of convergence, to three decimals."""
    x = number(value)
    return NONE if x is None else f"{round(x, 3) + 0.0:.3f}".replace("-", "−")  # + 0.0: no −0.000


def significant(value: Any) -> str:
    r"""Three digits that count, with a sign that a screen reader reads as minus."""
    x = number(value)
    if x is None or not math.isfinite(x):
        return ratio(x)
    if x and (abs(x) < 1e-3 or abs(x) >= 1e5):
        return scientific(x, 2).replace("-", "−")
    return (f"{x:.0f}" if abs(x) >= 999.5 else f"{x:.3g}").replace("-", "−")


def signed(value: Any) -> str:
    r"""The same with a plus where it is one."""
    x = number(value)
    return f"+{significant(x)}" if x is not None and x > 0 else significant(x)


def to_digits(value: Any, half_width: float | None) -> str:
    r"""A number to two digits of its uncertainty; to three of its own where that would take too many."""
    x = number(value)
    decimals = 1 - math.floor(math.log10(half_width)) if half_width and math.isfinite(half_width) else 9
    if x is None or not 0 <= decimals <= 6 or abs(x) >= 1e6 or (x and not round(x, decimals)):
        return significant(x)  # an end next to 0 keeps its sign
    return f"{round(x, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def upper(value: Any) -> str:
    r"""An upper bound, rounded upwards."""
    x = number(value)
    if x is None:
        return NONE
    if x <= 0 or x >= 1:
        return f"{x:g}"
    step = 10.0 ** (math.floor(math.log10(x)) - 1)
    return (
        scientific(math.ceil(x / step - 1e-9) * step)
        if x < 0.01
        else f"{math.ceil(x * 1000 - 1e-9) / 1000:.3f}"
    )


def seconds(value: Any) -> str:
    x = number(value)
    if x is None:
        return NONE
    if x < 120:
        return f"{x:.2f} s" if x < 10 else f"{x:.0f} s"
    hours, rest = divmod(round(x), 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"


def plural(n: int, word: str) -> str:
    return f"{integer(n)} {word}" if n == 1 else f"{integer(n)} {word}s"


@dataclass(frozen=True)
class Block:
    r"""A paragraph of a docstring: running text (``lines``), or a display that keeps its layout."""

    label: str
    lines: tuple[str, ...]
    display: bool


def blocks(text: str) -> list[Block]:
    r"""Split a docstring into paragraphs, labelled ones ("Finite form: …") and indented displays."""
    found: list[Block] = []
    for paragraph in re.split(r"\n\s*\n", SAME_LINE.sub("\n", inspect.cleandoc(text))):
        group: list[str] = []
        for line in paragraph.splitlines():
            indented = line[:1].isspace()
            if group and (LABEL.match(line) or indented != group[-1][:1].isspace()):
                found.append(_block(group))
                group = []
            group.append(line)
        if any(line.strip() for line in group):
            found.append(_block(group))
    return found


def headline(finite_form: str | None, name: str) -> tuple[str, list[Block]]:
    r"""What heads a check, its finite form if that is short, and what is left to say below."""
    found = blocks(finite_form or "")
    first = " ".join(found[0].lines) if found else ""
    if found and found[0].label not in ("", *LABELS):  # a sentence with a colon, not a labelled paragraph
        first = f"{found[0].label}: {first}"
    if not first or len(first) > 140:
        return name, found
    return first.removesuffix("."), found[1:]


def _block(lines: list[str]) -> Block:
    if lines[0][:1].isspace():
        return Block("", tuple(inspect.cleandoc("\n" + "\n".join(lines)).splitlines()), True)
    label = LABEL.match(lines[0])
    rest = lines if label is None else [lines[0][label.end() :], *lines[1:]]
    return Block(label.group(1) if label else "", tuple(_unwrapped(lines, rest)), False)


def _unwrapped(lines: list[str], rest: list[str]) -> list[str]:
    r"""Join lines that were broken because they were full; a line that ends early was meant to end there."""
    width = max(len(line) for line in lines) - 12
    joined = [rest[0]]
    for above, line, text in zip(lines, lines[1:], rest[1:], strict=False):
        meant = len(above) + 1 + len(line.split()[0]) <= width
        joined = [*joined, text] if meant else [*joined[:-1], f"{joined[-1]} {text}"]
    return joined


def judged_on(brought: Sequence[str], parts: Sequence[str] | None) -> str:
    r"""Whose parts a check judged where they are not all the subject's; empty if it is `fbscore` itself."""
    if not brought or parts is None:
        return ""
    if not parts:
        return "asks for no part of the subject"
    others = [part for part in parts if part not in brought]
    share = "" if len(others) == len(parts) else "in part "
    return f"judged {share}on fbscore’s own {' and '.join(others)}" if others else ""


def slug(text: str) -> str:
    r"""A file name or anchor from any text."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:80] or "x"
