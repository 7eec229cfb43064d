r"""``summary.json``: the report for machines, and what comparisons and exports read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reports.experiment import MEASURES, Experiment, Observation
from reports.matrix import matrix
from reports.model import Check, Report, Term
from reports.orders import geometric, listed, order, orders
from reports.pages import pages
from reports.series import Series
from reports.systems import Row, table

SCHEMA = 1


def summarise(report: Report) -> dict[str, Any]:
    r"""The summary as plain JSON values (NaN and infinities as strings)."""
    header = report.header
    keys = "versions device dtype profile seed subject subject_parts selection workers".split()
    return _plain(
        {
            "schema": SCHEMA,
            "run": header.get("run"),
            "hash": report.hash,
            **{key: header.get(key) for key in keys},
            "experiments_asked": header.get("experiments"),
            "complete": report.complete,
            "incomplete": [asdict(missing) for missing in report.incomplete],
            "strata_not_run": list(report.strata_not_run),
            "deselected": list(report.deselected),
            "started": header.get("started"),
            "wall": report.wall,
            "verdicts": report.verdicts,
            "exit": report.exit,
            "experiments": [_experiment(experiment) for experiment in report.experiments],
            "assumptions": matrix(pages(report)).totals,
            "claims": [_entry(check) for check in report.checks],
        }
    )


def _entry(check: Check) -> dict[str, Any]:
    plan = check.plan
    return {
        "check": check.id,
        **{key: plan.get(key) for key in ("paper", "reference", "name", "kind", "finite_form")},
        "verdict": check.verdict,
        **asdict(check.counts),
        "ratio": check.ratio,
        "quantiles": dict(check.quantiles),
        "terms": _terms(check.terms),
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
                "unmet": s.unmet,
                "ratio": s.ratio,
                "terms": _terms(s.terms),
            }
            for s in check.strata
        ],
        "systems": [_row(row) for row in table(check).rows],
        "orders": [_order(row) for row in orders(check.series)],
        "series": [_series(row) for row in listed(check.series)],
        "parts": check.parts,
        "ties": asdict(check.ties),
        "assumes": [assumption["key"] for assumption in plan.get("assumes") or ()],
        "dispensable": [assumption["key"] for assumption in plan.get("dispensable") or ()],
        "untestable": [assumption["key"] for assumption in plan.get("untestable") or ()],
        "without": (check.without or {}).get("key"),
        "counterexample": check.counterexample,
        "subject_at_fault": check.subject_at_fault,
        "worst": check.worst,
        "of": check.of,
        "experiment": plan.get("experiment"),
        "observation": _observation(check.observation) if check.observation else None,
    }


def _observation(found: Observation) -> dict[str, Any]:
    return {**asdict(found), "short": found.short}


def _experiment(found: Experiment) -> dict[str, Any]:
    r"""Design, costs, final values of every cell, runs at other depths; curves stay in the evidence."""
    keys = "name size seed key design text seconds cpu peak".split()
    return {
        **{key: getattr(found, key) for key in keys},
        "cells": [
            {
                **{
                    key: getattr(cell, key)
                    for key in "data system variant depth epochs seconds reused".split()
                },
                "stopped": cell.stopped or None,
                **{measure: list(cell.final(measure)) for measure in MEASURES},
            }
            for cell in found.cells
        ],
        "transfers": [asdict(run) for run in found.transfers],
    }


def _terms(terms: Mapping[str, Term]) -> dict[str, Any]:
    return {name: {"instances": t.instances, "max": t.max, "refuted": t.refuted} for name, t in terms.items()}


def _row(row: Row) -> dict[str, Any]:
    counted = ("instances", "held", "violated", "undecided", "unmet")
    return {
        "regularizer": row.regularizer or None,
        "system": row.system or None,
        **{name: getattr(row.counts, name) for name in counted},
        "ratio": row.ratio,
        "terms": None if row.terms is None else _terms(row.terms),
    }


def _order(row: Series) -> dict[str, Any]:
    r"""``regularizer`` is null in the row of all of them."""
    labels = {"system": row.system or None, "regularizer": row.regularizer or None}
    return {**labels, "instances": row.instances, **order(row)}


def _series(row: Series) -> dict[str, Any]:
    labels = {name: getattr(row, name) or None for name in ("regularizer", "system", "family")}
    return {
        "route": row.route,
        **labels,
        "independent": row.independent,
        "instances": row.instances,
        "order": order(row),
        "depths": [
            {
                **{name: getattr(depth, name) for name in ("N", "instances", "below", "unknown")},
                "gap": geometric(depth.gap),
                "bound": geometric(depth.bound),
            }
            for depth in row.depths
        ],
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
