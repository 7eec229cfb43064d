r"""The offline HTML site of one run: nothing is loaded from anywhere, everything is escaped.

Every page reads without scripts.  The index has one, for filter and sort; its hash is in the page's policy.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from claims.kit.evidence import RATIO_EDGES
from reports import (
    arrows,
    axes,
    drawing,
    experiment_layout,
    final_values,
    formula,
    histogram,
    instance,
    learning_curves,
    matrix,
    orders,
    pages,
    rates,
    sides,
    source,
    systems,
    tex,
    text,
    trajectory,
)
from reports.experiment import MEASURES, mean
from reports.model import Report

TEMPLATES = Path(__file__).parent / "templates"

#: What the page of an experiment is made with.
EXPERIMENT: dict[str, Any] = {
    "measures": MEASURES,
    "mean_of": mean,
    "experiment_rows": experiment_layout.rows,
    "experiment_depths": experiment_layout.depths,
    "experiment_facts": experiment_layout.facts,
    "reconstructed_in": experiment_layout.reconstructed,
    "curve_panels": learning_curves.panels,
    "final_panels": final_values.panels,
    "forest": final_values.forest,
}


def environment() -> Environment:
    r"""Templates with the formats of `reports.text` as filters."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (TEMPLATES / "index.js").read_text(encoding="utf-8").strip()
    numbers = (text.integer, text.ratio, text.short, text.decimal, text.upper, text.seconds, axes.size)
    numbers += (text.significant, text.signed)
    for function in (text.symbol, text.tone, text.severity, text.plain, text.percent, *numbers):
        found.filters[function.__name__] = function
    found.filters |= {
        "slug": text.slug,
        "heat": pages.heat,
        "formula": formula.formula,
        "headline": text.headline,
        "blocks": text.blocks,
        "tex_plain": tex.escape,
        "entries": lambda data: list(instance.entries(data)),
    }
    found.globals |= {
        "plural": text.plural,
        "histogram": lambda name, heights: histogram.svg(name, heights, RATIO_EDGES),
        "histogram_bins": lambda heights: histogram.bins(heights, RATIO_EDGES),
        "spark": lambda heights: histogram.spark(heights, RATIO_EDGES),
        "featured": pages.featured,
        "read_drawing": drawing.read,
        "trajectories": trajectory.panels,
        "trajectory_key": trajectory.key,
        "arrows": arrows.svg,
        "sides": sides.svg,
        "describe": lambda heights: histogram.describe(heights, RATIO_EDGES),
        "grid": pages.grid,
        "sizes": pages.sizes,
        "by_system": systems.table,
        "columns_of": systems.columns,
        "judged_on": text.judged_on,
        "repeat": pages.repeat,
        **EXPERIMENT,
        "rate_panels": rates.panels,
        "rate_series": orders.shown,
        "rate_pooled": orders.pooled,
        "rate_curves": orders.curves,
        "rate_orders": orders.orders,
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_hash": base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode(),
    }
    return found


def site(report: Report) -> dict[str, str]:
    r"""The pages of the site, ``{file name: text}``."""
    found = pages.pages(report)
    by_check = {check.id: page for page in found for check in page.checks}
    common: dict[str, Any] = {"report": report, "pages": found, "page_of": by_check}
    templates = environment()

    sources = {page.file: source.source(page.path, page.file, page.checks) for page in found}
    common |= {"evidence_option": _evidence_option(report.path), "sources": sources}

    def render(name: str, **values: Any) -> str:
        return templates.get_template(name).render(**common, **values)

    index = {
        "chapters": pages.chapters(found),
        "matrix": matrix.matrix([page for page in found if not page.observed]),
        "states": matrix.STATES,
    }
    index["experiments"] = pages.EXPERIMENTS
    site = {
        "index.html": render(
            "index.html", **index, totals=pages.totals(report), left_out=pages.not_run(report)
        ),
        "run.html": render("run.html", totals=pages.totals(report)),
        "systems.html": render("systems.html", **_by_system(found)),
    }
    for before, page, after in zip([None, *found], found, [*found[1:], None], strict=False):
        name, more = ("experiment.html", _experiment(report, page)) if page.observed else ("claim.html", {})
        site[page.file] = render(name, page=page, before=before, after=after, **more)
        listing = sources[page.file]
        if listing:
            site[listing.file] = render("source.html", page=page, source=listing)
    return site


def _by_system(found: list[pages.Page]) -> dict[str, Any]:
    r"""The claims of the whole run, the systems that they speak of, and whether their terms are known."""
    checks = [check for page in found for check in page.rows if check.kind != "observation"]
    tables = [systems.table(check) for check in checks]
    return {
        "checks": checks,
        "columns": systems.columns(tables),
        "recorded": all(table.recorded for table in tables),
    }


def _experiment(report: Report, page: pages.Page) -> dict[str, Any]:
    r"""The experiment that the checks of a page look at, as far as it left anything."""
    named = {str(check.plan.get("experiment") or "") for check in page.checks}
    return {"experiment": next((found for found in report.experiments if found.name in named), None)}


def compare_page(comparison: Any) -> str:
    r"""One page that compares two runs."""
    return environment().get_template("compare.html").render(comparison=comparison)


def filler(report: Report, summary: str) -> Callable[[Path], None]:
    r"""What writes the site into an empty folder."""
    files = {**site(report), "summary.json": summary}

    def fill(folder: Path) -> None:
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")

    return fill


def _evidence_option(path: str) -> str:
    r"""What ``reproduce`` needs besides the id where the evidence is not at its usual place."""
    usual = Path(path).absolute().parent.parts[-2:] == ("reports", "evidence")
    return "" if usual else f" --evidence {path}"
