r"""Series: the gap of every instance at several depths N beside its bound, and what evidence keeps of them.

A claim of convergence is decided by its margins; a `Series` is handed over besides, decides nothing, and is
what a measured rate is made of.  A gap that does not exceed its resolution is no measurement: it is counted
and enters no mean and no order.

Evidence stores moments of log2 of gap and bound by stratum and depth, and moments of the fitted orders.  All
are counts, sums and extremes, so those of two shards add up to those of both.  Instances that were measured
at other depths have rows of their own: a curve through means of different instances would show no rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import torch

from claims.kit.arithmetic import Array

#: An order is fitted to at least so many depths at which the gap exceeds `CLEAR` times its resolution.
FEWEST = 3
CLEAR = 2.0

#: The labels of instances, beside their family, that make a stratum of series.
LABELS = ("regularizer", "system")

#: How many values (``n``), their ``sum``, the sum of their ``squares``, their ``min`` and ``max``.
Moments = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """Gap and bound of every instance at the depths N_1 < … < N_J.

    Parameters
    ----------
    depths : J increasing positive integers
    gap : (batch, J)
        What is claimed to tend to zero, as measured.
    bound : (batch, J)
        What is certified for it.
    resolution : (batch, J)
        How much of the gap is uncertainty: round-off, and the radius of what was enclosed.

    Raises
    ------
    ValueError
        If the depths are no increasing positive integers, or an array has not one column a depth.
    """

    depths: tuple[int, ...]
    gap: Array
    bound: Array
    resolution: Array

    def __post_init__(self) -> None:
        increasing = all(n < m for n, m in pairwise(self.depths))
        if not (self.depths and all(type(n) is int and n > 0 for n in self.depths) and increasing):
            raise ValueError(f"series.depths: expected increasing positive integers, got {self.depths}")
        batch = tuple(getattr(self.gap, "shape", ()))[:1] or ("batch",)
        for name in ("gap", "bound", "resolution"):
            got, wanted = tuple(getattr(getattr(self, name), "shape", ())), (*batch, len(self.depths))
            if got != wanted:
                raise ValueError(f"series.{name}: expected the shape {wanted}, a column a depth, got {got}")


def orders(series: Series) -> torch.Tensor:
    r"""Return the fitted order of every instance.

    Returns
    -------
    (batch,)
        p of the power law gap = C N^{−p}: minus the least-squares slope of log2 gap against log2 N, over the
        depths at which gap > 2 resolution; NaN where these are fewer than three.
    """
    gap, resolution = _float(series.gap), _float(series.resolution)
    clear = (gap > CLEAR * resolution) & _positive(gap)
    x = torch.tensor(series.depths, dtype=torch.float64).log2()
    y, weight = _log2(gap), clear.double()
    count = weight.sum(1)
    centered = weight * (x - ((weight * x).sum(1) / count)[:, None])
    slope = (centered * y).sum(1) / centered.square().sum(1)
    return torch.where(count >= FEWEST, -slope, torch.nan)


@dataclass
class SeriesTally:
    """Moments of the series of many instances, by stratum; `add` a batch at a time."""

    rows: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict[tuple[Any, ...], dict[str, Any]])

    def add(
        self,
        dimensions: Mapping[str, Any],
        family: str,
        independent: bool,
        met: torch.Tensor,
        series: Series | None,
    ) -> None:
        """Count the series of one batch; an order is fitted to independent draws only.

        Parameters
        ----------
        dimensions : of `claims.kit.instances.Instances`
        family : str
        independent : bool
            Whether each instance is an independent draw; what is not has rows of its own.
        met : (batch,)
            Instances outside are left out.
        series : Series, optional
        """
        met = met.cpu()
        number = int(met.sum())
        if series is None or not number:
            return
        found = {name: str(dimensions[name]) for name in LABELS if name in dimensions}
        labels = {**found, "family": family, "independent": independent}
        empty: dict[str, Any] = {**labels, "instances": 0, "order": _nothing(), "depths": {}}
        row = self.rows.setdefault((*labels.items(), series.depths), empty)
        row["instances"] += number
        if independent:
            order = orders(series)[met, None]
            row["order"] = _added(row["order"], _moments(order, ~order.isnan())[0])
        for n, column in zip(series.depths, _columns(series, met), strict=True):
            row["depths"][n] = _joined(row["depths"][n], column) if n in row["depths"] else column

    def record(self) -> list[dict[str, Any]]:
        """Return the field ``series`` of the ``tally`` record."""
        return [{**row, "depths": _table(row["depths"])} for row in self.rows.values()]


def _columns(series: Series, met: torch.Tensor) -> list[dict[str, Any]]:
    """Return what the instances of one batch that count say at each depth."""
    gap, bound, resolution = (_float(x)[met] for x in (series.gap, series.bound, series.resolution))
    above = (gap > resolution) & _positive(gap)
    below = (gap <= resolution) & gap.isfinite()
    count = cast("list[int]", below.sum(0).tolist())
    unknown = cast("list[int]", (~(above | below)).sum(0).tolist())
    gaps, bounds = _moments(_log2(gap), above), _moments(_log2(bound), above & _positive(bound))
    names, size = ("instances", "below", "unknown", "gap", "bound"), [gap.shape[0]] * gap.shape[1]
    columns = zip(size, count, unknown, gaps, bounds, strict=True)
    return [dict(zip(names, column, strict=True)) for column in columns]


def _table(depths: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """Return what each depth says, column by column: a third shorter than row by row."""
    rows = list(depths.values())
    counts = {name: [row[name] for row in rows] for name in ("instances", "below", "unknown")}
    moments = {side: {k: [row[side][k] for row in rows] for k in _nothing()} for side in ("gap", "bound")}
    return {"N": list(depths), **counts, **moments}


def _float(values: Array) -> torch.Tensor:
    return cast(torch.Tensor, values).detach().double().cpu()


def _positive(values: torch.Tensor) -> torch.Tensor:
    return (values > 0) & values.isfinite()


def _log2(values: torch.Tensor) -> torch.Tensor:
    """Return log2 of what is positive and finite, 0 elsewhere."""
    return torch.where(_positive(values), values, 1.0).log2()


def _nothing() -> Moments:
    return {"n": 0, "sum": 0.0, "squares": 0.0, "min": None, "max": None}


def _moments(values: torch.Tensor, chosen: torch.Tensor) -> list[Moments]:
    """Return the moments of the chosen values of each column."""
    kept = torch.where(chosen, values, 0.0)
    columns = (
        chosen.sum(0),
        kept.sum(0),
        kept.square().sum(0),
        torch.where(chosen, values, torch.inf).amin(0),
        torch.where(chosen, values, -torch.inf).amax(0),
    )
    rows = zip(*(cast("list[Any]", column.tolist()) for column in columns), strict=True)
    return [dict(zip(_nothing(), row, strict=True)) if row[0] else _nothing() for row in rows]


def _added(one: Moments, other: Moments) -> Moments:
    """Return the moments of the values of both."""
    if not (one["n"] and other["n"]):
        return one if one["n"] else other
    sums = {name: one[name] + other[name] for name in ("n", "sum", "squares")}
    return {**sums, "min": min(one["min"], other["min"]), "max": max(one["max"], other["max"])}


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return what two batches say at one depth."""
    counts = {name: one[name] + other[name] for name in ("instances", "below", "unknown")}
    return {**counts, **{name: _added(one[name], other[name]) for name in ("gap", "bound")}}
