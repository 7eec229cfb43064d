r"""Instances of the claims: batches of raw data, exactly encoded.

An instance holds nothing but numbers: what is judged receives `fbscore` types made from it
(`claims.kit.context`), what judges reads the numbers themselves.  All tensors carry the batch as their first
axis; a drawn or recorded instance is a batch of one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self, TypeGuard, cast

import numpy as np
import torch

from claims.kit.arithmetic import Array, constant, is_ball
from claims.oracle import elementary


@dataclass(frozen=True)
class Regularizer:
    """A regulariser as raw data: its catalogue name and parameters (tensors batch first, or int tuples)."""

    name: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Instances:
    """Base of all batches of instances: mapping over the arrays, slicing, exact encoding."""

    kind: ClassVar[str] = ""

    def map(self, transform: Callable[[Array], Array]) -> Self:
        """Return the same batch with ``transform`` applied to every array in it."""
        changed = {f.name: _mapped(getattr(self, f.name), transform) for f in fields(self)}
        return replace(self, **changed)

    def arrays(self) -> list[Array]:
        """Return every array of the batch, in the order of the fields."""
        found: list[Array] = []
        self.map(lambda x: found.append(x) or x)
        return found

    @property
    def size(self) -> int:
        """Number of instances in the batch."""
        return int(self.arrays()[0].shape[0])

    @property
    def dimensions(self) -> dict[str, Any]:
        """What strata are made of: the regulariser's name and the sizes."""
        raise NotImplementedError

    def take(self, index: int) -> Self:
        """Return the batch of one that holds instance ``index``."""
        return self.map(lambda x: x[index : index + 1])

    def representable(self) -> Self:
        """Return the batch with every number rounded to float32 and widened again: exact in either dtype."""
        return self.map(lambda x: x.float().double())

    def to(self, device: torch.device | str) -> Self:
        """Return the batch on ``device``."""
        return self.map(lambda x: x.to(device))

    def ball(self) -> Self:
        """Return the batch in ball arithmetic, every number taken exactly."""
        return self.map(lambda x: elementary.to_ball(x.double().cpu().numpy()))

    def encode(self) -> dict[str, Any]:
        """Return the batch as plain JSON data, every number as a hexadecimal float."""
        return {"kind": self.kind, **{f.name: _encoded(getattr(self, f.name)) for f in fields(self)}}

    def identifier(self) -> str:
        """Return twelve hexadecimal digits that name this very batch."""
        return hashlib.sha256(json.dumps(self.encode(), sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class WeightPair(Instances):
    """A point and two weights for a prox.  Shapes: ``v`` (batch, d); ``a``, ``b`` (batch,), nonnegative."""

    kind: ClassVar[str] = "weight_pair"
    regularizer: Regularizer
    v: Array
    a: Array
    b: Array

    @property
    def dimensions(self) -> dict[str, Any]:
        return {"regularizer": self.regularizer.name, "d": self.v.shape[1]}


@dataclass(frozen=True)
class Network(Instances):
    """A problem with controls.

    Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u0`` (batch, d); ``W`` (batch, N, d, m);
    ``tau``, ``lam`` (batch, N).
    """

    kind: ClassVar[str] = "network"
    regularizer: Regularizer
    A: Array
    f: Array
    u0: Array
    W: Array
    tau: Array
    lam: Array

    @property
    def h(self) -> Any:
        """Step 1/N of the time grid."""
        return _step(self.lam)

    @property
    def dimensions(self) -> dict[str, Any]:
        _, depth, d, m = self.W.shape
        return {"regularizer": self.regularizer.name, "d": d, "m": m, "N": depth, "system": "FBS"}


@dataclass(frozen=True)
class Lista(Instances):
    """A problem with LISTA controls; ``A`` only made the data, the layers do not see it.

    Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u0`` (batch, d); ``W1`` (batch, N, d, m); ``W2``
    (batch, N, d, d); ``lam`` (batch, N).
    """

    kind: ClassVar[str] = "lista"
    regularizer: Regularizer
    A: Array
    f: Array
    u0: Array
    W1: Array
    W2: Array
    lam: Array

    @property
    def h(self) -> Any:
        """Step 1/N of the time grid."""
        return _step(self.lam)

    @property
    def dimensions(self) -> dict[str, Any]:
        _, depth, d, m = self.W1.shape
        return {"regularizer": self.regularizer.name, "d": d, "m": m, "N": depth, "system": "LISTA"}


@dataclass(frozen=True)
class Alista(Instances):
    """A problem with ALISTA controls: one ``W``, and the weight of R is λ, not τλ.

    Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u0`` (batch, d); ``W`` (batch, d, m); ``tau``, ``lam``
    (batch, N).
    """

    kind: ClassVar[str] = "alista"
    regularizer: Regularizer
    A: Array
    f: Array
    u0: Array
    W: Array
    tau: Array
    lam: Array

    @property
    def h(self) -> Any:
        """Step 1/N of the time grid."""
        return _step(self.lam)

    @property
    def dimensions(self) -> dict[str, Any]:
        _, d, m = self.W.shape
        depth = self.lam.shape[1]
        return {"regularizer": self.regularizer.name, "d": d, "m": m, "N": depth, "system": "ALISTA"}


#: One network with its controls, of whichever system.
AnyNetwork = Network | Lista | Alista


@dataclass(frozen=True)
class NetworkPair(Instances):
    """Two runs of one network: the same ``A`` and regulariser; ``u0``, ``f`` and the controls may differ."""

    kind: ClassVar[str] = "network_pair"
    first: AnyNetwork
    second: AnyNetwork

    @property
    def regularizer(self) -> Regularizer:
        return self.first.regularizer

    @property
    def dimensions(self) -> dict[str, Any]:
        return self.first.dimensions


@dataclass(frozen=True)
class StepFunction(Instances):
    r"""A function on [0, 1], constant on the cells of a uniform grid, to be projected onto ``cells`` cells.

    Shapes: ``values`` (batch, M, k).  ``bound`` and ``variation`` (batch,) describe the family that the
    function is claimed to come from: ``\|v\| <= bound`` and total variation ``<= variation``.
    """

    kind: ClassVar[str] = "step_function"
    values: Array
    bound: Array
    variation: Array
    cells: int

    @property
    def dimensions(self) -> dict[str, Any]:
        return {"d": self.values.shape[2], "M": self.values.shape[1], "N": self.cells}


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


KINDS: dict[str, type[Instances]] = {
    cls.kind: cls
    for cls in (
        WeightPair,
        Network,
        Lista,
        Alista,
        NetworkPair,
        StepFunction,
        FunctionSequence,
        ConvergentSequence,
        GraphSequence,
        IntervalMap,
    )
}


def _step(values: Array) -> Any:
    """Return 1/N for values (batch, N): a float, or a ball, for 1/3 is no float."""
    return (constant(values, 1.0) if is_ball(values) else 1.0) / values.shape[1]


def _mapped(value: Any, transform: Callable[[Array], Array]) -> Any:
    if isinstance(value, Instances):
        return value.map(transform)
    if isinstance(value, Regularizer):
        return Regularizer(value.name, {k: _mapped(v, transform) for k, v in value.params.items()})
    return transform(value) if isinstance(value, (torch.Tensor, np.ndarray)) else value


def _encoded(value: Any) -> Any:
    if isinstance(value, Instances):
        return value.encode()
    if isinstance(value, Regularizer):
        return {
            "kind": "regularizer",
            "name": value.name,
            "params": {k: _encoded(v) for k, v in value.params.items()},
        }
    if isinstance(value, torch.Tensor):
        numbers = cast("list[float]", value.detach().double().cpu().reshape(-1).tolist())
        return {"shape": list(value.shape), "hex": [float(x).hex() for x in numbers]}
    return list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value


def is_object(data: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether decoded JSON is an object; what its members are, the reader of each must know."""
    return isinstance(data, dict)


def decode(data: Any) -> Any:
    """Return the batch, regulariser or tensor that `Instances.encode` wrote.

    Raises
    ------
    ValueError
        If ``data`` names an unknown kind of instance, lacks a field, or holds an array that is none.
    """
    if isinstance(data, list):
        return tuple(cast("list[Any]", data))
    if not is_object(data):
        return data
    if "hex" in data:
        return _decoded_array(data)
    if data.get("kind") == "regularizer":
        if not is_object(data.get("params")) or not isinstance(data.get("name"), str):
            raise ValueError("regularizer: expected a name and params, got neither or one of them")
        return Regularizer(data["name"], {k: decode(v) for k, v in data["params"].items()})
    cls = KINDS.get(data.get("kind", ""))
    if cls is None:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {data.get('kind')!r}")
    missing = [f.name for f in fields(cls) if f.name not in data]
    if missing:
        raise ValueError(f"{cls.kind}: expected the fields {', '.join(missing)}, got none of that name")
    return cls(**{f.name: decode(data[f.name]) for f in fields(cls)})


def _decoded_array(data: dict[str, Any]) -> torch.Tensor:
    try:
        numbers = [float.fromhex(x) for x in data["hex"]]
        return torch.tensor(numbers, dtype=torch.float64).reshape(data["shape"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"array: expected hexadecimal floats and a shape that fits them: {error}") from error
