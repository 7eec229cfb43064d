"""Instances of few numbers, made by hand or at random."""

import torch

from claims.families import regularizers
from claims.kit.instances import Network, Regularizer, StepFunction, WeightPair
from claims.kit.sampling import Source
from tests.kit.toys import CPU


def tensor(*values: float) -> torch.Tensor:
    """One row of numbers."""
    return torch.tensor([values], dtype=torch.float64)


def function(*values: float, bound: float = 9.0, cells: int = 3) -> StepFunction:
    """A real step function."""
    return StepFunction(tensor(*values)[:, :, None], tensor(bound)[0], tensor(0.3)[0], cells)


def network(name: str = "l1", d: int = 5, m: int = 3, depth: int = 4, seed: int = 1) -> Network:
    """One random network."""
    source = Source(seed, CPU)
    A, f, u0 = source.normal(1, m, d), source.normal(1, m), source.normal(1, d)
    W, tau, lam = source.normal(1, depth, d, m), source.uniform(1, depth), source.uniform(1, depth)
    return Network(regularizers.draw(name, source, 1, d), A, f, u0, W, tau, lam)


def pair(regularizer: Regularizer, *v: float) -> WeightPair:
    """v with the weights 1 and 2."""
    return WeightPair(regularizer, tensor(*v), tensor(1)[0], tensor(2)[0])
