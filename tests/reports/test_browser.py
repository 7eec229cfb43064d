r"""The pages in a real browser: nothing on the console, nothing requested, nothing for axe to find.

Runs where Chromium, Node and the tools of ``tests/reports/browser`` are (`npm ci` there; `.ci/run` does it)
and is skipped elsewhere.  One browser session inspects a site of every kind of page; the tests read its
findings.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path

import pytest

from reports.collect import collect
from reports.compare import compare
from reports.html import compare_page, site
from reports.summary import summarise
from tests.reports.evidence_builder import (
    CONTROL,
    check,
    complete,
    control,
    finished,
    good,
    header,
    instance,
    plan,
    result,
    series,
    started,
    tally,
    write,
)
from tests.reports.experiment_builder import (
    about,
    cell,
    effect,
    ended,
    group,
    looked,
    observation,
    run,
    transfer,
)
from tests.reports.test_source import LINE

TOOLS = Path(__file__).parent / "browser"
NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium")
MISSING = [
    name
    for name, there in {
        "Chromium": CHROMIUM,
        "Node": NODE,
        "playwright-core and axe-core (npm ci in tests/reports/browser)": (TOOLS / "node_modules").is_dir(),
    }.items()
    if not there
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>javascript:alert(4)"
CURVES = [
    {"what": "limit", "times": [0, 0.5, 1], "values": [[0.0], [0.6], [1.0]], "radius": 0.01},
    {"what": "network", "layers": 2, "times": [0, 0.5, 1], "values": [[0.0], [0.5], [1.25]]},
]
DRAWING = {"size": 1, "components": [0], "curves": CURVES}
SECOND = "fbs_learning/s3_07_theorem.py::test_second"
THIRD = "fbs_forward/s4_01_theorem.py::test_third"


def healthy() -> list[dict]:
    r"""Three claims of two papers, a control; every part of a page is there."""
    plans = [
        check(line=LINE),
        control(),
        check(SECOND, order=4, reference="Theorem 3.7", routes=["sampled"], finite_form="J_N(θ) → J(θ)"),
        check(
            THIRD, order=5, paper="fbs_forward", reference="Theorem 4.1", routes=["sampled"], sharp=["data"]
        ),
    ]
    curve = series({4: [-1.0, -2.0], 8: [-2.0, -3.0], 16: [-3.0, -4.0]}, [0.9, 1.1])
    records = [
        r
        for route in ("drawn", "sampled")
        for r in (started(route=route), tally(route=route), result(route=route))
    ]
    records += [
        instance(drawing=DRAWING),
        tally(SECOND, series=[curve], instances=300),
        result(SECOND, seconds=9.0),
    ]
    records += [tally(THIRD, violated=1, instances=40), result(THIRD, verdict="refuted", counterexample="ab")]
    records += [instance(THIRD, "ab", "counterexample", verdict="violated", drawing=DRAWING)]
    witness = instance(CONTROL, "ff", "witness", drawing=DRAWING, exact={"digits": 60, "verdict": "violated"})
    records += [witness, result(CONTROL, "witness", "found", counterexample="ff")]
    return [header(), plan(*plans, deselected=["x.py::test_y"]), *records, finished()]


def hostile() -> list[dict]:
    names = dict.fromkeys(
        ("title", "statement", "finite_form", "distribution", "reference", "paper", "path"), EVIL
    )
    plans = [
        check(**names, assumes=[{"key": EVIL, "text": EVIL}], sharp=[EVIL], routes=["sampled"], name=EVIL)
    ]
    evil = {"kind": EVIL, EVIL: {"shape": [2], "hex": [EVIL, "0x1p0"]}}
    drawing = {**DRAWING, "curves": [*CURVES, {**CURVES[1], "what": EVIL}], "size": EVIL}
    found = instance(identifier=EVIL, role=EVIL, labels={EVIL: EVIL}, data=evil, drawing=drawing)
    terms = {EVIL: {"instances": 3, "max": 0.5, "refuted": 1}}
    records = [found, tally(terms=terms, worst=EVIL), result(message=EVIL, verdict=EVIL)]
    return [header(run=EVIL, subject=EVIL, seed=EVIL), plan(*plans), *records, finished()]


def hostile_experiment() -> list[dict]:
    words = dict.fromkeys(
        ("title", "statement", "finite_form", "reference", "paper", "experiment", "path"), EVIL
    )
    named = {"experiment": EVIL, "data": EVIL, "system": EVIL, "variant": EVIL}
    groups = [group(EVIL, EVIL, EVIL, measure=EVIL, text=EVIL, effects=[effect(EVIL, 0.1, 0.1, n=EVIL)])]
    records = [about(experiment=EVIL, key=EVIL, design={EVIL: EVIL}, text={EVIL: EVIL})]
    records += [cell(depth=n) | named | {"stopped": EVIL, "seconds": EVIL} for n in (2, 4)]
    records += [transfer("FBS", 2, 4) | named | {"note": EVIL}, transfer("FBS", 4, 2) | named]
    records += [observation(groups=groups, question=EVIL, text=EVIL), *ended(message=EVIL)]
    return [header(experiments={"size": EVIL, "seed": EVIL}), plan(looked(**words)), *records, finished()]


def written(folder: Path, pages: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def inspected(folder: Path) -> dict:
    done = subprocess.run(
        [str(NODE), str(TOOLS / "check.mjs"), str(CHROMIUM), str(folder)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict:
    root = tmp_path_factory.mktemp("browser")
    report = collect(write(root / "run", healthy()))
    evil = collect(write(root / "evil", hostile()))
    other = collect(write(root / "good", good()))
    pages = site(report)
    pages["compare.html"] = compare_page(compare(summarise(other), summarise(report)))
    pages |= {f"hostile-{name}": text for name, text in site(evil).items()}
    pages["hostile-compare.html"] = compare_page(compare(summarise(evil), summarise(report)))
    killed = collect(write(root / "killed", complete(started(), checks=[check()])[:-1]))
    pages["killed.html"] = site(killed)["index.html"]
    experiment = site(collect(write(root / "experiment", run())))
    pages |= {f"experiment-{name}": text for name, text in experiment.items()}
    evil = site(collect(write(root / "evil-experiment", hostile_experiment())))
    pages |= {f"hostile-experiment-{name}": text for name, text in evil.items()}
    written(root / "site", pages)
    return inspected(root / "site")


def test_every_kind_of_page_was_seen_in_both_schemes(seen):
    kinds = {"index.html", "run.html", "systems.html", "compare.html", "killed.html", "hostile-index.html"}
    claims = {name for name in seen["pages"] if "lemma" in name and not name.startswith("source")}
    assert kinds <= set(seen["pages"])
    assert claims
    assert any(name.startswith("source-") for name in seen["pages"])
    assert "experiment-fbs-learning-s5-experiment-depth.html" in seen["pages"]
    assert "experiment-index.html" in seen["pages"]
    assert any(name.startswith("hostile-experiment-") for name in seen["pages"])
    assert set(seen["pages"].values()) == {2}


def test_nothing_on_the_console(seen):
    assert seen["errors"] == []


def test_nothing_is_requested(seen):
    assert seen["requests"] == []


def test_axe_finds_nothing(seen):
    assert seen["axe"] == []


def test_no_page_is_wider_than_the_window(seen):
    assert seen["overflow"] == []


def test_hostile_evidence_runs_nothing(seen):
    assert seen["scripts"] == []


def test_filter(seen):
    index = seen["index"]
    assert index["toolsShown"]
    assert len(index["all"]) == 3
    assert index["said"] == "All 3 shown"
    assert index["filteredAway"] == 0
    assert index["all"][0] in index["filtered"]
    assert len(index["filtered"]) < 3
    assert index["afterReset"] == index["all"]
    assert index["byVerdict"] == {"holds": ["holds", "holds"], "refuted": ["refuted"]}


def test_sort(seen):
    index = seen["index"]
    for key, values in index["sorted"].items():
        numbers = [float(value) if value else -math.inf for value in values]
        assert len(numbers) == 3, key
        assert numbers == sorted(numbers, reverse=True), key
    assert index["sorted"]["n"] == ["300", "200", "40"]
    assert index["afterSort"] == index["all"]


def test_keyboard(seen):
    index = seen["index"]
    assert index["byKeyboard"] == ["300", "200", "40"]
    assert index["ariaSort"] == "descending"
    assert index["focusStays"] == "n"


def test_without_scripts_everything_is_there(seen):
    assert seen["index"]["withoutScripts"] == 3
