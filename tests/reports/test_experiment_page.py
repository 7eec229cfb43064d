r"""The page of an experiment, its lines in the index, and what the exports say of it."""

from __future__ import annotations

import csv
import io
import re
from xml.etree import ElementTree

import pytest

from reports.collect import collect
from reports.compare import compare, lines
from reports.export import to_csv, to_effects, to_table
from reports.html import compare_page, site
from reports.junit import to_junit
from reports.latex import to_latex
from reports.pages import EXPERIMENTS, chapters, pages
from reports.summary import summarise
from reports.terminal import lines as terminal_lines
from tests.reports.evidence_builder import finished, good, header, plan, started, write
from tests.reports.experiment_builder import (
    DATA,
    DEPTHS,
    DESIGN,
    FALLS,
    SHRINKS,
    SYSTEMS,
    TEXT,
    about,
    cell,
    cells,
    effect,
    ended,
    group,
    looked,
    observation,
    plans,
    records,
    run,
    skipped,
    transfer,
)
from tests.reports.test_html import EVIL, Balanced, text
from tests.reports.test_latex import structure

PAGE = "fbs-learning-s5-experiment-depth.html"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of claims and of the experiment: its report, its summary and its pages."""
    claims = good()
    more = run(*claims[2:-1], checks=claims[1]["checks"])
    report = collect(write(tmp_path_factory.mktemp("whole"), more))
    return report, summarise(report), site(report)


@pytest.fixture(scope="module")
def left_out(tmp_path_factory):
    report = collect(write(tmp_path_factory.mktemp("left_out"), skipped()))
    return report, summarise(report), site(report)


def test_pages_are_well_formed_and_linked(whole, left_out):
    for _, _, found in (whole, left_out):
        for page in found.values():
            parsed = Balanced(page)
            assert parsed.stack == []
            assert len(parsed.ids) == len(set(parsed.ids))
            for link in parsed.links:
                file, _, anchor = link.partition("#")
                assert not file or file in found
                assert not anchor or anchor in Balanced(found[file] if file else page).ids


def test_the_page_says_that_no_theorem_implies_it(whole):
    words = text(whole[2][PAGE])
    assert "No theorem implies what is asked here , but for one bound" in words
    assert "It is no proof and no evidence for a theorem" in words
    assert "proved by" not in words
    for verdict in ("✓ observed", "? inconclusive", "✗ not observed"):
        assert verdict in words


def test_the_page_has_a_panel_for_each_data_system_and_variant(whole):
    page = whole[2][PAGE]
    curves, finals = (len(re.findall(f'<svg class="{name}"', page)) for name in ("learning-curve", "final"))
    panels = len(DATA) * len(SYSTEMS) + 2
    assert (curves, finals) == (3 * panels, 3 * panels)  # objective, loss alone, validation
    words = text(page)
    assert "synthetic, labels shuffled" in words
    assert "FBS, N = 64, was stopped: the objective of replicate 3 is not finite after epoch 9" in words
    assert "http" not in page.replace("http-equiv", "")
    assert "url(" not in page
    assert Balanced(page).tags.isdisjoint({"script", "img", "link"})


def test_colours_come_from_the_page(whole):
    drawings = re.findall(r"<svg.*?</svg>", whole[2][PAGE], flags=re.S)
    assert not any(re.search(r"#[0-9a-f]{3,6}\b|rgb\(|style=", drawing) for drawing in drawings)


def test_effects_have_intervals(whole):
    words = text(whole[2][PAGE])
    assert "Effect Mean 95 % interval The same as a bar, with a line at 0 Relative Pairs" in words
    assert "2 → 4 0.00500 0.00480 to 0.00520 16.7 % 8" in words
    assert "synthetic, LISTA, trained ✓ observed" in words


def test_tables_of_depths(whole):
    words = text(whole[2][PAGE])
    assert words.count("Trained at " + " ".join(f"run at {n}" for n in DEPTHS)) == len(DATA) * len(SYSTEMS)
    assert "N = 2 0.03 0 ≤ 0 (1) 0.025 −0.005 ≤ 2.5 (1)" in words
    assert "(1) extended by EN" in words


def test_a_bound_that_is_exceeded_is_seen(tmp_path):
    many = [plan(*plans()), about(), transfer("FBS", 2, 4, change=[3.0], modulus=[1.0]), finished()]
    page = site(collect(write(tmp_path, [header(), *many])))[PAGE]
    assert re.search(r'<td class="num over">.*?exceeds 1</small>', page, flags=re.S)


def test_an_overflow_is_no_bound_exceeded(tmp_path):
    note = "a number is not finite: it decides nothing"
    numbers = {"objective": ["inf"], "change": ["inf"], "modulus": ["nan"], "note": note}
    many = [plan(*plans()), about(), transfer("FBS", 2, 4, **numbers), finished()]
    page = site(collect(write(tmp_path, [header(), *many])))[PAGE]
    assert 'class="num over"' not in page
    assert re.search(r'<td class="num heat0">–.*?≤ –</small>', page, flags=re.S)
    assert note in text(page)


def test_design_costs_and_what_is_reconstructed(whole):
    words = text(whole[2][PAGE])
    assert "learning rates W 0.02, τ 0.05, λ 0.01" in words
    assert f"depths N {', '.join(map(str, DEPTHS))}" in words
    assert "wall time 8 min 32 s, added up" in words
    assert "CPU time 16 min 44 s peak memory 412 MiB cells 48" in words
    assert "What is reconstructed" in words
    assert "Its sizes, rates and initial values are lost and were chosen anew [reconstructed]." in words
    assert "size everyday seed 0" in words


def test_index_has_its_own_chapter(whole):
    report, _, found = whole
    assert [chapter.title for chapter in chapters(pages(report))][-1] == EXPERIMENTS
    index = found["index.html"]
    words = text(index)
    assert "3 observations besides, which are no claims: observed, inconclusive, not observed." in words
    assert "Question Verdict What was seen CPU" in words
    assert "✓ observed It falls at every step, for FBS, LISTA and ALISTA." in words
    assert index.count("<tr data-verdict=") == 4
    assert "No counterexample to any of 1 claim" in words  # an observation is no claim
    assert "Section 5" not in text(found["systems.html"])
    matrix = re.search(r'<table class="matrix">.*?</table>', index, flags=re.S)
    assert matrix is not None
    assert "Section 5" not in matrix[0]


def test_what_was_skipped_says_why(left_out):
    _, summary, found = left_out
    words = text(found["index.html"])
    assert "○ not run did not run: runs with --experiments or in the profile thorough" in words
    assert "3 routes: runs with --experiments or in the profile thorough" in words
    page = text(found[PAGE])
    assert "pytest claims/fbs_learning/s5_experiment_depth.py --experiments" in page
    assert "○ not run the final training objective falls with N did not run: runs with --experiments" in page
    assert "experiments left out" in text(found["run.html"])
    assert summary["exit"] == 0
    assert ElementTree.fromstring(to_junit(summary)).attrib["skipped"] == "3"


def test_the_page_of_the_run(whole):
    words = text(whole[2]["run.html"])
    assert "--experiments --experiment-size everyday --experiment-seed 0" in words
    assert "experiments size everyday, seed 0" in words
    assert "Section 5, test_loss_falls 6 min 40 s" in words


def test_what_ended_otherwise_is_said(tmp_path):
    broken = ended(verdict="error", message="CheckpointError: it is damaged")
    found = [header(), plan(*plans()), *broken, started(SHRINKS, "observed"), finished()]
    pages = site(collect(write(tmp_path, found)))
    for name in ("index.html", PAGE):
        words = text(pages[name])
        assert "CheckpointError: it is damaged" in words
        assert "started, not finished: the worker ended" in words


def test_a_run_that_holds_cells_alone_shows_them(tmp_path):
    killed = [header(), plan(*plans()), about(), *cells()]
    page = site(collect(write(tmp_path, killed)))[PAGE]
    assert page.count('<svg class="learning-curve"') == 24
    assert "There is nothing to show" not in page


def test_effects_as_csv(whole):
    rows = list(csv.DictReader(io.StringIO(to_effects(whole[1]))))
    assert len(rows) == 15 + 5 + 1
    assert (rows[0]["check"], rows[0]["label"], rows[0]["verdict"]) == (FALLS, "2 → 4", "observed")
    assert (rows[0]["level"], float(rows[0]["low"]), rows[0]["n"]) == ("0.95", pytest.approx(0.0048), "8")
    assert {row["system"] for row in rows} == set(SYSTEMS)
    old = {"run": "old", "claims": [{"check": "x", "paper": "", "reference": "", "name": ""}]}
    assert len(to_effects(old).splitlines()) == 1


def test_other_exports(whole):
    summary = whole[1]
    rows = list(csv.DictReader(io.StringIO(to_csv(summary))))
    assert [(row["kind"], row["verdict"]) for row in rows if row["kind"] == "observation"] == [
        ("observation", "observed"),
        ("observation", "inconclusive"),
        ("observation", "not observed"),
    ]
    root = ElementTree.fromstring(to_junit(summary))
    assert (root.attrib["failures"], root.attrib["errors"]) == ("0", "0")
    said = [case.findtext("system-out") for case in root.iter("testcase")]
    assert any(
        str(words).startswith("not observed (an observation, no claim). The share rises instead")
        for words in said
    )
    latex = to_latex(summary)
    structure(latex)
    assert "not observed & -- & -- & -- & --" in latex
    assert "read off an experiment; no claims" in latex
    assert "Section 5" not in to_table(summary)


def test_terminal(whole):
    shown = terminal_lines(whole[1])
    (at,) = [k for k, line in enumerate(shown) if "test_loss_falls" in line]
    assert "✓ observed" in shown[at]
    assert shown[at + 1].strip() == "It falls at every step, for FBS, LISTA and ALISTA."


def test_changed_verdicts_are_compared(whole, tmp_path):
    other = [
        header(),
        plan(*plans()),
        about(),
        observation(FALLS, "inconclusive", text="Open."),
        *ended(FALLS, "inconclusive"),
    ]
    second = summarise(collect(write(tmp_path, [*other, finished()])))
    found = compare(whole[1], second)
    moved = {change.check: (change.before, change.after, change.said) for change in found.verdicts}
    assert moved[FALLS] == ("observed", "inconclusive", "Open.")
    assert moved[SHRINKS] == ("inconclusive", "not run", "")
    assert ("experiments", "size everyday, seed 0", "left out") in found.circumstances
    assert "Open." in compare_page(found)
    assert any("observed -> ? inconclusive" in line for line in lines(found))


def test_hostile_strings_do_not_inject(tmp_path):
    words = dict.fromkeys(("title", "statement", "finite_form", "reference", "paper", "experiment"), EVIL)
    named = {"experiment": EVIL, "data": EVIL, "system": EVIL, "variant": EVIL}
    strange = {**named, "stopped": EVIL, "seconds": EVIL, "depth": 4}
    groups = [
        group(
            EVIL, EVIL, EVIL, measure=EVIL, text=EVIL, effects=[effect(EVIL, 0.1, 0.1, n=EVIL, relative=EVIL)]
        )
    ]
    found = [
        header(experiments={"size": EVIL, "seed": EVIL}),
        plan(looked(**words)),
        about(
            experiment=EVIL,
            key=EVIL,
            size=EVIL,
            seed=EVIL,
            design={**DESIGN, EVIL: EVIL},
            text={**TEXT, EVIL: EVIL},
        ),
        cell(depth=4) | strange,
        cell() | strange | {"depth": EVIL, "objective": [[EVIL, 1.0]]},
        transfer("FBS", 2, 4) | named | {"note": EVIL, "depth": EVIL},
        transfer("FBS", 2, 4) | named | {"note": "other"},
        observation(FALLS, "observed", groups, question=EVIL, text=EVIL, level=EVIL),
        *ended(message=EVIL),
        finished(),
    ]
    for name, page in site(collect(write(tmp_path, found))).items():
        parsed = Balanced(page)
        assert parsed.stack == []
        assert "img" not in parsed.tags
        assert page.count("<script") == (name == "index.html")
        assert not {attribute for attribute in parsed.attributes if attribute.startswith("on")}
        assert "1337" not in text(page)
    summary = summarise(collect(tmp_path))
    assert not re.search(r"[\x00-\x08\x1b]", "".join(terminal_lines(summary)))
    ElementTree.fromstring(to_junit(summary))
    structure(to_latex(summary))


def test_one_and_two_workers_give_the_same_pages(tmp_path):
    one = collect(write(tmp_path / "one", [header(), plan(*plans()), *records(), finished()]))
    again = [{**record, "reused": True} if record["record"] == "cell" else record for record in records()]
    write(tmp_path / "two", [header(), plan(*plans()), *records()[::-1], finished()], "gw1.jsonl")
    two = collect(
        write(tmp_path / "two", [r for r in again if r["record"] in ("experiment", "cell")], "gw0.jsonl")
    )
    assert (one.experiments, one.checks) == (two.experiments, two.checks)
