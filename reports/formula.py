r"""Docstring prose as HTML: variables in italics, indices and exponents (``u_{n+1}``, ``θ^N``), roots."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

# A base is a function name, one letter (with its accent) that does not end a word, or a closing sign.
# An index is a group in braces, or one letter or digit that does not begin a word; `test_bound` stays.
LATIN = "A-Za-zÀ-ÖØ-öø-žẀ-ỿ"
ACCENT = r"[\u0300-\u036f]?[0ⁱ]?"
BASE = (
    r"(?:(?<![A-Za-z])(?:prox|min|max|sup|inf|argmin|dist|rms)"
    rf"|(?<![{LATIN}]{{2}})(?<!_)[{LATIN}]{ACCENT}|[α-ωΑ-Ωℓ∂∫Σ∞]{ACCENT}|[)\]‖|⁺]|(?<![\w.])[0-9]+(?=\^))"
)
INDEX = (
    r"(?:\{(?:[^{}]|\{[^{}]{1,30}\}){1,60}\}|(?<=\^)\([^()]{1,30}\)|(?<=\^)[−-][0-9]+/[0-9]+(?![0-9]|\.[0-9])"
    r"|(?<=\^)[−-]?[0-9]+(?![0-9]|\.[0-9])|(?<=\^)[−-][a-z](?![a-z])"
    r"|(?:min|max)(?![A-Za-z])|[A-Z](?!_|[0-9]|[a-z]{2})"
    r"|[a-z0-9α-ωΑ-Ωℓ∞*](?![0-9_]|\.[0-9]|[a-z](?![_^])|[A-Z][a-z]{2}))"
)
SCRIPT = rf"(?P<base>{BASE})(?P<sign>[_^])(?P<index>{INDEX})(?:(?P<sign2>[_^])(?P<index2>{INDEX}))?"
CODE = r"``(?P<code>[^`\n]+)``|`(?P<code1>[^`\n]+)`"
EMPHASIS = r"(?<![\w)\]*])\*(?P<em>\w(?:[^*\n]{0,60}\w)?)\*(?![\w*])"
INNER = r"[^()\n]*(?:\([^()\n]*\)[^()\n]*)*"
ROOT = rf"√(?:\((?P<group>{INNER})\)|(?P<atom>[0-9]+|[¼-¾⅐-⅞]|[A-Za-zα-ω](?:\({INNER}\))?))"
TOKEN = re.compile(f"{CODE}|{EMPHASIS}|{ROOT}|{SCRIPT}")

# Letters that are words, initials, numerals or names of assumptions, and letters that are variables.
WORDS = "If In It Is No So To Of On At As An By Or We Be Id II OR Wu".replace(" ", "|")
UPRIGHT = (
    r"(?<![A-Za-z])(?:(?:a|\AA|(?<=[.:] )A)(?= (?:[A-Za-z]{2,}|[A-Za-z] [a-z]{2,}))|A(?=\.?[0-9])"
    rf"|(?<=part )I+(?![A-Za-z])|[A-Z](?=\.[- ]?[A-Z])|[a-z]\.[a-z]\.|(?:{WORDS})(?![A-Za-z]))"
)
LOWER = LATIN.replace("A-Z", "", 1)
VARIABLE = (
    rf"(?<![{LATIN}'’.])(?P<name>[{LATIN}]|[a-z][A-Z]|[A-Z][A-Z]|[A-Z][a-z])(?P<accent>[\u0300-\u036f]?)"
    rf"(?P<digit>[0-9]?)(?![{LOWER}0-9_]|(?<![0-9])[A-Z])|(?P<greek>[α-ω][\u0300-\u036f]?)"
)
LETTERS = re.compile(f"(?P<upright>{UPRIGHT})|{VARIABLE}")
NAMES = {"prox", "min", "max", "sup", "inf", "argmin", "dist", "rms"}


def formula(text: object) -> Markup:
    r"""Escape ``text`` and set its variables, indices, exponents, roots, emphasis and code."""
    plain, parts, at = str(text or ""), [], 0
    for match in TOKEN.finditer(plain):
        parts += [*_letters(plain, at, match.start()), _token(match)]
        at = match.end()
    return Markup("").join([*parts, *_letters(plain, at, len(plain))])


def _letters(text: str, start: int, stop: int) -> Iterator[Markup]:
    r"""A stretch of running text with its variables in italics."""
    gap, at = text[start:stop], 0
    for match in LETTERS.finditer(gap):
        yield escape(gap[at : match.start()])
        yield escape(match[0]) if match["upright"] else _variable(match)
        at = match.end()
    yield escape(gap[at:])


def _variable(match: re.Match[str]) -> Markup:
    if match["greek"]:
        return _italic(match["greek"])
    name = _italic(match["name"] + match["accent"])
    return name + _numbered(match["name"], match["digit"]) if match["digit"] else name


def _numbered(name: str, digit: str) -> Markup:
    r"""Initial values u0, v0 carry their 0 above, constants C0, C1 and matrices W1, W2 below."""
    kind = "sup" if digit == "0" and unicodedata.normalize("NFD", name)[0] in "uvw" else "sub"
    return Markup("<{0}>{1}</{0}>").format(Markup(kind), digit)


def _italic(name: str) -> Markup:
    return Markup("<i>{}</i>").format(name)


def _token(match: re.Match[str]) -> Markup:
    code = match["code"] or match["code1"]
    if code:
        return Markup("<code>{}</code>").format(code)
    if match["em"]:
        return Markup("<em>{}</em>").format(match["em"])
    under = match["group"] or match["atom"]
    if under:
        return Markup('<span class="root">√<span>{}</span></span>').format(formula(under))
    second = _script(match["sign2"], match["index2"]) if match["sign2"] else ""
    return _base(match["base"]) + _script(match["sign"], match["index"]) + second


def _base(base: str) -> Markup:
    if base in NAMES or not re.match(rf"[{LATIN}α-ω]", base):
        return escape(base)
    name, digit = re.fullmatch(r"(.[\u0300-\u036f]?)([0ⁱ]?)", base).groups()  # type: ignore[union-attr]
    if digit == "0":
        return _italic(name) + _numbered(name[0], digit)
    return _italic(name) + escape(digit)


def _script(sign: str, index: str) -> Markup:
    grouped = index[:1] in "{("
    inner = formula(index[1:-1]) if grouped else _bare(index.replace("-", "−"))
    return Markup("<sub>{}</sub>" if sign == "_" else "<sup>{}</sup>").format(inner)


def _bare(index: str) -> Markup:
    return formula(index) if index not in NAMES else escape(index)
