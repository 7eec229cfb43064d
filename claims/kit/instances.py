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
from typing import Any, ClassVar, Self, cast

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
class _WithControls(Instances):
    """Base of the three networks: a problem, and controls of which ``lam`` (batch, N) is the last."""

    system: ClassVar[str] = ""
    regularizer: Regularizer
    A: Array
    f: Array
    u0: Array

    @property
    def depth(self) -> int:
        """Number of layers N."""
        return int(cast(Any, self).lam.shape[1])

    @property
    def h(self) -> Any:
        """Step 1/N of the time grid: a float, or a ball, for 1/3 is no float."""
        return (constant(self.u0, 1.0) if is_ball(self.u0) else 1.0) / self.depth

    @property
    def dimensions(self) -> dict[str, Any]:
        sizes = {"d": self.A.shape[2], "m": self.A.shape[1], "N": self.depth}
        return {"regularizer": self.regularizer.name, **sizes, "system": self.system}


@dataclass(frozen=True)
class Network(_WithControls):
    """A problem with controls.

    Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u0`` (batch, d); ``W`` (batch, N, d, m);
    ``tau``, ``lam`` (batch, N).
    """

    kind: ClassVar[str] = "network"
    system: ClassVar[str] = "FBS"
    W: Array
    tau: Array
    lam: Array


@dataclass(frozen=True)
class Lista(_WithControls):
    """A problem with LISTA controls; ``A`` only made the data, the layers do not see it.

    Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u0`` (batch, d); ``W1`` (batch, N, d, m); ``W2``
    (batch, N, d, d); ``lam`` (batch, N).
    """

    kind: ClassVar[str] = "lista"
    system: ClassVar[str] = "LISTA"
    W1: Array
    W2: Array
    lam: Array


@dataclass(frozen=True)
class Alista(_WithControls):
    """A problem with ALISTA controls: one ``W``, and the weight of R is λ, not τλ.

    Shapes: ``A`` (batch, m, d); ``f`` (batch, m); ``u0`` (batch, d); ``W`` (batch, d, m); ``tau``, ``lam``
    (batch, N).
    """

    kind: ClassVar[str] = "alista"
    system: ClassVar[str] = "ALISTA"
    W: Array
    tau: Array
    lam: Array


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
