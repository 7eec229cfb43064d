r"""Formulas in prose: variables, indices, exponents, roots, and everything that is none."""

from __future__ import annotations

import re

import pytest

from reports.formula import formula

SHORT = {"<i>": "", "</i>": "'", "<sub>": "_{", "</sub>": "}", "<sup>": "^{", "</sup>": "}"}


def plain(text: str) -> str:
    r"""The HTML in short: a variable is marked by a prime, indices and exponents by braces."""
    found = str(formula(text))
    for tag, sign in SHORT.items():
        found = found.replace(tag, sign)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("u_{n+1} = prox_{hσ_nR}(v)", "u'_{n'+1} = prox_{h'σ'_{n'}R'}(v')"),
        ("J^N(θ^N), ‖v‖_p^p", "J'^{N'}(θ'^{N'}), ‖v'‖_{p'}^{p'}"),
        ("h(K_nu_n − c_n), (P_Nv)_n", "h'(K'_{n'}u'_{n'} − c'_{n'}), (P'_{N'}v')_{n'}"),
        ("rms_i ‖uⁱ_n‖ ≤ ‖u0_i‖", "rms_{i'} ‖u'ⁱ_{n'}‖ ≤ ‖u'^{0}_{i'}‖"),
        ("M = e^{‖K‖_{L¹}}, f_{n_k}", "M' = e'^{‖K'‖_{L'¹}}, f'_{n'_{k'}}"),
        ("κ = −λ_min(K), 2^10, 2^−k, 2^(−m)", "κ' = −λ'_{min}(K'), 2^{10}, 2^{−k'}, 2^{−m'}"),
        ("2^-k and 2^-10, N^-1/4. x^2/2.", "2^{−k'} and 2^{−10}, N'^{−1/4}. x'^{2}/2."),
        ("2^-10. 2^1.5", "2^{−10}. 2^1.5"),
        ("K = τWA, C0 + C1M", "K' = τ'WA', C'_{0} + C'_{1}M'"),
        ("ũ0_i and û(t)", "ũ'^{0}_{i'} and û'(t')"),
        ("A step, a step, a > 0, with one A", "A step, a step, a' &gt; 0, with one A'"),
        ("A p at which A1 fails, part II, Theorem A.1", "A p' at which A1 fails, part II, Theorem A.1"),
        ("X. Lin, C. Wu, J.-J. Moreau: the network's", "X. Lin, C. Wu, J.-J. Moreau: the network&#39;s"),
        ("test_bound s3_01 u_next fbs_learning x10_000", "test_bound s3_01 u_next fbs_learning x10_000"),
        ("float64, LISTA, FBS", "float64, LISTA, FBS"),
    ],
)
def test_letters_and_indices(text, expected):
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("√a(t_n) + b", "a'(t'_{n'})"),
        ("√(a + b(c)) d", "a' + b'(c')"),
        ("V/(2√N)", "N'"),
        ("√⅛", "⅛"),
        ("√12x", "12"),
    ],
)
def test_roots_reach_over_what_they_belong_to(text, under):
    (found,) = re.findall(r'<span class="root">√<span>(.*?)</span></span>', plain(text))
    assert found == under


def test_emphasis_and_code():
    assert plain("the *second* system, ℓ(u*, u*)") == "the <em>second</em> system, ℓ(u'*, u'*)"
    assert plain("``a_b<c`` and *<b>*") == "<code>a_b&lt;c</code> and *&lt;b'&gt;*"


def test_everything_is_escaped():
    assert plain("x < b_{<i>}") == "x' &lt; b'_{&lt;i'&gt;}"
    hostile = "<script>alert(1)</script>√(<img>)_{\"'><b>}"
    assert not re.search(r"<(?!/?(?:i|sub|sup|em|code|span)\b)", str(formula(hostile)))
