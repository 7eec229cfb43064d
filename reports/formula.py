r"""Docstring prose as HTML: indices and exponents (``u_{n+1}``, ``θ^N``), ``*emphasis*`` and code."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# A base is a function name, one letter (with its accent) that does not end a word, or a closing sign.
# An index is a group in braces, or one letter or digit that does not begin a word; `test_bound` stays.
ACCENT = r"[\u0300-\u036f]?[0ⁱ]?"
BASE = (
    r"(?:(?<![A-Za-z])(?:prox|min|max|sup|inf|argmin|dist|rms)"
    rf"|(?<![A-Za-z]{{2}})(?<!_)[A-Za-z]{ACCENT}|[α-ωΑ-Ωℓ∂∫Σ∞]{ACCENT}|[)\]‖|⁺])"
)
INDEX = (
    r"(?:\{[^{}]{1,60}\}|[A-Z](?!_|[0-9]|[a-z]{2})"
    r"|[a-z0-9α-ωΑ-Ωℓ∞*](?![0-9_]|[a-z](?![_^])|[A-Z][a-z]{2}))"
)
SCRIPT = rf"(?P<base>{BASE})(?P<sign>[_^])(?P<index>{INDEX})(?:(?P<sign2>[_^])(?P<index2>{INDEX}))?"
CODE = r"``(?P<code>[^`\n]+)``|`(?P<code1>[^`\n]+)`"
EMPHASIS = r"(?<![\w)\]*])\*(?P<em>\w(?:[^*\n]{0,60}\w)?)\*(?![\w*])"
TOKEN = re.compile(f"{CODE}|{EMPHASIS}|{SCRIPT}")


def formula(text: object) -> Markup:
    r"""Escape ``text`` and set its indices, exponents, emphasis and code."""
    plain, parts, at = str(text or ""), [], 0
    for match in TOKEN.finditer(plain):
        parts += [escape(plain[at : match.start()]), _token(match)]
        at = match.end()
    return Markup("").join([*parts, escape(plain[at:])])


def _token(match: re.Match[str]) -> Markup:
    code = match["code"] or match["code1"]
    if code:
        return Markup("<code>{}</code>").format(code)
    if match["em"]:
        return Markup("<em>{}</em>").format(match["em"])
    second = _script(match["sign2"], match["index2"]) if match["sign2"] else ""
    return escape(match["base"]) + _script(match["sign"], match["index"]) + second


def _script(sign: str, index: str) -> Markup:
    inner = formula(index[1:-1]) if index.startswith("{") else escape(index)
    return Markup("<sub>{}</sub>" if sign == "_" else "<sup>{}</sup>").format(inner)
