"""The documents of the claims: examples are run, tables are compared with the code, references resolve."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from claims.kit import catalogue, evidence, terminal, witnesses
from claims.kit.claim import Check
from claims.kit.context import FloatRun
from claims.kit.decoding import decode
from claims.kit.profiles import PROFILES
from claims.kit.subject import PARTS, Subject
from claims.kit.tally import summary
from reports.verdicts import KNOWN

ROOT = Path(__file__).resolve().parents[1]
CLAIMS = (ROOT / "claims" / "README.md").read_text(encoding="utf-8")
MATHEMATICS = (ROOT / "docs" / "mathematics.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIBLIOGRAPHY = (ROOT / "claims" / "references.bib").read_text(encoding="utf-8")

CLAIM = "s9_99_example_firm_bound.py"
NETWORK = "my_network.py"
PYTEST = [sys.executable, "-W", "error", "-m", "pytest", "-p", "claims.kit.plugin", "-W", "error"]
QUICK = ["-n0", "-p", "no:cacheprovider", "--claims-profile", "quick", "--claims-seed", "20260527"]


def block(name: str) -> str:
    """The python block below the comment that names its file."""
    (found,) = re.findall(rf"<!-- \w+: {re.escape(name)} -->\n```python\n(.*?)```", CLAIMS, flags=re.DOTALL)
    return found


def changed(text: str, old: str, new: str) -> str:
    """``text`` with its one occurrence of ``old`` replaced."""
    assert text.count(old) == 1
    return text.replace(old, new)


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose header line begins so."""
    rows = text[text.index(f"| {heading} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows]


def names(cell: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def carried_out(command: Sequence[str], folder: Path) -> tuple[int, evidence.Run, str]:
    """Exit status, evidence and output of a run that is started in ``folder``."""
    variables = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "PYTHONDONTWRITEBYTECODE": "1"}
    variables.pop("PYTEST_ADDOPTS", None)
    variables.pop("PYTEST_PLUGINS", None)
    places = ["--evidence", str(folder / "evidence"), "--report", str(folder / "report")]
    given = [*command, *QUICK, *places]
    done = subprocess.run(given, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert (folder / "evidence").is_dir(), output
    return done.returncode, evidence.read(folder / "evidence"), output


def example(text: str, folder: Path) -> tuple[int, evidence.Run, str]:
    """The claim file run in a folder of its own."""
    (folder / "fbs_learning").mkdir()
    (folder / "fbs_learning" / CLAIM).write_text(text, encoding="utf-8")
    return carried_out([*PYTEST, "fbs_learning"], folder)


def judged(text: str, folder: Path, selection: str) -> tuple[int, evidence.Run, str]:
    """The network judged by the claims that ``selection`` selects, as the README says."""
    (folder / NETWORK).write_text(text, encoding="utf-8")
    subject = ["--subject", "my_network:forward", "-k", selection]
    return carried_out([*PYTEST, str(ROOT / "claims"), *subject], folder)


def verdicts(run: evidence.Run) -> dict[str, str]:
    """The verdicts by ``function[route]``."""
    return {f"{r['check'].partition('::')[2]}[{r['route']}]": r["verdict"] for r in run.results}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, evidence.Run, str]:
    """The README's claim, as it stands."""
    return example(block(CLAIM), tmp_path_factory.mktemp("held"))


@pytest.fixture(scope="module")
def refuted(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, evidence.Run, str]:
    """The same claim with half of the right side."""
    text = changed(block(CLAIM), '{"point": square(x.v)}', '{"point": square(x.v) / 2}')
    return example(text, tmp_path_factory.mktemp("refuted"))


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, evidence.Run, str]:
    """An observation of the experiment at its smallest size."""
    folder = tmp_path_factory.mktemp("observed")
    file = str(ROOT / "claims" / "fbs_learning" / "s5_experiment_depth.py")
    asked = ["--experiments", "--experiment-size", "tiny", "--experiment-folder", str(folder / "experiments")]
    return carried_out([*PYTEST, file, *asked, "-k", "test_final_loss_falls"], folder)


# ---------------------------------------------------------------- the examples


def test_example_holds(held: tuple[int, evidence.Run, str]) -> None:
    status, run, output = held
    expected = {
        "test_firm_bound[drawn]": "holds",
        "test_firm_bound[sampled]": "holds",
        "test_firm_bound[adversarial]": "holds",
        "test_firm_bound_needs_minimum_at_zero[witness]": "found",
    }
    assert verdicts(run) == expected, output
    assert status == 0, output


def test_false_example_is_refuted(refuted: tuple[int, evidence.Run, str]) -> None:
    status, run, output = refuted
    found = verdicts(run)
    assert status == 1
    assert found["test_firm_bound[drawn]"] == found["test_firm_bound[sampled]"] == "refuted", output
    assert output.count("the statement itself fails") >= 2
    assert not any(r["subject_at_fault"] for r in run.results)


def test_counterexample_is_shrunk(refuted: tuple[int, evidence.Run, str]) -> None:
    (found,) = [i for i in refuted[1].instances if (i["role"], i["route"]) == ("counterexample", "drawn")]
    instance = decode(found["data"])
    assert instance.dimensions["d"] == 1
    assert float(instance.v[0, 0]) in range(-4, 5)
    assert found["exact"]["verdict"] == "violated"
    assert found["assumptions"] == {"A1": True, "A2": True}


def test_own_network_holds(tmp_path: Path) -> None:
    status, run, output = judged(block(NETWORK), tmp_path, "test_layer_is_resolvent")
    assert run.header["subject"] == "my_network:forward"
    assert set(verdicts(run).values()) == {"holds"}, output
    assert status == 0, output


def test_faulty_network_is_at_fault(tmp_path: Path) -> None:
    text = changed(block(NETWORK), "weight = h * ", "weight = ")
    status, run, output = judged(text, tmp_path, "test_layer_is_resolvent or test_state_bound_of_a_layer")
    found = verdicts(run)
    assert status == 1
    for route in ("drawn", "sampled"):
        assert found[f"test_layer_is_resolvent[{route}]"] == "refuted", output
        assert found[f"test_state_bound_of_a_layer[{route}]"] != "refuted", output
    assert all(r["subject_at_fault"] for r in run.results if r["verdict"] == "refuted")
    assert "the subject is at fault" in output


# ---------------------------------------------------------------- claims/README.md against the code


def test_table_lists_every_claim_file() -> None:
    files = {re.sub(r".*\((.*)\)", r"\1", row[3]): row[2] for row in table(CLAIMS, "paper")}
    on_disk = {p.relative_to(ROOT / "claims").as_posix() for p in (ROOT / "claims").glob("*/s[0-9A]*_*.py")}
    assert set(files) == on_disk
    references = {check.id.partition("::")[0]: check.claim.reference for check in catalogue.checks()}
    assert files == references


@pytest.mark.parametrize("text", [CLAIMS, MATHEMATICS])
def test_links_resolve(text: str) -> None:
    folder = ROOT / ("claims" if text is CLAIMS else "docs")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert [target for target in targets if not (folder / target).exists()] == []


def test_every_verdict_is_explained() -> None:
    kinds = {word for kind in ("claim", "control", "observation") for word in KNOWN[kind]}
    words = {*kinds, *terminal.RED, "cannot be dropped"}
    assert sorted(word for word in words if f"**{word}**" not in CLAIMS and f"`{word}`" not in CLAIMS) == []


def test_profiles_are_as_stated() -> None:
    for name, drawn, sampled, searched in table(CLAIMS, "profile"):
        profile = PROFILES[name.strip("`")]
        shards, size = (int(x) for x in re.findall(r"\d+", sampled))
        assert (int(drawn), shards, size) == (profile.drawn, profile.shards, profile.shard_size)
        assert sum(int(x) for x in re.findall(r"\d+", searched)) == profile.searched


def test_parts_of_a_subject_are_listed() -> None:
    parts = {row[0].strip("`").partition("(")[0] for row in table(CLAIMS, "part")}
    assert parts == set(PARTS) == set(Subject.__dataclass_fields__) - {"name", "systems", "takes_samples"}


def records(run: evidence.Run) -> dict[str, list[dict[str, Any]]]:
    """Every record of a run, by the README's names; nested objects too."""
    lines = [line for file in sorted(run.path.glob("*.jsonl")) for line in file.read_text().splitlines()]
    found: dict[str, list[dict[str, Any]]] = {}
    for record in map(json.loads, lines):
        kind = record.pop("record")
        found.setdefault(kind, []).append(record)
        for name, value in record.items():
            if isinstance(value, dict):
                found.setdefault(f"{kind}.{name}", []).append(value)
                found.setdefault(f"{kind}.{name}{{}}", []).extend(
                    v for v in value.values() if isinstance(v, dict)
                )
            if isinstance(value, list):
                found.setdefault(f"{kind}.{name}[]", []).extend(v for v in value if isinstance(v, dict))
    return found


def test_evidence_is_as_listed(
    held: tuple[int, evidence.Run, str],
    refuted: tuple[int, evidence.Run, str],
    observed: tuple[int, evidence.Run, str],
) -> None:
    listed = {names(row[0])[0]: set(names(row[1])) for row in table(CLAIMS, "record")}
    found = [records(run) for _, run, _ in (held, refuted, observed)]
    written = {name: {frozenset(r) for each in found for r in each.get(name, [])} for name in listed}
    written["progress"].remove(frozenset({"check", "route", "text"}))  # that of an experiment, in its notes
    assert written == {name: {frozenset(fields)} for name, fields in listed.items()}
    assert {name for each in found for name in each if re.fullmatch(r"\w+", name)} <= set(listed)


# ---------------------------------------------------------------- docs/mathematics.md and references.bib


def test_numbers_in_the_code_resolve() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "claims").rglob("*.py")))
    used = set(re.findall(r"\(([234]\.\d)\)", text)) | set(re.findall(r"constants? (4\.\d)", text))
    defined = set(re.findall(r"^(?:### |\*\*)\((\d\.\d)\)", MATHEMATICS, flags=re.MULTILINE)) | {"3.1"}
    assert used <= defined
    assert {"4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8"} <= defined
    assert "\n## 3. Grids and projection\n" in MATHEMATICS
    assert MATHEMATICS.count("(3.1)\n") == 1


def test_every_numbered_formula_says_where_it_is_from() -> None:
    headings = re.findall(r"^(?:### |\*\*)\(\d\.\d\).*$", MATHEMATICS, flags=re.MULTILINE)
    assert len(headings) == 17
    assert [line for line in headings if "*[reconstructed" not in line] == []


def controls() -> dict[str, Check]:
    return {check.name: check for check in catalogue.checks() if check.kind == "control"}


def test_every_control_is_listed() -> None:
    assert {row[0].strip("`") for row in table(MATHEMATICS, "check")} == set(controls())


@pytest.mark.parametrize("row", table(MATHEMATICS, "check"), ids=lambda row: row[0].strip("`"))
def test_control_has_the_stated_numbers(row: list[str]) -> None:
    check = controls()[row[0].strip("`")]
    assert check.without is not None
    assert (check.without.key, check.witness) == (row[2], row[3].strip("`"))
    margin = check.predicate(
        witnesses.load(str(check.witness)), FloatRun(Subject(), torch.device("cpu"), torch.float64)
    )
    numbers = summary(margin, 0)
    assert (f"{numbers['left']:.8g}", f"{numbers['right']:.8g}") == (row[4], row[5])


def test_every_sharp_term_is_listed() -> None:
    listed = {name for row in table(MATHEMATICS, "bound") for name in names(row[1])}
    assert listed == {term for check in catalogue.checks() for term in check.sharp}


def entries() -> dict[str, str]:
    found = re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", BIBLIOGRAPHY, flags=re.MULTILINE | re.DOTALL)
    assert len(found) == len(dict(found)) == BIBLIOGRAPHY.count("\n@")
    return dict(found)


def test_bibliography_is_complete() -> None:
    for key, body in entries().items():
        fields = dict(re.findall(r"^  (\w+)\s*= \{(.*)\},?$", body, flags=re.MULTILINE))
        assert fields.keys() >= {"author", "title", "year", "note"}, key
        assert fields["year"] in key
        for path in re.findall(r"(?:claims|fbscore|reports)/[\w/.]+", fields["note"]):
            assert (ROOT / path).exists(), f"{key}: {path}"


def test_citations_resolve() -> None:
    groups = re.findall(r"\[([A-Z]\w+\d{4}[^\]]*)\]", MATHEMATICS)
    cited = {key.strip() for group in groups for key in group.split(",")}
    assert cited
    assert cited <= set(entries())


def test_readme_counts_the_claims_and_controls() -> None:
    counted: dict[tuple[str, str], list[int]] = {}
    for check in catalogue.checks():
        part = "part I" if check.claim.paper == "fbs_forward" else "part II"
        if check.kind == "observation":  # of an experiment, not of a statement
            continue
        entry = counted.setdefault((part, check.claim.reference), [0, 0])
        if check.kind in ("claim", "control"):
            entry[check.kind == "control"] += 1
    stated = {
        (part, statement.split(",")[0]): [0 if count == "–" else int(count) for count in counts]
        for part, statement, *counts in table(README, "paper | statement")
    }
    assert stated == counted
