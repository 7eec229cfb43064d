"""Faults planted in `fbscore.limit` and in what it rests on, each with the checks that must turn red.

``python -m tests.limit_faults`` runs every check against every fault and prints what each said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch

import tests.core.limit.draws as draws
from fbscore.limit import faces
from tests.limit_checks import CHECKS, verdict
from tests.limit_plants import (
    Plant,
    afresh,
    answer,
    at_the_nodes,
    attribute,
    both,
    cells,
    certificate,
    distance,
    events,
    gap_scaled,
    growth_of_the_first,
    instead,
    keep_the_value,
    left_values,
    normal_form,
    one_cell,
    operators_changed,
    radius_scaled,
    rates,
    refine,
    rolled,
    shorter,
    spectral,
    tiled,
    tiled_layers,
    transposed,
    turned_back_wrongly,
    without_steps,
    without_tau,
    without_term,
)

__all__ = ["FAULTS", "Fault", "verdicts"]


@dataclass(frozen=True)
class Fault:
    """What is wrong, how it is planted, the checks that must catch it, and what they must say."""

    name: str
    plant: Plant
    caught_by: tuple[str, ...]
    verdict: str = "refuted"


ENDS = ("4.7 at 1", "4.7 at t_n", "4.7 refining")
NETWORKS = (*ENDS, "4.7 for all t")

FAULTS = (
    # The certificate of a network
    Fault(
        "growth dropped", answer(certificate, "weights", lambda w: replace(w, growth=0 * w.growth + 1)), ENDS
    ),
    Fault("sign of kappa swapped", rates(lambda cells: -cells.rates[..., 0]), NETWORKS),
    Fault("kappa of the eigenvalues of K", rates(spectral), ENDS),
    Fault("positive part of kappa dropped", rates(lambda c: c.rates[..., 0].clamp(max=0.0)), ENDS),
    Fault(
        "operators one cell late",
        instead(certificate, "cells_of", lambda right, controls, *rest: right(rolled(controls), *rest)),
        NETWORKS,
    ),
    Fault("gap dropped", gap_scaled(0.0), NETWORKS),
    Fault("a quarter of the gap", gap_scaled(0.25), NETWORKS),
    Fault("half of the gap", gap_scaled(0.5), ("by hand",), "off"),
    Fault(
        "gap only half-way",
        answer(certificate, "gap", lambda g: g._replace(first=0 * g.first)),
        ("4.7 at t_n",),
    ),
    Fault(
        "drift dropped",
        answer(certificate, "steps", lambda found: replace(found, drift=0 * found.drift)),
        NETWORKS,
    ),
    Fault(
        "half of the drift",
        answer(certificate, "steps", lambda s: replace(s, drift=0.5 * s.drift)),
        NETWORKS,
    ),
    Fault("K transposed in the drift", answer(certificate, "cells_of", transposed), ("4.7 at t_n",)),
    Fault(
        "layers of half the length",
        instead(certificate, "weights", lambda right, r, h: right(r, h / 2)),
        ENDS,
    ),
    Fault("a step of half the length in the gap", instead(certificate, "gap", shorter), ("4.7 at t_n",)),
    Fault(
        "half of what the relaxed ways add",
        answer(certificate, "weights", lambda w: replace(w, squares=0.5 * w.squares)),
        ENDS,
    ),
    Fault("every layer starts from the limit", instead(certificate, "advance", afresh), ENDS),
    Fault(
        "every block of layers starts from the limit",
        both(
            attribute(certificate, "BLOCK", 2**12),
            instead(certificate, "advance", lambda right, start, step: right(0 * start, step)),
        ),
        ENDS,
    ),
    Fault(
        "bounded at the end of a layer only",
        instead(certificate, "uniform_certificate", at_the_nodes),
        ("4.7 for all t",),
    ),
    Fault(
        "curvature doubled",
        answer(
            certificate,
            "exact",
            lambda e: replace(e, curved=e.curved and replace(e.curved, Q=2 * e.curved.Q)),
        ),
        ("4.7 at t_n",),
    ),
    Fault("radius short by a thousandth", answer(certificate, "_enclosure", radius_scaled(0.999)), NETWORKS),
    Fault("radius a hundredfold", answer(certificate, "_enclosure", radius_scaled(100.0)), NETWORKS, "loose"),
    # The distance of two limits
    Fault("kappa of the first system", instead(distance, "control_error", growth_of_the_first), ("4.8",)),
    Fault("term of the weight dropped", without_term("weight"), ("4.8", "4.8 factors", "4.7 + 4.8")),
    Fault("linear term dropped", without_term("linear"), ("4.8", "4.8 factors", "4.7 + 4.8")),
    Fault(
        "second product dropped",
        instead(
            distance, "_product_distance", lambda right, a, b: distance.distance(*a) * distance.norm(b[0])
        ),
        ("4.8 factors",),
    ),
    Fault(
        "first product dropped",
        instead(
            distance, "_product_distance", lambda right, a, b: distance.norm(a[1]) * distance.distance(*b)
        ),
        ("4.8 factors",),
    ),
    Fault(
        "tau missing from the product",
        instead(distance, "_gain", lambda right, c: without_steps(c)),
        ("4.8",),
    ),
    Fault(
        "data missing",
        answer(distance, "operators", lambda found: replace(found, c=0 * found.c)),
        ("4.8", "4.7 + 4.8"),
    ),
    Fault("means compared at one point", instead(distance, "mean_distance", one_cell), ("4.8",)),
    Fault(
        "4.8 short by a thousandth",
        answer(distance, "control_error", lambda found: replace(found, growth=0.999 * found.growth)),
        ("4.8", "4.8 factors"),
    ),
    Fault(
        "4.8 a hundredfold",
        answer(distance, "control_error", lambda found: replace(found, growth=100.0 * found.growth)),
        ("4.8", "4.8 factors", "4.7 + 4.8"),
        "loose",
    ),
    # The operators
    Fault(
        "c without tau, by events",
        operators_changed(events, draws.Controls, c=without_tau),
        ("events",),
    ),
    Fault(
        "c without tau, in cells", operators_changed(cells, draws.Controls, c=without_tau), ("4.7 at t_n",)
    ),
    Fault(
        "sigma = lam for FBS, by events",
        operators_changed(events, draws.Controls, sigma=lambda x, sigma: x.lam),
        ("events",),
    ),
    Fault(
        "sigma = lam for FBS, in cells",
        operators_changed(cells, draws.Controls, sigma=lambda x, sigma: x.lam),
        ("4.7 at t_n",),
    ),
    Fault(
        "sigma = tau lam for ALISTA",
        operators_changed(events, draws.AlistaControls, sigma=lambda x, sigma: x.tau * x.lam),
        ("events",),
    ),
    # From event to event
    Fault(
        "controls one cell late",
        answer(events, "_segments", lambda s: replace(s, cells=(s.cells - 1).clamp(min=0))),
        ("events", "solve"),
    ),
    Fault(
        "quadratic part forgotten",
        instead(normal_form, "_with_quadratic", lambda right, drive, Q: drive),
        ("events",),
    ),
    Fault("turned back by D", instead(events, "_enclosure", turned_back_wrongly), ("events",)),
    Fault(
        "weights of the coordinates forgotten",
        attribute(normal_form, "Thresholds", lambda w: faces.Thresholds((w > 0).to(w))),
        ("events",),
    ),
    Fault(
        "Huber width doubled",
        attribute(normal_form, "Bends", lambda width, size: faces.Bends(2 * width, size)),
        ("events",),
    ),
    Fault(
        "events missed", instead(events, "cut", lambda right, piece, face, path: path), ("events",), "loose"
    ),
    Fault(
        "series cut after the third power",
        both(
            answer(events, "solution", lambda series: series * (torch.arange(series.shape[-1]) <= 3)),
            answer(events, "_accurate", torch.ones_like),
        ),
        ("events",),
        "loose",
    ),
    Fault(
        "events missed, and the residual not charged",
        both(
            instead(events, "cut", lambda right, piece, face, path: path),
            instead(events, "residual", lambda right, piece, face, path: path.state_error),
        ),
        ("events", "solve"),
    ),
    # Refinement
    Fault(
        "controls of another instance",
        instead(refine, "controls_of", lambda right, controls, rows: right(controls, rows.roll(1))),
        ("refine",),
    ),
    Fault("new radius, old value", attribute(refine._Run, "_keep", keep_the_value), ("refine",)),
    Fault("cells tiled instead of extended", instead(certificate, "layers", tiled_layers), ENDS[2:]),
    # Extension and projection
    Fault("extension tiles", instead(draws, "extend", tiled), ("4.7 at t_n", "4.7 of means")),
    Fault(
        "extension one layer late",
        answer(draws, "extend", lambda values: values.roll(1, 1)),
        ("4.7 at t_n", "4.7 of means"),
    ),
    Fault("left values for means", instead(draws, "project", left_values), ("4.7 of means",)),
)


def verdicts(fault: Fault, checks: tuple[str, ...]) -> dict[str, str]:
    """What the checks say with the fault in place."""
    with pytest.MonkeyPatch.context() as patch:
        fault.plant(patch)
        return {check: verdict(check) for check in checks}


def main() -> None:
    """Print every check's verdict on every fault."""
    every = (*CHECKS, "by hand")
    print("no fault", {check: verdict(check) for check in every})
    for fault in FAULTS:
        said = {check: found for check, found in verdicts(fault, every).items() if found != "holds"}
        missed = [check for check in fault.caught_by if said.get(check) != fault.verdict]
        print(f"{fault.name}: {said}" + (f"  MISSED by {missed}" if missed else ""), flush=True)


if __name__ == "__main__":
    main()
