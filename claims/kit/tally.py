"""Counts and extremes of one shard of instances: what evidence stores instead of a row an instance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch

from claims.kit.evidence import RATIO_EDGES
from claims.kit.instances import Instances
from claims.kit.margin import Decision, Margin, positions
from claims.kit.series import SeriesTally

_EDGES = torch.tensor(RATIO_EDGES[1:-1], dtype=torch.float64)


#: By term: ``instances`` in which it stands alone, ``max`` of the ratio there, and how many are ``refuted``.
Terms = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Extreme:
    """One instance that is worth keeping, with its margin."""

    instance: Instances
    family: str
    margin: dict[str, Any]
    score: float
    verdict: str = "violated"
    independent: bool = False


@dataclass
class Tally:
    """Aggregate of the decisions on many instances; `add` a batch at a time."""

    counts: Counter[str] = field(
        default_factory=lambda: Counter(
            dict.fromkeys(("instances", "held", "tied", "violated", "undecided", "unmet"), 0)
        )
    )
    independent: int = 0
    bad: int = 0
    ratio: float | None = None
    rounding_used: float = 0.0
    histogram: list[int] = field(default_factory=lambda: [0] * (len(RATIO_EDGES) - 1))
    terms: Terms = field(default_factory=dict[str, dict[str, Any]])
    strata: dict[tuple[Any, ...], dict[str, Any]] = field(
        default_factory=dict[tuple[Any, ...], dict[str, Any]]
    )
    worst: Extreme | None = None
    violation: Extreme | None = None
    undecided: Extreme | None = None
    missed: list[tuple[str, str, float]] = field(default_factory=list[tuple[str, str, float]])
    ties: list[Extreme] = field(default_factory=list["Extreme"])
    series: SeriesTally = field(default_factory=SeriesTally)

    def add(
        self,
        batch: Instances,
        family: str,
        independent: bool,
        met: torch.Tensor,
        margin: Margin,
        decision: Decision,
    ) -> None:
        """Count one batch; instances outside ``met`` are counted as unmet and nothing else."""
        held, tied = decision.held & met, decision.tied & met
        violated, undecided = decision.violated & met, decision.undecided & met
        number = {
            "unmet": int((~met).sum()),
            "instances": int(met.sum()),
            "held": int(held.sum()),
            "tied": int(tied.sum()),
            "violated": int(violated.sum()),
            "undecided": int(undecided.sum()),
        }
        self.counts.update(number)
        if independent:
            self.independent += number["instances"]
            self.bad += number["violated"] + number["undecided"]
        if number["held"]:
            self.rounding_used = max(self.rounding_used, float(decision.used[held].max()))
        ratio = torch.where(met, decision.ratio, torch.nan).cpu()
        self._count_ratios(ratio)
        terms = _standing_alone(decision, met)
        _count_terms(self.terms, terms)
        self._count_stratum(batch, family, number, _finite_max(ratio), terms)
        self._keep_extremes(batch, family, independent, margin, ratio, tied, violated, undecided)
        self.series.add(batch.dimensions, family, independent, met, margin.series)

    def _count_ratios(self, ratio: torch.Tensor) -> None:
        known = ratio[~ratio.isnan()]
        bins = torch.bucketize(known, _EDGES, right=True)
        filled = cast("tuple[torch.Tensor, ...]", torch.unique(bins, return_counts=True))
        for index, count in zip(*(cast("list[int]", x.tolist()) for x in filled), strict=True):
            self.histogram[index] += count
        self.ratio = _larger(self.ratio, _finite_max(ratio))

    def _count_stratum(
        self, batch: Instances, family: str, number: dict[str, int], ratio: float | None, terms: Terms
    ) -> None:
        labels = {**batch.dimensions, "family": family}
        counted = ("instances", "held", "violated", "undecided", "unmet")
        empty: dict[str, Any] = {**labels, **dict.fromkeys(counted, 0), "ratio": None, "terms": {}}
        entry = self.strata.setdefault(tuple(labels.items()), empty)
        for key in counted:
            entry[key] += number[key]
        entry["ratio"] = _larger(entry["ratio"], ratio)
        _count_terms(entry["terms"], {name: term for name, term in terms.items() if term["instances"]})

    def _keep_extremes(
        self,
        batch: Instances,
        family: str,
        independent: bool,
        margin: Margin,
        ratio: torch.Tensor,
        tied: torch.Tensor,
        violated: torch.Tensor,
        undecided: torch.Tensor,
    ) -> None:
        size = sum(math.prod(x.shape[1:]) for x in batch.arrays())

        def extreme(index: int, score: float) -> Extreme:
            flags = {"violated": violated, "undecided": undecided}
            verdict = next((name for name, flag in flags.items() if bool(flag[index])), "held")
            instance = batch.take(index).to("cpu")
            return Extreme(instance, family, summary(margin, index), score, verdict, independent)

        best = _finite_max(ratio)
        if best is not None and (self.worst is None or best > self.worst.score):
            self.worst = extreme(int(torch.where(ratio.isnan(), -torch.inf, ratio).argmax()), best)
        if bool(violated.any()) and (self.violation is None or size < self.violation.score):
            self.violation = extreme(int(violated.nonzero()[0, 0]), size)
        if bool(undecided.any()) and (self.undecided is None or size < self.undecided.score):
            self.undecided = extreme(int(undecided.nonzero()[0, 0]), size)
        if bool(tied.any()) and len(self.ties) < 3 and size <= 40:
            self.ties.append(extreme(int(tied.nonzero()[0, 0]), size))

    def expect(self, terms: Sequence[str], where: str, met: torch.Tensor, decision: Decision) -> None:
        """Note which of ``terms`` the instances of a batch, made to attain them, did not attain."""
        for term in terms:
            if term in decision.alone and bool(met.any()):
                reached = decision.alone_ratio[term][met].nan_to_num(0.0)
                if not bool((decision.refuted[term] & met)[met].all()):
                    self.missed.append((term, where, float(reached.min())))

    def refute_tie(self, extreme: Extreme) -> None:
        """Count a tied instance as violated: ball arithmetic found an excess hidden by the round-off."""
        change = {"violated": 1, "held": -1}
        self.counts.update({**change, "tied": -1})
        stratum = self.strata[tuple({**extreme.instance.dimensions, "family": extreme.family}.items())]
        stratum.update({key: stratum[key] + by for key, by in change.items()})
        self.bad += extreme.independent
        self.violation = self.violation or extreme

    def record(self) -> dict[str, Any]:
        """Return the fields of the ``tally`` record."""
        return {
            "counts": dict(self.counts),
            "draws": {"independent": self.independent, "bad": self.bad},
            "ratio": {"max": self.ratio, "histogram": self.histogram},
            "rounding_used": self.rounding_used,
            "terms": self.terms,
            "strata": [{k: v for k, v in row.items() if k != "terms" or v} for row in self.strata.values()],
            "series": self.series.record(),
        }


def summary(margin: Margin, index: int) -> dict[str, Any]:
    """Return both sides of instance ``index`` where its excess over the uncertainty is largest."""
    shape = margin.left.shape
    flat = {
        name: positions(value, shape)[index].double().cpu()
        for name, value in {
            "left": margin.left,
            "right": margin.right,
            "rounding": margin.rounding,
            "certified": margin.certified,
        }.items()
    }
    slack = flat["left"] - flat["right"] - flat["rounding"] - flat["certified"]
    position = int(torch.where(slack.isnan(), torch.inf, slack).argmax())
    numbers = {name: float(value[position]) for name, value in flat.items()}
    terms = {name: float(positions(term, shape)[index, position]) for name, term in margin.terms.items()}
    hexadecimal = {name: numbers[name].hex() for name in ("left", "right")}
    return {**numbers, "terms": terms, "position": position, "hex": hexadecimal}


def _standing_alone(decision: Decision, met: torch.Tensor) -> Terms:
    """Return what one batch says of each term where it stands alone."""
    return {
        name: {
            "instances": int((alone & met).sum()),
            "max": _finite_max(decision.alone_ratio[name][met].cpu()),
            "refuted": int((decision.refuted[name] & met).sum()),
        }
        for name, alone in decision.alone.items()
    }


def _count_terms(total: Terms, terms: Terms) -> None:
    for name, term in terms.items():
        entry = total.setdefault(name, {"instances": 0, "max": None, "refuted": 0})
        entry["instances"] += term["instances"]
        entry["max"] = _larger(entry["max"], term["max"])
        entry["refuted"] += term["refuted"]


def _finite_max(values: torch.Tensor) -> float | None:
    known = values[~values.isnan()]
    return float(known.max()) if known.numel() else None


def _larger(x: float | None, y: float | None) -> float | None:
    return y if x is None else x if y is None else max(x, y)
