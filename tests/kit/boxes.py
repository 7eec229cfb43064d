"""Training problems over boxes, from a seed, and points of theirs."""

import torch

from claims import box_constants
from claims.families import box_problems, moved_boxes
from claims.kit.box_instances import BoxProblem, MovedBoxProblem
from claims.kit.sampling import Source
from tests.kit.toys import CPU


def of_a_seed(seed: int, count: int = 1, names: tuple[str, ...] = box_problems.EVENTFUL) -> BoxProblem:
    """A box of the stated distribution."""
    return box_problems.volume(Source(seed, CPU), count, ((1,), (2,), (3,)), names)[1]


def moved_of_a_seed(seed: int) -> MovedBoxProblem:
    """The same, with data that move."""
    *_, batch = (b for b in moved_boxes.networks().draw(Source(seed, CPU), 1) if b.independent)
    assert isinstance(batch.instances, MovedBoxProblem)
    return batch.instances


def inside(p: BoxProblem, seed: int, count: int) -> list[torch.Tensor]:
    """Random points of Θ, some of them at ends."""
    generator = torch.Generator().manual_seed(seed)
    shares = torch.rand(count, *p.low.shape, generator=generator, dtype=torch.float64)
    shares = torch.where(torch.rand(shares.shape, generator=generator) < 0.3, shares.round(), shares)
    return [box_constants.feasible(p, p.low + share * (p.high - p.low)) for share in shares]
