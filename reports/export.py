r"""A run as JSON (the summary) or CSV (one line a check)."""

from __future__ import annotations

import csv
import io
from typing import Any

from reports.summary import dumps

PLAIN = (
    "check paper reference name kind verdict instances held tied violated undecided unmet ratio "
    "clopper_pearson independent_draws seconds without of counterexample worst"
).split()


def to_json(summary: dict[str, Any]) -> str:
    return dumps(summary)


def to_csv(summary: dict[str, Any]) -> str:
    r"""Scalars in columns; ``terms`` as ``name=largest ratio`` pairs, ``run`` in the first column."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    quantiles = ("0.5", "0.9", "0.99")
    writer.writerow(["run", *PLAIN, *(f"quantile_{q}" for q in quantiles), "terms", "assumes"])
    for entry in summary["claims"]:
        terms = ";".join(f"{name}={term['max']}" for name, term in entry["terms"].items())
        row = [entry[name] for name in PLAIN] + [entry["quantiles"].get(q) for q in quantiles]
        writer.writerow([summary["run"], *row, terms, " ".join(entry["assumes"])])
    return stream.getvalue()


FORMATS = {"json": to_json, "csv": to_csv}
