r"""Synthetic evidence of an experiment: curves that fall, replicates that go together, full tables."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from tests.reports.evidence_builder import Record, check, finished, header, plan, result, started

FILE = "fbs_learning/s5_experiment_depth.py"
FALLS, SHRINKS, MODULUS = (f"{FILE}::test_{name}" for name in ("loss_falls", "decrements_shrink", "modulus"))
NAME = "depth"
DEPTHS = (2, 4, 8, 16, 32, 64)
SYSTEMS = ("FBS", "LISTA", "ALISTA")
DATA = ("synthetic", "photographs")
VARIANTS = ("trained", "labels shuffled", "h not scaled")
STATEMENT = """Section 5: does the training loss fall with the depth, and ever less?

Figure 1 of the paper shows the loss of networks of 2, 4, … layers over the epochs.

Its sizes, rates and initial values are lost and were chosen anew [reconstructed].
Source: X. Lin, C. Wu, arXiv:2605.27133, section 5.
"""
TEXT = {
    "synthetic": "labels with 4 of 40 entries nonzero, seen through a gaussian matrix (20 × 40)",
    "photographs": "64 DCT coefficients of 8 × 8 patches of photographs [reconstructed]",
    "labels shuffled": "control: the labels belong to other data",
    "h not scaled": "control: layers of length 1/2 whatever the depth",
}
DESIGN = {
    "m": 20,
    "n": 40,
    "samples": 400,
    "validation": 200,
    "sparsity": 4,
    "noise": 0.02,
    "depths": list(DEPTHS),
    "replicates": 8,
    "epochs": 32,
    "batch_size": 50,
    "rates": {"W": 0.02, "tau": 0.05, "lam": 0.01},
    "momentum": 0.9,
    "start": {"tau": 1.6, "lam": 0.1},
    "weights": 1e-4,
    "data": list(DATA),
    "systems": list(SYSTEMS),
    "variants": list(VARIANTS),
}


def looked(name: str = FALLS, **changes: Any) -> Record:
    r"""The plan's entry of an observation."""
    values = {
        "kind": "observation",
        "reference": "Section 5",
        "title": STATEMENT.splitlines()[0],
        "statement": STATEMENT,
        "finite_form": "the final training objective falls with N",
        "routes": ["observed"],
        "assumes": [],
        "sharp": [],
        "distribution": "",
        "experiment": NAME,
        "path": f"claims/{FILE}",
        "order": 9,
    }
    return check(name, **{**values, **changes})


def about(**changes: Any) -> Record:
    costs = {"seconds": 512.0, "cpu_seconds": 1003.5, "peak_mib": 412.4}
    named = {"experiment": NAME, "size": "everyday", "seed": 0, "key": "0123456789abcdef"}
    return {"record": "experiment", **named, "design": DESIGN, "text": TEXT, **costs, **changes}


def curves(draw: random.Random, depth: int, floor: float, replicates: int, epochs: int) -> list[list[float]]:
    r"""Replicates whose loss falls to ``floor`` (1 + 1/N), off by a factor that belongs to the replicate."""
    factors = [math.exp(0.15 * random.Random(k).gauss(0, 1)) for k in range(replicates)]
    ends = [floor * (1 + 1.5 / depth) * x * math.exp(0.01 * draw.gauss(0, 1)) for x in factors]
    rate = 0.08 + 0.02 * math.log2(depth)
    return [
        [end * (1 + 8 * math.exp(-rate * k) * (1 + 0.02 * draw.gauss(0, 1))) for k in range(epochs + 1)]
        for end in ends
    ]


def cell(
    data: str = "synthetic",
    system: str = "FBS",
    variant: str = "trained",
    depth: int = 2,
    replicates: int = 8,
    epochs: int = 32,
    **changes: Any,
) -> Record:
    draw = random.Random(f"{data}{system}{variant}{depth}")
    floor = {"synthetic": 0.02, "photographs": 0.05}.get(data, 0.01) * (1 + SYSTEMS.index(system) / 4)
    floor *= {"labels shuffled": 30, "h not scaled": 1 + depth / 8}.get(variant, 1)
    found = {
        name: curves(draw, depth, floor * by, replicates, epochs)
        for name, by in (("objective", 1.0), ("loss", 0.8), ("validation", 1.3))
    }
    named = {"experiment": NAME, "data": data, "system": system, "variant": variant, "depth": depth}
    more = {"stopped": None, "seconds": 0.4 * depth, "reused": False}
    return {"record": "cell", **named, **found, **more, **changes}


def cells() -> list[Record]:
    r"""All of them; the controls are for FBS on synthetic data, and the deepest network of one is stopped."""
    found = [cell(data, system, depth=n) for data in DATA for system in SYSTEMS for n in DEPTHS]
    found += [cell(variant=variant, depth=n) for variant in VARIANTS[1:] for n in DEPTHS]
    found[-1]["stopped"] = "the objective of replicate 3 is not finite after epoch 9"
    found[-1] |= {name: [curve[:10] for curve in found[-1][name]] for name in ("objective", "loss")}
    return found


def transfer(system: str, trained: int, depth: int, data: str = "synthetic", **changes: Any) -> Record:
    change = 0.02 * (1 / depth - 1 / trained)
    named = {"experiment": NAME, "data": data, "system": system, "trained": trained, "depth": depth}
    values = {"objective": [0.03 + change] * 3, "change": [change, 1.1 * change, 0.9 * change]}
    values["modulus"] = [0.0 if trained == depth else 5 / min(trained, depth)] * 3
    note = "cell means" if depth < trained else "extended by E_N"
    return {"record": "transfer", **named, **values, "note": note, **changes}


def transfers() -> list[Record]:
    every = ((system, data, a, b) for data in DATA for system in SYSTEMS for a in DEPTHS for b in DEPTHS)
    return [transfer(system, a, b, data) for system, data, a, b in every]


def effect(label: str, mean: float, half: float, **changes: Any) -> Record:
    interval = {"mean": mean, "low": mean - half, "high": mean + half}
    return {"label": label, "from": 2, "to": 4, **interval, "n": 8, "relative": mean / 0.03, **changes}


def group(system: str = "FBS", variant: str = "trained", verdict: str = "observed", **changes: Any) -> Record:
    steps = [effect(f"{a} → {b}", 0.02 / b, 0.0002) for a, b in pairwise(DEPTHS)]
    text = "0.05, 0.035 at N = 2, 4; falls with every doubling of N: observed"
    named = {"data": "synthetic", "system": system, "variant": variant, "verdict": verdict}
    return {**named, "measure": "final objective", "effects": steps, "text": text, **changes}


def observation(
    name: str = FALLS, verdict: str = "observed", groups: Sequence[Record] | None = None, **changes: Any
) -> Record:
    found = list(groups) if groups is not None else [group(system) for system in SYSTEMS]
    data = {"question": "Does the loss fall?", "verdict": verdict, "level": 0.95, "groups": found}
    data["text"] = "It falls at every step, for FBS, LISTA and ALISTA."
    return {"record": "observation", "check": name, "route": "observed", "data": {**data, **changes}}


def ended(name: str = FALLS, verdict: str = "observed", **changes: Any) -> list[Record]:
    said = {"message": "", "seconds": 400.0, **changes}
    return [started(name, "observed"), result(name, "observed", verdict, **said)]


def plans() -> list[Record]:
    shrinks = {"finite_form": "the decrements of the objective shrink with N", "line": 50, "order": 10}
    bound = {
        "finite_form": "the objective at another depth changes by at most its modulus",
        "line": 60,
        "order": 11,
    }
    return [looked(), looked(SHRINKS, **shrinks), looked(MODULUS, **bound)]


def records() -> list[Record]:
    r"""What a whole experiment leaves: three observations of three verdicts."""
    wide = [group("FBS", verdict="inconclusive", text="Two intervals contain 0.")]
    unlike = [group("FBS", verdict="not observed", effects=[effect("64: share", 1.2, 0.1, relative=None)])]
    return [
        *(about(), *cells(), *transfers()),
        observation(),
        *ended(),
        observation(SHRINKS, "inconclusive", wide, text="For FBS the intervals leave it open."),
        *ended(SHRINKS, "inconclusive"),
        observation(MODULUS, "not observed", unlike, text="The share rises instead."),
        *ended(MODULUS, "not observed"),
    ]


def run(*more: Record, checks: Iterable[Record] = (), **changes: Any) -> list[Record]:
    r"""A complete run of the experiment, beside other checks and their records."""
    asked = {"experiments": {"size": "everyday", "seed": 0}, **changes}
    return [header(**asked), plan(*checks, *plans()), *records(), *more, finished()]


def skipped() -> list[Record]:
    r"""A run that left the experiment out."""
    why = {"observed": "runs with --experiments or in the profile thorough"}
    left = [{**one, "routes": [], "routes_not_run": why} for one in plans()]
    return [header(experiments=None), plan(*left), finished()]
