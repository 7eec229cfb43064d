r"""The kinds of instances that there are, and reading back what `Instances.encode` wrote."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeGuard, cast

import torch

from claims.kit.argmin_instances import FiniteProblem, PerturbedProblem
from claims.kit.box_instances import BoxProblem, MovedBoxProblem
from claims.kit.compact_instances import CompactSequence
from claims.kit.convergence_instances import AdmissibleSequence, ControlSequence, LearningSequence
from claims.kit.gamma_instances import GammaLimits, GammaPerturbation, GammaSequence
from claims.kit.image_instances import ImageProblem
from claims.kit.instances import (
    Alista,
    Instances,
    Lista,
    Network,
    NetworkPair,
    Regularizer,
    StepFunction,
    WeightPair,
)
from claims.kit.sample_instances import Samples, SamplesPair
from claims.kit.sequence_instances import ConvergentSequence, FunctionSequence, GraphSequence, IntervalMap

KINDS: dict[str, type[Instances]] = {
    cls.kind: cls
    for cls in (
        WeightPair,
        Network,
        Lista,
        Alista,
        NetworkPair,
        Samples,
        SamplesPair,
        StepFunction,
        FunctionSequence,
        ConvergentSequence,
        GraphSequence,
        IntervalMap,
        ControlSequence,
        LearningSequence,
        AdmissibleSequence,
        CompactSequence,
        FiniteProblem,
        PerturbedProblem,
        ImageProblem,
        BoxProblem,
        MovedBoxProblem,
        GammaSequence,
        GammaPerturbation,
        GammaLimits,
    )
}


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
