r"""Unicode formulas of the claims as LaTeX: prose stays prose, what is mathematics stands in ``$``.

The result is ASCII, whatever comes in: a character without a translation is named by its number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

NAMES = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
    "varphi chi psi omega Gamma Delta Theta Lambda Xi Phi Psi Omega"
).split()
WORDS = {
    "≤": "le", "≥": "ge", "≠": "ne", "→": "to", "⇀": "rightharpoonup", "∈": "in", "∉": "notin",
    "∞": "infty", "∂": "partial", "∫": "int", "√": "surd", "×": "times", "·": "cdot", "±": "pm",
    "⟨": "langle", "⟩": "rangle", "ℓ": "ell", "⊂": "subset", "∪": "cup", "∩": "cap", "≈": "approx",
    "≲": "lesssim", "∅": "emptyset", "∀": "forall", "∃": "exists", "∘": "circ", "↓": "downarrow",
    "✓": "checkmark", "Π": "prod", "Σ": "sum", "½": "frac12", "¼": "frac14", "¾": "frac34", "⅛": "frac18",
    "⅓": "frac13", "ϑ": "vartheta", **dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΦΨΩ", NAMES, strict=True)),
}  # fmt: skip
SIGNS = {
    **{sign: f"\\{word}" for sign, word in WORDS.items()},
    "‖": r"\|",
    "−": "-",
    "<": "<",
    ">": ">",
    "|": "|",
}
ACCENTS: dict[str, str] = {"\u0303": r"\tilde", "\u0302": r"\hat", "\u0304": r"\bar"}
ESCAPED = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", '"': "''"},
    **{"“": "``", "”": "''", "’": "'", "‘": "`", "–": "--", "—": "---", "…": r"\ldots{}"},
    **{"\u202f": r"\,", "\u00a0": "~", "\u2011": "-"},
}
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵀⁱ", "0123456789-+Ti")
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
GROUP = r"\{(?:[^{}]|\{[^{}]*\})*\}"
TOKEN = re.compile(
    rf"(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵀⁱ]+)|(?P<lowered>[₀-₉]+)|(?<=[\w)\]‖|*⁺ⁱ∫\u0300-\u036f])(?P<sign>[_^])(?P<index>{GROUP}"
    r"|\([^()]{1,30}\)|−?[0-9]+|min|max|−?[^\s{}()])|(?:(?<![A-Za-z'])|(?<=[_^][A-Za-z]))(?P<name>[B-Zb-z]|a(?=[‖(|]))(?P<accent>[\u0302-\u0304]?)"
    r"(?P<digit>[01]?)(?![a-z0-9]|(?<![0-9])[A-Za-z])|(?P<joined>(?<![A-Za-z])(?:[a-z][A-Z]|[A-Z][A-Z])(?![A-Za-z]))"
    r"|(?P<any>.)(?P<over>[\u0302-\u0304]?)",
    re.DOTALL,
)
#: Signs that are mathematics between formulas, and prose elsewhere.
BETWEEN = frozenset("+=()/[]{},0123456789 ")
Piece = tuple[bool, str]


def tex(text: object) -> str:
    r"""Text with formulas in it, for a table cell."""
    return _joined(list(_pieces(_normal(text))))


def escape(text: object) -> str:
    r"""Text without formulas."""
    return "".join(_escaped(sign) for sign in str(text))


def _normal(text: object) -> str:
    plain = unicodedata.normalize("NFD", " ".join(str(text or "").split()))
    return plain.replace("=\u0338", "≠").replace("∈\u0338", "∉")


def _pieces(text: str) -> Iterator[Piece]:
    r"""The text cut into formulas and prose."""
    for match in TOKEN.finditer(text):
        if match["raised"]:
            yield True, f"^{{{match['raised'].translate(RAISED)}}}"
        elif match["lowered"]:
            yield True, f"_{{{match['lowered'].translate(LOWERED)}}}"
        elif match["sign"]:
            yield True, f"{match['sign']}{{{_inside(match['index'])}}}"
        elif match["joined"]:
            yield True, match["joined"]
        elif match["name"]:
            over = "^" if match["name"] in "uvw" else "_"
            digit = f"{over}{{{match['digit']}}}" if match["digit"] else ""
            yield True, _accented(match["name"], match["accent"]) + digit
        else:
            yield _single(match["any"], match["over"])


def _single(sign: str, accent: str) -> Piece:
    found = f"{ACCENTS[sign]}{{}}" if sign in ACCENTS else SIGNS.get(sign)
    if found or accent in ACCENTS:
        shown = found or _escaped(sign)
        return True, _accented(shown, accent) if accent else f"{shown} " if shown[-1:].isalpha() else shown
    return False, _escaped(sign) + (_escaped(accent) if accent else "")


def _accented(name: str, accent: str) -> str:
    return f"{ACCENTS[accent]}{{{name}}}" if accent in ACCENTS else name


def _inside(index: str) -> str:
    r"""The inside of an index: all of it is mathematics."""
    inner = index[1:-1] if index[:1] in "{(" else index
    return "".join(piece for _, piece in _pieces(inner))


def _joined(pieces: list[Piece]) -> str:
    r"""Formulas between dollar signs; what only stands between two formulas is part of both."""
    found: list[str] = []
    open_, waiting = False, ""
    for mathematics, piece in pieces:
        if mathematics:
            found.append(waiting + piece if open_ else f"{waiting}${piece}")
            open_, waiting = True, ""
        elif open_ and piece in BETWEEN:
            waiting += piece
        else:
            found.append(f"${waiting}{piece}" if open_ else waiting + piece)
            open_, waiting = False, ""
    return "".join([*found, f"${waiting}" if open_ else waiting])


def _escaped(sign: str) -> str:
    if sign in ESCAPED:
        return ESCAPED[sign]
    if " " <= sign <= "~":
        return sign
    return rf"\texttt{{U+{ord(sign):04X}}}"
