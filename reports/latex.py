r"""A run as a LaTeX table for a paper's appendix: booktabs, longtable, plain ASCII.

What a reader of the table must know stands in its caption and is not left to the paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from reports.statistics import number
from reports.tex import escape, tex
from reports.text import short, upper

Entry = Mapping[str, Any]
COLUMNS = 6
HEAD = r"Statement, claim & Verdict & Instances & Left/right & 95\,\% bound & Controls"
PACKAGES = "booktabs, longtable, array, amssymb"


def to_latex(summary: Mapping[str, Any]) -> str:
    r"""The claims of a run, controls counted in the line of the claim that they belong to."""
    rows = list(_rows(summary["claims"]))
    lines = [
        f"% Needs {PACKAGES}. Run {_comment(summary['run'])}, evidence sha256 {_comment(summary['hash'])}.",
        r"\begin{longtable}{@{}>{\raggedright\arraybackslash}p{0.46\linewidth}lrrrl@{}}",
        rf"\caption{{{_caption(summary)}}}\\",
        r"\toprule", rf"{HEAD}\\", r"\midrule", r"\endfirsthead",
        r"\toprule", rf"{HEAD}\\", r"\midrule", r"\endhead",
        r"\bottomrule", r"\endfoot",
        *rows,
        r"\end{longtable}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def document(summary: Mapping[str, Any]) -> str:
    r"""The table in a document of its own, to be compiled as it is."""
    packages = "".join(f"\\usepackage{{{name}}}\n" for name in PACKAGES.split(", "))
    start = "\\documentclass[10pt]{article}\n\\usepackage[margin=20mm]{geometry}\n"
    return f"{start}{packages}\\begin{{document}}\n\\small\n{to_latex(summary)}\\end{{document}}\n"


def _comment(value: object) -> str:
    return "".join(sign for sign in str(value) if " " <= sign <= "~")


def _caption(summary: Mapping[str, Any]) -> str:
    about = f"Run {summary['run']}: profile {summary['profile']}, {summary['dtype']} on {summary['device']}, "
    about += f"seed {summary['seed']}, subject {summary['subject']}"
    about += "." if summary["complete"] else "; the run is incomplete."
    observed = any(entry["kind"] == "observation" for entry in summary["claims"])
    words = (
        " Holds: no counterexample in the stated number of instances; not a proof. Left/right: the largest "
        "ratio of the two sides. 95 % bound: of the probability of a violation (Clopper–Pearson, "
        "independent draws only). Controls: counterexamples found without one assumption."
    ) + (" Observed, not observed, inconclusive: read off an experiment; no claims." * observed)
    return escape(about + words)


def _rows(claims: list[Entry]) -> Iterator[str]:
    reference = None
    for entry in claims:
        if entry["kind"] == "control":
            continue
        if entry["reference"] != reference:
            if reference is not None:
                yield r"\addlinespace"
            reference = entry["reference"]
            yield rf"\multicolumn{{{COLUMNS}}}{{@{{}}l}}{{\textbf{{{tex(reference)}}}}}\\*"
        yield " & ".join(_cells(entry, claims)) + r"\\"


def _cells(entry: Entry, claims: list[Entry]) -> list[str]:
    controls = [other for other in claims if other.get("of") == entry["check"] and other["kind"] == "control"]
    found = sum(other["verdict"] == "cannot be dropped" for other in controls)
    bound = number(entry["clopper_pearson"])
    if entry["kind"] == "observation":
        return [tex(_claim(entry)), tex(entry["verdict"]), *["--"] * (COLUMNS - 2)]
    return [
        tex(_claim(entry)),
        tex(entry["verdict"]),
        rf"{entry['instances']:,}".replace(",", r"\,"),
        tex(short(entry["ratio"])),
        tex(upper(bound) if bound is not None and math.isfinite(bound) else "–"),
        f"{found} of {len(controls)}" if controls else "--",
    ]


def _claim(entry: Entry) -> str:
    lines = str(entry.get("finite_form") or entry["name"]).split("\n\n")[0]
    text = " ".join(lines.split())
    return text.removesuffix(".") if len(text) <= 240 else str(entry["name"])
