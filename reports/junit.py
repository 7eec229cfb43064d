r"""JUnit XML of a run: a suite a statement, a case a check, so that CI shows which claim turned red."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from reports.statistics import number

#: What XML 1.0 cannot hold.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PASSED = ("holds", "cannot be dropped", "found", "not found", "observed", "not observed", "inconclusive")
ERRORS = ("error", "incomplete")

Entry = Mapping[str, Any]


def to_junit(summary: Mapping[str, Any]) -> str:
    r"""The summary as JUnit XML: refuted is a failure, an error an error, what did not run is skipped."""
    root = ElementTree.Element("testsuites", name=_text(f"fbs-claims {summary['run']}"))
    suites: dict[str, list[Entry]] = {}
    for entry in summary["claims"]:
        suites.setdefault(f"{entry['paper']}: {entry['reference']}", []).append(entry)
    for name, entries in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", _counts(entries), name=_text(name))
        for entry in entries:
            suite.append(_case(entry))
    root.attrib.update(_counts(summary["claims"]))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True).replace("'", '"', 4) + "\n"


def _kind(entry: Entry) -> str | None:
    r"""The element that a verdict becomes; None for one that passed."""
    verdict = entry["verdict"]
    if verdict in PASSED:
        return None
    if verdict == "not run":
        return "skipped"
    return "error" if verdict in ERRORS else "failure"


def _counts(entries: list[Entry]) -> dict[str, str]:
    kinds = [_kind(entry) for entry in entries]
    words = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    spent = sum(number(entry.get("seconds")) or 0.0 for entry in entries)
    return {
        "tests": str(len(entries)),
        **{name: str(kinds.count(kind)) for name, kind in words.items()},
        "time": f"{spent:.3f}",
    }


def _case(entry: Entry) -> ElementTree.Element:
    path, _, name = str(entry["check"]).partition("::")
    spent = f"{number(entry.get('seconds')) or 0.0:.3f}"
    module = path.removesuffix(".py").replace("/", ".")
    case = ElementTree.Element("testcase", classname=_text(f"claims.{module}"), name=_text(name), time=spent)
    kind = _kind(entry)
    if kind:
        said = [
            f"{route}: {found['message']}" for route, found in entry["routes"].items() if found["message"]
        ]
        said += [f"{route}: {why}" for route, why in entry["routes_not_run"].items()]
        ElementTree.SubElement(case, kind, message=_text(entry["verdict"])).text = _text("\n".join(said))
    words = f"{entry['verdict']}: {entry['violated']} violated, {entry['undecided']} undecided of "
    words += f"{entry['instances']} instances; largest ratio {entry['ratio']}"
    if entry["kind"] == "observation":
        words = ". ".join([f"{entry['verdict']} (an observation, no claim)", *_looked(entry)])
    ElementTree.SubElement(case, "system-out").text = _text(words)
    return case


def _looked(entry: Entry) -> list[str]:
    r"""What an observation says, in all and group by group."""
    looked = entry.get("observation") or {}
    said = [looked.get("text"), *(group["text"] for group in looked.get("groups") or ())]
    return [str(text).removesuffix(".") for text in said if text]


def _text(value: object) -> str:
    return FORBIDDEN.sub("\ufffd", str(value))
