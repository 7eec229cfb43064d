r"""The LaTeX table: compiled where there is a LaTeX, checked in its structure everywhere.

The structural check: plain ASCII; braces and dollar signs that pair up; every row of the table with as many
cells as the table has columns; environments closed; no character of LaTeX's own outside of a command.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from reports.collect import collect
from reports.latex import COLUMNS, document, to_latex
from reports.source import ROOT
from reports.summary import summarise
from reports.tex import escape, tex
from tests.reports.evidence_builder import CONTROL, check, complete, control, good, result, tally, write

EVIL = r"\input{/etc/passwd} & % $ # _ { } ~ ^ \\ \end{longtable} 中 ≤ é"


def summary(tmp_path, records):
    return summarise(collect(write(tmp_path, records)))


def formulas():
    r"""Every line of formulas in the docstrings of the claim files."""
    files = sorted((ROOT / "claims").glob("fbs_*/s*.py"))
    found = (re.findall(r'"""(.+?)"""', file.read_text(encoding="utf-8"), flags=re.S) for file in files)
    return [" ".join(text.split()) for texts in found for text in texts]


def structure(text):
    r"""Raise unless ``text`` is a sound table."""
    assert text.isascii()
    body = re.sub(r"(?<!\\)%.*", "", text)
    bare = re.sub(r"\\[\\{}$%&#_]", "", body)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert re.findall(r"\\begin\{(\w+)\}", bare) == re.findall(r"\\end\{(\w+)\}", bare)[::-1]
    for row in re.findall(r"^(.*)\\\\\*?$", bare, flags=re.M) or re.findall(r"^(.*[^\\])$", bare, flags=re.M):
        wide = "\\multicolumn" in row or "\\caption" in row
        assert wide or row.count("&") in (0, COLUMNS - 1), row
    outside = re.sub(r"\$[^$]*\$", "", bare)
    assert "^" not in outside
    assert not re.search(r"(?<!\\)_", outside)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("‖u_{n+1}‖ ≤ ρ_n‖u_n‖ for every n", r"$\|u_{n+1}\| \le \rho _{n}\|u_{n}\|$ for every $n$"),
        ("10⁻⁵ and R⁰", r"10$^{-5}$ and $R^{0}$"),
        ("‖ũ0_i − û‖²", r"$\|\tilde{u}^{0}_{i} - \hat{u}\|^{2}$"),
        ("e^{∫_s^t κ}", r"$e^{\int _{s}^{t} \kappa }$"),
        ("λ_min, C0 + C1M", r"$\lambda _{min}, C_{0} + C_{1}M$"),
        ("50 % of A1 & B_2", r"50 \% of A1 \& $B_{2}$"),
        ("u ≠ v", r"$u \ne v$"),
    ],
)
def test_formulas(text, expected):
    assert re.sub(r" +", " ", tex(text)) == expected


def test_every_formula_of_the_claims_has_a_translation():
    found = [tex(text) for text in formulas()]
    assert len(found) > 100
    missing = sorted({chr(int(x, 16)) for text in found for x in re.findall(r"U\+([0-9A-F]{4,6})", text)})
    assert missing == []


def test_table(tmp_path):
    text = to_latex(summary(tmp_path, good()))
    structure(text)
    assert r"\toprule" in text
    assert r"$\|$prox$_{aR}(v)\| \le \|v\|$ & holds & 200 & 0.999 &" in re.sub(r" +", " ", text)
    assert r"1 of 1\\" in text
    assert "not a proof" in text
    assert "test_needs_convexity" not in text


def test_hostile_text_stays_text(tmp_path):
    plans = [check(routes=["sampled"], reference=EVIL, finite_form=EVIL), control(of=None, reference=EVIL)]
    records = [tally(), result(), result(CONTROL, "witness", "found")]
    text = to_latex(summary(tmp_path, complete(*records, checks=plans)))
    structure(text)
    assert r"\input" not in text
    assert text.count(r"\end{longtable}") == 1
    assert escape("a_b\n") == r"a\_b\texttt{U+000A}"


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed: structure checked only"
)
def test_it_compiles(tmp_path):
    long = [
        check(f"x{k}.py::test_x", order=k, reference=f"R {k}", routes=[], finite_form=t)
        for k, t in enumerate(formulas())
    ]
    (tmp_path / "table.tex").write_text(
        document(summary(tmp_path / "run", complete(checks=long))), encoding="ascii"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "table.pdf").stat().st_size > 10_000
