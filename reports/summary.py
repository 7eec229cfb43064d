r"""``summary.json``: the report for machines, and what comparisons and exports read."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from reports.model import Check, Report

SCHEMA = 1


def summarise(report: Report) -> dict[str, Any]:
    r"""The summary as plain JSON values (NaN and infinities as strings)."""
    header = report.header
    keys = ("versions", "device", "dtype", "profile", "seed", "subject", "selection", "workers")
    return _plain(
        {
            "schema": SCHEMA,
            "run": header.get("run"),
            "hash": report.hash,
            **{key: header.get(key) for key in keys},
            "complete": report.complete,
            "incomplete": [asdict(missing) for missing in report.incomplete],
            "strata_not_run": list(report.strata_not_run),
            "deselected": list(report.deselected),
            "started": header.get("started"),
            "wall": report.wall,
            "verdicts": report.verdicts,
            "exit": report.exit,
            "claims": [_entry(check) for check in report.checks],
        }
    )


def _entry(check: Check) -> dict[str, Any]:
    plan = check.plan
    return {
        "check": check.id,
        **{key: plan.get(key) for key in ("paper", "reference", "name", "kind")},
        "verdict": check.verdict,
        **asdict(check.counts),
        "ratio": check.ratio,
        "quantiles": dict(check.quantiles),
        "terms": {
            name: {"instances": t.instances, "max": t.max, "refuted": t.refuted}
            for name, t in check.terms.items()
        },
        "sharp": list(check.sharp),
        "clopper_pearson": check.upper,
        "independent_draws": check.independent,
        "seconds": check.seconds,
        "routes": {
            r.name: {"verdict": r.verdict, **asdict(r.counts), "seconds": r.seconds, "message": r.message}
            for r in check.routes
        },
        "routes_not_run": dict(check.routes_not_run),
        "strata": [
            {
                **dict(s.labels),
                "instances": s.instances,
                "held": s.held,
                "violated": s.violated,
                "undecided": s.undecided,
                "ratio": s.ratio,
            }
            for s in check.strata
        ],
        "ties": asdict(check.ties),
        "assumes": [assumption["key"] for assumption in plan.get("assumes") or ()],
        "dispensable": [assumption["key"] for assumption in plan.get("dispensable") or ()],
        "without": (check.without or {}).get("key"),
        "counterexample": check.counterexample,
        "subject_at_fault": check.subject_at_fault,
        "worst": check.worst,
        "of": check.of,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def dumps(summary: dict[str, Any]) -> str:
    return json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
