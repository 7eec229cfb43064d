"""Shape aliases.  ``batch`` counts instances, ``d`` states, ``m`` data, ``N`` layers (cells of [0, 1]).

``*samples`` is no axis, or one for the samples that share an instance's matrices.
"""

from typing import TypeAlias

from jaxtyping import Bool, Float
from torch import Tensor

Scalars: TypeAlias = Float[Tensor, "batch"]
Flags: TypeAlias = Bool[Tensor, "batch"]
State: TypeAlias = Float[Tensor, "batch d"]
Data: TypeAlias = Float[Tensor, "batch m"]
Measurement: TypeAlias = Float[Tensor, "batch m d"]
Layer: TypeAlias = Float[Tensor, "batch d m"]
Square: TypeAlias = Float[Tensor, "batch d d"]
Layers: TypeAlias = Float[Tensor, "batch N d m"]
Steps: TypeAlias = Float[Tensor, "batch N"]
Trajectory: TypeAlias = Float[Tensor, "batch states d"]
States: TypeAlias = Float[Tensor, "batch *samples d"]
Measurements: TypeAlias = Float[Tensor, "batch *samples m"]
Trajectories: TypeAlias = Float[Tensor, "batch *samples states d"]
Cells: TypeAlias = Float[Tensor, "batch N *shape"]
Growth: TypeAlias = tuple[Float[Tensor, "*#batch"], Float[Tensor, "*#batch"]]

__all__ = [
    "Cells",
    "Data",
    "Flags",
    "Growth",
    "Layer",
    "Layers",
    "Measurement",
    "Measurements",
    "Scalars",
    "Square",
    "State",
    "States",
    "Steps",
    "Trajectories",
    "Trajectory",
]
