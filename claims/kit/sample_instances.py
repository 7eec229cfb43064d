r"""Instances of multi-sample problems: one network, several samples under its A, R and controls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch

from claims.kit.arithmetic import Array, is_ball
from claims.kit.instances import AnyNetwork, Instances, NetworkPair, Regularizer


@dataclass(frozen=True)
class Samples(Instances):
    """A network with the first sample, and the further samples that share its A, R and controls.

    Shapes: ``further_f`` (batch, samples − 1, m); ``further_u0`` (batch, samples − 1, d).  ``f`` and ``u0``
    are those of all samples.
    """

    kind: ClassVar[str] = "samples"
    network: AnyNetwork
    further_f: Array
    further_u0: Array

    @classmethod
    def of(cls, network: AnyNetwork, f: Array, u0: Array) -> Samples:
        """Return the samples with data ``f`` (batch, samples, m) and starts ``u0`` (batch, samples, d)."""
        return cls(replace(network, f=f[:, 0], u0=u0[:, 0]), f[:, 1:], u0[:, 1:])

    @property
    def samples(self) -> int:
        """Number of samples, at least 1."""
        return 1 + int(self.further_f.shape[1])

    @property
    def f(self) -> Array:
        """Data of all samples (batch, samples, m)."""
        return joined(self.network.f, self.further_f)

    @property
    def u0(self) -> Array:
        """Initial values of all samples (batch, samples, d)."""
        return joined(self.network.u0, self.further_u0)

    @property
    def each(self) -> AnyNetwork:
        """The networks of all samples as one batch (batch · samples), everything shared repeated."""
        f, u0 = (x.reshape(x.shape[0] * x.shape[1], x.shape[2]) for x in (self.f, self.u0))
        return replace(self.network.map(lambda x: _repeated(x, self.samples)), f=f, u0=u0)

    def grouped(self, x: Array) -> Array:
        """Return what belongs to `each`, (batch · samples, …), as (batch, samples, …)."""
        return x.reshape(x.shape[0] // self.samples, self.samples, *x.shape[1:])

    @property
    def regularizer(self) -> Regularizer:
        return self.network.regularizer

    @property
    def h(self) -> Any:
        """Step 1/N of the time grid."""
        return self.network.h

    @property
    def dimensions(self) -> dict[str, Any]:
        return {**self.network.dimensions, "samples": self.samples}


@dataclass(frozen=True)
class SamplesPair(Instances):
    """Two runs with the same number of samples, A and regulariser; data, starts and controls may differ."""

    kind: ClassVar[str] = "samples_pair"
    first: Samples
    second: Samples

    @property
    def each(self) -> NetworkPair:
        """The pairs of networks of all samples as one batch (batch · samples)."""
        return NetworkPair(self.first.each, self.second.each)

    @property
    def regularizer(self) -> Regularizer:
        return self.first.regularizer

    @property
    def dimensions(self) -> dict[str, Any]:
        return self.first.dimensions


def joined(first: Array, further: Array) -> Array:
    """Return (batch, …, k) and (batch, …, n, k) as (batch, …, 1 + n, k)."""
    parts = [first[..., None, :], further]
    return np.concatenate(parts, -2) if is_ball(first) else torch.cat(parts, -2)


def _repeated(x: Array, count: int) -> Array:
    """Return every instance ``count`` times, one after the other."""
    return np.repeat(x, count, 0) if is_ball(x) else x.repeat_interleave(count, 0)
