r"""Instances of the claims about sequences: members of families, graphs of set-valued maps, and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from claims.kit.arithmetic import Array
from claims.kit.instances import Instances, Regularizer


@dataclass(frozen=True)
class FunctionSequence(Instances):
    r"""Members of a family of step functions, with the levels at which a subsequence is extracted.

    Shapes: ``values`` (batch, m, M, k).  ``bound`` and ``variation`` (batch,) describe the family, as for
    `StepFunction`.  Level j takes means over ``cells[j]`` cells and divides [-bound, bound] into ``parts[j]``
    intervals, in each of the k coordinates.
    """

    kind: ClassVar[str] = "function_sequence"
    values: Array
    bound: Array
    variation: Array
    cells: tuple[int, ...]
    parts: tuple[int, ...]

    @property
    def dimensions(self) -> dict[str, Any]:
        _, members, grid, d = self.values.shape
        return {"d": d, "m": members, "M": grid, "N": self.cells[-1]}


@dataclass(frozen=True)
class ConvergentSequence(Instances):
    r"""Real step functions on [0, 1], the members of a sequence with the numbers ``index``, and a limit.

    Shapes: ``values`` (batch, m, M); ``limit`` (batch, M); ``index`` (batch, m), increasing integers >= 0.
    Distances are those of L^p(0, 1) with p = ``twice_p`` / 2.
    """

    kind: ClassVar[str] = "convergent_sequence"
    values: Array
    limit: Array
    index: Array
    twice_p: int

    @property
    def dimensions(self) -> dict[str, Any]:
        return {"p": self.twice_p / 2, "m": self.values.shape[1], "M": self.values.shape[2]}


@dataclass(frozen=True)
class GraphSequence(Instances):
    r"""Points of the graph of a subdifferential, a candidate for their limit, and points to test it at.

    The point k of the graph is (u_k, p_k) with u_k = prox_{aR}(x_k) and p_k = (x_k - u_k)/a; every point of
    the graph is of this form.  Shapes: ``x`` (batch, m, d); ``a`` (batch,), positive; ``u``, ``p``
    (batch, d); ``v`` (batch, K, d).  ``rates`` (batch, 2) bounds \|u_m - u\| and \|p_m - p\| of the last one.
    """

    kind: ClassVar[str] = "graph_sequence"
    regularizer: Regularizer
    x: Array
    a: Array
    u: Array
    p: Array
    v: Array
    rates: Array

    @property
    def dimensions(self) -> dict[str, Any]:
        _, members, d = self.x.shape
        return {"regularizer": self.regularizer.name, "d": d, "m": members}


@dataclass(frozen=True)
class IntervalMap(Instances):
    r"""A set-valued map F on (-1, 1) with an interval F(t) for t < 0, one for t = 0 and one for t > 0.

    Shapes: ``ends`` (batch, 3, 2), the ends of the three intervals; ``closed`` (batch, 3, 2), 1 where the
    end belongs to the interval, else 0; ``side``, ``limit``, ``slope`` (batch,).  The points of the graph
    are (side r_k, limit + slope r_k), k = 1, 2, ..., for a sequence r_k = 1, ... that decreases to 0: they
    converge to (0, limit).
    """

    kind: ClassVar[str] = "interval_map"
    ends: Array
    closed: Array
    side: Array
    limit: Array
    slope: Array

    @property
    def dimensions(self) -> dict[str, Any]:
        return {"d": 1}
