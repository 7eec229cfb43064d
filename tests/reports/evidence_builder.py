r"""Synthetic evidence: small valid records, to be changed by the test that needs them different."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from claims.kit.evidence import RATIO_EDGES

Record = dict[str, Any]
FILE = "claims/fbs_learning/s3_01_lemma_prox_modulus.py"
CLAIM = "fbs_learning/s3_01_lemma_prox_modulus.py::test_bound"
CONTROL = "fbs_learning/s3_01_lemma_prox_modulus.py::test_needs_convexity"
VERSIONS = {
    "suite": "0.1.0",
    "python": "3.11.7",
    "torch": "2.13.0",
    "numpy": "2.3",
    "scipy": "1.16",
    "platform": "Linux",
}
STATEMENT = """Lemma 3.1: the proximal map is nonexpansive and Lipschitz in its parameter.

Let p = prox_{aR}(v) and q = prox_{bR}(v) with 0 ≤ a ≤ b.  Then

    ‖p − q‖² ≤ (b − a)(R(p) − R(q)),      ‖prox_{aR}(v)‖ ≤ ‖v‖.

Finite form: the energy inequality (3.1) [reconstructed], one instance at a time.
Source: X. Lin, C. Wu, arXiv:2605.27133, Lemma 3.1.
"""


def header(**changes: Any) -> Record:
    return {
        "record": "run",
        "schema": 1,
        "run": "20261120T053000Z-ab12cd",
        "started": "2026-11-20T05:30:00Z",
        "seed": 123,
        "profile": "quick",
        "device": "cpu",
        "dtype": "float64",
        "subject": "fbscore.network:forward",
        "selection": ["claims/"],
        "workers": 1,
        "versions": VERSIONS,
        "budgets": {"drawn": 40, "sampled": 4096, "search": 0},
        **changes,
    }


def check(name: str = CLAIM, **changes: Any) -> Record:
    return {
        "check": name,
        "order": 3,
        "paper": "fbs_learning",
        "reference": "Lemma 3.1",
        "title": STATEMENT.splitlines()[0],
        "statement": STATEMENT,
        "finite_form": "‖prox_{aR}(v)‖ ≤ ‖v‖",
        "name": name.rpartition("::")[2],
        "kind": "claim",
        "routes": ["drawn", "sampled"],
        "routes_not_run": {},
        "assumes": [
            {"key": "A1", "text": "R is convex and finite on R^d"},
            {"key": "A2", "text": "0 minimises R"},
        ],
        "without": None,
        "of": None,
        "witness": None,
        "sharp": ["initial"],
        "distribution": "Gaussian states, regularisers in equal parts, corners in every batch.",
        "expected": None,
        "path": f"claims/{name.partition('::')[0]}",
        "line": 42,
        **changes,
    }


def control(name: str = CONTROL, **changes: Any) -> Record:
    values = {
        "kind": "control",
        "routes": ["witness"],
        "routes_not_run": {"search": "runs in the profiles default and thorough"},
        "without": {"key": "A1", "text": "R is convex and finite on R^d"},
        "of": CLAIM,
        "witness": "prox_l0_jump",
        "sharp": [],
        "finite_form": "the prox of the counting norm jumps at a = v²/2",
        "expected": "jump |v| = 1",
    }
    return check(name, **{**values, **changes})


def plan(*checks: Record, **changes: Any) -> Record:
    return {"record": "plan", "checks": list(checks), "deselected": [], "strata_not_run": [], **changes}


def started(name: str = CLAIM, route: str = "sampled", worker: str = "main") -> Record:
    return {
        "record": "started",
        "check": name,
        "route": route,
        "worker": worker,
        "time": "2026-11-20T05:30:01Z",
    }


def bins(heights: Mapping[float, int]) -> list[int]:
    r"""A histogram with these counts in the bins of these ratios."""
    found = [0] * (len(RATIO_EDGES) - 1)
    for ratio, height in heights.items():
        found[max(k for k, edge in enumerate(RATIO_EDGES[:-1]) if edge <= ratio)] += height
    return found


def stratum(instances: int, ratio: float | None, **changes: Any) -> Record:
    counts = {"instances": instances, "held": instances, "violated": 0, "undecided": 0, "unmet": 0}
    labels = {"regularizer": "l1", "d": 2, "m": 1, "N": 4, "system": "FBS", "family": "gaussian"}
    return {**labels, **counts, "ratio": ratio, **changes}


def moments(*values: float) -> Record:
    r"""Of these values, as evidence stores them."""
    extremes = {"min": min(values, default=None), "max": max(values, default=None)}
    return {"n": len(values), "sum": sum(values), "squares": sum(x * x for x in values), **extremes}


def series(gaps: Mapping[int, Iterable[float]], orders: Iterable[float] = (), **changes: Any) -> Record:
    r"""A row of series: by depth, log2 of the gaps, all resolved; every bound is 8 times the gap."""
    columns = [list(column) for column in gaps.values()]
    sizes = [len(column) for column in columns]
    sides = {"gap": 0.0, "bound": 3.0}
    found = {side: [moments(*(x + by for x in c)) for c in columns] for side, by in sides.items()}
    depths = {"N": list(gaps), "instances": sizes, "below": [0] * len(sizes), "unknown": [0] * len(sizes)}
    tables = {side: {k: [m[k] for m in rows] for k in moments()} for side, rows in found.items()}
    labels = {"regularizer": "l1", "system": "FBS", "family": "gaussian", "independent": True}
    counts = {"instances": max(sizes, default=0), "order": moments(*orders)}
    return {**labels, **counts, "depths": {**depths, **tables}, **changes}


def tally(name: str = CLAIM, route: str = "sampled", shard: int = 0, **changes: Any) -> Record:
    n = changes.pop("instances", 100)
    violated, undecided = changes.pop("violated", 0), changes.pop("undecided", 0)
    held = n - violated - undecided
    return {
        "record": "tally",
        "check": name,
        "route": route,
        "shard": shard,
        "counts": {
            "instances": n,
            "held": held,
            "tied": 2,
            "violated": violated,
            "undecided": undecided,
            "unmet": 3,
        },
        "draws": {"independent": n, "bad": violated + undecided}
        if route == "sampled"
        else {"independent": 0, "bad": 0},
        "ratio": {"max": 0.9995, "histogram": bins({0.2: n // 2, 0.52: n - n // 2})},
        "terms": {"initial": {"instances": 10, "max": 0.998, "refuted": 4}},
        "strata": [
            stratum(
                n,
                0.9995,
                held=held,
                violated=violated,
                undecided=undecided,
                terms={"initial": {"instances": 10, "max": 0.998, "refuted": 4}},
            )
        ],
        "ties": {"rechecked": 2, "tied": 1, "held": 1, "violated": 0},
        "worst": "00aa11bb22cc",
        **changes,
    }


def result(name: str = CLAIM, route: str = "sampled", verdict: str = "holds", **changes: Any) -> Record:
    return {
        "record": "result",
        "check": name,
        "route": route,
        "verdict": verdict,
        "seconds": 1.5,
        "message": "",
        "counterexample": None,
        "subject_at_fault": None,
        **changes,
    }


def array(*values: float, shape: tuple[int, ...] | None = None) -> Record:
    return {"shape": list(shape or (len(values),)), "hex": [float(value).hex() for value in values]}


def instance(
    name: str = CLAIM, identifier: str = "00aa11bb22cc", role: str = "worst", **changes: Any
) -> Record:
    return {
        "record": "instance",
        "id": identifier,
        "check": name,
        "route": "sampled",
        "role": role,
        "verdict": "held",
        "margin": {
            "left": 0.5,
            "right": 1.0,
            "terms": {"initial": 1.0},
            "rounding": 1e-16,
            "certified": 0.0,
            "hex": {"left": "0x1.0p-1", "right": "0x1.0p+0"},
        },
        "labels": {"regularizer": "l1", "d": 2, "m": 1, "N": 4, "family": "gaussian"},
        "data": {
            "kind": "problem",
            "v": array(0.1, -2.0),
            "regularizer": {"kind": "l1", "weights": array(1.0, 1.0)},
        },
        "exact": None,
        "assumptions": {"A1": True, "A2": True},
        **changes,
    }


def finished(**changes: Any) -> Record:
    return {"record": "finished", "time": "2026-11-20T05:31:00Z", "exitstatus": 0, "wall": 60.0, **changes}


def complete(*records: Record, checks: Iterable[Record] | None = None) -> list[Record]:
    r"""A complete run of these checks (one claim by default) with these records."""
    return [header(), plan(*(checks if checks is not None else [check()])), *records, finished()]


def good() -> list[Record]:
    r"""A complete run: one claim that holds, its control found."""
    routes = [
        record
        for route in ("drawn", "sampled")
        for record in (started(route=route), tally(route=route), result(route=route))
    ]
    witness = instance(
        CONTROL,
        "ffeeddccbbaa",
        "counterexample",
        verdict="violated",
        route="witness",
        exact={"digits": 60, "verdict": "violated", "left": "1.0", "right": "0.5"},
        assumptions={"A1": False, "A2": True},
    )
    found = [started(CONTROL, "witness"), result(CONTROL, "witness", "found", counterexample="ffeeddccbbaa")]
    return complete(*routes, instance(), witness, *found, checks=[check(), control()])


def write(folder: Path, records: Iterable[Record], file: str = "main.jsonl", torn: str = "") -> Path:
    r"""Write one process's file; ``torn`` is what was left of a last line."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(_plain(record)) + "\n" for record in records)
    (folder / file).write_text(lines + torn, encoding="utf-8")
    return folder


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
