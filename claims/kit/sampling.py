r"""Seeded batches of instances: what a `Sampler` is, and the source of its numbers.

Numbers are drawn in float32 on the device and widened, so that every instance is exact in either dtype; sizes
and strata are chosen by a generator of the standard library.  One seed makes one shard, whoever asks for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from claims.kit.instances import Instances

T = TypeVar("T")


class Source:
    """Random numbers of one shard: choices on the host, tensors on the device.

    Parameters
    ----------
    seed : int
    device : torch.device
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._random = random.Random(seed)
        self._generator = torch.Generator(device).manual_seed(seed)
        self.device = device

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options, each as likely."""
        return self._random.choice(options)

    def integer(self, low: int, high: int) -> int:
        """Return an integer between both ends, inclusive."""
        return self._random.randint(low, high)

    def normal(self, *shape: int) -> torch.Tensor:
        """Return standard normal numbers, float32 widened to float64."""
        return torch.randn(shape, generator=self._generator, device=self.device).double()

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Return numbers uniform in [low, high), float32 widened."""
        return low + (high - low) * torch.rand(shape, generator=self._generator, device=self.device).double()

    def integers(self, *shape: int, low: int, high: int) -> torch.Tensor:
        """Return integers from low to high, inclusive, as float64."""
        return torch.randint(low, high + 1, shape, generator=self._generator, device=self.device).double()

    def scale(self, *shape: int, low: int = -6, high: int = 6) -> torch.Tensor:
        """Return powers of two with exponents uniform in [low, high]."""
        return torch.exp2(self.integers(*shape, low=low, high=high))


@dataclass(frozen=True)
class Batch:
    """Instances of one shape and family.

    ``independent`` tells whether each is an independent draw of the sampler's stated distribution;
    corners are not.
    """

    instances: Instances
    family: str
    independent: bool
    attains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sampler:
    """A stated distribution of instances: its words, and a function that draws one shard of it.

    ``draw(source, size)`` yields batches that hold ``size`` independent draws, and the corner strata besides.
    """

    distribution: str
    draw: Callable[[Source, int], Iterator[Batch]]
    not_run: tuple[tuple[str, str], ...] = ()


def portions(size: int, groups: int) -> list[int]:
    """Return ``groups`` sizes that differ by at most one and add up to ``size``."""
    return [size * (i + 1) // groups - size * i // groups for i in range(groups)]


def fixed(distribution: str, draw: Callable[[Source], Iterator[tuple[str, Instances]]]) -> Sampler:
    """Return a sampler of corner strata only: ``draw(source)`` yields (family, instances)."""

    def batches(source: Source, size: int) -> Iterator[Batch]:
        for family, instances in draw(source):
            yield Batch(instances.representable(), family, independent=False)

    return Sampler(distribution, batches)
