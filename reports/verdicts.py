r"""From the verdicts of the routes to the verdict of a check.

The order of precedence, worst first:

claim        error, refuted, undecided, loose, vacuous, incomplete, not run, holds.
             One vacuous route is enough: its instances were meant to test the claim and none did.
control      error, missing witness, not shown, incomplete, cannot be dropped, not run.
exploration  error, found, incomplete, not run, not found.
observation  error, refuted, not observed, inconclusive, incomplete, not run, observed.
             Refuted only where a proved bound is exceeded: no theorem implies what is observed.
"""

from __future__ import annotations

from collections.abc import Mapping

from reports.model import Counts

OPEN = ("incomplete", "not run")
KNOWN = {
    "claim": ("error", "refuted", "undecided", "loose", "vacuous", "holds"),
    "control": ("error", "found", "not found"),
    "exploration": ("error", "found", "not found"),
    "observation": ("error", "refuted", "not observed", "inconclusive", "observed"),
}


def check_verdict(kind: str, routes: Mapping[str, str]) -> str:
    r"""The verdict of a check of this kind from ``{route: verdict}``, its planned routes."""
    verdicts = list(routes.values())
    if "error" in verdicts:
        return "error"
    rule = {"claim": _claim, "control": _control, "exploration": _exploration}.get(kind, _observation)
    return rule(routes)


def _first(verdicts: list[str], order: tuple[str, ...], otherwise: str) -> str:
    return next((verdict for verdict in order if verdict in verdicts), otherwise)


def _claim(routes: Mapping[str, str]) -> str:
    verdicts = list(routes.values())
    finished = [verdict for verdict in verdicts if verdict not in OPEN]
    return _first(
        verdicts, ("refuted", "undecided", "loose", "vacuous", *OPEN), "holds" if finished else "not run"
    )


def _control(routes: Mapping[str, str]) -> str:
    if routes.get("witness") == "not found":
        return "missing witness"
    verdicts = list(routes.values())
    if "not found" in verdicts:
        return "not shown"
    if "incomplete" in verdicts:
        return "incomplete"
    return "cannot be dropped" if "found" in verdicts else "not run"


def _exploration(routes: Mapping[str, str]) -> str:
    verdicts = list(routes.values())
    return _first(verdicts, ("found", *OPEN, "not found"), "not run")


def _observation(routes: Mapping[str, str]) -> str:
    verdicts = list(routes.values())
    return _first(verdicts, ("refuted", "not observed", "inconclusive", *OPEN, "observed"), "not run")


def contradiction(kind: str, verdict: str, counts: Counts) -> str | None:
    r"""Why a recorded verdict cannot be believed beside the recorded counts, or None."""
    if verdict not in KNOWN.get(kind, KNOWN["observation"]):
        return f"unknown verdict {verdict!r} for this kind of check ({kind})"
    if kind != "claim" or verdict == "error":
        return None
    if not counts.consistent:
        return "the evidence contradicts itself: held, violated and undecided do not add up to the instances"
    if verdict in ("holds", "loose", "vacuous") and (counts.violated or counts.undecided):
        what = f"{counts.violated} violated, {counts.undecided} undecided"
        return f"the evidence contradicts itself: verdict {verdict}, yet {what}"
    if verdict in ("holds", "loose") and not counts.instances:
        return f"the evidence contradicts itself: verdict {verdict} without an instance"
    return None
