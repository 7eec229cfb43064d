r"""The pages: complete, escaped, self-contained."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from reports.collect import collect
from reports.html import site
from tests.reports.evidence_builder import (
    CLAIM,
    CONTROL,
    array,
    check,
    complete,
    control,
    finished,
    good,
    header,
    instance,
    plan,
    result,
    started,
    stratum,
    tally,
    write,
)

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*191 }}"
PAGE = "fbs-learning-s3-01-lemma-prox-modulus.html"
VOID = {"meta", "br", "col", "img", "link", "input", "hr"}


def pages(tmp_path, records):
    return site(collect(write(tmp_path, records)))


class Balanced(HTMLParser):
    r"""Every element that opens is closed, in order; collects tags, links and ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def text(page: str) -> str:
    body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.S)
    body = re.sub(r"</?(?:i|sub|sup)>", "", body)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\u202f", " ").replace("\u00a0", " ").split())


def test_pages_are_well_formed_and_linked(tmp_path):
    found = pages(tmp_path, good())
    assert set(found) == {"index.html", "run.html", "systems.html", PAGE, f"source-{PAGE}"}
    for page in found.values():
        parsed = Balanced(page)
        assert parsed.stack == []
        assert len(parsed.ids) == len(set(parsed.ids))
        for link in parsed.links:
            file, _, anchor = link.partition("#")
            assert not file or file in found
            assert not anchor or anchor in Balanced(found[file] if file else page).ids


def test_nothing_is_loaded(tmp_path):
    for name, page in pages(tmp_path, good()).items():
        scripts = {"script"} if name == "index.html" else set()
        assert Balanced(page).tags & {"script", "link", "img", "iframe"} == scripts
        assert "url(" not in page
        assert "@import" not in page
        assert "http" not in page.replace("http-equiv", "")


def test_the_script_of_the_index_is_the_one_that_its_policy_allows(tmp_path):
    found = pages(tmp_path, good())
    (script,) = re.findall(r"<script>(.*?)</script>", found["index.html"], flags=re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in found["index.html"].replace("'", "&#39;")
    assert all("script-src" not in page for name, page in found.items() if name != "index.html")


def test_index_says_what_was_found(tmp_path):
    words = text(pages(tmp_path, good())["index.html"])
    assert "No counterexample to any of 1 claim in 200 instances." in words
    assert "1 of 1 control finds the counterexample that a dropped assumption lets in." in words
    assert "✓ holds 200 0.999 ✓ initial 0.998" in words
    assert "✓ 1 of 1 " in words
    assert "reconstructed" in words
    assert "proved" not in words
    assert "incomplete" not in words.split("How to read")[0]


@pytest.mark.parametrize(
    ("verdict", "expected"), [("found", "controls ✓ 1 of 1 found"), ("not found", "missing witness: A1")]
)
def test_a_control_of_no_single_check_stands_beside_the_statement(tmp_path, verdict, expected):
    plans = [check(routes=["sampled"]), control(of=None)]
    records = [tally(), result(), result(CONTROL, "witness", verdict)]
    words = text(pages(tmp_path, complete(*records, checks=plans))["index.html"])
    assert expected in words


def test_claim_page_is_complete(tmp_path):
    page = pages(tmp_path, good())[PAGE]
    words = text(page)
    for expected in (
        "R is convex and finite on Rd",
        "Gaussian states",
        "claims/fbs_learning/s3_01_lemma_prox_modulus.py:42",
        "4 decided again in ball arithmetic: 2 tied exactly, 2 held, 0 violated",
        "Half of them are at least",
        "0x1.999999999999ap-4",
        "python -m claims reproduce ffeeddccbbaa",
        "A1 ✗ not met",
        "jump |v| = 1",
        "60 digits",
        "Assumption dropped",
        "runs in the profiles default and thorough",
        "counterexample found without A1",
    ):
        assert expected in words, expected
    assert '<svg class="histogram"' in page
    assert 'role="img"' in page


def test_banner_of_an_incomplete_run(tmp_path):
    strata = [{"stratum": "photographs", "reason": "scikit-image is not installed"}]
    records = [header(), plan(check(), strata_not_run=strata, deselected=["x.py::test_y"]), started()]
    found = pages(tmp_path, records)
    for name in ("index.html", "run.html"):
        words = text(found[name])
        assert "This run is incomplete" in words
        assert "stopped from outside" in words
        assert "never started" in words
        assert "started, not finished: the worker ended" in words
        assert "photographs (scikit-image is not installed)" in words
        assert "1 check deselected" in words


def test_an_error_shows_its_message(tmp_path):
    records = [tally(), result(verdict="error", message="ValueError: tau is negative")]
    found = pages(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))
    assert "ValueError: tau is negative" in text(found["index.html"])


def test_an_unconfirmed_violation_is_not_called_a_counterexample(tmp_path):
    records = [tally(violated=1), result(verdict="undecided")]
    words = text(pages(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))["index.html"])
    assert "1 violation in 100 instances, not confirmed" in words


def test_hostile_strings_do_not_inject(tmp_path):
    plans = [
        check(
            title=EVIL,
            statement=EVIL,
            finite_form=EVIL,
            distribution=EVIL,
            reference=EVIL,
            paper=EVIL,
            line=EVIL,
            assumes=[{"key": EVIL, "text": EVIL}],
            sharp=[EVIL],
            routes_not_run={EVIL: EVIL},
            path=EVIL,
        ),
        control(expected=EVIL, without={"key": EVIL, "text": EVIL}, witness=EVIL, name=EVIL),
    ]
    terms = {EVIL: {"instances": 3, "max": EVIL, "refuted": 1}}
    labels = {"regularizer": EVIL, "system": EVIL, "family": EVIL, "d": EVIL}
    strata = [{**labels, "instances": 100, "ratio": EVIL, "terms": terms}]
    data = {"kind": EVIL, EVIL: {"shape": [EVIL, 2], "hex": [EVIL, "0x1p0"]}, "v": array(*range(100))}
    hostile = instance(
        identifier=EVIL,
        role=EVIL,
        verdict=EVIL,
        labels={EVIL: EVIL},
        data=data,
        assumptions={EVIL: True},
        exact={"digits": EVIL, "verdict": EVIL, "left": EVIL},
        margin={"left": EVIL, "terms": {EVIL: EVIL}},
    )
    routes = [
        tally(strata=strata, terms=terms),
        result(message=EVIL, counterexample=EVIL, parts=[EVIL]),
        result(route="drawn"),
    ]
    head = header(
        run=EVIL,
        subject_parts=["x" + EVIL],
        profile=EVIL,
        versions={EVIL: EVIL},
        budgets={EVIL: EVIL},
        selection=[EVIL],
    )
    records = [head, plan(*plans, deselected=[EVIL], strata_not_run=[{"stratum": EVIL, "reason": EVIL}])]
    found = pages(tmp_path, [*records, *routes, hostile, finished(wall=EVIL)])
    for name, page in found.items():
        parsed = Balanced(page)
        assert re.fullmatch(r"[A-Za-z0-9-]+\.html", name)
        assert "img" not in parsed.tags
        assert page.count("<script") == (name == "index.html")
        assert not {attribute for attribute in parsed.attributes if attribute.startswith("on")}
        assert "1337" not in text(page)


SYSTEMS = [
    stratum(60, 0.5, system="LISTA", terms={"initial": {"instances": 6, "max": 0.5, "refuted": 0}}),
    stratum(39, 0.998, terms={"initial": {"instances": 10, "max": 0.998, "refuted": 4}}),
    stratum(1, 0.7, regularizer="total_variation", system="ALISTA", held=0, violated=1),
    stratum(0, None, regularizer="total_variation", system="FBS", unmet=8),
]


@pytest.mark.parametrize("name", ["systems.html", PAGE])
def test_table_by_regulariser_and_system(tmp_path, name):
    records = [tally(violated=1, strata=SYSTEMS), result(verdict="refuted")]
    page = pages(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))[name]
    words = text(page)
    assert re.search(r"[Rr]egulariser FBS LISTA ALISTA ", words)
    assert "l1 39 initial 0.998 ✓ (10) 60 initial 0.500 (6) – total variation" in words
    assert "total variation 0 8 unmet – 1 ✗ 1 violated initial –" in words
    assert re.search(r'class="heat5"><span>initial.*?class="heat2"><span>initial', page, flags=re.S)
    assert "does not say" not in words


def test_index_leads_to_the_table_and_every_claim_back(tmp_path):
    found = pages(tmp_path, good())
    assert "systems.html" in Balanced(found["index.html"]).links
    assert "systems.html" in Balanced(found[PAGE]).links
    assert f"{PAGE}#test-bound" in Balanced(found["systems.html"]).links
    assert "test-needs-convexity" not in found["systems.html"]


@pytest.mark.parametrize("name", ["systems.html", PAGE])
def test_old_evidence_shows_the_whole_bound_and_says_so(tmp_path, name):
    records = [tally(strata=[stratum(100, 0.75)]), result()]
    words = text(pages(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))[name])
    assert "does not say which ratio each term reached" in words
    assert "l1 100 whole bound 0.750" in words


def test_claims_without_a_system_fill_the_line(tmp_path):
    plans = [check(routes=["sampled"]), check("a.py::test_x", routes=["sampled"], order=9)]
    alone = {k: v for k, v in stratum(100, 0.5).items() if k not in ("system", "regularizer")}
    other = [tally("a.py::test_x", strata=[alone], terms={}), result("a.py::test_x")]
    found = pages(tmp_path, complete(tally(), result(), *other, checks=plans))
    assert re.search(r'<td colspan="1">\s*<span class="count">100<', found["systems.html"])
    assert "By regulariser" not in text(found["a.html"])
    assert "By family" not in text(found["a.html"])


def test_rows_judged_on_parts_of_fbscore_are_marked(tmp_path):
    plans = [check(routes=["sampled"]), check("a.py::test_x", routes=["sampled"], order=9)]
    records = [
        tally(),
        result(parts=["prox"]),
        tally("a.py::test_x"),
        result("a.py::test_x", parts=["forward"]),
    ]
    run = complete(*records, checks=plans)
    found = pages(tmp_path / "a", [header(subject="own:prox", subject_parts=["prox"]), *run[1:]])
    for name in ("index.html", "systems.html", "a.html"):
        assert text(found[name]).count("judged on fbscore’s own forward") == 1, name
    assert "judged on" not in text(found[PAGE])
    assert "parts of the subject prox" in text(found["run.html"])
    for page in pages(tmp_path / "b", run).values():
        assert "judged on" not in text(page)
        assert "parts of the subject" not in text(page)


def test_run_without_checks(tmp_path):
    found = pages(tmp_path, [header(), plan(), finished(exitstatus=5)])
    assert "No check was recorded" in found["index.html"]
    assert "No check was recorded" in found["systems.html"]
    assert set(found) == {"index.html", "run.html", "systems.html"}


def test_page_names_do_not_collide(tmp_path):
    files = ("a/b", "a-b", "index", "systems")
    plans = [check(f"{file}.py::test_x", order=k) for k, file in enumerate(files)]
    own = {"a-b.html", "a-b-2.html", "index-2.html", "systems-2.html"}
    found = pages(tmp_path, complete(checks=plans))
    assert set(found) == {"index.html", "run.html", "systems.html", *own}


def test_large_instances_are_folded_and_cut_with_a_word(tmp_path):
    data = {"kind": "problem", "W": array(*range(3000), shape=(3, 1000))}
    records = [tally(), result(), instance(data=data)]
    page = pages(tmp_path, complete(*records, checks=[check(routes=["sampled"])]))[PAGE]
    assert '<details class="entry">' in page
    assert "The last 1 000 numbers are left out here" in text(page)


@pytest.mark.parametrize("name", [CLAIM, CONTROL])
def test_missing_counterexample_is_said(tmp_path, name):
    plans = [check(routes=["sampled"]), control(routes=["sampled"])]
    records = [
        tally(name, violated=1),
        result(name, verdict="refuted" if name == CLAIM else "found", counterexample="gone"),
    ]
    page = pages(tmp_path, complete(*records, checks=plans))[PAGE]
    assert "is named by the result but is not in the evidence" in text(page)
